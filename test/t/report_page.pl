#
# Reports of a month, and the card of a customer, as people see them: laid out by a
# browser, on a telephone and on a desk, light and dark, in both languages; full,
# empty, of three customers and of a million of everything, and with what somebody may
# have written who wishes ill.
#
# Where this test is asked for by name (ONLY=tap/report_page), every picture is in
# build/check/tap/report_page/pages afterwards: look at them. In a whole run, where nobody
# does, only those are that show a fault: to draw one takes longer than all that is tested.
#
use strict;
use warnings;

use File::Basename qw(dirname);
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use lib dirname(__FILE__);
use Browser;
use Session;

my $browser = Browser->new // plan skip_all => 'there is no Chromium here';

my $pages = "$ENV{TESTDATADIR}/pages";
mkdir $pages or die "$pages: $!";
my $faults = slurp_file('test/t/report_page.js');

# --------------------------------------------------------------------------
# What looks for faults finds them.
# --------------------------------------------------------------------------

sub write_page
{
	my ($name, $html) = @_;
	open(my $file, '>:raw', "$pages/$name.html") or die "$name: $!";
	print $file $html;
	close($file);
	return "$pages/$name.html";
}

# faults(FILE, WIDTH, SCHEME): what is wrong, and what it asked for or said
sub faults
{
	my ($file, $width, $scheme) = @_;
	$browser->view($file, $width, $scheme);
	my @faults = @{ $browser->evaluate($faults) };
	push @faults, map { "asked for $_" } grep { $_ ne "file://$file" } $browser->asked;
	push @faults, map { "the console says: $_" } $browser->told;
	return @faults;
}

my $bad = write_page('bad', <<'END');
<!DOCTYPE html><meta charset=utf-8><body style="margin: 0; background: #fff; color: #000"><h1 style="margin: 0">bad</h1><h3>deep</h3>
<p>one</p><p>two</p><p>three</p><p>four</p><p>five</p><p>six</p><p>seven</p><p>eight</p><p>nine</p>
<p style="position: absolute; top: 0; left: 0">over</p><p style="width: 900px">wide</p>
<p style="width: 20px; overflow: hidden; white-space: nowrap">clipped words</p><p style="color: #999">pale</p>
<div class=panel style="overflow-x: auto; width: 100px"><h3>scrolls</h3><p style="width: 200px">x</p></div>
<svg width=50 height=20><text x=20 y=15>out of its picture</text></svg>
<img src="http://127.0.0.1:9/x.png"><script>console.log('said')</script>
END
my @found = faults($bad, 390, 'light');
foreach my $fault (
	'the page is wider', 'one over the other: bad', 'clipped: clipped', 'contrast 2.85: pale', 'a box that scrolls: scrolls',
	'outside of its picture', 'a picture that is none', 'a heading too deep: deep', 'asked for http', 'the console says: said')
{
	ok(scalar(grep { /\Q$fault\E/ } @found), "it is noticed: $fault") or diag(join "\n", @found);
}

# --------------------------------------------------------------------------
# Reports
# --------------------------------------------------------------------------

my $node = PostgreSQL::Test::Cluster->new('report_page');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION loyalcs');
my $session = Session->new($node, 'postgres');

my $json = JSON::PP->new->utf8->canonical;
my $full = $json->decode(slurp_file('test/report.json'));
my $satisfaction = $json->decode(slurp_file('test/satisfaction_report.json'));
my $voice = $json->decode(slurp_file('test/voice_report.json'));

# changed(DATA, SUB): the same with each text and number as the sub has it
sub changed
{
	my ($data, $sub, $key) = @_;
	return { map { $_ => changed($data->{$_}, $sub, $_) } keys %$data } if ref $data eq 'HASH';
	return [ map { changed($_, $sub, $key) } @$data ] if ref $data eq 'ARRAY';
	return $sub->($key // '', $data);
}
my $is_number = sub { defined $_[0] && !ref $_[0] && $_[0] =~ /^-?[0-9.]+(?:e-?\d+)?$/i };

# with_words(WORDS): whatever a customer or the shop may have written is these
sub with_words
{
	my ($words, $report) = @_;
	return changed($report // $full, sub {
			my ($key, $value) = @_;
			return $key =~ /^(?:shop|kpi|reason|theme|subject|source|channel|product_id|product_name|quote|tier|step|action|problem|owner|about|survey|driver|part|name|word)$/
			  && defined $value && !ref $value ? $words : $value;
		});
}

# empty_of(REPORT), three_of(REPORT), million_of(REPORT): one of nothing; one of counts of three, of which
# hardly anything is known; and one of a million of everything, of a month that is not over
sub empty_of
{
	my ($report) = @_;
	return {
		%{ changed($report, sub { $is_number->($_[1]) && $_[0] !~ /^(?:significance|minimum_answers)$/ ? undef : $_[1] }) },
		(map { $_ => undef } grep { ref($report->{$_}) =~ /^(?:HASH|ARRAY)$/ } keys %$report),
		headlines => [ { kind => 'not enough data', advice => 'advice: not enough data' } ]
	};
}

