-- The card of a customer as a page.
\getenv srcdir PG_ABS_SRCDIR
\set card `cat :srcdir/test/card.json`
\set SHOW_CONTEXT never
SET search_path = loyalcs, public;
\pset format unaligned

CREATE TEMP TABLE card AS SELECT :'card'::jsonb AS card;
CREATE TEMP TABLE pages AS
SELECT c.name, l.lang, card_page(c.card, l.lang) AS html
  FROM (SELECT 'full' AS name, card FROM card
        UNION ALL SELECT 'empty', card || '{"warnings": [], "tier": {"tier": null, "progress": []}, "answers": [], "offers": [], "voices": {"themes": [], "last": []}, "orders": {"count": 0, "last": []}, "tickets": {"count": 0, "open": [], "last": []}, "followups": {"sent": [], "due": []}, "returns": {"last": []}}' FROM card
        UNION ALL VALUES ('{}', '{}'::jsonb), ('[]', '[]'), ('null', 'null')) c (name, card)
 CROSS JOIN unnest('{ja,en}'::text[]) l (lang);
SELECT name, lang, html::xml IS DOCUMENT AS whole, xpath('//h1//text()', html::xml) AS h1, xpath('//p[@class="asof"]/text()', html::xml) AS asof, xpath('count(//h2)', html::xml) AS h2, xpath('count(//h3)', html::xml) AS h3,
       xpath('count(//p[@class="nothing"])', html::xml) AS nothings, xpath('count(//script|//img|//link|//a|//@style|//@src|//@href|//th[not(@scope)]|//tbody[not(tr)]|//ol[not(li)])', html::xml) AS wrong, html ~ 'page: ' AS untold
  FROM pages ORDER BY name COLLATE "C", lang;
-- What it says, line by line
SELECT string_agg(btrim(x::text), ' | ' ORDER BY n) AS said FROM pages, unnest(xpath('//main//*[self::h1 or self::h2 or self::h3 or self::p or self::th or self::td or self::small or self::bdi]/text()', html::xml)) WITH ORDINALITY u (x, n) WHERE name = 'full' AND lang = 'ja';
SELECT string_agg(btrim(x::text), ' | ' ORDER BY n) AS said FROM pages, unnest(xpath('//main//*[self::h1 or self::h2 or self::h3 or self::p or self::th or self::td or self::small or self::bdi]/text()', html::xml)) WITH ORDINALITY u (x, n) WHERE name = 'full' AND lang = 'en';
-- What is expected: of whom has ordered but once, whose next order is near, and of whom nothing is known.
SELECT l.lang, o.n, string_agg(btrim(x::text), ' | ' ORDER BY u.i) AS said
  FROM (VALUES (1, '{"probability_alive": null, "orders_90_days": 0.25, "money_365_days": 9000.4, "next_order_by": null, "unusual": null, "model_as_of": "2026-03-09T18:30:00+00:00"}'::jsonb),
               (2, '{"probability_alive": 0.984, "orders_90_days": 3.04, "money_365_days": null, "next_order_by": "2026-03-30T03:00:00+00:00", "unusual": "fast", "model_as_of": "2026-03-09T18:30:00+00:00"}'),
               (3, '{"probability_alive": null, "orders_90_days": null, "money_365_days": null, "next_order_by": null, "unusual": null, "model_as_of": "2026-03-09T18:30:00+00:00"}'),
               (4, '{}'), (5, 'null'), (6, NULL)) o (n, outlook)
 CROSS JOIN unnest('{ja,en}'::text[]) l (lang)
 CROSS JOIN LATERAL unnest(xpath('//text()', page_customer_outlook(o.outlook, 'JPY', 'Asia/Tokyo', l.lang))) WITH ORDINALITY u (x, i)
 GROUP BY l.lang, o.n ORDER BY o.n, l.lang DESC;
-- Whatever somebody wrote stays text, and no longer than can be read.
SELECT w.n, html::xml IS DOCUMENT AS whole, html ~ '<(script|img)' AS escaped, html ~ '[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\u009f]' AS controls, length(html) < 60000 AS short
  FROM (VALUES (1, '<script>alert(1)</script>'), (2, E'"\x01\x1b\x7f\'><img src=x>'), (3, repeat('長い', 5000)), (4, chr(128512) || E'\u202e\u05d0'), (5, '%s %1$s')) w (n, words)
 CROSS JOIN card c
 CROSS JOIN LATERAL card_page(regexp_replace(c.card::text, '"(customer_id|name|email|phone|region|subject|reason|channel|purpose|ticket_id|warning|survey|kind|tier|goal|message|message_ja|segment|order_id|external_name|state|product_id|product_name|metric|resolution|source|theme|text|step|category|because|remedy|agent_id)": "([^"\\]|\\.)*"',
                                             '"\1": ' || replace(to_json(w.words)::text, '\', '\\'), 'g')::jsonb, 'en') AS p (html)
 ORDER BY w.n;
SELECT card_page(NULL, 'ja') IS NULL AS none;
SELECT card_page('{}', 'fr');
