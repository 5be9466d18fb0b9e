#
# Figures that are kept are those of the orders, of the answers to surveys and of the logs
# of tickets, at every moment: while clients order, cancel, return, answer, write in, date
# back and delete, and others refresh what is kept, each figure is compared with the rows
# in the same snapshot; and once more after the server was killed in the middle of it.
#
# LOYALCS_KEPT_SECONDS is for how long; 6 unless it says otherwise.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = $ENV{LOYALCS_KEPT_SECONDS} // 6;

my $node = PostgreSQL::Test::Cluster->new('kept');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
$node->append_conf('postgresql.conf', "jit = off\nfsync = on\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION loyalcs;
	SELECT loyalcs.create_shop('shop', time_zone => 'Asia/Tokyo');
	INSERT INTO shop.customers (customer_id, region) SELECT 'c' || i, 'r' || i % 3 FROM generate_series(0, 11) i;
	ALTER DATABASE postgres SET search_path = shop;});
system_or_bail('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), map { ('-f', "test/${_}_steps.sql") } ('order', 'answer', 'ticket'));

# What does not agree, if anything; each as of an instant of its own.
my $check = $node->basedir . '/check.sql';
append_to_file($check, q{\set day random(0, 1000)
SELECT 1 / (NOT EXISTS (SELECT FROM trial.differs_from_orders('2024-06-01 00:00+09'::timestamptz + :day * interval '1 day')))::integer;
SELECT 1 / (NOT EXISTS (SELECT FROM trial.differs_from_answers('2024-06-01 00:00+09'::timestamptz + :day * interval '1 day')))::integer;
SELECT 1 / (NOT EXISTS (SELECT FROM trial.differs_from_logs('2025-01-01 00:00+09'::timestamptz + :day * interval '6 hours')))::integer;
});
my $write = $node->basedir . '/write.sql';
# (not TRUNCATE, of which every snapshot sees nothing of what was there)
append_to_file($write, q{\set i random(1, 1000000000)
SELECT trial.try_step(:i) WHERE NOT (trial.roll(:i, 'kind', 14) = 12 AND trial.roll(:i, 'rare', 6) = 2);
\set j random(1, 1000000000)
SELECT trial.try_survey_step(:j) WHERE NOT (trial.roll(:j, 'kind', 16) = 13 AND trial.roll(:j, 'rare', 6) = 2);
\set k random(1, 1000000000)
SELECT trial.try_ticket_step(:k);
});
my $refresh = $node->basedir . '/refresh.sql';
append_to_file($refresh, "SELECT refresh_kept_figures('2025-09-01 00:00+09');\nSELECT refresh_kept_tickets();\n");

sub clients
{
	my ($file, $clients, $for) = @_;
	return [ 'pgbench', '-n', '-c', $clients, '-T', $for, '-f', $file, '-h', $node->host, '-p', $node->port, 'postgres' ];
}

# Each with what its transactions see.
my @sides = map {
	my ($name, $file, $clients, $isolation) = @$_;
	my ($in, $out, $err) = ('', '', '');
	local $ENV{PGOPTIONS} = "-c default_transaction_isolation=$isolation";
	{ name => $name, err => \$err, out => \$out,
		run => IPC::Run::start(clients($file, $clients, $seconds), \$in, \$out, \$err) };
  } ([ 'writers', $write, 3, 'read\\ committed' ], [ 'refreshers', $refresh, 2, 'read\\ committed' ],
	[ 'readers', $check, 2, 'repeatable\\ read' ]);

foreach my $side (@sides)
{
	$side->{run}->finish;
	my $done = ${ $side->{out} } =~ /number of transactions actually processed: (\d+)/ ? $1 : 0;
	ok($done > 0 && ${ $side->{err} } !~ /aborted|ERROR/, "the $side->{name} come through")
	  or diag(${ $side->{err} });
	note("$side->{name}: $done");
}

is($node->safe_psql('postgres', q{SELECT refresh_kept_figures('2025-09-01 00:00+09') >= 0, histories_are_kept()}), 't|t',
	'what is kept is believed in the end');
is($node->safe_psql('postgres', q{SELECT NOT lower_inf(unkept_days('answers', '{survey_answers,survey_responses}', 'infinity')), NOT lower_inf(unkept_days('invitations', '{survey_invitations,survey_responses}', 'infinity'))}), 't|t',
	'and of surveys');
is($node->safe_psql('postgres', q{SELECT refresh_kept_tickets() >= 0; SELECT tickets_are_kept(), unkept_days('promises', '{kept_promises}', 'infinity') <@ '{[2025-12-01,)}'::datemultirange}), "t\nt|t",
	'and of tickets');
is($node->safe_psql('postgres', qq{SELECT * FROM trial.differs_from_$_('2026-01-01 00:00+09')}), '', "and right, of $_")
  foreach ('orders', 'answers', 'logs');

# Killed while all of that goes on
my $noted = 'SELECT last_value FROM shop.customer_changes_entry_id_seq';
my $before = $node->safe_psql('postgres', $noted);
my ($in, $out, $err) = ('', '', '');
my @killed = map { IPC::Run::start(clients($_, 2, 600), \$in, \$out, \$err) } ($write, $refresh);
$node->poll_query_until('postgres', "SELECT ($noted) > $before + 100")
  or die "nothing was written\n";
$node->stop('immediate');
$_->finish foreach @killed;
$node->start;
foreach my $as_of ('2025-03-01 00:00+09', '2026-01-01 00:00+09', 'infinity')
{
	is($node->safe_psql('postgres', qq{SELECT * FROM trial.differs_from_$_('$as_of')}), '', "right after the server was killed, of $_ as of $as_of")
	  foreach ('orders', 'answers', 'logs');
}
$node->stop;

done_testing();
