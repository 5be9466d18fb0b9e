-- Service levels: clocks, deadlines, states, rules.

-- The session is nobody's: no figure may depend on it.
SET client_min_messages = warning;
SET timezone = 'Pacific/Kiritimati';
SET datestyle = 'ISO, DMY';
SET intervalstyle = 'postgres';
\set SHOW_CONTEXT never
SET search_path = loyalcs, public;
SET timezone = 'Asia/Tokyo';

-- The library knows the enums' labels by heart.
SELECT enum_range(NULL::ticket_event), enum_range(NULL::sla_metric), enum_range(NULL::sla_state);

-- A log as one line: what happens when on Monday, 2 March 2026.
CREATE FUNCTION pg_temp.clocks(log text, OUT metric sla_metric, OUT cycle integer, OUT started text,
                               OUT stopped text, OUT pauses text, OUT acknowledged text)
RETURNS SETOF record LANGUAGE sql AS $$
    SELECT c.metric, c.cycle, to_char(c.started_at, 'HH24:MI'), to_char(c.stopped_at, 'HH24:MI'),
           replace(replace(replace(c.pauses::text, '2026-03-02 ', ''), ':00+09', ''), '"', ''),
           to_char(c.acknowledged_at, 'HH24:MI')
      FROM unnest((SELECT sla_clocks(split_part(e, ' ', 2)::ticket_event,
                                     ('2026-03-02 ' || split_part(e, ' ', 1) || '+09')::timestamptz ORDER BY n)
                     FROM regexp_split_to_table(log, ', ') WITH ORDINALITY l (e, n))) c
$$;

--
-- Clocks
--

-- A whole life: a machine acknowledges, a person replies, the customer writes
-- twice, waits are paused, it is solved, reopened and solved again.
SELECT * FROM pg_temp.clocks('09:00 opened, 09:01 auto_reply, 09:02 auto_reply, 09:05 assigned, 09:30 agent_reply, 10:00 customer_message, 10:10 customer_message, 10:20 note, 10:30 agent_reply, 11:00 pending, 12:00 customer_message, 12:30 proposed, 13:00 pending, 13:10 resumed, 14:00 resolved, 16:00 reopened, 17:00 resolved');
-- Just opened; and not even that.
SELECT * FROM pg_temp.clocks('09:00 opened');
SELECT sla_clocks(k, a) FROM (VALUES ('note'::ticket_event, now()), ('agent_reply', now()), ('pending', now()), ('resolved', now()), ('merged', now())) e (k, a);
SELECT sla_clocks(k, a) IS NULL AS of_nothing FROM (VALUES ('opened'::ticket_event, NULL::timestamptz), (NULL, now())) e (k, a);
SELECT sla_clocks('opened', now()) IS NULL AS of_nothing WHERE false;

-- What stops the first response; a machine does not.
SELECT e, c.started, c.stopped, c.acknowledged
  FROM unnest(enum_range(NULL::ticket_event)) e
 CROSS JOIN pg_temp.clocks('09:00 opened, 10:00 ' || e) c
 WHERE c.metric = 'first_response';
-- Messages before the first response belong to it; those after it start a cycle each
-- time that they have been answered, by a reply, a proposal or the solution.
SELECT cycle, started, stopped
  FROM pg_temp.clocks('09:00 opened, 09:10 customer_message, 09:20 agent_reply, 09:30 customer_message, 09:40 customer_message, 09:50 agent_reply, 10:00 agent_reply, 10:10 customer_message, 10:20 proposed, 10:30 customer_message, 10:40 resolved, 10:50 customer_message')
 WHERE metric = 'next_response';
-- A pause ends with the customer's next message, with resumed, with what stops the
-- clock; or it goes on. Only proposal and resolution pause.
SELECT * FROM pg_temp.clocks('09:00 opened, 10:00 pending, 11:00 customer_message, 12:00 pending, 13:00 resumed, 14:00 pending, 15:00 proposed, 16:00 resumed, 17:00 pending, 18:00 resolved');
SELECT * FROM pg_temp.clocks('09:00 opened, 10:00 pending');
-- One that follows at once is the same pause; one of no length is none.
SELECT pauses FROM pg_temp.clocks('09:00 opened, 10:00 pending, 11:00 resumed, 11:00 pending, 12:00 resumed, 13:00 pending, 13:00 resumed') WHERE metric = 'resolution';
-- Reopened twice: the resolution runs on, what stopped before stays.
SELECT * FROM pg_temp.clocks('09:00 opened, 10:00 resolved, 11:00 reopened, 11:30 proposed, 12:00 resolved, 13:00 reopened');
-- Paused while it was solved: that is over with the solution.
SELECT * FROM pg_temp.clocks('09:00 opened, 09:30 pending, 10:00 resolved, 11:00 reopened, 12:00 resolved') WHERE metric = 'resolution';

