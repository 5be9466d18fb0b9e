#
# From 0.1.0 to now, and from now to what may come: an extension that was
# updated is the same as a new one, and a shop that create_shop() brought up to
# date is the same as a new one, object by object.  What the brand has made of
# its shop stays, or is named before anything is lost.
#
use strict;
use warnings;

use File::Path qw(make_path);
use FirstRelease;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my $tmp = $PostgreSQL::Test::Utils::tmp_check;
make_path($tmp);
my ($extension, $conf) = first_release();
my $pg_config = $ENV{PG_CONFIG} || 'pg_config';
my ($version) = slurp_file('loyalcs.control') =~ /^default_version *= *'(.*)'/m;

my $node = PostgreSQL::Test::Cluster->new('upgrade');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
$node->append_conf('postgresql.conf', $conf);
$node->append_conf('postgresql.conf', "jit = off\nmax_locks_per_transaction = 256\n");
$node->start;

my %sessions;

sub sql
{
	my ($database, $sql) = @_;
	return ($sessions{$database} //= Session->new($node, $database))->sql($sql);
}

# refused(DATABASE, SQL): the error, its detail and its hint
sub refused
{
	my ($database, $sql) = @_;
	my ($code, $out, $err) = $node->psql($database, $sql);
	return $code == 0 ? "accepted $out" : $err;
}

# --------------------------------------------------------------------------
# What a catalog says, one line an object, without what is a matter of chance
# --------------------------------------------------------------------------

my $members = q{
	SET search_path = pg_catalog;
	WITH member AS (
		SELECT d.classid, d.objid, i.type || ' ' || i.identity AS name
		FROM pg_depend d, pg_identify_object(d.classid, d.objid, 0) i
		WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND
			d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'loyalcs')
	)
	SELECT m.name || E'\t' || coalesce(obj_description(m.objid, m.classid::regclass::name), '') || E'\t' ||
		CASE m.classid
		WHEN 'pg_proc'::regclass THEN (
			SELECT jsonb_build_object('acl', p.proacl::text, 'owner', p.proowner::regrole,
				'def', CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END,
				'src', p.prosrc, 'bin', p.probin, 'cost', p.procost, 'rows', p.prorows, 'support', p.prosupport::text,
				'parallel', p.proparallel, 'volatile', p.provolatile, 'strict', p.proisstrict, 'result', pg_get_function_result(p.oid),
				'aggregate', (SELECT to_jsonb(a) - 'aggfnoid' || jsonb_build_object('aggtranstype', a.aggtranstype::regtype,
					'aggmtranstype', a.aggmtranstype::regtype, 'aggsortop', a.aggsortop::regoperator) FROM pg_aggregate a WHERE a.aggfnoid = p.oid))::text
			FROM pg_proc p WHERE p.oid = m.objid)
		WHEN 'pg_type'::regclass THEN (
			SELECT (to_jsonb(t) - ARRAY['oid', 'typarray', 'typrelid', 'typnamespace', 'typowner'] ||
				jsonb_build_object('typelem', t.typelem::regtype, 'typbasetype', t.typbasetype::regtype))::text
			FROM pg_type t WHERE t.oid = m.objid)
		WHEN 'pg_operator'::regclass THEN (
			SELECT (to_jsonb(o) - ARRAY['oid', 'oprowner', 'oprnamespace'] ||
				jsonb_build_object('oprcom', o.oprcom::regoperator, 'oprnegate', o.oprnegate::regoperator, 'oprleft', o.oprleft::regtype,
					'oprright', o.oprright::regtype, 'oprresult', o.oprresult::regtype))::text
			FROM pg_operator o WHERE o.oid = m.objid)
		WHEN 'pg_opclass'::regclass THEN (
			SELECT jsonb_build_object('default', c.opcdefault, 'type', c.opcintype::regtype, 'key', c.opckeytype::regtype)::text
			FROM pg_opclass c WHERE c.oid = m.objid)
		WHEN 'pg_opfamily'::regclass THEN (
			SELECT concat((SELECT string_agg(concat_ws(' ', a.amoplefttype::regtype, a.amoprighttype::regtype, a.amopstrategy, a.amopopr::regoperator), ', '
					ORDER BY a.amoplefttype::regtype::text, a.amopstrategy) FROM pg_amop a WHERE a.amopfamily = m.objid), '; ',
				(SELECT string_agg(concat_ws(' ', a.amproclefttype::regtype, a.amprocnum, a.amproc::regprocedure), ', '
					ORDER BY a.amproclefttype::regtype::text, a.amprocnum) FROM pg_amproc a WHERE a.amprocfamily = m.objid)))
		WHEN 'pg_cast'::regclass THEN (
			SELECT concat_ws(' ', c.castfunc::regprocedure, c.castcontext, c.castmethod) FROM pg_cast c WHERE c.oid = m.objid)
		WHEN 'pg_class'::regclass THEN (
			SELECT concat_ws(' ', c.relkind, c.reloptions, c.relacl, CASE c.relkind WHEN 'v' THEN pg_get_viewdef(c.oid) END,
				(SELECT string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), col_description(a.attrelid, a.attnum)), ', ' ORDER BY a.attnum)
				 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0))
			FROM pg_class c WHERE c.oid = m.objid)
		ELSE '' END
	FROM member m
	ORDER BY 1};

