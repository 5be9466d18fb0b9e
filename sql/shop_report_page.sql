-- The monthly report as a page, of a shop.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set schemas :srcdir '/test/json_schema.sql'
\i :schemas
\set schema `cat :srcdir/doc/monthly_report.schema.json`
\set report `cat :srcdir/test/report.json`

\set SHOW_CONTEXT never
SET search_path = shop;
UPDATE settings SET live_since = '2026-01-01 00:00+09';

-- What pages are tried with is a report.
SELECT f.* FROM pg_temp.findings(:'schema', :'report') f;

-- A shop in which nothing has happened, and one with three customers; the page is that of the report.
SELECT monthly_report_html_at('2026-05-01', '2026-06-02 09:00+09', 'en') = loyalcs.report_page(monthly_report_at('2026-05-01', '2026-06-02 09:00+09'), 'en') AS same,
       xpath('//h1/text()', monthly_report_html_at('2026-05-31', '2026-06-02 09:00+09')::xml) AS h1,
       xpath('count(//p[@class="nothing"])', monthly_report_html_at('2026-05-31', '2026-06-02 09:00+09')::xml) AS nothings;
INSERT INTO customers (customer_id, name) VALUES ('c1', '山田 花子'), ('c2', 'Bob'), ('c3', NULL);
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES
    ('c1', 'A1', '2026-05-02 12:00+09', 24800), ('c2', 'A2', '2026-05-03 12:00+09', 12000), ('c1', 'A3', '2026-05-20 12:00+09', 33000), ('c3', 'A4', '2026-05-21 12:00+09', 8000);
CREATE TEMP TABLE pages AS
SELECT l.lang, monthly_report_html_at('2026-05-01', '2026-06-02 09:00+09', l.lang) AS html FROM unnest('{ja,en}'::text[]) l (lang);
SELECT lang, html::xml IS DOCUMENT AS whole, html ~ 'page: ' AS untold, xpath('string(//section[@class="lead"]//p[@class="said"])', html::xml) AS said FROM pages ORDER BY lang DESC;
SELECT lang, string_agg(btrim(x::text), ' | ' ORDER BY n) AS sales
  FROM pages, unnest(xpath('//section[h2 = "売上" or h2 = "Sales"]//table[@class="figures"]/tbody/tr/*[self::th or self::td[1]]//text()', html::xml)) WITH ORDINALITY u (x, n) GROUP BY lang ORDER BY lang DESC;

-- As of now, and what is refused
SELECT monthly_report_html('2026-05-01', 'en') ~ '>May 2026</h1>' AS now, monthly_report_html('2026-05-01') ~ '>2026年5月</h1>' AS japanese;
SELECT monthly_report_html('2026-05-01', 'fr');
SELECT monthly_report_html_at('2026-07-01', '2026-06-02 09:00+09');
SELECT monthly_report_html(NULL) IS NULL AS none;
