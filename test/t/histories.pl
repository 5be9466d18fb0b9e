#
# Points of orders, whatever happened to them and in whichever order it was
# entered: random histories of customers against a slow reading of the rules
# (test/histories.sql).
#
# LOYALCS_POINTS_HISTORIES is how many, 150 by default; 10,000 take an hour.
# LOYALCS_POINTS_SEED is another set of them.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $histories = $ENV{LOYALCS_POINTS_HISTORIES} || 150;
my $seed      = $ENV{LOYALCS_POINTS_SEED}      || 1;

my $node = PostgreSQL::Test::Cluster->new('histories');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
$node->append_conf('postgresql.conf', "fsync = off\n");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION loyalcs');

my ($out, $err) = ('', '');
my $result = run_log(
	[
		'psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1',
		'-v', "histories=$histories", '-v', "seed=$seed",
		'-d', $node->connstr('postgres'), '-f', 'test/histories.sql'
	],
	'>', \$out, '2>', \$err);
ok($result, 'the histories run') or diag($err);
note($err);

my @lines = split /\n/, $out;
my ($tried) = grep { /^customers \d+, orders/ } @lines;
my @wrong = grep { !/^customers \d+, orders/ && /\S/ } @lines;
is_deeply(\@wrong, [], 'each order and each account has what it ought to');
like($tried // '', qr/^customers $histories,/, 'all of them');
note($tried // 'nothing');

# What the histories are for has happened.
foreach my $what ('with points', 'earned more than once', 'points back', 'by VIP rule')
{
	like($tried // '', qr/$what [1-9]/, $what);
}

$node->stop;
done_testing();
