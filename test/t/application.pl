#
# What doc/application.md shows works as it stands there: each program of it is run
# with the client that it is for, where that can be had, and says what the block after
# it says.  And doc/errors.md lists what the functions of a shop refuse, by a name each.
#
# Debian has the clients of Python and Java (python3-psycopg, libpostgresql-jdbc-java);
# that of Node is looked for in NODE_PATH, where Debian has it, and in the modules of
# examples/dashboard ("npm install pg" anywhere else, and NODE_PATH says where).
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# The table of errors is that of the sources.
my ($table, $problem) = ('', '');
ok(IPC::Run::run([ 'perl', 'test/error_table' ], '>', \$table, '2>', \$problem), 'every error of a shop has an SQLSTATE and a name')
  or diag($problem);
my ($listed) = slurp_file('doc/errors.md') =~ /^(\| constraint \|.*)\z/ms;
is($listed, $table, 'doc/errors.md lists them: test/error_table says how');

my $node = PostgreSQL::Test::Cluster->new('application');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
# (JDBC knows no Unix sockets)
$node->append_conf('postgresql.conf', "listen_addresses = '127.0.0.1'\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION loyalcs;
	DO $$ BEGIN PERFORM loyalcs.create_shop('aurora'); END $$;
	INSERT INTO aurora.customers (customer_id, email) VALUES ('J1', 'j1@example.com');
	DO $$ BEGIN PERFORM aurora.start_journeys(now() - interval '1 hour'); END $$;
	UPDATE aurora.journey_steps SET valid = 'empty' WHERE step <> 'order_confirmation';
	INSERT INTO aurora.orders (customer_id, order_id, ordered_at, amount) VALUES ('J1', 'J-1', now(), 1000);
});

# What the errors of tables say is of the same kind: no constraint has a name that
# nobody chose, but for keys and references.
is($node->safe_psql('postgres', q{
	SELECT string_agg(conname, ' ') FROM pg_constraint
	WHERE connamespace = 'aurora'::regnamespace AND contype = 'c' AND conname ~ '_check\d*$'}),
	'', 'every check has a name that says what it checks');

my $dir = PostgreSQL::Test::Utils::tempdir();
$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
$ENV{PGDATABASE} = 'postgres';
chomp($ENV{PGUSER} = $node->safe_psql('postgres', 'SELECT current_user'));
$ENV{JDBC_URL} = 'jdbc:postgresql://127.0.0.1:' . $node->port . "/postgres?user=$ENV{PGUSER}";
$ENV{NODE_PATH} = join ':', $ENV{NODE_PATH} // (), '/usr/share/nodejs', '/usr/lib/nodejs', 'examples/dashboard/node_modules';

sub runs
{
	return IPC::Run::run([@_], '<', \'', '>', \my $out, '2>', \my $error);
}
my ($jar) = glob '/usr/share/java/postgresql.jar';
my ($python) = grep { runs($_, '-c', 'import psycopg') } grep { -x } '/usr/bin/python3', '/usr/local/bin/python3';
my %client = (
	js => [ 'Node', 'pg', scalar runs('node', '-e', "require('pg')"), sub { [ 'node', $_[0] ] } ],
	python => [ 'Python', 'psycopg', defined $python, sub { [ $python, $_[0] ] } ],
	java => [ 'Java', 'JDBC', $jar && runs('java', '-version'), sub { [ 'java', '-cp', $jar, $_[0] ] } ]);

my $page = slurp_file('doc/application.md');
my $programs = 0;
while ($page =~ /^```(js|python|java)\n(.*?)^```\n\n```output\n(.*?)^```/msg)
{
	my ($language, $program, $says) = ($1, $2, $3);
	my ($name, $library, $there, $command) = @{ $client{$language} };
	my $file = "$dir/" . ($language eq 'java' ? 'Worker.java' : "program$programs." . ($language eq 'js' ? 'js' : 'py'));
	$programs++;
	open my $out, '>', $file or die "$file: $!";
	print $out $program;
	close $out;
  SKIP:
	{
		skip "the client $library of $name is not there", 1 unless $there;
		my ($said, $error) = ('', '');
		IPC::Run::run($command->($file), '<', \'', '>', \$said, '2>', \$error, IPC::Run::timeout(300));
		is($said, $says, "program $programs, with $library of $name") or diag($error);
	}
}
cmp_ok($programs, '>=', 4, 'the page has programs');
is(() = $page =~ /^```(?:js|python|java)$/mg, $programs, 'each of which says what it says');

$node->stop('fast');
done_testing();