-- Dirty logs: nothing is an error, and what makes no sense does nothing.
SELECT l.log, c.*
  FROM (VALUES
    ('08:00 agent_reply, 08:10 proposed, 08:20 pending, 08:30 resolved, 09:00 opened'),
    ('09:00 opened, 09:30 opened, 10:00 agent_reply'),
    ('09:00 opened, 09:10 resumed, 09:20 reopened, 09:30 pending, 09:40 pending, 09:50 resumed, 10:00 resumed'),
    ('09:00 customer_message, 09:10 opened, 09:20 agent_reply'),
    ('09:00 reopened, 10:00 resolved'),
    ('09:00 opened, 10:00 resolved, 11:00 resolved, 12:00 pending, 13:00 proposed'),
    ('09:00 opened, 10:00 agent_reply, 11:00 merged, 12:00 agent_reply, 13:00 resolved')
  ) l (log)
 CROSS JOIN pg_temp.clocks(l.log) c;

-- Events of one instant keep their order: solved and reopened, or reopened and solved.
SELECT l.log, c.stopped
  FROM (VALUES ('09:00 opened, 10:00 resolved, 10:00 reopened'), ('09:00 opened, 10:00 reopened, 10:00 resolved')) l (log)
 CROSS JOIN pg_temp.clocks(l.log) c
 WHERE c.metric = 'resolution';
-- By event_id no ORDER BY is needed, in whatever order they come, in a window too.
CREATE TEMP TABLE event AS
SELECT n AS event_id, kind, timestamptz '2026-03-02 09:00+09' + n / 2 * interval '1 hour' AS at
  FROM unnest('{opened,auto_reply,agent_reply,customer_message,pending,resumed,pending,customer_message,proposed,resolved,reopened,resolved}'::text[])
       WITH ORDINALITY k (kind, n);
SELECT count(DISTINCT c::text) AS results
  FROM (SELECT s, sla_clocks(kind, at, event_id, NULL ORDER BY hashint8extended(event_id, s)) AS c
          FROM event CROSS JOIN generate_series(1, 50) s GROUP BY s
        UNION ALL
        SELECT 0, sla_clocks(kind::ticket_event, at ORDER BY at, event_id) FROM event) c;
SELECT event_id, cardinality(sla_clocks(kind, at, event_id, 0) OVER (ORDER BY event_id)) AS clocks FROM event;
-- A long log is merged, not inserted: by hand, it opens first and is answered 999 times.
SELECT count(*), count(stopped_at), min(started_at) = timestamptz '2026-01-01 00:00+09' AS first_opens, max(cycle) AS cycles
  FROM unnest((SELECT sla_clocks(CASE WHEN i = 0 THEN 'opened' WHEN i % 2 = 0 THEN 'customer_message' ELSE 'agent_reply' END,
                                 timestamptz '2026-01-01 00:00+09' + i * interval '1 minute', i, 0 ORDER BY hashint8(i))
                 FROM generate_series(0::bigint, 1999) i)) c;
-- Combined from parts as from the whole.
SELECT sla_clocks_final(sla_clocks_combine(sla_clocks_combine(NULL, a), b)) = sla_clocks_final(sla_clocks_combine(b, a)) AS either_way,
       sla_clocks_combine(NULL, NULL) IS NULL AS none,
       sla_clocks_combine(a, NULL) = a AS one
  FROM (SELECT sla_clocks_accum(sla_clocks_accum(NULL, 'opened', now(), 1, 0), 'note', now(), 2, 0) AS a,
               sla_clocks_accum(NULL, 'agent_reply', now() + interval '1 hour', 3, 0) AS b) s;
SELECT sla_clocks_final(sla_clocks_combine('\x', NULL));
SELECT sla_clocks_final('\x00000000ff');
SELECT sla_clocks('replied', now(), 1, 0);

--
-- Merged tickets: part 7 is the log of another that was merged into this one
--

CREATE FUNCTION pg_temp.merged(log text, OUT metric sla_metric, OUT cycle integer, OUT started text,
                               OUT stopped text, OUT pauses text)
