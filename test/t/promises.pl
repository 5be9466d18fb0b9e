#
# What is promised about tickets, against an oracle that is slow and obvious. It knows
# what doc/sla.md and the comments of the tables say, and nothing of how the shop does
# it: it goes through the events of a customer's tickets one after the other, each as of
# is played anew from what counted by then, open time is counted minute by minute of what
# clocks on the wall show, and a promise is followed from one change of what is known to
# the next. Tickets, events (of people and machines, late and in time), merges in chains,
# changes of what a ticket is, policies with all conditions, calendars with closures that
# became known on some day, and the end of daylight saving in two zones are random, by
# a seed; much of it happens about the instants as of which everything is asked, or one
# target before.
#
# Times are minutes from a Monday on. What differs is made as small as it still differs,
# and printed: the tickets, what happened, and what each of the two says.
#
#   LOYALCS_PROMISES_SEED=N        other stories (default 1)
#   LOYALCS_PROMISES_CUSTOMERS=N   how many, with 2.5 tickets each (default 120)
#   LOYALCS_PROMISES_AS_OFS=N      as of how many times two instants (default 6)
#   LOYALCS_PROMISES_SHOW=N        how many of the customers that differ are shown (default 3)
#
use strict;
use warnings;
use feature 'state';

use List::Util qw(min sum0 uniq);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;
use Time::HiRes qw(time);

my $customers = $ENV{LOYALCS_PROMISES_CUSTOMERS} || 120;
my $seed = $ENV{LOYALCS_PROMISES_SEED} || 1;

my $node = PostgreSQL::Test::Cluster->new('promises');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
$node->append_conf('postgresql.conf', q{
timezone = 'Asia/Kathmandu'
jit = off
fsync = off
});
$node->start;
my $session = Session->new($node, 'postgres');

sub sql { return $session->sql($_[0]); }


# --------------------------------------------------------------------------
# Time: whole minutes, from a Monday's midnight in Berlin on
# --------------------------------------------------------------------------

my $epoch = '2026-10-19 00:00+02';
my $minutes = 60 * 1440;
my $day = 1440;

my $setup = qq{
	CREATE EXTENSION loyalcs;
	CREATE FUNCTION m(at timestamptz) RETURNS bigint LANGUAGE sql STABLE
	RETURN (extract(epoch FROM at) - extract(epoch FROM timestamptz '$epoch'))::bigint / 60;
	CREATE FUNCTION ts(m bigint) RETURNS timestamptz LANGUAGE sql STABLE
	RETURN timestamptz '$epoch' + make_interval(mins => m::int);
	CREATE FUNCTION mins(i interval) RETURNS numeric LANGUAGE sql STABLE
	RETURN trim_scale(round(extract(epoch FROM i) / 60, 4));
};
sql($setup);

# What the clocks on the wall show, minute by minute: day of the week, minute of the day, day.
my %wall;
foreach my $zone ('Europe/Berlin', 'America/New_York')
{
	$wall{$zone} = [ map { [ split /\|/ ] } split /\n/, sql(qq{
		SELECT extract(isodow FROM l)::int, (extract(hour FROM l) * 60 + extract(minute FROM l))::int, l::date
		FROM generate_series(0, $minutes) AS n, LATERAL (SELECT ts(n) AT TIME ZONE '$zone') AS t (l) ORDER BY n}) ];
}

# --------------------------------------------------------------------------
# What is promised
# --------------------------------------------------------------------------

# Hours in the order in which they were known, each since when; exceptions as first day,
# last day, hours, known from, until.
my %calendar = (
	desk => {
		zone => 'Europe/Berlin',
		hours => [ [ 0, 'Mo-Fr 10:00-16:00' ], [ 6 * $day + 735, 'Mo-Fr 09:00-12:00,13:00-18:00; Su 01:00-04:00' ] ],
		exceptions => [
			[ '2026-10-22', '2026-10-22', 'off', 3 * $day + 500, undef ],
			[ '2026-10-27', '2026-10-27', '10:00-14:00', 8 * $day + 700, undef ],
			[ '2026-10-28', '2026-10-29', 'off', 9 * $day + 645, 10 * $day + 690 ],
			[ '2026-10-30', '2026-10-30', 'off', 11 * $day + 540, undef ],
			[ '2026-10-30', '2026-10-31', '12:00-15:00', 11 * $day + 800, undef ],
		],
	},
	shop => {
		zone => 'America/New_York',
		hours => [ [ 0, 'Mo-Sa 09:00-17:30; Su 00:30-03:00' ] ],
		exceptions => [ [ '2026-10-24', '2026-10-24', 'off', 5 * $day + 900, undef ] ],
	},
	fixed => {
		zone => 'America/New_York',
		hours => [ [ 0, 'Mo-Fr 08:00-20:00; Su 01:00-02:00' ] ],
		exceptions => [],
	},
);

my $switch = 7 * $day + 300;
my @policies = (
	# set, metric, conditions, target in minutes (or days), warn before, hours, valid, auto_reply_counts
	{ metric => 'first_response', target => 120, warn => 30, valid => [ undef, $switch ] },
	{ metric => 'first_response', target => 150, warn => 60, valid => [ $switch, undef ], hours => 'fixed' },
	{ metric => 'first_response', channel => 'email', target => 60, warn => 15, hours => 'desk' },
	{ metric => 'first_response', channel => 'chat', target => 20, auto => 1 },
	{ metric => 'first_response', priority => 'urgent', target => 40, warn => 10, auto => 1 },
	{ metric => 'first_response', priority => 'low', days => 1, warn => 60, hours => 'desk' },
	{ metric => 'first_response', priority => 'low', channel => 'email', days => 2, target => 90, hours => 'shop' },
	{ metric => 'first_response', tier => 'VIP', target => 30, warn => 30, hours => 'shop' },
	{ metric => 'first_response', reason => 'returns', target => 240, warn => 5, hours => 'shop' },
	{ metric => 'first_response', reason => 'returns', channel => 'line', target => 100, warn => 99 },
	{ metric => 'first_response', tier => 'VIP', channel => 'line', target => 75, hours => 'desk' },
	{ metric => 'next_response', target => 180, warn => 60, hours => 'desk', valid => [ 2 * $day, undef ] },
	{ metric => 'next_response', channel => 'line', target => 60, warn => 10 },
	{ metric => 'next_response', priority => 'urgent', target => 30 },
	{ metric => 'proposal', target => 360, warn => 60, hours => 'shop' },
	{ metric => 'proposal', tier => 'VIP', target => 200, warn => 60 },
	{ metric => 'proposal', priority => 'urgent', reason => 'returns', target => 90, warn => 20, hours => 'desk' },
	{ metric => 'resolution', target => 480, warn => 120, hours => 'desk' },
	{ metric => 'resolution', priority => 'low', days => 2, warn => 24 * 60 },
	{ metric => 'resolution', channel => 'chat', target => 300, valid => [ undef, $switch ] },
	{ metric => 'resolution', priority => 'urgent', target => 200, warn => 20 },
	{ metric => 'resolution', tier => 'VIP', days => 1, target => 60, warn => 45, hours => 'desk' },
	# tried out, and in force nowhere
	{ set => 'trial', metric => 'first_response', target => 45, warn => 10, off => 1 },
	{ set => 'trial', metric => 'resolution', tier => 'VIP', target => 100, off => 1 },
);

