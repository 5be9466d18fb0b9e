-- What customers say, in depth.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
\set schemas :srcdir '/test/json_schema.sql'
\i :schemas
\set schema `cat :srcdir/doc/voice_report.schema.json`
\set page `cat :srcdir/test/voice_report.json`

SET search_path = shop;
UPDATE settings SET live_since = '2025-01-01 00:00+09', minimum_answers = 2;

-- What pages are tried with is a report.
SELECT pg_temp.findings(:'schema', :'page') AS is_not_as_the_schema_says;

-- A shop in which nothing has happened has one, and says so; any day names a month, and one that has not begun is an error.
SELECT r -> 'report' AS report, r #> '{headlines,0,kind}' AS headline, r -> 'changes' AS changes, r -> 'problems' AS problems, r #> '{themes,themes}' AS themes, r -> 'sources' AS sources, r -> 'praise' AS praise, r -> 'products' AS products,
       r -> 'reasons' AS reasons, r #> '{words,words}' AS words, r -> 'improvements' AS improvements
  FROM voice_report_at('2026-04-17', '2026-05-10 12:00+09') r;
SELECT v.month, pg_temp.findings(:'schema', voice_report_at(v.month, v.as_of)) AS is_not_as_the_schema_says
  FROM (VALUES (date '2026-04-01', timestamptz '2026-05-10 12:00+09'), ('2026-04-10', '2026-04-10 12:00+09'), ('2031-01-01', 'infinity')) v (month, as_of);
SELECT voice_report_at('2026-05-01', '2026-04-30 23:59+09');
SELECT voice_report(NULL) IS NULL AS of_no_month, voice_report_at('2026-04-01', NULL) IS NULL AS of_no_instant, voice_report(now()::date) = voice_report_at(now()::date, now()) AS now;

-- Three customers. April: reviews of P (5 stars, kind) and of Q (1 star, late, and 2 stars, late and broken), tickets about late parcels (late; and of no theme), a post.
-- March: a review of P (5 stars, kind). The words zirconium and 刻印 are of no theme.
INSERT INTO customers (customer_id, name, email, joined_at) SELECT 'c' || i, 'Very Secret ' || i, 'secret' || i || '@example.com', '2025-01-01' FROM generate_series(1, 3) i;
INSERT INTO products (product_id, name) VALUES ('P', 'Pearl');
INSERT INTO reviews (customer_id, review_id, product_id, reviewed_at, stars, title, body) VALUES
    ('c1', 'v0', 'P', '2026-03-12 12:00+09', 5, NULL, 'So kind of you, zirconium.'), ('c1', 'v1', 'P', '2026-04-12 12:00+09', 5, NULL, 'Kind and helpful, zirconium too.'),
    ('c2', 'v2', 'Q', '2026-04-13 12:00+09', 1, NULL, 'It came late. 刻印'), ('c3', 'v3', 'Q', '2026-04-14 12:00+09', 2, NULL, 'Late, and it was broken. 刻印 <script>alert(1)</script>');
INSERT INTO posts (post_id, customer_id, network, published_at, body) VALUES ('p1', NULL, 'x', '2026-04-15 12:00+09', 'What zirconium is that, kind people?');
INSERT INTO agents (agent_id) VALUES ('kei');
INSERT INTO tickets (customer_id, ticket_id, channel, reason, complaint) VALUES ('c1', 't0', 'email', 'size', false), ('c2', 't1', 'email', 'parcel', false), ('c3', 't2', 'email', 'parcel', false), ('c3', 't3', 'email', NULL, false), ('c3', 't4', 'email', 'parcel', false);
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, note) VALUES
    ('c1', 't0', '2026-03-20 12:00+09', 'opened', 'Which?'), ('c2', 't1', '2026-04-20 12:00+09', 'opened', 'My parcel is late.'), ('c2', 't1', '2026-04-21 12:00+09', 'customer_message', 'Still late!'),
    ('c3', 't2', '2026-04-22 12:00+09', 'opened', 'Where is it?'), ('c3', 't3', '2026-04-23 12:00+09', 'opened', NULL), ('c3', 't4', '2026-04-24 12:00+09', 'opened', NULL);
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('c2', 'o1', '2026-04-01 12:00+09', 5000);
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund, cause) VALUES ('c2', 'r1', 'o1', '2026-04-25 12:00+09', 1000, 'broken');