RETURNS SETOF record LANGUAGE sql AS $$
    SELECT c.metric, c.cycle, to_char(c.started_at, 'HH24:MI'), to_char(c.stopped_at, 'HH24:MI'),
           replace(replace(replace(c.pauses::text, '2026-03-02 ', ''), ':00+09', ''), '"', '')
      FROM unnest((SELECT sla_clocks(split_part(e, ' ', 2), ('2026-03-02 ' || split_part(e, ' ', 1) || '+09')::timestamptz, n,
                                     split_part(e, ' ', 3)::bigint)
                     FROM regexp_split_to_table(log, ', ') WITH ORDINALITY l (e, n))) c
$$;
-- Both wait for a reply: the earlier start is kept. The reply of ten past eight was not to part 7.
SELECT * FROM pg_temp.merged('07:00 opened 0, 08:00 opened 7, 08:10 agent_reply 0, 12:00 merged 7, 13:00 agent_reply 0, 14:00 resolved 0');
SELECT * FROM pg_temp.merged('08:00 opened 7, 09:00 opened 0, 12:00 merged 7, 13:00 agent_reply 0, 14:00 resolved 0');
-- What part 7 had done before is its own; its pauses go with the clock, the survivor's from then on.
SELECT * FROM pg_temp.merged('08:00 opened 7, 08:10 agent_reply 7, 08:20 pending 7, 09:00 opened 0, 09:30 pending 0, 10:00 merged 7, 11:00 resumed 0, 12:00 resolved 0');
-- Merged into one that was solved: what is left goes on there.
SELECT * FROM pg_temp.merged('08:00 opened 0, 09:00 resolved 0, 08:30 opened 7, 10:00 merged 7');
-- Not merged yet: nothing of it is this ticket's.
SELECT * FROM pg_temp.merged('08:00 opened 7, 09:00 opened 0, 10:00 agent_reply 7');
-- Merged away: what ran is counted where it went.
SELECT * FROM pg_temp.merged('08:00 opened 0, 08:30 agent_reply 0, 09:00 merged 0, 10:00 resolved 0');

--
-- Deadlines
--

\set weekdays 'business_hours(''Mo-Fr 10:00-18:00; PH off'', ''Asia/Tokyo'', ''JP'')'
-- On the wall, with and without pauses; half-open, so a pause that begins at the deadline does not move it.
SELECT d.target, d.pauses, sla_due('2026-03-02 09:00+09', d.target::interval, NULL, d.pauses::tstzmultirange)
  FROM (VALUES
    ('4 hours', NULL),
    ('4 hours', '{}'),
    ('1 day', '{}'),
    ('0', '{}'),
    ('4 hours', '{[2026-03-02 10:00+09,2026-03-02 12:00+09)}'),
    ('4 hours', '{[2026-03-01 10:00+09,2026-03-02 10:00+09)}'),
    ('4 hours', '{[2026-03-02 08:00+09,2026-03-02 09:00+09)}'),
    ('4 hours', '{[2026-03-02 10:00+09,2026-03-02 11:00+09),[2026-03-02 12:00+09,2026-03-02 13:00+09),[2026-03-02 20:00+09,2026-03-02 21:00+09)}'),
    ('4 hours', '{[2026-03-02 13:00+09,2026-03-02 21:00+09)}'),
    ('4 hours', '{[2026-03-02 12:59:59+09,2026-03-02 21:00+09)}'),
    ('4 hours', '{[2026-03-02 13:00+09,)}'),
    ('4 hours', '{[2026-03-02 12:00+09,)}'),
    ('4 hours', '{(,2026-03-02 10:00+09)}'),
    ('4 hours', '{(,)}')
  ) d (target, pauses);
-- Open time. Friday 20 March 2026 is the spring equinox, a holiday.
SELECT d.started, d.target, d.pauses, sla_due(d.started::timestamptz, d.target::interval, :weekdays, d.pauses::tstzmultirange)
  FROM (VALUES
    ('2026-03-02 09:00+09', '1 hour', NULL),
    ('2026-03-02 17:30+09', '1 hour', NULL),
    ('2026-03-02 17:00+09', '1 hour', NULL),
    ('2026-03-19 17:30+09', '1 hour', NULL),
    ('2026-03-06 18:00+09', '0', NULL),
    ('2026-03-02 09:00+09', '16 hours', NULL),
    -- eight hours on the wall, of which one and a half were open
    ('2026-03-02 15:00+09', '3 hours', '{[2026-03-02 16:30+09,2026-03-03 00:30+09)}'),
    ('2026-03-02 15:00+09', '3 hours', '{[2026-03-02 16:30+09,2026-03-03 11:00+09)}'),
    ('2026-03-02 15:00+09', '3 hours', '{[2026-03-02 18:00+09,2026-03-09 11:00+09)}'),
    ('2026-03-02 15:00+09', '3 hours', '{[2026-03-02 17:00+09,)}')
  ) d (started, target, pauses);
