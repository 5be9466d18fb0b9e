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
my $first = q{
	CREATE ROLE analyst LOGIN;
	SELECT loyalcs.grant_shop('aurora', 'analyst', 'report');
	SELECT aurora.refresh_kept_figures(), aurora.refresh_kept_tickets();};
$primary->safe_psql('filled', $first);
$primary->backup('whole');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'whole', has_streaming => 1);
$standby->start;
# (what comes after the backup comes by the stream)
my $more = q{
	INSERT INTO aurora.orders (customer_id, order_id, ordered_at, amount)
	SELECT customer_id, 'on the way', '2026-10-31 12:00+09', 5000 FROM aurora.customers ORDER BY customer_id LIMIT 3;};
$primary->safe_psql('filled', $more);
$primary->wait_for_catchup($standby);

# What an aggregate is called with, by the number of the argument, its type and name, or its
# type alone.
my %argument = (
	'smallint' => 'score',
	'integer' => 'score::integer',
	'bigint' => 'extract(epoch FROM at)::bigint',
	'double precision' => 'score::double precision',
	'numeric' => 'amount',
	'text' => 'score::text',
	'boolean' => 'score > 2',
	'interval' => q{amount * interval '1 minute'},
	'timestamp with time zone' => 'at',
	'integer[]' => 'ARRAY[1, 2]',
	'bigint[]' => 'ARRAY[60000000, 90000000]::bigint[]',
	'numeric[]' => 'ARRAY[amount, 10]',
	'timestamp with time zone[]' => q{ARRAY[at, at + interval '40 days']},
	'loyalcs.ratings' => 'ratings',
	'loyalcs.purchases' => 'purchases',
	'loyalcs.lexicon' => q{loyalcs.lexicon 'slow: late; lovely: nice'},
	'loyalcs.ticket_event' => q{(CASE WHEN at < '2026-01-02' THEN 'opened' ELSE 'agent_reply' END)::loyalcs.ticket_event},
	'text kind' => q{CASE WHEN at < '2026-01-02' THEN 'opened' ELSE 'agent_reply' END},
	'text body' => q{CASE score WHEN 1 THEN 'late again' WHEN 5 THEN 'nice' ELSE 'so so' END},
	'text time_zone' => q{text 'UTC'},
	'timestamp with time zone as_of' => q{timestamptz '2026-12-31'},
	'bigint part' => '0::bigint',
	'boolean gone' => 'false',
	'bigint merged_into' => 'NULL::bigint',
	'bigint x' => '(score % 4)::bigint',
	'double precision t_x' => 'CASE WHEN score % 4 = 0 THEN 0 ELSE amount::double precision END',
	'double precision t' => '600::double precision',
	'double precision mean' => 'amount::double precision',
	'double precision penalty' => '0.1::double precision',
	'loyalcs.top_share 2' => '0.2::double precision');

