#
# A shop outlives everything: pg_dump and restore bring all of it back, whole or
# in parts; DROP EXTENSION takes none of its rows, and the extension made again
# answers as it did before, for whom it did before.
#
use strict;
use warnings;

use Filled;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my $node = filled_node('dump');
$node->start;

my %sessions;

sub sql
{
	my ($database, $sql) = @_;
	return ($sessions{$database} //= Session->new($node, $database))->sql($sql);
}

sql('postgres', 'ALTER DATABASE filled RENAME TO shop');
sql('postgres', 'CREATE DATABASE restored');

# In the demo nobody enters anything late.
sql('shop', q{
	INSERT INTO aurora.ticket_events (customer_id, ticket_id, at, kind, recorded_at)
	SELECT customer_id, ticket_id, at + interval '1 minute', 'note', at + interval '2 hours'
	FROM aurora.ticket_events WHERE kind = 'opened' ORDER BY at, customer_id, ticket_id LIMIT 1});

# All answers are asked for as of the last thing that happened in the shop.
my $as_of = sql('shop',
	q{SELECT max(ordered_at) AT TIME ZONE 'UTC' || '+00' FROM aurora.orders});

# contents(DATABASE, QUERY): one line for each relation the query names with an
# expression for FROM: its name, its number of rows, and a digest of them
sub contents
{
	my ($database, $query) = @_;
	my $lines = sql($database, qq{
		SELECT format('SELECT %L, count(*), md5(string_agg(r::text, E''\\n'' ORDER BY r::text COLLATE "C")) FROM %s AS r', name, source)
		FROM ($query) AS parts (name, source)
		\\gexec
	});
	my %contents = map { split /\|/, $_, 2 } split /\n/, $lines;
	return \%contents;
}

# refusal(DATABASE, SQL): what the error says
sub refusal
{
	my ($code, $out, $err) = $node->psql(@_);
	return $code == 0 ? "accepted: $out" : $err;
}

my $tables = q{
	SELECT relname, oid::regclass::text
	FROM pg_class
	WHERE relnamespace = 'aurora'::regnamespace AND relkind IN ('r', 'p')
	ORDER BY 1};

# Each answer is asked for at a fixed instant, by its function x_at(as_of);
# other arguments have defaults.
my $answers = qq{
	SELECT proname, format('%s(%L::timestamptz)', oid::regproc, '$as_of')
	FROM pg_proc
	WHERE pronamespace = 'aurora'::regnamespace AND proname LIKE '%\\_at' AND
		proargtypes[0] = 'timestamptz'::regtype AND pronargs - pronargdefaults <= 1
	ORDER BY 1};

# And cut by a breakdown, those that can be.
my $cuts = qq{
	SELECT format('%s(%s)', proname, b), format('%s(%L, %L::timestamptz)', p.oid::regproc, b, '$as_of')
	FROM pg_proc p, unnest('{tier,first_category,sales_channel\@2026-06-01}'::text[]) b
	WHERE pronamespace = 'aurora'::regnamespace AND proname LIKE '%\\_by' AND
		proargtypes = '25 1184'::oidvector AND proargnames[1] = 'breakdown'
	ORDER BY 1};

my $views = q{
	SELECT string_agg(oid::regclass::text, ' ' ORDER BY relname)
	FROM pg_class
	WHERE relnamespace = 'aurora'::regnamespace AND relkind = 'v'};

my $columns = q{
	SELECT attrelid::regclass, row_number() OVER (PARTITION BY c.oid ORDER BY attnum), attname, format_type(atttypid, atttypmod), attnotnull
	FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
	WHERE relnamespace = 'aurora'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0 AND
		NOT attisdropped
	ORDER BY relname, attnum};

# Each function with a digest of what it does and is said to do: the same functions give
# the same answers from the same rows.
my $functions = q{
	SELECT oid::regprocedure, md5(concat_ws(E'\n', pg_get_functiondef(oid), obj_description(oid, 'pg_proc')))
	FROM pg_proc
	WHERE pronamespace = 'aurora'::regnamespace
	ORDER BY oid::regprocedure::text COLLATE "C"};

my $triggers = q{
	SELECT pg_get_triggerdef(t.oid)
	FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
	WHERE c.relnamespace = 'aurora'::regnamespace AND NOT t.tgisinternal
	ORDER BY 1};

# Who may do what.
my $privileges = q{
	SELECT c.relname, a.attname, coalesce(r.rolname, 'PUBLIC'), x.privilege_type
	FROM pg_class c
	CROSS JOIN LATERAL (
		SELECT NULL::name AS attname, c.relacl AS acl
		UNION ALL
		SELECT attname, attacl FROM pg_attribute WHERE attrelid = c.oid AND attacl IS NOT NULL) a
	CROSS JOIN LATERAL aclexplode(a.acl) x
	LEFT JOIN pg_roles r ON r.oid = x.grantee
	WHERE c.relnamespace = 'aurora'::regnamespace AND x.grantee <> c.relowner
	ORDER BY 1, 2, 3, 4};

sql('shop', q{
	CREATE ROLE analyst;
	CREATE ROLE desk;
	CREATE ROLE leaver;
	SELECT loyalcs.grant_shop('aurora', 'analyst', 'report');
	SELECT loyalcs.grant_shop('aurora', 'desk', 'service');
	SELECT loyalcs.grant_shop('aurora', 'leaver', 'admin');
	REVOKE ALL ON ALL TABLES IN SCHEMA aurora FROM leaver;
	REVOKE ALL ON SCHEMA aurora FROM leaver;
	DROP ROLE leaver;});

# An order that has earned is edited: until points are settled, it is a row of a view.
sql('shop', q{
	UPDATE aurora.orders SET amount = 2 * amount
	 WHERE (customer_id, order_id) = (SELECT customer_id, order_id FROM aurora.point_postings
	                                   WHERE kind = 'earn' AND order_id IS NOT NULL ORDER BY posting_id LIMIT 1)});

my $rows_before = contents('shop', $tables);
# (kept for a while, because they are read twice and take long)
sql('shop', qq{
	CREATE SCHEMA kept;
	SELECT format('CREATE UNLOGGED TABLE kept.%I AS SELECT * FROM %s', name, source) FROM ($answers) a (name, source)
	\\gexec
});
my $answers_before = contents('shop', q{
	SELECT relname, oid::regclass::text FROM pg_class WHERE relnamespace = 'kept'::regnamespace ORDER BY 1});
my $views_before = sql('shop', $views);
my $functions_before = sql('shop', $functions);
my $columns_before = sql('shop', $columns);
my $triggers_before = sql('shop', $triggers);

cmp_ok(scalar(keys %$rows_before), '>', 0, 'the shop has tables');
cmp_ok(scalar(keys %$answers_before), '>', 0, 'the shop has answers');
is(join(' ', grep { $answers_before->{$_} =~ /^0\|/ } sort keys %$answers_before),
	'', 'none of the answers is empty');

# (what is beside an interval says the same, and what says 0 to 1 is within)
my $odd = sql('shop', q{
	SELECT format('SELECT %L FROM kept.%1$I HAVING true IN (%s) IS NOT false', relname || '_at', string_agg(conditions, ', '))
	FROM (
		SELECT relname, nullif(concat_ws(', ',
				CASE WHEN b.atttypid = 'interval'::regtype
					THEN format('count(%1$I) FILTER (WHERE %1$I IS DISTINCT FROM (extract(epoch FROM %2$I) / %3$s)::float8) > 0',
						a.attname, b.attname, CASE WHEN a.attname ~ '_days$' THEN 86400 ELSE 60 END) END,
				CASE WHEN b.atttypid = 'interval'::regtype
					THEN format('count(%1$I) <> count(%2$I)', a.attname, b.attname) END,
				CASE WHEN col_description(c.oid, a.attnum) ~ '\m0 to 1\M'
					THEN format('coalesce(min(%1$I) < 0 OR max(%1$I) > 1, false)', a.attname) END), '') AS conditions
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
			LEFT JOIN pg_attribute b ON b.attrelid = c.oid AND b.attname = regexp_replace(a.attname, '_(minutes|days)$', '') AND b.attname <> a.attname
		WHERE relnamespace = 'aurora'::regnamespace AND relkind = 'v' AND a.attnum > 0 AND a.atttypid = 'float8'::regtype) p
	WHERE conditions IS NOT NULL
	GROUP BY relname
	ORDER BY relname
	\\gexec
	DROP SCHEMA kept CASCADE});
is($odd, '', 'numbers beside lengths of time are as long, and shares within 0 and 1');

# --------------------------------------------------------------------------
# Values of our own types, in tables of anybody's
# --------------------------------------------------------------------------

sql('shop', q{
	CREATE TABLE rollup (
		day date PRIMARY KEY,
		answers loyalcs.ratings,
		orders loyalcs.purchases,
		hours loyalcs.business_hours,
		words loyalcs.lexicon,
		rhythm loyalcs.bgnbd,
		spending loyalcs.gamma_gamma
	);
	INSERT INTO rollup
	SELECT date '2026-01-01' + day,
		(SELECT loyalcs.ratings_agg(score % 11) FROM generate_series(1, day) AS score),
		(SELECT loyalcs.purchases_agg(timestamptz '2026-01-01 00:00:00.000001+09' + day * interval '1 hour',
				(n * 1000.0001)::numeric(20, 4))
			FROM generate_series(1, day) AS n),
		loyalcs.business_hours(format('Mo-Fr 09:00-17:00; Fr,Sa 22:00-02:00; PH off; Dec 29-Jan 03 off; %s off',
				to_char(date '2026-01-01' + day, 'YYYY Mon DD')),
			(ARRAY['Asia/Tokyo', 'Europe/London'])[1 + day % 2], (ARRAY['', 'JP', 'JP,2026-08-13'])[1 + day % 3]),
		(format('a %s: 重い, "%s;"; "b""": x', round(day / 100.0, 2), day))::loyalcs.lexicon,
		(SELECT loyalcs.bgnbd_fit(x, x * t / (x + 1), t) FROM generate_series(1, 20 + day) AS n,
			LATERAL (SELECT n * n % 5 * (n * n * n % 7) / 4 AS x, 50 + 37 * n % 101 AS t) AS c),
		(SELECT loyalcs.gamma_gamma_fit(n % 5, 20 + 37 * n % 101 + day / 7.0) FROM generate_series(1, 20 + day) AS n)
	FROM generate_series(0, 100) AS day;
	CREATE INDEX ON rollup (answers);
	CREATE INDEX ON rollup USING hash (orders);
	CREATE INDEX ON rollup (hours);
	CREATE UNIQUE INDEX ON rollup (words);
	CREATE INDEX ON rollup (rhythm);
	CREATE INDEX ON rollup USING hash (spending);
});
my $rollup = q{
	SELECT md5(string_agg(encode(loyalcs.ratings_send(answers), 'hex') || ' ' ||
		encode(loyalcs.purchases_send(orders), 'hex') || ' ' || loyalcs.business_hours_hash_extended(hours, 1) || ' ' ||
		words::text || encode(loyalcs.bgnbd_send(rhythm), 'hex') || encode(loyalcs.gamma_gamma_send(spending), 'hex'), E'\n' ORDER BY day)),
		count(answers), count(orders), count(hours), count(words), count(DISTINCT rhythm), count(DISTINCT spending)
	FROM rollup};

# --------------------------------------------------------------------------
# pg_dump, restore
# --------------------------------------------------------------------------

my $dump = "$PostgreSQL::Test::Utils::tmp_check/shop.dump";
$node->command_ok(
	[ 'pg_dump', '-Fc', '-f', $dump, '-d', $node->connstr('shop') ], 'pg_dump');
$node->command_ok(
	[ 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'), $dump ],
	'pg_restore');

is_deeply(contents('restored', $tables), $rows_before, 'every table is back');

# Every answer is the same there; and no figure depends on where the rows lie and on
# who adds them up, to the last digit: rows in the order of a hash, and every plan in
# parallel. (Workers cost next to nothing, but something: else some plans start them
# anew for each row of a table, which takes minutes and is the same scan each time.
# And what has one page is left to one process, as it would be with workers too: there
# are no rows to share out.)
sql('restored', q{
	DO $$
	DECLARE
		item regclass;
	BEGIN
		FOR item IN
			SELECT c.oid FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid
			WHERE relnamespace = 'aurora'::regnamespace AND relkind = 'r' AND attname = 'customer_id'
		LOOP
			EXECUTE format('CREATE INDEX shuffled ON %s (hashtext(customer_id))', item);
			EXECUTE format('CLUSTER %s USING shuffled', item);
			DROP INDEX aurora.shuffled;
		END LOOP;
	END $$;
	VACUUM ANALYZE;
	ALTER DATABASE restored SET parallel_setup_cost = 0.3;
	ALTER DATABASE restored SET parallel_tuple_cost = 0;
	ALTER DATABASE restored SET min_parallel_table_scan_size = '16kB';
	ALTER DATABASE restored SET min_parallel_index_scan_size = '16kB';
	ALTER DATABASE restored SET max_parallel_workers_per_gather = 1;
	ALTER DATABASE restored SET jit = off;});
# (which a session is told when it begins)
delete $sessions{restored};
is_deeply(contents('restored', $answers), $answers_before,
	'every answer is the same in the restored shop, to the last digit, with its rows shuffled and in parallel');
# (A cut reads as the answer does of which it is a cut, where each scan has been parallel:
# here those are that bring few of many rows, or processes that begin take most of the time.)
sql('restored', 'ALTER DATABASE restored SET parallel_tuple_cost = 0.03');
delete $sessions{restored};
is_deeply(contents('restored', $cuts), contents('shop', $cuts), 'and every cut');

is(sql('restored', $columns), $columns_before, 'with its columns');
is(sql('restored', $views), $views_before, 'every view is back');
is(sql('restored', $rollup), sql('shop', $rollup),
	'stored values of our types are the same to the bit');

# Without its comments it is the same shop.
sql('postgres', 'CREATE DATABASE silent');
$node->command_ok(
	[ 'pg_dump', '-Fc', '--no-comments', '-f', "$dump.silent", '-d', $node->connstr('shop') ], 'pg_dump --no-comments');
$node->command_ok(
	[ 'pg_restore', '--exit-on-error', '-d', $node->connstr('silent'), "$dump.silent" ], 'and restored');
is(sql('silent', 'SELECT name, up_to_date FROM loyalcs.shops'), 'aurora|t', 'it is known without comments');
sql('silent', q{SELECT loyalcs.create_shop('aurora')});
my $rows = contents('silent', $tables);
is_deeply($rows, { %$rows_before, shop_migrations => $rows->{shop_migrations} }, 'made again, it has its rows');
is(sql('silent', $columns), $columns_before, 'and its columns');
is(sql('silent', q{SELECT count(*) FROM pg_proc WHERE pronamespace = 'aurora'::regnamespace AND obj_description(oid) IS NULL}),
	'0', 'and its functions have their comments again');

# --------------------------------------------------------------------------
# The schema and the data apart
# --------------------------------------------------------------------------

my @only = ('-n', 'aurora', '-d', $node->connstr('shop'));
$node->command_ok([ 'pg_dump', '-Fc', '--schema-only', '-f', "$dump.schema", @only ], 'a dump of the schema');
$node->command_ok([ 'pg_dump', '-Fc', '--data-only', '-f', "$dump.data", @only ], 'and one of the data');

# into what the first has made, and into a shop that is new
my %begin = (
	apart => sub {
		sql('apart', 'CREATE EXTENSION loyalcs');
		$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('apart'), "$dump.schema" ],
			'apart: the schema');
	},
	anew => sub {
		sql('anew', q{CREATE EXTENSION loyalcs; SELECT loyalcs.create_shop('aurora')});
	});