-- Used up: the same, read the other way round.
SELECT sla_elapsed('2026-03-02 09:00+09', '2026-03-04 11:30+09', NULL, NULL) AS on_the_wall,
       sla_elapsed('2026-03-02 09:00+09', '2026-03-04 11:30+09', :weekdays, NULL) AS open_time,
       sla_elapsed('2026-03-02 09:00+09', '2026-03-04 11:30+09', :weekdays, '{[2026-03-02 17:00+09,2026-03-03 11:00+09),[2026-03-04 11:00+09,)}') AS less_pauses,
       sla_elapsed('2026-03-02 09:00+09', '2026-03-02 09:00+09', NULL, NULL) AS nothing,
       sla_elapsed('2026-03-02 09:00+09', '2026-03-01 09:00+09', NULL, NULL) AS before,
       sla_elapsed('2026-03-02 09:00+09', '2026-03-02 12:00+09', NULL, '{(,)}') AS never;
SELECT count(*) AS clocks, count(*) FILTER (WHERE sla_elapsed(s, sla_due(s, t, h, p), h, p) = t) AS agree
  FROM (SELECT timestamptz '2026-03-01 00:00+09' + scatter * interval '1 minute' AS s, (scatter % 4000) * interval '1 minute' AS t,
               CASE WHEN scatter % 3 > 0 THEN :weekdays END AS h,
               tstzmultirange(tstzrange(timestamptz '2026-03-01 00:00+09' + scatter * interval '90 seconds',
                                        timestamptz '2026-03-01 00:00+09' + scatter * interval '120 seconds')) AS p
          FROM (SELECT abs(hashint4(i)::bigint) % 20000 AS scatter FROM generate_series(1, 2000) i) i) c;
SELECT sla_due(NULL, '1 hour', NULL, NULL), sla_due(now(), NULL, NULL, NULL),
       sla_elapsed(NULL, now(), NULL, NULL), sla_elapsed(now(), NULL, NULL, NULL);

-- What cannot be a target, or an instant.
SELECT sla_due(now(), '1 month', NULL, NULL);
SELECT sla_due(now(), '-1 hours', NULL, NULL);
SELECT sla_due(now(), '-1 days', NULL, NULL);
SELECT sla_due(now(), '36500 days 00:00:00.000001', NULL, NULL);
SELECT sla_due('2026-03-02', '1 day', :weekdays, NULL);
SELECT sla_due('infinity', '1 hour', NULL, NULL);
SELECT sla_elapsed('-infinity', now(), NULL, NULL);
SELECT sla_elapsed(now(), 'infinity', NULL, NULL);
SELECT sla_due('294276-12-31 12:00+00', '36500 days', NULL, NULL);

-- Rows to be read aloud.
SELECT to_char(starts, 'Dy HH24:MI') AS starts, to_char(ends, 'Dy HH24:MI') AS ends, counts, used, time_left
  FROM explain_deadline('2026-03-06 17:00+09', '3 hours', :weekdays, '{[2026-03-09 10:30+09,2026-03-09 15:00+09)}');
SELECT to_char(starts, 'Dy HH24:MI') AS starts, to_char(ends, 'Dy HH24:MI') AS ends, counts, why, used, time_left
  FROM explain_deadline('2026-03-06 17:00+09', '26 hours', NULL, '{[2026-03-06 18:00+09,2026-03-06 20:00+09)}');
SELECT to_char(starts, 'Dy HH24:MI') AS starts, to_char(ends, 'Dy HH24:MI') AS ends, counts, why, used, time_left
  FROM explain_deadline('2026-03-06 17:00+09', '26 hours', NULL, '{[2026-03-06 18:00+09,)}');
SELECT count(*) FROM explain_deadline(NULL, '1 hour', NULL, NULL);

-- States. In time is until the deadline itself.
SELECT s.due, s.stopped, s.as_of, s.warn, sla_state(s.due::timestamptz, s.stopped::timestamptz, s.as_of::timestamptz, s.warn::timestamptz)
  FROM (VALUES
    ('2026-03-05', '2026-03-05', '2026-03-09', NULL),
    ('2026-03-05', '2026-03-05 00:00:00.000001', '2026-03-09', NULL),
    ('2026-03-05', NULL, '2026-03-05', NULL),
    ('2026-03-05', NULL, '2026-03-05 00:00:00.000001', NULL),
    ('2026-03-05', NULL, '2026-03-05', '2026-03-04'),
    ('2026-03-05', NULL, '2026-03-04', '2026-03-04'),
    ('2026-03-05', NULL, '2026-03-03', '2026-03-04'),
    ('2026-03-05', '2026-03-08', '2026-03-07', NULL),
    (NULL, NULL, '2026-03-07', NULL),
    (NULL, '2026-03-06', '2026-03-07', NULL),
    ('2026-03-05', NULL, NULL, NULL)
  ) s (due, stopped, as_of, warn);