# calls(SESSION): of each aggregate that there is its signature, its name and a query over
# public.answers
sub calls
{
	my ($session) = @_;
	my @calls;

	foreach (split /\n/, $session->sql(q{
		SELECT concat_ws('|', p.oid::regprocedure, concat('loyalcs.', p.proname),
				(SELECT string_agg(concat(t::regtype, ' ', p.proargnames[n]), '|' ORDER BY n) FROM unnest(p.proargtypes) WITH ORDINALITY a (t, n)))
		FROM pg_proc p WHERE p.prokind = 'a' AND p.pronamespace = 'loyalcs'::regnamespace ORDER BY p.oid::regprocedure::text COLLATE "C"}))
	{
		my ($signature, $name, @types) = split /\|/;
		my @values = map { $argument{"$name $_"} // $argument{ $types[ $_ - 1 ] } // $argument{ $types[ $_ - 1 ] =~ s/ \w*$//r } // die "$signature: no value for argument $_" } 1 .. @types;
		my $from = "@types" =~ /loyalcs\.(ratings|purchases)/
			? '(SELECT loyalcs.ratings_agg(score) AS ratings, loyalcs.purchases_agg(at, amount) AS purchases FROM public.answers GROUP BY customer_id) s'
			: 'public.answers';
		push @calls, [ $signature, $name, "SELECT $name(" . join(', ', @values) . ") FROM $from" ];
	}
	return @calls;
}

# Rows for it
sub answers
{
	return q{
		INSERT INTO public.answers
		SELECT i % 997, timestamptz '2026-01-01 00:00+00' + i * interval '1 minute', (1 + i * 7 / 3 % 5)::smallint, 1 + i * 31 % 500 FROM generate_series(1, 20000) i};
}

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

# What is asked of Citus below is asked here of one server, which is everywhere: a new
# aggregate has to have values that it can be called with.
my $alone = Session->new($primary, 'filled');
$alone->sql('CREATE TABLE public.answers (customer_id bigint, at timestamptz, score smallint, amount numeric);' . answers());
my @calls = calls($alone);
cmp_ok(scalar(@calls), '>', 40, 'there are many aggregates');
is(join(' ', map { $_->[0] } grep { $alone->sql($_->[2]) eq '' } @calls), '', 'and each says something of some answers');
$alone->end;
$primary->stop;

# --------------------------------------------------------------------------
# A group of brands, each on a server of its own, and its figures from their states.
# --------------------------------------------------------------------------

# rows(WHICH): what fills a shop with the customers of that condition: some 9,000 answers and orders
sub rows
{
	my ($which) = @_;
	return qq{
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

# (A server is copied in less time than a shop is made: each of them begins with the same new one.)
my %nodes = map { $_ => PostgreSQL::Test::Cluster->new($_) } qw(east west north group);
$nodes{group}->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
$nodes{group}->start;
$nodes{group}->safe_psql('postgres', q{CREATE EXTENSION loyalcs; SELECT FROM loyalcs.create_shop('aurora')});
$nodes{group}->stop;
$nodes{group}->backup_fs_cold('new');
$nodes{$_}->init_from_backup($nodes{group}, 'new') foreach qw(east west north);
$nodes{$_}->start foreach sort keys %nodes;
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
my $has_citus = $nodes{group}->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'citus'});
$nodes{$_}->stop foreach keys %nodes;

# --------------------------------------------------------------------------
# One table on many nodes, beside a shop that is on one: what the page says of Citus
# --------------------------------------------------------------------------

# How two states are compared that hold the same in another order.
my %reading = (
	'loyalcs.ladder_agg' => q{SELECT string_agg(l::text, ' ' ORDER BY l.order_number) FROM loyalcs.ladder('STATE', '2026-12-31') l},
	'loyalcs.spent_agg' => q{SELECT array_agg(v ORDER BY v) FROM unnest('STATE'::bigint[]) v});

# sent(PLAN): what a node is asked
sub sent
{
	return join("\n", $_[0] =~ /^ *Query: (.*)$/mg);
}

SKIP:
{
	skip 'Citus is not installed here', 1 if !$has_citus;

	my $node = filled_node('coordinator');
	my @workers = map { PostgreSQL::Test::Cluster->new($_) } qw(worker_1 worker_2);
	$_->init(extra => [ '--encoding=UTF8', '--no-locale' ]) foreach @workers;
	foreach my $member ($node, @workers)
	{
		$member->append_conf('postgresql.conf', "shared_preload_libraries = 'citus'\ncitus.node_conninfo = 'sslmode=prefer'\nmax_connections = 100\njit = off");
		$member->start;
	}
	# (the shop was there before Citus, which then makes loyalcs nowhere by itself)
	$_->safe_psql('postgres', 'CREATE DATABASE filled') foreach @workers;
	$_->safe_psql('filled', 'CREATE EXTENSION citus; CREATE EXTENSION loyalcs') foreach @workers;
	$node->safe_psql('filled', 'CREATE EXTENSION citus; ' . join(' ', map {
			my ($call, $of) = @$_;
			sprintf q{SELECT %s('%s', %d);}, $call, $of->host, $of->port
		} [ 'citus_set_coordinator_host', $node ], map { [ 'citus_add_node', $_ ] } @workers));

	# A shop on the coordinator is what it is without Citus,
	$node->safe_psql('filled', $_) foreach $first, $more;
	($code, $stdout, $stderr) = $node->psql('filled', "SET timezone = 'UTC';\n$readers\n\\gexec\n", on_error_stop => 0);
	is($stderr, '', 'every figure of a shop on the coordinator answers');
	# (when its nightly jobs ran is another time)
	is($stdout =~ s/^shop_health_at.*\n//mr, $told{primary} =~ s/^shop_health_at.*\n//mr, 'as without Citus');
	($code, $stdout, $stderr) = $node->psql('filled', q{
		SET citus.enable_ddl_propagation = off;
		SELECT loyalcs.create_shop('brand');
		SELECT loyalcs.create_shop('brand');
		SELECT loyalcs.drop_shop('brand', 'brand');});
	is($stderr, '', 'and is made, and dropped, without a word of it');
	# and cannot be distributed.
	($code, $stdout, $stderr) = $node->psql('filled', q{SELECT citus_schema_distribute('aurora')});
	like($stderr, qr/circular dependencies between distributed objects/, 'a finished shop is no distributed schema');
	($code, $stdout, $stderr) = $node->psql('filled', q{SELECT create_distributed_table('aurora.orders', 'customer_id')});
	like($stderr, qr/circular dependencies between distributed objects/, 'and none of its tables is distributed by customer');

	my $session = Session->new($node, 'filled');
	$session->sql(q{
		CREATE TABLE public.answers (customer_id bigint, at timestamptz, score smallint, amount numeric);
		SELECT create_distributed_table('public.answers', 'customer_id', shard_count => 8);
	} . answers() . q{;
		CREATE TABLE public.same AS SELECT * FROM public.answers;
		CREATE TABLE public.parcels (customer_id bigint, parcel text, answered_at timestamptz, PRIMARY KEY (customer_id, parcel));
		SELECT create_distributed_table('public.parcels', 'customer_id', colocate_with => 'public.answers');
		INSERT INTO public.parcels SELECT customer_id, 'p' || score, at FROM public.answers WHERE amount = 1 ON CONFLICT DO NOTHING;
		CREATE TABLE public.same_parcels AS SELECT * FROM public.parcels;
		CREATE TABLE public.words (score smallint PRIMARY KEY, word text);
		INSERT INTO public.words SELECT i, 'w' || i % 2 FROM generate_series(1, 4) i;
		CREATE TABLE public.same_words AS SELECT * FROM public.words;
		SELECT create_reference_table('public.words');});
	is($session->sql(q{SELECT count(DISTINCT nodename || nodeport) FROM citus_shards WHERE table_name = 'public.answers'::regclass}), 2, 'a table lies on two nodes');

	# plain(QUERY): the same over tables of one server
	my $plain = sub { return $_[0] =~ s/public\.(answers|parcels|words)\b/'public.same' . ($1 eq 'answers' ? '' : "_$1")/egr };
	my $plan = sub { return $session->sql("EXPLAIN (VERBOSE, COSTS OFF) $_[0]") };

	# Every aggregate that there is,
	foreach (calls($session))
	{
		my ($signature, $name, $query) = @$_;

		like(sent($plan->($query)), qr/^SELECT (?:pg_catalog\.)?worker_partial_agg\('\Q$signature\E'::regprocedure/, "$signature: each node sends a state");
		my @answers = map { $session->sql($_) } $query, $plain->($query);
		@answers = map { $session->sql($reading{$name} =~ s/STATE/$_/r) } @answers if $reading{$name};
		isnt($answers[0], '', "$signature says something");
		is($answers[0], $answers[1], "$signature: the same as of one table");
	}

	# and what may be around it.
	foreach (
		[ 'a condition in the call', q{SELECT loyalcs.nps(score) FILTER (WHERE amount < 100) FROM public.answers} ],
		[ 'by day', q{SELECT date_trunc('day', at, 'Asia/Tokyo') AS day, loyalcs.csat(score) FROM public.answers GROUP BY 1 HAVING loyalcs.ces(score) > 1 ORDER BY 1} ],
		[ 'joined by customer', q{SELECT p.parcel, loyalcs.ratings_agg(a.score) FROM public.answers a JOIN public.parcels p USING (customer_id) GROUP BY 1 ORDER BY 1} ],
		[ 'joined to a reference table', q{SELECT w.word, loyalcs.ratings_agg(a.score) FROM public.answers a JOIN public.words w USING (score) GROUP BY 1 ORDER BY 1} ],
		[ 'joined to a table of a shop', q{SELECT loyalcs.ratings_agg(a.score) FROM public.answers a JOIN aurora.settings s ON loyalcs.local_date(a.at, s.time_zone) > '2026-01-04'} ])
	{
		my ($what, $query) = @$_;
		like(sent($plan->($query)), qr/worker_partial_agg\('loyalcs\./, "$what: states are sent");
		is($session->sql($query), $session->sql($plain->($query)), "$what: the same");
	}
	foreach (
		[ 'by customer', q{SELECT customer_id, loyalcs.purchases_agg(at, amount), loyalcs.quintiles(amount) FROM public.answers GROUP BY customer_id ORDER BY customer_id} ],
		[ 'an order and each value once, by customer', q{SELECT customer_id, loyalcs.ratings_agg(score ORDER BY at), loyalcs.nps(DISTINCT score) FROM public.answers GROUP BY customer_id ORDER BY customer_id} ],
		[ 'a window of a customer', q{SELECT customer_id, at, loyalcs.nps(score) OVER (PARTITION BY customer_id ORDER BY at) FROM public.answers ORDER BY 1, 2} ])
	{
		my ($what, $query) = @$_;
		my $explained = $plan->($query);
		unlike($explained =~ s/^ *Task Count.*//msr, qr/Agg|coord_combine/, "$what: nothing is left to the coordinator");
		like(sent($explained), qr/SELECT .*loyalcs\.\w+\(/, "$what: the nodes do it");
		is($session->sql($query), $session->sql($plain->($query)), "$what: the same");
	}
	like($plan->(q{SELECT loyalcs.nps(score) FROM public.answers WHERE customer_id = 7}), qr/Task Count: 1\n/, 'one customer is asked of one node');

	# What travels as rows, or not at all.
	foreach (
		[ 'an order in the call', q{SELECT loyalcs.ratings_agg(score ORDER BY at) FROM public.answers} ],
		[ 'each value once', q{SELECT loyalcs.nps(DISTINCT score) FROM public.answers} ],
		[ 'a window of all', q{SELECT at, loyalcs.nps(score) OVER (ORDER BY at) FROM public.answers ORDER BY at} ])
	{
		my ($what, $query) = @$_;
		unlike(sent($plan->($query)), qr/loyalcs\.\w+\(|worker_partial_agg/, "$what: rows are sent");
		is($session->sql($query), $session->sql($plain->($query)), "$what: the same");
	}
	my $other = q{SELECT loyalcs.ratings_agg(a.score) FROM public.answers a JOIN public.parcels p ON p.answered_at = a.at};
	($code, $stdout, $stderr) = $node->psql('filled', $other);
	like($stderr, qr/requires repartitioning/, 'a join by anything else is refused');
	is($session->sql("SET citus.enable_repartition_joins = on; $other"), $session->sql($plain->($other)), 'unless rows may be sent from node to node');
	($code, $stdout, $stderr) = $node->psql('filled', q{EXPLAIN (ANALYZE) SELECT loyalcs.nps(score) FROM public.answers});
	like($stderr, qr/pseudo-type cstring/, 'EXPLAIN ANALYZE is refused where states are sent');
	($code, $stdout, $stderr) = $node->psql('filled', q{ALTER TABLE public.parcels ADD UNIQUE (parcel)});
	like($stderr, qr/do not include the partition column/, 'a unique key without the customer as well');

	# Functions over it
	$session->sql(q{
		CREATE FUNCTION public.inlined() RETURNS SETOF public.answers STABLE BEGIN ATOMIC SELECT * FROM public.answers; END;
		CREATE FUNCTION public.every() RETURNS bigint STABLE BEGIN ATOMIC SELECT count(*) FROM public.answers; END;
		CREATE FUNCTION public.of_customer(bigint) RETURNS bigint STABLE BEGIN ATOMIC SELECT count(*) FROM public.answers a WHERE a.customer_id = $1; END;
		CREATE FUNCTION public.until(timestamptz) RETURNS bigint STABLE BEGIN ATOMIC SELECT count(*) FROM public.answers a WHERE a.at <= $1; END;
		CREATE FUNCTION public.plpgsql_until(upto timestamptz) RETURNS loyalcs.ratings LANGUAGE plpgsql STABLE AS $$
		BEGIN RETURN (SELECT loyalcs.ratings_agg(a.score) FROM public.answers a WHERE a.at <= upto); END$$;});
	foreach (
		[ q{SELECT count(*) FROM public.inlined()}, qr/SQL functions referencing distributed tables are not supported/ ],
		[ q{SELECT public.until('2026-01-05')}, qr/could not create distributed plan/ ])
	{
		my ($query, $message) = @$_;
		($code, $stdout, $stderr) = $node->psql('filled', $query);
		like($stderr, $message, "refused: $query");
	}
	is($session->sql(q{SELECT public.every(), public.of_customer(7)}), $session->sql(q{SELECT count(*), count(*) FILTER (WHERE customer_id = 7) FROM public.same}), 'those of no parameter, or of one customer, answer');
	is($session->sql(q{SELECT public.plpgsql_until('2026-01-05')}), $session->sql(q{SELECT loyalcs.ratings_agg(score) FROM public.same WHERE at <= '2026-01-05'}), 'a PL/pgSQL function answers');

	# The page's own statements, and a figure of the shop beside what is distributed.
	my ($section) = slurp_file('doc/machines.md') =~ /^## [^\n]*Citus\n(.*)/ms;
	my @blocks = $section =~ /^psql shop <<'SQL'\n(.*?)^SQL$/msg;
	is(scalar(@blocks), 3, 'the page has examples');
	($code, $stdout, $stderr) = $node->psql('filled', $blocks[0] . q{
		INSERT INTO history.answers
		SELECT a.customer_id, r.responded_at, a.question, a.score
		FROM aurora.survey_answers a JOIN aurora.survey_responses r USING (customer_id, response_id) WHERE a.score IS NOT NULL;});
	is($stderr, '', 'which run: a distributed table');
	($code, $stdout, $stderr) = $node->psql('filled', $blocks[1]);
	is($stderr, '', 'a shop on the coordinator');
	($code, $stdout, $stderr) = $node->psql('filled', $blocks[2]);
	is($stderr, '', 'and both in one question');
	is($stdout, $node->safe_psql('filled', q{
			SELECT s.segment, loyalcs.nps(a.score) FROM aurora.rfm s JOIN aurora.survey_answers a USING (customer_id) WHERE a.question = 'recommend' GROUP BY 1 ORDER BY 1}),
		'which the shop answers alone as well');
	($code, $stdout, $stderr) = $node->psql('filled', q{SELECT count(*) FROM aurora.rfm JOIN history.answers USING (customer_id)});
	like($stderr, qr/SQL functions referencing distributed tables are not supported/, 'not without the temporary table');

	$session->end;
	$_->stop foreach $node, @workers;
}

done_testing();
