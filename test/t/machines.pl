#
# More machines than one: readers on a hot standby, the figures of a group of brands
# whose shops are on servers of their own, and, where Citus is installed, the
# aggregates over a table that lies on many nodes.
#
use strict;
use warnings;

use Filled;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

# --------------------------------------------------------------------------
# Whoever reads may do so on a standby: nothing that answers writes.
# --------------------------------------------------------------------------

my $primary = filled_node('primary');
$primary->append_conf('postgresql.conf', "wal_level = replica\nmax_wal_senders = 4\nhot_standby = on\nhot_standby_feedback = on\njit = off");
$primary->set_replication_conf;
$primary->start;
$primary->safe_psql('filled', q{
	CREATE ROLE analyst LOGIN;
	SELECT loyalcs.grant_shop('aurora', 'analyst', 'report');
	SELECT aurora.refresh_kept_figures(), aurora.refresh_kept_tickets();});
$primary->backup('whole');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'whole', has_streaming => 1);
$standby->start;
# (what comes after the backup comes by the stream)
$primary->safe_psql('filled', q{
	INSERT INTO aurora.orders (customer_id, order_id, ordered_at, amount)
	SELECT customer_id, 'on the way', '2026-10-31 12:00+09', 5000 FROM aurora.customers ORDER BY customer_id LIMIT 3;});
$primary->wait_for_catchup($standby);

my $as_of = '2026-10-31 23:59+09';
my $readers = qq{
	SELECT format('SELECT %L, count(*), md5(string_agg(r::text, E''\\n'' ORDER BY r::text COLLATE "C")) FROM aurora.%I(%L::timestamptz) r', proname, proname, '$as_of')
	FROM pg_proc
	WHERE pronamespace = 'aurora'::regnamespace AND proretset AND proargtypes[0] = 'timestamptz'::regtype AND pronargs - pronargdefaults <= 1
		AND provolatile <> 'v' AND proname LIKE '%\\_at'
	UNION ALL
	SELECT format('SELECT %L, count(*), md5(string_agg(r::text, E''\\n'' ORDER BY r::text COLLATE "C")) FROM aurora.%I(''tier'', %L::timestamptz) r', proname, proname, '$as_of')
	FROM pg_proc
	WHERE pronamespace = 'aurora'::regnamespace AND proname LIKE '%\\_by' AND proargtypes = '25 1184'::oidvector AND proargnames[1] = 'breakdown'
	UNION ALL
	SELECT 'SELECT ''report'', 1, md5(aurora.monthly_report_html_at(''2026-10-01'', ''$as_of'', ''ja''))'
	UNION ALL
	SELECT 'SELECT ''card'', 1, md5(aurora.customer_card_at(''A00100'', ''$as_of'')::text)'
	ORDER BY 1};
my %told;
foreach my $node ($primary, $standby)
{
	my ($code, $stdout, $stderr) = $node->psql('filled', "SET timezone = 'UTC';\n$readers\n\\gexec\n", on_error_stop => 0);
	is($stderr, '', 'every figure answers on the ' . $node->name);
	$told{ $node->name } = $stdout;
}
is($standby->safe_psql('filled', 'SELECT pg_is_in_recovery()'), 't', 'which is a standby');
is($told{standby}, $told{primary}, 'and says the same');
cmp_ok(scalar(split /\n/, $told{standby}), '>', 70, 'there are many');
my ($code, $stdout, $stderr) = $standby->psql('filled', q{
	SELECT format('SELECT count(*) FROM aurora.%I', relname) FROM pg_class WHERE relnamespace = 'aurora'::regnamespace AND relkind = 'v'
	\gexec
}, on_error_stop => 0);
is($stderr, '', 'and so does every view');
($code, $stdout, $stderr) = $standby->psql('filled', q{SET ROLE analyst; SELECT count(*) > 0 FROM aurora.repeat_rate});
is($stdout, 't', 'for somebody of level report as well');
# What writes says so, in the server's own words.
($code, $stdout, $stderr) = $standby->psql('filled', 'SELECT aurora.refresh_kept_figures()');
like($stderr, qr/read-only transaction|during recovery/, 'what writes is refused');
$standby->stop;
$primary->stop;

# --------------------------------------------------------------------------
# A group of brands, each on a server of its own, and its figures from their states.
# --------------------------------------------------------------------------

