-- What is kept of tickets, against what their logs say.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
UPDATE settings SET live_since = '2025-01-01 00:00+09';
INSERT INTO agents (agent_id, name, is_machine) VALUES ('kei', 'Kei', false), ('mio', 'Mio', false), ('bot', 'Bot', true);
INSERT INTO customers (customer_id) SELECT 'c' || i FROM generate_series(1, 12) i;

-- All that is said of tickets, as of some instants: of what is kept where that may be relied on.
-- (in PL/pgSQL: it would be planned anew each time, which takes longer than to run it)
CREATE FUNCTION pg_temp.said(as_of timestamptz) RETURNS TABLE (what text, is text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT 'opened', pg_catalog.md5(coalesce(string_agg(t::text, E'\n' ORDER BY t.customer_id, t.ticket_id), ''))
      FROM (VALUES (date '2026-01-01', date '2026-12-31'), ('2026-03-01', '2026-03-31')) m (first, last)
     CROSS JOIN LATERAL tickets_opened_in(m.first, m.last, as_of) t
    UNION ALL
    SELECT 'promised', pg_catalog.md5(coalesce(string_agg(t::text, E'\n' ORDER BY t.customer_id, t.ticket_id, t.metric, t.started_at, t.elapsed), ''))
      FROM (VALUES (date '2026-01-01', date '2026-12-31'), ('2026-03-01', '2026-03-31')) m (first, last)
     CROSS JOIN LATERAL promises_started_in(m.first, m.last, as_of) t
    UNION ALL
    SELECT 'attained', pg_catalog.md5(coalesce(string_agg(b.breakdown || a::text, E'\n' ORDER BY b.breakdown, a.period_start, a.part, a.metric), ''))
      FROM (VALUES ('channel'), ('reason'), ('agent'), ('everyone')) b (breakdown)
     CROSS JOIN LATERAL sla_attainment_by_period('week', b.breakdown, NULL, as_of) a
    UNION ALL
    SELECT 'backlog', pg_catalog.md5(coalesce(string_agg(b::text, E'\n' ORDER BY b.age_from, b.channel), '')) FROM backlog_at(as_of) b
    UNION ALL
    SELECT 'written', pg_catalog.md5(coalesce(string_agg(w::text, E'\n' ORDER BY m.since, w.customer_id, w.ticket_id), ''))
      FROM (VALUES ('-infinity'::timestamptz, 'infinity'::timestamptz), ('2026-03-01 00:00+09', '2026-04-01 00:00+09')) m (since, until)
     CROSS JOIN LATERAL tickets_written_from(m.since, m.until) w;
END
$$;
-- The same twice, with what is kept and without.
CREATE FUNCTION pg_temp.differing() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    at timestamptz;
    kept jsonb;
    live jsonb;
BEGIN
    FOREACH at IN ARRAY '{2026-03-10 12:00+09,2026-04-20 09:30+09,9999-01-01 00:00+09,infinity}'::timestamptz[] LOOP
        SELECT jsonb_object_agg(s.what, s.is) INTO kept FROM pg_temp.said(at) s;
        BEGIN
            DELETE FROM ticket_keeping;
            SELECT jsonb_object_agg(s.what, s.is) INTO live FROM pg_temp.said(at) s;
            RAISE EXCEPTION 'back' USING ERRCODE = 'PK001';
        EXCEPTION
            WHEN SQLSTATE 'PK001' THEN
        END;
        RETURN QUERY SELECT at::text || ': ' || k.key FROM jsonb_each(kept) k WHERE k.value IS DISTINCT FROM live -> k.key;
    END LOOP;
END
$$;
CREATE FUNCTION pg_temp.scatter(i int, salt int, n int) RETURNS int LANGUAGE sql AS 'SELECT (hashtextextended(i::text, salt)::numeric % n)::int + CASE WHEN hashtextextended(i::text, salt) < 0 THEN n - 1 ELSE 0 END';
-- Writes of every kind, as if by chance: the shop's owner, who may say when what was recorded.
CREATE FUNCTION pg_temp.write_something(i int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    who text := 'c' || 1 + pg_temp.scatter(i, 1, 12);
    other record;
    place text;
    at timestamptz := timestamptz '2026-02-01 00:00+09' + pg_temp.scatter(i, 2, 110 * 1440) * interval '1 minute';
BEGIN
    place := (SELECT t.ticket_id FROM tickets t WHERE t.customer_id = who ORDER BY hashtextextended(t.ticket_id, i) LIMIT 1);
    CASE
        WHEN place IS NULL OR pg_temp.scatter(i, 3, 100) < 25 THEN
            INSERT INTO tickets (customer_id, ticket_id, channel, reason, priority, tier, complaint)
            VALUES (who, 't' || i, (ARRAY['email', 'line', 'phone'])[1 + pg_temp.scatter(i, 4, 3)], (ARRAY['size', 'late'])[pg_temp.scatter(i, 5, 3)], NULL, NULL, i % 5 = 0);
            INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES (who, 't' || i, at, 'opened');
        WHEN pg_temp.scatter(i, 3, 100) < 85 THEN
            INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id, recorded_at)
            SELECT who, place, v.at, v.kind, CASE WHEN v.kind NOT IN ('customer_message', 'reopened') THEN (ARRAY['kei', 'mio', 'bot'])[1 + pg_temp.scatter(i, 6, 3)] END,
                   CASE pg_temp.scatter(i, 7, 4) WHEN 0 THEN v.at + pg_temp.scatter(i, 8, 4000) * interval '1 minute' WHEN 1 THEN v.at END
              FROM (SELECT coalesce((SELECT max(e.at) FROM ticket_events e WHERE e.customer_id = who AND e.ticket_id = place), at)
                           + (pg_temp.scatter(i, 9, 3000) - 300) * interval '1 minute' AS at,
                           (ARRAY['agent_reply', 'agent_reply', 'customer_message', 'proposed', 'pending', 'resumed', 'resolved', 'resolved', 'resolved', 'reopened', 'auto_reply', 'discarded', 'assigned', 'note', 'auto_resolved'])[1 + pg_temp.scatter(i, 10, 15)] AS kind) v;
        WHEN pg_temp.scatter(i, 3, 100) < 90 THEN
            UPDATE tickets t SET channel = (ARRAY['email', 'line', 'phone'])[1 + pg_temp.scatter(i, 11, 3)], reason = (ARRAY['size', 'late'])[pg_temp.scatter(i, 12, 3)], complaint = i % 2 = 0
             WHERE t.customer_id = who AND t.ticket_id = place;
        WHEN pg_temp.scatter(i, 3, 100) < 95 THEN
            SELECT t.ticket_id INTO other FROM tickets t WHERE t.customer_id = who AND t.ticket_id <> place AND t.merged_into IS NULL ORDER BY 1 LIMIT 1;
            IF FOUND AND EXISTS (SELECT FROM tickets t WHERE t.customer_id = who AND t.ticket_id = place AND t.merged_into IS NULL) THEN
                PERFORM record_ticket_event(who, place, 'merged', greatest(at, (SELECT max(e.at) FROM ticket_events e WHERE e.customer_id = who)), merged_into => other.ticket_id);
            END IF;
        WHEN pg_temp.scatter(i, 3, 100) < 98 THEN
            DELETE FROM tickets t WHERE t.customer_id = who AND t.ticket_id = place AND NOT EXISTS (SELECT FROM tickets m WHERE m.customer_id = who AND m.merged_into = place);
        ELSE
            INSERT INTO ticket_changes (customer_id, ticket_id, changed_at, channel, reason)
            VALUES (who, place, at, (ARRAY['email', 'line', 'phone'])[1 + pg_temp.scatter(i, 13, 3)], 'late');
    END CASE;
END
$$;
SET client_min_messages = error;
SELECT count(pg_temp.write_something(i)) FROM generate_series(1, 400) i;

-- Nothing is kept before it is, and then all but the merged ones.
SELECT tickets_are_kept(), (SELECT count(*) FROM kept_tickets) AS kept, (SELECT count(*) > 0 FROM ticket_marks) AS marked;
SELECT refresh_kept_tickets() = (SELECT count(*) FROM tickets t WHERE t.merged_into IS NULL AND ticket_opened_at(t.customer_id, t.ticket_id) IS NOT NULL) AS of_all,
       refresh_kept_tickets() AS again;
SELECT tickets_are_kept(), (SELECT count(*) FROM ticket_marks) AS marked, (SELECT count(*) FROM unkept_tickets(false, '2026-01-01', '2026-12-31', 'infinity')) AS unkept,
       (SELECT count(*) > 20 FROM kept_promises) AS promises, (SELECT count(*) > 0 FROM kept_tickets WHERE promises_hold_from = 'infinity') AS running,
       (SELECT count(*) > 0 FROM tickets WHERE merged_into IS NOT NULL) AS merged, (SELECT count(*) > 0 FROM kept_tickets WHERE discarded) AS discarded,
       (SELECT count(*) > 0 FROM kept_tickets WHERE unanswered) AS unanswered;
SELECT * FROM pg_temp.differing();
-- Promises are added up by day, all of them once, and are read there; of some customers they are taken out again.
SELECT sum(met) = (SELECT count(*) FROM kept_promises WHERE state = 'met') AS met, sum(missed) = (SELECT count(*) FROM kept_promises WHERE state = 'missed') AS missed,
       sum(cardinality(times)) = (SELECT count(elapsed) FROM kept_promises) AS times, unkept_days('promises', '{kept_promises}', '2026-04-20 09:30+09') AS unkept FROM kept_promise_days;
BEGIN;
INSERT INTO ticket_marks (customer_id) VALUES ('c1'), ('c2'), ('c1');
SELECT count(*) FILTER (WHERE times IS NOT NULL) > 20 AS days, count(*) FILTER (WHERE gone) = (SELECT count(*) FROM kept_promises WHERE customer_id IN ('c1', 'c2')) AS gone FROM promises_by_day('infinity');
SELECT * FROM pg_temp.differing();
UPDATE kept_promise_days SET met = met + 1000;
SELECT count(*) FROM pg_temp.differing() d WHERE d LIKE '%attained';
ROLLBACK;
-- What is kept no more of a promise is not kept of its day either, nor are the others of that day.
SELECT min(customer_id) AS shared FROM kept_promises k
 WHERE EXISTS (SELECT FROM kept_promises o WHERE o.customer_id <> k.customer_id AND (o.started_at AT TIME ZONE 'Asia/Tokyo')::date = (k.started_at AT TIME ZONE 'Asia/Tokyo')::date) \gset
BEGIN;
DELETE FROM kept_promises WHERE customer_id = :'shared';
DELETE FROM kept_tickets WHERE customer_id = :'shared';
SELECT unkept_days('promises', '{kept_promises}', 'infinity') OPERATOR(pg_catalog.*) '{(,2026-05-31)}'::datemultirange <> '{}' AS unkept, p.n > 0 AS some, p.n = k.n AS all_of_them
  FROM (SELECT count(*) AS n FROM promises_by_day('infinity') WHERE day IS NOT NULL AND times IS NULL) p,
       (SELECT count(*) AS n FROM kept_promises WHERE (started_at AT TIME ZONE 'Asia/Tokyo')::date <@ unkept_days('promises', '{kept_promises}', 'infinity')) k;
INSERT INTO ticket_marks (customer_id) VALUES (:'shared');
SELECT * FROM pg_temp.differing();
TRUNCATE kept_promises;
SELECT unkept_days('promises', '{kept_promises}', 'infinity');
ROLLBACK;
-- All promises of it are those of sla_status_at(), whichever of merged tickets they are of.
SELECT count(*) > 100 AS many, count(*) FILTER (WHERE w.n <> 0) AS other
  FROM (SELECT v.customer_id, v.ticket_id, v.channel, v.metric, v.started_at, v.state, v.elapsed, v.elapsed_minutes, sum(v.n) AS n
          FROM (SELECT s.customer_id, s.ticket_id, s.channel, s.metric, s.started_at, s.state, s.elapsed, s.elapsed_minutes, 1 AS n FROM sla_status_at('2026-07-01 00:00+09') s
                UNION ALL
                SELECT p.*, -1 FROM promises_started_in('2026-01-01', '2026-12-31', '2026-07-01 00:00+09') p) v
         GROUP BY 1, 2, 3, 4, 5, 6, 7, 8) w;

-- Which tickets were opened when, by their own logs: from an instant to another.
SELECT count(*) FILTER (WHERE m.since = '-infinity') > 50 AS many,
       count(*) FILTER (WHERE m.is_in <> (w.customer_id IS NOT NULL) OR w.reason IS DISTINCT FROM l.reason AND m.is_in OR w.first_written_at <> l.at) AS other
  FROM (SELECT t.customer_id, t.ticket_id, t.reason, min(e.at) AS at
          FROM tickets t JOIN ticket_events e USING (customer_id, ticket_id)
         WHERE t.merged_into IS NULL AND e.kind IN ('opened', 'customer_message', 'reopened') GROUP BY 1, 2, 3) l
 CROSS JOIN LATERAL (VALUES ('-infinity'::timestamptz, 'infinity'::timestamptz, true), (l.at, l.at, true), (l.at - interval '1 day', l.at - interval '1 microsecond', false), (l.at + interval '1 microsecond', 'infinity', false)) m (since, until, is_in)
  LEFT JOIN LATERAL (SELECT * FROM tickets_written_from(m.since, m.until) w WHERE (w.customer_id, w.ticket_id) = (l.customer_id, l.ticket_id)) w ON true;
SELECT count(*) FROM tickets_written_from('-infinity', 'infinity') w WHERE NOT EXISTS (SELECT FROM tickets t WHERE (t.customer_id, t.ticket_id) = (w.customer_id, w.ticket_id) AND t.merged_into IS NULL);

-- After each write it is the same, marked or refreshed; a refresh looks at those who are marked.
CREATE FUNCTION pg_temp.write_and_compare(first int, last int) RETURNS TABLE (rounds bigint, differing bigint, refreshed boolean) LANGUAGE plpgsql AS $$
DECLARE
    found_ones bigint;
BEGIN
    rounds := 0;
    differing := 0;
    refreshed := true;
    FOR i IN first .. last LOOP
        PERFORM pg_temp.write_something(i);
        IF i % 12 = 0 THEN
            rounds := rounds + 1;
            differing := differing + (SELECT count(*) FROM pg_temp.differing());
        END IF;
        IF i % 24 = 0 THEN
            found_ones := refresh_kept_tickets();
            refreshed := refreshed AND found_ones < (SELECT count(*) FROM kept_tickets) AND NOT EXISTS (SELECT FROM ticket_marks);
            differing := differing + (SELECT count(*) FROM pg_temp.differing());
        END IF;
    END LOOP;
    RETURN NEXT;
END
$$;
SELECT * FROM pg_temp.write_and_compare(401, 448);

-- What a log comes to by rules that are not written in it: of these nothing is noted, and
-- nothing is relied on that was found by others.
CREATE FUNCTION pg_temp.after(statement text) RETURNS TABLE (kept boolean, differing bigint, refreshed boolean, differing_then bigint) LANGUAGE plpgsql AS $$
DECLARE
    found_ones bigint;
BEGIN
    PERFORM refresh_kept_tickets();
    EXECUTE statement;
    kept := tickets_are_kept();
    differing := (SELECT count(*) FROM pg_temp.differing());
    found_ones := refresh_kept_tickets();
    refreshed := found_ones = (SELECT count(*) FROM kept_tickets) AND tickets_are_kept();
    differing_then := (SELECT count(*) FROM pg_temp.differing());
    RETURN NEXT;
END
$$;
SELECT s.what, a.*
  FROM (VALUES (1, 'a policy', $$INSERT INTO sla_policies (metric, channel, reason, target, valid) VALUES ('resolution', 'line', 'late', '3 hours', '(,)')$$),
               (2, 'one that ends', $$UPDATE sla_policies SET valid = tstzrange(lower(valid), now() + interval '1 hour') WHERE metric = 'resolution' AND channel IS NULL AND policy_set = 'standard'$$),
               (3, 'a closure', $$INSERT INTO calendar_exceptions (calendar, first_day, last_day, recorded_at) VALUES ('office', '2026-03-02', '2026-03-20', '2026-03-01 00:00+09')$$),
               (4, 'hours', $$UPDATE calendars SET hours = 'Mo-Sa 09:00-20:00 @ Asia/Tokyo JP' WHERE calendar = 'office'$$),
               (5, 'a machine', $$UPDATE agents SET is_machine = true WHERE agent_id = 'mio'$$),
               (6, 'none', $$UPDATE agents SET is_machine = false$$),
               (7, 'late ones', $$UPDATE settings SET late_helps = true$$),
               (8, 'soon late', $$UPDATE settings SET late_helps = false, late_after = '0'$$)) s (n, what, statement)
 CROSS JOIN LATERAL pg_temp.after(s.statement) a
 ORDER BY s.n;
-- Not of these: the months are counted when they are read, and costs looked up.
SELECT s.what, a.*
  FROM (VALUES (1, 'another zone', $$UPDATE settings SET time_zone = 'America/New_York'$$),
               (2, 'a cost', $$INSERT INTO contact_costs (channel, valid_from, cost) VALUES ('email', '2026-03-01', 7)$$),
               (3, 'no change', $$UPDATE tickets SET channel = channel, subject = 'x'$$),
               (4, 'another session''s words', $$SET LOCAL DateStyle = 'German, DMY'; SET LOCAL TimeZone = 'Asia/Kolkata'; SET LOCAL IntervalStyle = 'iso_8601'$$)) s (n, what, statement)
 CROSS JOIN LATERAL pg_temp.after(s.statement) a
 ORDER BY s.n;

-- Two customers become one, one is forgotten, and one goes.
SELECT refresh_kept_tickets() >= 0 AS refreshed;
BEGIN;
SELECT merge_customers('c1', 'c2', 'c1') IS NOT NULL AS merged;
SELECT count(*) FROM pg_temp.differing();
SELECT count(*) FROM kept_tickets WHERE customer_id = 'c1';
SELECT refresh_kept_tickets() > 0 AS refreshed;
SELECT count(*) FROM pg_temp.differing();
ROLLBACK;
BEGIN;
SELECT forget_customer('c3', 'c3') IS NOT NULL AS forgotten;
SELECT count(*) FROM pg_temp.differing();
SELECT refresh_kept_tickets() > 0 AS refreshed;
SELECT (SELECT count(*) FROM pg_temp.differing()) AS differing, (SELECT count(*) FROM kept_tickets WHERE customer_id = 'c3') AS of_c3;
ROLLBACK;
DELETE FROM tickets WHERE customer_id = 'c4' AND merged_into IS NOT NULL;
DELETE FROM tickets WHERE customer_id = 'c4';
SELECT count(*) FROM pg_temp.differing();
SELECT refresh_kept_tickets() AS none_of_c4;
SELECT (SELECT count(*) FROM kept_tickets WHERE customer_id = 'c4') AS kept, (SELECT count(*) FROM kept_promises WHERE customer_id = 'c4') AS promises;

-- Where changes are not noted nothing is kept, and nothing relied on.
BEGIN;
ALTER TABLE tickets DISABLE TRIGGER mark_changed_ticket;
SELECT ticket_changes_are_noted(), tickets_are_kept(), (SELECT count(*) FROM pg_temp.differing());
SELECT refresh_kept_tickets();
SELECT (SELECT count(*) FROM kept_tickets) AS kept, (SELECT count(*) FROM kept_promises) AS promises;
ROLLBACK;
BEGIN;
ALTER TABLE ticket_events DISABLE TRIGGER keep_closed_at;
SELECT ticket_changes_are_noted();
ROLLBACK;
BEGIN;
ALTER TABLE ticket_events DISABLE TRIGGER refuse_truncate;
ALTER TABLE ticket_changes DISABLE TRIGGER refuse_truncate;
TRUNCATE tickets CASCADE;
SELECT tickets_are_kept();
SELECT refresh_kept_tickets();
SELECT (SELECT count(*) FROM kept_tickets) AS kept, (SELECT count(*) FROM kept_promises) AS promises;
ROLLBACK;

-- At levels that hide what others have written it is not refreshed.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT refresh_kept_tickets();
ROLLBACK;

-- Who writes about customers marks, and hides no mark; nobody but admins writes what is kept.
CREATE ROLE regress_kept_tickets;
SELECT loyalcs.grant_shop('shop', 'regress_kept_tickets', 'service');
SET ROLE regress_kept_tickets;
INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('c5', 'by service', 'email');
SELECT record_ticket_event('c5', 'by service', 'opened', '2026-04-01 09:00+09') IS NOT NULL AS recorded, tickets_are_kept();
DELETE FROM ticket_marks;
DELETE FROM kept_tickets;
UPDATE ticket_keeping SET rules = 'x';
SELECT refresh_kept_tickets();
RESET ROLE;
SELECT count(*) > 0 AS marked FROM ticket_marks WHERE customer_id = 'c5';
SELECT count(*) FROM pg_temp.differing();
SELECT loyalcs.grant_shop('shop', 'regress_kept_tickets', 'admin');
SET ROLE regress_kept_tickets;
SELECT refresh_kept_tickets() > 0 AS by_an_admin;
RESET ROLE;
DROP OWNED BY regress_kept_tickets;
DROP ROLE regress_kept_tickets;
