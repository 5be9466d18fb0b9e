-- Rules: journeys and their steps, frequency caps, purposes; consent, subscriptions, parcels.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
SET timezone = 'Asia/Tokyo';

--
-- The journey that a shop comes with
--

SELECT step, anchor, delay, channel, kind, purpose, send_window, calendar FROM journey_steps ORDER BY step_id;
SELECT step, priority, tiers, orders_from AS "from", sample_share AS sample, holdout_share AS holdout, exit_on_order AS ordered, exit_on_return AS returned,
       expires_after, content_values, valid
  FROM journey_steps ORDER BY step_id;
TABLE contact_purposes ORDER BY purpose;
SELECT channel, per_day, per_week, valid FROM frequency_caps ORDER BY cap_id;
SELECT delay, delay_in_words(delay::interval)
  FROM unnest('{0,1 day,3 days,1 month,3 months,1 year 2 months,-14 days,-1 month,90 minutes,1 day 1 hour}'::text[]) delay;

--
-- What a step may be
--

SELECT s.given, pg_temp.outcome('INSERT INTO journey_steps (journey, step, channel, purpose, content_key, anchor, delay, ' || split_part(s.given, ' = ', 1) || ')
                                 VALUES (''after_sale'', ''s'', ''line'', ''service'', ''c'', ''delivered'', ''1 day'', ' || split_part(s.given, ' = ', 2) || ')')
  FROM (VALUES ('priority = 1'), ('kind = ''person'''), ('kind = ''robot'''), ('nth = 3'), ('min_amount = 1000'), ('min_amount = -1'),
               ('sample_share = 1'), ('sample_share = 1.1'), ('holdout_share = -0.1'), ('holdout_share = NULL'),
               ('effect_within = ''0'''), ('effect_within = ''30 days'''), ('expires_after = ''0'''), ('expires_after = ''1 year'''), ('expires_after = ''13 months'''),
               ('max_attempts = 0'), ('retry_after = ''0'''), ('retry_after = ''2 days'''), ('content_values = ''[]'''), ('content_values = ''{"a": 1}'''),
               ('send_window = ''Mo-Fr 10:00-18:00'''), ('send_window = ''sometimes'''), ('calendar = ''office'''), ('calendar = ''nowhere'''), ('valid = ''empty'''), ('valid = ''[2026-01-01,2026-02-01]'''), ('valid = NULL')) s (given);
SELECT s.anchor, s.delay, s.nth, pg_temp.outcome(format('INSERT INTO journey_steps (journey, step, channel, purpose, content_key, anchor, delay, nth)
                                 VALUES (''after_sale'', ''s'', ''line'', ''service'', ''c'', %L, %L, %L)', s.anchor, s.delay, s.nth))
  FROM (VALUES ('ordered', '0', NULL), ('ordered', '-1 days', NULL), ('birthday', '-14 days', NULL), ('points_expiring', '-1 month', NULL), ('birthday', '-13 months', NULL),
               ('nth_order', '0', 3), ('nth_order', '0', 0), ('nth_order', '0', NULL), ('first_order', '0', 1), ('no_order_for', '60 days', NULL),
               ('no_order_for', '0', NULL), ('delivered', '10 years', NULL), ('delivered', '11 years', NULL), ('moon', '0', NULL)) s (anchor, delay, nth);
SELECT s.given, pg_temp.outcome('INSERT INTO journey_steps (journey, step, channel, purpose, content_key, anchor) VALUES (' || s.given || ', ''ordered'')')
  FROM (VALUES ('''after_sale'', ''s'', ''line'', ''service'', ''c'''), ('''before_sale'', ''s'', ''line'', ''service'', ''c'''),
               ('''after_sale'', ''s'', ''owl'', ''service'', ''c'''), ('''after_sale'', ''s'', ''line'', ''fun'', ''c'''), ('''after_sale'', NULL, ''line'', ''service'', ''c''')) s (given);
SELECT pg_temp.outcome('INSERT INTO journey_steps (journey, step, channel, purpose, content_key, anchor, min_amount) VALUES (''after_sale'', ''s'', ''line'', ''service'', ''c'', ''birthday'', 5)') AS min_amount;
BEGIN;
INSERT INTO journey_steps (journey, step, channel, purpose, content_key, anchor, send_window) VALUES ('after_sale', 's', 'line', 'service', 'c', 'ordered', 'Mo,Tu 9:00-12:00');
SELECT send_window FROM journey_steps WHERE step = 's';
ROLLBACK;

--
-- A rule that has been in force is only ended; one at a time holds.
--

SELECT pg_temp.outcome('INSERT INTO journey_steps (journey, step, channel, purpose, content_key, anchor) VALUES (''after_sale'', ''seasonal'', ''line'', ''service'', ''c'', ''ordered'')') AS step,
       pg_temp.outcome('INSERT INTO frequency_caps (channel, per_day) VALUES (''email'', 2)') AS cap;
SELECT pg_temp.outcome('UPDATE journey_steps SET delay = ''4 days'' WHERE step_id = 3') AS nothing_was_due_yet, pg_temp.outcome('DELETE FROM frequency_caps') AS nor_here;
INSERT INTO customers (customer_id) VALUES ('ann');
INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at, queued_at, claimable_at)
SELECT 'ann', 'arrival_check', '1', 3, 'email', true, 0, at, at, at, at, at FROM (SELECT timestamptz '2026-03-01 12:00+09') a (at);
SELECT s.statement, pg_temp.outcome(s.statement)
  FROM (VALUES
    ('UPDATE journey_steps SET delay = ''4 days'' WHERE step_id = 3'),
    ('DELETE FROM journey_steps WHERE step_id = 3'),
    ('UPDATE journey_steps SET valid = ''empty'' WHERE step_id = 3'),
    ('UPDATE journey_steps SET valid = ''(,2020-01-01)'' WHERE step_id = 3'),
    ('UPDATE journey_steps SET valid = tstzrange(lower(valid), now()) WHERE step_id = 3'),
    ('UPDATE journey_steps SET delay = ''4 days'' WHERE step_id = 4'),
    ('UPDATE frequency_caps SET per_day = 2 WHERE channel = ''email'''),
    ('UPDATE frequency_caps SET per_day = 2 WHERE channel = ''line'''),
    ('UPDATE frequency_caps SET valid = tstzrange(lower(valid), now()); INSERT INTO frequency_caps (channel, per_day) VALUES (''email'', 2)')
  ) s (statement);
SELECT s.given, pg_temp.outcome('INSERT INTO frequency_caps (channel, per_day, per_week, valid) VALUES (' || s.given || ')')
  FROM (VALUES ('''owl'', 1, 1, ''empty'''), ('''email'', -1, 1, ''empty'''), ('''email'', 1, -1, ''empty'''), ('''email'', 0, NULL, ''empty'''), ('''email'', 1, 1, ''(2026-01-01,2026-02-01)''')) s (given);
SELECT pg_temp.outcome('INSERT INTO contact_purposes VALUES (''x'', ''perhaps'')') AS consent, pg_temp.outcome('INSERT INTO contact_purposes VALUES (''all'', ''if_given'')') AS taken;
SELECT pg_temp.outcome('INSERT INTO journeys VALUES (''j'', ''J'', ''[]'')') AS journey;

--
-- What customers say and have
--

SELECT s.given, pg_temp.outcome('INSERT INTO consents (customer_id, channel, purpose, at, given) VALUES (' || s.given || ')')
  FROM (VALUES ('''ann'', ''email'', ''marketing'', now(), false'), ('''ann'', ''all'', ''all'', now(), false'), ('''ann'', ''emial'', ''all'', now(), false'),
               ('''ann'', ''all'', ''fun'', now(), false'), ('''ann'', ''email'', ''all'', ''infinity'', false'), ('''ann'', ''email'', ''all'', now(), NULL'), ('''bob'', ''email'', ''all'', now(), true')) s (given);
SELECT pg_temp.outcome('INSERT INTO subscriptions VALUES (''ann'', ''s'', now(), now() - interval ''1 day'')') AS cancelled,
       pg_temp.outcome('INSERT INTO subscriptions VALUES (''bob'', ''s'', now())') AS customer,
       pg_temp.outcome('INSERT INTO shipments (customer_id, order_id, tracking) VALUES (''ann'', ''none'', ''1'')') AS parcel;
