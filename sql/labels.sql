-- Labels: what people read for a word of a view.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SELECT value, loyalcs.label(value, 'en') AS en, loyalcs.label(value, 'ja') AS ja
  FROM (VALUES ('Champions'), ('Can''t Lose Them'), ('met'), ('first_response'), ('no target'), ('email'), ('held_out'),
               ('a name of ours'), (''), (NULL)) v (value);

-- Each is there once, in both languages, and says something; no label is in the other language.
SELECT value, count(*) FROM loyalcs.labels() GROUP BY value HAVING count(*) > 1;
SELECT * FROM loyalcs.labels() l
 WHERE num_nulls(l.vocabulary, l.value, l.en, l.ja) > 0 OR btrim(l.en) <> l.en OR btrim(l.ja) <> l.ja OR '' IN (l.value, l.en, l.ja)
    OR l.en ~ '[^\x20-\x7e]';
SELECT l.value, l.ja FROM loyalcs.labels() l WHERE l.ja !~ '[^\x20-\x7e]' ORDER BY 1;
SELECT count(*) AS labels, count(*) FILTER (WHERE loyalcs.label(l.value, 'en') = l.en AND loyalcs.label(l.value, 'ja') = l.ja) AS told
  FROM loyalcs.labels() l;
SELECT count(*) = (SELECT count(*) FROM loyalcs.labels()) AS all_in_the_map FROM jsonb_each(loyalcs.label_map());

-- What due_in() says, in whatever length, has no English left in it, and the same numbers.
SELECT d.due_in, loyalcs.label(d.due_in, 'ja') AS ja, loyalcs.label(d.due_in, 'en') AS en
  FROM unnest('{10 s,45 min,60 min,2 h 5 min,3 days,2 days 4 h 10 min,-10 s,-20 min,-2 h 5 min,-1 day,-30 days 3 h}'::interval[]) WITH ORDINALITY i (i, n),
       LATERAL (SELECT loyalcs.due_in('2026-06-01 12:00+09'::timestamptz + i.i, '2026-06-01 12:00+09') AS due_in) d
 ORDER BY n;
SELECT count(*) AS instants,
       count(*) FILTER (WHERE l.ja ~ '[a-z ]' OR l.ja !~ '^[0-9日時間分]+(後|以内|超過|未満超過)$'
                           OR regexp_replace(d.due_in, '\D+', ' ', 'g') !~ (regexp_replace(l.ja, '\D+', ' ', 'g') || '$')
                           OR (d.due_in ~ 'over$') <> (l.ja ~ '超過$')) AS badly_said
  FROM (SELECT make_interval(secs => s * 7.0) AS i FROM generate_series(-200000, 200000, 997) s
        UNION ALL
        SELECT make_interval(secs => s) FROM generate_series(-8000, 8000, 13) s) i,
       LATERAL (SELECT loyalcs.due_in('2026-06-01 12:00+09'::timestamptz + i.i, '2026-06-01 12:00+09') AS due_in) d,
       LATERAL (SELECT loyalcs.label(d.due_in, 'ja') AS ja) l;
-- What only looks like it, is a name.
SELECT v AS value, loyalcs.label(v, 'ja') FROM unnest('{1 to 5,0 to 10,in 5 min and more,5 minutes,in town,over,2 h 5,min,in 5 x}'::text[]) v;

SELECT loyalcs.label('met', 'fr');
SELECT loyalcs.label('met', 'JA');
SELECT loyalcs.label('met', '');
SELECT loyalcs.label('met', NULL), loyalcs.label(NULL, 'ja'), loyalcs.label(NULL, 'fr');

-- Every word of a fixed vocabulary has a label: of the constraints of a shop, of its
-- functions' own, of enums, of what a shop begins with.
CREATE TEMP TABLE word AS
SELECT conrelid::regclass::text AS whence, m[1] AS value
  FROM pg_constraint, regexp_matches(pg_get_constraintdef(oid), '''((?:[^'']|'''')*)''::text', 'g') m
 WHERE contype = 'c' AND connamespace = 'shop'::regnamespace AND pg_get_constraintdef(oid) ~ '= ANY \(ARRAY\['
