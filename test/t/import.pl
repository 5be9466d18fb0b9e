#
# loyalcs-import: files in each encoding, with each separator, whole and broken; what
# it says and how it ends; and that of a file all is there or nothing. What rows come
# to be the regression tests shop_imported_orders and _customers tell.
#
use strict;
use warnings;
use utf8;

use Encode qw(encode);
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

chomp(my $bindir = `$ENV{PG_CONFIG} --bindir`);
my $program = "$ENV{LOYALCS_STAGE}$bindir/loyalcs-import";
my $dir = PostgreSQL::Test::Utils::tempdir;

my $node = PostgreSQL::Test::Cluster->new('import');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
$node->append_conf('postgresql.conf', "timezone = 'America/New_York'\njit = off\nmax_prepared_transactions = 1\n");
$node->start;
$node->safe_psql('postgres', q{CREATE EXTENSION loyalcs; SELECT loyalcs.create_shop('aurora'); SELECT loyalcs.create_shop('other')});
$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
$ENV{PGDATABASE} = 'postgres';
delete $ENV{PGOPTIONS};

sub sql { return Encode::decode('UTF-8', $node->safe_psql('postgres', encode('UTF-8', $_[0]))); }

# file(NAME, TEXT): a file in the test's folder
sub file
{
	my ($name, $bytes) = @_;
	open my $to, '>:raw', "$dir/$name" or die $!;
	print $to $bytes;
	close $to or die $!;
	return "$dir/$name";
}

# imported(NAME, EXIT CODE, STDOUT, STDERR, ARGUMENT...): what it prints and how it
# ends; a pattern or the text. $input is on its stdin.
our $input = '';

sub imported
{
	my ($name, $code, $stdout, $stderr, @arguments) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ $program, @arguments ], '<', \$input, '>', \$out, '2>', \$err);
	my $exit = $? >> 8;
	$_ = Encode::decode('UTF-8', $_) =~ s/\Q$dir\E\///gr foreach $out, $err;
	foreach ([ 'stdout', $out, $stdout ], [ 'stderr', $err, $stderr ])
	{
		my ($what, $got, $wanted) = @$_;
		ref $wanted ? like($got, $wanted, "$name: $what") : is($got, $wanted, "$name: $what");
	}
	is($exit, $code, "$name: exit code");
	return;
}

sub state_of { return sql("SELECT count(*), coalesce(sum(amount), 0), (SELECT count(*) FROM $_[0].customers), (SELECT count(*) FROM $_[0].order_items), (SELECT count(*) FROM $_[0].imports) FROM $_[0].orders"); }

# --------------------------------------------------------------------------
# How it is called
# --------------------------------------------------------------------------

my $hint = "loyalcs-import: HINT: loyalcs-import --help tells what there is.\n";
imported('--version', 0, qr/^loyalcs-import \d+\.\d+\.\d+$/, '', '--version');
imported('--help', 0, qr/^NAME\n.*shopify-orders.*EXIT STATUS\n/s, '', '--help');
imported('no shop', 2, '', "loyalcs-import: which shop?\n$hint", 'plain', 'f.csv');
imported('no format', 2, '', "loyalcs-import: which format?\n$hint", '--shop', 'aurora');
imported('no file', 2, '', "loyalcs-import: which file?\n$hint", '--shop', 'aurora', 'plain');
imported('stdin twice', 2, '', "loyalcs-import: stdin can be read once\n$hint", '--shop', 'aurora', 'plain', '-', '-');
imported('an unknown option', 2, '', "loyalcs-import: unknown option or unexpected value: --fast\n$hint", '--fast');
imported('no value', 2, '', "loyalcs-import: this option takes a value: --shop\n$hint", '--shop');
imported('an encoding', 2, '', "loyalcs-import: an encoding is UTF-8 or CP932, not latin1\n$hint", '--encoding', 'latin1');
imported('no server', 3, '', qr/^loyalcs-import: connection to server .* failed/, '--shop', 'aurora', '--database', 'host=/nowhere', 'plain', file('x.csv', "a\n"));

# --------------------------------------------------------------------------
# Files that are none
# --------------------------------------------------------------------------