--
-- Rules
--

CREATE TEMP TABLE rules AS
SELECT array_agg(ROW(r.id, 'a set', 'first_response', r.channel, r.priority, r.reason, r.tier, r.since, r.until, r.precedence,
                     NULL, NULL, NULL, NULL, NULL, NULL)::sla_rule ORDER BY r.id) AS rules
  FROM (VALUES
    (1, NULL, NULL, NULL, NULL, NULL::timestamptz, NULL::timestamptz, NULL::integer),
    (2, 'email', NULL, NULL, NULL, NULL, NULL, 0),
    (3, NULL, 'high', NULL, NULL, NULL, NULL, 0),
    (4, NULL, NULL, 'return', NULL, NULL, NULL, 0),
    (5, NULL, NULL, NULL, 'VIP', NULL, NULL, 0),
    (6, 'email', 'high', NULL, NULL, NULL, NULL, 0),
    (7, 'phone', NULL, NULL, NULL, NULL, '2026-03-01 00:00+09', 0),
    (8, 'phone', NULL, NULL, NULL, '2026-03-01 00:00+09', NULL, 0),
    (9, 'line', NULL, NULL, NULL, NULL, NULL, 1)
  ) r (id, channel, priority, reason, tier, since, until, precedence);
SELECT t.*, (sla_policy(r.rules, 'first_response', t.channel, t.priority, t.reason, t.tier, t.at::timestamptz)).policy_id
  FROM rules r CROSS JOIN (VALUES
    (NULL, NULL, NULL, NULL, '2026-03-02'),
    ('email', NULL, NULL, NULL, '2026-03-02'),
    ('Email', NULL, NULL, NULL, '2026-03-02'),
    ('email', 'high', NULL, NULL, '2026-03-02'),
    ('email', 'low', 'return', NULL, '2026-03-02'),
    ('email', 'low', 'return', 'VIP', '2026-03-02'),
    ('email', 'high', 'return', 'VIP', '2026-03-02'),
    ('instagram', 'high', 'return', NULL, '2026-03-02'),
    ('phone', NULL, NULL, NULL, '2026-03-01 00:00+09'),
    ('phone', NULL, NULL, NULL, '2026-02-28 23:59+09'),
    ('line', 'high', 'return', 'VIP', '2026-03-02')
  ) t (channel, priority, reason, tier, at);
SELECT sla_policy(rules, 'resolution', NULL, NULL, NULL, NULL, now()) IS NULL AS no_rule,
       sla_policy(NULL, 'resolution', NULL, NULL, NULL, NULL, now()) IS NULL AS no_rules,
       sla_policy('{}', 'resolution', NULL, NULL, NULL, NULL, now()) IS NULL AS none,
       sla_policy('{NULL}', 'resolution', NULL, NULL, NULL, NULL, now()) IS NULL AS null_rule,
       sla_policy(rules, 'first_response', NULL, NULL, NULL, NULL, NULL) IS NULL AS no_instant
  FROM rules;
-- Other rules in the next row.
SELECT (sla_policy(rules[i:i], 'first_response', 'email', 'high', 'return', 'VIP', now())).policy_id
  FROM rules CROSS JOIN generate_series(1, 7) i;

--
-- Promises
--

-- Of a ticket's clocks each for which a rule is there, by what was so when it was decided;
-- other rules, clocks and facts in the next row.
CREATE TEMP TABLE promised AS
SELECT t.ticket, t.channel, t.before,
       (SELECT sla_clocks(split_part(e, ' ', 2), ('2026-03-02 ' || split_part(e, ' ', 1) || '+09')::timestamptz, n, 0)
          FROM regexp_split_to_table(t.log, ', ') WITH ORDINALITY l (e, n)) AS clocks,
       (SELECT array_agg(ROW(r.id, 'a set', r.metric, r.channel, NULL, NULL, NULL, NULL, NULL, 0,
                             r.target, NULL, '10 minutes', false, NULL, NULL)::sla_rule)
          FROM (VALUES (1, 'first_response', NULL, interval '1 hour'), (2, 'first_response', 'line', interval '20 minutes'),
                       (3, 'resolution', NULL, interval '3 hours')) r (id, metric, channel, target)) AS rules
  FROM (VALUES
    (1, 'email', NULL::sla_facts[], '09:00 opened, 09:30 agent_reply, 13:00 resolved'),
    (2, 'line', NULL, '09:00 opened, 09:30 agent_reply'),
    (3, 'line', ARRAY[ROW('2026-03-02 09:10+09', 'email', NULL, NULL, NULL), ROW('2026-03-02 12:30+09', 'line', NULL, NULL, NULL)]::sla_facts[],
     '09:00 opened, 09:30 agent_reply'),
    (4, 'line', ARRAY[NULL, ROW('2026-03-02 09:45+09', 'email', NULL, NULL, NULL)]::sla_facts[], '09:00 opened, 09:30 agent_reply'),
    (5, 'email', NULL, '09:00 note'),
    (6, 'email', NULL, '09:00 opened, 10:00 pending')
  ) t (ticket, channel, before, log);