# A table's column that was dropped leaves nothing that anybody can see; no
# privileges are the default ones.
my $shop = q{
	SET search_path = pg_catalog;
	WITH s AS (SELECT oid FROM pg_namespace WHERE nspname = '%s'),
	relation AS (SELECT * FROM pg_class WHERE relnamespace = (SELECT oid FROM s) AND relkind NOT IN ('i', 'I'))
	SELECT format('relation %%s: %%s %%s %%s %%s %%s', relname, relkind, relpersistence, reloptions,
		(SELECT string_agg(a::text, ',' ORDER BY a::text)
			FROM unnest(coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))) a),
		obj_description(oid, 'pg_class')) FROM relation
	UNION ALL
	SELECT format('column %%s.%%s: %%s %%s %%s %%s %%s %%s %%s %%s', relname, attname,
		row_number() OVER (PARTITION BY c.oid ORDER BY attnum), format_type(atttypid, atttypmod), attnotnull,
		pg_get_expr(adbin, adrelid), attidentity, attgenerated,
		(SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(attacl) x), col_description(c.oid, attnum))
	FROM relation c JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
		LEFT JOIN pg_attrdef d ON adrelid = c.oid AND adnum = attnum
	UNION ALL
	SELECT format('constraint %%s %%s: %%s %%s %%s', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated, obj_description(oid, 'pg_constraint'))
	FROM pg_constraint WHERE connamespace = (SELECT oid FROM s) AND contype <> 't'
	UNION ALL
	SELECT format('index %%s: %%s %%s', i.indexrelid::regclass, pg_get_indexdef(indexrelid), obj_description(indexrelid, 'pg_class'))
	FROM pg_index i JOIN relation c ON c.oid = indrelid
	UNION ALL
	SELECT format('trigger %%s %%s: %%s %%s', tgrelid::regclass, tgname, pg_get_triggerdef(t.oid), tgenabled)
	FROM pg_trigger t JOIN relation c ON c.oid = tgrelid WHERE NOT tgisinternal
	UNION ALL
	SELECT format('function %%s: %%s %%s %%s %%s %%s', oid::regprocedure, pg_get_functiondef(oid),
		(SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(coalesce(proacl, acldefault('f', proowner))) a), procost, prorows, obj_description(oid, 'pg_proc'))
	FROM pg_proc WHERE pronamespace = (SELECT oid FROM s)
	UNION ALL
	SELECT format('view %%s: %%s', oid::regclass, pg_get_viewdef(oid)) FROM relation WHERE relkind = 'v'
	UNION ALL
	SELECT format('sequence %%s: %%s', q.seqrelid::regclass, (to_jsonb(q) - 'seqrelid')::text) FROM pg_sequence q JOIN relation c ON c.oid = seqrelid
	UNION ALL
	SELECT format('policy %%s %%s', polrelid::regclass, polname) FROM pg_policy JOIN relation c ON c.oid = polrelid
	UNION ALL
	SELECT format('type %%s', oid::regtype) FROM pg_type WHERE typnamespace = (SELECT oid FROM s)
	UNION ALL
	SELECT format('schema %%s %%s', nspname, (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(nspacl) a))
	FROM pg_namespace WHERE oid = (SELECT oid FROM s)
	ORDER BY 1};

# All rows, without the times at which they were written; and what an older shop
# promises since it was brought up to date only, a new one promised always. What ran
# in an older shop runs on; in a new one journeys wait for somebody to start them.
sub rows
{
	my ($database, $schema) = @_;
	my $queries = sql($database, qq{
		SELECT string_agg(format('SELECT %L || (to_jsonb(t) - ARRAY[''applied_at'', ''granted_at'', ''created_at'', ''live_since'', ''points_since'', ''version''] - CASE WHEN to_jsonb(t) ->> ''part'' LIKE ''table %%'' THEN ''made'' ELSE ''version'' END)::text FROM %I.%I t',
			relname || ' ', '$schema', relname), ' UNION ALL ')
		FROM pg_class WHERE relnamespace = '$schema'::regnamespace AND relkind = 'r'});
	return sql($database, "$queries ORDER BY 1") =~
		s/^(sla_policies .*"valid": )"\[\\"[^"]*\\",\)"(.*"metric": "next_response")/$1"(,)"$2/mgr
		=~ s/^(journeys .*"started_at": )(?:null|"-infinity")/$1null/mgr;
}

