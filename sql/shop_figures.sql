-- shop_figures.sql: figures that do not take what still runs for finished, equals
-- for the best, or money that is passed on for revenue.
-- test: setup shop
\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop, public;

-- Thirty customers. Ten have had 80 days and came back within 60; twenty bought
-- ten days ago.
INSERT INTO customers (customer_id, joined_at) SELECT 'c' || n, '2024-01-01' FROM generate_series(1, 30) n;
INSERT INTO orders (customer_id, order_id, ordered_at, amount, tax, shipping)
SELECT 'c' || n, 'a', timestamptz '2024-07-01 00:00+09' - CASE WHEN n <= 10 THEN interval '80 days' ELSE interval '10 days' END, 1100, 100, 0 FROM generate_series(1, 30) n
UNION ALL
SELECT 'c' || n, 'b', timestamptz '2024-07-01 00:00+09' - interval '80 days' + (49 + n) * interval '1 day', 2200, 200, 500 FROM generate_series(1, 10) n;

-- All who have had the time came back: not a third of them.
SELECT order_number, customers, reached_share, step_share, median_wait, watched_for FROM order_ladder_at('2024-07-01 00:00+09');
-- The shop's rhythm is of the survival curve, too: of those who could come back
-- by then, a third has, and of those half within 54 days and a half.
SELECT d AS day, count(l.*) AS lapsing, min(l.expected_gap) AS gap, min(l.rhythm) AS rhythm
  FROM unnest('{2024-09-16,2024-10-20}'::date[]) d
  LEFT JOIN LATERAL lapsing_customers_at(d::timestamp AT TIME ZONE 'Asia/Tokyo') l ON true
 GROUP BY d ORDER BY d;

-- Every view by month says whether the month is over (phone_hearings is a list of
-- this month's, and no figure; kpi_status is of one that is).
SELECT c.relname FROM pg_class c
 WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind = 'v'
   AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname IN ('month', 'period_start', 'cohort'))
   AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'complete')
   AND c.relname NOT IN ('phone_hearings', 'kpi_status')
 ORDER BY 1;
SELECT month, complete, orders FROM revenue_mix_at('2024-06-30 23:59:59+09');
SELECT month, complete, orders FROM revenue_mix_at('2024-07-01 00:00+09');
SELECT month, complete, buyers FROM repeat_rate_at('2024-07-01 00:00+09');

-- Equals are all in or all out, and nobody is the best for nothing.
SELECT n AS equals, share, top_spender_cut(array_fill(100::numeric, ARRAY[n]), share) AS cut
  FROM unnest('{1,2,5,10}'::int[]) n, unnest('{0.2,0.5,1}'::float8[]) share;
SELECT top_spender_cut('{0,0,0}', 0.2) AS all_free, top_spender_cut('{}', 0.2) AS nobody,
       top_spender_cut('{0,0,0,0,0,0,0,0,0,7}', 0.5) AS one_paid, top_spender_cut('{9,8,8,8,1,1,1,1,1,1}', 0.2) AS tie,
       top_spender_cut('{9,8,7,6,5,4,3,2,1,1}', 0.2) AS clear;
-- For any amounts: never 0, and never more than the share.
SELECT count(*) AS cases, count(*) FILTER (WHERE cut <= 0) AS zero, count(*) FILTER (WHERE best > ceil(n * share)) AS too_many,
       count(*) FILTER (WHERE best < ceil(n * share) AND tied = 0) AS too_few
  FROM (SELECT n, share, c.cut, count(*) FILTER (WHERE a >= c.cut) AS best,
               count(*) FILTER (WHERE a < c.cut AND (SELECT count(*) FROM unnest(x.amounts) b WHERE b >= a) > ceil(n * share::numeric) OR a = 0) AS tied
          FROM generate_series(1, 40) n, unnest('{0.01,0.1,0.2,0.5,1}'::float8[]) share,
               LATERAL (SELECT array_agg((abs(hashint4(n * 100 + i)) % (1 + n / 2))::numeric) AS amounts FROM generate_series(1, n) i) x,
               LATERAL (SELECT top_spender_cut(x.amounts, share) AS cut) c, unnest(x.amounts) a
         GROUP BY n, share, c.cut, x.amounts) d;
SELECT top_share, customers, spent_at_least, revenue_share FROM top_customers_share_at('2024-05-01 00:00+09');