sub three_of
{
	my ($report) = @_;
	return {
		%{ changed($report, sub {
				my ($key, $value) = @_;
				return undef if $key =~ /(?:^|_)(?:low|high|change|p_value|p_adjusted|last_year)$/;
				return $value if !$is_number->($value) || $key =~ /^(?:significance|minimum_answers|score|stars|recency|value|order_number|months_later|.*share|.*rate)$/;
				return $value > 3 ? 3 : $value;
			}) },
		$report->{changes} ? (changes => []) : ()
	};
}

sub million_of
{
	my ($report) = @_;
	return {
		%{ changed($report, sub {
				my ($key, $value) = @_;
				return $is_number->($value) && $value == int($value) && $value > 3 && $key !~ /^(?:score|minutes|scale_.*|significance|order_number|months_later|previous_months|minimum_answers)$/
				  ? $value * 1_000_000 : $value;
			}) },
		complete => JSON::PP::false
	};
}

my %words = (
	hostile => qq{<script>alert(1)</script>"'><img src=x onerror=alert(1)>&amp;\x{1}\x{1b}\x{7f}\x{1F600}\x{202E}\x{5E9}\x{5DC}\x{5D5}\x{5DD}]]><!--},
	long => "\x{3068}\x{3066}\x{3082}\x{9577}\x{3044}\x{8A00}\x{8449}" x 1429,
	unbroken => 'W' x 10_000);
my %reports = (card => $json->decode(slurp_file('test/card.json')));
foreach ([ '', $full ], [ 'satisfaction.', $satisfaction ], [ 'voice.', $voice ])
{
	my ($of, $report) = @$_;
	$reports{"${of}full"} = $report;
	$reports{"${of}empty"} = empty_of($report);
	$reports{"${of}three"} = three_of($report);
	$reports{"${of}million"} = million_of($report);
	$reports{"${of}$_"} = with_words($words{$_}, $report) foreach keys %words;
}

sub page_of
{
	my ($name, $lang, $report) = @_;
	my $function = $name eq 'card' ? 'card_page' : 'report_page';
	my $page = $session->sql("SELECT loyalcs.$function(\$report\$$report\$report\$, '$lang')");
	is($session->said, '', "a page of the $name report, in $lang");
	return write_page("$name.$lang", $page);
}

foreach my $name (sort keys %reports)
{
	# each layout of the full one; of the others one of each
	my @views = map { my $width = $_; map { [ $width, $_ ] } qw(light dark) } 390, 1280;
	my $report = $json->encode($reports{$name});
	foreach my $lang ('ja', 'en')
	{
		my $file = page_of($name, $lang, $report);
		my @these = $name =~ /(?:^|\.)(?:full|card)$/ ? @views : $lang eq 'ja' ? $views[0] : $views[3];
		foreach my $view (@these)
		{
			my ($width, $scheme) = @$view;
			my @wrong = faults($file, $width, $scheme);
			# (numbers of fifteen digits beside each other may have to be moved sideways, within their box)
			@wrong = grep { !/^a box that scrolls/ } @wrong if $name !~ /(?:^|\.)(?:full|three|card)$/;
			is(join("\n", @wrong), '', "$name, $lang, $width wide, $scheme");
			$browser->screenshot("$pages/$name.$lang.$width.$scheme.png") if $ENV{ONLY} || @wrong;
			next unless $name =~ /(?:^|\.)(?:hostile|long|unbroken)$/;
			is($browser->evaluate('document.querySelectorAll("script, img, a, iframe").length'), 0, "$name, $lang, $width wide: what was written is text");
			cmp_ok($browser->evaluate('document.body.textContent.length'), '<', 60_000, "$name, $lang, $width wide: and no more than can be read");
		}
	}
}
is($browser->evaluate('document.documentElement.lang'), 'en', 'the page says its language');

# On paper: the whole of it, in pages of A4.
$browser->view("$pages/full.ja.html", 1280, 'dark');
$browser->print_to("$pages/full.ja.pdf");
my $pdf = slurp_file("$pages/full.ja.pdf");
my @boxes = $pdf =~ m{/MediaBox \[([0-9. ]+)\]}g;
is(join('; ', grep { !/^0 0 59[45](?:\.\d+)? 84[12](?:\.\d+)?$/ } @boxes), '', 'pages of A4');
cmp_ok(scalar @boxes, '>', 2, 'there are some');
cmp_ok(scalar @boxes, '<', 12, 'and not too many');

# The picture in the README.
$browser->view("$pages/full.en.html", 1280, 'light');
$browser->screenshot("$pages/monthly_report.png", width => 1280, height => 1470, scale => 0.7);
cmp_ok(-s "$pages/monthly_report.png", '<', 200_000, 'the picture is small');

$browser->quit;
$node->stop;
done_testing();
