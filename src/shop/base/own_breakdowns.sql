-- shop/own_breakdowns.sql
--
-- Breakdowns of the brand's own: by a key of customers.attributes, or by what a query
-- says of each customer: the first product, a coupon, the answer to a question.
-- Needs: turns, customers.
--
-- Which part of it a customer is in, and since when, is written down in
-- customer_parts: so a report may read it whose readers see no attributes, and last
-- spring's figures can be asked for by last spring's parts.
--
--   A query that says since when (valid_from) is believed: its rows are what stands there.
--   Of all else a row is added whenever the part is found to be another. What is found
--   the first time is taken to have been so always, and so is what is found of customers who
--   have joined since the last time: nobody knows better.
--
--   A breakdown has parts with several customers each: by what is another for nearly everybody,
--   an account elsewhere or a number, report readers would learn what attributes are hidden
--   from them for.
--
--   A query is a view of the shop's owner, and so is no function of anybody else's, which
--   would run as whoever refreshes. One that fails keeps what it found last, and says why.

--@ table own_breakdowns
CREATE TABLE own_breakdowns (
    breakdown text PRIMARY KEY
        CONSTRAINT own_breakdowns_breakdown_is_a_word CHECK (breakdown ~ '^[a-z][a-z0-9_]*$' AND length(breakdown) <= 50),
    attribute text,
    relation text,
    refreshed_at timestamptz,
    problem text,
    CONSTRAINT own_breakdowns_come_from_one_place CHECK (pg_catalog.num_nonnulls(attribute, relation) = 1)
);
COMMENT ON TABLE own_breakdowns IS
    'the breakdowns that the shop has added to those that are built in, which every figure x_by(breakdown, as_of) knows; add_breakdown() adds one';
COMMENT ON COLUMN own_breakdowns.attribute IS 'key of customers.attributes that says the part, or keys with dots between them: a.b is b within a';
COMMENT ON COLUMN own_breakdowns.relation IS 'view or table of the shop''s owner, in the shop''s schema, with the columns customer_id, part and, if it knows, valid_from';
COMMENT ON COLUMN own_breakdowns.refreshed_at IS 'when customer_parts was last brought up to date with it; NULL: never';
COMMENT ON COLUMN own_breakdowns.problem IS 'why that could not be done the last time; NULL if it could';

--@ table customer_parts
--: results
CREATE TABLE customer_parts (
    customer_id @key_type@ NOT NULL,
    breakdown text NOT NULL,
    valid_from timestamptz NOT NULL,
    part text,
    PRIMARY KEY (customer_id, breakdown, valid_from)
);
CREATE INDEX customer_parts_breakdown ON customer_parts (breakdown, customer_id, valid_from DESC) INCLUDE (part);
COMMENT ON TABLE customer_parts IS
    'which part of the shop''s own breakdowns customers are in, and since when, as refresh_breakdowns() last found it; it holds until the next row of the customer';
COMMENT ON COLUMN customer_parts.valid_from IS 'since when; -infinity: as long as anybody knows';
COMMENT ON COLUMN customer_parts.part IS 'NULL: in none since then';

--@ reference customer_parts own_breakdowns
ALTER TABLE customer_parts ADD FOREIGN KEY (breakdown) REFERENCES own_breakdowns ON UPDATE CASCADE ON DELETE CASCADE;

--@ reference customer_parts customers
ALTER TABLE customer_parts ADD FOREIGN KEY (customer_id) REFERENCES customers ON DELETE CASCADE DEFERRABLE INITIALLY IMMEDIATE;

--@ functions
-- A view of somebody else, who may write into the schema, is none of the shop's: what it
-- calls would run as whoever refreshes.
CREATE OR REPLACE FUNCTION own_breakdown_problem(breakdown text) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    source record;
    lacking text;
