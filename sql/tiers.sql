-- Tiers of one customer, from orders and rules.

-- The session is nobody's: no figure may depend on it.
SET client_min_messages = warning;
SET timezone = 'Pacific/Kiritimati';
SET datestyle = 'ISO, DMY';
SET intervalstyle = 'postgres';
\set SHOW_CONTEXT never
\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/errors.sql'
\i :shared

-- Orders as "when amount [until]", refunds as "when -amount of when [until]";
-- all on the clock of the time zone.
CREATE FUNCTION pg_temp.spans(entries text[], rules text[], zone text DEFAULT 'Asia/Tokyo')
RETURNS TABLE (span text) LANGUAGE sql AS $$
    SELECT format('%s - %s: %s (%s) by %s with %s in %s', s.valid_from AT TIME ZONE zone,
                  coalesce((s.valid_until AT TIME ZONE zone)::text, 'on'), s.tier, s.rank, s.rule_id, s.spent, s.orders)
      FROM (SELECT array_agg(p.ordered) AS ordered, array_agg(p.at) AS at, array_agg(p.until) AS until, array_agg(p.amount) AS amount
              FROM (SELECT split_part(e, ',', 1)::timestamp AT TIME ZONE zone AS ordered,
                           coalesce(nullif(split_part(e, ',', 4), '')::timestamp, split_part(e, ',', 1)::timestamp) AT TIME ZONE zone AS at,
                           nullif(split_part(e, ',', 3), '')::timestamp AT TIME ZONE zone AS until,
                           split_part(e, ',', 2)::numeric AS amount
                      FROM unnest(entries) e) p) o
     CROSS JOIN LATERAL unnest(loyalcs.tier_spans(coalesce(o.ordered, '{}'), coalesce(o.at, '{}'), coalesce(o.until, '{}'), coalesce(o.amount, '{}'),
                                                  rules::loyalcs.tier_rule[], zone)) s
$$;
-- rule_id, tier, rank, min_spend, min_orders, match_all, period, length, grace, soft_landing, valid_from, valid_until
\set vip '(1,VIP,1,100000,3,f,rolling,1 year,,,,)'

-- No orders, no rules, not enough.
SELECT * FROM pg_temp.spans('{}', ARRAY[:'vip']);
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,100000"}', '{}');
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,99999.9999"}', ARRAY[:'vip']);
-- Money to the last sen; three orders; for a year, which a leap day does not lengthen.
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,99999.9999","2024-03-01 12:00,0.0001"}', ARRAY[:'vip']);
SELECT * FROM pg_temp.spans('{"2024-02-29 12:00,1","2024-02-29 12:00,0","2024-03-01 12:00,1"}', ARRAY[:'vip']);
-- In any order; an order that takes the place of one that leaves keeps the tier.
SELECT * FROM pg_temp.spans('{"2025-01-01 12:00,60000","2024-01-01 12:00,60000","2024-07-01 12:00,60000"}', ARRAY[:'vip']);
SELECT * FROM pg_temp.spans('{"2025-01-01 12:00:00.000001,60000","2024-01-01 12:00,60000","2024-07-01 12:00,60000"}', ARRAY[:'vip']);
-- Cancelled; refunded in part; refunded after it left; a refund of nothing is an order of nothing, so it is not given.
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,100000,2024-01-05 09:00"}', ARRAY[:'vip']);
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,100000,2024-01-01 12:00"}', ARRAY[:'vip']);
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,100000","2024-01-01 12:00,-1,,2024-01-09 12:00","2024-02-01 12:00,1"}', ARRAY[:'vip']);
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,100000","2024-01-01 12:00,-1,,2025-01-09 12:00","2025-01-01 11:00,99999"}', ARRAY[:'vip']);
-- Both, within a calendar year; on New Year's Eve, where Kiritimati is a day ahead.
SELECT * FROM pg_temp.spans('{"2024-12-31 23:59,100000","2024-12-31 23:59:59.999999,0"}', '{"(1,VIP,1,100000,2,t,calendar_year,,,,,)"}');
SELECT * FROM pg_temp.spans('{"2024-12-31 23:59,100000","2025-01-01 00:00,0"}', '{"(1,VIP,1,100000,2,t,calendar_year,,,,,)"}');
-- For life.
SELECT * FROM pg_temp.spans('{"2024-12-31 23:59,100000"}', '{"(1,VIP,1,100000,,f,lifetime,,,,,)"}');

-- Grace: kept; earned again in time, at the last instant too; lost.
\set grace '(1,VIP,1,100000,,f,rolling,1 year,30 days,f,,)'
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,100000"}', ARRAY[:'grace']);
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,100000","2025-01-31 11:59,100000"}', ARRAY[:'grace']);
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,100000","2025-01-31 12:00,100000"}', ARRAY[:'grace']);
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,100000","2025-01-31 12:01,100000"}', ARRAY[:'grace']);
-- A refund takes a tier away, after grace.
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,100000","2024-01-01 12:00,-1,,2024-02-01 12:00"}', ARRAY[:'grace']);

