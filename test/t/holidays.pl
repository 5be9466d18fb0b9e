#
# Japan's holidays against somebody else's list: the npm package
# @holiday-jp/holiday_jp, day by day from 1970 to 2050. Skipped, and said so,
# where there is no npm or no way to its registry.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $package = '@holiday-jp/holiday_jp@2.5.1';
my $dir = "$PostgreSQL::Test::Utils::tmp_check/npm";

foreach my $program ('npm', 'node')
{
	plan skip_all => "$program is not installed"
	  if system("command -v $program >/dev/null 2>&1") != 0;
}
mkdir $dir;
plan skip_all => "npm cannot fetch $package"
  if system("cd '$dir' && npm install --fetch-retries=0 --fetch-timeout=20000 --no-audit --no-fund --ignore-scripts --cache '$dir/cache' '$package' >npm.log 2>&1") != 0;

my $theirs = `cd '$dir' && TZ=UTC node -e '
	const { between } = require("\@holiday-jp/holiday_jp");
	for (const day of between(new Date("1970-01-01"), new Date("2050-12-31")))
		console.log(day.date.toISOString().slice(0, 10) + " " + day.name);'`;

# It names what a substitute holiday stands for, says "休日" of a citizens'
# holiday, and is shorter about the imperial house. Otherwise names agree.
utf8::decode($theirs);
my %name_of = (
	"\x{4f11}\x{65e5}" => "\x{56fd}\x{6c11}\x{306e}\x{4f11}\x{65e5}",
	"\x{4f53}\x{80b2}\x{306e}\x{65e5}\x{ff08}\x{30b9}\x{30dd}\x{30fc}\x{30c4}\x{306e}\x{65e5}\x{ff09}" =>
	  "\x{4f53}\x{80b2}\x{306e}\x{65e5}");
my %one_of = map { $_ => 1 } qw(1989-02-24 1993-06-09 2019-05-01 2019-10-22);
my (%theirs, %ours);
foreach my $line (split /\n/, $theirs)
{
	my ($day, $name) = split / /, $line, 2;
	$name = $name_of{$name} // $name;
	$name =~ s/^.* (?=\x{632f}\x{66ff})//;    # 振替休日
	$theirs{$day} = $name;
}

my $node = PostgreSQL::Test::Cluster->new('holidays');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION loyalcs');
my $ours = $node->safe_psql('postgres', q{
	SELECT day::date || ' ' || loyalcs.japanese_holiday(day::date)
	FROM generate_series(date '1970-01-01', date '2050-12-31', interval '1 day') AS day
	WHERE loyalcs.japanese_holiday(day::date) IS NOT NULL
	ORDER BY day});
$ours =~ /[^\x00-\x7f]/ or die 'names should be Japanese';
utf8::decode($ours) unless utf8::is_utf8($ours);
%ours = map { split / /, $_, 2 } split /\n/, $ours;

cmp_ok(scalar(keys %theirs), '>', 1000, 'there is a list');
is(join(' ', grep { !$ours{$_} } sort keys %theirs), '', 'no holiday is missing');
is(join(' ', grep { !$theirs{$_} } sort keys %ours), '', 'and there is none too many');
is( join(' ', grep { !$one_of{$_} && $theirs{$_} && $ours{$_} ne $theirs{$_} } sort keys %ours),
	'', 'their names are the same');

$node->stop('fast');
done_testing();
