#
# The dispatcher: what it says, what it hands out, what it makes of the answers,
# and that nothing is lost or sent too often when processes are killed and the
# server goes away. Where two have to meet, they meet at a FIFO, a file or a row,
# never at a guess of how long something takes; and where a lease has to run out
# or a retry to come due, they are asked with a later instant (--at). What a part
# leaves in the queue it settles, so that none of it comes due in another.
#
use strict;
use warnings;

use Fcntl qw(:mode);
use JSON::PP;
use POSIX qw(mkfifo WIFEXITED WEXITSTATUS WTERMSIG);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;
use Time::HiRes qw(sleep time);

chomp(my $bindir = `$ENV{PG_CONFIG} --bindir`);
my $program = "$ENV{LOYALCS_STAGE}$bindir/loyalcs-dispatch";
my $dir = PostgreSQL::Test::Utils::tempdir;
$ENV{DIR} = $dir;

my $node = PostgreSQL::Test::Cluster->new('dispatch');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
$node->append_conf('postgresql.conf', "timezone = 'Asia/Tokyo'\njit = off\n");
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION loyalcs;
	SELECT loyalcs.create_shop('aurora');
	UPDATE aurora.journeys SET started_at = '-infinity';
});
# the same once more, for what needs it as new
$node->safe_psql('template1', 'CREATE DATABASE many TEMPLATE postgres STRATEGY file_copy');

# --------------------------------------------------------------------------
# Support
# --------------------------------------------------------------------------

my $session = Session->new($node, 'postgres');

sub sql { return $session->sql($_[0]); }

# start(OPTION...): a dispatcher in the background. A hash as the first argument
# names files: out, err.
my $started = 0;

sub start
{
	my %run = (name => ++$started, %{ ref $_[0] ? shift : {} });
	my @command = ($program, @_);
	$run{out} //= "$dir/out.$run{name}";
	$run{err} //= "$dir/err.$run{name}";
	$run{pid} = fork // die $!;
	if (!$run{pid})
	{
		open STDIN, '<', '/dev/null' or die $!;
		open STDOUT, '>>', $run{out} or die $!;
		open STDERR, '>>', $run{err} or die $!;
		exec @command or POSIX::_exit(127);
	}
	return \%run;
}

# on_shop(OPTION...): the options that all of those need that are to work
sub on_shop { return ('--shop', 'aurora', @_, $node->connstr('postgres')); }

# How it ended: "exit 0", "signal 15".
sub finish
{
	my ($run) = @_;
	waitpid($run->{pid}, 0) == $run->{pid} or die $!;
	return WIFEXITED($?) ? 'exit ' . WEXITSTATUS($?) : 'signal ' . WTERMSIG($?);
}

# Until it has said so.
sub wait_for_text
{
	my ($file, $pattern) = @_;
	foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		return 1 if -e $file && slurp_file($file) =~ $pattern;
		sleep 0.1;
	}
	die "$file never said $pattern:\n" . (-e $file ? slurp_file($file) : '');
}

# dispatched(NAME, ENDS, ERR, OPTION...): runs to its end; returns the lines that it printed
sub dispatched
{
	my ($name, $ends, $err, @options) = @_;
	my $run = start(@options);
	is(finish($run), $ends, "$name: $ends");
	my $said = slurp_file($run->{err});
	ref $err ? like($said, $err, "$name: what it says") : is($said, $err, "$name: what it says");
	return split /^/, slurp_file($run->{out});
}

# refused(NAME, ENDS, MESSAGE, OPTION...): it prints nothing, and says just this
sub refused
{
	my ($name, $ends, $message, @options) = @_;
	my @lines = dispatched($name, $ends,
		ref $message ? $message : join('', map { "loyalcs-dispatch: $_\n" } split /\n/, $message), @options);
	is("@lines", '', "$name: prints nothing");
	return;
}

# A script that is the command of a dispatcher.
sub script
{
	my ($name, $text) = @_;
	my $file = "$dir/$name";
	open my $out, '>', $file or die $!;
	print $out $text;
	close $out or die $!;
	chmod 0755, $file or die $!;
	return $file;
}

# run_sh(SCRIPT): what it prints
sub run_sh
{
	my ($script) = @_;
	open my $out, '-|', 'sh', '-c', $script or die $!;
	local $/;
	return <$out>;
}

# orders(NUMBER, PREFIX): so many new orders, for each of which a confirmation is due
sub orders
{
	my ($number, $prefix) = @_;
	sql(qq{
		INSERT INTO aurora.customers (customer_id, name, email)
		SELECT '$prefix' || i, '山田 ' || i, '$prefix' || i || '\@example.com' FROM generate_series(1, $number) i;
		INSERT INTO aurora.orders (customer_id, order_id, ordered_at, amount)
		SELECT '$prefix' || i, 'O-$prefix' || i, now() - interval '1 minute', 24800 FROM generate_series(1, $number) i;});
	return;
}

# settle(PREFIX): what is not finished of these customers is out of the way of what follows
sub settle
{
	my ($prefix) = @_;
	sql(qq{
		UPDATE aurora.followups SET finished_at = now(), outcome = 'failed', lease_until = NULL
		 WHERE customer_id ~ '^${prefix}[0-9]+\$' AND finished_at IS NULL});
	return;
}

# What became of the follow-ups of customers with a prefix.
sub became
{
	my ($prefix) = @_;
	return sql(qq{
		SELECT coalesce(string_agg(concat_ws(' ', n, what), ', ' ORDER BY what), 'nothing')
		FROM (SELECT count(*) AS n,
				coalesce(outcome, CASE WHEN lease_until IS NOT NULL THEN 'claimed'
					WHEN claimable_at <= now() THEN 'waits' ELSE 'waits for later' END) AS what
			FROM aurora.followups WHERE customer_id ~ '^${prefix}[0-9]+\$' GROUP BY 2) x});
}

# --------------------------------------------------------------------------
# Options
# --------------------------------------------------------------------------

my ($version) = slurp_file('loyalcs.control') =~ /^default_version *= *'(.*)'/m;
my $hint = "HINT: loyalcs-dispatch --help tells what there is.";

is(join('', dispatched('--version', 'exit 0', '', '--version')), "loyalcs-dispatch $version\n", '--version');
my @manual = dispatched('--help', 'exit 0', '', '--help');
is(join('', grep { length > 91 } @manual), '', 'the manual fits a terminal');
my $page = slurp_file('doc/dispatch.md');
my %options = map { $_ => 1 } join('', @manual) =~ /(?<![\w-])(--[a-z-]+)/g;
is(join(' ', grep { $page !~ /`\Q$_\E[` ]/ } sort keys %options), '', 'the page names every option of the manual');
cmp_ok(scalar(keys %options), '>=', 13, 'the manual names options');

refused('no shop', 'exit 2', "which shop?\n$hint", 'postgres');
refused('an empty shop', 'exit 2', "which shop?\n$hint", '--shop', '');
refused('an unknown option', 'exit 2', "unknown option or unexpected value: --shops\n$hint", '--shops');
refused('a short option', 'exit 2', "unknown option or unexpected value: -x\n$hint", '--shop', 'aurora', '-x');
refused('a value where none belongs', 'exit 2', "unknown option or unexpected value: --once=1\n$hint", '--once=1');
refused('no value', 'exit 2', "this option takes a value: --shop\n$hint", '--shop');
refused('two databases', 'exit 2', "too many arguments, from b\n$hint", '--shop', 'aurora', 'a', 'b');
foreach my $bad ('0', '10001', '-1', '1x', '', '99999999999999999999')
{
	refused("a limit of '$bad'", 'exit 2', "--limit takes a number from 1 to 10000, not \"$bad\"", '--shop', 'aurora', "--limit=$bad");
}
refused('no lease', 'exit 2', '--lease takes a number from 1 to 604800, not "0"', '--shop', 'aurora', '--lease', '0');
foreach my $bad ('0', '257', 'many')
{
	refused("$bad at a time", 'exit 2', "--parallel takes a number from 1 to 256, not \"$bad\"", '--shop', 'aurora', '--parallel', $bad);
}
refused('no poll', 'exit 2', '--poll takes a number from 1 to 3600, not "0"', '--shop', 'aurora', '--poll', '0');
refused('two ways', 'exit 2', "--exec and --pipe are two ways to hand over, of which one is needed\n$hint",
	'--shop', 'aurora', '--exec', 'true', '--pipe', 'cat');
refused('the other way round', 'exit 2', "--exec and --pipe are two ways to hand over, of which one is needed\n$hint",
	'--shop', 'aurora', '--pipe', 'cat', '--exec', 'true');
refused('output of nobody', 'exit 2', "--keep-output goes with --exec or --pipe only\n$hint", '--shop', 'aurora', '--keep-output');
refused('no time', 'exit 2', '--time-limit takes a number from 1 to 86400, not "1.5"', '--shop', 'aurora', '--time-limit', '1.5');
refused('a short lease', 'exit 2',
	"a lease of 62 s is too short for a time limit of 60 s\nHINT: Take at least 63 s: whoever is sent a message twice is no happier.",
	'--shop', 'aurora', '--lease', '62', '--exec', 'true');
refused('a short lease of a pipe', 'exit 2',
	"a lease of 12 s is too short for a time limit of 10 s\nHINT: Take at least 13 s: whoever is sent a message twice is no happier.",
	'--shop', 'aurora', '--lease', '12', '--time-limit', '10', '--pipe', 'cat');