SELECT t.ticket, p.metric, p.cycle, p.state, p.elapsed, p.channel, p.policy_id, p.target,
       to_char(p.warn_at, 'HH24:MI') AS warn, to_char(p.due_at, 'HH24:MI') AS due, to_char(p.stopped_at, 'HH24:MI') AS stopped, p.time_left, p.problem
  FROM promised t CROSS JOIN LATERAL sla_promises(t.clocks, t.channel, NULL, NULL, NULL, t.before, t.rules, '2026-03-02 11:55+09') p
 ORDER BY t.ticket, p.metric;
-- The same in the list of what is selected, with something that gives fewer rows, and more, beside it.
SELECT count(*) AS rows, count(*) FILTER (WHERE s.i > 3) AS more,
       count(*) FILTER (WHERE (s.p).policy_id = (s.q).policy_id AND s.ticket <> 5) AS equal
  FROM (SELECT t.ticket, sla_promises(t.clocks, t.channel, NULL, NULL, NULL, t.before, t.rules, '2026-03-02 11:55+09') AS p, generate_series(1, 4) AS i,
               sla_promises(t.clocks, t.channel, NULL, NULL, NULL, t.before, t.rules, '2026-03-02 11:55+09') AS q
          FROM promised t) s;
-- What nobody wanted of one row's is not taken for the next one's.
SELECT t.ticket, (SELECT (s.p).policy_id
                    FROM (SELECT sla_promises(t.clocks, t.channel, NULL, NULL, NULL, t.before, t.rules, '2026-03-02 11:55+09') AS p) s LIMIT 1)
  FROM promised t
 ORDER BY t.ticket;
SELECT (SELECT count(*) FROM sla_promises(NULL, t.channel, NULL, NULL, NULL, t.before, t.rules, now())) AS no_clocks,
       (SELECT count(*) FROM sla_promises('{}', t.channel, NULL, NULL, NULL, t.before, t.rules, now())) AS none,
       (SELECT count(*) FROM sla_promises(ARRAY[NULL, t.clocks[1], NULL, '(resolution,1,,,,,,,,,,)'], t.channel, NULL, NULL, NULL, t.before, t.rules, now())) AS null_clocks,
       (SELECT count(*) FROM sla_promises(ARRAY['(resolution,1,2026-03-02 09:00+09,,,,,,,,"{NULL,2026-03-02 10:00+09,infinity,-infinity}","{{2026-03-02 09:30+09,2026-03-02 08:00+09}}")',
                                                 '(resolution,2,2026-03-02 09:00+09,,,,,,,,"{-infinity}","{infinity}")', '(resolution,3,2026-03-02 09:00+09,,,,,,,,{},)']::sla_clock[],
                                          t.channel, NULL, NULL, NULL, t.before, t.rules, now())) AS forged,
       (SELECT count(*) FROM sla_promises(t.clocks, t.channel, NULL, NULL, NULL, t.before, NULL, now())) AS no_rules,
       (SELECT count(*) FROM sla_promises(t.clocks, t.channel, NULL, NULL, NULL, t.before, '{NULL}', now())) AS null_rule,
       (SELECT count(*) FROM sla_promises(t.clocks, t.channel, NULL, NULL, NULL, t.before, t.rules, NULL)) AS no_instant,
       (SELECT count(*) FROM sla_promises(t.clocks, t.channel, NULL, NULL, NULL, t.before, t.rules, '2026-03-02 08:59+09')) AS before_it
  FROM promised t
 WHERE t.ticket = 1;

--
-- What people say
--