foreach my $database (sort keys %begin)
{
	sql('postgres', "CREATE DATABASE $database");
	$begin{$database}->();
	sql($database, q{SELECT loyalcs.begin_load('aurora')});
	$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr($database), "$dump.data" ],
		"$database: the data");
	sql($database, q{SELECT loyalcs.end_load('aurora')});
	sql($database, 'VACUUM ANALYZE');
	is_deeply(contents($database, $tables), $rows_before, "$database: every row is back, and no other");
	# (the same rows, read by the same functions: one answer stands for all that were compared above)
	is_deeply(contents($database, "$answers LIMIT 9"), { map { $_ => $answers_before->{$_} } (sort keys %$answers_before)[0 .. 8] },
		"$database: with the same answers");
	is(sql($database, q{SELECT * FROM loyalcs.check_shop('aurora')}), '', "$database: all is well");
	like(refusal($database, q{SELECT loyalcs.begin_load('aurora')}),
		qr/shop aurora is not a new one\nDETAIL:  There are rows in aurora\./, "$database: a shop with customers is not emptied");
}

# Data of another version, and data without the record, are no data of this shop.
sql('anew', q{
	UPDATE aurora.shop_migrations SET part = 'change orders 99.0' WHERE part = 'table orders';});
like(refusal('anew', q{SELECT loyalcs.end_load('aurora')}),
	qr/these are not the data of a shop of this version\nDETAIL:  Its record differs in: change orders 99\.0, table orders\./,
	'another version\'s record is refused');