-- Net figures: by the rule of the day on which an order was placed.
SELECT month, revenue FROM revenue_mix_at('2024-07-01 00:00+09');
INSERT INTO amount_rules VALUES ('[2024-06-01 00:00+09,)', false, false);
SELECT month, revenue FROM revenue_mix_at('2024-07-01 00:00+09');
UPDATE amount_rules SET counts_tax = true;
SELECT month, revenue FROM revenue_mix_at('2024-07-01 00:00+09');
UPDATE amount_rules SET valid = '(,)', counts_tax = false, counts_shipping = true;
SELECT month, revenue FROM revenue_mix_at('2024-07-01 00:00+09');
-- A refund is of all parts alike; what was refunded whole is nothing.
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES
    ('c1', 'r', 'a', '2024-06-30 00:00+09', 550), ('c2', 'r', 'a', '2024-06-30 00:00+09', 1100);
SELECT customer_id, amount FROM counted_orders_at('2024-07-01 00:00+09') WHERE customer_id IN ('c1', 'c2', 'c3') AND order_id = 'a' ORDER BY 1;
-- Nothing that was free becomes an error.
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('c3', 'free', '2024-06-30 00:00+09', 0);
SELECT amount FROM counted_orders_at('2024-07-01 00:00+09') WHERE order_id = 'free';
-- Tiers count what was paid.
SELECT sum(amount) FROM tier_entries_of('2024-07-01 00:00+09');
-- One rule at a time.
SELECT pg_temp.outcome($$INSERT INTO amount_rules VALUES ('[2024-06-01,2024-07-01)', true, true)$$);
UPDATE amount_rules SET counts_tax = true;
SELECT sum(amount) FROM counted_orders_at('2024-07-01 00:00+09');
DELETE FROM amount_rules;
SELECT sum(amount) FROM counted_orders_at('2024-07-01 00:00+09');

-- Cuts as of a day: who was what then, and what they have done since. By what they
-- are now it would be true by construction: nobody among the lost has come back.
SELECT part, sum(buyers) AS buyers FROM repeat_rate_by('sales_channel@2024-06-15', '2024-07-01 00:00+09') GROUP BY part;
SELECT part, customers FROM order_ladder_by('rfm_segment@2024-05-01', '2024-07-01 00:00+09') WHERE order_number = 1 ORDER BY part;
SELECT b.name, count(d.*) AS customers
  FROM unnest(dated_breakdowns()) b (name)
  LEFT JOIN LATERAL customer_breakdown(b.name || '@2024-05-01', '2024-07-01 00:00+09') d ON true
 GROUP BY 1 ORDER BY 1;
SELECT (SELECT count(*) FROM ((SELECT * FROM customer_breakdown('rfm_segment@2024-05-01', '2024-07-01 00:00+09')
                               EXCEPT SELECT * FROM customer_breakdown('rfm_segment', '2024-05-01 00:00+09'))) d) AS differing;
SELECT pg_temp.outcome(format('SELECT * FROM shop.revenue_mix_by(%L, ''2024-07-01 00:00+09'')', b))
  FROM unnest('{rfm_segment@2024-07-02,rfm_segment@now,rfm_segment@,gender@2024-05-01,everyone@2024-05-01,rfm_segment@2024-02-30,@2024-05-01}'::text[]) b;

-- Infinity is an as-of like any other: all that is recorded, with durations up to
-- the end of the year 9999; and before everything there is nothing.
INSERT INTO surveys VALUES ('s', 's');
INSERT INTO survey_questions (survey, question, kind, wording, scale_low, scale_high) VALUES ('s', 'q', 'nps', '?', 0, 10);
INSERT INTO survey_invitations (customer_id, invitation_id, survey, sent_at) VALUES ('c1', 'i', 's', '2024-06-01');
INSERT INTO survey_responses (customer_id, response_id, survey, invitation_id, responded_at) VALUES ('c1', 'r', 's', 'i', '2024-06-02');
INSERT INTO survey_answers (customer_id, response_id, survey, question, score) VALUES ('c1', 'r', 's', 'q', 9);
INSERT INTO tickets (customer_id, ticket_id, channel, complaint) VALUES ('c1', 't', 'email', true), ('c2', 't', 'line', false);
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES
    ('c1', 't', '2024-06-01 10:00+09', 'opened'), ('c2', 't', '2024-06-01 10:00+09', 'opened'),
    ('c2', 't', '2024-06-01 11:00+09', 'agent_reply'), ('c2', 't', '2024-06-01 12:00+09', 'resolved');
SELECT count(earn_points(customer_id, order_id)) > 0 AS earned FROM orders WHERE amount > 0;
SELECT customers > 0 AS evaluated FROM evaluate_tiers('2024-07-01 00:00+09');
UPDATE orders SET shipped_at = ordered_at + interval '1 day', delivered_at = ordered_at + interval '2 days' WHERE order_id = 'b';
SELECT queue_followups('2024-07-01 12:00+09') > 0 AS queued;
-- Whatever has an as_of, the other arguments being what there is.
DO $$
DECLARE
    f record; a text; n bigint; asked bigint := 0; failed text := '';
