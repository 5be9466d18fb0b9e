-- shop/imported_tickets.sql
--
-- The tickets of a file, a row each, with what happened to them and who worked on them.
-- Needs: imports, import_formats, imported_customers, imported_orders, tickets.
--
-- An export says when a ticket was opened, first answered and solved, and no more: these
-- become events of its log. A log is only added to, so what a later export says anew
-- becomes an event more.

--@ functions
-- The persons whom rows of any kind name in pg_temp.import_speakers: person, line, account,
-- name, email, phone, said_at. Those of an account are one, those of an address are one.
CREATE OR REPLACE FUNCTION take_imported_speakers(run imports, OUT new bigint, OUT changed bigint, OUT unchanged bigint)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    salt constant text := import_salt();
BEGIN
    DROP TABLE IF EXISTS pg_temp.import_persons;
    CREATE TEMP TABLE import_persons ON COMMIT DROP AS
    SELECT s.person, imported_key('customer', s.person, salt) AS external_key, min(s.line) AS line, nullif(max(s.account), '') AS account,
           (pg_catalog.array_agg(s.name ORDER BY s.said_at DESC, s.line DESC) FILTER (WHERE s.name IS NOT NULL))[1] AS name,
           (pg_catalog.array_agg(s.email ORDER BY s.said_at DESC, s.line DESC) FILTER (WHERE s.email IS NOT NULL))[1] AS email,
           (pg_catalog.array_agg(s.phone ORDER BY s.said_at DESC, s.line DESC) FILTER (WHERE folded_phone(s.phone) IS NOT NULL))[1] AS phone,
           max(folded_email(s.email)) AS folded_email,
           (pg_catalog.array_agg(folded_phone(s.phone) ORDER BY s.said_at DESC, s.line DESC) FILTER (WHERE folded_phone(s.phone) IS NOT NULL))[1] AS folded_phone,
           NULL::date AS birthday, NULL::text AS gender, NULL::text AS region, NULL::text AS language, min(s.said_at) AS joined_at, max(s.said_at) AS said_at,
           NULL::boolean AS accepts, NULL::@key_type@ AS customer_id, NULL::bigint[] AS told, false AS is_known, false AS is_new
      FROM pg_temp.import_speakers s
     WHERE s.person IS NOT NULL
     GROUP BY s.person;
    SELECT t.new, t.changed, t.unchanged INTO take_imported_speakers.new, take_imported_speakers.changed, take_imported_speakers.unchanged
      FROM take_imported_persons(run.import_id) t;
    CREATE INDEX ON pg_temp.import_persons (person);
    ANALYZE pg_temp.import_persons;
END
$$;
COMMENT ON FUNCTION take_imported_speakers(imports) IS
    'for finish_import(): who wrote the tickets of a file, or gave its answers';