SELECT i.left, due_in(timestamptz '2026-03-02 09:00+09' + i.left::interval, '2026-03-02 09:00+09')
  FROM unnest('{0,59 seconds,1 minute,59 minutes 59 seconds,1 hour,3 hours 20 minutes,23 hours 59 minutes,24 hours,25 hours,52 hours 59 minutes,240 hours,-1 microsecond,-20 minutes,-25 hours}'::text[]) i ("left");
SELECT due_in(NULL, now()) IS NULL AND due_in(now(), NULL) IS NULL AS nothing;
SELECT due_in('infinity', now());

--
-- Hostile: infinite instants, spans that nothing holds, states that no aggregate
-- made, logs of a million events
--

-- Nothing happens at infinity, whatever it is, by either name.
CREATE FUNCTION pg_temp.said(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
    hint text;
    result text;
BEGIN
    EXECUTE query INTO result;
    RETURN result;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, ''));
END $$;
SELECT pg_temp.said(format(q.query, k, i.at)) AS said, count(*)
  FROM unnest(enum_range(NULL::ticket_event)) k
 CROSS JOIN (VALUES ('infinity'), ('-infinity')) i (at)
 CROSS JOIN (VALUES ('SELECT sla_clocks(%L::ticket_event, %L::timestamptz)'),
                    ('SELECT sla_clocks(%L::text, %L::timestamptz, 1, 0)')) q (query)
 GROUP BY 1;

-- The first instant and the last.
SELECT q.query, pg_temp.said(q.query) AS said
  FROM (VALUES
    ($$SELECT sla_elapsed('4714-11-24 00:00+00 BC', '294276-12-31 23:59:59.999999+00', NULL, NULL)$$),
    ($$SELECT sla_elapsed('294276-12-31 23:59:59.999999+00', '4714-11-24 00:00+00 BC', NULL, NULL)$$),
    ($$SELECT sla_elapsed('4714-11-24 00:00+00 BC', '294276-12-31 23:59:59.999999+00', NULL, '{[2000-01-01,2000-01-02)}')$$),
    ($$SELECT sla_elapsed('4714-11-24 00:00+00 BC', '294276-12-31 23:59:59.999999+00', NULL, '{(,294276-12-31 00:00+00)}')$$),
    ($$SELECT sla_due('4714-11-24 00:00+00 BC', '1 hour', NULL, '{[294276-12-31 00:00+00,294276-12-31 01:00+00)}')$$),
    ($$SELECT sla_due('4714-11-24 00:00+00 BC', '1 hour', NULL, '{(,294276-12-31 23:00+00)}')$$),
    ($$SELECT sla_due('2026-03-02 09:00+09', '1 hour', NULL, '{[infinity,]}')$$),
    ($$SELECT sla_due('2026-03-02 09:00+09', '1 hour', NULL, '{(,-infinity]}')$$),
    ($$SELECT sla_due('2026-03-02 09:00+09', '1 hour', NULL, '{[2026-03-02 09:30+09,infinity]}')$$),
    ($$SELECT sla_due('2026-03-02 09:00+09', '1 hour', business_hours('Mo-Su 00:00-24:00', 'UTC', ''), '{[infinity,]}')$$),
    ($$SELECT sla_due('2026-03-02 09:00+09', '1 hour', business_hours('Mo-Su 00:00-24:00', 'UTC', ''), '{[294276-12-31 00:00+00,)}')$$),
    ($$SELECT sla_elapsed('2026-03-02 09:00+09', '2026-03-02 10:00+09', NULL, '{[-infinity,infinity]}')$$),
    ($$SELECT due_in('294276-12-31 23:59:59.999999+00', '4714-11-24 00:00+00 BC')$$),
    ($$SELECT due_in('4714-11-24 00:00+00 BC', '294276-12-31 23:59:59.999999+00')$$),
    ($$SELECT due_in(now(), '-infinity')$$)
  ) q (query);
-- A name that is long is shown in part.
SELECT length(pg_temp.said(format('SELECT sla_clocks(%L::text, now(), 1, 0)', repeat('x', 1000000)))) AS bytes;
-- Ten thousand pauses, each of half a minute.
SELECT sla_due('2026-03-02 00:00+09', '100 hours', NULL, p) AS due,
       sla_elapsed('2026-03-02 00:00+09', sla_due('2026-03-02 00:00+09', '100 hours', NULL, p), NULL, p) AS elapsed
  FROM (SELECT range_agg(tstzrange(at, at + interval '30 seconds')) AS p
          FROM generate_series(timestamptz '2026-03-02 00:00+09', timestamptz '2026-03-02 00:00+09' + interval '9999 minutes', '1 minute') at) p;

