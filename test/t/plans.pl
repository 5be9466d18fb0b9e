#
# What doc/plans.md says that questions cost: pages of the shop are counted when it has
# few rows, and once more when it has ten times as many, of which none are of the
# customer or the months asked for. What is cheap reads as much as before; what is not,
# reads more. The page has every view, and answers for each what can be asked of it.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $as_of = "'2026-10-31 18:00+09'";
my @cells = ('one customer', 'one month', 'the first ten by', 'without a condition');
my %is_cheap = (asked => 1, now => 1, kept => 1, all => 0);

# The rows of the table: views, and under each heading the columns and the word
my (%says, @twice);
foreach my $line (grep { /^\| `/ } split /\n/, slurp_file('doc/plans.md'))
{
	my ($views, @said) = map { s/^\s+|\s+$//gr } (split /\|/, $line, -1)[ 1 .. 5 ];
	my %row;
	foreach my $cell (@cells)
	{
		my ($columns, $word) = shift(@said) =~ /^(?:(`.*`): )?(asked|now|kept|months|all|–)$/
		  or die "doc/plans.md: what is under \"$cell\" of $views?\n";
		$row{$cell} = { word => $word, columns => [ ($columns // '') =~ /`(\w+)`/g ] } if $word ne '–';
	}
	foreach my $view ($views =~ /`(\w+)`/g)
	{
		push @twice, $view if $says{$view};
		$says{$view} = \%row;
	}
}
is("@twice", '', 'the page has no view twice');

my $node = PostgreSQL::Test::Cluster->new('plans');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off\nmax_parallel_workers_per_gather = 0\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION loyalcs;
	SELECT loyalcs.create_shop('shop', time_zone => 'Asia/Tokyo');
	ALTER DATABASE postgres SET search_path = shop;});
system_or_bail('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-f', 'test/plans.sql');

# Views, their columns, and what to read of them as of that instant
my (%columns, %from);
foreach (split /\n/, $node->safe_psql('postgres', q{
	SELECT relname, to_regprocedure(format('%I(timestamptz)', relname || '_at')) IS NOT NULL, attname, atttypid::regtype
	  FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
	 WHERE relnamespace = 'shop'::regnamespace AND relkind = 'v' AND attnum > 0 AND NOT attisdropped}))
{
	my ($view, $is_as_of, $column, $type) = split /\|/;
	$columns{$view}{$column} = $type;
	$from{$view} = $is_as_of eq 't' ? "${view}_at($as_of)" : $view;
}
is(join(' ', grep { !$says{$_} } sort keys %columns), '', 'every view stands in doc/plans.md');
is(join(' ', grep { !$columns{$_} } sort keys %says), '', 'and nothing else does');

# What can be asked of each, and which of it is cheap
my @questions;
foreach my $view (grep { $columns{$_} } sort keys %says)
{
	my ($row, $has) = ($says{$view}, $columns{$view});
	my %asked;
	my $ask = sub {
		my ($cell, $column, $rest) = @_;
		$asked{$cell} = 1;
		push @questions, { view => $view, cell => $cell, column => $column,
			word => ($row->{$cell} // {})->{word} // '', query => "SELECT * FROM $from{$view}" . ($rest // '') };
	};

	$ask->('one customer', 'customer_id', " WHERE customer_id = 'c7'") if $has->{customer_id};
	my ($month) = grep { ($has->{$_} // '') eq 'date' } 'month', 'period_start', 'cohort';
	my @instants = grep { $has->{$_} } @{ ($row->{'one month'} // {})->{columns} // [] };
	foreach my $first ('2026-03-01', '2026-09-01')
	{
		next if $asked{'one month'} && ($row->{'one month'}{word} // '') ne 'asked';
		$ask->('one month', $month, " WHERE $month = '$first'") if $month;
		$ask->('one month', $_, " WHERE $_ >= '$first 00:00+09' AND $_ < timestamptz '$first 00:00+09' + interval '1 month'") foreach @instants;
	}
	$ask->('the first ten by', $_, " ORDER BY $_ DESC LIMIT 10")
	  foreach grep { $has->{$_} } @{ ($row->{'the first ten by'} // {})->{columns} // [] };
	$ask->('without a condition', '*');
	$ask->('without a condition', 'channel', " WHERE channel = 'line'") if $has->{channel};

	is(join(', ', grep { !$row->{$_} } sort keys %asked), '', "the page answers what can be asked of $view");
}

# How many pages each reads. Who is the first to ask something of a view reads catalogs,
# too, and asks once more.
sub pages_read
{
	my (%seen, @counts);
	foreach my $question (grep { exists $is_cheap{ $_->{word} } } @questions)
	{
		push @counts, sprintf 'SELECT trial.pages_read($q$%s$q$, %d)', $question->{query}, $seen{ $question->{view} }++ ? 1 : 2;
	}
	return split /\n/, $node->safe_psql('postgres', join(';', @counts));
}

sub come
{
	my ($customers, $rest) = @_;
	$node->safe_psql('postgres', "CALL trial.come($customers);" . ($rest // ''));
	$node->safe_psql('postgres', "CALL trial.make_ready('2026-10-31 12:00+09')");
	$node->safe_psql('postgres', 'VACUUM ANALYZE');
	return pages_read();
}

my @few = come("0, 199, '2025-10-01 00:00+09', '2026-10-29 00:00+09'", q{
	INSERT INTO improvements (problem, action, owner, theme, reason, product_id, measures, started, finished)
	VALUES ('x', 'x', 'x', 'delivery', '配送', 'P1', '{NPS,CSAT,ticket share,return rate}', '2026-03-10', '2026-03-20')});
my @many = come("10000, 11799, '2026-04-10 00:00+09', '2026-05-20 00:00+09'");

foreach my $question (grep { exists $is_cheap{ $_->{word} } } @questions)
{
	my ($few, $many) = (shift @few, shift @many);
	my $grows = $many > 2 * $few + 5;
	my $name = "$question->{view}, $question->{cell} ($question->{column}): $question->{word}";
	ok(($is_cheap{ $question->{word} } xor $grows), $name)
	  or diag("$question->{query}\nreads $few pages, and $many in a shop with ten times as much");
	note("$few $many $name");
}
# Views with a row for each customer are joined by whoever asks for what two of them
# have; what the planner takes their rows to be decides how.
foreach my $view ('rfm', 'customer_purchases', 'customer_outlook', 'tier_progress', 'lapsing_customers')
{
	my $rows = $node->safe_psql('postgres', qq{SELECT trial.rows_expected(\$q\$SELECT * FROM $from{$view} a JOIN $from{customer_value} b USING (customer_id)\$q\$)});
	cmp_ok($rows, '>=', 200, "$view and customer_value of 2,000 customers are expected to have no less than a tenth of these");
	cmp_ok($rows, '<=', 20000, 'nor ten times as many rows');
}
$node->stop('fast');

done_testing();