my @lengths = uniq(0, map { $_->{target} ? ($_->{target}, $_->{target} - ($_->{warn} // 0)) : () } @policies);
my @conditions = qw(channel priority reason tier);
my $number = 0;
$_->{id} = 100 + $number++, $_->{set} //= 'standard' foreach @policies;

sub v { my ($value) = @_; return defined $value ? $value : '-'; }
sub text { my ($value) = @_; return defined $value ? "'$value'" : 'NULL'; }
sub ts { my ($value) = @_; return defined $value ? "ts($value)" : 'NULL'; }

sub shop_sql
{
	my $sql = qq{
		SELECT loyalcs.create_shop('s', 'Europe/Berlin', 'EUR');
		UPDATE s.settings SET live_since = '-infinity';
		DELETE FROM s.sla_policies;
		INSERT INTO s.agents (agent_id, is_machine) VALUES ('kei', false), ('mio', false), ('bot', true);
		INSERT INTO s.channels (channel) VALUES ('chat') ON CONFLICT DO NOTHING;
	};
	foreach my $name (grep { $_ ne 'fixed' } sort keys %calendar)
	{
		my $c = $calendar{$name};
		my @hours = @{ $c->{hours} };
		$sql .= "INSERT INTO s.calendars (calendar, hours) VALUES ('$name', '$hours[-1][1] \@ $c->{zone}');\n";
		$sql .= "INSERT INTO s.calendar_exceptions (calendar, first_day, last_day, hours, reason, recorded_at, withdrawn_at) VALUES ("
			. join(', ', map({ "'$_'" } $name, @$_[0 .. 2]), "'x'", ts($_->[3]), ts($_->[4])) . ");\n" foreach @{ $c->{exceptions} };
		$sql .= "INSERT INTO s.calendar_history (calendar, known_until, hours) VALUES ('$name', " . ts($hours[ $_ + 1 ][0])
			. ", '$hours[$_][1] \@ $c->{zone}');\n" foreach 0 .. $#hours - 1;
	}
	foreach my $p (@policies)
	{
		my $hours = $p->{hours} // '';
		my $valid = $p->{off} ? "'empty'" : $p->{valid} ? 'tstzrange(' . ts($p->{valid}[0]) . ', ' . ts($p->{valid}[1]) . ')' : "'(,)'";
		$sql .= "INSERT INTO s.sla_policies (policy_id, policy_set, metric, " . join(', ', @conditions) . ", target, warn_before, hours, calendar, valid, auto_reply_counts) VALUES ("
			. join(', ', $p->{id}, "'$p->{set}'", "'$p->{metric}'", (map { text($p->{$_}) } @conditions),
			"make_interval(days => " . ($p->{days} // 0) . ", mins => " . ($p->{target} // 0) . ')', "make_interval(mins => " . ($p->{warn} // 0) . ')',
			$hours eq 'fixed' ? "'$calendar{fixed}{hours}[0][1] \@ $calendar{fixed}{zone}'" : 'NULL',
			$hours && $hours ne 'fixed' ? "'$hours'" : 'NULL', $valid, $p->{auto} ? 'true' : 'false') . ");\n";
	}
	return $sql;
}

# --------------------------------------------------------------------------
# What happens: stories of a customer's tickets, by chance
# --------------------------------------------------------------------------

my $chance = 0;
sub pick
{
	my ($n) = @_;
	$chance = ($chance * 1103515245 + 12345) & 0x7fffffff;
	return int($chance / 65536) % $n;
}
sub one_of { return $_[ pick(scalar @_) ]; }

# The instants as of which everything is asked, and about which much of it happens.
$chance = $seed;
my @as_ofs = sort { $a <=> $b } uniq map { my $at = $day + pick(11 * $day); ($at, $at + pick(2)) } 1 .. ($ENV{LOYALCS_PROMISES_AS_OFS} || 6);

sub story
{
	my ($no) = @_;
	my %s = (id => "C$no", tickets => {}, events => [], changes => []);
	$chance = ($seed * 7919 + $no * 104729 + 17) & 0x7fffffff;
	pick(2) foreach 1 .. 5;

	my @names = map { "T$_" } 1 .. 1 + pick(4);
	my $start = one_of(@as_ofs) - one_of(@lengths, pick(3000)) + one_of(-1, 0, 1);
	foreach my $name (@names)
	{
		$s{tickets}{$name} = { facts() };
		my $at = $start + pick(2) * pick(600);
		# (some are opened by nobody)
		foreach my $n (pick(8) ? (0 .. 2 + pick(7)) : -1)
		{
			my $kind = $n < 0 ? 'note' : $n == 0 && pick(8) ? 'opened' : one_of(qw(customer_message customer_message agent_reply agent_reply
				auto_reply proposed pending resumed resolved reopened discarded auto_resolved auto_proposed assigned note opened resolved));
			$kind = 'customer_message' if $kind eq 'discarded' && pick(2);
			$kind = 'reopened' if $n > 0 && $s{events}[-1]{kind} eq 'resolved' && pick(2);
			event(\%s, $name, $at, $kind);
			$at = moment($at);
		}
	}
	# each goes on in one before it, or nowhere
	foreach my $n (1 .. $#names)
	{
		next unless pick(3);
		my @of = grep { $_->{ticket} eq $names[$n] } @{ $s{events} };
		my $at = $of[ pick(scalar @of) ]{at} + one_of(0, 1, pick(100), -pick(100));
		event(\%s, $names[$n], $at, 'merged', into => $names[ pick($n) ]);
		next if pick(2);
		event(\%s, one_of(@names), $at += pick(200), $_) foreach one_of('resolved', 'discarded', 'reopened'), 'reopened';
	}
	foreach my $name (@names)
	{
		my @of = grep { $_->{ticket} eq $name } @{ $s{events} };
		foreach my $n (1 .. pick(4))
		{
			push @{ $s{changes} }, { ticket => $name, at => $of[ pick(scalar @of) ]{at} + one_of(0, 1, pick(100), pick(2000), pick(400)), facts() };
		}
	}
	@{ $s{changes} } = sort { $a->{at} <=> $b->{at} } @{ $s{changes} };
	# while it is solved, a ticket is changed, and mostly changed back
	foreach my $e (grep { $_->{kind} eq 'resolved' } @{ $s{events} })
	{
		my ($again) = sort { $a <=> $b } map { $_->{at} } grep { $_->{kind} eq 'reopened' && $_->{at} > $e->{at} } @{ $s{events} };
		next unless defined $again && pick(3);
		my @at = sort { $a <=> $b } map { $e->{at} + one_of(0, 1, pick($again - $e->{at}), $again - $e->{at}) } 1 .. 2;
		my %was = %{ facts_at(\%s, $e->{ticket}, $at[0]) };
		push @{ $s{changes} }, { %was, ticket => $e->{ticket}, at => $at[0] };
		push @{ $s{changes} }, { ticket => $e->{ticket}, at => $at[1], facts() } if $at[1] > $at[0];
		@{ $s{changes} } = sort { $a->{at} <=> $b->{at} } @{ $s{changes} };
	}
	my $id = 0;
	$_->{id} = ++$id foreach sort { $a->{at} <=> $b->{at} || $a->{shuffled} <=> $b->{shuffled} } @{ $s{events} };
	@{ $s{events} } = sort { $a->{id} <=> $b->{id} } @{ $s{events} };
	return \%s;
}

# When the next thing happens: soon, or about one of the instants that are asked for.
sub moment
{
	my ($at) = @_;
	my @next = grep { $_ > $at + 1 && $_ < $at + 3000 } @as_ofs;
	return $at + one_of(0, 0, 1, 5, pick(30), pick(120), pick(120), pick(400), pick(2000)) if !@next || pick(3);
	my $next = $next[ pick(min(3, scalar @next)) ] + one_of(-1, 0, 0, 1);
	my $before = $next - one_of(@lengths);
	return $before >= $at && pick(2) ? $before : $next;
}

sub facts
{
	return (channel => one_of(qw(line email email chat)), priority => one_of(undef, undef, 'low', 'urgent'),
		reason => one_of(undef, undef, 'returns'), tier => one_of(undef, undef, 'VIP'));
}

sub event
{
	my ($s, $ticket, $at, $kind, %more) = @_;
	# (nobody knows what the clocks on the wall showed before)
	$at = 0 if $at < 0;
	my $recorded = one_of(undef, undef, undef, $at, $at + pick(20), $at + pick(300), $at + pick(1500));
	my $agent = $kind =~ /^(opened|customer_message|auto_\w+)$/ ? undef
		: one_of(undef, 'kei', 'mio', 'kei', 'mio', 'bot');
	push @{ $s->{events} }, { ticket => $ticket, at => $at, kind => $kind, agent => $agent, recorded => $recorded, shuffled => pick(1000), %more };
	return;
}

# All of them at once, as a dump is loaded: without triggers.
sub load_sql
{
	my (@stories) = @_;
	my (@customers, @tickets, @events, @changes);
	foreach my $s (@stories)
	{
		my $id = "'$s->{id}'";
		my %into = map { $_->{ticket} => $_->{into} } grep { $_->{into} } @{ $s->{events} };
		push @customers, "($id)";
		foreach my $name (sort keys %{ $s->{tickets} })
		{
			my $goes_on = $into{$name};
			$goes_on = $into{$goes_on} while defined $goes_on && $into{$goes_on};
			push @tickets, row($id, "'$name'", (map { text($_) } @{ $s->{tickets}{$name} }{@conditions}), text($goes_on));
		}
		push @events, row($id, "'$_->{ticket}'", $_->{id}, ts($_->{at}), text($_->{kind}), text($_->{agent}), ts($_->{recorded}), text($_->{into})) foreach @{ $s->{events} };
		push @changes, row($id, "'$_->{ticket}'", ts($_->{at}), map { text($_) } @{$_}{@conditions}) foreach @{ $s->{changes} };
	}
	my $facts = join ', ', @conditions;
	return "SET LOCAL session_replication_role = replica;\n"
		. join('', map { my ($into, @rows) = @$_; @rows ? "INSERT INTO s.$into VALUES\n" . join(",\n", @rows) . ";\n" : '' }
			[ 'customers (customer_id)', @customers ], [ "tickets (customer_id, ticket_id, $facts, merged_into)", @tickets ],
			[ 'ticket_events (customer_id, ticket_id, event_id, at, kind, agent_id, recorded_at, merged_into)', @events ],
			[ "ticket_changes (customer_id, ticket_id, changed_at, $facts)", @changes ])
		. "SET LOCAL session_replication_role = origin;\n"
		. "DO \$\$ BEGIN PERFORM s.refresh_closed_at(customer_id, ticket_id) FROM s.tickets WHERE merged_into IS NULL AND closed_at IS NULL; END \$\$;\n";
}

sub row { return '(' . join(', ', @_) . ')'; }

# --------------------------------------------------------------------------
# The oracle: when time counts
# --------------------------------------------------------------------------

# settings.late_helps
my $late_helps = 0;
# A rule that is left out, to see that these stories show it.
my $without = '';

my @weekdays = qw(Mo Tu We Th Fr Sa Su);

# Mo-Fr 09:00-12:00,13:00-18:00; Su 01:00-04:00, as times by number of the day
sub week
{
	my ($text) = @_;
	my %week;
	foreach (split /; /, $text)
	{
		my ($days, $times) = split / /;
		my ($first, $last) = split /-/, $days;
		my ($from) = grep { $weekdays[ $_ - 1 ] eq $first } 1 .. 7;
		my ($to) = grep { $weekdays[ $_ - 1 ] eq ($last // $first) } 1 .. 7;
		$week{$_} = $times foreach $from .. $to;
	}
	return %week;
}

sub open_at
{
	my ($times, $minute) = @_;
	return 0 if $times eq 'off';
	foreach (split /,/, $times)
	{
		my ($h1, $m1, $h2, $m2) = /^(\d+):(\d+)-(\d+):(\d+)$/ or die $times;
		return 1 if $minute >= 60 * $h1 + $m1 && $minute < 60 * $h2 + $m2;
	}
	return 0;
}

# Of hours with a name, as they were known at an instant: how many minutes had counted by
# each minute.
my (%counted, %open);
my $wall_counted = { key => '', passed => [ 0 .. $minutes ] };

sub known
{
	my ($name, $at) = @_;
	return $wall_counted unless defined $name;
	state %known;
	$at = 20 * $day if $without eq 'closures hold from when they are known';
	return $known{$name}{$at} //= hours_known($name, $at);
}

sub hours_known
{
	my ($name, $at) = @_;
	my $c = $calendar{$name};
	my @hours = @{ (grep { $_->[0] <= $at } @{ $c->{hours} })[-1] };
	my @exceptions = grep { $_->[3] <= $at && (!defined $_->[4] || $at < $_->[4]) } @{ $c->{exceptions} };
	my $key = join '|', $name, $hours[1], map { "$_->[0] $_->[3]" } @exceptions;
	my %week = week($hours[1]);

	return $counted{$key} //= do {
		my $count = 0;
		my @passed = (0);
		foreach my $n (0 .. $minutes - 1)
		{
			my ($weekday, $minute, $date) = @{ $wall{ $c->{zone} }[$n] };
			my $times = $week{$weekday} // 'off';
			foreach my $x (@exceptions)
			{
				$times = $x->[2] if $date ge $x->[0] && $date le $x->[1];
			}
			$count++ if ($open{$times} //= [ map { open_at($times, $_) } 0 .. $day - 1 ])->[$minute];
			push @passed, $count;
		}
		{ key => $key, passed => \@passed, zone => $c->{zone} };
	};
}

# How many minutes of a clock have counted by an instant: those that are open, but for
# those of its pauses.
sub used
{
	my ($clock, $hours, $at) = @_;
	my $passed = $hours->{passed};
	my $used = $passed->[$at] - $passed->[ $clock->{start} ];
	foreach my $p (@{ $clock->{pauses} })
	{
		my $until = min($at, $p->[1] // $at);
		$used -= $passed->[$until] - $passed->[ $p->[0] ] if $until > $p->[0];
	}
	return $used;
}

# The deadline: the first minute at which all of the target has been used up. None, while a
# pause has no end and it was not used up before.
sub due
{
	my ($clock, $hours, $days, $target) = @_;
	my $key = join '|', $hours->{key}, $days, $target, $clock->{start}, map { v($_->[0]), v($_->[1]) } @{ $clock->{pauses} };
	state %dues;
	$dues{$key} = [ due_of(@_) ] unless $dues{$key};
	return $dues{$key}[0];
}

sub due_of
{
	my ($clock, $hours, $days, $target) = @_;
	my $passed = $hours->{passed};
	my $from = $clock->{start};

	if ($days && !$hours->{zone}) { $target += $days * $day; $days = 0; }
	if ($days)
	{
		# the same clock time so many business days later
		my $zone = $wall{ $hours->{zone} };
		my $open = sub { return $passed->[ $_[0] + 1 ] > $passed->[ $_[0] ] };
		$from++ until $open->($from);
		my ($date, $minute) = @{ $zone->[$from] }[ 2, 1 ];
		my $to = $from;
		while ($days)
		{
			$to++;
			$days--, $date = $zone->[$to][2] if $zone->[$to][2] ne $date && $open->($to);
		}
		# back to midnight, and on to the clock time
		$to-- while $zone->[ $to - 1 ][2] eq $date;
		$to++ while $zone->[$to][2] eq $date && $zone->[$to][1] < $minute;
		$to++ until $open->($to);
		return $to if $target == 0 && used($clock, $hours, $to) == $passed->[$to] - $passed->[ $clock->{start} ];
		$target += $passed->[$to] - $passed->[ $clock->{start} ];
	}

	# no time at all, when it is closed: the next opening
	if ($target <= 0)
	{
		$from++ until $passed->[ $from + 1 ] > $passed->[$from];
		return $from;
	}

	# (used() never falls, so the middle says in which half it is)
	my ($low, $high) = ($clock->{start}, $minutes);
	return undef if used($clock, $hours, $high) < $target;
	while ($low < $high)
	{
		my $middle = int(($low + $high) / 2);
		if (used($clock, $hours, $middle) >= $target) { $high = $middle; }
		else { $low = $middle + 1; }
	}
	return $low;
}

# --------------------------------------------------------------------------
# The oracle: what happened to the tickets, as an instant knows it
# --------------------------------------------------------------------------

my %by_the_customer = map { $_ => 1 } qw(opened customer_message reopened);
my %is_machine = (bot => 1);

sub counts_at
{
	my ($e) = @_;
	return $e->{at} if $without eq 'what the shop enters late counts from then';
	my $late = defined $e->{recorded} && $e->{recorded} > $e->{at} + 15 && !$by_the_customer{ $e->{kind} };
	return $late && !$late_helps ? $e->{recorded} : $e->{at};
}

# The place in the log of what happens.
my $place;

# The tickets' clocks by an instant.
sub play
{
	my ($s, $as_of) = @_;
	my %t = map { $_ => { name => $_, clocks => [] } } keys %{ $s->{tickets} };
	my @log = sort { $a->{counts} <=> $b->{counts} || ($without ne 'the opening comes first' && ($b->{kind} eq 'opened') <=> ($a->{kind} eq 'opened')) || $a->{id} <=> $b->{id} }
		grep { $_->{counts} <= $as_of } map { { %$_, counts => counts_at($_) } } @{ $s->{events} };

	$place = 0;
	foreach my $e (@log)
	{
		$place++;
		my $now = $e->{counts};
		my $t = $t{ $e->{ticket} };
		$t = $t->{goes_on_in} while $t->{goes_on_in} && $without ne 'what is written to a merged ticket is written to the other';
		my $kind = $e->{kind};
		my $machine = defined $e->{agent} && $is_machine{ $e->{agent} } && $without ne 'machines answer nobody';
		$kind = 'auto_reply' if $kind eq 'agent_reply' && $machine;
		$kind = 'auto_resolved' if $kind eq 'resolved' && $machine;
		$kind = 'auto_proposed' if $kind eq 'proposed' && $machine;
		push @{ $t{ $e->{ticket} }{named} }, [ $now, $place, $e->{agent} ] if defined $e->{agent};

		if ($kind eq 'merged')
		{
			next if $t->{name} ne $e->{ticket};
			my $into = $t{ $e->{into} };
			$into = $into->{goes_on_in} while $into->{goes_on_in};
			next if $into == $t;
			@$t{qw(goes_on_in merged_at)} = ($into, $now);
			merge($t, $into, $now);
			next;
		}

		if (!$t{ $without eq 'each ticket opens by itself' ? $t->{name} : $e->{ticket} }{opened} && $by_the_customer{$kind})
		{
			$t{ $e->{ticket} }{opened} = 1;
			start($t, $_, $now) foreach grep { !running($t, $_) } qw(first_response proposal resolution);
		}
		if ($kind eq 'customer_message')
		{
			start($t, 'next_response', $now) unless running($t, 'first_response') || running($t, 'next_response');
		}
		if ($kind =~ /^(customer_message|resumed)$/ && $without ne 'pauses end')
		{
			$t->{waits} = 0;
			end_pause($_, $now) foreach @{ $t->{clocks} };
		}
		if ($kind eq 'pending')
		{
			foreach my $c (grep { $_ } running($t, 'proposal'), running($t, 'resolution'))
			{
				$t->{waits} = 1;
				push @{ $c->{pauses} }, [ $now, undef ] unless is_paused($c);
			}
		}
		if ($kind =~ /^auto_/)
		{
			$_->{acknowledged} //= $now foreach grep { $_ } running($t, 'first_response');
		}
		if ($kind =~ /^(agent_reply|proposed|resolved)$/)
		{
			stop($t, $_, $now) foreach qw(first_response next_response);
		}
		stop($t, 'proposal', $now) if $kind =~ /^(proposed|auto_proposed|resolved|auto_resolved)$/;
		stop($t, 'resolution', $now) if $kind =~ /^(resolved|auto_resolved)$/;
		$t->{waits} = 0 if $kind =~ /^(resolved|auto_resolved|discarded)$/;
		if ($kind eq 'reopened' && $without ne 'a reopened ticket runs on' && !running($t, 'resolution'))
		{
			# the one that ran last in any of the tickets that are one
			my ($last) = sort { $b->[0]{ran} <=> $a->[0]{ran} } map { my $of = $_; map { [ $_, $of ] } grep { $_->{metric} eq 'resolution' && !$_->{away} } @{ $of->{clocks} } }
				grep { one_by($_, $now) == $t && ($_ == $t || $without ne 'what was solved in a merged ticket is reopened') } values %t;
			if ($last)
			{
				my ($c, $of) = @$last;
				go_on($c, $of, $t, $now) if $of != $t;
				my $over = $c->{stop} // $c->{ended};
				push @{ $c->{pauses} }, [ $over, $now, 'solved' ] if $now > $over;
				delete @$c{qw(stop ended)};
			}
		}
		if ($kind eq 'discarded' && $without ne 'discarding ends what runs')
		{
			foreach my $c (grep { is_running($_) } @{ $t->{clocks} })
			{
				end_pause($c, $now);
				@$c{qw(ended ran)} = ($now, $place);
			}
		}
	}
	return \%t;
}

sub is_running { my ($c) = @_; return !defined $c->{stop} && !defined $c->{ended}; }
sub is_paused { my ($c) = @_; return @{ $c->{pauses} } && !defined $c->{pauses}[-1][1]; }

sub running
{
	my ($t, $metric) = @_;
	return (grep { $_->{metric} eq $metric && is_running($_) } @{ $t->{clocks} })[0];
}

# The ticket that a ticket has gone on in by then.
sub one_by
{
	my ($t, $at) = @_;
	$t = $t->{goes_on_in} while $t->{goes_on_in} && $t->{merged_at} <= $at;
	return $t;
}

sub start
{
	my ($t, $metric, $now) = @_;
	my $cycle = 1 + grep { $_->{metric} eq $metric } @{ $t->{clocks} };
	my $paused = $t->{waits} && $metric =~ /^(proposal|resolution)$/;
	push @{ $t->{clocks} }, { metric => $metric, start => $now, cycle => $cycle, pauses => [ $paused ? [ $now, undef ] : () ], seats => [ [ $now, $t->{name} ] ] };
	return;
}

sub end_pause
{
	my ($c, $now) = @_;
	return unless is_paused($c);
	$c->{pauses}[-1][1] = $now;
	pop @{ $c->{pauses} } if $c->{pauses}[-1][0] == $now;
	return;
}

sub stop
{
	my ($t, $metric, $now) = @_;
	my $c = running($t, $metric) or return;
	end_pause($c, $now);
	@$c{qw(stop ran)} = ($now, $place);
	return;
}

sub go_on
{
	my ($c, $from, $into, $now) = @_;
	$from->{clocks} = [ grep { $_ != $c } @{ $from->{clocks} } ];
	$c->{cycle} = 1 + grep { $_->{metric} eq $c->{metric} } @{ $into->{clocks} };
	push @{ $into->{clocks} }, $c;
	push @{ $c->{seats} }, [ $now, $into->{name} ];
	return;
}

# What runs in the one goes on in the other; of two of a kind the one that started first.
sub merge
{
	my ($from, $into, $now) = @_;
	my @running = grep { is_running($_) } @{ $from->{clocks} };
	foreach my $c (@running)
	{
		my $other = running($into, $c->{metric});
		my ($first, $second) = !$other || $without ne 'the clock that started first goes on' && $c->{start} < $other->{start} ? ($c, $other) : ($other, $c);
		if ($second)
		{
			@$second{qw(ended away)} = ($now, 1);
			my @acknowledged = grep { defined $_ } $first->{acknowledged}, $second->{acknowledged};
			$first->{acknowledged} = min(@acknowledged) if @acknowledged && $without ne 'acknowledgements are of both';
		}
		next if $first != $c || $without eq 'what runs goes on in the other';
		go_on($c, $from, $into, $now);
		end_pause($c, $now) unless $into->{waits} || $without eq 'a clock waits if the ticket does in which it goes on';
		push @{ $c->{pauses} }, [ $now, undef ] if $into->{waits} && !is_paused($c) && $c->{metric} =~ /^(proposal|resolution)$/;
	}
	return;
}

# --------------------------------------------------------------------------
# The oracle: what was promised, and what became of it
# --------------------------------------------------------------------------

# What a ticket was at an instant. (Changes stand in order of time.)
sub facts_at
{
	my ($s, $ticket, $at) = @_;
	return $s->{tickets}{$ticket} if $without eq 'it is judged by what the ticket was then';
	my ($before) = grep { $_->{ticket} eq $ticket && $_->{at} > $at } @{ $s->{changes} };
	return $before // $s->{tickets}{$ticket};
}

my %weight = (tier => 8, reason => 4, priority => 2, channel => 1);

sub policy
{
	my ($metric, $start, $facts, $set) = @_;
	my ($best, $best_rank);
	foreach my $p (grep { $_->{metric} eq $metric } @policies)
	{
		next if $p->{off} && !(defined $set && $p->{set} eq $set);
		my ($from, $until) = @{ $p->{valid} // [] };
		next if defined $from && $start < $from || defined $until && $start >= $until;
		my @asked = grep { defined $p->{$_} } @conditions;
		next if grep { !defined $facts->{$_} || $facts->{$_} ne $p->{$_} } @asked;
		my $rank = ($without eq 'the most conditions hold' ? 0 : 100) * @asked + sum0(map { $weight{$_} } @asked) + ($p->{off} ? 1000 : 0);
		($best, $best_rank) = ($p, $rank) if !defined $best || $rank > $best_rank;
	}
	return $best;
}

my @calendar_changes = map { my $k = $_; (map { $_->[0] } @{ $k->{hours} }), (map { $_->[3], $_->[4] } @{ $k->{exceptions} }) } values %calendar;

# The clock as it was known at an instant.
sub as_known
{
	my ($c, $at) = @_;
	my %then = (%$c, pauses => []);
	delete @then{qw(stop ended acknowledged)};
	$then{stop} = $c->{stop} if defined $c->{stop} && $c->{stop} <= $at;
	$then{ended} = $c->{ended} if defined $c->{ended} && $c->{ended} <= $at;
	$then{acknowledged} = $c->{acknowledged} if defined $c->{acknowledged} && $c->{acknowledged} <= $at;
	foreach my $p (grep { $_->[0] <= $at } @{ $c->{pauses} })
	{
		my $until = defined $p->[1] && $p->[1] <= $at ? $p->[1] : undef;
		if ($p->[2] && !defined $until && $without ne 'nothing is decided while it is solved') { $then{stop} = $p->[0]; next; }
		push @{ $then{pauses} }, [ $p->[0], $until ];
	}
	return \%then;
}

# What was promised for a clock and what became of it by an instant, or nothing. It is
# kept by what was known when it was stopped, and broken by what was known when its
# deadline passed; what is neither is judged by what is known now.
sub promise
{
	my ($s, $c, $as_of, $set) = @_;
	my $end = $without eq 'what was kept stays kept' ? $as_of : min($as_of, $c->{stop} // $c->{ended} // $as_of);
	my %changes = map { $_ => 1 } grep { defined $_ && $_ >= $c->{start} && $_ <= $end } $c->{start}, $c->{stop}, $c->{ended}, $c->{acknowledged},
		(map { @$_[0, 1] } @{ $c->{pauses} }), (map { $_->[0] } @{ $c->{seats} }), (map { $_->{at} } @{ $s->{changes} }), @calendar_changes;
	my @at = sort { $a <=> $b } keys %changes;
	my ($decided, $kept, $known, $facts, $p, $due);

	# from one change of what is known to the next
	foreach my $n (0 .. $#at)
	{
		my $at = $at[$n];
		my $until = $n < $#at ? $at[ $n + 1 ] : $as_of;
		$known = as_known($c, $at);
		next if ($decided // '') eq 'kept' && $without ne 'what was kept stays kept' && (v($known->{stop}) eq v($kept) || defined $known->{acknowledged} && $p->{auto});
		# (what is decided at the instant of a change comes before it)
		foreach my $then ($at > $c->{start} ? $at - 1 : (), $at)
		{
			my ($seat) = $without eq 'it is judged by the ticket that it was of' ? $c->{seats}[-1] : (grep { $_->[0] <= $then } @{ $c->{seats} })[-1];
			$facts = facts_at($s, $seat->[1], $then);
			$p = policy($c->{metric}, $c->{start}, $facts, $set);
			$known->{stop} = $known->{acknowledged} if $p && $p->{auto} && defined $known->{acknowledged} && $without ne 'auto_reply_counts';
			last if ($known->{stop} // $known->{ended} // -1) == $at;
		}
		$decided = defined $known->{stop} ? 'kept' : undef;
		$kept = $known->{stop};
		next unless $p;
		my $hours = known($p->{hours}, $at);
		$due = due($known, $hours, $p->{days} // 0, $p->{target} // 0);
		my $over = $known->{stop} // $known->{ended};
		$decided = 'broken' if defined $due && (defined $over ? $due < $over : $due < $until || $due == $until && $n < $#at && $until != ($c->{stop} // $c->{ended} // -1) && !($p->{auto} && $until == ($c->{acknowledged} // -1)));
		$p = { %$p, counts => $hours };
		last if ($decided // '') eq 'broken' && $without ne 'what was broken stays broken' || defined $known->{ended};
	}
	return undef unless $p;
	return undef if defined $c->{ended} && (!defined $decided || $without eq 'what ends was broken by then');

	my %r = (facts => $facts, policy => $p, start => $c->{start}, due => $due, cycle => $c->{cycle}, metric => $c->{metric});
	my $final = as_known($c, $as_of);
	$r{stop} = $p->{auto} && $without ne 'auto_reply_counts' && defined $final->{acknowledged} ? $final->{acknowledged} : $final->{stop} // $final->{ended};
	$r{elapsed} = used($final, $p->{counts}, $r{stop} // $as_of);
	$r{decided} = ($decided // '') eq 'broken' ? $due : $decided ? $r{stop} : $as_of;
	# (business days are as much time as they turn out to be)
	my $amount = ($p->{target} // 0) + ($p->{days} // 0) * $day;
	if ($p->{days} && $p->{hours})
	{
		my %unpaused = (start => $c->{start}, pauses => []);
		$amount = used(\%unpaused, $p->{counts}, due(\%unpaused, $p->{counts}, $p->{days}, $p->{target} // 0));
	}
	$r{left} = $amount - $r{elapsed};
	($r{seat}) = map { $_->[1] } (grep { $_->[0] <= $r{decided} } @{ $c->{seats} })[-1];
	if (defined $r{stop}) { $r{state} = ($decided // '') eq 'broken' ? 'missed' : 'met'; }
	elsif (!defined $due) { $r{state} = 'paused'; }
	else
	{
		$r{warn} = due($final, $p->{counts}, $p->{days} // 0, ($p->{target} // 0) - ($p->{warn} // 0));
		$r{state} = $as_of > $due ? 'breached' : defined $r{warn} && $as_of >= $r{warn} ? 'at_risk' : 'running';
	}
	return \%r;
}

# --------------------------------------------------------------------------
# What users see, as lines, by both
# --------------------------------------------------------------------------

# Every promise about a customer's tickets: [ticket, promise]...
sub promises
{
	my ($s, $as_of, $set) = @_;
	state %kept;
	my $key = join '|', $s->{id}, $as_of, v($set);
	return @{ $kept{$key} } if $kept{$key} && $s->{id} ne 'X' && !$without;
	my $all = play($s, $as_of);
	my @all;
	foreach my $t (map { $all->{$_} } sort keys %$all)
	{
		push @all, grep { $_->[1] } map { [ $t, promise($s, $_, $as_of, $set), $all ] } @{ $t->{clocks} };
	}
	$kept{$key} = \@all unless $without;
	return @all;
}

# Who had a ticket: whoever was named last in what was its log by then.
sub agent_at
{
	my ($all, $name, $at) = @_;
	my $t = one_by($all->{$name}, $at);
	my @log = map { @{ $_->{named} // [] } } grep { one_by($_, $at) == $t && ($_ == $t || $without ne 'the log of merged tickets is one') } values %$all;
	my @named = sort { $a->[1] <=> $b->[1] } grep { $_->[0] <= $at } @log;
	return @named ? $named[-1][2] : '-';
}

# As a multirange has them: those that touch are one.
sub pauses_of
{
	my ($c) = @_;
	my @joined;
	foreach my $p (@{ $c->{pauses} })
	{
		if (@joined && $joined[-1][1] == $p->[0]) { $joined[-1] = [ $joined[-1][0], $p->[1] ]; }
		else { push @joined, $p; }
	}
	return map { "[$_->[0]," . v($_->[1]) . ')' } @joined;
}

my %expect = (
	clocks => sub {
		my ($s, $as_of) = @_;
		my $t = play($s, $as_of);
		return map { my $t = $_; map { my $c = $_; join ' ', "$t->{name} $c->{metric} $c->{cycle} started $c->{start} stopped", v($c->{stop}),
				'acknowledged', $c->{metric} eq 'first_response' ? v($c->{acknowledged}) : '-', 'pauses',
				pauses_of($c) }
			grep { !defined $_->{ended} } @{ $t->{clocks} } } values %$t;
	},
	status => sub {
		my ($s, $as_of, $set) = @_;
		return map {
			my ($t, $p, $all) = @$_;
			join ' ', 'agent', agent_at($all, $t->{name}, $as_of), agent_at($all, $without eq 'it was whose it was when it was decided' ? $t->{name} : $p->{seat}, $p->{decided}), $t->{name}, $p->{metric}, $p->{cycle}, 'started', $p->{start}, 'policy', $p->{policy}{id},
				'due', v($p->{due}), 'warn', v($p->{warn}), 'stopped', v($p->{stop}), $p->{state}, 'elapsed', $p->{elapsed}, 'left', $p->{left}, map { v($p->{facts}{$_}) } @conditions
		} promises($s, $as_of, $set);
	},
	unanswered => sub {
		my ($s, $as_of) = @_;
		my $t = play($s, $as_of);
		my @rows;
		foreach my $t (values %$t)
		{
			my ($oldest) = sort { $a->{start} <=> $b->{start} || $a->{metric} cmp $b->{metric} } grep { $_ } running($t, 'first_response'), running($t, 'next_response');
			push @rows, join ' ', $t->{name}, 'since', $_->{start}, $_->{metric} eq 'first_response' ? 'first' : 'next', 'acknowledged', v($_->{acknowledged})
				foreach grep { $_ } $oldest;
		}
		return @rows;
	},
);

$expect{trial} = sub { return $expect{status}->(@_, 'trial') };

# What is open is on the board.
$expect{board} = sub {
	my ($s, $as_of) = @_;
	return map { my ($t, $p) = @$_; "$t->{name} $p->{metric} $p->{cycle} $p->{state} due " . v($p->{due}) . " left $p->{left}" }
		grep { !defined $_->[1]{stop} } promises($s, $as_of);
};

# Of all customers, the promises that were counted in a month: kept, broken, open, and the
# time that they took, or have taken by now.
sub attainment
{
	my ($as_of, $set) = @_;
	my %cell;
	foreach my $s (@_[ 2 .. $#_ ])
	{
		foreach my $p (map { $_->[1] } promises($s, $as_of, $set))
		{
			my $month = substr $wall{'Europe/Berlin'}[ $p->{start} ][2], 0, 7;
			my $cell = $cell{"$month $p->{facts}{channel} $p->{metric}"} //= { met => 0, missed => 0, running => 0, took => [] };
			$cell->{ $p->{state} =~ /^met$/ ? 'met' : $p->{state} =~ /^(missed|breached)$/ ? 'missed' : 'running' }++;
			push @{ $cell->{took} }, [ $p->{elapsed}, defined $p->{stop}, 1 ];
		}
	}
	return map {
		my $c = $cell{$_};
		my $of = $c->{met} + $c->{missed};
		join ' ', $_, $c->{met}, $c->{missed}, $c->{running}, $of ? sprintf('%.6f', $c->{met} / $of + 1e-9) : '-', map { percentile($_, @{ $c->{took} }) } 0.5, 0.9, 0.95
	} keys %cell;
}

# What is still open is longer than it is by now: its weight goes to all that are longer,
# in equal parts, and where there is none to what nobody knows. A percentile is the time
# by which so much has stopped: if that is so until another has, the middle of the two. (Of
# those that have all stopped it is the continuous one.)
sub percentile
{
	my ($share, @of) = @_;
	@of = grep { $_->[1] } @of if $without eq 'what is open is longer';
	@of = sort { $a->[0] <=> $b->[0] || $b->[1] <=> $a->[1] } map { [ @$_ ] } @of;
	return '-' unless grep { $_->[1] } @of;
	if (!grep { !$_->[1] } @of)
	{
		my $place = $share * $#of;
		my $below = int $place;
		return sprintf '%.3f', $of[$below][0] + ($place - $below) * (($of[ $below + 1 ] // $of[$below])->[0] - $of[$below][0]);
	}
	my ($wanted, $stopped, @at) = ($share * @of, 0);
	while (my $one = shift @of)
	{
		if (!$one->[1])
		{
			$_->[2] += $one->[2] / @of foreach @of;
			next;
		}
		$stopped += $one->[2];
		push @at, $one->[0] if $stopped >= $wanted - 1e-9;
		last if $stopped > $wanted + 1e-9;
	}
	return @at ? $stopped > $wanted + 1e-9 ? sprintf('%.3f', ($at[0] + $at[-1]) / 2) : '-' : '-';
}

# The same of the shop.
my %ask = (
	board => 'sla_board_at(', trial => q{sla_status_of('trial', false,},
	clocks => 'ticket_clocks_at(', status => 'sla_status_at(', unanswered => 'unanswered_at(',
);
my %line = (
	board => q{concat_ws(' ', r.ticket_id, r.metric, r.cycle, r.state, 'due', coalesce(m(r.due_at)::text, '-'), 'left', mins(r.time_left))},
	clocks => q{concat_ws(' ', r.ticket_id, r.metric, r.cycle, 'started', m(r.started_at), 'stopped', coalesce(m(r.stopped_at)::text, '-'),
		'acknowledged', coalesce(m(r.acknowledged_at)::text, '-'), 'pauses',
		(SELECT string_agg('[' || m(lower(p)) || ',' || CASE WHEN upper_inf(p) OR upper(p) = 'infinity' THEN '-' ELSE m(upper(p))::text END || ')', ' ') FROM unnest(r.pauses::tstzmultirange) p))
},
	status => q{concat_ws(' ', 'agent', coalesce(r.agent_id, '-'), coalesce(r.held_by, '-'), r.ticket_id, r.metric, r.cycle, 'started', m(r.started_at), 'policy', r.policy_id, 'due', coalesce(m(r.due_at)::text, '-'), 'warn', coalesce(m(r.warn_at)::text, '-'),
		'stopped', coalesce(m(r.stopped_at)::text, '-'), r.state, 'elapsed', mins(r.elapsed), 'left', coalesce(mins(r.time_left)::text, '-'), coalesce(r.channel, '-'), coalesce(r.priority, '-'), coalesce(r.reason, '-'), coalesce(r.tier, '-'))},
	unanswered => q{concat_ws(' ', r.ticket_id, 'since', m(r.waiting_since), CASE WHEN r.first_message THEN 'first' ELSE 'next' END, 'acknowledged', coalesce(m(r.acknowledged_at)::text, '-'))},
);

$line{trial} = $line{status};

sub got_sql
{
	my ($what, @as_ofs) = @_;
	return join ";\n", map { "SELECT r.customer_id, $_, $line{$what} FROM s.$ask{$what} ts($_)) r" } @as_ofs;
}

my @stories = map { story($_) } 1 .. $customers;
sql(shop_sql());
sql("BEGIN;\n" . load_sql(@stories) . 'COMMIT; ANALYZE');

# A story, for people.
sub told
{
	my ($s) = @_;
	my @lines = ("customer $s->{id}:");
	push @lines, "  ticket $_ is " . join(' ', map { v($_) } @{ $s->{tickets}{$_} }{@conditions}) foreach sort keys %{ $s->{tickets} };
	push @lines, "  until $_->{at} ticket $_->{ticket} was " . join(' ', map { v($_) } @{$_}{@conditions}) foreach @{ $s->{changes} };
	push @lines, "  " . join(' ', $_->{at}, $_->{ticket}, "#$_->{id}", $_->{kind}, $_->{into} // (), defined $_->{agent} ? "by $_->{agent}" : (),
		defined $_->{recorded} ? "recorded $_->{recorded}" : ()) foreach @{ $s->{events} };
	return join("\n", @lines) . "\n";
}

sub differ
{
	my ($expected, $got) = @_;
	my %count;
	$count{$_}++ foreach @$expected;
	$count{$_}-- foreach @$got;
	return join '', map { ($count{$_} > 0 ? "  expected $_\n" : "  got      $_\n") x abs $count{$_} } sort grep { $count{$_} } keys %count;
}

# What differs, if only this has happened.
sub fails
{
	my ($s, $what, $as_of) = ({ %{ $_[0] }, id => 'X' }, @_[1, 2]);
	my $got = sql("BEGIN; SET LOCAL session_replication_role = replica; DELETE FROM s.ticket_events; DELETE FROM s.ticket_changes; DELETE FROM s.tickets; " . load_sql($s)
		. got_sql($what, $as_of) . '; ROLLBACK');
	return differ([ $expect{$what}->($s, $as_of) ], [ map { (split /\|/)[2] } split /\n/, $got ]);
}

# A story that is as small as it still differs.
sub shrunk
{
	my ($s, $what, $as_of) = @_;
	my $again = 1;
	while ($again)
	{
		$again = 0;
		foreach my $list (qw(events changes))
		{
			for (my $n = $#{ $s->{$list} }; $n >= 0; $n--)
			{
				my @rest = @{ $s->{$list} };
				splice @rest, $n, 1;
				my $less = { %$s, $list => \@rest };
				if (eval { fails($less, $what, $as_of) }) { $s = $less; $again = 1; }
			}
		}
	}
	my %used = map { $_ => 1 } map { $_->{ticket}, $_->{into} // () } @{ $s->{events} };
	$s = { %$s, tickets => { map { $_ => $s->{tickets}{$_} } grep { $used{$_} } keys %{ $s->{tickets} } }, changes => [ grep { $used{ $_->{ticket} } } @{ $s->{changes} } ] };
	return told($s) . "as of $as_of:\n" . fails($s, $what, $as_of);
}

# Both count the same of all customers together.
sub attained
{
	my ($set, $call) = @_;
	my ($difference, $cells) = ('', 0);
	foreach my $as_of (@as_ofs)
	{
		my @expected = attainment($as_of, $set, @stories);
		$cells += @expected;
		my @got = split /\n/, sql(qq{
			SELECT concat_ws(' ', to_char(month, 'YYYY-MM'), channel, metric, met, missed, running, coalesce(round(attainment::numeric, 6)::text, '-'),
				coalesce(round(median_minutes::numeric, 3)::text, '-'), coalesce(round(p90_minutes::numeric, 3)::text, '-'), coalesce(round(p95_minutes::numeric, 3)::text, '-'))
			FROM s.$call ts($as_of))});
		my $differs = differ(\@expected, \@got);
		$difference ||= "as of $as_of:\n$differs" if $differs;
	}
	is($difference, '', "$call): $cells shares and times");
	return;
}

# Both say the same about each customer, as of each instant.
sub compare
{
	my ($what, $name) = @_;
	my $t0 = time;
	my %got;
	push @{ $got{ $_->[0] }{ $_->[1] } }, $_->[2] foreach map { [ split /\|/, $_, 3 ] } split /\n/, sql(got_sql($what, @as_ofs));
	my $t1 = time;
	my ($rows, $bad, @shown) = (0, 0);
	foreach my $s (@stories)
	{
		foreach my $as_of (@as_ofs)
		{
			my @expected = $expect{$what}->($s, $as_of);
			$rows += @expected;
			my $difference = differ(\@expected, $got{ $s->{id} }{$as_of} // []) or next;
			$bad++;
			push @shown, [ $s, $as_of, $difference ];
		}
	}
	note sprintf '%s: %d rows, server %.1f s, oracle %.1f s', $what, $rows, $t1 - $t0, time - $t1;
	cmp_ok($rows, '>', 2 * $customers, "$name: $rows rows");
	is($bad, 0, "$name: the same in each as-of");
	# the last of each customer's, of some customers
	my %last = map { $_->[0]{id} => $_ } @shown;
	my @least = (map { $last{$_} } sort keys %last)[ 0 .. ($ENV{LOYALCS_PROMISES_SHOW} || 3) - 1 ];
	diag(shrunk($_->[0], $what, $_->[1])) foreach grep { $_ } @least;
	return;
}

compare('clocks', 'ticket_clocks_at()');
compare('unanswered', 'unanswered_at()');
compare('status', 'sla_status_at()');
compare('board', 'sla_board_at()');
attained(undef, 'sla_attainment_at(');
attained('trial', "sla_attainment_under('trial',");

# Whoever trusts those who type.
sql('UPDATE s.settings SET late_helps = true');
$late_helps = 1;
compare('clocks', 'ticket_clocks_at() where late_helps');
$late_helps = 0;

# --------------------------------------------------------------------------
# These stories would show it if any of the rules were another
# --------------------------------------------------------------------------

foreach my $rule ('what the shop enters late counts from then', 'machines answer nobody', 'the opening comes first', 'pauses end',
	'a reopened ticket runs on', 'discarding ends what runs', 'each ticket opens by itself',
	'what is written to a merged ticket is written to the other', 'what runs goes on in the other', 'the clock that started first goes on',
	'a clock waits if the ticket does in which it goes on', 'acknowledgements are of both',
	'it is judged by what the ticket was then', 'it is judged by the ticket that it was of', 'closures hold from when they are known',
	'the most conditions hold', 'auto_reply_counts', 'what was broken stays broken', 'what was kept stays kept', 'what ends was broken by then',
	'nothing is decided while it is solved', 'what was solved in a merged ticket is reopened', 'the log of merged tickets is one', 'it was whose it was when it was decided')
{
	my $shown = 0;
	foreach my $s (@stories)
	{
		my @with = map { ($expect{clocks}->($s, $_), $expect{status}->($s, $_)) } @as_ofs;
		$without = $rule;
		my @less = map { ($expect{clocks}->($s, $_), $expect{status}->($s, $_)) } @as_ofs;
		$without = '';
		last if $shown = differ(\@with, \@less) ne '';
	}
	# (others may be without it)
	ok($shown || $seed != 1 || $customers < 120, "it shows that $rule");
}

foreach my $rule ('what is open is longer')
{
	my @with = map { attainment($_, undef, @stories) } @as_ofs;
	$without = $rule;
	my @less = map { attainment($_, undef, @stories) } @as_ofs;
	$without = '';
	ok(differ(\@with, \@less) ne '' || $seed != 1 || $customers < 120, "it shows that $rule");
}

$node->stop('fast');
done_testing();