BEGIN
    FOR f IN SELECT p.oid::regprocedure AS name, p.proname, p.proretset,
                    (SELECT string_agg(format('%I => %s', i.name, CASE i.name
                                WHEN 'as_of' THEN '$1'
                                WHEN 'breakdown' THEN CASE WHEN p.proname LIKE 'sla%' THEN '''agent''' WHEN p.proname = 'breakdown_day' THEN '''tier@2024-05-01''' ELSE '''tier''' END
                                WHEN 'customer' THEN '''c1'''
                                WHEN 'ticket' THEN '''t'''
                                WHEN 'time_zone' THEN '''Asia/Tokyo'''
                                WHEN 'policy_set' THEN 'NULL'
                                WHEN 'consent' THEN '''unless_refused'''
                                WHEN 'purpose' THEN '''survey'''
                                WHEN 'channel' THEN '''email'''
                                WHEN 'hours' THEN '''24/7'''
                                WHEN 'period' THEN '''week'''
                                WHEN 'of_period' THEN '''month and quarter'''
                                WHEN 'minimum_support' THEN '5'
                                ELSE CASE i.type
                                    WHEN 'timestamptz'::regtype THEN '''2024-06-01 00:00+09'''
                                    WHEN 'date'::regtype THEN '''2024-06-01'''
                                    WHEN 'interval'::regtype THEN '''7 days'''
                                    WHEN 'boolean'::regtype THEN 'true'
                                    WHEN 'integer'::regtype THEN '50'
                                    WHEN 'bigint'::regtype THEN '50'
                                    WHEN 'numeric'::regtype THEN '50'
                                    WHEN 'jsonb'::regtype THEN '''[]'''
                                    WHEN 'bytea'::regtype THEN 'NULL'
                                    WHEN 'datemultirange'::regtype THEN '''{(,)}'''
                                    WHEN 'loyalcs.purchases'::regtype THEN 'loyalcs.purchases(''{1}'', ''{2024-06-01 00:00+09}'', ''{100}'', $1)'
                                    ELSE CASE WHEN i.type::text LIKE '%[]' THEN 'NULL' ELSE '''a''' END END
                                END), ', ')
                       FROM (SELECT p.proargnames[g], p.proargtypes[g - 1]::regtype
                               FROM generate_series(1, p.pronargs) g
                              WHERE g <= p.pronargs - p.pronargdefaults OR p.proargnames[g] = 'as_of') i (name, type)) AS arguments
               FROM pg_proc p
              WHERE p.pronamespace = 'shop'::regnamespace AND p.provolatile <> 'v' AND 'as_of' = ANY (p.proargnames)
              ORDER BY 1
    LOOP
        FOREACH a IN ARRAY '{infinity,-infinity}'::text[] LOOP
            -- (no day is before that)
            CONTINUE WHEN f.proname = 'breakdown_day' AND a = '-infinity';
            BEGIN
                EXECUTE format('SELECT count(x::text) FROM shop.%I(%s) x', f.proname, f.arguments) INTO n USING a::timestamptz;
                asked := asked + 1;
                -- (words may have been valid since ever, and a board shows what there is no number of)
                IF a = '-infinity' AND n > 0 AND f.proretset AND f.proname ~ '_(at|by)$'
                   AND f.proname NOT IN ('voice_lexicons_at', 'kpi_status_at', 'aftersale_checklist_at', 'shop_health_at') THEN
                    failed := failed || format(E'\n%s has %s rows before everything', f.name, n);
                END IF;
            EXCEPTION WHEN OTHERS THEN
                -- (there is no report of a month before it has begun)
                IF NOT (a = '-infinity' AND SQLERRM = 'month 2024-06 has not begun') THEN
                    failed := failed || format(E'\n%s at %s: %s', f.name, a, SQLERRM);
                END IF;
            END;
        END LOOP;
    END LOOP;
    RAISE WARNING '% asked, failed: %', CASE WHEN asked > 100 THEN 'all' ELSE asked::text END, coalesce(nullif(failed, ''), 'none');
END $$;
SELECT count(*) AS customers, count(*) FILTER (WHERE customer_for > interval '7000 years') AS for_long FROM customer_value_at('infinity');

SELECT pg_temp.same_elsewhere('SELECT * FROM order_ladder_at(''2024-07-01 00:00+09'')'),
       pg_temp.same_elsewhere('SELECT * FROM repeat_rate_by(''rfm_segment@2024-06-15'', ''2024-07-01 00:00+09'')');
SET search_path = public;
