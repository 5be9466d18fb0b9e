-- hostile.sql: what test/t/hostile.pl calls functions with, and how.

CREATE SCHEMA hostile;
SET search_path = hostile, loyalcs;

-- Values

-- SQL expressions, by type. The first of each is harmless; what the server or
-- the type itself refuses is no value.
CREATE TABLE value (type regtype, expr text, n serial PRIMARY KEY);
CREATE INDEX ON value (type);
CREATE FUNCTION plant(type regtype, VARIADIC exprs text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    e text;
BEGIN
    FOREACH e IN ARRAY exprs LOOP
        e := format('(%s)::%s', e, plant.type::text);
        BEGIN
            EXECUTE 'SELECT ' || e;
            INSERT INTO value (type, expr) VALUES (plant.type, e);
        EXCEPTION WHEN syntax_error THEN
            RAISE;
        WHEN OTHERS THEN
            NULL;
        END;
    END LOOP;
END $$;
-- what the values say, rather than an expression
CREATE FUNCTION say(type regtype, VARIADIC says text[]) RETURNS void LANGUAGE sql AS $$
    SELECT plant(type, quote_nullable(s)) FROM unnest(says) s
$$;

SELECT say('bool', 't', 'f', NULL);
SELECT say('int2', '5', '0', '1', '-1', '10', '-32768', '32767', NULL);
SELECT say('int4', '5', '0', '1', '-1', '10', '-2147483648', '2147483647', NULL);
SELECT say('int8', '5', '0', '1', '-1', '1000000', '-9223372036854775808', '9223372036854775807', NULL);
SELECT say('float8', '0.5', '0', '-0', '1', '9', '1e15', '1e308', '-1e308', '5e-324', 'NaN', 'Infinity',
           '-Infinity', '0.9999999999999999', '1e-17', NULL);
SELECT say('numeric', '12.5', '0', '-1', '0.00001', '922337203685477.5807', '922337203685477.5808', '1e131000',
           '-1e131000', '1e-16000', 'NaN', 'Infinity', '-Infinity', NULL);
SELECT say('text', 'Asia/Tokyo', 'UTC', 'America/New_York', 'JST', 'IST', '<+167>-167', 'AAA167', '<a b>5',
           'XXX-23:59:59', 'EST5EDT,M3.2.0,M11.1.0', 'Factory', 'posixrules', '../../etc/passwd', '', ' ', E'\t\n',
           E'\x01', repeat('x', 300), 'JP', 'Mo-Fr 10:00-18:00; PH off', '24/7', '{{a}} {{b|}}', '{{a', 'first_response',
           'opened', 'rolling', 'calendar_year', 'lifetime', 'business', '"', '{"count": 1}', NULL);
SELECT plant('text', 'repeat(''花'', 60000)', 'repeat(''Mo 10:00-18:00;'', 3000)', 'repeat(''{'', 3000)');
SELECT say('cstring', 'Mo-Fr 10:00-18:00; PH off @ Asia/Tokyo JP', '24/7 @ UTC', '24/7 @ <+167>-167', '', ' ', '{',
           '{"0": 9007199254740992, "10": 9007199254740992}', '{"11": 1}', '{}', repeat('{', 2000),
           '{"count": 9223372036854775807, "first": "0001-01-01T00:00:00Z", "last": "9999-12-31T23:59:59.999999Z", "total": 922337203685477.5807}',
           '{"count": 0}', repeat('Mo 10:00-18:00;', 3000));
SELECT say('timestamptz', '2026-11-25 09:30+09', 'infinity', '-infinity', '4714-11-24 00:00+00 BC',
           '4713-01-01 00:00+00 BC', '294276-12-31 23:59:59.999999+00', '0001-01-01 00:00+00',
           '9999-12-31 23:59:59.999999+00', '1900-01-01 00:00+00', '1899-12-31 23:59:59.999999+00',
           '2099-12-31 15:00+00', '2100-01-01 00:00+00', '2026-03-08 07:30+00', NULL);
SELECT say('date', '2026-11-25', 'infinity', '-infinity', '4714-11-24 BC', '5874897-12-31', '1900-01-01',
           '1899-12-31', '2099-12-31', '2100-01-01', '2024-02-29', '294276-12-31', NULL);
SELECT say('interval', '8 h', '0', '-1 h', '1 mon -31 days', '2147483647 mons', '-2147483648 mons',
           '2147483647 days', '-2147483648 days', '2562047788:00:54.775807', '-2562047788:00:54.775808',
           '2147483646 mons 2147483646 days 2562047788:00:54.775806',
           '-2147483647 mons -2147483647 days -2562047788:00:54.775807', '10 years', '0.000001 s', NULL);
SELECT say('jsonb', '{"a": "x"}', '{}', '[]', '1', 'null', '{"a": {"b": 1}}', '{"a": [1]}',
           '{"a": 1e1000, "b": null}', NULL);
SELECT say('bytea', '', '\x00', '\x' || repeat('00', 8), '\x' || repeat('00', 31), '\x' || repeat('00', 320),
           '\x' || repeat('ff', 320), '\x' || repeat('7f', 33), '\x' || repeat('0100000000000000', 40),
           '\x' || repeat('01000000', 40), NULL);
SELECT say('ratings', '{"9": 12, "10": 40}', '{}', '{"0": 9007199254740992}', '{"0": 1}', '{"10": 1}',
           (SELECT jsonb_object_agg(i, 9007199254740992) FROM generate_series(0, 10) i)::text, NULL);
SELECT say('purchases', '{"count": 1, "first": "2026-01-05T10:00:00Z", "last": "2026-01-05T10:00:00Z", "total": 24800}',
           '{"count": 0}',
           '{"count": 9223372036854775807, "first": "0001-01-01T00:00:00Z", "last": "9999-12-31T23:59:59.999999Z", "total": 922337203685477.5807}',
           NULL);
SELECT say('bgnbd', '{"r": 0.2, "alpha": 4, "a": 0.8, "b": 2.5, "customers": 2357, "repeat_buyers": 946, "log_likelihood": -9582.4, "iterations": 7, "penalty": 0, "covariance": [0.01, 0, 4, 0, 1e-3, 0.1, 0.0001, 0.01, 0.1, 1]}',
           '{"r": 1e-15, "alpha": 1e15, "a": 1e15, "b": 1e-15}', '{"problem": "no_maximum", "customers": 40, "repeat_buyers": 40, "iterations": 31, "penalty": 0.5}',
           '{"r": 1e15, "alpha": 1e-15, "a": 1e-15, "b": 1e15, "customers": 9223372036854775807, "repeat_buyers": 1, "log_likelihood": -1e308, "iterations": 2147483647, "penalty": 1e6, "covariance": [1e59, 0, 1e59, 0, 0, 1e59, 0, 0, 0, 5e-324]}', NULL);
SELECT say('gamma_gamma', '{"p": 6.25, "q": 3.74, "gamma": 15.44, "customers": 2357, "repeat_buyers": 946, "iterations": 6, "penalty": 0, "log_likelihood": -4055.9, "covariance": [1.4, -0.2, 0.08, -4.8, 0.9, 17]}',
           '{"p": 1e15, "q": 1e-15, "gamma": 1e-15}', '{"problem": "no_maximum", "customers": 40, "repeat_buyers": 40, "iterations": 31, "penalty": 0.5}', NULL);
SELECT say('business_hours', 'Mo-Fr 10:00-18:00; PH off @ Asia/Tokyo JP', '24/7 @ UTC',
           'Mo-Fr 10:00-18:00 @ America/New_York', 'Su 02:00-02:01 @ Europe/Berlin',
           'Mo-Su 18:00-26:00 @ Australia/Lord_Howe', 'Feb 29 10:00-11:00 @ UTC', 'Mo-Fr 10:00-18:00 @ Pacific/Apia', NULL);
SELECT say('lexicon', 'weight: 重い, heavy; clasp -1: 外れやすい', '', 'a: a, aa, aaa, aaaa, aaaaa', 'a 1: 😀; "b;" 0.5: "c"', NULL);
SELECT say('tstzrange', '[2026-11-25 09:00+09, 2026-11-26 09:00+09)', 'empty', '(,)', '[infinity,infinity]', NULL);
SELECT say('tstzmultirange', '{[2026-11-25 09:00+09, 2026-11-26 09:00+09)}', '{}', '{(,)}',
           '{[-infinity,4713-01-01 BC],[294276-12-31,infinity]}',
           (SELECT range_agg(tstzrange(t, t + '1 h')) FROM generate_series('2026-01-01'::timestamptz, '2026-12-01', '2 h') t)::text,
           NULL);

-- What can be made of these: enums, domains, rows and arrays.

CREATE FUNCTION know(wanted regtype) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    t pg_type;
    attribute record;
    fields text[];
    items text[];
BEGIN
    IF EXISTS (SELECT FROM value v WHERE v.type = wanted) THEN
        RETURN;
    END IF;
    SELECT * INTO t FROM pg_type WHERE oid = wanted;
    IF t.typtype = 'e' THEN
        PERFORM say(wanted, VARIADIC array_agg(enumlabel::text) || NULL::text)
        FROM pg_enum WHERE enumtypid = wanted;
    ELSIF t.typtype = 'd' THEN
        PERFORM know(t.typbasetype);
        INSERT INTO value (type, expr) SELECT wanted, expr FROM value v WHERE v.type = t.typbasetype ORDER BY n;
    ELSIF t.typtype = 'c' THEN
        PERFORM know(atttypid) FROM pg_attribute
        WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped;
        FOR i IN 1 .. 20 LOOP
            fields := '{}';
            FOR attribute IN SELECT atttypid FROM pg_attribute
                WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped ORDER BY attnum
            LOOP
                -- the first is all harmless, later ones ever less
                SELECT fields || expr INTO fields FROM value v WHERE v.type = attribute.atttypid
                ORDER BY CASE WHEN random() < i / 20.0 THEN random() * 1000 ELSE 0 END, n LIMIT 1;
            END LOOP;
            PERFORM plant(wanted, format('ROW(%s)', array_to_string(fields, ', ')));
        END LOOP;
        PERFORM plant(wanted, 'NULL');
    ELSIF t.typelem <> 0 AND t.typlen = -1 THEN
        PERFORM know(t.typelem);
        SELECT array_agg(expr ORDER BY n) INTO items FROM value v WHERE v.type = t.typelem;
        PERFORM plant(wanted, format('ARRAY[%s]', items[1]), '''{}''', 'NULL', '''{NULL}''',
            format('ARRAY[%s]', array_to_string(items, ', ')),
            format('array_remove(ARRAY[%s], NULL)', array_to_string(items, ', ')),
            format('ARRAY[[%s, %s], [%s, %s]]', items[1], items[2], items[2], items[1]),
            format('array_fill(%s, ''{4}'')', items[1]),
            format('array_fill(%s, ''{4}'', ''{2147483643}'')', items[2]),
            format('array_fill(%s, ''{3}'', ''{-2147483648}'')', items[1]),
            format('array_fill(%s, ''{2,2,1}'')', items[1]),
            format('array_fill(%s, ''{3000}'')', items[1]),
            format('ARRAY[%s, NULL, %s]', items[1], items[2]),
            format('array_append(ARRAY[%s, %s], %s)', items[1], items[3], items[2]));
        -- what the states of quintiles and top_share begin with, true and false
        IF t.typelem = 'float8'::regtype THEN
            PERFORM say(wanted, '{1e15,1,2}', '{0.2,1,3,2}', '{99,1,3,2}');
        ELSIF t.typelem = 'int8'::regtype THEN
            PERFORM say(wanted, format('{-9223372036854775808,%s}', rest))
            FROM unnest(ARRAY['1', '0,0', '8,5', '9223372036854775807,1', '-1,1', '8,5,6', '10,4294967296,1',
                              '10,4295032832,1407374883553280,9', '16,281474976710656,0']) rest;
        END IF;
    ELSE
        RAISE 'hostile.pl has no values of type %', wanted;
    END IF;
END $$;

-- Calls

-- What no function may say, whoever asks; and what would be our own mistake.
CREATE FUNCTION is_bad(state text) RETURNS boolean RETURN state ~ '^(XX|58|P0004|42601|42883|42703|42P18)';

CREATE FUNCTION try(call text, prints boolean DEFAULT true, OUT state text, OUT printed text) LANGUAGE plpgsql AS $$
BEGIN
    IF prints THEN
        EXECUTE call INTO printed;
    ELSE
        EXECUTE call;
    END IF;
    state := '00000';
EXCEPTION
    WHEN query_canceled THEN
        RAISE;
    WHEN OTHERS THEN
        state := SQLSTATE;
END $$;

-- Some changes to what was right: bytes lost, added, and others.
CREATE FUNCTION spoil(whole bytea, alphabet bytea) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    place int := floor(random() * length(whole));
BEGIN
    IF length(whole) = 0 THEN
        RETURN alphabet;
    END IF;
    RETURN CASE floor(random() * 6)
        WHEN 0 THEN substr(whole, 1, place)
        WHEN 1 THEN whole || substr(whole, 1, place)
        WHEN 2 THEN substr(whole, 1, place) || substr(whole, place + 2)
        WHEN 3 THEN substr(whole, 1, place) || substr(alphabet, 1 + floor(random() * length(alphabet))::int, 1) || substr(whole, place + 1)
        ELSE set_byte(whole, CASE WHEN random() < 0.3 THEN least(place, 11) ELSE place END,
            get_byte(alphabet, floor(random() * length(alphabet))::int)) END;
END $$;

-- Keeps what a function gave for those that take such a thing: states, rows,
-- arrays, and of states spoiled ones.
CREATE FUNCTION keep(result regtype, printed text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF printed IS NULL OR length(printed) > 20000 OR
        (SELECT typlen <> -1 AND typtype <> 'c' FROM pg_type WHERE oid = result) OR
        (SELECT count(*) > 60 FROM value WHERE type = result)
    THEN
        RETURN;
    END IF;
    PERFORM say(result, printed);
    IF result = 'bytea'::regtype THEN
        PERFORM say(result, spoil(printed::bytea, '\x0001027fc8ff')::text) FROM generate_series(1, 4);
    END IF;
END $$;

-- One call. Constants are folded by the planner, columns are not; an aggregate
-- gets some rows, at times in a window.
CREATE FUNCTION call_of(f pg_proc, args text[], harmless text[], n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    name text := format('%s.%I', f.pronamespace::regnamespace, f.proname);
    columns text := (SELECT string_agg('a' || i, ', ') FROM generate_series(1, cardinality(args)) i);
    row text := array_to_string(args, ', ');
BEGIN
    IF f.prokind = 'a' THEN
        RETURN format('SELECT string_agg(s::text, '';'') FROM (SELECT %s(%s) %s AS s FROM (VALUES (%s), (%s), (%4$s)) r (%2$s)) t',
            name, columns, CASE WHEN n % 3 = 0 THEN 'OVER (ROWS 1 PRECEDING)' ELSE '' END, row,
            array_to_string(harmless, ', '));
    ELSIF f.proretset THEN
        RETURN format('SELECT count(r::text) FROM (SELECT * FROM %s(%s) LIMIT 3000) r', name, row);
    ELSIF n % 2 = 0 OR columns IS NULL THEN
        RETURN format('SELECT (%s(%s))::text', name, row);
    END IF;
    RETURN format('SELECT (%s(%s))::text FROM (SELECT %s OFFSET 0) r (%2$s)', name, columns, row);
END $$;

-- Calls a function: with every combination of values, if there are not too many;
-- else with each value once beside harmless ones, and then with any. Says how
-- many calls there were, and "ok" or what was bad.
CREATE FUNCTION attack(target regprocedure, most int, seed int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    f pg_proc;
    pools text[] := '{}';
    pool int[];
    place int;
    all_of_them numeric := 1;
    singles int := 0;
    args text[];
    harmless text[] := '{}';
    rest numeric;
    call text;
    got record;
    bad text;
BEGIN
    PERFORM setseed(seed / 1000.0);
    SELECT * INTO f FROM pg_proc WHERE oid = target;
    FOR i IN 0 .. f.pronargs - 1 LOOP
        PERFORM know(f.proargtypes[i]::regtype);
        SELECT array_agg(n ORDER BY n) INTO pool FROM value WHERE type = f.proargtypes[i];
        pools := pools || pool::text;
        harmless := harmless || (SELECT expr FROM value WHERE n = pool[1]);
        all_of_them := all_of_them * cardinality(pool);
        singles := singles + cardinality(pool);
    END LOOP;
    FOR made IN 0 .. least(all_of_them, most) - 1 LOOP
        args := '{}';
        rest := made;
        FOR i IN 1 .. f.pronargs LOOP
            pool := pools[i]::int[];
            IF all_of_them <= most THEN
                place := 1 + mod(rest, cardinality(pool));
                rest := div(rest, cardinality(pool));
            ELSIF made >= singles THEN
                place := 1 + floor(random() * cardinality(pool));
            ELSE
                place := CASE WHEN rest BETWEEN 0 AND cardinality(pool) - 1 THEN 1 + rest ELSE 1 END;
                rest := rest - cardinality(pool);
            END IF;
            args := args || (SELECT expr FROM value WHERE n = pool[place]);
        END LOOP;
        call := call_of(f, args, harmless, made);
        got := try(call);
        IF is_bad(got.state) AND bad IS NULL THEN
            bad := format('%s from %s', got.state, left(call, 600));
        END IF;
        IF f.prokind = 'f' AND NOT f.proretset THEN
            PERFORM keep(f.prorettype, got.printed);
        END IF;
    END LOOP;
    RETURN least(all_of_them, most) || ' ' || coalesce(bad, 'ok');
END $$;

-- What a type reads, as text: spoiled, and what it took is printed, read and
-- printed again.
CREATE FUNCTION attack_input(target regtype, most int, seed int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    texts text[];
    alphabet bytea := convert_to('-:;,. @"''{}[]()+<>019AMPHaz/%\' || E'\t\n\x01', 'UTF8');
    input text;
    got record;
    again record;
    bad text;
BEGIN
    PERFORM setseed(seed / 1000.0);
    PERFORM know(target);
    SELECT array_agg(t.printed ORDER BY n) INTO texts
    FROM value v, try(format('SELECT (%s)::text', v.expr)) t
    WHERE v.type = target AND t.printed IS NOT NULL;
    FOR i IN 1 .. most LOOP
        BEGIN
            input := convert_from(spoil(convert_to(texts[1 + floor(random() * cardinality(texts))::int], 'UTF8'), alphabet), 'UTF8');
        EXCEPTION WHEN character_not_in_repertoire THEN
            CONTINUE;   -- (what is no text no type sees)
        END;
        got := try(format('SELECT (%L::%s)::text', input, target));
        again := try(format('SELECT (%L::%s)::text', got.printed, target));
        IF bad IS NULL AND (is_bad(got.state) OR got.printed IS DISTINCT FROM again.printed) THEN
            bad := format('%s from %L, which is printed as %L and then as %L', got.state, input, got.printed, again.printed);
        END IF;
    END LOOP;
    RETURN most || ' ' || coalesce(bad, 'ok');
END $$;

-- What a type receives, in binary: a file whose only field holds the bytes.
CREATE FUNCTION attack_receive(target regtype, most int, seed int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    file text := current_setting('data_directory') || '/hostile.bin';
    wires bytea[];
    wire bytea;
    got record;
    bad text;
BEGIN
    PERFORM setseed(seed / 1000.0);
    PERFORM know(target);
    SELECT array_agg(t.printed::bytea ORDER BY n) INTO wires
    FROM pg_type, value v, try(format('SELECT %s(%s)::text', typsend, v.expr)) t
    WHERE pg_type.oid = target AND v.type = target AND t.printed IS NOT NULL;
    EXECUTE format('CREATE TEMP TABLE received (v %s)', target);
    FOR i IN 1 .. most LOOP
        wire := spoil(wires[1 + floor(random() * cardinality(wires))::int], '\x0001027f80c8ff');
        EXECUTE format('COPY (SELECT %L::bytea) TO %L (FORMAT binary)', wire, file);
        got := try(format('COPY received FROM %L (FORMAT binary)', file), false);
        IF bad IS NULL AND is_bad(got.state) THEN
            bad := format('%s from %s', got.state, wire);
        END IF;
    END LOOP;
    -- what was taken is a value like another
    got := try('SELECT count(v::text) FROM received');
    IF bad IS NULL AND got.state <> '00000' THEN
        bad := format('%s when printed', got.state);
    END IF;
    DROP TABLE received;
    RETURN most || ' ' || coalesce(bad, 'ok');
END $$;
