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
use Session;
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

my $session = Session->new($node, 'postgres');

sub sql { return Encode::decode('UTF-8', $session->sql(encode('UTF-8', $_[0]))); }

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

# The program itself is gone, in the middle: its session waits for the lock, goes on, and finds nobody.
sql(q{DELETE FROM aurora.orders WHERE order_id = 'late'; DELETE FROM aurora.imported_records WHERE own_key = 'late'});
$before = state_of('aurora');
sql(q{BEGIN; LOCK TABLE aurora.orders IN EXCLUSIVE MODE; PREPARE TRANSACTION 'holder'});
$run = IPC::Run::start([ $program, @aurora, 'plain', "$dir/late.csv" ], '<', \'', '>', \$out, '2>', \$err);
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%finish_import%' AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()}) or die;
$run->kill_kill;
sql(q{ROLLBACK PREPARED 'holder'});
$node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'loyalcs-import'}) or die;
is(state_of('aurora'), $before, 'a program that ends takes the import with it');

# Two at once: the second waits for the first, and finds what it has brought.
sql(q{BEGIN; LOCK TABLE aurora.orders IN EXCLUSIVE MODE; PREPARE TRANSACTION 'holder'});
my @both = map { my ($o, $e) = ('', ''); [ IPC::Run::start([ $program, @aurora, 'plain', "$dir/late.csv" ], '<', \'', '>', \$o, '2>', \$e), \$o, \$e ] } 1, 2;
$node->poll_query_until('postgres', q{SELECT count(*) = 2 FROM pg_stat_activity WHERE query LIKE '%_import(%' AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()}) or die;
sql(q{ROLLBACK PREPARED 'holder'});
$_->[0]->finish foreach @both;
like(join('', sort map { ${ $_->[1] } . ${ $_->[2] } } @both), qr/\A[^\n]*\n  orders       1 new\n.*orders       1 unchanged\n/s, 'two at once bring one order');

# Its input ends in the middle of a row: what there is of it is no row, and is said.
{
	local $input = "order_id,amount,ordered_at\npipe,1,2025-10-07\npipe2,1";
	imported('a pipe that breaks', 4, qr/orders       1 new.*line 3: it has 2 fields, and the header 3/s, '', @aurora, 'plain', '-');
}
# Nobody reads what it says: the file is there all the same.
IPC::Run::run([ 'bash', '-c', '"$@" | true', 'bash', $program, @aurora, 'plain', file('deaf.csv', "order_id,amount,ordered_at\ndeaf,1,2025-10-07\n") ], '2>', \$err);
is(sql(q{SELECT count(*) FROM aurora.orders WHERE order_id = 'deaf'}), '1', 'nobody reads what it says: the file is there all the same');

# Two files, of which the second is none: the first is there.
imported('the second is none', 1, qr/^first\.csv .*orders       1 new/s, "loyalcs-import: cannot read none.csv: No such file or directory\n",
	@aurora, 'plain', file('first.csv', "order_id,amount,ordered_at\nfirst,1,2025-10-07\n"), "$dir/none.csv");
is(sql(q{SELECT count(*) FROM aurora.orders WHERE order_id = 'first'}), '1', 'a file is a transaction');

# Points, if they are asked for.
sql(q{UPDATE aurora.points_rules SET valid = '(,)'});
imported('with points', 0, qr/orders       1 new/, '', @aurora, '--earn-points', 'plain', file('points.csv', "order_id,amount,ordered_at\npoints,10000,2025-10-07\n"));
is(sql(q{SELECT string_agg(order_id, ' ') FROM aurora.point_postings}), 'points', 'that order earned, and no other');

# --------------------------------------------------------------------------
# Progress is for whoever looks at it
# --------------------------------------------------------------------------

foreach (
	[ 'on a terminal', '', 1 ],
	[ 'on a terminal, and is not wanted', '--quiet', 0 ])
{
	my ($name, $option, $shown) = @$_;
	my $seen = '';
	IPC::Run::run([ 'script', '-qec', "'$program' --shop aurora $option plain '$dir/first.csv'", '/dev/null' ], '<', \'', '>', \$seen);
	$seen =~ /\d % read, 2 lines/ ? ok($shown, "progress $name") : ok(!$shown, "progress $name");
	like($seen, qr/orders       1 unchanged/, "what became of it, $name");
}

# --------------------------------------------------------------------------
# Every format, with all columns of the real exports
# --------------------------------------------------------------------------

