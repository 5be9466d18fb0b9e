#
# A page of doc/ja is one of doc/ in Japanese: it shows the same SQL and the same output, to
# the byte (test/t/docs.pl runs the English ones), and has the same headings, at the same
# places, and the same tables.  And on all pages, every link leads somewhere.
#
# With LOYALCS_DOCS_WRITE=1 the English blocks are written into pages that have as many, in
# the tree that LOYALCS_DOCS_DIR names.  What has been added or taken away, a person does.
#
use strict;
use warnings;

use Encode;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = $ENV{LOYALCS_DOCS_DIR} || '.';
my @translated = map { s{^\Q$dir\E/}{}r } sort glob "$dir/doc/ja/*.md";
isnt(scalar @translated, 0, 'there are pages in Japanese');

foreach my $page (@translated)
{
	my $original = $page =~ s{/ja/}{/}r;
	if (!-f "$dir/$original")
	{
		fail("$page: there is no $original");
		next;
	}
	my $english = parts_of($original);
	write_blocks($page, $english) if $ENV{LOYALCS_DOCS_WRITE};
	my $japanese = parts_of($page);

	my $fits =
	  in_order($page, $original, $english, $japanese);
	next unless $fits;
	foreach my $n (0 .. $#$english)
	{
		my ($wanted, $got) = ($english->[$n], $japanese->[$n]);
		next unless $wanted->{kind} eq 'block';
		is($got->{text}, $wanted->{text}, "$page:$got->{line}: the block is that of $original:$wanted->{line}")
		  or diag("To bring the English blocks in: LOYALCS_DOCS_WRITE=1 SUITES=tap ONLY=tap/translations make check");
	}
}

my %slugs;
foreach my $page ('README.md', 'README.ja.md', 'CHANGELOG.md', 'CONTRIBUTING.md',
	map { s{^\Q$dir\E/}{}r } sort(glob("$dir/doc/*.md"), glob("$dir/doc/ja/*.md"), glob("$dir/examples/*/*.md")))
{
	my ($folder) = $page =~ m{^(.*/)?[^/]*$};
	my @astray;
	foreach my $link (links_of($page))
	{
		my ($line, $target) = @$link;
		next if $target =~ /^(?:https?|mailto):/;
		my ($file, $anchor) = $target =~ /^([^#]*)(?:#(.*))?$/;
		my $path = $file eq '' ? $page : ($folder // '') . $file;
		1 while $path =~ s{[^/]+/\.\./}{};
		if (!-e "$dir/$path")
		{
			push @astray, "$page:$line: there is no $path";
		}
		elsif (defined $anchor && !slugs_of($path)->{$anchor})
		{
			push @astray, "$page:$line: $path has no heading for #$anchor";
		}
	}
	is(join("\n", @astray), '', "$page: every link leads somewhere");
}

done_testing();

# What a page is made of, in its order: headings, blocks, rows of tables.  Each has its kind,
# its line, what it has in common with its translation, and a name for people.
sub parts_of
{
	my ($page) = @_;
	my @lines = split /\n/, slurp_file("$dir/$page"), -1;
	my @parts;

	for (my $i = 0; $i < @lines; $i++)
	{
		my $from = $i;
		if ($lines[$i] =~ /^\s*```/)
		{
			$i++ while $i < $#lines && $lines[ $i + 1 ] !~ /^\s*```\s*$/;
			$i++;
			my $text = join '', map { "$_\n" } @lines[ $from .. $i ];
			push @parts, { kind => 'block', line => $from + 1, past => $i + 1, text => $text, same => $lines[$from],
				name => "a block $lines[$from], \"" . substr($lines[ $from + 1 ], 0, 60) . '"' };
		}
		elsif ($lines[$i] =~ /^(#+) (.*)/)
		{
			push @parts, { kind => 'heading', line => $from + 1, same => $1, name => "the heading \"$lines[$i]\"" };
		}
		# (a table's head and first cell are the same only if they are names)
		elsif ($lines[$i] =~ /^\| ?(.*?) ?\|/)
		{
			my $cell = $1;
			my $is_name = $cell =~ /^(?:`[^`]*`(?:, )?)+$/;
			push @parts, { kind => 'row', line => $from + 1, same => $is_name ? $cell : $cell =~ /^-+$/ ? '---' : '',
				name => "a row of a table, \"$cell\"" };
		}
	}
	return \@parts;
}

# in_order(PAGE, ORIGINAL, ENGLISH, JAPANESE): the same parts at the same places; else it says
# where that ends.
sub in_order
{
	my ($page, $original, $english, $japanese) = @_;
	my $n = 0;

	$n++ while $n < @$english && $n < @$japanese
	  && "$english->[$n]{kind} $english->[$n]{same}" eq "$japanese->[$n]{kind} $japanese->[$n]{same}";
	return pass("$page: has what $original has, in that order")
	  if $n == @$english && $n == @$japanese;

	fail("$page: has what $original has, in that order");
	my @have = map { $_->[0][$n] ? "$_->[1]:$_->[0][$n]{line} has $_->[0][$n]{name}" : "$_->[1] ends" }
	  [ $english, $original ], [ $japanese, $page ];
	diag("After what stands alike, $have[0], and $have[1].\n"
		  . "Bring $page in line by hand (copy blocks as they are), and its sentences with it.");
	return 0;
}

# Writes the English blocks into a page that has as many of each kind.
sub write_blocks
{
	my ($page, $english) = @_;
	my @wanted = grep { $_->{kind} eq 'block' } @$english;
	my @got = grep { $_->{kind} eq 'block' } @{ parts_of($page) };
	my $old = slurp_file("$dir/$page");
	my @lines = split /\n/, $old, -1;

	return if join("\n", map { $_->{same} } @wanted) ne join("\n", map { $_->{same} } @got);
	foreach my $n (reverse 0 .. $#got)
	{
		splice @lines, $got[$n]{line} - 1, $got[$n]{past} - $got[$n]{line} + 1, split /\n/, $wanted[$n]{text};
	}
	my $new = join "\n", @lines;
	return if $new eq $old;
	open my $out, '>:raw', "$dir/$page" or die "$page: $!";
	print $out $new;
	close $out or die "$page: $!";
}

# The lines of a page that are no code, each with its number.
sub prose_of
{
	my ($page) = @_;
	my ($number, $in_block, @prose) = (0, 0);
	foreach my $line (split /\n/, decode('UTF-8', slurp_file("$dir/$page")))
	{
		$number++;
		$in_block = !$in_block, next if $line =~ /^\s*```/;
		push @prose, [ $number, $line ] unless $in_block;
	}
	return @prose;
}

sub links_of
{
	my ($page) = @_;
	return map {
		my ($number, $line) = @$_;
		map { [ $number, $_ ] } $line =~ s/`[^`]*`//gr =~ /\]\(([^()\s]+)\)/g
	} prose_of($page);
}

# The names by which headings are linked to, as GitHub makes them.
sub slugs_of
{
	my ($page) = @_;
	$slugs{$page} //= {
		map { $_->[1] =~ /^#+ (.*)/ ? (lc($1) =~ s/[^\p{Word}\- ]//gr =~ tr/ /-/r => 1) : () } prose_of($page)
	};
	return $slugs{$page};
}
