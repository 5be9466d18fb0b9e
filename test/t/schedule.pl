#
# A shop's jobs in pg_cron itself, where that is installed; sql/schedule.sql has
# a stand-in for it.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

chomp(my $share = `$ENV{PG_CONFIG} --sharedir`);
plan skip_all => 'pg_cron is not installed' unless -f "$share/extension/pg_cron.control";

my $node = PostgreSQL::Test::Cluster->new('schedule');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
$node->append_conf('postgresql.conf', q{
timezone = 'Asia/Tokyo'
jit = off
shared_preload_libraries = 'pg_cron'
cron.database_name = 'postgres'
cron.use_background_workers = on
});
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_cron;
	CREATE EXTENSION loyalcs;
	CREATE ROLE brand LOGIN;
	CREATE DATABASE other OWNER brand;
	GRANT CREATE ON DATABASE postgres TO brand;
});
$node->safe_psql('other', 'CREATE EXTENSION loyalcs');

# as(ROLE, DATABASE, SQL): what the role gets printed, errors too
sub as
{
	my ($role, $database, $sql) = @_;
	my ($code, $stdout, $stderr) = $node->psql($database, $sql, extra_params => [ '-U', $role ], on_error_stop => 0);
	return $stdout . $stderr;
}

as('brand', $_, q{SELECT loyalcs.create_shop('aurora')}) foreach 'postgres', 'other';
like(as('brand', 'postgres', q{SELECT loyalcs.schedule_shop('aurora')}), qr/role brand may not schedule jobs/,
	'it takes the right to use pg_cron');
$node->safe_psql('postgres', 'GRANT USAGE ON SCHEMA cron TO brand');

my $jobs = 'SELECT count(*), count(to_do), count(DISTINCT job) = count(*) FROM loyalcs.schedule_shop(\'aurora\')';
my $first = as('brand', 'postgres', $jobs);
like($first, qr/^[1-9]\d*\|0\|t$/, 'jobs are scheduled');
my $kept = q{SELECT jobname, schedule, command, database, username, active FROM cron.job ORDER BY jobname};
my $rows = $node->safe_psql('postgres', $kept);
like($rows, qr/^loyalcs:aurora:refresh_rfm_cuts\|10 18 \* \* \*\|SELECT aurora\.refresh_rfm_cuts\(\)\|postgres\|brand\|t$/m,
	'pg_cron has them');
is(as('brand', 'postgres', $jobs), $first, 'it may be called again');
is($node->safe_psql('postgres', $kept), $rows, 'and changes nothing');
foreach my $command (split /\n/, $node->safe_psql('postgres', 'SELECT command FROM cron.job ORDER BY jobname'))
{
	unlike(as('brand', 'postgres', $command), qr/ERROR/, "$command does");
}

# The shop of another database: said what to do, it can be done.
my $to_do = as('brand', 'other', q{SELECT to_do FROM loyalcs.schedule_shop('aurora')});
like($to_do, qr/NOTICE:  pg_cron is not installed/, 'an ordinary role does not see where pg_cron is');
$node->safe_psql('postgres', 'GRANT pg_read_all_settings TO brand');
$to_do = as('brand', 'other', q{SELECT to_do FROM loyalcs.schedule_shop('aurora')});
like($to_do, qr/Connect to database postgres as a superuser/, 'one who may read settings does');
$node->safe_psql('postgres', join '', $to_do =~ /^SELECT .*?;/mg);
like($node->safe_psql('postgres', q{SELECT jobname, schedule, command, username FROM cron.job WHERE database = 'other'}),
	qr/^other:loyalcs:aurora:refresh_rfm_cuts\|10 18 \* \* \*\|SELECT aurora\.refresh_rfm_cuts\(\)\|brand$/m, 'and what is said to do does it');

as('brand', 'postgres', q{SELECT loyalcs.drop_shop('aurora', 'aurora')});
is($node->safe_psql('postgres', q{SELECT count(*) FROM cron.job WHERE database = 'postgres'}), '0', 'jobs go with their shop');

$node->stop('fast');
done_testing();