my @aurora = ('--shop', 'aurora');
my $before = state_of('aurora');
imported('no such file', 1, '', "loyalcs-import: cannot read none.csv: No such file or directory\n", @aurora, 'plain', "$dir/none.csv");
imported('a folder', 1, '', qr/^loyalcs-import: cannot read .*: Is a directory\n$/, @aurora, 'plain', $dir);
imported('an empty file', 1, '', "loyalcs-import: empty.csv is empty\n", @aurora, 'plain', file('empty.csv', ''));
imported('empty lines', 1, '', qr/^loyalcs-import: blank\.csv has no header that can be read\n.*HINT: The first line/, @aurora, 'plain', file('blank.csv', "\n\n"));
imported('a NUL', 1, '', qr/has no header that can be read/, @aurora, 'plain', file('nul.csv', "order_id\0,amount\n1,2\n"));
imported('a quotation mark', 1, '', qr/has no header that can be read/, @aurora, 'plain', file('mark.csv', "\"order_id,amount\n1,2\n"));
imported('a missing column', 1, '', qr/^loyalcs-import: .*few\.csv has no column ordered_at\n.*DETAIL: It has order_id, amount\.\n.*HINT: A file of plain-orders/, @aurora, 'plain-orders', file('few.csv', "order_id,amount\n1,2\n"));
imported('no such format', 1, '', qr/^loyalcs-import: there is no format 'magento'\n/, @aurora, 'magento', "$dir/few.csv");
imported('no such shop', 1, '', qr/^loyalcs-import: schema "nowhere" does not exist\n/, '--shop', 'nowhere', 'plain', "$dir/few.csv");
imported('no such zone', 1, '', qr/^loyalcs-import: time zone "Mars" not recognized\n/, @aurora, '--time-zone', 'Mars', 'plain', file('ok.csv', "order_id,amount,ordered_at\n"));
is(state_of('aurora'), $before, 'nothing of that left anything');

# --------------------------------------------------------------------------
# One text in each form is one shop
# --------------------------------------------------------------------------

my $text = <<'EOF';
注文ID,注文番号,お名前(姓),お名前(名),メールアドレス,送料,支払合計,対応状況(名称),受注日,商品名,個数,価格,送料
1,20251001,髙橋,一郎①,ichiro@example.jp,550,10450,発送済み,2025/10/07 09:50:26,"指輪 ""海"", 9号
（箱つき）",1,9900,0
2,20251002,山﨑,～波,nami@example.jp,0,5000,発送済み,2025/10/08 09:50:26,ﾈｯｸﾚｽ,1,5000,0
EOF
my $new = qr/^\S+ \(eccube-orders, (?:UTF-8|CP932)\): 4 lines\n  orders       2 new\n  customers    2 new\n$/;
my $same = qr/^\S+ \(eccube-orders, (?:UTF-8|CP932)\): 4 lines\n  orders       2 unchanged\n  customers    2 unchanged\n$/;
imported('a rehearsal', 0, qr/^order\.csv \(eccube-orders, UTF-8\): 4 lines\n  orders       2 new\n  customers    2 new\n  nothing of it was kept \(--dry-run\)\n$/,
	'', @aurora, '--dry-run', 'eccube-orders', file('order.csv', encode('UTF-8', $text)));
is(state_of('aurora'), $before, 'a rehearsal leaves nothing');
imported('UTF-8', 0, $new, '', @aurora, 'eccube-orders', "$dir/order.csv");
my $kept = sql(q{SELECT o.*, l.product_name, l.amount, c.name, c.email FROM aurora.orders o JOIN aurora.order_items l USING (customer_id, order_id) JOIN aurora.customers c USING (customer_id) ORDER BY o.order_id});
like($kept, qr/指輪 "海", 9号\n（箱つき）/, 'a field has commas, marks and lines in it');
like($kept, qr/髙橋 一郎①/, 'letters that only Windows has');
(my $crlf = $text) =~ s/\n/\r\n/g;
my $cp932 = encode('cp932', $text);
my $tabs = $text =~ s/"指輪.*?"(?=,1,9900)/"指輪 ""海"", 9号\n（箱つき）"/sr;
$tabs =~ s/,(?=[^ ])/\t/g;
imported('with a mark of its encoding and CRLF', 0, qr/unchanged/, '', @aurora, 'eccube-orders', file('bom.csv', "\xEF\xBB\xBF" . encode('UTF-8', $crlf)));
imported('CP932', 0, qr/^sjis\.csv \(eccube-orders, CP932\): 4 lines\n  orders       2 unchanged\n  customers    2 unchanged\n$/, '', @aurora, 'eccube-orders', file('sjis.csv', $cp932));
imported('CP932, said so', 0, $same, '', @aurora, '--encoding', 'Shift_JIS', 'eccube-orders', "$dir/sjis.csv");
imported('tabs', 0, $same, '', @aurora, 'eccube-orders', file('tabs.csv', encode('UTF-8', $tabs)));
{
	local $input = encode('cp932', $text);
	imported('stdin', 0, qr/^stdin \(eccube-orders, CP932\): 4 lines\n  orders       2 unchanged\n/, '', @aurora, 'eccube-orders', '-');
}
is(sql(q{SELECT o.*, l.product_name, l.amount, c.name, c.email FROM aurora.orders o JOIN aurora.order_items l USING (customer_id, order_id) JOIN aurora.customers c USING (customer_id) ORDER BY o.order_id}),
	$kept, 'all of them say the same');