# rows(WHICH): a shop with the customers of that condition: some 9,000 answers and orders
sub rows
{
	my ($which) = @_;
	return qq{
		CREATE EXTENSION loyalcs;
		SELECT FROM loyalcs.create_shop('aurora');
		SET search_path = aurora;
		SET jit = off;
		INSERT INTO customers (customer_id, joined_at) SELECT 'c' || i, '2026-01-01 00:00+09' FROM generate_series(1, 900) i WHERE $which;
		INSERT INTO orders (customer_id, order_id, ordered_at, amount)
		SELECT 'c' || i, 'o' || i || '-' || n, timestamptz '2026-01-05 12:00+09' + (i * 7919 + n * 104729) % 260 * interval '1 day', 1000 + (i * 31 + n * 17) % 9000
		FROM generate_series(1, 900) i, generate_series(1, 1 + i % 9) n WHERE $which;
		INSERT INTO surveys VALUES ('after', 'After');
		INSERT INTO survey_questions (survey, question, kind, wording, scale_low, scale_high) VALUES ('after', 'nps', 'nps', 'N?', 0, 10), ('after', 'csat', 'csat', 'C?', 1, 5);
		INSERT INTO survey_responses (customer_id, response_id, survey, responded_at, channel)
		SELECT 'c' || i, 'r' || n, 'after', timestamptz '2026-01-01 09:00+09' + (i * 13 + n * 7) % 60 * interval '1 day', 'email'
		FROM generate_series(1, 900) i, generate_series(1, 10) n WHERE $which;
		INSERT INTO survey_answers (customer_id, response_id, survey, question, score)
		SELECT 'c' || i, 'r' || n, 'after', q, CASE q WHEN 'nps' THEN (i * 5 + n * 3) % 11 ELSE 1 + (i + n) % 5 END
		FROM generate_series(1, 900) i, generate_series(1, 10) n, unnest('{nps,csat}'::text[]) q WHERE $which;
		CREATE VIEW answer_days AS
		SELECT a.question, loyalcs.local_date(r.responded_at, s.time_zone) AS day, loyalcs.ratings_agg(a.score) AS ratings
		FROM survey_answers a JOIN survey_responses r USING (customer_id, response_id) CROSS JOIN settings s
		GROUP BY 1, 2;
		CREATE VIEW order_cohorts AS SELECT c.counted FROM counted_cohorts('everyone', '2026-11-01 00:00+09') c;
	};
}

my %nodes = map { $_ => PostgreSQL::Test::Cluster->new($_) } qw(east west north group);
foreach my $name (sort keys %nodes)
{
	$nodes{$name}->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
	$nodes{$name}->start;
}
my %part = (east => 'i % 3 = 0', west => 'i % 3 = 1', north => 'i % 3 = 2', group => 'true');
$nodes{$_}->safe_psql('postgres', rows($part{$_})) foreach sort keys %part;
my $me = $nodes{group}->safe_psql('postgres', 'SELECT current_user');
$nodes{group}->safe_psql('postgres', 'CREATE EXTENSION postgres_fdw; CREATE SCHEMA brands;' . join('', map {
			my ($host, $port) = ($nodes{$_}->host, $nodes{$_}->port);
			qq{
		CREATE SERVER $_ FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$host', port '$port', dbname 'postgres', extensions 'loyalcs', fetch_size '1000');
		CREATE USER MAPPING FOR CURRENT_USER SERVER $_ OPTIONS (user '$me');
		CREATE SCHEMA $_;
		IMPORT FOREIGN SCHEMA aurora LIMIT TO (answer_days, order_cohorts) FROM SERVER $_ INTO $_;}
	} qw(east west north)) . q{
		CREATE VIEW brands.answer_days AS SELECT * FROM east.answer_days UNION ALL SELECT * FROM west.answer_days UNION ALL SELECT * FROM north.answer_days;
		CREATE VIEW brands.order_cohorts AS SELECT * FROM east.order_cohorts UNION ALL SELECT * FROM west.order_cohorts UNION ALL SELECT * FROM north.order_cohorts;});

my $scores = q{
	SELECT question, date_trunc('month', day)::date, loyalcs.responses(sum), loyalcs.nps(sum), loyalcs.mean(sum), loyalcs.nps_interval(sum), loyalcs.histogram(sum)
	FROM (SELECT question, date_trunc('month', day)::date AS day, loyalcs.sum(ratings) FROM FROM_HERE.answer_days GROUP BY 1, 2) s ORDER BY 1, 2};
my $of_group = $nodes{group}->safe_psql('postgres', $scores =~ s/FROM_HERE/brands/r);
is($of_group, $nodes{group}->safe_psql('postgres', $scores =~ s/FROM_HERE/aurora/r), 'the scores of three brands are those of one shop with all of their answers');
cmp_ok(length $of_group, '>', 100, 'and there are some');
# (the same by hand, of the answers themselves)
is($nodes{group}->safe_psql('postgres', q{
			SELECT round((100.0 * (count(*) FILTER (WHERE score >= 9) - count(*) FILTER (WHERE score <= 6)) / count(*))::numeric, 6) FROM aurora.survey_answers WHERE question = 'nps'}),
	$nodes{group}->safe_psql('postgres', q{SELECT round(loyalcs.nps(loyalcs.sum(ratings))::numeric, 6) FROM brands.answer_days WHERE question = 'nps'}),
	'as counted by hand');
