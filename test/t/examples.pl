#
# The SQL of examples/metabase and examples/grafana runs as it stands there, for somebody of
# the level "report", over the demo's shop.  What those programs put into it is put in here;
# the programs themselves are not run.
#
use strict;
use warnings;

use Filled;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my $node = filled_node('examples');
$node->start;

# Who reads, as the pages say.
foreach my $tool ('metabase', 'grafana')
{
	my ($setup) = slurp_file("examples/$tool/README.md") =~ /^```sql\n(.*?)^```$/ms;
	$node->safe_psql('filled', $setup);
}

# as(TOOL, SQL): what the reader of that program gets
my %session = map { $_ => Session->new($node, 'filled', $_) } 'metabase', 'grafana';

sub as
{
	my ($tool, $sql) = @_;
	my $rows = eval { $session{$tool}->sql($sql) };
	my $problem = defined $rows ? $session{$tool}->said : $@;
	return ($problem eq '', $rows, $problem);
}

# What a dashboard puts in place of its own words, for the last instant of the demo's shop.
my $as_of = "'2026-10-31T14:59:00Z'";
my %put_in = (
	metabase => [ sub { $_[0] =~ s/\[\[(.*?)\]\]/$1/gr =~ s/\{\{as_of\}\}/$as_of/gr },
		# (a filter that is not set: what stands in double brackets goes)
		sub { $_[0] =~ s/\[\[.*?\]\]//gr } ],
	grafana => [ sub { $_[0] =~ s/\$__timeTo\(\)/$as_of/gr } ]);

my %questions;
foreach my $tool ('metabase', 'grafana')
{
	foreach my $file (glob "examples/$tool/*.sql")
	{
		my ($board) = $file =~ m{([^/]*)\.sql$};
		my $text = slurp_file($file);
		foreach my $statement (grep { /\S/ } split /;\n/, $text)
		{
			# the last comment before it says what it is
			my ($title) = $statement =~ /^-- (.*?)  \(.*\)\n(?!--)/m;
			push @{ $questions{$tool} }, "$board: " . ($title // '?');
			my $sql = $statement =~ s/^--.*\n//mgr;
			my $n = 0;
			foreach my $put_in (@{ $put_in{$tool} })
			{
				# (as of now, when the demo's shop is of the past, it is enough that it could run)
				my ($ran, $rows, $problem) = as($tool, ($n ? 'EXPLAIN ' : '') . $put_in->($sql));
				ok($ran, "$file: $title" . ($n ? ', as of now' : '')) or diag($problem);
				isnt($rows, '', "$file: $title: there is something to see") unless $n++;
			}
		}
	}
}
is_deeply($questions{grafana}, $questions{metabase}, 'both ask the same');
is(join(' ', map { s/:.*//r } @{ $questions{metabase} }) =~ s/(\w+)( \1)+/$1/gr, 'loyalty overview retention satisfaction service',
	'of everything that they are to be asked about');

my ($ran, $rows, $problem) = as('grafana', 'UPDATE orders SET amount = 0');
ok(!$ran, 'and they can change nothing');

$node->stop('fast');
done_testing();