-- Ranks: raised over one, or by one; fallen to what is deserved, or softly.
\set ranks '"(1,S,1,,1,f,rolling,2 years,,t,,)","(2,G,2,50000,,f,rolling,1 year,30 days,t,,)","(3,P,3,100000,,f,rolling,1 year,10 days,t,,)"'
\set hard '"(1,S,1,,1,f,rolling,2 years,,f,,)","(2,G,2,50000,,f,rolling,1 year,30 days,f,,)","(3,P,3,100000,,f,rolling,1 year,10 days,f,,)"'
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,100000"}', ('{' || :'ranks' || '}')::text[]);
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,100000"}', ('{' || :'hard' || '}')::text[]);
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,1","2024-01-02 12:00,60000","2024-01-03 12:00,40000"}', ('{' || :'ranks' || '}')::text[]);
-- On the way down it is earned again.
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,100000","2025-01-20 12:00,50000"}', ('{' || :'ranks' || '}')::text[]);
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,100000","2025-01-20 12:00,100000"}', ('{' || :'ranks' || '}')::text[]);
-- A soft landing without grace is none.
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,100000"}', '{"(1,S,1,70000,,f,rolling,1 year,,t,,)","(2,G,2,80000,,f,rolling,1 year,,t,,)"}');
-- Two ways to one tier: the first decides, and of the other the tier is none the worse.
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,100000"}', '{"(1,V,1,100000,,f,rolling,1 month,,,,)","(2,V,1,100000,,f,rolling,2 months,,,,)"}');

-- Rules begin and end: from the instant on, with their grace.
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,100000"}', '{"(1,V,1,100000,,f,rolling,1 year,1 month,,,2024-03-01 00:00+09)"}');
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,100000"}', '{"(1,V,1,100000,,f,rolling,1 year,,,2024-03-01 00:00+09,2024-04-01 00:00+09)"}');
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,100000"}', '{"(1,V,1,50000,,f,rolling,1 year,,,,2024-03-01 00:00+09)","(2,V,1,90000,,f,rolling,1 year,,,2024-03-01 00:00+09,)"}');
-- The tier gets another rank, because one comes in below; who holds it moves along.
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,100000"}', '{"(1,V,1,100000,,f,rolling,1 year,,,,2024-03-01 00:00+09)","(2,V,2,100000,,f,rolling,1 year,,,2024-03-01 00:00+09,)","(3,S,1,50000,,f,rolling,1 year,,,2024-03-01 00:00+09,)"}');
-- One rule whose minimum changes with time, as a top share's does.
SELECT * FROM pg_temp.spans('{"2024-01-01 12:00,100000"}', '{"(1,V,1,100000,,f,lifetime,,,,2024-02-01 00:00+09,2024-03-01 00:00+09)","(1,V,1,100001,,f,lifetime,,,,2024-03-01 00:00+09,2024-04-01 00:00+09)","(1,V,1,99999,,f,lifetime,,,,2024-04-01 00:00+09,)"}');

-- Clocks that go back: of a time that comes twice the first; skipped: when the clock changes.
SELECT * FROM pg_temp.spans('{"2024-04-06 01:45,100000"}', '{"(1,V,1,100000,,f,rolling,1 day,,,,)"}', 'Australia/Lord_Howe');
SELECT loyalcs.tier_period_end('2024-04-06 01:45+11', 'rolling', '1 day', 'Australia/Lord_Howe') = '2024-04-07 01:45+11' AS first,
       loyalcs.tier_period_end('2024-10-05 02:15+10:30', 'rolling', '1 day', 'Australia/Lord_Howe') = '2024-10-06 02:30+11' AS change;
SELECT p, loyalcs.tier_period_end('2024-12-31 20:00+00', p, '1 month', 'Asia/Tokyo') AT TIME ZONE 'Asia/Tokyo' AS "end"
  FROM unnest('{rolling,calendar_year,lifetime}'::text[]) p;
SELECT loyalcs.tier_period_end('infinity', 'rolling', '1 month', 'UTC') AS infinity,
       loyalcs.tier_period_end('0044-03-15 12:00+00 BC', 'calendar_year', NULL, 'UTC') AT TIME ZONE 'UTC' AS bc,
       loyalcs.tier_period_end('9999-03-15 12:00+00', 'rolling', '1 year', 'UTC') AT TIME ZONE 'UTC' AS far,
       num_nulls(loyalcs.tier_period_end(NULL, 'lifetime', NULL, 'UTC'), loyalcs.tier_period_end(now(), NULL, NULL, 'UTC'),
                 loyalcs.tier_period_end(now(), 'rolling', NULL, 'UTC'), loyalcs.tier_period_end(now(), 'lifetime', NULL, NULL)) AS nulls;

