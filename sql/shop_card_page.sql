-- The card of a customer as a page, of a shop.
-- test: setup shop
SET search_path = shop;
INSERT INTO customers (customer_id, name) VALUES ('c1', '山田 <花子>');
SELECT customer_card_html('c1') = loyalcs.card_page(customer_card('c1'), 'ja') AS ja, customer_card_html('c1', 'en') = loyalcs.card_page(customer_card('c1'), 'en') AS en,
       xpath('//h1//text()', customer_card_html('c1')::xml) AS h1;
-- It is for those who may read the card.
SELECT customer_card_html('nobody');
CREATE ROLE regress_card_page_report;
SELECT FROM loyalcs.grant_shop('shop', 'regress_card_page_report', 'report');
SET ROLE regress_card_page_report;
SELECT customer_card_html('c1');
RESET ROLE;
SELECT loyalcs.drop_shop('shop', 'shop');
DROP ROLE regress_card_page_report;