BEGIN
    SELECT o.relation AS name, c.oid INTO source
      FROM own_breakdowns o
      LEFT JOIN (pg_catalog.pg_class s
                 JOIN pg_catalog.pg_class c ON c.relnamespace = s.relnamespace AND c.relowner = s.relowner
                  AND c.relkind = ANY ('{r,p,v,m,f}'::"char"[]))
        ON s.oid = 'own_breakdowns'::regclass::oid AND c.relname = o.relation::name
     WHERE o.breakdown = own_breakdown_problem.breakdown;
    IF source.name IS NULL THEN
        RETURN NULL;
    ELSIF source.oid IS NULL THEN
        RETURN pg_catalog.format('there is no view or table %s of the shop''s owner in its schema', source.name);
    END IF;
    SELECT pg_catalog.string_agg(pg_catalog.format('%s of type %s', w.name, format_type(w.type::oid, NULL::integer)), ', ' ORDER BY w.place) INTO lacking
      FROM (VALUES (1, 'customer_id', regtype '@key_type@', false), (2, 'part', regtype 'text', false), (3, 'valid_from', regtype 'timestamptz', true)) w (place, name, type, optional)
      LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = source.oid AND a.attname = w.name::name AND a.attnum > '0'::smallint AND NOT a.attisdropped
     WHERE coalesce(a.atttypid <> w.type::oid, NOT w.optional);
    IF lacking IS NOT NULL THEN
        RETURN pg_catalog.format('%s has no column %s', source.name, lacking);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION own_breakdown_problem(text) IS
    'why a breakdown of the shop''s own cannot be read: its relation is none of the owner''s, or lacks a column; NULL if it can';

CREATE OR REPLACE FUNCTION read_breakdown(breakdown text, as_of timestamptz, OUT changed bigint, OUT problem text)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    b own_breakdowns;
    is_dated boolean;
    source text;
    twice text;
    parts bigint;
