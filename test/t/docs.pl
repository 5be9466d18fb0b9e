#
# The pages tell the truth: every ```sql block of README.md, README.ja.md and
# doc/*.md is run, and prints the ```text block that directly follows it.  A
# block without one must run without an ERROR.
#
# A page is one psql session in a fresh UTF8 database, its blocks in order, in
# the time zone UTC.  It creates the extension itself, unless it starts with
#
#     <!-- test: setup extension -->    the extension is there
#     <!-- test: setup shop -->         and so is the demo's shop, aurora
#
# With LOYALCS_DOCS_WRITE=1 the text blocks are rewritten with what psql really
# printed, in the tree that LOYALCS_DOCS_DIR names, for a person to read the
# difference.
#
use strict;
use warnings;

use Filled;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = $ENV{LOYALCS_DOCS_DIR} || '.';
my @pages = grep { -f "$dir/$_" } 'README.md', 'README.ja.md',
  map { s{^\Q$dir\E/}{}r } sort glob "$dir/doc/*.md";
plan skip_all => 'there are no pages' unless @pages;

my $node = filled_node('docs');
$node->append_conf('postgresql.conf', "timezone = 'UTC'\n");
$node->start;

my %sql_of;
my %is_set_up;
my $databases = 0;

foreach my $page (@pages)
{
	my @lines = split /\n/, slurp_file("$dir/$page"), -1;
	my ($blocks, $mistakes) = blocks_of(@lines);
	$sql_of{$page} = [ map { $_->{sql} } @$blocks ];
	fail("$page:$_->[0]: $_->[1]") foreach @$mistakes;
	next unless @$blocks;

	my @printed = run_page($lines[0], @$blocks);
	foreach my $block (@$blocks)
	{
		my $name = "$page:$block->{line}";
		my $got = shift @printed;

		if (!defined $got)
		{
			fail("$name: psql did not come this far");
		}
		elsif ($ENV{LOYALCS_DOCS_WRITE})
		{
			$block->{printed} = $got;
			pass("$name: rewritten");
		}
		elsif (defined $block->{text})
		{
			is(essence($got), essence($block->{text}), $name);
		}
		else
		{
			unlike($got, qr/^(?:ERROR|FATAL|PANIC):/m, $name);
		}
	}
	rewrite_page("$dir/$page", $blocks, @lines) if $ENV{LOYALCS_DOCS_WRITE};
}

# A translation shows the same SQL; its comments are translated too.
if ($sql_of{'README.md'} && $sql_of{'README.ja.md'})
{
	my ($english, $japanese) = map {
		[ map { essence(s/--.*//mgr) } @{ $sql_of{$_} } ]
	} 'README.md', 'README.ja.md';
	is_deeply($japanese, $english, 'README.ja.md runs what README.md runs');
}

$node->stop('fast');

# The pages in Japanese show what the English ones show now.
system("$^X test/t/translations.pl >/dev/null 2>&1") if $ENV{LOYALCS_DOCS_WRITE};
done_testing();

# What is compared: blanks at the end of lines, and empty lines, do not count.
sub essence
{
	my ($text) = @_;
	return join '', map { "$_\n" } grep { $_ ne '' }
	  map { s/\s+$//r } split /\n/, $text;
}

# The ```sql blocks of a page, each with its line number, the text that should
# follow and where that stands; and what is not as it has to be.
sub blocks_of
{
	my @lines = @_;
	my (@blocks, @mistakes);
	my $last;    # the block before, as long as only empty lines follow it

	for (my $i = 0; $i < @lines; $i++)
	{
		if ($lines[$i] !~ /^(\s*)```(.*)$/)
		{
			undef $last if $lines[$i] =~ /\S/;
			next;
		}
		my ($indent, $kind) = ($1, $2);
		my $open = $i;
		$i++ while $i < $#lines && $lines[ $i + 1 ] !~ /^\s*```\s*$/;
		my $body = join '', map { s/^\Q$indent\E//r . "\n" }
		  @lines[ $open + 1 .. $i ];
		$i++;
		push @mistakes, [ $open + 1, 'this block does not end' ] if $i > $#lines;

		if ($kind eq 'sql')
		{
			$last = { line => $open + 1, sql => $body };
			push @blocks, $last;
			next;
		}
		push @mistakes, [ $open + 1, "a block may not be \"$kind\"" ]
		  if $kind =~ /^sql\b/i;
		if ($kind eq 'text' && $last)
		{
			@$last{qw(text indent first past)} = ($body, $indent, $open + 1, $i);
		}
		undef $last;
	}
	return (\@blocks, \@mistakes);
}

# What psql prints for each block.
sub run_page
{
	my ($first_line, @blocks) = @_;
	my $database = 'page' . ++$databases;
	my $script = "$PostgreSQL::Test::Utils::tmp_check/$database.sql";
	my $output = "$PostgreSQL::Test::Utils::tmp_check/$database.out";
	my $mark = '=== end of block ===';

	my $template =
	  $first_line =~ /^<!-- test: setup (extension|shop) -->/ ? set_up($1) : 'template1';
	# (some twenty copies of the demo's shop are a lot to write to a disk)
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE $template STRATEGY file_copy");

	open my $out, '>', $script or die "$script: $!";
	print $out "\\set SHOW_CONTEXT never\n";
	print $out "$_->{sql}\n\\echo '$mark'\n" foreach @blocks;
	close $out;

	# From stdin, so that messages carry no file name and line number; in one
	# stream with what the queries print, as on a screen.
	local %ENV = (
		%ENV,
		PGHOST => $node->host,
		PGPORT => $node->port,
		PGDATABASE => $database,
		PGCLIENTENCODING => 'UTF8');
	delete @ENV{qw(COLUMNS PGOPTIONS PGTZ PGDATESTYLE)};
	system("psql -X -q <'$script' >'$output' 2>&1");
	$node->safe_psql('postgres', "DROP DATABASE $database WITH (FORCE)");

	my @printed = split /^\Q$mark\E\n/m, slurp_file($output), -1;
	pop @printed;    # what follows the last mark
	return @printed;
}

# The database that a page's is a copy of.
sub set_up
{
	my ($what) = @_;
	my $database = "with_$what";

	return 'filled' if $what eq 'shop';
	return $database if $is_set_up{$what}++;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, 'CREATE EXTENSION loyalcs');
	return $database;
}

sub rewrite_page
{
	my ($file, $blocks, @lines) = @_;

	# from the last one up, so that the line numbers of the others stay right
	foreach my $block (reverse @$blocks)
	{
		next unless defined $block->{text} && defined $block->{printed};
		my $text = $block->{printed} =~ s/[ \t]+$//mgr =~ s/\A\n+|\n+\z//gr;
		splice @lines, $block->{first}, $block->{past} - $block->{first},
		  map { $block->{indent} . $_ } split /\n/, $text;
	}
	my $new = join "\n", @lines;
	return if $new eq slurp_file($file);
	open my $out, '>:raw', $file or die "$file: $!";
	print $out $new;
	close $out or die "$file: $!";
}