UNION
SELECT t.typname, e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typnamespace = 'loyalcs'::regnamespace
UNION
SELECT 'rfm_segment', loyalcs.rfm_segment(r, f, m) FROM generate_series(1, 5) r, generate_series(1, 5) f, generate_series(1, 5) m;
-- (what functions give: WHEN … THEN 'word', ELSE 'word', VALUES ('word', …), SELECT 'word' AS)
INSERT INTO word
SELECT p.proname, replace(m[1], '''''', '''')
  FROM pg_proc p,
       LATERAL (SELECT coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) AS text) b,
       LATERAL (SELECT * FROM regexp_matches(b.text, '\m(?:THEN|ELSE)\s+''((?:[^'']|'''')*)''(?:::text)?(?!:|'')', 'g')
                UNION ALL
                SELECT * FROM regexp_matches(b.text, '(?:VALUES|,)\s*\(''((?:[^'']|'''')*)''::text,', 'g')
                UNION ALL
                SELECT * FROM regexp_matches(b.text, '''((?:[^'']|'''')*)''::text AS ', 'g')) r (m)
 WHERE p.pronamespace = 'shop'::regnamespace AND p.prokind = 'f' AND p.prorettype <> 'trigger'::regtype;
DO $$
DECLARE
    f regproc;
    c record;
BEGIN
    FOR f IN SELECT p.oid FROM pg_proc p
              WHERE p.pronamespace = 'shop'::regnamespace AND p.pronargs = 0 AND p.prorettype = 'text[]'::regtype AND p.provolatile = 'i' LOOP
        EXECUTE format('INSERT INTO word SELECT %L, unnest(%s())', f, f);
    END LOOP;
    FOR c IN SELECT * FROM (VALUES
            ('kpis', 'kpi'), ('channels', 'channel'), ('contact_purposes', 'purpose'), ('journey_steps', 'journey'), ('journey_steps', 'step'),
            ('support_plans', 'plan'), ('playbooks', 'playbook'), ('sla_policies', 'policy_set'), ('tier_rules', 'tier'), ('calendars', 'calendar'),
            ('voice_theme_words', 'theme')) v (relation, col) LOOP
        EXECUTE format('INSERT INTO word SELECT %L, %I FROM shop.%I', c.relation, c.col, c.relation);
    END LOOP;
END
$$;
-- (what a file has is told apart by words that nobody is shown: formats, headers, prefixes of keys)
DELETE FROM word w
 WHERE w.whence IN ('import_fields', 'imported_line_kind', 'imported_order_state', 'reject_imported_orders', 'take_imported_orders', 'take_imported_surveys', 'take_imported_tickets');
-- (of health, what is looked at and how bad it is have labels: see shop_health.sql)
DELETE FROM word w WHERE w.whence IN ('health_checks', 'shop_health_in');
-- No words that anybody reads alone: pieces of sentences, formats, patterns, names of columns and of jobs.
DELETE FROM word w
 WHERE w.value !~ '[[:alpha:]]{2}' OR w.value ~ '^ | $|%(\d\$)?s|^FM|^YYYY|^\\|^\{' OR w.value ~ '[^\x20-\x7e]'
    OR w.value IN ('infinity', '-infinity', 'empty', 'day', 'cap_id', 'step_id', 'NULL::double precision',
                   'escalations', 'SLA warnings', '1 more order', 'ja', 'en', 'score_low', 'score_high', 'responses');
SELECT count(DISTINCT w.value) > 200 AS words FROM word w;
SELECT DISTINCT w.whence, w.value AS has_no_label FROM word w WHERE w.value NOT IN (SELECT l.value FROM loyalcs.labels() l) ORDER BY 1, 2;

-- It calls itself what it is.
SELECT provolatile, proparallel, proisstrict FROM pg_proc WHERE oid = 'loyalcs.label(text, text)'::regprocedure;
CREATE INDEX ON word (loyalcs.label(value, 'ja'));