BEGIN
    SELECT * INTO b FROM own_breakdowns o WHERE o.breakdown = read_breakdown.breakdown FOR UPDATE;
    changed := 0;
    problem := own_breakdown_problem(b.breakdown);
    IF problem IS NOT NULL THEN
        RETURN;
    END IF;
    is_dated := EXISTS (SELECT FROM pg_catalog.pg_attribute a
                         WHERE a.attrelid = to_regclass(quote_ident(b.relation))::oid AND a.attname = 'valid_from'::name AND NOT a.attisdropped);
    IF b.relation IS NULL THEN
        source := pg_catalog.format('SELECT a.customer_id, NULL::timestamptz AS valid_from, nullif(btrim(a.attributes #>> string_to_array(%L::text, text ''.'')), '''') AS part FROM customers a',
                                    b.attribute);
    ELSIF is_dated THEN
        source := pg_catalog.format('SELECT r.customer_id, r.valid_from, r.part FROM %I r', b.relation);
    ELSE
        source := pg_catalog.format('SELECT r.customer_id, NULL::timestamptz AS valid_from, r.part FROM %I r', b.relation);
    END IF;
    EXECUTE pg_catalog.format(
        'WITH said AS MATERIALIZED (
             SELECT c.customer_id, s.valid_from, s.part,
                    NOT (c.joined_at < $3) OR $3 IS NULL AS is_new
               FROM customers c
               LEFT JOIN (%s) s ON s.customer_id = c.customer_id
         ), twice AS (
             SELECT min(t.customer_id::text) AS customer
               FROM (SELECT s.customer_id FROM said s GROUP BY s.customer_id, s.valid_from HAVING count(*) > 1::bigint) t
         ), many AS (
             SELECT n.parts
               FROM (SELECT pg_catalog.count(DISTINCT s.part) AS parts, pg_catalog.count(DISTINCT s.customer_id) AS customers FROM said s WHERE s.part IS NOT NULL) n
              WHERE n.parts > 1000::bigint OR n.parts > 20::bigint AND 2::bigint * n.parts > n.customers
         ), was AS (
             SELECT DISTINCT ON (p.customer_id) p.customer_id, p.part
               FROM customer_parts p
              WHERE p.breakdown = $1
              ORDER BY p.customer_id, p.valid_from DESC
         ), gone AS (
             DELETE FROM customer_parts p
              WHERE $4 AND p.breakdown = $1 AND (SELECT t.customer FROM twice t) IS NULL AND NOT EXISTS (SELECT FROM many m)
                AND NOT EXISTS (SELECT FROM said s WHERE s.customer_id = p.customer_id AND s.valid_from = p.valid_from)
             RETURNING 1
         ), come AS (
             INSERT INTO customer_parts AS p (customer_id, breakdown, valid_from, part)
             SELECT s.customer_id, $1, CASE WHEN $4 THEN s.valid_from WHEN w.customer_id IS NULL AND s.is_new THEN timestamptz ''-infinity'' ELSE $2 END, s.part
               FROM said s
               LEFT JOIN was w ON w.customer_id = s.customer_id
              WHERE (SELECT t.customer FROM twice t) IS NULL AND NOT EXISTS (SELECT FROM many m)
                AND CASE WHEN $4 THEN s.valid_from IS NOT NULL ELSE s.part IS DISTINCT FROM w.part END
             ON CONFLICT (customer_id, breakdown, valid_from) DO UPDATE SET part = excluded.part WHERE p.part IS DISTINCT FROM excluded.part
             RETURNING 1
         )
         SELECT (SELECT count(*) FROM gone g) + (SELECT count(*) FROM come c), (SELECT t.customer FROM twice t), (SELECT m.parts FROM many m)',
        source)
       INTO changed, twice, parts
      -- (never before what was found the last time)
      USING b.breakdown, greatest(read_breakdown.as_of, b.refreshed_at), b.refreshed_at, is_dated;
    IF twice IS NOT NULL THEN
        problem := pg_catalog.format('customer %s is in two parts at once', twice);
    ELSIF parts IS NOT NULL THEN
        problem := pg_catalog.format('%s parts are too many: a part has several customers, and a breakdown at most 1000 parts', parts);
    END IF;
EXCEPTION
    WHEN query_canceled OR admin_shutdown OR crash_shutdown OR out_of_memory THEN
        RAISE;
    WHEN OTHERS THEN
        changed := 0;
        problem := pg_catalog.format('%s fails: %s', coalesce(b.relation, 'it'), SQLERRM);
END
$$;
COMMENT ON FUNCTION read_breakdown(text, timestamptz) IS
    'for refresh_breakdowns(): brings customer_parts up to date with one breakdown; gives how many rows are others now, or why it cannot be read: then nothing is changed';

CREATE OR REPLACE FUNCTION refresh_breakdowns(as_of timestamptz DEFAULT now()) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    item record;
    done record;
    changed bigint := 0;
BEGIN
    IF as_of IS NULL OR NOT isfinite(as_of) THEN
        RAISE EXCEPTION 'breakdowns are read as of an instant'
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'as_of_is_an_instant',
                  DETAIL = pg_catalog.format('as_of is %s.', coalesce(as_of::text, 'NULL'));
    END IF;
    -- (whoever forgets or merges a customer has it, too: what is just being taken away is not read)
    IF EXISTS (SELECT FROM own_breakdowns o) THEN
        PERFORM check_read_committed('who is in which part is looked up');
        PERFORM take_turn('refresh_kept_figures', true);
    END IF;
    FOR item IN SELECT o.breakdown FROM own_breakdowns o ORDER BY o.breakdown LOOP
        done := read_breakdown(item.breakdown, as_of);
        UPDATE own_breakdowns o
           SET refreshed_at = CASE WHEN done.problem IS NULL THEN greatest(refresh_breakdowns.as_of, o.refreshed_at) ELSE o.refreshed_at END,
               problem = done.problem
         WHERE o.breakdown = item.breakdown;
        changed := changed + done.changed;
    END LOOP;
    RETURN changed;
END
$$;
COMMENT ON FUNCTION refresh_breakdowns(timestamptz) IS
    'looks which part of each of the shop''s own breakdowns every customer is in, as of an instant from which what is found to be another holds; gives how many rows of customer_parts are others now. A breakdown that cannot be read keeps what it had, and own_breakdowns.problem says why. refresh_kept_figures() calls it every night. One at a time: another waits';

CREATE OR REPLACE FUNCTION add_breakdown(breakdown text, attribute text DEFAULT NULL, query text DEFAULT NULL) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    name constant text := text 'parts_by_' || breakdown;
    why text;
    hint text;
BEGIN
    IF coalesce(breakdown !~ '^[a-z][a-z0-9_]*$' OR length(breakdown) > 50, true) OR breakdown_kind(breakdown) <> 'own'
       OR breakdown = ANY (ticket_breakdowns()) THEN
        RAISE EXCEPTION 'no breakdown can be called %', coalesce(quote_literal(breakdown), 'NULL')
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'breakdown_can_be_called_so',
                  HINT = pg_catalog.format('Give it a word of up to 50 small letters, digits and underscores that no other has: not %s.',
                                           pg_catalog.array_to_string(customer_breakdowns() OPERATOR(pg_catalog.||) pg_catalog.array_remove(ticket_breakdowns(), 'tier'), ', '));
    ELSIF EXISTS (SELECT FROM own_breakdowns o WHERE o.breakdown = add_breakdown.breakdown) THEN
        RAISE EXCEPTION 'there is a breakdown % already', breakdown
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'breakdown_is_new',
                  HINT = pg_catalog.format('SELECT %I.drop_breakdown(%L); first, which forgets who was in which part.', current_schema(), breakdown);
    ELSIF pg_catalog.num_nonnulls(attribute, query) <> 1 THEN
        RAISE EXCEPTION 'a breakdown is either by an attribute or by a query'
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'breakdown_comes_from_one_place',
                  HINT = 'Give a key of customers.attributes, such as attribute => ''skin_type'', or query => ''SELECT customer_id, ... AS part FROM ...''.';
    END IF;
    IF query IS NOT NULL THEN
        EXECUTE pg_catalog.format('CREATE VIEW %I WITH (security_invoker = true) AS SELECT * FROM (%s) q', name, rtrim(query, E'; \n\t'));
        EXECUTE pg_catalog.format('COMMENT ON VIEW %I IS %L', name,
                                  pg_catalog.concat(text 'what the shop''s own breakdown ', breakdown, text ' is made of: refresh_breakdowns() writes it down in customer_parts'));
    END IF;
    INSERT INTO own_breakdowns (breakdown, attribute, relation)
    VALUES (add_breakdown.breakdown, add_breakdown.attribute, CASE WHEN query IS NOT NULL THEN name END);
    PERFORM refresh_breakdowns(now());
    why := (SELECT o.problem FROM own_breakdowns o WHERE o.breakdown = add_breakdown.breakdown);
    IF why IS NOT NULL THEN
        hint := 'Give a key of customers.attributes under which several customers have the same.';
        IF query IS NOT NULL THEN
            hint := pg_catalog.format('A query gives customer_id of type %s, part as text, each customer once; or each several times, with valid_from as timestamptz.',
                                      format_type(regtype '@key_type@'::oid, NULL::integer));
        END IF;
        RAISE EXCEPTION 'breakdown % cannot be read', breakdown
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'breakdown_can_be_read',
                  DETAIL = pg_catalog.format('Why: %s.', why), HINT = hint;
    END IF;
    RETURN (SELECT pg_catalog.count(DISTINCT p.customer_id) FROM customer_parts p WHERE p.breakdown = add_breakdown.breakdown AND p.part IS NOT NULL);
END
$$;
COMMENT ON FUNCTION add_breakdown(text, text, text) IS
    'adds a breakdown of the shop''s own, which every figure x_by(breakdown, as_of) knows from then on: by a key of customers.attributes (or keys with dots between them), or by a query that gives customer_id and part as text, and valid_from if it knows since when; of that it makes the view parts_by_ and the name. Gives the number of customers who are in a part of it. A query is for the owner of the shop alone';

CREATE OR REPLACE FUNCTION drop_breakdown(breakdown text) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    gone text;
BEGIN
    DELETE FROM own_breakdowns o WHERE o.breakdown = drop_breakdown.breakdown RETURNING coalesce(o.relation, '') INTO gone;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the shop has no breakdown % of its own', coalesce(quote_literal(breakdown), 'NULL')
            USING ERRCODE = 'undefined_object', CONSTRAINT = 'breakdown_exists',
                  HINT = 'The table own_breakdowns lists them.';
    END IF;
    IF gone = text 'parts_by_' || breakdown THEN
        EXECUTE pg_catalog.format('DROP VIEW IF EXISTS %I', gone);
    END IF;
END
$$;
COMMENT ON FUNCTION drop_breakdown(text) IS
    'does away with a breakdown of the shop''s own, with what is known of who was in which part, and with the view that add_breakdown() made for it';