# same(NAME, GOT, EXPECTED): the lines that only one of them has
sub same
{
	my ($name, $got, $expected) = @_;
	my (%got, %expected);
	# an object may take more than one line
	$got{$_} = 1 foreach split /\n/, $got;
	$expected{$_} = 1 foreach split /\n/, $expected;
	my @differing = ((map { "has    $_" } grep { !$expected{$_} } sort keys %got),
		(map { "lacks  $_" } grep { !$got{$_} } sort keys %expected));
	cmp_ok(scalar(keys %expected), '>', 0, "$name: there is something to compare");
	is(join("\n", @differing[0 .. ($#differing > 39 ? 39 : $#differing)]), '', $name);
	return;
}

sub described
{
	my ($database, $schema) = @_;
	return sql($database, sprintf($shop, $schema));
}

# --------------------------------------------------------------------------
# The extension
# --------------------------------------------------------------------------

sql('postgres', q{
	CREATE ROLE analyst; CREATE ROLE desk; CREATE ROLE boss; CREATE ROLE partner; CREATE ROLE somebody;
	CREATE DATABASE fresh; CREATE DATABASE first;});
sql('fresh', 'CREATE EXTENSION loyalcs');
sql('first', q{CREATE EXTENSION loyalcs VERSION '0.1.0'});

# --------------------------------------------------------------------------
# Shops of 0.1.0: plain, with whole numbers for keys, on the brand's own tables;
# and one that is filled, and that the brand has made its own
# --------------------------------------------------------------------------

my $adopt = q{
	CREATE SCHEMA lyra;
	CREATE VIEW lyra.orders AS
		SELECT 'C1'::text AS customer_id, 'A-1'::text AS order_id, timestamptz '2026-01-01 00:00+00' AS ordered_at, 5.0 AS amount,
			NULL::numeric AS tax, NULL::numeric AS shipping, 'web'::text AS sales_channel,
			NULL::timestamptz AS shipped_at, NULL::timestamptz AS delivered_at, 'paid'::text AS payment_state, NULL::timestamptz AS cancelled_at;
};
my $make = qq{
	SELECT loyalcs.create_shop('aurora');
	SELECT loyalcs.create_shop('borealis', 'Europe/London', 'GBP', 'bigint');
	$adopt
	SELECT loyalcs.create_shop('lyra');};
my $grant = q{
	SELECT loyalcs.grant_shop('aurora', 'analyst', 'report');
	SELECT loyalcs.grant_shop('aurora', 'desk', 'service');
	SELECT loyalcs.grant_shop('aurora', 'boss', 'admin');};
# The same rows, whichever version they are written under.
sub fill
{
	my ($schema) = @_;
	return qq{
		SET search_path = $schema;
		INSERT INTO customers (customer_id, joined_at, name, birthday, region)
			SELECT 'C' || n, '2024-01-01 00:00+00', 'N' || n, '1980-01-01', 'r' || n % 2 FROM generate_series(1, 20) n;
		INSERT INTO orders (customer_id, order_id, ordered_at, amount, sales_channel)
			SELECT 'C' || n, 'O' || n || '-' || m, timestamptz '2025-01-01 00:00+00' + (n * 3 + m * 20) * interval '1 day', 1000 * n + m, 'web'
			FROM generate_series(1, 20) n, generate_series(1, n % 5) m;
		INSERT INTO order_items (customer_id, order_id, line, product_id, category, amount)
			SELECT customer_id, order_id, 1, 'p' || amount % 7, 'c', amount FROM orders;
		INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund)
			SELECT customer_id, 'R1', order_id, ordered_at + interval '3 days', 10 FROM orders WHERE order_id LIKE '%-1';
		INSERT INTO tickets (customer_id, ticket_id, channel) SELECT 'C' || n, 'T', 'email' FROM generate_series(1, 9) n;
		INSERT INTO consents (customer_id, purpose, given, at) SELECT 'C' || n, 'marketing', true, '2025-01-01 00:00+00' FROM generate_series(1, 9) n;
		SELECT count(earn_points(customer_id, order_id)) FROM orders;
		RESET search_path;};
}
sql('first', $make . $grant . 'SELECT loyalcs.create_shop(\'gemini\');' . fill('gemini'));
sql('first', q{
	-- what a brand does
	ALTER TABLE gemini.orders ADD COLUMN gift_card text;
	COMMENT ON COLUMN gemini.orders.gift_card IS 'number of the card';
	CREATE INDEX orders_gift_card ON gemini.orders (gift_card);
	CREATE VIEW public.my_rfm AS SELECT * FROM gemini.rfm;
	CREATE FUNCTION gemini.mine_at(as_of timestamptz) RETURNS TABLE (a integer) LANGUAGE sql STABLE RETURN 1;
	ALTER FUNCTION gemini.rfm_at(timestamptz) SET work_mem = '64MB';
	COMMENT ON FUNCTION gemini.rfm_at(timestamptz) IS 'our rfm';
	COMMENT ON VIEW gemini.rfm IS 'our view';
	COMMENT ON COLUMN gemini.rfm.segment IS 'our segment';
	GRANT USAGE ON SCHEMA gemini TO partner;
	GRANT SELECT ON gemini.rfm TO partner;
	REVOKE EXECUTE ON FUNCTION gemini.years_as_customer(timestamptz, timestamptz) FROM PUBLIC;
	GRANT EXECUTE ON FUNCTION gemini.years_as_customer(timestamptz, timestamptz) TO partner;
	CREATE TABLE gemini.gifts (gift text);
	GRANT SELECT ON gemini.gifts TO partner;
	SELECT loyalcs.grant_shop('gemini', 'analyst', 'report');});

# A message that has no effect, on a day on which another uses up the cap: every
# fifth customer orders before it can be sent.
sql('first', q{
	SET search_path = gemini;
	UPDATE journey_steps SET valid = 'empty';
	INSERT INTO journey_steps (journey, step, anchor, delay, channel, purpose, content_key, holdout_share, exit_on_order, effect_within, priority, valid) VALUES
		('after_sale', 'first', 'first_order', '10 days', 'email', 'service', 'arrival_check', 0, false, '14 days', 9, '(,)'),
		('after_sale', 'other', 'first_order', '10 days', 'email', 'service', 'arrival_check', 0.5, true, '14 days', 1, '(,)');
	INSERT INTO customers (customer_id, joined_at, email) SELECT 'E' || n, '2024-01-01 00:00+00', 'e@example.com' FROM generate_series(1, 400) n;
	INSERT INTO orders (customer_id, order_id, ordered_at, amount) SELECT 'E' || n, 'A', '2025-09-01 00:00+09', 100 FROM generate_series(1, 400) n;
	SELECT count(complete_followup(followup_id, 'sent', claim_key, NULL, '2025-09-11 00:02+09')) FROM claim_followups('email', 10000, 'w', '1 hour', '2025-09-11 00:01+09');
	INSERT INTO orders (customer_id, order_id, ordered_at, amount) SELECT 'E' || n, 'B', '2025-09-11 12:00+09', 100 FROM generate_series(5, 400, 5) n;
	SELECT count(complete_followup(followup_id, 'sent', claim_key, NULL, '2025-09-13 00:02+09')) FROM claim_followups('email', 10000, 'w', '1 hour', '2025-09-13 00:01+09');});
is( sql('first', q{SELECT uplift_high < 0 FROM gemini.followup_effect_at('2025-12-01 00:00+09') WHERE step = 'other'}), 't',
	'0.1.0 takes the message for harmful');

# (of the columns that 0.1.0 had)
my $answers = sql('first', q{
	SELECT string_agg(format('SELECT %L || ROW(%s)::text FROM gemini.%I(timestamptz ''2026-03-01 00:00+00'') t', proname || ' ',
		(SELECT string_agg('t.' || quote_ident(name), ', ' ORDER BY n) FROM unnest(proargnames, proargmodes) WITH ORDINALITY u(name, mode, n) WHERE mode = 't'),
		proname), ' UNION ALL ')
	FROM pg_proc WHERE pronamespace = 'gemini'::regnamespace AND proname LIKE '%\_at' AND proargtypes = '1184'::oidvector AND
		proname = ANY ('{counted_orders_at,customer_purchases_at,rfm_at,rfm_segments_at,customer_value_at,open_point_lots_at}')});
sub answers
{
	return sql('first', "$answers ORDER BY 1");
}
my $answers_before = answers();
my $orders_before = sql('first', 'SELECT t FROM gemini.orders t ORDER BY 1');
my $postings_before = sql('first', 'SELECT customer_id, posting_id, kind, points FROM gemini.point_postings ORDER BY 1, 2');

# A dump without comments: 0.1.0 knew its shops by one.
sql('first', q{COMMENT ON TABLE borealis.settings IS NULL});

# --------------------------------------------------------------------------
# ALTER EXTENSION UPDATE
# --------------------------------------------------------------------------

sql('first', 'ALTER EXTENSION loyalcs UPDATE');
same('the updated extension is a new one', sql('first', $members), sql('fresh', $members));
is( sql('first', 'SELECT name, version, up_to_date FROM loyalcs.shops ORDER BY 1'),
	join("\n", map { "$_|0.1.0|f" } qw(aurora borealis gemini lyra)),
	'shops of 0.1.0 are known, with and without a comment');
like(refused('first', q{SELECT loyalcs.grant_shop('aurora', 'analyst', 'none')}),
	qr/shop aurora is of version 0\.1\.0\nHINT: .*create_shop\('aurora'\)/, 'they are to be brought up to date first');

# (and a copy, which does not meet create_shop before the version after this)
# (which nobody may be connected to)
delete $sessions{first};
sql('postgres', 'CREATE DATABASE straight TEMPLATE first');

# --------------------------------------------------------------------------
# create_shop
# --------------------------------------------------------------------------

sql('fresh', $make . $grant);
sql('first', q{
	CREATE TABLE aurora.shop_grants (mine text);
	ALTER TABLE aurora.ticket_events ADD COLUMN recorded_at timestamptz;
	ALTER TABLE aurora.consents ADD COLUMN of_channel text;
	CREATE VIEW aurora.mine AS SELECT own_tables FROM aurora.settings;});
like(refused('first', q{SELECT loyalcs.create_shop('aurora')}), qr/@{[ join("\n", map { quotemeta }
		"ERROR:  aurora.shop_grants is in the way of the shop's table shop_grants",
		"DETAIL:  It is none of the shop's.",
		'HINT:  Rename it.') ]}\n/,
	'0.1.0: what is in the way of the record, and nothing of the shop\'s');
is(sql('first', q{SELECT version FROM loyalcs.shops WHERE name = 'aurora'}), '0.1.0', 'it is known as one nevertheless');
sql('first', 'DROP TABLE aurora.shop_grants');
like(refused('first', q{SELECT loyalcs.create_shop('aurora')}), qr/@{[ join("\n", map { quotemeta }
		'ERROR:  3 objects are in the way of shop aurora',
		"DETAIL:  aurora.consents.of_channel is in the way of a column of the shop. It is none of the shop's. " .
		  'the shop no longer has aurora.settings.own_tables. view aurora.mine depends on it. ' .
		  "aurora.ticket_events.recorded_at is in the way of a column of the shop. It is none of the shop's.",
		'HINT:  Drop what depends on it, or make it without that column. Rename it.') ]}\n/,
	'0.1.0: columns that are in the way of new ones, and what depends on those that go');
sql('first', q{
	DROP VIEW aurora.mine;
	ALTER TABLE aurora.ticket_events DROP COLUMN recorded_at;
	ALTER TABLE aurora.consents DROP COLUMN of_channel;});
sql('first', qq{SELECT loyalcs.create_shop(name) FROM (VALUES ('aurora'), ('borealis'), ('lyra'), ('gemini')) v (name)});

foreach my $schema ('aurora', 'borealis', 'lyra')
{
	same("$schema: brought up to date, it is as a new one", described('first', $schema), described('fresh', $schema));
	same("$schema: with the same rows of its own", rows('first', $schema), rows('fresh', $schema));
}
is(sql('first', 'SELECT count(*) FROM loyalcs.shops WHERE up_to_date AND version = (SELECT extversion FROM pg_extension WHERE extname = $$loyalcs$$)'),
	'4', 'all of them say so');

same('gemini: the answers are the same', answers(), $answers_before);
is(sql('first', 'SELECT customer_id, posting_id, kind, points FROM gemini.point_postings ORDER BY 1, 2'), $postings_before, 'and its postings');
is( sql('first', q{
		SELECT assigned + held_out, assigned_ordered + held_out_ordered, assigned = reached + (SELECT count(*) FROM gemini.followups f WHERE f.step = e.step AND f.reason = 'ordered again'),
			uplift_low < 0 AND uplift_high > 0
		FROM gemini.followup_effect_at('2025-12-01 00:00+09') e WHERE step = 'other'}),
	'400|80|t|t', 'follow-ups of before are counted from when they were due, dropped or not, and a message without effect has none');
is(sql('first', 'SELECT count(*), count(gift_card) FROM gemini.orders'), sql('first', 'SELECT count(*), 0 FROM gemini.orders'), 'its orders are there');
is( sql('first', q{
		SELECT col_description('gemini.orders'::regclass, attnum) FROM pg_attribute WHERE attrelid = 'gemini.orders'::regclass AND attname = 'gift_card';
		SELECT to_regclass('gemini.orders_gift_card') IS NOT NULL, to_regclass('gemini.mine') IS NULL;
		SELECT count(*) > 0 FROM public.my_rfm;
		SELECT 'work_mem=64MB' = ANY (proconfig) FROM pg_proc WHERE oid = 'gemini.rfm_at(timestamptz)'::regprocedure;
		SELECT obj_description('gemini.rfm_at(timestamptz)'::regprocedure), obj_description('gemini.rfm'::regclass);
		SELECT col_description('gemini.rfm'::regclass, attnum) FROM pg_attribute WHERE attrelid = 'gemini.rfm'::regclass AND attname = 'segment';
		SELECT has_table_privilege('partner', 'gemini.rfm', 'SELECT'), has_table_privilege('partner', 'gemini.gifts', 'SELECT'),
			has_function_privilege('partner', 'gemini.years_as_customer(timestamptz, timestamptz)', 'EXECUTE'),
			has_function_privilege('somebody', 'gemini.years_as_customer(timestamptz, timestamptz)', 'EXECUTE');}),
	"number of the card\nt|t\nt\nt\nour rfm|our view\nour segment\nt|t|t|f",
	'what the brand made of its shop is there: columns, indexes, views, settings, comments, privileges');

# --------------------------------------------------------------------------
# Where nothing differs, nothing is touched
# --------------------------------------------------------------------------

foreach my $schema ('aurora', 'lyra', 'gemini')
{
	is( sql('first', qq{
			BEGIN;
			DO \$\$ BEGIN PERFORM loyalcs.create_shop('$schema'); END \$\$;
			SELECT pg_current_xact_id_if_assigned() IS NULL;
			SELECT string_agg(DISTINCT relation::regclass::text || ' ' || mode, ', ') FROM pg_locks
			WHERE pid = pg_backend_pid() AND mode <> 'AccessShareLock' AND relation IS NOT NULL AND
				-- (by which two that make the same shop take turns)
				(relation, mode) <> ('$schema.shop_migrations'::regclass, 'ShareUpdateExclusiveLock');
			COMMIT;}),
		"t\n", "$schema: create_shop again writes nothing and locks nobody out");
}

# --------------------------------------------------------------------------
# A version that may come: everything that a version can change, at once
# --------------------------------------------------------------------------

my $next = "$tmp/next";
make_path($next);
system("cp -r src Makefile loyalcs.control $next") == 0 or die;

# edit(FILE, FROM, TO): what is edited is there
sub edit
{
	my ($file, $old, $new) = @_;
	my $text = slurp_file("$next/$file");
	# (a text in quotes is one with what was found in it)
	my $times = $new =~ /^"/ ? $text =~ s/$old/$new/gee : $text =~ s/$old/$new/g;
	die "$file has no $old" unless $times;
	open my $out, '>', "$next/$file" or die;
	print $out $text;
	close $out;
	return;
}

edit('loyalcs.control', qr/\Q'$version'\E/, q('77.0'));
# a column, another CHECK, an index, a default row, a trigger
edit('src/shop/purchases/orders.sql', qr/\z/, q{
--@ change orders 77.0
ALTER TABLE orders ADD COLUMN gift boolean NOT NULL DEFAULT false;
CREATE INDEX orders_gift ON orders (customer_id) WHERE gift;
COMMENT ON COLUMN orders.gift IS 'whether it is for somebody else';

--@ functions
CREATE OR REPLACE FUNCTION check_gift() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_gift() IS 'trigger of orders';

--@ change orders 77.0
CREATE TRIGGER check_gift BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION check_gift();

--@ table gifts
CREATE TABLE gifts (customer_id @key_type@ NOT NULL, gift text PRIMARY KEY);
COMMENT ON TABLE gifts IS 'what was given';
COMMENT ON COLUMN gifts.gift IS 'what it was';

--@ reference gifts customers
ALTER TABLE gifts ADD FOREIGN KEY (customer_id) REFERENCES customers;
});
edit('src/shop/base/customers.sql', qr/\z/, q{
--@ change customers 77.0
ALTER TABLE customers DROP CONSTRAINT customers_birthday_is_plausible,
	ADD CONSTRAINT customers_birthday_is_plausible CHECK (birthday BETWEEN '1700-01-01' AND '9999-12-31');
});
edit('src/shop/messages/journeys.sql', qr/\z/, q{
--@ change contact_purposes 77.0
INSERT INTO contact_purposes (purpose, consent) VALUES ('gifts', 'if_given');
});
# a column in the middle of a figure that others use, and one at the end
edit('src/shop/purchases/orders.sql', qr/(FUNCTION counted_orders_at\(.*?\n    order_id text,)(.*?\n           o\.order_id,)/s,
	q{"$1\n    sold_by text,$2\n           NULL::text,"});
edit('src/shop/purchases/value.sql', qr/(FUNCTION customer_value_at\(.*?customer_for_days double precision)(\n.*?)(\n      FROM purchases_by_customer)/s,
	q{"$1,\n    valued_by text$2, NULL::text$3"});
# a function under another name, one with another argument, and a figure that is gone
edit($_, qr/years_as_customer/, 'customer_years')
  foreach map { s{^$next/}{}r } grep { slurp_file($_) =~ /years_as_customer/ } glob("$next/src/shop/*/*.sql");
edit('src/shop/loyalty/points_settling.sql', qr/(FUNCTION earn_points\(.*?DEFAULT NULL)\)/, q{"$1, remark text DEFAULT NULL)"});
edit('src/shop/loyalty/points_settling.sql', qr/FUNCTION earn_points\(\@key_type\@, text, timestamptz\)/, 'FUNCTION earn_points(@key_type@, text, timestamptz, text)');
edit('src/shop/purchases/value.sql', qr/CREATE OR REPLACE FUNCTION top_customers_share_at.*?(?=CREATE OR REPLACE)/s, '');
# a comment, and what a column means
edit('src/shop/purchases/rfm.sql', qr/(COMMENT ON FUNCTION rfm_segments_at\(timestamptz\) IS\n    ')/, q{"$1in other words: "});
my ($meaning) = slurp_file("$next/src/shops/glossary.sql") =~ /\('acquired', '([^']*)'\)/;
edit('src/shops/glossary.sql', qr/\('acquired', '/, q{('acquired', 'in other words: });
edit('src/shops/glossary.sql', qr/shop_former_meanings\(OUT.*?VALUES\n\K/s, "    ('acquired', '$meaning'),\n");

system("make -s -C $next with_llvm=no PG_CONFIG='$pg_config' loyalcs--77.0.sql >$tmp/next.log 2>&1") == 0
  or die slurp_file("$tmp/next.log");
my $script = slurp_file("$next/loyalcs--77.0.sql");
my ($shops) = $script =~ /^(-- Made by src\/shops\/parts.awk.*)/ms;
foreach my $file (
	[ 'loyalcs--77.0.sql', $script ],
	[ "loyalcs--$version--77.0.sql", join('', "SET LOCAL search_path = pg_catalog, pg_temp;\nDROP VIEW loyalcs.shops;\n",
			(map { "DROP FUNCTION loyalcs.$_;\n" } reverse $shops =~ /^CREATE FUNCTION loyalcs\.(\w+)/mg),
			(map { "DROP TABLE loyalcs.$_;\n" } $shops =~ /^CREATE TABLE loyalcs\.(\w+)/mg), $shops) ])
{
	open my $out, '>', "$extension/$file->[0]" or die;
	print $out $file->[1];
	close $out;
}

# What the brand has done by then
sql('first', q{
	CREATE SCHEMA reports;
	CREATE VIEW reports.daily AS SELECT ordered_at::date AS day, count(*) FROM gemini.counted_orders GROUP BY 1;
	CREATE FUNCTION reports.shares() RETURNS SETOF gemini.top_customers_share LANGUAGE sql STABLE BEGIN ATOMIC SELECT * FROM gemini.top_customers_share; END;
	CREATE VIEW reports.worth AS SELECT * FROM gemini.customer_value;
	ALTER FUNCTION gemini.counted_orders_at(timestamptz) SET work_mem = '99MB';
	GRANT SELECT (order_id) ON gemini.counted_orders TO partner;
	GRANT EXECUTE ON FUNCTION gemini.earn_points(text, text, timestamptz) TO partner WITH GRANT OPTION;
	REVOKE ALL ON FUNCTION gemini.earn_points(text, text, timestamptz) FROM PUBLIC;
	COMMENT ON COLUMN gemini.counted_orders.amount IS 'our amount';
	-- views of ours that are not ours any more
	CREATE OR REPLACE VIEW gemini.repeat_rate WITH (security_invoker = true) AS SELECT *, 'x' AS extra FROM gemini.repeat_rate_at(now());
	DROP VIEW gemini.revenue_mix;
	CREATE MATERIALIZED VIEW gemini.revenue_mix AS SELECT * FROM gemini.revenue_mix_at(now());});

sql('postgres', 'CREATE DATABASE fresh_next');
# (the brand's own table has to have the new column too)
my $new_make = $make =~ s/AS cancelled_at;/AS cancelled_at, false AS gift;/r;
sql('fresh_next', "CREATE EXTENSION loyalcs VERSION '77.0'; $new_make $grant");
sql($_, q{ALTER EXTENSION loyalcs UPDATE TO '77.0'}) foreach 'first', 'straight';
is(sql('first', 'SELECT string_agg(name, $$ $$ ORDER BY name) FROM loyalcs.shops WHERE NOT up_to_date'), 'aurora borealis gemini lyra',
	'the next version: no shop is up to date');

my %new = map { $_ => { described => described('fresh_next', $_), rows => rows('fresh_next', $_) } } 'aurora', 'borealis', 'lyra';
foreach my $database ('first', 'straight')
{
	like(refused($database, q{SELECT loyalcs.create_shop('lyra')}),
		qr/lyra\.orders cannot serve as the shop's table orders\nDETAIL:  Column gift boolean is missing\.\nHINT:  In a view of that name, select false::boolean AS gift\./,
		"$database: what serves as a table has to have the new column");
	sql($database, ($new_make =~ /(CREATE VIEW lyra\.orders.*?;)/s)[0] =~ s/CREATE VIEW/CREATE OR REPLACE VIEW/r);
	foreach my $schema ('aurora', 'borealis', 'lyra')
	{
		sql($database, "SELECT loyalcs.create_shop('$schema')");
		same("$database, $schema: brought up to the next version, it is as a new one",
			described($database, $schema), $new{$schema}{described});
		same("$database, $schema: with the same rows of its own", rows($database, $schema), $new{$schema}{rows});
	}
}
is(sql('first', 'SELECT string_agg(name, $$ $$ ORDER BY name) FROM loyalcs.shops WHERE up_to_date'), 'aurora borealis lyra',
	'they say so');

# All that is in the way is named together,
sql('first', q{CREATE FUNCTION gemini.customer_years() RETURNS integer LANGUAGE sql RETURN 1});
my $refusal = refused('first', q{SELECT loyalcs.create_shop('gemini')});
like($refusal, qr/ERROR:  2 objects are in the way of shop gemini\n/, 'what is in the way is counted');
like($refusal, qr/DETAIL:  .*function gemini\.customer_years\(\) is in the way.*gemini\.gifts cannot serve as the shop's table gifts\. Column customer_id text is missing\./,
	'and named');
like($refusal, qr/HINT:  .*In a view of that name, select NULL::text AS customer_id\..*Rename it, or drop it\./, 'with what to do');
sql('first', q{DROP FUNCTION gemini.customer_years(); ALTER TABLE gemini.gifts RENAME TO our_gifts});

# and so is what would be lost.
my $before = described('first', 'gemini');
$refusal = refused('first', q{SELECT loyalcs.create_shop('gemini')});
like($refusal, qr/ERROR:  shop gemini cannot be brought up to date\n/, 'what depends on what has to go is refused');
like($refusal, qr/view reports\.daily depends on view gemini\.counted_orders/, 'a view on one of ours');
like($refusal, qr/function reports\.shares\(\) depends on .*gemini\.top_customers_share/, 'a function on a figure that is gone');
unlike($refusal, qr/reports\.worth/, 'not one that can stay');
like($refusal, qr/HINT:  .*Nothing has been changed/, 'and nothing is lost');
same('not even halfway', described('first', 'gemini'), $before);
sql('first', q{DROP FUNCTION reports.shares(); DROP VIEW reports.daily; SELECT loyalcs.create_shop('gemini')});

is( sql('first', q{
		SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'gemini.counted_orders'::regclass;
		SELECT 'work_mem=99MB' = ANY (proconfig) FROM pg_proc WHERE oid = 'gemini.counted_orders_at(timestamptz)'::regprocedure;
		SELECT has_column_privilege('partner', 'gemini.counted_orders', 'order_id', 'SELECT'), has_column_privilege('partner', 'gemini.counted_orders', 'amount', 'SELECT'),
			has_table_privilege('analyst', 'gemini.counted_orders', 'SELECT');
		SELECT col_description('gemini.counted_orders'::regclass, attnum) FROM pg_attribute WHERE attrelid = 'gemini.counted_orders'::regclass AND attname = 'amount';
		SELECT proacl FROM pg_proc WHERE pronamespace = 'gemini'::regnamespace AND proname = 'earn_points';
		SELECT count(*) > 0, to_regclass('gemini.top_customers_share') IS NULL, to_regprocedure('gemini.years_as_customer(timestamptz, timestamptz)') IS NULL FROM reports.worth;
		SELECT count(extra) > 0 FROM gemini.repeat_rate;
		SELECT relkind FROM pg_class WHERE oid = 'gemini.revenue_mix'::regclass;
		SELECT count(*) FROM pg_class WHERE relname LIKE 'loyalcs was%';
		SELECT count(*) FROM pg_proc WHERE proname LIKE 'loyalcs was%';
		SELECT up_to_date FROM loyalcs.shops WHERE name = 'gemini'}),
	join("\n", 'customer_id order_id sold_by ordered_at amount sales_channel', 't', 't|f|t', 'our amount',
		'{' . sql('first', 'SELECT current_user') . '=X/' . sql('first', 'SELECT current_user') . ',partner=X*/' . sql('first', 'SELECT current_user') . '}',
		't|t|t', 't', 'm', '0', '0', 't'),
	'what the brand made of its shop has come along');
is(sql('first', 'SELECT count(*) FROM gemini.orders WHERE NOT gift'), sql('first', 'SELECT count(*) FROM gemini.orders'), 'its orders have the new column');
is(sql('first', q{SELECT count(*) FROM loyalcs.create_shop('gemini'), gemini.contact_purposes WHERE purpose = 'gifts'}), '1', 'and the new row, once');

$node->stop('fast');
done_testing();
