#
# Anybody may call any function with anything that its types allow.  So every
# function of the extension that is in C, and every aggregate, is called with
# what nobody would: NULLs, arrays of two dimensions, the first and the last
# instant that there are, states that no aggregate made, zones that no map knows.
# An error of the function's own is fine.  An internal one (SQLSTATE XX...), a
# lost connection and a call that never ends are not.
#
# Functions and types come from the catalog, so what is added later is tried too;
# a type that test/hostile.sql has no values for fails the test.  Types of the
# extension are given text and binary values that were right before somebody
# spoiled them.
#
#   LOYALCS_HOSTILE_CALLS=N   calls of each function at most (default 250)
#   LOYALCS_HOSTILE_SEED=N    another choice among the combinations
#   LOYALCS_HOSTILE_ONLY=RE   functions whose name matches
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $calls = $ENV{LOYALCS_HOSTILE_CALLS} || 250;
my $seed = $ENV{LOYALCS_HOSTILE_SEED} || 1;
my $only = $ENV{LOYALCS_HOSTILE_ONLY} || '';

my $node = PostgreSQL::Test::Cluster->new('hostile');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
# Each call is a subtransaction that fails, and says nothing that is not known.
$node->append_conf('postgresql.conf', q{
	log_min_error_statement = panic
	log_min_messages = fatal
	timezone = 'UTC'
	search_path = 'hostile, loyalcs'
	restart_after_crash = on
	jit = off
});
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION loyalcs');

$node->command_ok(
	[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-f', 'test/hostile.sql' ],
	'there are values and a way to call');

# answers([NAME, SQL]...): what the statements print, by name.  They are sent one
# after the other, in one connection for as long as it lasts.
sub answers
{
	my @questions = @_;
	my %answers;

	while (@questions)
	{
		my ($code, $stdout, $stderr) = $node->psql('postgres',
			join('', map { "\\echo == $_->[0]\n$_->[1];\n" } @questions),
			on_error_stop => 0);
		my $last;
		foreach my $line (split /\n/, $stdout)
		{
			if ($line =~ /^== (.*)/) { $last = $1; $answers{$last} = ''; }
			elsif (defined $last) { $answers{$last} .= $line; }
		}
		$answers{$last} = "the connection was lost: $stderr" if $code == 2 && defined $last;
		note($stderr) if $stderr ne '';

		# what this connection did not come to is asked in another
		my @rest = grep { !exists $answers{ $_->[0] } } @questions;
		last if @rest == @questions;
		@questions = @rest;
		$node->poll_query_until('postgres', 'SELECT true') if @questions;
	}
	return %answers;
}

# attack(WHAT, FUNCTION, CALLS, NAME...): calls the SQL function for each name, with
# a time limit, and tests that none was bad
sub attack
{
	my ($what, $function, $most, @names) = @_;
	my $started = time;
	my %answers = answers(
		map {
			my $name = s/'/''/gr;
			[ $_, "SET statement_timeout = '30s'; SELECT $function('$name', $most, $seed)" ]
		} @names);
	my $made = 0;
	my @bad;

	foreach my $name (@names)
	{
		my $answer = $answers{$name} // '';
		$made += $1 if $answer =~ /^(\d+) /;
		push @bad, "$name: " . ($answer eq '' ? 'an error, or no end' : $answer) if $answer !~ /^\d+ ok$/;
	}
	is(join("\n", @bad), '', "$what: no internal error, no lost connection, no call without an end");
	note(sprintf '%s: %d calls for %d, in %.1f s', $what, $made, scalar @names, time - $started);
	return;
}

# names(QUERY): of the extension's objects of a catalog
sub names
{
	my ($catalog, $name, $condition) = @_;
	return split /\n/, $node->safe_psql('postgres', qq{
		SELECT $name
		FROM $catalog o JOIN pg_depend d ON d.classid = '$catalog'::regclass AND d.objid = o.oid AND d.deptype = 'e'
			JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
		WHERE e.extname = 'loyalcs' AND $condition});
}

# (states are made before they are read)
my @functions = names('pg_proc', 'o.oid::regprocedure', qq{
	(prokind = 'a' OR prolang IN (SELECT oid FROM pg_language WHERE lanname IN ('c', 'internal'))) AND
	NOT 'internal'::regtype = ANY (proargtypes::oid[]) AND proname ~ '$only'
	ORDER BY (prorettype = 'bytea'::regtype) DESC, o.oid::regprocedure::text});
my @types = names('pg_type', 'o.oid::regtype', q{typtype = 'b' AND typcategory <> 'A' ORDER BY 1});

cmp_ok(scalar @functions, '>', 150, 'there are functions') if $only eq '';
cmp_ok(scalar @types, '>=', 3, 'there are types');
attack('functions', 'attack', $calls, @functions);
attack('input', 'attack_input', 4 * $calls, @types);
attack('receive', 'attack_receive', 2 * $calls, @types);

# --------------------------------------------------------------------------
# What takes long can be cancelled.  Each of these is given a tenth of the time
# that it takes here and now, and must not take half of it.
# --------------------------------------------------------------------------

$node->safe_psql('postgres', q{
	CREATE UNLOGGED TABLE long AS
		SELECT array_agg(x) AS floats, array_agg((x * 1e6)::bigint) AS amounts,
			array_agg(timestamptz '2026-01-01' + x * interval '1000 days') AS instants
		FROM (SELECT (hashint8extended(i, 0) & 1073741823) / 1073741823.0::float8 AS x
			FROM generate_series(1, 1000000) i) s;
	ALTER TABLE long ALTER floats SET STORAGE external, ALTER amounts SET STORAGE external,
		ALTER instants SET STORAGE external;
	UPDATE long SET floats = floats || 0.5::float8, amounts = amounts || 1::bigint, instants = instants || now();
});
my %long = (
	gini => 'SELECT gini_final(floats) FROM long',
	top_share => 'SELECT top_share_final(0.2::float8 || floats) FROM long',
	tier_spans => q{SELECT cardinality(tier_spans(instants[:200000], instants[:200000], NULL::timestamptz[] || array_fill(NULL::timestamptz, '{200000}'),
		array_fill(1::numeric, '{200000}'), array_fill('(1,V,1,1,,,rolling,1 year,,,,)'::tier_rule, '{1}'), 'UTC')) FROM long},
	placeholders => q{SELECT cardinality(placeholders(string_agg('{{n' || i || '}}', ''))) FROM generate_series(1, 300000) i},
	render => q{SELECT length(render(repeat('{{n}}', 2000000), '{"n": 1}'))});
foreach my $name (sort keys %long)
{
	my ($whole, $cut, $cancelled);

	# (a machine has other things to do: one of five must show it)
	foreach my $try (1 .. 5)
	{
		my $started = time;
		$node->safe_psql('postgres', $long{$name});
		$whole = time - $started;
		$started = time;
		my ($code, $stdout, $stderr) = $node->psql('postgres',
			sprintf("SET statement_timeout = %d; %s", 1 + $whole * 100, $long{$name}));
		$cut = time - $started;
		$cancelled = $stderr =~ /canceling statement due to statement timeout/ && $cut < $whole / 2;
		last if $cancelled;
	}
	ok($cancelled, "$name can be cancelled")
	  or diag sprintf('%.3f s, and %.3f s with a time limit', $whole, $cut);
}

$node->stop('fast');
done_testing();
