-- shop/card_page.sql
--
-- The card of a customer as a page that people read.
-- Needs: customer_card.

--@ functions
CREATE OR REPLACE FUNCTION customer_card_html(customer @key_type@, lang text DEFAULT 'ja') RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN loyalcs.card_page(customer_card(customer), lang);
COMMENT ON FUNCTION customer_card_html(@key_type@, text) IS
    'customer_card(customer) as one self-contained page of HTML in UTF-8, in Japanese (ja) or English (en), for whoever talks to the customer. Its errors are those of customer_card()';