my @ec = (qw(注文ID 注文番号 会員ID お名前(姓) お名前(名) お名前(セイ) お名前(メイ) 会社名 郵便番号 都道府県(ID) 都道府県(名称) 住所1 住所2 メールアドレス TEL 性別(ID) 性別(名称)
	  職業(ID) 職業(名称) 誕生日 ショップ用メモ欄 小計 値引き 送料 税金 合計 支払合計 対応状況(ID) 対応状況(名称) 支払方法(ID) 支払方法(名称) 受注日 入金日 注文詳細ID 商品ID 商品規格ID
	  商品名 商品コード 規格名1 規格名2 規格分類名1 規格分類名2 価格 個数 税率 税率ルール(ID) 明細区分(ID) 明細区分(名称) 出荷ID 配送先_お名前(姓) 配送先_お名前(名) 配送先_郵便番号 配送先_TEL
	  配送業者(ID) 配送業者(名称) お届け時間ID お届け時間(名称) お届け希望日 送料 発送日 出荷伝票番号 配達用メモ 出荷メール送信日));
my @base = (qw(注文ID 注文日時 氏(請求先) 名(請求先) 郵便番号(請求先) 都道府県(請求先) 住所(請求先) 住所2(請求先) 電話番号(請求先) メールアドレス(請求先) 氏(配送先) 名(配送先) 郵便番号(配送先) 都道府県(配送先)
	  住所(配送先) 住所2(配送先) 電話番号(配送先) 備考 商品名 バリエーション 価格 税率 数量 合計金額 送料 支払い方法 代引き手数料 発送状況 商品ID 種類ID 購入元 配送日 配送時間帯 注文メモ 調整金額));
my @zendesk = ('ID', 'Requester', 'Requester id', 'Requester external id', 'Requester email', 'Requester domain', 'Submitter', 'Assignee', 'Group', 'Subject', 'Tags', 'Status', 'Priority', 'Via',
	'Ticket type', 'Created at', 'Updated at', 'Assigned at', 'Organization', 'Due date', 'Initially assigned at', 'Solved at', 'Resolution time', 'Satisfaction Score', 'Group stations', 'Assignee stations',
	'Reopens', 'Replies', map { ("$_ time in minutes", "$_ time in minutes within business hours") } 'First reply', 'First resolution', 'Full resolution', 'Agent wait', 'Requester wait', 'On hold');

