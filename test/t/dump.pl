#
# A shop outlives everything: pg_dump and restore bring all of it back, DROP
# EXTENSION takes none of its rows, and the extension made again answers as it
# did before.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('dump');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
$node->start;

$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->safe_psql('shop', q{
	CREATE EXTENSION loyalcs;
	SELECT loyalcs.create_shop('aurora');});
$node->command_ok(
	[
		'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1',
		'-d', $node->connstr('shop'),
		'-f', 'test/demo.d/fill.sql'
	],
	'the demo\'s shop is filled');

# All answers are asked for as of the last thing that happened in the shop.
my $as_of = $node->safe_psql('shop',
	q{SELECT max(ordered_at) AT TIME ZONE 'UTC' || '+00' FROM aurora.orders});

# contents(DATABASE, QUERY): one line for each relation the query names with an
# expression for FROM: its name, its number of rows, and a digest of them
sub contents
{
	my ($database, $query) = @_;
	my $parts = $node->safe_psql($database, $query);
	my %contents;

	foreach my $line (split /\n/, $parts)
	{
		my ($name, $from) = split /\|/, $line, 2;
		$contents{$name} = $node->safe_psql($database,
			"SELECT count(*), md5(string_agg(r::text, E'\\n' ORDER BY r::text COLLATE \"C\")) FROM $from AS r");
	}
	return \%contents;
}

my $tables = q{
	SELECT relname, oid::regclass
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

my $views = q{
	SELECT string_agg(oid::regclass::text, ' ' ORDER BY relname)
	FROM pg_class
	WHERE relnamespace = 'aurora'::regnamespace AND relkind = 'v'};

my $columns = q{
	SELECT attrelid::regclass, attnum, attname, format_type(atttypid, atttypmod), attnotnull
	FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
	WHERE relnamespace = 'aurora'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0 AND
		NOT attisdropped
	ORDER BY relname, attnum};

my $rows_before = contents('shop', $tables);
my $answers_before = contents('shop', $answers);
my $views_before = $node->safe_psql('shop', $views);
my $columns_before = $node->safe_psql('shop', $columns);

cmp_ok(scalar(keys %$rows_before), '>', 0, 'the shop has tables');
cmp_ok(scalar(keys %$answers_before), '>', 0, 'the shop has answers');
is(join(' ', grep { $answers_before->{$_} =~ /^0\|/ } sort keys %$answers_before),
	'', 'none of the answers is empty');

# --------------------------------------------------------------------------
# Values of our own types, in tables of anybody's
# --------------------------------------------------------------------------

$node->safe_psql(
	'shop', q{
	CREATE TABLE rollup (
		day date PRIMARY KEY,
		answers loyalcs.ratings,
		orders loyalcs.purchases,
		hours loyalcs.business_hours
	);
	INSERT INTO rollup
	SELECT date '2026-01-01' + day,
		(SELECT loyalcs.ratings_agg(score % 11) FROM generate_series(1, day) AS score),
		(SELECT loyalcs.purchases_agg(timestamptz '2026-01-01 00:00:00.000001+09' + day * interval '1 hour',
				(n * 1000.0001)::numeric(20, 4))
			FROM generate_series(1, day) AS n),
		loyalcs.business_hours(format('Mo-Fr 09:00-17:00; Fr,Sa 22:00-02:00; PH off; Dec 29-Jan 03 off; %s off',
				to_char(date '2026-01-01' + day, 'YYYY Mon DD')),
			(ARRAY['Asia/Tokyo', 'Europe/London'])[1 + day % 2], (ARRAY['', 'JP', 'JP,2026-08-13'])[1 + day % 3])
	FROM generate_series(0, 100) AS day;
	CREATE INDEX ON rollup (answers);
	CREATE INDEX ON rollup USING hash (orders);
	CREATE INDEX ON rollup (hours);
});
my $rollup = q{
	SELECT md5(string_agg(encode(loyalcs.ratings_send(answers), 'hex') || ' ' ||
		encode(loyalcs.purchases_send(orders), 'hex') || ' ' || loyalcs.business_hours_hash_extended(hours, 1),
		E'\n' ORDER BY day)), count(answers), count(orders), count(hours)
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
is_deeply(contents('restored', $answers), $answers_before,
	'every answer is the same in the restored shop');
is($node->safe_psql('restored', $columns), $columns_before, 'with its columns');
is($node->safe_psql('restored', $views), $views_before, 'every view is back');
is($node->safe_psql('restored', $rollup), $node->safe_psql('shop', $rollup),
	'stored ratings, purchases and business hours are the same to the bit');

# --------------------------------------------------------------------------
# DROP EXTENSION
# --------------------------------------------------------------------------

# (our own types go, and the columns that hold them)
$node->safe_psql('shop', 'DROP TABLE rollup; DROP EXTENSION loyalcs CASCADE');

is_deeply(contents('shop', $tables), $rows_before,
	'without the extension every table has its rows');
is($node->safe_psql('shop', $columns), $columns_before, 'and its columns');

$node->safe_psql('shop', q{
	CREATE EXTENSION loyalcs;
	SELECT loyalcs.create_shop('aurora');});

is($node->safe_psql('shop', $views), $views_before,
	'create_shop brings every view back');
is_deeply(contents('shop', $answers), $answers_before, 'with the same answers');
is_deeply(contents('shop', $tables), $rows_before, 'and touches no row');

$node->stop('fast');
done_testing();