my $cohorts = q{
	SELECT c.unit, c.cohort, c.period, c.customers, c.orders, c.revenue, c.repeat_customers
	FROM (SELECT COUNTED AS counted FROM FROM_HERE.order_cohorts) g, LATERAL loyalcs.cohorts(g.counted) c ORDER BY 1, 2, 3};
$nodes{group}->safe_psql('postgres', 'CREATE AGGREGATE brands.cohorts_sum(bytea) (SFUNC = loyalcs.cohorts_plus, STYPE = bytea)');
is($nodes{group}->safe_psql('postgres', $cohorts =~ s/FROM_HERE/brands/r =~ s/COUNTED/brands.cohorts_sum(counted)/r),
	$nodes{group}->safe_psql('postgres', $cohorts =~ s/FROM_HERE/aurora/r =~ s/COUNTED/counted/r),
	'and so is who bought when');

# What travels: a row a question and day of each brand, and none of a customer.
my $plan = JSON::PP->new->decode($nodes{group}->safe_psql('postgres',
		q{EXPLAIN (ANALYZE, TIMING OFF, FORMAT json) SELECT question, loyalcs.nps(loyalcs.sum(ratings)) FROM brands.answer_days GROUP BY 1}));
my ($rows, $scans) = (0, 0);
my $walk;
$walk = sub {
	my ($of) = @_;
	if ($of->{'Node Type'} eq 'Foreign Scan')
	{
		++$scans;
		$rows += $of->{'Actual Rows'} * $of->{'Actual Loops'};
	}
	$walk->($_) foreach @{ $of->{Plans} // [] };
};
$walk->($plan->[0]{Plan});
is($scans, 3, 'each brand is asked');
cmp_ok($rows, '>', 0, 'rows travel');
cmp_ok($rows, '<=', 3 * 2 * 60, 'a row a question and day of each');
my $answers = $nodes{group}->safe_psql('postgres', 'SELECT count(*) FROM aurora.survey_answers');
cmp_ok($answers, '>', 40 * $rows, "where there are $answers answers");
cmp_ok($nodes{group}->safe_psql('postgres', 'SELECT sum(pg_column_size(f)) FROM brands.answer_days f'), '<', 100_000, 'some ten kilobytes in all');
# What is asked of days is asked there.
like($nodes{group}->safe_psql('postgres', q{EXPLAIN (VERBOSE, COSTS OFF) SELECT loyalcs.nps(ratings) FROM east.answer_days WHERE day = '2026-01-05' AND loyalcs.responses(ratings) > 5}),
	qr/Remote SQL: .*WHERE .*day = .*loyalcs\.responses\(ratings\) > 5/, 'what loyalcs computes is computed where the rows are');
$nodes{$_}->stop foreach keys %nodes;

# --------------------------------------------------------------------------
# One table on many nodes
# --------------------------------------------------------------------------

SKIP:
{
	my $node = PostgreSQL::Test::Cluster->new('citus');
	$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
	$node->start;
	my $is_there = $node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'citus'});
	if (!$is_there)
	{
		$node->stop;
		skip 'Citus is not installed here', 2;
	}
	$node->append_conf('postgresql.conf', q{shared_preload_libraries = 'citus'});
	$node->restart;
	my $port = $node->port;
	$node->safe_psql('postgres', qq{
		CREATE EXTENSION citus;
		CREATE EXTENSION loyalcs;
		SELECT citus_set_coordinator_host('localhost', $port);
		CREATE TABLE answers (customer_id bigint, at timestamptz, score smallint, amount numeric);
		SELECT create_distributed_table('answers', 'customer_id');
		INSERT INTO answers SELECT i % 997, timestamptz '2026-01-01 00:00+00' + i * interval '1 minute', (i * 7 % 11)::smallint, i % 500 FROM generate_series(1, 20000) i;
		CREATE TABLE same AS SELECT * FROM answers;});
	my $all = q{
		SELECT loyalcs.nps(score), loyalcs.ratings_agg(score), loyalcs.quintiles(amount) FROM TABLE};
	is($node->safe_psql('postgres', $all =~ s/TABLE/answers/r), $node->safe_psql('postgres', $all =~ s/TABLE/same/r), 'aggregates over a distributed table');
	my $each = q{
		SELECT md5(string_agg(customer_id || ' ' || p::text, ',' ORDER BY customer_id))
		FROM (SELECT customer_id, loyalcs.purchases_agg(at, amount) AS p FROM TABLE GROUP BY customer_id) s};
	is($node->safe_psql('postgres', $each =~ s/TABLE/answers/r), $node->safe_psql('postgres', $each =~ s/TABLE/same/r), 'and by customer');
	$node->stop;
}

done_testing();
