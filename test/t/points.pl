#
# Points outlive the server: it is killed while clients post (see
# test/client/points.c), and what they were told is in the books of the one that
# is started after it.
#
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = PostgreSQL::Test::Cluster->new('points');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);

# What is committed is with the kernel, which is not killed: fsync may be off.
$node->append_conf(
	'postgresql.conf', qq{
synchronous_commit = on
max_connections = 50
log_statement = none
});
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION loyalcs');

my $pg_config = $ENV{PG_CONFIG} || 'pg_config';
my %config =
  map { /^(\w+) = (.*)/ ? ($1 => $2) : () } split /\n/, `$pg_config`;
my $program = "$PostgreSQL::Test::Utils::tmp_check/points";
command_ok(
	[
		$ENV{CC} || 'gcc', '-g', '-O1', '-I', $config{INCLUDEDIR}, '-L',
		$config{LIBDIR}, '-o', $program, 'test/client/points.c', '-lpq'
	],
	'the clients are built');

# A quarter of the time that they have without a crash.
local $ENV{LOYALCS_POINTS_SECONDS} = ($ENV{LOYALCS_POINTS_SECONDS} || 20) / 4;
my ($in, $out) = ('', '');
my $clients = IPC::Run::start(
	[ $program, 'crash', $node->connstr('postgres') ],
	'<', \$in, '>', \$out, '2>&1',
	IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
$clients->pump until $out =~ /^(ready to be killed|Bail out!.*)$/m || !$clients->pumpable;

# The postmaster is stopped first, so that it neither starts another child nor
# tells of those that are gone.
my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
kill 'STOP', $postmaster;
my @children =
  map { /^\s*(\d+)\s+$postmaster\s*$/ ? $1 : () } split /\n/, `ps -A -o pid= -o ppid=`;
cmp_ok(scalar(@children), '>', 24, 'the clients have a server each');
is(kill('KILL', @children), scalar(@children), 'they are killed');
$node->kill9;

foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
{
	last unless kill 0, $postmaster, @children;
	usleep(100_000);
}
$node->start;
like(slurp_file($node->logfile), qr/database system was not properly shut down/, 'and recovers');

$in .= "the server is there\n";
$clients->pump while $clients->pumpable;
ok($clients->finish, 'the clients are content');

# Their tests are ours.
foreach my $line (split /\n/, $out)
{
	if ($line =~ /^(not )?ok \d+ - (.*)/)
	{
		ok(!defined $1, $2);
	}
	else
	{
		note($line);
	}
}

$node->stop;
done_testing();