-- A state that was changed in a byte, or cut off, is read as one or refused; nothing else.
CREATE FUNCTION pg_temp.fate(query text, state bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    EXECUTE query USING state;
    RETURN 'answers';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN concat(SQLSTATE, ' ', SQLERRM, ': ', detail);
END $$;
SELECT q.query, pg_temp.fate(q.query, f.state) AS fate
  FROM (SELECT sla_clocks_accum(sla_clocks_accum(NULL, 'opened', '2026-03-02 09:00+09', 1, 0), 'merged', '2026-03-02 10:00+09', 2, 0) AS state) s
 CROSS JOIN LATERAL (
           SELECT set_byte(s.state, place, value)
             FROM generate_series(0, length(s.state) - 1) place CROSS JOIN unnest('{0,1,12,127,128,255}'::integer[]) value
           UNION ALL
           SELECT substr(s.state, 1, length) FROM generate_series(0, length(s.state) - 1) length) f (state)
 CROSS JOIN (VALUES ('SELECT sla_clocks_final($1)'), ('SELECT sla_clocks_final(sla_clocks_combine($1, $1))'),
                    ('SELECT sla_clocks_final(sla_clocks_accum($1, ''note'', ''2026-03-03 09:00+09'', 3, 0))')) q (query)
 GROUP BY 1, 2
 ORDER BY 1, 2;

-- States go through tuples, behind a number of four bytes, where they are not aligned.
CREATE TEMP TABLE state (key integer, state bytea);
ALTER TABLE state ALTER state SET STORAGE PLAIN;
CREATE AGGREGATE pg_temp.collect(text, timestamptz, bigint, bigint) (SFUNC = loyalcs.sla_clocks_accum, STYPE = bytea, COMBINEFUNC = loyalcs.sla_clocks_combine);
CREATE TABLE source AS SELECT i % 400 AS g, (enum_range(NULL::ticket_event))[1 + i % 12]::text AS kind, timestamptz '2026-03-02 00:00+09' + i * 7919 % 10007 * interval '1 minute' AS at, i::bigint AS event_id, (i % 3)::bigint AS part FROM generate_series(1, 20000) i;
INSERT INTO state SELECT g, pg_temp.collect(kind, at, event_id, part) FROM source GROUP BY g;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT count(*) AS groups,
       count(*) FILTER (WHERE sla_clocks_final(s.state) IS DISTINCT FROM p.result) AS differ,
       count(*) FILTER (WHERE sla_clocks_final(sla_clocks_combine(s.state, s.state)) IS NULL) AS gone
  FROM state s
  JOIN (SELECT g, sla_clocks(kind, at, event_id, part) AS result FROM source GROUP BY g) p ON p.g = s.key;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
DROP TABLE source;

-- A million events, as many as there can be, from as many tickets, or with as many pauses;
-- what grew with the square would end none of these.
SELECT sla_clocks('opened', timestamptz '2026-01-01', i, i) FROM generate_series(1, 1000000) i;
SELECT cardinality(c) AS clocks, c[3].metric, c[3].pauses = '{}' AS unpaused
  FROM (SELECT sla_clocks((ARRAY['merged','opened','pending','resumed'])[1 + i % 4],
                          timestamptz '2026-01-01' + CASE i % 4 WHEN 0 THEN interval '1 year' ELSE i * interval '1 second' END, i, i / 4 % 200000)
          FROM generate_series(1, 799999) i) s (c);
SELECT k.metric, (SELECT count(*) FROM unnest(k.pauses)) AS pauses
  FROM unnest((SELECT sla_clocks(CASE WHEN i = 1 THEN 'opened' WHEN i % 2 = 0 THEN 'pending' ELSE 'resumed' END,
                                 timestamptz '2026-01-01' + i * interval '1 second', i, 0)
                 FROM generate_series(1, 1000000) i)) k;
SELECT pg_temp.said($$SELECT sla_clocks('note', timestamptz '2026-01-01', i, 0) FROM generate_series(1, 1000001) i$$);
-- The end of a long log can be cancelled. (Then another session: what came late in
-- this one would be cancelled too.)
CREATE TEMP TABLE long_log (state bytea);
ALTER TABLE long_log ALTER state SET STORAGE EXTERNAL;
INSERT INTO long_log
SELECT pg_temp.collect(CASE WHEN i % 2 = 0 THEN 'customer_message' ELSE 'agent_reply' END,
                       timestamptz '2026-01-01' + i::bigint * 7919 % 1000003 * interval '1 second', i, i % 1000) AS state
  FROM generate_series(1, 1000000) i;
SET statement_timeout = 50;
SELECT cardinality(sla_clocks_final(state)) FROM long_log;
\c -