CREATE TEMP TABLE april AS SELECT voice_report_at('2026-04-01', '2026-05-10 12:00+09') AS r;
SELECT r -> 'problems' AS problems, r #>> '{headlines,0,kind}' AS headline, (SELECT string_agg(f, ' ') FROM pg_temp.findings(:'schema', r) f) AS is_not_as_the_schema_says, r #> '{themes,quotes_problem}' AS quotes FROM april;
-- Of seven texts four are late (and so of delivery): two reviews and both messages of t1; parcel is a word of delivery as well. The themes are those of the monthly report.
SELECT t -> 'theme' AS theme, t -> 'mentions' AS mentions, round((t #>> '{share,value}')::numeric, 4) AS share, t #> '{share,previous}' AS previous, t -> 'sentiment' AS sentiment FROM april, jsonb_array_elements(r #> '{themes,themes}') t;
SELECT (r -> 'themes') - 'themes' = report_voice('2026-04-01', '2026-05-10 12:00+09') - 'themes' AS same, r #> '{themes,themes}' @> (report_voice('2026-04-01', '2026-05-10 12:00+09') -> 'themes') AS has_those FROM april;
SELECT s -> 'source' AS source, s -> 'texts' AS texts, s #> '{share,value}' AS share, s #> '{share,previous}' AS previous, s #> '{sentiment,value}' AS sentiment, s #> '{sentiment,previous}' AS before, s #> '{sentiment,previous_month}' AS month
  FROM april, jsonb_array_elements(r #> '{sources,sources}') s;
SELECT t -> 'theme' AS theme, t -> 'mentions' AS mentions, s -> 'source' AS source, s -> 'mentions' AS there, s -> 'texts' AS texts, round((s ->> 'share')::numeric, 4) AS share FROM april, jsonb_array_elements(r #> '{sources,themes}') t, jsonb_array_elements(t -> 'sources') s WHERE t ->> 'theme' IN ('late delivery', 'kindness');
-- Two texts of high scores (March is within the three months) and two of low ones; posts and tickets have none.
SELECT r #> '{praise,high}' AS high, r #> '{praise,low}' AS low, r #> '{praise,first_month}' AS since, p -> 'theme' AS theme, p -> 'high_share' AS high_share, p -> 'low_share' AS low_share, p -> 'p_adjusted' AS p_adjusted, p -> 'significant' AS significant FROM april, jsonb_array_elements(r #> '{praise,themes}') p;
SELECT r #> '{products,compared}' AS compared, p -> 'product_id' AS product, p -> 'product_name' AS name, p -> 'theme' AS theme, p -> 'mentions' AS mentions, p -> 'texts' AS texts, p -> 'share' AS share, p -> 'others_share' AS others FROM april, jsonb_array_elements(r #> '{products,products}') p;
-- Four tickets, three of parcels, of which two have words: t1 is late, in two messages, and counts once.
SELECT t - 'share' AS ticket, t #> '{share,value}' AS share, t #> '{share,previous}' AS previous FROM april, jsonb_array_elements(r #> '{reasons,tickets}') t;
SELECT t - 'share' AS returned, t #> '{share,value}' AS share FROM april, jsonb_array_elements(r #> '{reasons,returns}') t;
-- zirconium in three texts of ninety days, 刻印 in two; both new. Ninety days later they are told of before.
SELECT w - '{change,change_low,change_high}'::text[] AS word FROM april, jsonb_array_elements(r #> '{words,words}') w;
INSERT INTO posts (post_id, customer_id, network, published_at, body) SELECT 'q' || i, NULL, 'x', '2026-07-10 12:00+09', 'Again zirconium' || CASE WHEN i < 3 THEN ' from Osaka' ELSE '' END FROM generate_series(1, 4) i;
SELECT w -> 'word' AS word, w -> 'mentions' AS mentions, w -> 'previous' AS previous, w -> 'new' AS new, w -> 'share' AS share, (w ->> 'change')::numeric > 0 AS rises FROM jsonb_array_elements(report_words('2026-07-01', '2026-08-10 12:00+09') -> 'words') w;
DELETE FROM posts WHERE post_id LIKE 'q%';

-- Thirty themes at most, and four quotes of each, for whom may see them and if the shop keeps them.
UPDATE settings SET keeps_quotes = true;
SELECT match_voices() > 0 AS matched;
SELECT t -> 'theme' AS theme, jsonb_array_length(t -> 'quotes') AS quotes, t #>> '{quotes,0,quote}' AS first FROM voice_report_at('2026-04-01', '2026-05-10 12:00+09') r, jsonb_array_elements(r #> '{themes,themes}') t;

-- A change that is more than chance: in May forty texts, all late, of a hundred in April that never are.
BEGIN;
INSERT INTO posts (post_id, customer_id, network, published_at, body)
SELECT 'x' || i, NULL, 'x', CASE WHEN i <= 100 THEN timestamptz '2026-04-15 12:00+09' ELSE '2026-05-15 12:00+09' END, CASE WHEN i <= 100 THEN 'Very kind' ELSE 'Very late' END FROM generate_series(1, 140) i;
SELECT h ->> 'section' AS section, h ->> 'figure' AS figure, h ->> 'subject' AS subject, h ->> 'good' AS good, h -> 'advice' AS advice FROM voice_report_at('2026-05-01', '2026-06-10 12:00+09') r, jsonb_array_elements(r -> 'headlines') h;
SELECT h ->> 'section' AS section, h ->> 'figure' AS figure, h ->> 'subject' AS subject, h ->> 'metric' AS metric, (h ->> 'p_adjusted')::float8 < 0.05 AS sure FROM voice_report_at('2026-05-01', '2026-06-10 12:00+09') r, jsonb_array_elements(r -> 'changes') h;
ROLLBACK;

-- As a page: that of the report, in both languages; of no month there is none. What customers wrote is text.
SELECT lang, p = loyalcs.report_page(voice_report_at('2026-04-01', '2026-05-10 12:00+09'), lang) AS same, p::xml IS DOCUMENT AS whole, p ~ 'page: ' AS untold, p ~ '<script' AS script, p ~ '&lt;script' AS told,
       voice_report_html('2026-04-01', lang) ~ '<h1>(April 2026|2026年4月)</h1>' AS now, p ~ 'Very Secret|example\.com' AS tells
  FROM unnest('{ja,en}'::text[]) lang, LATERAL voice_report_html_at('2026-04-01', '2026-05-10 12:00+09', lang) p;
SELECT voice_report_html(NULL) IS NULL AS none, voice_report_html('2026-04-01') = voice_report_html('2026-04-01', 'ja') AS japanese;
SELECT voice_report_html('2026-04-01', 'fr');

-- Whose report it is: level report may ask for it, and sees no words but quotes; who may read texts, sees all.
DROP TABLE april;
CREATE TEMP TABLE april AS SELECT voice_report_at('2026-04-01', '2026-05-10 12:00+09') AS r;
CREATE ROLE regress_voice_report;
GRANT SELECT ON april TO regress_voice_report;
SELECT FROM loyalcs.grant_shop('shop', 'regress_voice_report', 'service');
SET ROLE regress_voice_report;
SELECT r = (SELECT a.r FROM pg_temp.april a) AS the_same, r -> 'problems' AS problems FROM shop.voice_report_at('2026-04-01', '2026-05-10 12:00+09') r;
RESET ROLE;
SELECT FROM loyalcs.grant_shop('shop', 'regress_voice_report', 'report');
SET ROLE regress_voice_report;
SELECT r - '{words,problems}'::text[] = (SELECT a.r - '{words,problems}'::text[] FROM pg_temp.april a) AS the_same, r -> 'problems' AS problems, r -> 'words' AS words FROM shop.voice_report_at('2026-04-01', '2026-05-10 12:00+09') r;
RESET ROLE;
REVOKE SELECT ON voice_matches FROM regress_voice_report;
GRANT SELECT (customer_id, source, text_id, piece, product_id, said_at, rating, themes, sentiment, lexicon_digest) ON voice_matches TO regress_voice_report;
SET ROLE regress_voice_report;
SELECT r #> '{themes,quotes_problem}' AS quotes_problem, r #> '{themes,themes,0,quotes}' AS quotes, r #> '{themes,texts}' AS texts FROM shop.voice_report_at('2026-04-01', '2026-05-10 12:00+09') r;
SELECT shop.voice_report_html_at('2026-04-01', '2026-05-10 12:00+09', 'en') ~ 'Cannot be shown: Not for you to see' AS says_so;
RESET ROLE;
-- The names of sections and figures have labels.
SELECT DISTINCT f.name AS has_no_label FROM april, LATERAL (SELECT key FROM jsonb_each(r) WHERE jsonb_typeof(value) IN ('object', 'array') UNION ALL SELECT v #>> '{}' FROM jsonb_path_query(r, 'strict $.**.figure') v) f (name)
 WHERE f.name NOT IN (SELECT value FROM loyalcs.labels()) AND f.name <> 'problems';
SELECT name, suffix FROM (VALUES ('source_share'), ('theme_share'), ('reason_share'), ('return_reason_share')) f (name), (VALUES ('up'), ('down')) s (suffix) WHERE format('advice: %s %s', name, suffix) NOT IN (SELECT value FROM loyalcs.labels());
SELECT pg_temp.same_elsewhere('SELECT voice_report_at(''2026-04-01'', ''2026-05-10 12:00+09'') AS r') AS same_elsewhere;
SET search_path = public;
SELECT loyalcs.grant_shop('shop', 'regress_voice_report', 'none');
SELECT loyalcs.drop_shop('shop', 'shop');
DROP OWNED BY regress_voice_report;
DROP ROLE regress_voice_report;