CREATE OR REPLACE FUNCTION imported_person(system text, account text, email text, phone text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN account <> '' THEN 'id:' || system || ':' || account
            WHEN folded_email(email) IS NOT NULL THEN 'mail:' || folded_email(email)
            WHEN folded_phone(phone) IS NOT NULL THEN 'tel:' || folded_phone(phone) END;
COMMENT ON FUNCTION imported_person(text, text, text, text) IS
    'whom an import takes for one person: who has an account, else a mail address, else a telephone number; NULL for nobody';

-- (What arrives through a form or an interface is written as mail is.)
CREATE OR REPLACE FUNCTION imported_channel(via text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT CASE WHEN v.via IS NULL OR v.via ~ '^(e-?mail|mail|web|web form|web service.*|api|closed ticket|help cent(er|re).*|rule|system|forum.*)$' THEN 'email'
                    WHEN v.via ~ '^(chat|live chat|messaging|native messaging|web widget|web messenger|mobile.*|sunshine conversations.*)$' THEN 'chat'
                    WHEN v.via ~ '^(phone|voice|voicemail|telephone|call)' THEN 'phone'
                    WHEN v.via ~ '^facebook' THEN 'facebook'
                    WHEN v.via ~ '^(twitter|x corp)' THEN 'twitter'
                    WHEN v.via ~ '^instagram' THEN 'instagram'
                    WHEN v.via ~ '^line\y' THEN 'line'
                    ELSE left(v.via, 50) END
          FROM (SELECT nullif(lower(btrim(via)), '') AS via) v);
COMMENT ON FUNCTION imported_channel(text) IS
    'which of the shop''s channels another system means by a way in which customers write; one that is not known keeps its name';

CREATE OR REPLACE FUNCTION take_imported_tickets(import bigint)
RETURNS TABLE (what text, new bigint, changed bigint, unchanged bigint, left_out bigint)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    -- (what is said of a time is compared as text)
    SET timezone = 'UTC'
    SET datestyle = 'ISO'
AS $$
#variable_conflict use_column
DECLARE
    run imports;
    salt constant text := import_salt();
    at jsonb := (SELECT pg_catalog.jsonb_object_agg(c.field, c.place) FROM pg_temp.import_columns c);
    persons record;
    found_new bigint;
    found_changed bigint;
    found_all bigint;
    gone bigint;
    new_agents bigint;
BEGIN
    SELECT * INTO run FROM imports i WHERE i.import_id = import;
    DROP TABLE IF EXISTS pg_temp.import_tickets, pg_temp.import_speakers, pg_temp.import_happened;
    -- (of a ticket that stands there twice, the last row)
    CREATE TEMP TABLE import_tickets ON COMMIT DROP AS
    SELECT DISTINCT ON (coalesce(nullif(t.ticket_id, ''), t.line::text)) t.*,
           imported_key('ticket', t.ticket_id, salt) AS record_key, imported_person(run.system, t.account, t.email, t.phone) AS person,
           imported_instant(t.opened, run.time_zone) AS opened_at,
           coalesce(imported_instant(t.replied, run.time_zone), imported_instant(t.opened, run.time_zone) + pg_catalog.make_interval(secs => (imported_number(t.reply_minutes) * 60::numeric)::double precision)) AS replied_at,
           CASE WHEN t.is_over THEN coalesce(imported_instant(t.solved, run.time_zone), imported_instant(t.opened, run.time_zone) + pg_catalog.make_interval(secs => (imported_number(t.solve_minutes) * 60::numeric)::double precision),
                                             imported_instant(t.updated, run.time_zone)) END AS solved_at,
           imported_instant(t.updated, run.time_zone) AS updated_at,
           true AS is_taken, false AS came_before, false AS is_known, NULL::@key_type@ AS customer_id, t.ticket_id AS own_id, NULL::text AS agent_id, NULL::bigint[] AS told
      FROM (SELECT l.line, btrim(l.fields[(at ->> 'ticket_id')::integer]) AS ticket_id, btrim(l.fields[(at ->> 'customer_id')::integer]) AS account,
                   nullif(btrim(l.fields[(at ->> 'own_key')::integer]), '') AS own_key, nullif(btrim(l.fields[(at ->> 'name')::integer]), '') AS name,
                   nullif(btrim(l.fields[(at ->> 'email')::integer]), '') AS email, nullif(btrim(l.fields[(at ->> 'phone')::integer], ' '''), '') AS phone,
                   imported_channel(l.fields[(at ->> 'channel')::integer]) AS channel, nullif(btrim(l.fields[(at ->> 'reason')::integer]), '') AS reason,
                   nullif(lower(btrim(l.fields[(at ->> 'priority')::integer])), '') AS priority, nullif(btrim(l.fields[(at ->> 'subject')::integer]), '') AS subject,
                   ARRAY(SELECT DISTINCT w.tag FROM pg_catalog.regexp_split_to_table(btrim(l.fields[(at ->> 'tags')::integer]), '[\s,]+') w (tag) WHERE w.tag <> '' ORDER BY w.tag) AS tags,
                   nullif(btrim(l.fields[(at ->> 'order_id')::integer]), '') AS order_id, nullif(btrim(l.fields[(at ->> 'agent')::integer]), '') AS agent,
                   l.fields[(at ->> 'opened_at')::integer] AS opened, l.fields[(at ->> 'updated_at')::integer] AS updated, l.fields[(at ->> 'solved_at')::integer] AS solved,
                   l.fields[(at ->> 'replied_at')::integer] AS replied, l.fields[(at ->> 'reply_minutes')::integer] AS reply_minutes,
                   l.fields[(at ->> 'solve_minutes')::integer] AS solve_minutes,
                   -- (without a status it is over if it says when)
                   coalesce(lower(btrim(l.fields[(at ->> 'status')::integer])) IN ('solved', 'closed', 'resolved', '解決', '解決済み', '終了'),
                            btrim(l.fields[(at ->> 'solved_at')::integer]) <> '', false) AS is_over
              FROM pg_temp.import_lines l
             WHERE l.problem IS NULL) t
     ORDER BY coalesce(nullif(t.ticket_id, ''), t.line::text), t.line DESC;
    ANALYZE pg_temp.import_tickets;

    INSERT INTO import_rejects (import_id, line, column_name, value, problem)
    SELECT run.import_id, x.line, c.name, left(x.value, 200), x.problem
      FROM (SELECT t.line, v.field, v.value, imported_cell_problem(v.value, v.kind, v.required, run.time_zone) AS problem
              FROM pg_temp.import_tickets t
             CROSS JOIN LATERAL (VALUES ('ticket_id', t.ticket_id, 'key', true), ('customer_id', t.account, 'key', false), ('email', t.email, 'key', false), ('phone', t.phone, 'key', false),
                                        ('agent', t.agent, 'key', false), ('opened_at', t.opened, 'past', true), ('updated_at', t.updated, 'past', false), ('solved_at', t.solved, 'past', false),
                                        ('replied_at', t.replied, 'past', false), ('reply_minutes', t.reply_minutes, 'minutes', false), ('solve_minutes', t.solve_minutes, 'minutes', false))
                                v (field, value, kind, required)
            UNION ALL
            SELECT t.line, 'customer_id', t.account, imported_account_problem(t.account, run.system)
              FROM pg_temp.import_tickets t
            UNION ALL
            SELECT t.line, 'email', NULL, 'nobody knows who wrote: there is neither a number, nor a mail address, nor a telephone number'
              FROM pg_temp.import_tickets t
             WHERE t.person IS NULL AND t.own_key IS NULL
            UNION ALL
            SELECT t.line, v.field, v.value, 'that is before it was opened'
              FROM pg_temp.import_tickets t
             CROSS JOIN LATERAL (VALUES ('replied_at', t.replied, t.replied_at), ('solved_at', t.solved, t.solved_at)) v (field, value, at)
             WHERE v.value <> '' AND v.at < t.opened_at) x
      LEFT JOIN pg_temp.import_columns c ON c.field = x.field
     WHERE x.problem IS NOT NULL;
    DELETE FROM pg_temp.import_tickets t
     USING import_rejects x
     WHERE x.import_id = run.import_id AND x.line = t.line;

    -- a ticket that came in before is the one that was made of it; else one that has its number
    UPDATE pg_temp.import_tickets i
       SET told = k.told, came_before = true, is_known = t.ticket_id IS NOT NULL, customer_id = t.customer_id, own_id = coalesce(t.ticket_id, i.ticket_id)
      FROM imported_records k
      LEFT JOIN customers c ON c.customer_id = k.customer_id AND c.forgotten_on IS NULL
      LEFT JOIN tickets t ON t.customer_id = c.customer_id AND t.ticket_id = k.own_key
     WHERE k.system = run.system AND k.kind = 'ticket' AND k.external_key = i.record_key;
    UPDATE pg_temp.import_tickets i
       SET is_taken = false
     WHERE i.came_before AND NOT i.is_known;
    SELECT count(*) FILTER (WHERE NOT i.is_taken), count(*) FILTER (WHERE i.is_taken) INTO gone, found_all FROM pg_temp.import_tickets i;

    -- whom the other system knows by our own key
    UPDATE pg_temp.import_tickets i
       SET customer_id = c.customer_id
      FROM customers c
     WHERE i.customer_id IS NULL AND i.is_taken AND CASE WHEN is_customer_key(i.own_key) THEN c.customer_id = i.own_key::@key_type@ END;
    CREATE TEMP TABLE import_speakers ON COMMIT DROP AS
    SELECT CASE WHEN i.person IS NOT NULL THEN i.person ELSE 'id:' || run.system || ':' || i.own_key END AS person, i.line,
           CASE WHEN i.person IS NOT NULL THEN i.account ELSE i.own_key END AS account, i.name, i.email, i.phone, i.opened_at AS said_at
      FROM pg_temp.import_tickets i
     WHERE i.is_taken AND i.customer_id IS NULL;
    SELECT * INTO persons FROM take_imported_speakers(run);
    UPDATE pg_temp.import_tickets i
       SET customer_id = p.customer_id
      FROM pg_temp.import_speakers s
      JOIN pg_temp.import_persons p ON p.person = s.person
     WHERE s.line = i.line AND i.customer_id IS NULL;
    UPDATE pg_temp.import_tickets i
       SET own_id = run.system || ':' || i.ticket_id
     WHERE i.is_taken AND NOT i.is_known AND EXISTS (SELECT FROM tickets t WHERE t.ticket_id = i.ticket_id);

    -- Agents are known by their name there; reports show a key, which is none.
    UPDATE pg_temp.import_tickets i
       SET agent_id = coalesce((SELECT a.agent_id FROM agents a WHERE i.agent IN (a.agent_id, a.name) ORDER BY a.agent_id LIMIT 1),
                               CASE run.system WHEN 'plain' THEN i.agent ELSE run.system || '-' || left(imported_key('agent', i.agent, salt), 8) END)
     WHERE i.is_taken AND i.agent IS NOT NULL;
    WITH made AS (
        INSERT INTO agents AS a (agent_id, name)
        SELECT i.agent_id, min(i.agent) FROM pg_temp.import_tickets i WHERE i.agent_id IS NOT NULL GROUP BY i.agent_id
        ON CONFLICT DO NOTHING
        RETURNING a.agent_id
    )
    SELECT count(*) INTO new_agents FROM made m;
    INSERT INTO channels (channel)
    SELECT DISTINCT i.channel FROM pg_temp.import_tickets i WHERE i.is_taken
    ON CONFLICT DO NOTHING;

    WITH made AS (
        INSERT INTO tickets AS t (customer_id, ticket_id, channel, reason, priority, subject, tags, complaint, order_id)
        SELECT i.customer_id, i.own_id, i.channel, i.reason, i.priority, i.subject, i.tags, i.tags OPERATOR(pg_catalog.&&) '{complaint,クレーム,苦情}'::text[], o.order_id
          FROM pg_temp.import_tickets i
          LEFT JOIN orders o ON o.customer_id = i.customer_id AND o.order_id = i.order_id
         WHERE i.is_taken AND NOT i.is_known
        RETURNING t.ticket_id
    )
    SELECT count(*) INTO found_new FROM made m;

    -- (a ticket that is over by its log, and open by what it says now, was opened again)
    CREATE TEMP TABLE import_happened ON COMMIT DROP AS
    SELECT i.customer_id, i.own_id, e.kind, e.at, e.agent_id, e.place
      FROM pg_temp.import_tickets i
     CROSS JOIN LATERAL (VALUES ('opened', i.opened_at, NULL::text, 1), ('agent_reply', i.replied_at, i.agent_id, 2), ('resolved', i.solved_at, i.agent_id, 3)) e (kind, at, agent_id, place)
     WHERE i.is_taken AND e.at IS NOT NULL AND changed_value(told_instant(e.at), i.told, e.place)
       AND NOT EXISTS (SELECT FROM ticket_events h WHERE h.customer_id = i.customer_id AND h.ticket_id = i.own_id AND h.kind = e.kind AND (e.kind = 'opened' OR h.at = e.at));
    INSERT INTO pg_temp.import_happened (customer_id, own_id, kind, at, place)
    SELECT t.customer_id, t.ticket_id, 'reopened', greatest(i.updated_at, t.closed_at + interval '1 second'), 4
      FROM pg_temp.import_tickets i
      JOIN tickets t ON t.customer_id = i.customer_id AND t.ticket_id = i.own_id
     WHERE i.is_known AND NOT i.is_over AND t.closed_at IS NOT NULL AND t.merged_into IS NULL AND changed_value(told_value(i.is_over::text), i.told, 4);
    INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id)
    SELECT h.customer_id, h.own_id, h.at, h.kind, h.agent_id
      FROM pg_temp.import_happened h
     ORDER BY h.customer_id, h.own_id, h.at, h.place;

    WITH moved AS (
        UPDATE tickets t
           SET reason = v.reason, priority = v.priority, subject = v.subject, tags = v.tags
          FROM pg_temp.import_tickets i
          JOIN tickets h ON h.customer_id = i.customer_id AND h.ticket_id = i.own_id
         CROSS JOIN LATERAL (
                   SELECT imported_value(h.reason, i.reason, told_value(i.reason), i.told, 5) AS reason,
                          imported_value(h.priority, i.priority, told_value(i.priority), i.told, 6) AS priority,
                          imported_value(h.subject, i.subject, told_value(i.subject), i.told, 7) AS subject,
                          CASE WHEN i.told IS NOT NULL AND changed_value(told_value(i.tags::text), i.told, 8) THEN i.tags ELSE h.tags END AS tags
               ) v
         WHERE i.is_known AND t.customer_id = i.customer_id AND t.ticket_id = i.own_id
           AND (v.reason, v.priority, v.subject, v.tags::text) IS DISTINCT FROM (h.reason, h.priority, h.subject, h.tags::text)
        RETURNING t.customer_id, t.ticket_id
    )
    SELECT count(*) INTO found_changed
      FROM (SELECT m.customer_id, m.ticket_id FROM moved m
            UNION
            SELECT h.customer_id, h.own_id
              FROM pg_temp.import_happened h
              JOIN pg_temp.import_tickets i ON i.customer_id = h.customer_id AND i.own_id = h.own_id
             WHERE i.is_known) x;

    INSERT INTO imported_records AS k (customer_id, system, kind, external_key, own_key, told)
    SELECT i.customer_id, run.system, 'ticket', i.record_key, i.own_id,
           ARRAY[told_instant(i.opened_at), told_instant(i.replied_at), told_instant(i.solved_at), told_value(i.is_over::text), told_value(i.reason), told_value(i.priority),
                 told_value(i.subject), told_value(i.tags::text)]
      FROM pg_temp.import_tickets i
     WHERE i.is_taken
    ON CONFLICT (system, kind, external_key) DO UPDATE
       SET customer_id = excluded.customer_id, told = told_by_now(k.told, excluded.told)
     WHERE k.customer_id <> excluded.customer_id OR k.told::text IS DISTINCT FROM told_by_now(k.told, excluded.told)::text;

    RETURN QUERY VALUES ('tickets'::text, found_new, found_changed, found_all - found_new - found_changed, gone),
                        ('customers'::text, persons.new::bigint, persons.changed::bigint, persons.unchanged::bigint, 0::bigint),
                        ('agents'::text, new_agents, 0::bigint,
                         (SELECT pg_catalog.count(DISTINCT i.agent_id) FROM pg_temp.import_tickets i WHERE i.is_taken) - new_agents, 0::bigint);
END
$$;
COMMENT ON FUNCTION take_imported_tickets(bigint) IS
    'for finish_import(): makes tickets of the rows of a file, with what happened to them, who wrote them and who worked on them, and gives how many there are of each';
