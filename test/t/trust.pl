#
# What somebody gains who may create in a schema that others work in: nothing.
#
# For every operator and function that the SQL of ours names, traps are planted
# for all types of arguments that fit without fitting exactly (test/traps.sql):
# in the extension's schema, in a shop's, and in one that stands in the path of
# all functions of a shop.  Then everything is done that there is to do, by a
# superuser too, and no trap springs.
#
use strict;
use warnings;

use Cwd;
use FirstRelease;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('trust');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
my (undef, $conf) = first_release();
$node->append_conf('postgresql.conf', $conf);
$node->append_conf('postgresql.conf', "fsync = off\njit = off\nmax_locks_per_transaction = 1024\nautovacuum = off");
$node->start;

# as(ROLE, DATABASE, SQL): what the role gets printed, errors and warnings too
sub as
{
	my ($role, $database, $sql) = @_;
	my ($code, $stdout, $stderr) = $node->psql(
		$database, "\\set SHOW_CONTEXT always\n$sql",
		extra_params => [ '-U', $role, '-q' ],
		on_error_stop => 0);
	return $stdout . ($stderr =~ s/^psql:<stdin>:\d+: //mgr);
}

# sprung(NAME, OUTPUT): no trap has, and none made a call ambiguous
sub sprung
{
	my ($name, $output) = @_;
	my @lines = split /\n/, $output;
	my @found = grep { $lines[$_] =~ /trap .* has sprung|is not unique|is ambiguous/ } 0 .. $#lines;
	# the context says where it was
	is(join("\n", map { @lines[ $_ .. ($_ + 4 < $#lines ? $_ + 4 : $#lines) ] } @found[ 0 .. ($#found < 9 ? $#found : 9) ]),
		'', "$name: no trap springs");
	return;
}

# caught(NAME, DATABASE): nothing has been built into anything
sub caught
{
	my ($name, $database) = @_;
	is($node->safe_psql($database, q{SELECT victim || ' uses ' || trap FROM traps.caught ORDER BY 1}),
		'', "$name: nothing uses what was planted");
	return;
}

# The names of functions that our SQL calls.
my %names;
foreach my $file (glob('src/*/*.sql src/shop/*/*.sql'))
{
	my $sql = slurp_file($file) =~ s/--.*//mgr;
	$names{$_} = 1 foreach $sql =~ /([a-z_0-9]+)\s*\(/g;
}
my $names = '{' . join(',', sort keys %names) . '}';
my $superuser = $node->safe_psql('postgres', 'SELECT current_user');

$node->safe_psql('postgres', q{
	CREATE ROLE mallory LOGIN;
	CREATE ROLE reader LOGIN;
	CREATE DATABASE trapped OWNER mallory;});
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('trapped'), '-f', 'test/traps.sql' ],
	'the traps are made ready');
is(as('mallory', 'trapped', qq{
		CREATE SCHEMA bait;
		SELECT traps.plant('bait', '$names') > 2000;}), 't', 'mallory plants');
like(as('mallory', 'trapped', q{SET search_path = bait; SELECT 1::numeric >= 1}),
	qr/trap numeric bait\.>= integer has sprung/, 'what she plants works');
$node->safe_psql('postgres', "CREATE DATABASE $_ OWNER mallory TEMPLATE trapped") foreach qw(baited installed updated worked);

# planted(SCHEMA, OF): a query that plants for the functions of another schema
sub planted
{
	my ($schema, $of, $but) = @_;
	$but //= '^$';
	return qq{
		SELECT traps.plant('$schema', array_agg(p.proname::text), '$of') > 300
		FROM pg_proc p
		WHERE p.pronamespace = '$of'::regnamespace AND p.prosrc NOT LIKE '%traps.sprung%' AND
			p.proname !~ '$but';};
}
my $new_shop = q{DO $$ BEGIN PERFORM loyalcs.create_shop('SHOP'::text, 'Asia/Tokyo'::text, 'JPY'::text, 'text'::regtype); END $$;};

# everything(SHOP): reads all that can be read
sub everything
{
	my ($shop) = @_;
	return q{
		SELECT format('SELECT count(*) FROM SHOP.%I', c.relname)
		FROM pg_class c
		WHERE c.relnamespace = 'SHOP'::regnamespace AND c.relkind = 'v'
		UNION ALL
		SELECT format('SELECT count(*) FROM SHOP.%I(now())', p.proname)
		FROM pg_proc p
		WHERE p.pronamespace = 'SHOP'::regnamespace AND p.proretset AND p.proargtypes = '1184'::oidvector AND
			p.prosrc NOT LIKE '%traps.sprung%'
		UNION ALL
		SELECT format('SELECT count(*) FROM SHOP.%I(%L::text, now())', p.proname, b)
		FROM pg_proc p, unnest(SHOP.customer_breakdowns()) b
		WHERE p.pronamespace = 'SHOP'::regnamespace AND p.proname LIKE '%\_by' AND
			p.proargtypes = '25 1184'::oidvector AND p.prosrc NOT LIKE '%traps.sprung%'
		\gexec
	} =~ s/SHOP/$shop/gr;
}

# --------------------------------------------------------------------------
# Making things, where the traps are in the shop's schema.
# --------------------------------------------------------------------------

is(as('mallory', 'baited', qq{
		CREATE EXTENSION loyalcs;
		ALTER SCHEMA bait RENAME TO aurora;
		SELECT traps.plant('aurora', '$names') > 100;} . planted('loyalcs', 'loyalcs')),
	"t\nt", 'traps where the shop will stand');
sprung('a shop is made', as('mallory', 'baited', $new_shop =~ s/SHOP/aurora/r));
caught('a shop is made', 'baited');
is(as('mallory', 'baited', q{SELECT count(*) > 30 FROM pg_class WHERE relnamespace = 'aurora'::regnamespace AND relkind = 'v'}),
	't', 'a shop is made: it is there');

# What fits the shop's own functions, and its rows, can only be planted now.
is(as('mallory', 'baited', qq{SELECT traps.plant('aurora', '$names') > 0;} . planted('aurora', 'aurora')),
	"t\nt", 'traps in the shop');
sprung('it is brought up to date', as('mallory', 'baited', $new_shop =~ s/SHOP/aurora/r));
sprung('everything is read', as($superuser, 'baited', everything('aurora')));
caught('it is brought up to date', 'baited');

# --------------------------------------------------------------------------
# Where they are in the extension's: the script runs as a superuser, whoever
# asks for it.
# --------------------------------------------------------------------------

sprung('the extension is made', as('mallory', 'installed', q{
		ALTER SCHEMA bait RENAME TO loyalcs;
		CREATE EXTENSION loyalcs;}));
is(as('mallory', 'installed', qq{SELECT traps.plant('loyalcs', '$names') > 100;} . planted('loyalcs', 'loyalcs')),
	"t\nt", 'traps in the extension');
sprung('a superuser makes a shop, and all else',
	as($superuser, 'installed', $new_shop =~ s/SHOP/borealis/r . q{
		INSERT INTO borealis.customers (customer_id, birthday) VALUES ('1', date '2000-02-29');
	} . everything('borealis') . q{
		SELECT FROM loyalcs.grant_shop('borealis'::text, 'reader'::regrole, l) FROM unnest('{report,service,admin,none}'::text[]) l;
		SELECT FROM loyalcs.schedule_shop('borealis'::text);
		SELECT loyalcs.unschedule_shop('borealis'::text);
		SELECT * FROM loyalcs.shops;}));
caught('a superuser makes a shop, and all else', 'installed');
sprung('it goes', as($superuser, 'installed', q{
		SELECT loyalcs.drop_shop('borealis'::text, 'borealis'::text);
		DROP EXTENSION loyalcs;}));
is($node->safe_psql('postgres', q{SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'}), 'f', 'mallory is who she was');

# --------------------------------------------------------------------------
# Where they were before a new version came: the script that brings it runs as a
# superuser too, and so may whoever brings a shop of the old one up to date.
# --------------------------------------------------------------------------

# Where a function that is new would stand, another cannot be called instead of it: the
# update says which one is in its place, and does nothing.
$node->safe_psql('postgres', 'CREATE DATABASE squatted OWNER mallory');
as('mallory', 'squatted', q{
	CREATE EXTENSION loyalcs VERSION '0.1.0';
	CREATE FUNCTION loyalcs.ratings_accum(loyalcs.ratings, text) RETURNS loyalcs.ratings LANGUAGE sql RETURN $1;});
like(as($superuser, 'squatted', 'ALTER EXTENSION loyalcs UPDATE;'),
	qr/^ERROR:  function "ratings_accum" already exists/, 'a function in the place of a new one is named');
my $overloaded = '^((ratings|nps|csat|ces)_accum|ratings_remove|ratings_agg|nps|csat|csat_share|csat_percent|ces)$';

is(as('mallory', 'updated', qq{
		CREATE EXTENSION loyalcs VERSION '0.1.0';
		DO \$\$ BEGIN PERFORM loyalcs.create_shop('aurora'::text, 'Asia/Tokyo'::text, 'JPY'::text, 'text'::regtype); END \$\$;
		SELECT traps.plant('loyalcs', '$names') > 100;} . planted('loyalcs', 'loyalcs', $overloaded) . planted('aurora', 'aurora')),
	"t\nt\nt", 'traps in an extension and a shop of the first release');
sprung('the extension is updated', as('mallory', 'updated', 'ALTER EXTENSION loyalcs UPDATE;'));
is($node->safe_psql('updated', q{SELECT extversion <> '0.1.0' FROM pg_extension WHERE extname = 'loyalcs'}), 't', 'and is of this version');
# What fits what is new can only be planted now.
is(as('mallory', 'updated', planted('loyalcs', 'loyalcs')), 't', 'traps in the updated extension');
sprung('its shop is brought up to date', as('mallory', 'updated', $new_shop =~ s/SHOP/aurora/r));
is($node->safe_psql('updated', q{SELECT loyalcs.shop_version('aurora'::regnamespace::oid) <> '0.1.0'}), 't', 'and is');
sprung('a superuser makes another', as($superuser, 'updated', $new_shop =~ s/SHOP/borealis/r));
sprung('everything in both is read', as($superuser, 'updated', everything('aurora') . everything('borealis')));
caught('the extension is updated', 'updated');

# A schema that has become another's since is refused before anything is done.
$node->safe_psql('postgres', 'CREATE ROLE eve LOGIN; CREATE DATABASE taken OWNER mallory');
as('mallory', 'taken', q{CREATE EXTENSION loyalcs VERSION '0.1.0'});
foreach my $taken (
	[ 'ALTER SCHEMA loyalcs OWNER TO eve', qr/schema loyalcs belongs to eve/ ],
	[ 'GRANT CREATE ON SCHEMA loyalcs TO PUBLIC', qr/others may create in schema loyalcs/ ],
	[ 'CREATE FUNCTION loyalcs.f() RETURNS int RETURN 1; ALTER FUNCTION loyalcs.f OWNER TO eve', qr/schema loyalcs is not empty/ ])
{
	foreach my $who ('mallory', $superuser)
	{
		like(as($superuser, 'taken', "BEGIN; $taken->[0]; SET ROLE $who; ALTER EXTENSION loyalcs UPDATE;"),
			qr/ERROR:  $taken->[1]\nDETAIL/, "$taken->[0]: refused to $who");
	}
}
is(as('mallory', 'taken', q{ALTER EXTENSION loyalcs UPDATE}), '', 'and nothing else is');

# --------------------------------------------------------------------------
# Doing things: the regression tests of the shop, with a schema full of traps in
# the path of every function, but not in the tests' own.
# --------------------------------------------------------------------------

is( $node->safe_psql('worked', q{
		CREATE EXTENSION loyalcs;
		DO $$ BEGIN PERFORM loyalcs.create_shop('pattern'); END $$;
	} . "SELECT traps.plant('bait', '$names') > 100;" . planted('bait', 'pattern') . planted('loyalcs', 'loyalcs', 'shop') . q{
		DROP SCHEMA pattern CASCADE;
		CREATE FUNCTION traps.bait() RETURNS event_trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
		DECLARE
			f record;
		BEGIN
			FOR f IN
				SELECT p.oid::regprocedure AS signature, p.pronamespace::regnamespace AS shop
				FROM pg_event_trigger_ddl_commands() d
				JOIN pg_proc p ON p.oid = d.objid AND d.classid = 'pg_proc'::regclass
				WHERE p.proconfig::text LIKE '%, pg_temp%' AND p.proconfig::text NOT LIKE '%, bait,%' AND
					p.pronamespace::regnamespace::text NOT IN ('traps', 'loyalcs', 'bait')
			LOOP
				EXECUTE format('ALTER FUNCTION %s SET search_path = %s, bait, pg_temp', f.signature, f.shop);
			END LOOP;
		END $$;
		CREATE EVENT TRIGGER bait ON ddl_command_end WHEN TAG IN ('CREATE FUNCTION') EXECUTE FUNCTION traps.bait();}),
	"t\nt\nt", 'traps in the path of every function');

# A shop in such a database, for the tests that want one, as test/check has it for them.
$node->safe_psql('postgres', 'CREATE DATABASE shopped TEMPLATE worked STRATEGY file_copy');
sprung('the shop of the tests is made', as($superuser, 'shopped', q{
		SELECT FROM loyalcs.create_shop('shop');
		UPDATE shop.journeys SET started_at = '-infinity';}));

# Those of the tests that are quick, two at a time; what the others are about is
# done below with a handful of rows.
$ENV{PG_ABS_SRCDIR} = getcwd();
my @tests = map { "shop_$_" } qw(breakdown journeys orders points_posting points_reports points_reversal
  points_rules reviews sla sla_warnings surveys templates tickets imported_orders imported_tickets imported_surveys);
my %output;
while (my @two = splice(@tests, 0, 2))
{
	my @running;
	foreach my $test (@two)
	{
		my $template = slurp_file("sql/$test.sql") =~ /^-- test: setup shop$/m ? 'shopped' : 'worked';
		$node->safe_psql('postgres', "CREATE DATABASE $test TEMPLATE $template STRATEGY file_copy");
		$output{$test} = '';
		push @running, IPC::Run::start([ 'psql', '-Xqa', '-d', $node->connstr($test), '-f', "sql/$test.sql" ],
			'<', \undef, '>&', \$output{$test});
	}
	$_->finish foreach @running;
	sprung($_, $output{$_}) foreach @two;
}

my $worked = as($superuser, 'worked', q{
	SELECT FROM loyalcs.create_shop('small');
	SET search_path = small;
	UPDATE journey_steps SET valid = '(,)' WHERE pg_catalog.isempty(valid);
	INSERT INTO customers (customer_id, email, birthday, joined_at)
		SELECT 'c' || i, 'c' || i || '@example.com', current_date - 10000 + i, now() - interval '400 days'
		FROM generate_series(0, 9) i;
	INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at)
		SELECT 'c' || i % 10, 'o' || i, now() - i * interval '20 days', 3000 + i * 100,
			now() - i * interval '20 days', now() - i * interval '20 days'
		FROM generate_series(0, 29) i;
	INSERT INTO order_items (customer_id, order_id, line, product_id, amount)
		SELECT o.customer_id, o.order_id, l, 'p' || l, 1000 FROM orders o, generate_series(1, 2) l;
	INSERT INTO consents (customer_id, given) SELECT customer_id, true FROM customers;
	UPDATE orders SET cancelled_at = now() WHERE order_id = 'o7';
	INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES ('c5', 'r', 'o5', now(), 500);
	UPDATE returns SET refund = 600;
	SELECT count(earn_points(customer_id, order_id)) FROM orders;
	SELECT adjust_points('c1', 500, 'start');
	SELECT redeem_points('c1', 200, 'pay');
	SELECT count(*) FROM evaluate_tiers();
	SELECT count(*) FROM evaluate_tiers(everyone => true);
	SELECT refresh_rfm_cuts();
	SELECT count(*) FROM refresh_related_products(minimum_support => 1);
	SELECT count(*) FROM expire_points();
	INSERT INTO surveys VALUES ('s', 'S');
	SELECT count(*) FROM draw_survey_wave('s', share => 0.5);
	SELECT count(*) FROM draw_survey_wave('s', size => 2, channel => 'phone', rest => '1 day');
	SELECT count(*) FROM pick_phone_hearings();
	INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('c1', 't', 'email'), ('c1', 'u', 'email');
	INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES
		('c1', 't', now() - interval '9 days', 'opened'), ('c1', 'u', now() - interval '8 days', 'opened');
	INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('c1', 'u', now(), 'resolved');
	SELECT queue_followups();
	SELECT count(complete_followup(c.followup_id, outcome => (ARRAY['sent', 'failed', 'undeliverable'])[c.n], key => c.claim_key))
		FROM (SELECT c.*, row_number() OVER () AS n FROM claim_followups(worker => 'w', at_most => 3) c) c;
	SELECT count(release_followup(followup_id, key => claim_key)) FROM claim_followups(worker => 'w');
	SELECT queue_sla_warnings();
	SELECT count(complete_sla_warning(warning_id, outcome => 'failed', key => claim_key)) FROM claim_sla_warnings(worker => 'w');
	SELECT count(*) FROM next_offers('c1');
	SELECT format('SELECT count(*) FROM small.%I()', p.proname)
		FROM pg_proc p
		WHERE p.pronamespace = 'small'::regnamespace AND p.prokind = 'f' AND p.pronargs = p.pronargdefaults AND
			p.prorettype <> 'trigger'::regtype
	\gexec
	DELETE FROM returns;
} . everything('small'));
sprung('a small shop works', $worked);
unlike($worked, qr/ERROR/, 'and does');

$node->stop('fast');
done_testing();