refused('a pipe for nothing', 'exit 2', "--dry-run hands nothing over, so --pipe is of no use\n$hint",
	'--shop', 'aurora', '--dry-run', '--pipe', 'cat');
refused('a command for nothing', 'exit 2', "--dry-run hands nothing over, so --exec is of no use\n$hint",
	'--shop', 'aurora', '--dry-run', '--exec', 'true');
refused('two kinds of work', 'exit 2', "--sla and --escalations are two kinds of work, each for a dispatcher of its own\n$hint", '--shop', 'aurora', '--sla', '--escalations');
refused('another time for good', 'exit 2', "--at goes with --once or --dry-run only\n$hint", '--shop', 'aurora', '--at', 'now');

refused('no server', 'exit 3', qr/^loyalcs-dispatch: connection to server on socket .* failed: .*\n\z/,
	'--shop', 'aurora', '--once', "host=$dir");
refused('no database', 'exit 3', qr/^loyalcs-dispatch: connection to server .* failed: FATAL:  database "nowhere" does not exist\n\z/,
	'--shop', 'aurora', '--dry-run', $node->connstr('nowhere'));
refused('nonsense of a conninfo', 'exit 3', qr/^loyalcs-dispatch: invalid connection option "nonsense"\n\z/,
	'--shop', 'aurora', '--once', 'nonsense=1');
refused('no extension', 'exit 1', 'relation "loyalcs.shops" does not exist', '--shop', 'aurora', '--once', $node->connstr('template1'));
refused('no such shop', 'exit 1', "there is no shop Aurora in database postgres\nHINT: SELECT name FROM loyalcs.shops lists them.",
	'--shop', 'Aurora', '--once', $node->connstr('postgres'));
refused('no such channel', 'exit 1', "shop aurora has no channel pigeon\nHINT: Its table channels lists them.",
	on_shop('--once', '--channel', 'pigeon'));
refused('no time at all', 'exit 1', 'invalid input syntax for type timestamp with time zone: "noonish"', on_shop('--once', '--at', 'noonish'));
refused('nothing is due', 'exit 0', '', on_shop('--once'));
refused('nothing would be', 'exit 0', '', on_shop('--dry-run'));

# What is not as it should be in the shop is said at the start.
sql('ALTER TABLE aurora.settings DISABLE TRIGGER check_time_zone');
refused('a shop that is being loaded', 'exit 0', "shop aurora: trigger check_time_zone of aurora.settings is disabled\n"
	  . "HINT: SELECT loyalcs.end_load('aurora'); or ALTER TABLE aurora.settings ENABLE TRIGGER check_time_zone;",
	on_shop('--once'));
sql('ALTER TABLE aurora.settings ENABLE TRIGGER check_time_zone');

# --------------------------------------------------------------------------
# Lines
# --------------------------------------------------------------------------

orders(3, 'L');
my @lines = dispatched('--dry-run', 'exit 0', '', on_shop('--dry-run'));
is(join(' ', map { decode_json($_)->{subject} } @lines), 'O-L1 O-L2 O-L3', '--dry-run prints what is due');
is(join(' ', sort keys %{ decode_json($lines[0]) }), 'channel customer_id due_at step subject why', '--dry-run: fields');
is(sql('SELECT count(*) FROM aurora.followups'), '0', '--dry-run changes nothing');
is(scalar(dispatched('--dry-run', 'exit 0', '', on_shop('--dry-run', '--channel', 'phone'))), 0, '--dry-run of another channel');
is(scalar(dispatched('--dry-run', 'exit 0', '', on_shop('--dry-run', '--at', '2020-01-01'))), 0, '--dry-run at another time');
refused('another channel', 'exit 0', '', on_shop('--once', '--channel', 'phone'));

