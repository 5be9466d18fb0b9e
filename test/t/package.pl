#
# What is handed to others: the description for PGXN and its archive, the manual pages,
# and the unit for systemd.  (That the Debian packages install: test/deb.)
#
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my %control = slurp_file('loyalcs.control') =~ /^(\w+) *= *'?(.*?)'?$/mg;
my $version = $control{default_version};
my $makefile = slurp_file('Makefile');

# --------------------------------------------------------------------------
# META.json (https://pgxn.org/spec)
# --------------------------------------------------------------------------

my $meta = decode_json(slurp_file('META.json'));
my $semver = qr/^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z-]+)?$/;

ok(length $meta->{$_}, "META.json: $_")
  foreach qw(name version abstract maintainer license provides meta-spec);
is($meta->{name}, 'loyalcs', 'META.json: the name');
is($meta->{abstract}, ucfirst $control{comment}, 'META.json: what it is, as the control file says');
is($meta->{version}, $version, 'META.json: the version is the control file\'s');
like($version, $semver, 'and a semantic one');
is($meta->{'meta-spec'}{version}, '1.0.0', 'META.json: of which form it is');

is_deeply([ keys %{ $meta->{provides} } ], ['loyalcs'], 'META.json: it provides one extension');
my $extension = $meta->{provides}{loyalcs};
is($extension->{version}, $version, 'META.json: the extension\'s version');
is($extension->{abstract}, $meta->{abstract}, 'META.json: what the extension is');
ok(-f $extension->{$_}, "META.json: $extension->{$_} is there") foreach qw(file docfile);

is_deeply([ keys %{ $meta->{license} } ], ['PostgreSQL'], 'META.json: the licence');
like(slurp_file('LICENSE'), qr/\APostgreSQL License\n/, 'LICENSE is that');
like(slurp_file('debian/copyright'), qr/^License: PostgreSQL$/m, 'and so is debian/copyright');
is( essence(slurp_file('debian/copyright') =~ /\n\nLicense: PostgreSQL\n(.*)\z/s),
	essence(slurp_file('LICENSE') =~ /\n(Permission .*)\z/s),
	'debian/copyright says what LICENSE says');

my ($oldest) = $meta->{prereqs}{runtime}{requires}{PostgreSQL} =~ /^(\d+)\.0\.0$/;
like($makefile, qr/loyalcs needs PostgreSQL $oldest or newer/, 'META.json: the oldest PostgreSQL is the Makefile\'s');

# --------------------------------------------------------------------------
# The archive for PGXN
# --------------------------------------------------------------------------

SKIP:
{
	skip 'there is no git', 1 unless system('git --version >/dev/null 2>&1') == 0;
	my $copy = "$PostgreSQL::Test::Utils::tmp_check/copy";
	my $git = "git -C '$copy' -c user.name=nobody -c user.email=nobody\@example.com";
	system("test/copy '$copy' && $git init -q && $git add -A && $git commit -q -m all && make -s -C '$copy' dist >/dev/null") == 0
	  or die 'no archive';
	my @files = split /\n/,
	  qx(python3 -m zipfile -l '$copy/build/loyalcs-$version.zip');
	my %is_there = map { /^(\S+)/ ? ($1 => 1) : () } @files;
	is(join(' ', grep { !$is_there{"loyalcs-$version/$_"} } qw(META.json loyalcs.control Makefile LICENSE README.md src/base/loyalcs.sql)),
		'', 'the archive has what it has to, in a folder with the version');
}

# --------------------------------------------------------------------------
# The manual pages are what the programs say.
# --------------------------------------------------------------------------

foreach my $program ('dispatch', 'import')
{
	my $help = qx(build/loyalcs-$program --help);
	my $page = qx(build/loyalcs-$program --help | awk -v name=loyalcs-$program -v version=$version -f src/client/manual.awk);

	like($page, qr/^\.SH NAME\nloyalcs\\-$program \\- \S/m, "loyalcs-$program: its page has a name");
	is_deeply(
		[ $page =~ /^\.SH (.*)$/mg ],
		[ map { s/-/\\-/gr } $help =~ /^(\S.*)$/mg ],
		"loyalcs-$program: its page has all the headings");
	is( words($page =~ s/^\.(?:TH|PP|TP|nf|fi|ad|nh).*\n//mgr =~ s/^\.(?:SH|B) //mgr =~ s/\\&//gr =~ s/\\-/-/gr =~ s/\\e/\\/gr),
		words($help), "loyalcs-$program: its page has all the words");
}

# --------------------------------------------------------------------------
# The unit
# --------------------------------------------------------------------------

my $unit = slurp_file('debian/loyalcs-client.loyalcs-dispatch@.service');
my $conf = slurp_file('debian/dispatch.conf');
my ($start) = $unit =~ m{^ExecStart=/usr/bin/(.*)$}m;

# What systemd puts in: ${NAME} as it is, $NAME as words.
my %said = $conf =~ /^([A-Z]+)=(.*)$/mg;
my @words = map { /^\$([A-Z]+)$/ ? split ' ', $said{$1} : s/\$\{([A-Z]+)\}/$said{$1}/gr } split ' ', $start;
$words[0] = "build/$words[0]";
my $answer = qx(@{[ map { "'$_' " } @words, '--version' ]} 2>&1);
is($answer, "loyalcs-dispatch $version\n", 'the example of a unit calls the dispatcher by options that it has');
is(join(' ', grep { !defined $said{$_} } $unit =~ /^ExecStart=.*/m ? $& =~ /\$\{?([A-Z]+)/g : ()),
	'', 'and says all that the unit asks for');

done_testing();

sub essence
{
	my ($text) = @_;
	return join '', map { s/^ +//r =~ s/^\.$//r =~ s/\s+$//r . "\n" } split /\n/, $text;
}

# In whatever lines they stand: as many of each, since a name of two lines is one in the page.
sub words
{
	my ($text) = @_;
	return join ' ', sort split ' ', $text;
}