# --------------------------------------------------------------------------
# Sequences that are behind, as after a switch-over
# --------------------------------------------------------------------------

my $sequences = sql('apart', q{
	SELECT count(setval(sequence, 1, false)), count(highest) FROM loyalcs.shop_sequences('aurora')});
my ($all, $used) = split /\|/, $sequences;
cmp_ok($used, '>', 0, 'ids are given by sequences');
is(sql('apart', q{SELECT count(*) FROM loyalcs.check_shop('aurora')}), $used, 'each that is behind is named');
is(sql('apart', q{SELECT loyalcs.sync_shop_sequences('aurora')}), $used, 'and moved');
is(sql('apart', q{SELECT count(*) FROM loyalcs.check_shop('aurora')}), 0, 'then all is well');
is(sql('apart', q{SELECT count(*) FROM loyalcs.shop_sequences('aurora') WHERE highest >= next_value}), 0,
	'no value is given twice');

# --------------------------------------------------------------------------
# DROP EXTENSION
# --------------------------------------------------------------------------

my $privileges_before = sql('shop', $privileges);
cmp_ok(length $privileges_before, '>', 0, 'roles have been given levels');

# (our own types go, and the columns that hold them)
sql('shop', 'DROP TABLE rollup; DROP EXTENSION loyalcs CASCADE');

is_deeply(contents('shop', $tables), $rows_before,
	'without the extension every table has its rows');
is(sql('shop', $columns), $columns_before, 'and its columns');

my (undef, undef, $notices) = $node->psql('shop', q{
	CREATE EXTENSION loyalcs;
	SELECT loyalcs.create_shop('aurora');}, on_error_die => 1);

like($notices, qr/NOTICE:  there is no role leaver, which had level admin in shop aurora\nHINT:  .*grant_shop\('aurora', 'leaver', 'admin'\)/,
	'a role that is gone is named');
is(sql('shop', $privileges), $privileges_before, 'everybody may do what they could');
is(sql('shop', $views), $views_before,
	'create_shop brings every view back');
is(sql('shop', $functions), $functions_before, 'and every function as it was');
is(sql('shop', $triggers), $triggers_before, 'and every trigger');
is_deeply(contents('shop', "$answers LIMIT 9"), { map { $_ => $answers_before->{$_} } (sort keys %$answers_before)[0 .. 8] },
	'with the same answers');
$rows = contents('shop', $tables);
is_deeply($rows, { %$rows_before, shop_migrations => $rows->{shop_migrations} }, 'and touches no row but those of its record');

$node->stop('fast');
done_testing();