-- Many orders, against plain SQL: who has 75 orders or more in the last 100 days?
WITH o AS (
    SELECT timestamptz '2024-01-01 12:00+09' + make_interval(mins => hashint4(n) % 1000000) AS at FROM generate_series(1, 1000) n
), spans AS (
    SELECT s.valid_from, s.valid_until
      FROM (SELECT array_agg(at) AS at, array_agg(1::numeric) AS amount, array_agg(NULL::timestamptz) AS until FROM o) a
     CROSS JOIN LATERAL unnest(loyalcs.tier_spans(a.at, a.at, a.until, a.amount,
                                                  '{"(1,V,1,,75,f,rolling,100 days,,,,)"}', 'Asia/Tokyo')) s
)
SELECT (SELECT count(*) FROM spans) > 2 AS spans, count(*) AS instants,
       count(*) FILTER (WHERE ((SELECT count(*) FROM o WHERE o.at <= t AND o.at > t - interval '2400 hours') >= 75)
                              <> EXISTS (SELECT FROM spans s WHERE s.valid_from <= t AND (s.valid_until > t) IS NOT FALSE)) AS differ
  FROM generate_series(timestamptz '2021-12-01', '2026-12-31', '1 day') t;

-- What cannot be.
\set now '{"2024-01-01 12:00+09"}'
SELECT loyalcs.tier_spans('{}', '{}', '{}', '{}', NULL, 'UTC') IS NULL AS null;
SELECT loyalcs.tier_spans('{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', 'UTC') AS skipped;
SELECT loyalcs.tier_spans(:'now', '{}', '{}', '{}', '{}', 'UTC');
SELECT loyalcs.tier_spans('{infinity}', '{infinity}', '{NULL}', '{1}', '{}', 'UTC');
SELECT loyalcs.tier_spans(:'now', :'now', '{NULL}', '{0.00001}', '{}', 'UTC');
SELECT loyalcs.tier_spans(:'now', :'now', '{NULL}', '{1}', '{}', 'Mars');
\set now '2024-01-01 12:00+09'
SELECT loyalcs.tier_spans(array_fill(timestamptz :'now', '{2}'), array_fill(timestamptz :'now', '{2}'), '{NULL,NULL}', '{900000000000000,900000000000000}', '{"(1,V,1,1,,,lifetime,,,,,)"}', 'UTC');
SELECT * FROM pg_temp.spans('{}', '{"(1,,1,1,,,lifetime,,,,,)"}');
SELECT * FROM pg_temp.spans('{}', '{"(7,V,1,,,,lifetime,,,,,)"}');
SELECT * FROM pg_temp.spans('{}', '{"(7,V,1,1,,,rolling,,,,,)"}');
SELECT * FROM pg_temp.spans('{}', '{"(7,V,1,1,,,weekly,,,,,)"}');
SELECT * FROM pg_temp.spans('{}', '{"(7,V,1,1,,,rolling,0,,,,)"}');
SELECT * FROM pg_temp.spans('{}', '{"(7,V,1,1,,,rolling,1 month -1 days,,,,)"}');
SELECT * FROM pg_temp.spans('{}', '{"(7,V,1,1,,,lifetime,,-1 days,,,)"}');
SELECT * FROM pg_temp.spans('{}', '{"(7,V,1,1,,,lifetime,,,,,)","(7,V,1,2,,,lifetime,,,,,)"}');
SELECT loyalcs.tier_period_end(now(), 'weekly', '1 day', 'UTC');
SELECT loyalcs.tier_period_end(now(), 'rolling', '-1 day', 'UTC');

-- No instant leaves what can be one, and no list of rules is too long to be compared.
SELECT pg_temp.error_of(call) FROM unnest(ARRAY[
    $$SELECT loyalcs.tier_period_end('294276-12-31 23:59:59.999999+00', 'calendar_year', NULL, 'Pacific/Kiritimati')$$,
    $$SELECT loyalcs.tier_period_end('294276-06-01 00:00+00', 'calendar_year', NULL, 'Etc/GMT+12')$$,
    $$SELECT loyalcs.tier_period_end('294276-06-01 00:00+00', 'rolling', '1 year', 'UTC')$$,
    $$SELECT loyalcs.tier_period_end('2026-06-01 00:00+00', 'rolling', '178000000 years', 'UTC')$$,
    $$SELECT loyalcs.tier_spans('{}', '{}', '{}', '{}', array_fill(NULL::loyalcs.tier_rule, '{10001}'), 'UTC')$$]) AS call;
SELECT loyalcs.tier_period_end('4714-11-24 00:00+00 BC', 'calendar_year', NULL, 'Etc/GMT+12') AS first;
