#
# examples/dashboard, built over the demo's shop for somebody of the level "report", and looked
# at in a browser: on a telephone and on a desk, light and dark, in both languages.  Nothing is
# asked for elsewhere, nothing is said on the console, nothing is clipped, and the as-of that
# is chosen is what is shown.
#
# It takes npm and its registry, or what npm has kept of it; without, it is skipped.  Where
# this test is asked for by name (ONLY=tap/dashboard), pictures are in
# build/check/tap/dashboard/servers/pages afterwards: look at them.
#
use strict;
use warnings;

use File::Basename qw(dirname);
use IO::Handle;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use lib dirname(__FILE__);
use Browser;
use Filled;

plan skip_all => 'there is no npm here' if system('command -v npm >/dev/null') != 0;
my $browser = Browser->new // plan skip_all => 'there is no Chromium here';

# --------------------------------------------------------------------------
# Built as its page says
# --------------------------------------------------------------------------

my $dir = "$ENV{TESTDATADIR}/dashboard";
my $log = "$PostgreSQL::Test::Utils::log_path/npm.log";
$ENV{OBSERVABLE_TELEMETRY_DISABLE} = 'true';
system_or_bail('cp', '-r', 'examples/dashboard', $dir);
# (what it has kept it need not ask the registry about: the lock file has a digest of each)
if (system("cd '$dir' && npm ci --ignore-scripts --no-audit --no-fund --prefer-offline >'$log' 2>&1") != 0)
{
	my $said = slurp_file($log);
	plan skip_all => 'npm does not reach its registry'
	  if $said =~ /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|E403|E5\d\d)\b/;
	die $said;
}

my $node = filled_node('dashboard');
$node->start;
$node->safe_psql('filled', q{CREATE ROLE dashboard LOGIN; SELECT loyalcs.grant_shop('aurora', 'dashboard', 'report')});
{
	# (three as-ofs do, of the 24 that there are if nobody says otherwise)
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGUSER => 'dashboard', PGDATABASE => 'filled',
		LOYALCS_AS_OF => '2026-10-31 23:59+09', LOYALCS_MONTHS => 3);
	is(system("cd '$dir' && npm run build >>'$log' 2>&1"), 0, 'it is built') or die slurp_file($log);
}
like(slurp_file('examples/dashboard/src/data/boards.json.js'), qr/LOYALCS_MONTHS \|\| 24\b/, 'as of 24 instants, unless told otherwise');

# A line has one point a month.
my ($file) = glob "$dir/dist/_file/data/boards.*.json";
my $asked = decode_json(slurp_file($file));
my @twice;
foreach my $day (@{ $asked->{days} })
{
	foreach my $name (sort keys %{ $asked->{answers}{$day} })
	{
		my %seen;
		push @twice, map { "$day: $name $_" } grep { $seen{$_}++ == 1 }
		  map { $_->{month} ? join ' ', $_->{month}, map { $_ // '' } @$_{qw(kind metric tier)} : () } @{ $asked->{answers}{$day}{$name} };
	}
}
is("@twice", '', 'a line has one point a month');

# --------------------------------------------------------------------------
# Looked at
# --------------------------------------------------------------------------

# (not "my": those are closed, which waits for the server, before END can end it)
our $server = open(our $said, '-|', 'python3', '-u', '-c', <<'END', "$dir/dist") or die "python3: $!";
import functools, http.server, sys
class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=sys.argv[1]))
print(server.server_port)
server.serve_forever()
END
END { local $?; kill 'TERM', $server if $server }
chomp(my $port = <$said>);
my $base = "http://127.0.0.1:$port";

my $pages = "$PostgreSQL::Test::Utils::log_path/pages";
mkdir $pages or die "$pages: $!";
my $faults = slurp_file('test/t/report_page.js');
my $drawn = q{new Promise((done) => {
	const look = () => document.querySelector(".board figure, .observablehq--error") && (observer.disconnect(), done());
	const observer = new MutationObserver(look);
	observer.observe(document, {childList: true, subtree: true});
	look();
})};

my @boards = qw(index satisfaction retention service loyalty);
foreach my $page (map { ($_, "en/$_") } @boards)
{
	foreach my $look ([ 390, 'light' ], [ 1280, 'dark' ])
	{
		my ($width, $scheme) = @$look;
		$browser->view("$base/$page.html", $width, $scheme, $drawn);
		my @faults = @{ $browser->evaluate($faults) };
		push @faults, map { "asked for $_" } grep { !m{^\Q$base\E/} && !/^data:/ } $browser->asked;
		push @faults, map { "the console says: $_" } $browser->told;
		push @faults, 'an error is shown' if $browser->evaluate('document.querySelectorAll(".observablehq--error").length');
		$browser->screenshot("$pages/" . ($page =~ tr{/}{-}r) . "-$width.png") if $ENV{ONLY} || @faults;
		is(join("\n", @faults), '', "$page, $width pixels wide, $scheme");
		isnt($browser->evaluate('document.querySelectorAll(".board figure svg, .board table, .board .bars").length') - 0, 0, "$page shows something");
	}
	is($browser->evaluate('document.documentElement.lang'), $page =~ /^en/ ? 'en' : 'ja', "$page says its language");
	is($browser->evaluate('[...document.querySelectorAll(".board .note")].filter((n) => /示すものがありません|nothing to show/.test(n.textContent)).length'),
		0, "$page: no figure is empty");
}

# --------------------------------------------------------------------------
# As of when
# --------------------------------------------------------------------------

my $cards = q{[...document.querySelectorAll(".card b")].map((b) => b.textContent.replace(/,/g, "")).join(" ")};

# counted(AS_OF): what the shop says itself
sub counted
{
	my ($as_of) = @_;
	return $node->safe_psql('filled', qq{
		SELECT concat_ws(' ', (SELECT count(*) FROM aurora.first_reply_overdue_at('$as_of')), (SELECT count(*) FROM aurora.unanswered_at('$as_of')),
			(SELECT count(*) FROM aurora.followups_due_at('$as_of')), (SELECT count(*) FROM aurora.lapsing_customers_at('$as_of')))});
}

$browser->view("$base/index.html", 1280, 'light', $drawn);
is($browser->evaluate('[...document.querySelector("select").options].map((o) => o.value).join(" ")'),
	'2026-10-31 2026-09-30 2026-08-31', 'now, and the ends of the months before');
is($browser->evaluate($cards), counted('2026-10-31 23:59+09'), 'what is shown is what the shop says');
$browser->evaluate(q{(() => { const s = document.querySelector("select"); s.value = "2026-08-31"; s.dispatchEvent(new Event("change")); })()});
is($browser->evaluate($cards), counted('2026-09-01 00:00+09'), 'and as of the as-of that is chosen');
isnt(counted('2026-09-01 00:00+09'), counted('2026-10-31 23:59+09'), '(which is something else)');
is($browser->evaluate('document.querySelector("nav a:not([aria-current])").getAttribute("href")'),
	'satisfaction.html?as_of=2026-08-31', 'it goes along to the next board');
$browser->view("$base/en/service.html?as_of=2026-08-31", 390, 'light', $drawn);
is($browser->evaluate('document.querySelector("select").value'), '2026-08-31', 'which begins with it');
$browser->view("$base/service.html?as_of=1999-01-01", 390, 'light', $drawn);
is($browser->evaluate('document.querySelector("select").value'), '2026-10-31', 'an address of long ago shows what is so now');

$browser->quit;
$node->stop('fast');
done_testing();