# for a session that has ideas of its own
@lines = do {
	local $ENV{PGTZ} = 'America/New_York';
	local $ENV{PGCLIENTENCODING} = 'EUC_JP';
	local $ENV{PGOPTIONS} = '-c search_path=nowhere -c datestyle=German';
	dispatched('--once', 'exit 0', '', on_shop('--once', '--channel', 'email', '--limit', '2', '--worker', 'me'));
};
my @items = map { decode_json($_) } @lines;
is(join(' ', map { $_->{subject} } @items), 'O-L1 O-L2 O-L3', '--once hands out what is due, in batches');
is(join(' ', sort keys %{ $items[0] }), 'attempt channel customer_id due_at followup_id payload step subject', 'fields');
is(join(' ', map { $items[0]{$_} } qw(attempt customer_id step channel)), '1 L1 order_confirmation email', 'values');
like($items[0]{due_at}, qr/^\d{4}-\d\d-\d\dT[\d:.]+\+00:00$/, 'due_at is in UTC');
is($items[0]{payload}{recipient}, 'L1@example.com', 'the payload is the message');
like($lines[0], qr/"山田 1様/, 'in UTF-8');
is(sql("SELECT string_agg(DISTINCT worker, ' ') FROM aurora.followups"), 'me', '--worker');
is(became('L'), '3 sent', 'what was written is sent');
refused('nothing is left', 'exit 0', '', on_shop('--once'));

# Another kind of key, through a role that may do no more than an application.
$node->safe_psql(
	'postgres', q{
	SELECT loyalcs.create_shop('Näh "Shop"', key_type => 'bigint');
	SELECT FROM "Näh ""Shop""".start_journeys(now() - interval '1 day');
	INSERT INTO "Näh ""Shop""".customers (customer_id, email) VALUES (7, 'seven@example.com');
	INSERT INTO "Näh ""Shop""".orders (customer_id, order_id, ordered_at, amount) VALUES (7, 'O', now(), 1);
	CREATE ROLE sender LOGIN;
	CREATE ROLE reader LOGIN;
	SELECT loyalcs.grant_shop('Näh "Shop"', 'sender', 'service');
	SELECT loyalcs.grant_shop('Näh "Shop"', 'reader', 'report');});
refused('a reader', 'exit 1', qr/^loyalcs-dispatch: permission denied for table shop_turns\n/,
	'--shop', 'Näh "Shop"', '--once', $node->connstr('postgres') . ' user=reader');
@lines = dispatched('a sender', 'exit 0', '', '--shop', 'Näh "Shop"', '--once', $node->connstr('postgres') . ' user=sender');
is(@lines && decode_json($lines[0])->{customer_id}, 7, 'another shop, another key, an ordinary role');
sql(q{COMMENT ON TABLE "Näh ""Shop""".shop_migrations IS 'parts (loyalcs 0.1.9)'});
refused('a sender, a shop of an older version', 'exit 0', 'shop Näh "Shop": it is of version 0.1.9 of loyalcs, and the extension is not' . "\n"
	  . 'HINT: its owner calls loyalcs.create_shop',
	'--shop', 'Näh "Shop"', '--once', $node->connstr('postgres') . ' user=sender');
sql(q{SELECT loyalcs.create_shop('Näh "Shop"')});

# --------------------------------------------------------------------------
# Warnings
# --------------------------------------------------------------------------

# ticket(CUSTOMER, OPENED): a ticket on LINE, whose first response takes an hour
sub ticket
{
	my ($customer, $opened) = @_;
	sql(qq{
		INSERT INTO aurora.customers (customer_id) VALUES ('$customer');
		INSERT INTO aurora.tickets (customer_id, ticket_id, channel) VALUES ('$customer', 'T', 'line');
		INSERT INTO aurora.ticket_events (customer_id, ticket_id, at, kind) VALUES ('$customer', 'T', '$opened', 'opened');});
	return;
}

# told(LINE...): of which promises of whom
sub told
{
	return join(', ', map { my $i = decode_json($_); join(' ', $i->{customer_id}, $i->{attempt} // (), map { $_->{metric}, $_->{state} } $i->{payload} // $i) } @_);
}

sql(q{UPDATE aurora.settings SET live_since = '2026-01-01 00:00+09'});
ticket('V1', '2026-03-06 12:00+09');
ticket('V2', '2026-03-06 11:30+09');
my @at = ('--at', '2026-03-06 12:50+09');
@lines = dispatched('--sla --dry-run', 'exit 0', '', on_shop('--sla', '--dry-run', @at));
is(told(@lines), 'V2 first_response breached, V1 first_response at_risk', '--sla --dry-run: what is due');
is(join(' ', sort keys %{ decode_json($lines[0]) }), 'agent_id channel customer_id due_at due_in metric state ticket_id', '--sla --dry-run: fields');
is(sql('SELECT count(*) FROM aurora.sla_warnings'), '0', '--sla --dry-run changes nothing');
refused('--sla --dry-run: another channel', 'exit 0', '', on_shop('--sla', '--dry-run', '--channel', 'email', @at));
refused('--sla: another channel', 'exit 0', '', on_shop('--sla', '--once', '--channel', 'email', @at));
@lines = dispatched('--sla --once', 'exit 0', '', on_shop('--sla', '--once', '--channel', 'line', '--limit', '1', @at));
is(told(@lines), 'V2 1 first_response breached, V1 1 first_response at_risk', '--sla: each is handed out');
is(join(' ', sort keys %{ decode_json($lines[0]) }), 'attempt channel customer_id due_at payload ticket_id warning_id', '--sla: fields');
is(decode_json($lines[1])->{payload}{due_in}, 'in 10 min', '--sla: the payload is what the board says');
refused('--sla: once', 'exit 0', '', on_shop('--sla', '--once', @at));
refused('--sla: nothing is left to show', 'exit 0', '', on_shop('--sla', '--dry-run', @at));

# Its later breach is another warning; what fails is tried again.
@at = ('--at', '2026-03-06 13:10+09');
refused('--sla: failed', 'exit 0', '', on_shop('--sla', '--once', '--keep-output', '--exec', 'echo busy; exit 75', @at));
is(sql("SELECT state, attempts, failures, detail FROM aurora.sla_warnings WHERE finished_at IS NULL"), 'breached|1|1|exit code 75: busy', '--sla: what the command says is kept');
refused('--sla: not before a minute', 'exit 0', '', on_shop('--sla', '--once', '--at', '2026-03-06 13:10:59+09'));
@lines = dispatched('--sla --once', 'exit 0', '', on_shop('--sla', '--once', '--at', '2026-03-06 13:11+09'));
is(told(@lines), 'V1 2 first_response breached', '--sla: a later breach is handed out once more');
refused('--sla: and that once', 'exit 0', '', on_shop('--sla', '--once', '--at', '2026-03-06 13:12+09'));

# Tickets of which somebody is to be told by a rule: the same table, and another dispatcher.
sql(q{UPDATE aurora.escalation_rules SET tell = 'the head' WHERE condition = 'sla_breached'});
sql(q{UPDATE aurora.escalation_rules SET valid = 'empty' WHERE condition <> 'sla_breached'});
@at = ('--at', '2026-03-06 13:30+09');
@lines = dispatched('--escalations --dry-run', 'exit 0', '', on_shop('--escalations', '--dry-run', @at));
is(join(' ', map { @{ decode_json($_) }{qw(customer_id rule tell)} } @lines), 'V2 promise broken for an hour the head', '--escalations --dry-run: what is due');
@lines = dispatched('--escalations --once', 'exit 0', '', on_shop('--escalations', '--once', '--channel', 'line', @at));
is(join(' ', map { my $i = decode_json($_); ($i->{customer_id}, $i->{attempt}, @{ $i->{payload} }{qw(state rule tell)}) } @lines),
	'V2 1 escalated promise broken for an hour the head', '--escalations: each is handed out');
is(sql("SELECT outcome FROM aurora.sla_warnings WHERE state = 'escalated'"), 'sent', '--escalations: and recorded');
refused('--escalations: once', 'exit 0', '', on_shop('--escalations', '--once', @at));

# One that sleeps is told by nobody, and looks when a promise gets near.
my $watch = start({ out => "$dir/watch" }, on_shop('--sla', '--verbose'));
wait_for_text($watch->{err}, qr/nothing is due, sleeping/);
like(slurp_file("$dir/watch"), qr/"proposal"/, '--sla: what has become due since is handed out');
kill 'TERM', $watch->{pid};
is(finish($watch), 'exit 0', '--sla: told to end');

# Outcomes that cannot be recorded.
ticket('V3', '2026-03-06 12:00+09');
$ENV{CONNECTION} = $node->connstr('postgres');
refused('--sla: erased', 'exit 0', qr/^loyalcs-dispatch: there is no SLA warning \d+\nloyalcs-dispatch: SLA warning \d+: sent, which could not be recorded\n\z/,
	on_shop('--sla', '--once', '--limit', '1', '--at', '2026-03-06 13:12+09', '--exec',
		q{psql -XqAt -d "$CONNECTION" -c "DELETE FROM aurora.tickets WHERE customer_id = 'V3'"}));
refused('--sla: a reader', 'exit 1', qr/^loyalcs-dispatch: permission denied for table shop_turns\n/,
	'--sla', '--shop', 'Näh "Shop"', '--once', $node->connstr('postgres') . ' user=reader');
refused('--sla: a sender', 'exit 0', '', '--sla', '--shop', 'Näh "Shop"', '--once', $node->connstr('postgres') . ' user=sender');

# --------------------------------------------------------------------------
# What customers write, through the mailer of the page
# --------------------------------------------------------------------------

# Nothing is obeyed by a terminal, and JSON is what it was.
my $controls = join('', map { chr } 1 .. 31, 127 .. 159, 0x2028, 0x2029);
utf8::encode(my $written = "C$controls");
sql("INSERT INTO aurora.customers (customer_id, name, email) VALUES ('C1', \$name\$$written\$name\$, 'c1\@example.com')");
sql(q{INSERT INTO aurora.orders (customer_id, order_id, ordered_at, amount) VALUES ('C1', 'O' || (SELECT name FROM aurora.customers WHERE customer_id = 'C1'), now() - interval '1 minute', 1)});
my $any_control = qr/[\x01-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]/;
foreach my $how ('--dry-run', '--once')
{
	@lines = dispatched("$how of control characters", 'exit 0', '', on_shop($how));
	unlike($lines[0], $any_control, "$how: no control character is written");
	utf8::encode(my $read = decode_json($lines[0])->{subject});
	is($read, "O$written", "$how: and all are told of");
}
unlike(decode_json($lines[0])->{payload}{subject}, qr/[$controls]/, 'the subject of the message has none');
unlike(decode_json($lines[0])->{payload}{body}, qr/(?![\n\t])[$controls]/, 'its body has only lines and tabs');
refused('a shop of control characters', 'exit 1', qr/^loyalcs-dispatch: there is no shop a \[2J b in database postgres\nloyalcs-dispatch: HINT: [^\n]*\n\z/,
	'--shop', "a\n\e[2J\xc2\x9bb", '--once', $node->connstr('postgres'));
refused('options of control characters', 'exit 2', qr/^loyalcs-dispatch: unknown option or unexpected value: --x b\n[^\n]*\n\z/, "--x\r\nb");

SKIP:
{
	my ($mailer) = $page =~ /^```sh\n(#!\/bin\/sh\n# send-mail:.*?)^```$/ms or die 'the page has no mailer';
	skip 'jq or python3 is missing', 1 if system('jq -n 1 >/dev/null 2>&1; test $? = 0 && python3 -c 1') != 0;
	mkdir "$dir/bin";
	script('bin/sendmail', qq{#!/bin/sh\nn=\$(ls "\$DIR/mail" | wc -l)\nprintf '%s\\n' "\$@" >"\$DIR/mail/\$n.args"\ncat >"\$DIR/mail/\$n.eml"\n});
	my $send_mail = script('send-mail', $mailer);
	my $parse = script('parse', <<'END');
import email, email.policy, json, sys
for path in sys.argv[1:]:
    raw = open(path, 'rb').read()
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    print(json.dumps({'args': open(path[:-4] + '.args').read().split('\n')[:-1],
        'headers': [k for k, v in mail.items()], 'to': [a.addr_spec for a in mail['To'].addresses], 'subject': str(mail['Subject']),
        'type': mail.get_content_type(), 'body': mail.get_content(), 'defects': [str(d) for d in mail.defects],
        'longest': max(len(l) for l in raw.split(b'\n'))}))
END
	my %hostile = (
		'line break' => "Ann\nBcc: all\@example.com\n\nbuy", 'crlf' => "Ann\r\nBcc: all\@example.com\r\n\r\nbuy", 'end' => "Ann\n.\nQUIT\r\n.\r\n",
		'quotes' => q{"Ann" 'x' \\" `id` $(touch $DIR/owned) ; touch $DIR/owned}, 'option' => '-oQ/tmp -t', 'long' => "\x{9577}" x 20000,
		'emoji' => "\x{1F469}\x{200D}\x{1F469}\x{200D}\x{1F466}" x 30, 'word' => '=?UTF-8?B?QmNjOiBhQHg=?=', 'percent' => '%s%n \(.recipient) %0aBcc: a@x', 'html' => '<script>"&',
		'controls' => $controls, 'blanks' => '  x  ', 'separator' => "Ann\x{2028}Bcc: x\x{85}y");
	my @names = sort keys %hostile;
	utf8::encode(my $values = join(', ', map { "('M$_', \$hostile\$$hostile{$names[$_]}\$hostile\$)" } 0 .. $#names));
	sql(qq{
		UPDATE aurora.templates SET subject = subject || ' {{name}}' WHERE key = 'order_confirmation';
		INSERT INTO aurora.customers (customer_id, name, email) SELECT k, v, k || '\@example.com' FROM (VALUES $values) v (k, v);
		INSERT INTO aurora.orders (customer_id, order_id, ordered_at, amount)
		SELECT k, 'O ' || left(v, 100), now() - interval '1 minute', 1 FROM (VALUES $values) v (k, v);
		-- none of these may be sent
		INSERT INTO aurora.customers (customer_id, name, email) VALUES
			('B0', 'Bob', E'b\@x\\nBcc: all\@example.com'), ('B1', 'Bob', 'b\@x, all\@example.com'), ('B2', 'Bob', '-oQ/tmp\@x'), ('B3', 'Bob', 'b\@x\$(id) c');
		INSERT INTO aurora.orders (customer_id, order_id, ordered_at, amount)
		SELECT 'B' || i, 'O', now() - interval '1 minute', 1 FROM generate_series(0, 3) i;});
	mkdir "$dir/mail";
	{
		local $ENV{PATH} = "$dir/bin:$ENV{PATH}";
		refused('the mailer', 'exit 0', '', on_shop('--once', '--exec', "exec $send_mail"));

		# and what it would do if somebody else had handed it such recipients
		foreach my $to ("a\@x\nBcc: b\@x", 'a@x, b@x', '-t', 'a b@x', '$(id)', '')
		{
			open my $in, '|-', $send_mail or die $!;
			print $in encode_json({ payload => { recipient => $to, subject => 's', body => 'b' } }), "\n";
			close $in;
			is($? >> 8, 67, 'it sends to one address: not to ' . $to =~ s/\n/\\n/r);
		}
	}
	is(became('M'), @names . ' sent', 'the mailer: all are sent');
	is(became('B'), '4 undeliverable', 'the mailer: but to no recipient that is not one address');
	my @mails = map { decode_json($_) } split /^/, `python3 $parse $dir/mail/*.eml`;
	is(scalar @mails, scalar @names, 'the mailer: one mail each');
	is(join(' | ', sort keys %{ { map { join(' ', @{ $_->{headers} }) => 1 } @mails } }),
		'To Subject MIME-Version Content-Type Content-Transfer-Encoding', 'the mailer: each has the headers of the page and no others');
	is(join(' ', map { @{ $_->{defects} } } @mails), '', 'the mailer: a parser of mail finds nothing wrong');
	is(scalar(grep { $_->{longest} > 76 } @mails), 0, 'the mailer: no line is too long');
	ok(!-e "$dir/owned", 'the mailer: no word of a customer is run');
	foreach my $mail (@mails)
	{
		my ($to) = @{ $mail->{to} };
		my ($i) = $to =~ /^M(\d+)\@example\.com$/ or die "mail to $to";
		is(join(' ', @{ $mail->{args} }), "-i -- $to", "the mailer, $names[$i]: one recipient");
		my $name = $hostile{ $names[$i] };
		(my $line = $name) =~ s/ *[$controls][ $controls]*/ /g;
		my $subject = sql("SELECT aurora.one_line(loyalcs.render(t.subject, jsonb_build_object('order_id', o.order_id, 'name', c.name))) FROM aurora.templates t, aurora.orders o JOIN aurora.customers c USING (customer_id) WHERE t.key = 'order_confirmation' AND t.language = 'ja' AND c.customer_id = 'M$i'");
		utf8::encode(my $got = $mail->{subject});
		is($got, $subject, "the mailer, $names[$i]: the subject is what was written");
		unlike($mail->{subject}, qr/[$controls]/, "the mailer, $names[$i]: in one line");
		like($mail->{subject}, qr/\Q$1\E/, "the mailer, $names[$i]: with the name in it") if $line =~ /(\S.*\S)/;
		(my $lines = $name) =~ s/\r\n?/\n/g;
		$lines =~ s/(?![\n\t])[$controls]/ /g;
		like($mail->{body}, qr/^\Q$lines\E\x{69d8}/m, "the mailer, $names[$i]: the body has the name");
	}
	sql("UPDATE aurora.templates SET subject = replace(subject, ' {{name}}', '') WHERE key = 'order_confirmation'");
}

# --------------------------------------------------------------------------
# A word of a crontab, as cron and then the shell read it
# --------------------------------------------------------------------------

foreach my $word (q{it's}, q{100%}, q{%}, q{'%'}, q{$(touch $DIR/owned)}, q{`id`}, q{a"b}, q{-x}, q{a;b|c&d}, q{ a  b }, q{!!}, q{#x}, q{~}, q{*}, q{SELECT "it's 100%".f()})
{
	my $line = sql("SELECT loyalcs.shop_crontab_word(\$word\$$word\$word\$)");
	my $sh = $line =~ s/\\%/\0/gr;
	unlike($sh, qr/%/, "$word: cron does not end the line there");
	$sh =~ s/\0/%/g;
	is(scalar(run_sh("printf '<%s>' $sh")), "<$word>", "$word: one word for the shell");
}
ok(!-e "$dir/owned", 'no word of a crontab is run');

# --------------------------------------------------------------------------
# Answers of a command
# --------------------------------------------------------------------------

# Two that hang: they take their time while the tests below go on. (Ten seconds
# are for a machine on which it takes that long to start a shell.) Their dispatcher
# is told to end, so that it takes nothing else.
orders(2, 'X');
my $hang = script('hang', <<'END');
#!/bin/sh
read -r line
case $line in
*'"X1"'*) trap '' TERM; sleep 1000 & echo "asked"; echo $! >"$DIR/sleeper"; wait; while :; do sleep 1000; done ;;
*'"X2"'*) trap 'echo bye; exit 0' TERM; sleep 1000 & echo $! >"$DIR/sleeper2"; wait ;;
esac
END
my $hanging = start(on_shop('--once', '--keep-output', '--exec', "exec $hang", '--time-limit', '10', '--lease', '604800', '--parallel', '2', '--at', sql("SELECT now() + interval '20 hours'")));
wait_for_text("$dir/$_", qr/\n/) foreach 'sleeper', 'sleeper2';
kill 'TERM', $hanging->{pid};

# Each customer is another case.
orders(13, 'E');
my $cases = script('cases', <<'END');
#!/bin/sh
read -r line
case $line in
*'"E1"'*) echo "message 4711" ;;
*'"E2"'*) exit 75 ;;
*'"E3"'*) echo; echo "  mailbox	full  "; exit 1 ;;
*'"E4"'*) echo "no such address"; exit 67 ;;
*'"E5"'*) exit 68 ;;
*'"E6"'*) kill -9 $$ ;;
*'"E7"'*) printf 'a \033[2J\302\233b\342\200\250c\342\200\251d\rBcc:'; exit 1 ;;
*'"E8"'*) yes 長い理由 | head -n 10000; exit 1 ;;
*'"E9"'*) printf 'a\200b\377c\303\050\342\202\355\240\200d\001\177e\303\244\n'; exit 1 ;;
*'"E10"'*) sleep 1000 & echo "$!" >"$DIR/daemon" ;;
*'"E11"'*) exec >&- 2>&-; exit 0 ;;
*'"E13"'*) exec <&-; exit 0 ;;
*'"E12"'*) echo "a complaint" >&2 ;;
esac
END
# of the long line it reads nothing at all
my $first = script('first', qq{#!/bin/sh\ncase \$(head -c 200) in *'"E12"'*) exit 0;; esac\nexit 75\n});
# what is to be tried again is due when nobody here looks any more
my $later = sql("SELECT now() + interval '20 hours'");
@lines = dispatched('all kinds of ends', 'exit 0', "a complaint\n",
	on_shop('--once', '--keep-output', '--exec', "exec $cases", '--at', $later));
is("@lines", '', 'what a command prints is not printed');
my %got = map { split /\|/, $_, 2 } split /\n/, sql(q{
	SELECT customer_id, coalesce(outcome, 'tried again'), coalesce(left(detail, 40), '-')
	FROM aurora.followups WHERE customer_id ~ '^E'});
is_deeply(\%got, {
		E1 => 'sent|message 4711',
		E2 => 'tried again|exit code 75',
		E3 => 'tried again|exit code 1: mailbox full',
		E4 => 'undeliverable|exit code 67: no such address',
		E5 => 'undeliverable|exit code 68',
		E6 => 'tried again|killed by signal 9',
		E7 => 'tried again|exit code 1: a [2J b c d Bcc:',
		E8 => 'tried again|exit code 1: ' . '長い理由 長い理由 長い理由 長い理由 長い理由 長い',
		E9 => 'tried again|exit code 1: a?b?c?(?????d e' . 'ä',
		E10 => 'sent|-',
		E11 => 'sent|-',
		E12 => 'sent|-',
		E13 => 'sent|-' },
	'how commands end, and what they say');
is(sql("SELECT octet_length(detail) BETWEEN 1000 AND 1030 FROM aurora.followups WHERE customer_id = 'E8'"), 't', 'of a long answer the beginning is kept');

sub is_gone
{
	my ($pid) = @_;
	foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		# a zombie that init has not buried yet is as good as gone
		return 1 if !kill(0, $pid) || (eval { slurp_file("/proc/$pid/stat") } // "") =~ /\) Z/;
		sleep 0.1;
	}
	return 0;
}
chomp(my $daemon = slurp_file("$dir/daemon"));
ok(kill('KILL', $daemon), 'what a command leaves running in time is left alone, and not waited for');

# What it printed is kept only by those who want it: it may be the message.
sql("UPDATE aurora.followups SET finished_at = NULL, outcome = NULL, claimable_at = now() WHERE customer_id IN ('E1', 'E4', 'E9')");
refused('nothing is kept', 'exit 0', '', on_shop('--once', '--exec', 'cat; exit 67'));
is(sql("SELECT string_agg(DISTINCT outcome || '|' || detail, ', ') FROM aurora.followups WHERE customer_id IN ('E1', 'E4', 'E9')"),
	'undeliverable|exit code 67', 'how it ended, and nothing of what it printed');

# What failed is tried again, and the number of the attempt tells.
sql("UPDATE aurora.followups SET claimable_at = now() WHERE customer_id IN ('E2', 'E3')");
@lines = dispatched('a second attempt', 'exit 0', '', on_shop('--once'));
is(join(' ', map { my $i = decode_json($_); "$i->{customer_id} $i->{attempt}" } @lines), 'E2 2 E3 2', 'a second attempt');

# A command that reads nothing of a line longer than a pipe holds.
sql("UPDATE aurora.customers SET name = repeat('長', 100000) WHERE customer_id = 'E12'");
sql("UPDATE aurora.followups SET finished_at = NULL, outcome = NULL, claimable_at = now() WHERE customer_id = 'E12'");
refused('a deaf command', 'exit 0', '', on_shop('--once', '--exec', 'exit 0'));
sql("UPDATE aurora.followups SET finished_at = NULL, outcome = NULL, claimable_at = now() WHERE customer_id = 'E12'");
refused('a command that stops reading', 'exit 0', '', on_shop('--once', '--exec', $first));
sql("UPDATE aurora.followups SET finished_at = NULL, outcome = NULL, claimable_at = now() WHERE customer_id = 'E12'");
refused('a command that reads all', 'exit 0', '', on_shop('--once', '--exec', q{test "$(wc -c)" -gt 600000}));
is(sql("SELECT outcome FROM aurora.followups WHERE customer_id = 'E12'"), 'sent', 'long lines go through');

settle('E');

# If it is not the item's fault, the item does not pay for it.
orders(3, 'N');
refused('no such command', 'exit 1', qr{not found\nloyalcs-dispatch: the command cannot be run: $dir/none\n}, on_shop('--once', '--exec', "$dir/none"));
refused('no command', 'exit 1', qr{denied\nloyalcs-dispatch: the command cannot be run: $dir\n}, on_shop('--once', '--exec', $dir));
is(became('N'), '3 waits', 'everything is given back');
is(sql("SELECT sum(failures) FROM aurora.followups WHERE customer_id ~ '^N'"), '0', 'and nothing has failed');
SKIP:
{
	skip 'there is no /dev/full', 2 unless -c '/dev/full';
	is(finish(my $run = start({ out => '/dev/full' }, on_shop('--once'))), 'exit 1', 'stdout is full');
	is(slurp_file($run->{err}), "loyalcs-dispatch: could not write to stdout: No space left on device\n", 'stdout is full: what it says');
}
mkfifo("$dir/reader", 0600) or die $!;
{
	open my $reader, '+<', "$dir/reader" or die $!;
	my $run = start({ out => "$dir/reader" }, on_shop('--channel', 'email', '--verbose'));
	wait_for_text($run->{err}, qr/nothing is due/);
	close $reader;
	orders(1, 'P');
	is(finish($run), 'exit 1', 'nobody reads any more');
	like(slurp_file($run->{err}), qr/ could not write to stdout: Broken pipe\n.* gave back 1 of 1\n/, 'nobody reads any more: what it says');
	is(became('N'), '3 sent', 'what was read is sent');
	is(became('P'), '1 waits', 'what was not is given back');
}

settle('P');

# --------------------------------------------------------------------------
# Answers of a process that stays
# --------------------------------------------------------------------------

# Each customer is another case. Its number is said at the start, so that one sees
# when another one is started.
my $pipe = script('pipe', <<'END');
#!/usr/bin/perl
use strict;
use warnings;
use IO::Handle;
STDOUT->autoflush(1);
open my $pids, '>>', "$ENV{DIR}/pipe.pids" or die $!;
print $pids "$$\n";
close $pids;
while (my $line = <STDIN>)
{
	my ($id) = $line =~ /^\{"(?:followup|warning)_id":(\d+),/ or die;
	my ($customer) = $line =~ /"customer_id":"(\w+)"/ or die;
	my %says = (
		Q01 => "$id\tsent\tmessage 4711\n", Q02 => "$id\tfailed\tmailbox\tfull \n", Q03 => "$id\tundeliverable\n",
		Q05 => "hello $customer\n", Q06 => "999999\tsent\n", Q07 => "$id\tsent\n$id\tsent\n", Q09 => "$id\tsent\r\n",
		Q10 => "$id\tSent\n", Q11 => "$id\tundeliverable\ta \e[2J\xc2\x9bb\xe2\x80\xa8c\0d\x80\n", Q12 => "$id\tundeliverable\t" . "\xe9\x95\xb7" x 1000 . "\n",
		Q13 => "$id\0\tsent\n", Q15 => "\n", Q16 => "$id sent\n", Q17 => $line, Q18 => "+$id\tsent\n", Q19 => "$id\t\n", Q20 => "$id\tsent\n1");
	exit 3 if $customer eq 'Q04';
	kill 'KILL', $$ if $customer eq 'Q08';
	if ($customer eq 'Q14') { close STDOUT; sleep 1000; }
	print $says{$customer} // "$id\tsent\n";
}
END
my $no_answer = 'the process gave a line that is no answer';
my %ends = (
	Q01 => 'sent|message 4711', Q02 => 'tried again|mailbox full', Q03 => 'undeliverable|-', Q04 => 'tried again|no answer: exit code 3',
	Q05 => "tried again|$no_answer", Q06 => 'tried again|the process gave an answer for 999999', Q07 => 'sent|-',
	Q08 => 'tried again|no answer: killed by signal 9', Q09 => 'sent|-', Q10 => "tried again|$no_answer", Q11 => 'undeliverable|a [2J b c d?',
	Q12 => 'undeliverable|' . "\xe9\x95\xb7" x 333, Q13 => "tried again|$no_answer", Q14 => 'tried again|no answer: killed by signal 15',
	Q15 => "tried again|$no_answer", Q16 => "tried again|$no_answer", Q17 => "tried again|$no_answer", Q18 => "tried again|$no_answer",
	Q19 => "tried again|$no_answer", Q20 => 'sent|-');
my %said = (
	Q04 => 'the process ended without an answer: exit code 3', Q06 => 'the process gave an answer for 999999: it is ended',
	Q07 => 'the process gave an answer that nobody had asked for: it is ended', Q08 => 'the process ended without an answer: killed by signal 9',
	Q14 => 'the process ended without an answer: killed by signal 15', Q20 => 'the process gave an answer that nobody had asked for: it is ended',
	map { $ends{$_} =~ /no answer$/ ? ($_ => "$no_answer: it is ended") : () } keys %ends);

# ends(PREFIX): customer => outcome|detail
sub ends
{
	my ($prefix) = @_;
	return { map { split /\|/, $_, 2 } split /\n/, sql(qq{
		SELECT customer_id, coalesce(outcome, 'tried again'), coalesce(detail, '-')
		FROM aurora.followups WHERE customer_id ~ '^$prefix'}) };
}

sql(q{
	INSERT INTO aurora.customers (customer_id, email) SELECT 'Q' || to_char(i, 'FM00'), 'q@example.com' FROM generate_series(1, 20) i;
	INSERT INTO aurora.orders (customer_id, order_id, ordered_at, amount)
	SELECT 'Q' || to_char(i, 'FM00'), 'O', now() - interval '1 minute' + i * interval '1 second', 1 FROM generate_series(1, 20) i;});
$later = sql("SELECT now() + interval '20 hours'");
refused('all kinds of answers', 'exit 0', join("\n", map { $said{$_} // () } sort keys %ends),
	on_shop('--once', '--pipe', "exec $pipe", '--at', $later));
is_deeply(ends('Q'), \%ends, 'what processes say, and what becomes of it');
is(scalar(split /\n/, slurp_file("$dir/pipe.pids")), keys %said, 'each that went wrong was followed by another one, but for the last, and none that did not');
settle('Q');

# What is no answer is kept by those who want it.
sql("UPDATE aurora.followups SET finished_at = NULL, outcome = NULL, claimable_at = now() WHERE customer_id IN ('Q04', 'Q05')");
refused('all kinds of answers, kept', 'exit 0', "$said{Q04}\n$said{Q05}", on_shop('--once', '--pipe', "exec $pipe", '--keep-output', '--at', $later));
is_deeply(ends('Q0[45]'), { Q04 => $ends{Q04}, Q05 => "$ends{Q05}: hello Q05" }, 'what is no answer, kept');
settle('Q');

# A process that reads nothing of a line has not got it; and whoever waits for the
# end does not wait for ever.
orders(3, 'Y');
refused('a process that reads nothing', 'exit 1',
	join("\n", ('the process ended without reading its line: exit code 0') x 5, 'the command cannot be run: exit 0'), on_shop('--once', '--pipe', 'exit 0'));
refused('no such process', 'exit 1', qr{not found\nloyalcs-dispatch: the command cannot be run: $dir/none\n\z}, on_shop('--once', '--pipe', "$dir/none"));
is(became('Y'), '3 waits', 'everything is given back');
is(sql("SELECT sum(failures) FROM aurora.followups WHERE customer_id ~ '^Y'"), '0', 'and nothing has failed');
my $stubborn = start(on_shop('--pipe', 'exit 3', '--verbose'));
wait_for_text($stubborn->{err}, qr/(?:ended without reading its line: exit code 3\n.*){3}/s);
kill 'TERM', $stubborn->{pid};
is(finish($stubborn), 'exit 0', 'one that does not wait for the end tries it again and again');
is(became('Y'), '3 waits', 'and gives back what nobody reads');

# A line that no pipe holds, to a process that reads slowly, and to one that does not read.
sql("UPDATE aurora.customers SET name = repeat('長', 100000) WHERE customer_id = 'Y1'");
sql("UPDATE aurora.followups SET claimable_at = now() + interval '1 day' WHERE customer_id IN ('Y2', 'Y3')");
refused('a process that stops reading', 'exit 0', qr/^loyalcs-dispatch: the process ended without an answer: exit code 0\n\z/,
	on_shop('--once', '--pipe', 'head -c 200 >/dev/null', '--at', $later));
is(became('Y'), '3 waits for later', 'which is a failure of the one that it had begun to read');
sql("UPDATE aurora.followups SET claimable_at = now() WHERE customer_id = 'Y1'");
refused('an answer before its time', 'exit 0', 'the process gave an answer before it had the line: it is ended',
	on_shop('--once', '--pipe', 'head -c 200 >/dev/null; echo 1; sleep 1000', '--at', $later));
sql("UPDATE aurora.followups SET claimable_at = now() WHERE customer_id = 'Y1'");
refused('a long line', 'exit 0', '', on_shop('--once', '--pipe', "exec $pipe"));
is(became('Y'), '1 sent, 2 waits for later', 'long lines go through');

# At its end a process may take its leave. It reads nothing more, and hears of that.
sql("UPDATE aurora.followups SET claimable_at = now() WHERE customer_id IN ('Y2', 'Y3')");
refused('a process that ends with its input', 'exit 0', '', on_shop('--once', '--pipe', "$pipe; echo \$? >$dir/left"));
is(slurp_file("$dir/left"), "0\n", 'a process is waited for');

# Several at a time: none answers before all have read. Each has a gate of its own.
my $meet = script('meet', <<'END');
#!/usr/bin/perl
use strict;
use warnings;
use POSIX qw(mkfifo);
$| = 1;
while (my $line = <STDIN>)
{
	my ($id) = $line =~ /(\d+)/;
	mkfifo("$ENV{DIR}/gate.$$", 0600) or die $! unless -p "$ENV{DIR}/gate.$$";
	open my $meeting, '>>', "$ENV{DIR}/meeting" or die $!;
	syswrite $meeting, "$$\n";
	open my $gate, '<', "$ENV{DIR}/gate.$$" or die $!;
	<$gate>;
	print "$id\tsent\n";
}
END

# meeting(NUMBER): the processes that have met, once they are so many
sub meeting
{
	my ($number) = @_;
	wait_for_text("$dir/meeting", qr/(?:\d+\n){$number}/);
	my @met = split /\n/, slurp_file("$dir/meeting");
	is(scalar(@met), $number, "$number are at work at the same time");
	return @met;
}

# let_all_go(RUN, PROCESS...): one after the other
sub let_all_go
{
	my ($run, @met) = @_;
	foreach my $i (1 .. @met)
	{
		open my $gate, '>', "$dir/gate.$met[$i - 1]" or die $!;
		print $gate "go\n";
		close $gate or die $!;
		wait_for_text($run->{err}, qr/(?:sent, recorded\n.*){$i}/s);
	}
	unlink "$dir/meeting";
	return;
}

orders(4, 'K');
foreach my $how ('--pipe', '--exec')
{
	my $run = start(on_shop('--once', '--verbose', '--parallel', '4', $how, "exec $meet"));
	let_all_go($run, meeting(4));
	is(finish($run), 'exit 0', "four at a time with $how");
	is(became('K'), '4 sent', "each has had one with $how");
	sql("UPDATE aurora.followups SET finished_at = NULL, outcome = NULL, claimable_at = now() WHERE customer_id ~ '^K'");
}
settle('K');

# --------------------------------------------------------------------------
# What is not wanted any more is not handed over
# --------------------------------------------------------------------------

# A hundred are claimed, three are at hand, and then all customers refuse (what
# otherwise needs no consent).
sql(q{UPDATE aurora.contact_purposes SET consent = 'unless_refused' WHERE purpose = 'transactional'});
foreach my $how ('--exec', '--pipe')
{
	orders(100, my $prefix = $how eq '--exec' ? 'J' : 'JP');
	my $run = start(on_shop('--once', '--verbose', '--parallel', '3', $how, "exec $meet"));
	my @met = meeting(3);
	is(became($prefix), '100 claimed', "$how: a hundred are claimed");
	sql("INSERT INTO aurora.consents (customer_id, given) SELECT customer_id, false FROM aurora.customers WHERE customer_id ~ '^${prefix}[0-9]'");
	let_all_go($run, @met);
	is(finish($run), 'exit 0', "$how: all have refused");
	is(became($prefix), '97 dropped, 3 sent', "$how: no more than what was at hand is sent");
	my $said = slurp_file($run->{err});
	is(scalar(() = $said =~ /: no longer wanted$/mg), 97, "$how: of each of the others it is said");
	like($said, qr/ 3 sent, 0 failed, 0 undeliverable, 97 no longer wanted\n\z/, "$how: and they are counted");
}
$ENV{CONNECTION} = $node->connstr('postgres');
orders(5, 'JS');
my $refuse = qq{psql -XqAt -d "\$CONNECTION" -c "INSERT INTO aurora.consents (customer_id, given) SELECT customer_id, false FROM aurora.customers WHERE customer_id ~ '^JS[0-9]'"};
refused('one at a time', 'exit 0', '', on_shop('--once', '--exec', "exec $refuse"));
is(became('JS'), '4 dropped, 1 sent', 'one at a time: one is sent');
sql(q{UPDATE aurora.contact_purposes SET consent = 'not_needed' WHERE purpose = 'transactional'});

# A promise that has been kept meanwhile is told to nobody.
ticket('V4', '2026-03-06 12:00+09');
ticket('V5', '2026-03-06 12:00+09');
my $reply = qq{psql -XqAt -d "\$CONNECTION" -c "INSERT INTO aurora.ticket_events (customer_id, ticket_id, at, kind) SELECT c, 'T', '2026-03-06 12:45+09', 'agent_reply' FROM unnest('{V4,V5}'::text[]) c"};
my $kept = start(on_shop('--sla', '--once', '--verbose', '--at', '2026-03-06 12:50+09', '--exec', $reply));
is(finish($kept), 'exit 0', '--sla: both have had their reply');
like(slurp_file($kept->{err}), qr/ 1 sent, 0 failed, 0 undeliverable, 1 no longer wanted\n\z/, '--sla: what is kept is told to nobody');

# One that cannot be looked at harms no other, and is sent to nobody.
sql(q{
	CREATE SEQUENCE looks START 100;
	ALTER FUNCTION aurora.hand_over_followups RENAME TO real_look;
	CREATE FUNCTION aurora.hand_over_followups(ids bigint[], keys text[], at timestamptz) RETURNS TABLE (place bigint, wanted boolean) LANGUAGE plpgsql AS $$
	BEGIN
		IF EXISTS (SELECT FROM aurora.followups f WHERE f.followup_id = ANY (ids) AND f.customer_id = 'A2') THEN
			RAISE EXCEPTION 'nobody foresaw this';
		END IF;
		IF pg_catalog.nextval('public.looks') IN (3, 5) THEN
			RAISE serialization_failure USING MESSAGE = 'it will pass';
		END IF;
		RETURN QUERY SELECT i, true FROM pg_catalog.generate_series(1, pg_catalog.cardinality(ids)::bigint) i;
	END
	$$;});
orders(3, 'A');
refused('a look that fails', 'exit 0', qr/^(?:loyalcs-dispatch: nobody foresaw this\n){2}loyalcs-dispatch: follow-up \d+: not handed over, because it could not be looked at\n\z/,
	on_shop('--once', '--exec', 'true', '--parallel', '3'));
is(became('A'), '1 claimed, 2 sent', 'the others are sent');
is(sql(q{SELECT DISTINCT attempts FROM aurora.followups WHERE customer_id ~ '^A[0-9]'}), '1', 'each of them once');
settle('A');
orders(6, 'AP');
sql(q{SELECT setval('looks', 1, false)});
refused('a look that fails for a while', 'exit 0', "it will pass\ngoing on\nit will pass\ngoing on", on_shop('--once', '--exec', 'true'));
is(became('AP'), '6 sent', 'it is asked for again');
is(sql(q{SELECT DISTINCT attempts FROM aurora.followups WHERE customer_id ~ '^AP[0-9]'}), '1', 'and nothing is sent twice');
sql('DROP FUNCTION aurora.hand_over_followups');
orders(2, 'AQ');
my $older = start(on_shop('--once', '--verbose', '--exec', 'true'));
is(finish($older), 'exit 0', 'no look at all, in a shop of an older version');
like(slurp_file($older->{err}), qr/^[^\n]*shop aurora cannot be asked whether a follow-up is still wanted\n/, 'it says so');
is(became('AQ'), '2 sent', 'and hands out what it has claimed');
sql('ALTER FUNCTION aurora.real_look RENAME TO hand_over_followups');

# The lease does not last for all: the others are given back, and claimed again.
# (What became of the first is recorded meanwhile.)
orders(3, 'S');
my $run = start(on_shop('--once', '--exec', 'sleep 1', '--time-limit', '30', '--lease', '33', '--verbose'));
is(finish($run), 'exit 0', 'a short lease');
like(slurp_file($run->{err}), qr/claimed 3\n(?=.*sent, recorded\n.*claimed 2\n).*does not last for the others\n.*gave back 2 of 2\n.*claimed 2\n/s, 'claims are renewed');
is(became('S'), '3 sent', 'and all is sent');

# Outcomes that cannot be recorded.
orders(4, 'U');
my $erase = script('erase', qq{#!/bin/sh
psql -XqAt -d "\$CONNECTION" -c "DELETE FROM aurora.followups WHERE customer_id = 'U1'" -c "DELETE FROM aurora.orders WHERE customer_id = 'U1'"
});
my $break = script('break', qq{#!/bin/sh
psql -XqAt -d "\$CONNECTION" -c "ALTER FUNCTION aurora.complete_followup RENAME TO gone"
});
my $overtake = script('overtake', qq{#!/bin/sh
psql -XqAt -d "\$CONNECTION" -c "UPDATE aurora.followups SET claimable_at = now() WHERE customer_id = 'U2'" -c "SELECT FROM aurora.claim_followups('email', 1)"
});
$ENV{CONNECTION} = $node->connstr('postgres');
refused('erased', 'exit 0', qr/^loyalcs-dispatch: there is no follow-up \d+\nloyalcs-dispatch: follow-up \d+: sent, which could not be recorded\n\z/,
	on_shop('--once', '--limit', '1', '--exec', "if grep -q '\"U1\"'; then $erase; else exit 67; fi"));
is(became('U'), '3 undeliverable', 'a follow-up that was deleted meanwhile stops nothing');
sql("UPDATE aurora.followups SET finished_at = NULL, outcome = NULL, reported = NULL, claimable_at = now() WHERE customer_id = 'U2'");
refused('late', 'exit 0', qr/^loyalcs-dispatch: follow-up \d+: sent, after its lease had run out: somebody else may have handed it over too\n\z/,
	on_shop('--once', '--exec', $overtake));
is(became('U'), '1 claimed, 2 undeliverable', 'somebody else has it');
sql("UPDATE aurora.followups SET finished_at = NULL, outcome = NULL, reported = NULL, claimable_at = now() WHERE customer_id ~ '^U'");
refused('not recorded', 'exit 1', qr/^loyalcs-dispatch: function aurora.complete_followup\(.*\) does not exist\n.*HINT.*\nloyalcs-dispatch: follow-up \d+: sent, which could not be recorded\n\z/,
	on_shop('--once', '--exec', $break));
is(became('U'), '1 claimed, 2 waits', 'where nothing can be recorded, nothing more is handed over');
sql("ALTER FUNCTION aurora.gone RENAME TO complete_followup");
settle('U');
is(finish($hanging), 'exit 0', 'commands that hang');
is(sql("SELECT string_agg(detail, ', ' ORDER BY customer_id) FROM aurora.followups WHERE customer_id ~ '^X'"),
	'took longer than 10 s: asked, took longer than 10 s: bye', 'are asked to end, and then made to');
foreach my $file ('sleeper', 'sleeper2')
{
	chomp(my $pid = slurp_file("$dir/$file"));
	ok(is_gone($pid), "the time limit ends what a command has started: $file");
}
settle('X');

# --------------------------------------------------------------------------
# Signals, notifications, and a server that goes away
# --------------------------------------------------------------------------

# A command that says that it has begun, and ends when it is let.
mkfifo("$dir/gate", 0600) or die $!;
my $hold = script('hold', qq{#!/bin/sh\ncat >>"$dir/held"\nread -r answer <"$dir/gate"\n});

sub let_go
{
	open my $gate, '>', "$dir/gate" or die $!;
	print $gate "go\n";
	close $gate or die $!;
	return;
}

# (whoever runs the tests may have had it ignored, which programs inherit)
$SIG{HUP} = 'DEFAULT';
foreach my $signal ('TERM', 'INT', 'HUP')
{
	unlink "$dir/held";
	orders(4, $signal);
	$run = start(on_shop('--exec', "exec $hold", '--verbose'));
	wait_for_text("$dir/held", qr/\n/);
	is(became($signal), '4 claimed', "SIG$signal: work is claimed");
	kill $signal, $run->{pid};
	let_go();
	is(finish($run), 'exit 0', "SIG$signal ends a dispatcher");
	is(became($signal), '1 sent, 3 waits', "SIG$signal: what is at hand is finished, the rest given back");
	is(scalar(split /\n/, slurp_file("$dir/held")), 1, "SIG$signal: nothing more is begun");
	refused("SIG$signal: the rest", 'exit 0', '', on_shop('--once', '--exec', 'true'));
}

unlink "$dir/held";
orders(2, 'T');
$run = start(on_shop('--exec', "echo \$\$ >>$dir/shell; exec $hold", '--verbose'));
wait_for_text("$dir/held", qr/\n/);
kill 'TERM', $run->{pid};
kill 'INT', $run->{pid};
like(finish($run), qr/^signal (?:2|15)$/, 'a second signal ends it at once');
chomp(my $shell = slurp_file("$dir/shell"));
ok(is_gone($shell), 'and the command too');
# (Between the two signals it may have given back what it had not begun.)
like(became('T'), qr/^(?:2 claimed|1 claimed, 1 waits)$/, 'what it had at hand is out of reach until the lease is over');
sql("UPDATE aurora.followups SET claimable_at = now() WHERE customer_id ~ '^T[0-9]'");

# One that sleeps wakes up when it is told of work, and ends when it is told to.
$run = start({ out => "$dir/awake" }, on_shop('--verbose', '--poll', '3600'));
wait_for_text($run->{err}, qr/nothing is due, sleeping/);
is(became('T'), '2 sent', 'what somebody else left is sent');
orders(1, 'W');
sql(q{NOTIFY loyalcs_followups, 'another'; SELECT aurora.wake_followups()});
wait_for_text("$dir/awake", qr/"W1"/);
like(slurp_file($run->{err}), qr/nothing is due, sleeping.*\n.*told of new work\n.*claimed 1\n/, 'it is told of new work');
kill 'TERM', $run->{pid};
is(finish($run), 'exit 0', 'a sleeper ends');
like(slurp_file($run->{err}), qr/^\d{4}-\d\d-\d\d [\d:.]{12} UTC loyalcs-dispatch: .*\d sent, 0 failed, 0 undeliverable, 0 no longer wanted\n\z/s, '--verbose');

# One that nobody tells looks by itself, and sleeps until then.
$run = start({ out => "$dir/awake" }, on_shop('--verbose', '--poll', '1'));
wait_for_text($run->{err}, qr/nothing is due, sleeping/);
orders(1, 'WP');
wait_for_text("$dir/awake", qr/"WP1"/);
wait_for_text($run->{err}, qr/claimed 1\n.*sent, recorded\n.*nothing is due, sleeping/);
kill 'TERM', $run->{pid};
is(finish($run), 'exit 0', 'one that looks by itself ends');
is(join(' ', grep { $_ < 0.5 } slurp_file($run->{err}) =~ /sleeping for up to ([\d.]+) s/g), '', 'and has not been busy with it');

# The same with several at a time: all that are at hand are finished, or ended.
foreach my $how ('--exec', '--pipe')
{
	orders(6, my $prefix = $how eq '--exec' ? 'G' : 'GP');
	$run = start(on_shop($how, "exec $meet", '--parallel', '3', '--verbose'));
	my @met = meeting(3);
	kill 'TERM', $run->{pid};
	let_all_go($run, @met);
	is(finish($run), 'exit 0', "$how: SIGTERM with three at hand");
	is(became($prefix), '3 sent, 3 waits', "$how: all that are at hand are finished, the rest given back");
	ok(is_gone($_), "$how: nobody is left") foreach @met;
	$run = start(on_shop($how, "exec $meet", '--parallel', '3', '--verbose'));
	@met = meeting(3);
	kill 'TERM', $run->{pid};
	kill 'INT', $run->{pid};
	like(finish($run), qr/^signal (?:2|15)$/, "$how: a second signal with three at hand");
	ok(is_gone($_), "$how: and each of them too") foreach @met;
	is(became($prefix), '3 claimed, 3 sent', "$how: what they had is out of reach until the lease is over");
	settle($prefix);
	unlink "$dir/meeting";
}

# The server is away for a while.
$run = start({ out => "$dir/steadfast" }, on_shop('--verbose'));
wait_for_text($run->{err}, qr/nothing is due/);
$node->stop('fast');
wait_for_text($run->{err}, qr/lost the connection: .*\n.*trying again in \d+\.\d s\n.*trying again/s);
$node->start;
wait_for_text($run->{err}, qr/going on\n/);
orders(1, 'R');
wait_for_text("$dir/steadfast", qr/"R1"/);
kill 'TERM', $run->{pid};
is(finish($run), 'exit 0', 'a server that comes back is found');
is(became('R'), '1 sent', 'and served');

# It goes away while something is at hand, and is back before that is recorded.
unlink "$dir/held";
orders(3, 'H');
$run = start(on_shop('--exec', "exec $hold", '--verbose'));
wait_for_text("$dir/held", qr/"H1"/);
$node->restart;
foreach my $next ('H2', 'H3')
{
	let_go();
	wait_for_text("$dir/held", qr/"$next"/);
}
let_go();
wait_for_text($run->{err}, qr/(?:.*sent, recorded\n.*){3}.*nothing is due/s);
kill 'TERM', $run->{pid};
is(finish($run), 'exit 0', 'a server that was restarted under a command');
is(scalar(split /\n/, slurp_file("$dir/held")), 3, 'nothing is handed over twice');
is(became('H'), '3 sent', 'and everything is recorded');

# It is away when one is told to end: nothing is at hand, so nothing keeps it.
$run = start(on_shop('--verbose'));
wait_for_text($run->{err}, qr/nothing is due/);
$node->stop('fast');
wait_for_text($run->{err}, qr/trying again/);
kill 'TERM', $run->{pid};
is(finish($run), 'exit 0', 'told to end without a server');
$node->start;

# --------------------------------------------------------------------------
# 20,000 follow-ups, three dispatchers. Every now and then an item kills its own,
# once the server is restarted. When all three have ended, three more start at a
# later instant, at which the leases of those that were killed are over; so it
# takes as many rounds as it takes, and nothing takes long. What is delivered twice
# is, for each dispatcher that is killed, no more than what it had at hand.
# --------------------------------------------------------------------------

my %share = (commands => 600, pipes => 1800, lines => 17600);
my %at_hand = (commands => 3, pipes => 4, lines => 1);
my $delivered = "$dir/delivered";
my ($lease, $rounds) = (7200, 0);
$session = Session->new($node, 'many');
sql(qq{
	UPDATE aurora.journey_steps SET expires_after = '1 year' WHERE step = 'order_confirmation';
	INSERT INTO aurora.customers (customer_id, email)
	SELECT 'M' || i, 'm' || i || '\@example.com' FROM generate_series(1, $share{commands} + $share{pipes} + $share{lines}) i;});
my $began = sql('SELECT extract(epoch FROM date_trunc(\'second\', now()))::bigint');

# more(NUMBER): of so many more customers an order, and a follow-up that waits
my $customers = 0;

sub more
{
	my ($number) = @_;
	sql(qq{
		INSERT INTO aurora.orders (customer_id, order_id, ordered_at, amount)
		SELECT 'M' || i, 'O', to_timestamp($began - 60 + $rounds * ($lease + 1)), 100
		  FROM generate_series($customers + 1, $customers + $number) i;
		SELECT aurora.queue_followups(to_timestamp($began + $rounds * ($lease + 1)));
		ANALYZE});
	$customers += $number;
	return;
}

# sent(): how many are known to be
sub sent { return sql("SELECT count(*) FROM aurora.followups WHERE outcome = 'sent'"); }

# a_round(OPTION...): the options of a dispatcher in it
sub a_round
{
	my $at = $began + $rounds++ * ($lease + 1);
	return ('--shop', 'aurora', '--once', '--limit', '50', '--time-limit', '3600', '--lease', $lease,
		'--at', sql("SELECT to_timestamp($at)"), @_, $node->connstr('many'));
}

# duplicates(): how many were delivered more than once, and how often
sub duplicates
{
	my %times;
	$times{$_}++ foreach map { /^\{"followup_id":(\d+),/ } split /^/, slurp_file($delivered);
	my $extra = 0;
	$extra += $_ - 1 foreach values %times;
	return $extra;
}

# ended(RUN...): how many of them were killed; a server that is away for long ends them too
sub ended
{
	my $killed = 0;
	foreach my $run (@_)
	{
		my $how = finish($run);
		die "a dispatcher ended with $how: " . slurp_file($run->{err}) if $how !~ /^(?:exit 0|exit 3|signal 9)$/;
		$killed++ if $how ne 'exit 0';
	}
	return $killed;
}

# With commands: what an item does at its first attempt is in its number. (Read by the
# shell that there is for the command, and not by another one.)
mkfifo("$dir/restarted", 0600) or die $!;
my $receiver = script('receiver', <<'END');
IFS= read -r line || exit 1
id=${line#*:} id=${id%%,*}
attempt=${line#*\"attempt\":} attempt=${attempt%%,*}
case $id.$attempt in
	20.1) echo >"$DIR/restart"; read -r go <"$DIR/restarted" ;;
	*11.1) exit 75 ;;
	*33.1) kill -9 $PPID; exit 1 ;;
esac
printf '%s\n' "$line" >>"$DIR/delivered"
case $id.$attempt in
	*66.1) kill -9 $PPID ;;
	*99.1) kill $PPID ;;
esac
END
more($share{commands});
my ($kills, $known) = (0, 0);
while ($known < $share{commands})
{
	my @options = a_round('--parallel', $at_hand{commands}, '--exec', ". $receiver");
	my @runs = map { start({ err => "$dir/many.err" }, @options) } 1 .. 3;
	if ($rounds == 1)
	{
		wait_for_text("$dir/restart", qr/\n/);
		$node->restart;
		open my $go, '>', "$dir/restarted" or die $!;
		print $go "go\n";
		close $go or die $!;
	}
	$kills += ended(@runs);
	$known = sent();
	die "round $rounds: only $known of $share{commands} are sent" if $rounds > 100;
	note "round $rounds: $known of $share{commands} were sent by commands, $kills dispatchers were killed";
}

my $killed_by_commands = $kills;
my $twice = duplicates();
cmp_ok($kills, '>=', 2 * ($share{commands} / 100 - 1), "commands killed $kills dispatchers");
cmp_ok($twice, '<=', $kills * $at_hand{commands}, "commands got twice: $twice, $at_hand{commands} at a time; kills: $kills");

# With processes that stay: one kills its dispatcher before it delivers an item, or
# before it answers, or after that. (Fifty numbers apart, so that what one dispatcher
# has claimed does not end at one of them before it gets to another.)
my $stays = script('stays', <<'END');
#!/usr/bin/perl
use strict;
use warnings;
$| = 1;
while (my $line = <STDIN>)
{
	last if $line !~ /\n\z/;
	my ($id, $attempt) = $line =~ /^\{"followup_id":(\d+),"attempt":(\d+),/ or die;
	my $moment = $attempt == 1 && $id =~ /([1-6])[27]7$/ ? $1 : '';
	if ($moment ne '')
	{
		open my $came, '>>', "$ENV{DIR}/moments" or die $!;
		syswrite $came, "$moment\n";
	}
	kill 'KILL', getppid if $moment eq '1';
	if ($moment eq '2') { print "$id\tfailed\tbusy\n"; next; }
	exit 1 if $moment eq '3';
	open my $out, '>>', "$ENV{DIR}/delivered" or die $!;
	syswrite($out, $line) == length $line or die $!;
	kill 'KILL', getppid if $moment eq '4';
	print "$id\tsent\n";
	kill 'KILL', getppid if $moment eq '5';
	kill 'TERM', getppid if $moment eq '6';
}
END
more($share{pipes});
while ($known < $customers)
{
	my @options = a_round('--parallel', $at_hand{pipes}, '--pipe', "exec $stays");
	$kills += ended(map { start({ err => "$dir/many.err" }, @options) } 1 .. 3);
	$known = sent();
	die "round $rounds: only $known of $customers are sent" if $rounds > 200;
	note "round $rounds: $known of $customers were sent by processes, $kills dispatchers were killed";
}
my $killed_by_pipes = $kills - $killed_by_commands;
my $twice_by_pipes = duplicates() - $twice;
is(join(' ', sort { $a <=> $b } keys %{ { map { $_ => 1 } split /\n/, slurp_file("$dir/moments") } }), '1 2 3 4 5 6', 'each of the moments came');
cmp_ok($killed_by_pipes, '>', 0, "processes killed $killed_by_pipes dispatchers");
cmp_ok($twice_by_pipes, '<=', $killed_by_pipes * $at_hand{pipes}, "processes got twice: $twice_by_pipes, $at_hand{pipes} at a time; kills: $killed_by_pipes");
$twice += $twice_by_pipes;

# With lines: whoever reads them kills it at some line, while it is at a later one.
my $reader = script('line_reader', <<'END');
#!/usr/bin/perl
use strict;
use warnings;
my ($program, @options) = @ARGV;
my $pid = open(my $lines, '-|') // die $!;
if (!$pid) { exec $program, @options or die $!; }
while (my $line = <$lines>)
{
	open my $out, '>>', "$ENV{DIR}/delivered" or die $!;
	syswrite($out, $line) == length $line or die $!;
	kill 'KILL', $pid if $line =~ /^\{"followup_id":\d*[05]77,"attempt":1,/;
}
close $lines;
kill 'KILL', $$ if ($? & 127) == 9;
exit($? >> 8);
END
more($share{lines});
while ($known < $customers)
{
	my @options = a_round();
	my @runs = map {
		my $pid = fork // die $!;
		if (!$pid)
		{
			open STDERR, '>>', "$dir/many.err" or die $!;
			exec $reader, $program, @options or POSIX::_exit(127);
		}
		{ pid => $pid, err => "$dir/many.err" };
	} 1 .. 3;
	$kills += ended(@runs);
	$known = sent();
	die "round $rounds: only $known of $customers are sent" if $rounds > 300;
	note "round $rounds: $known of $customers were sent, $kills dispatchers were killed";
}

my (%times, %attempts);
foreach my $line (split /^/, slurp_file($delivered))
{
	my ($id, $attempt) = $line =~ /^\{"followup_id":(\d+),"attempt":(\d+),"customer_id":"M\d+",.*\}$/
	  or die "not a line of ours: $line";
	$times{$id}++;
	$attempts{"$id.$attempt"}++;
}
my $extra = 0;
$extra += $_ - 1 foreach values %times;
is(scalar(keys %times), $customers, 'every follow-up is delivered');
is($known, $customers, 'and is known to be');
is(scalar(grep { $_ > 1 } values %attempts), 0, 'no claim is delivered twice');
is(sql('SELECT count(*) FROM aurora.followup_late_reports'), '0', 'nobody reports on what somebody else has');
my $killed_by_readers = $kills - $killed_by_commands - $killed_by_pipes;
cmp_ok($killed_by_readers, '>', 0, "readers killed $killed_by_readers dispatchers");
cmp_ok($extra - $twice, '<=', $killed_by_readers * $at_hand{lines}, 'readers got twice: ' . ($extra - $twice) . "; kills: $killed_by_readers");
note "$rounds rounds, $kills kills, $extra duplicates";

$node->stop('fast');
done_testing();