# written(HEADER, SEPARATOR, HASH OF CELLS...): a file of these columns, each cell in marks; of two
# columns of one name the first has the cell
sub written
{
	my ($header, $separator, @rows) = @_;
	my $line = sub { join($separator, map { '"' . ($_ // '') =~ s/"/""/gr . '"' } @_) . "\r\n" };
	return join '', $line->(@$header), map {
		my ($cells, %seen) = ($_);
		$line->(map { $seen{$_}++ ? 0 : $cells->{$_} } @$header)
	} @rows;
}
my @ec_rows = map {
	my $n = $_;
	my %order = (注文ID => $n, 注文番号 => "E$n", 会員ID => $n % 3 ? $n % 7 : '', 'お名前(姓)' => '髙橋', 'お名前(名)' => "①$n", メールアドレス => 'M' . $n % 7 . '@Example.jp', TEL => "03-1234-000$n",
		送料 => 550, 税金 => 900, 値引き => '', 支払合計 => 9950, '対応状況(名称)' => $n % 10 ? '発送済み' : '注文取消し', '支払方法(名称)' => 'クレジットカード',
		受注日 => sprintf('2025/10/%02d 09:50:26', $n % 28 + 1), 発送日 => '2025/11/01');
	({ %order, 商品名 => '指輪 "海"', 商品ID => 11, 価格 => 9900, 個数 => 1, '明細区分(名称)' => '商品' }, { %order, 商品名 => '送料', 価格 => 550, 個数 => 1, '明細区分(名称)' => '送料' },
		{ %order, 商品名 => '値引き', 価格 => -500, 個数 => 1, '明細区分(名称)' => '値引き' });
} 1 .. 40;
my @base_rows = map {
	{ 注文ID => "B$_", 注文日時 => sprintf('2025/10/%02d 9:50:26', $_ % 28 + 1), '氏(請求先)' => '山﨑', '名(請求先)' => '花子', 'メールアドレス(請求先)' => "b$_\@example.jp", 商品名 => '首飾り', 価格 => '4,900',
		税率 => $_ % 2 ? 10 : '', 数量 => 2, 合計金額 => '¥10,600', 送料 => 800, 発送状況 => $_ % 9 ? '発送済み' : '入金待ち', 商品ID => 7 }
} 1 .. 45;
my @zendesk_rows = map {
	{ ID => $_, Requester => "R$_", 'Requester id' => 9000 + $_ % 5, 'Requester email' => 'r' . $_ % 5 . '@example.com', Assignee => $_ % 2 ? 'Mori' : 'Aoi', Subject => 'Size?', Status => $_ % 4 ? 'Closed' : 'Open',
		Priority => 'Normal', Via => (qw(Web Email Chat LINE))[ $_ % 4 ], 'Created at' => sprintf('2025-10-%02d 09:50:26', $_ % 28 + 1), 'Solved at' => $_ % 4 ? sprintf('2025-10-%02d 11:50:26', $_ % 28 + 1) : '',
		'First reply time in minutes' => 30 }
} 1 .. 60;
my $shopify = slurp_file('bench/shopify.sql') =~ s/:scale/2000/gr;
my @formats = (
	[ 'shopify-orders', encode('UTF-8', sql($shopify)), qr/: 101 lines\n  orders       \d+ new, \d left_out\n  customers    \d+ new\n$/ ],
	[ 'eccube-orders', encode('cp932', written(\@ec, ',', @ec_rows)), qr/CP932\): 121 lines\n  orders       40 new\n  customers    \d+ new\n$/ ],
	[ 'base-orders', encode('cp932', written(\@base, ',', @base_rows)), qr/CP932\): 46 lines\n  orders       40 new, 5 left_out\n  customers    40 new\n$/ ],
	[ 'zendesk-tickets', "\xEF\xBB\xBF" . encode('UTF-8', written(\@zendesk, ',', @zendesk_rows)), qr/UTF-8\): 61 lines\n  tickets      60 new\n  customers    5 new\n  agents       2 new\n$/ ],
	[ 'shopify-customers', encode('UTF-8', written([ 'Customer ID', 'First Name', 'Last Name', 'Email', 'Accepts Email Marketing', 'Default Address Phone', 'Tags' ], ';',
				map { { 'Customer ID' => "'$_", 'First Name' => 'Hana', 'Last Name' => 'Ko', Email => "c$_\@example.com", 'Accepts Email Marketing' => 'yes' } } 1 .. 30)), qr/: 31 lines\n  customers    30 new\n$/ ],
	[ 'surveys', encode('UTF-8', written([ 'Timestamp', 'Email Address', 'How likely are you to recommend us?', 'Why?' ], "\t",
				map { { 'Timestamp' => "2025/10/07 9:50:26 PM GMT+9", 'Email Address' => "c$_\@example.com", 'How likely are you to recommend us?' => $_ % 11, 'Why?' => "軽い\n$_" } } 1 .. 30)),
		qr/: 61 lines\n  responses    30 new\n  customers    30 unchanged\n  questions    2 new\n$/ ]);
sql(q{SELECT loyalcs.create_shop('formats')});
foreach (@formats)
{
	my ($format, $bytes, $said) = @$_;
	imported($format, 0, $said, '', '--shop', 'formats', $format, file("$format.csv", $bytes));
	my $is = sql(q{SELECT md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM (SELECT o::text FROM formats.orders o UNION ALL SELECT l::text FROM formats.order_items l
		UNION ALL SELECT c::text FROM formats.customers c UNION ALL SELECT t::text FROM formats.tickets t UNION ALL SELECT e::text FROM formats.ticket_events e
		UNION ALL SELECT a::text FROM formats.survey_answers a UNION ALL SELECT r::text FROM formats.returns r UNION ALL SELECT c::text FROM formats.consents c) x (t)});
	imported("$format again", 0, qr/^[^\n]+\n(?!.*\b(?:new|changed)\b)/s, '', '--shop', 'formats', $format, "$dir/$format.csv");
	is(sql(q{SELECT md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM (SELECT o::text FROM formats.orders o UNION ALL SELECT l::text FROM formats.order_items l
		UNION ALL SELECT c::text FROM formats.customers c UNION ALL SELECT t::text FROM formats.tickets t UNION ALL SELECT e::text FROM formats.ticket_events e
		UNION ALL SELECT a::text FROM formats.survey_answers a UNION ALL SELECT r::text FROM formats.returns r UNION ALL SELECT c::text FROM formats.consents c) x (t)}), $is, "$format again changes nothing");
}
is(sql(q{SELECT DISTINCT amount || ' ' || discount || ' ' || shipping FROM formats.orders WHERE order_id ~ '^E'}), '9950 500 550', 'lines of 値引き lower an order');
is(sql(q{SELECT count(*) FILTER (WHERE cancelled_at IS NOT NULL) || ' ' || count(DISTINCT customer_id) FROM formats.orders WHERE order_id ~ '^E'}), '4 7', 'members and guests of one address are one');
is(sql(q{SELECT count(*) FROM formats.returns}), sql(q{SELECT count(*) FROM formats.orders WHERE refunded = 4900}), 'what was refunded came back');

done_testing();