imported('under the name of another system', 0, $new, '', '--shop', 'other', '--system', 'second', 'eccube-orders', "$dir/sjis.csv");
is(sql('SELECT system FROM other.imports'), 'second', 'that is kept');

# --------------------------------------------------------------------------
# Rows that are none
# --------------------------------------------------------------------------

my $rows = <<'EOF';
order_id;amount;ordered_at;email
1;100;2025-10-07;a@example.com
2;100
3;100;2025-10-07;"b@example.com
4;100;2025-10-07;c@example.com;more

5;100;2025-10-07;"d@example.com" x
6;100;2025-10-07;e@example.com
EOF
my $broken = encode('UTF-8', $rows) . "7;100;2025-10-07;\xFF\xFE\n8;100;2025-10-07;\0\n9;abc;2025-10-07;" . encode('UTF-8', '名' x 100) . "\n" . '10;100;2025-10-07;' . 'x' x 1100000 . "\n";
imported(
	'broken rows', 4,
	<<'EOF', '', @aurora, 'plain', file('broken.csv', $broken));
broken.csv (plain, UTF-8): 12 lines
  orders       2 new
  customers    2 new
  not taken, 8:
    line 3: it has 2 fields, and the header 4
    line 4: a field goes on behind the quotation mark that ends it
    line 5: it has 5 fields, and the header 4
    line 7: a field goes on behind the quotation mark that ends it
    line 9: it is not in UTF-8, as the file is
    line 10: it is not in UTF-8, as the file is
    line 11, amount: "abc": that is no amount of money, such as 24800 or 248.00
    line 12, email: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…": it is too long: 200 characters are the most
EOF
is(sql(q{SELECT string_agg(order_id, ' ' ORDER BY order_id) FROM aurora.orders WHERE external_id !~ '^2025' AND order_id !~ '^2025'}), '1 6', 'the others are taken');
imported('mended', 0, qr/^broken\.csv .*\n  orders       2 new, 2 unchanged\n/, '', @aurora, 'plain',
	file('broken.csv', encode('UTF-8', "ordered_at,email,order_id,amount\n" . join('', map { "2025-10-07,$_\@example.com,$_,100\n" } 1, 2, 3, 6))));
is(sql(q{SELECT count(*) FROM aurora.import_rejects}), '0', 'what was wrong is forgotten');
my $many = "order_id,amount,ordered_at\n" . join('', map { "m$_,x,2025-10-07\n" } 1 .. 20);
imported('many', 4, qr/\n  not taken, 20:\n(?:    line \d+, amount: "x": [^\n]*\n){10}    and more, which stand in aurora\.import_rejects\n$/, '', @aurora, 'plain', file('many.csv', $many));

# --------------------------------------------------------------------------
# All of it or nothing
# --------------------------------------------------------------------------

# (it waits for a lock before it writes its first order, and then its session is gone)
$before = state_of('aurora');
sql(q{BEGIN; LOCK TABLE aurora.orders IN EXCLUSIVE MODE; PREPARE TRANSACTION 'holder'});
my ($out, $err) = ('', '');
my $run = IPC::Run::start([ $program, @aurora, 'plain', file('late.csv', "order_id,amount,ordered_at\nlate,1,2025-10-07\n") ], '<', \'', '>', \$out, '2>', \$err);
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%finish_import%' AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()}) or die;
$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%finish_import(%' AND pid <> pg_backend_pid()});
$run->finish;
is($? >> 8, 3, 'a session that ends takes the import with it');
like($err, qr/^loyalcs-import: FATAL:  terminating connection due to administrator command\n\z/, 'and it says so');
sql(q{ROLLBACK PREPARED 'holder'});
is(state_of('aurora'), $before, 'nothing of the file is there');
imported('again', 0, qr/orders       1 new/, '', @aurora, 'plain', "$dir/late.csv");

# Two files, of which the second is none: the first is there.
imported('the second is none', 1, qr/^first\.csv .*orders       1 new/s, "loyalcs-import: cannot read none.csv: No such file or directory\n",
	@aurora, 'plain', file('first.csv', "order_id,amount,ordered_at\nfirst,1,2025-10-07\n"), "$dir/none.csv");
is(sql(q{SELECT count(*) FROM aurora.orders WHERE order_id = 'first'}), '1', 'a file is a transaction');

# Points, if they are asked for.
sql(q{UPDATE aurora.points_rules SET valid = '(,)'});
imported('with points', 0, qr/orders       1 new/, '', @aurora, '--earn-points', 'plain', file('points.csv', "order_id,amount,ordered_at\npoints,10000,2025-10-07\n"));
is(sql(q{SELECT string_agg(order_id, ' ') FROM aurora.point_postings}), 'points', 'that order earned, and no other');

done_testing();
