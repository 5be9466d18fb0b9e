#
# Promises about real tickets, against the same figures worked out by hand: the
# 3,804 tickets of a help desk, read once through the views of a shop and once
# with plain SQL over the file. By hand, open time is what two stretches of local
# time have in common, day by day; the shop asks a calendar.
#
# DATA is a folder with helpdesk_events.csv; without it there is nothing to do.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my $csv = ($ENV{DATA} // '') . '/helpdesk_events.csv';
plan skip_all => 'DATA has no helpdesk_events.csv' unless -f $csv;

my $as_of = "timestamptz '2013-01-01 00:00+01'";

# The session's time zone is nobody's business: a shop has its own.
my $node = PostgreSQL::Test::Cluster->new('helpdesk');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
$node->append_conf('postgresql.conf', "timezone = 'Asia/Tokyo'\n");
$node->start;
my $session = Session->new($node, 'postgres');

sub sql { return $session->sql($_[0]); }

sql(q{
	CREATE EXTENSION loyalcs;
	CREATE SCHEMA hand;
	CREATE TABLE hand.file (
		row bigint GENERATED ALWAYS AS IDENTITY,
		ticket_id int, at timestamp, activity text);
});
system_or_bail('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-c',
	"\\copy hand.file (ticket_id, at, activity) FROM '$csv' WITH (FORMAT csv, HEADER)");

# Italy's holidays on weekdays of these years.
my $holidays = join ',', qw(
	2010-01-01 2010-01-06 2010-04-05 2010-06-02 2010-11-01 2010-12-08
	2011-01-06 2011-03-17 2011-04-25 2011-06-02 2011-08-15 2011-11-01 2011-12-08 2011-12-26
	2012-01-06 2012-04-09 2012-04-25 2012-05-01 2012-08-15 2012-11-01 2012-12-25 2012-12-26);

# --------------------------------------------------------------------------
# The shop. One row of the file may be two events: taking charge of a ticket
# that waits ends the wait, and answers; what follows a solution reopens.
# --------------------------------------------------------------------------

sql(qq{
	SELECT loyalcs.create_shop('help', 'Europe/Rome', 'EUR', 'integer');
	DELETE FROM help.sla_policies;
	INSERT INTO help.sla_policies (metric, target, hours, valid)
	SELECT m.metric, m.target::interval,
		loyalcs.business_hours('Mo-Fr 09:00-18:00; PH off', 'Europe/Rome', '$holidays')::text, '(,)'
	FROM (VALUES ('first_response', '1 hour'), ('proposal', '24 hours'), ('resolution', '48 hours')) AS m (metric, target);
	INSERT INTO help.sla_policies (policy_set, metric, target, valid)
	SELECT 'wall', metric, target, 'empty' FROM help.sla_policies;

	INSERT INTO help.customers (customer_id) SELECT DISTINCT ticket_id FROM hand.file;
	INSERT INTO help.tickets (customer_id, ticket_id, channel)
	SELECT DISTINCT ticket_id, ticket_id, 'email' FROM hand.file;
	WITH told AS (
		SELECT f.*, coalesce(lag(activity) OVER log, 'none') AS before,
			count(*) FILTER (WHERE activity IN ('assign', 'insert')) OVER log AS openings,
			max(row) FILTER (WHERE activity IN ('take_in_charge', 'resolve')) OVER log AS moved,
			max(row) FILTER (WHERE activity = 'wait') OVER log AS waited
		FROM hand.file f
		WINDOW log AS (PARTITION BY ticket_id ORDER BY at, row)
	)
	INSERT INTO help.ticket_events (customer_id, ticket_id, at, kind)
	SELECT ticket_id, ticket_id, at AT TIME ZONE 'Europe/Rome', kind
	FROM told CROSS JOIN LATERAL (VALUES
		(1, CASE WHEN before = 'resolve' AND activity <> 'resolve' THEN 'reopened' END),
		(2, CASE WHEN activity = 'take_in_charge' AND before = 'wait' THEN 'resumed' END),
		(3, CASE activity
			WHEN 'take_in_charge' THEN 'agent_reply' WHEN 'wait' THEN 'pending' WHEN 'resolve' THEN 'resolved'
			WHEN 'assign' THEN CASE openings WHEN 1 THEN 'opened' ELSE 'assigned' END
			WHEN 'insert' THEN CASE openings WHEN 1 THEN 'opened' ELSE 'note' END
			ELSE 'note' END)) AS e (place, kind)
	WHERE kind IS NOT NULL
	ORDER BY row, place;
	ANALYZE;
});

# --------------------------------------------------------------------------
# By hand
# --------------------------------------------------------------------------

sql(qq{
	CREATE TABLE hand.day AS
	SELECT d + interval '9 hours' AS opens, d + interval '18 hours' AS closes
	FROM generate_series(timestamp '2010-01-01', '2012-12-31', '1 day') AS d
	WHERE extract(isodow FROM d) <= 5 AND d::date <> ALL (string_to_array('$holidays', ',')::date[]);
	CREATE INDEX ON hand.day (closes);
	CREATE FUNCTION hand.open_seconds(a timestamp, b timestamp) RETURNS bigint STABLE LANGUAGE sql AS \$\$
		SELECT coalesce(sum(extract(epoch FROM least(b, closes) - greatest(a, opens))), 0)::bigint
		FROM hand.day WHERE closes > a AND opens < b \$\$;
	-- the clock on the wall; daylight saving is in the zone
	CREATE FUNCTION hand.wall_seconds(a timestamp, b timestamp) RETURNS bigint STABLE LANGUAGE sql AS \$\$
		SELECT extract(epoch FROM (b AT TIME ZONE 'Europe/Rome') - (a AT TIME ZONE 'Europe/Rome'))::bigint \$\$;

	-- From the opening on (in a log that begins later, that is when it was reopened): each
	-- row, when the next one came, and whether work went on meanwhile.
	CREATE TABLE hand.step AS
	WITH opened AS (
		SELECT DISTINCT ON (ticket_id) ticket_id, at AS opened_at, row AS opening
		FROM (SELECT *, lag(activity) OVER (PARTITION BY ticket_id ORDER BY at, row) AS before FROM hand.file) AS f
		WHERE activity IN ('assign', 'insert') OR before = 'resolve' AND activity <> 'resolve'
		ORDER BY ticket_id, at, row
	), since AS (
		SELECT f.*, opened_at
		FROM hand.file f JOIN opened USING (ticket_id)
		WHERE (f.at, f.row) >= (opened_at, opening)
	)
	SELECT s.ticket_id, opened_at, row, at, activity,
		coalesce(lead(at) OVER log, '2013-01-01') AS until,
		CASE activity
			WHEN 'resolve' THEN 'solved'
			WHEN 'wait' THEN 'waits'
			WHEN 'take_in_charge' THEN 'works'
			ELSE CASE (SELECT p.activity FROM since p
					WHERE p.ticket_id = s.ticket_id AND p.activity IN ('wait', 'take_in_charge', 'resolve')
						AND (p.at, p.row) < (s.at, s.row) ORDER BY p.at DESC, p.row DESC LIMIT 1)
				WHEN 'wait' THEN 'waits' ELSE 'works' END
		END AS doing
	FROM since s
	WINDOW log AS (PARTITION BY ticket_id ORDER BY at, row);
});

# The three clocks, with the seconds of a given kind that each has used.
sub by_hand
{
	my ($seconds) = @_;
	return qq{
		SELECT ticket_id, opened_at, 'first_response' AS metric, 3600 AS target, stop,
			$seconds(opened_at, coalesce(stop, '2013-01-01')) AS used
		FROM (SELECT ticket_id, opened_at, min(at) FILTER (WHERE activity IN ('take_in_charge', 'resolve')) AS stop
			FROM hand.step GROUP BY 1, 2) AS f
		UNION ALL
		SELECT ticket_id, opened_at, 'proposal', 24 * 3600, min(first_solved),
			sum($seconds(at, until)) FILTER (WHERE doing = 'works' AND (first_solved IS NULL OR at < first_solved))
		FROM (SELECT *, min(at) FILTER (WHERE activity = 'resolve') OVER (PARTITION BY ticket_id) AS first_solved FROM hand.step) AS s
		GROUP BY 1, 2
		UNION ALL
		SELECT ticket_id, opened_at, 'resolution', 48 * 3600,
			max(solved_at), sum($seconds(at, until)) FILTER (WHERE doing = 'works')
		FROM (SELECT *, CASE WHEN last_doing = 'solved' THEN max(at) FILTER (WHERE doing = 'solved' AND before <> 'solved') OVER (PARTITION BY ticket_id) END AS solved_at
			FROM (SELECT *, lag(doing, 1, 'works') OVER (PARTITION BY ticket_id ORDER BY at, row) AS before,
					last_value(doing) OVER (PARTITION BY ticket_id ORDER BY at, row
						ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS last_doing
				FROM hand.step) AS s) AS s
		GROUP BY 1, 2};
}

# --------------------------------------------------------------------------
# Against each other
# --------------------------------------------------------------------------

sub figure
{
	my ($name, $expected, $query) = @_;
	is(sql($query), $expected, "$name: $expected");
	return;
}

# Two queries give the same rows.
sub same
{
	my ($name, $view, $hand) = @_;
	my ($views, $hands, $differ) = split /\|/, sql(qq{
		WITH v AS ($view), h AS ($hand)
		SELECT (SELECT count(*) FROM v), (SELECT count(*) FROM h),
			(SELECT count(*) FROM ((TABLE v EXCEPT ALL TABLE h) UNION ALL (TABLE h EXCEPT ALL TABLE v)) AS d)});
	my $ok = $differ == 0 && $views > 0 && $views == $hands;
	ok($ok, "$name: $differ rows differ, of $hands");
	diag(sql(qq{
		WITH v AS ($view), h AS ($hand)
		SELECT * FROM (SELECT 'shop', * FROM (TABLE v EXCEPT ALL TABLE h) AS a
			UNION ALL SELECT 'hand', * FROM (TABLE h EXCEPT ALL TABLE v) AS b) AS d ORDER BY 2, 3, 1 LIMIT 10})) unless $ok;
	return;
}

figure('rows of the file', '3804|13710', 'SELECT count(DISTINCT ticket_id), count(*) FROM hand.file');
figure('tickets whose log shows them open', '3754',
	'SELECT count(DISTINCT ticket_id) FROM hand.step');

same('every clock: when it started, stopped, what it used up', qq{
	SELECT customer_id AS ticket_id, metric, started_at AT TIME ZONE 'Europe/Rome' AS started,
		stopped_at AT TIME ZONE 'Europe/Rome' AS stopped, extract(epoch FROM elapsed)::bigint AS used,
		state IN ('met') AS met, state IN ('missed', 'breached') AS missed
	FROM help.sla_status_at($as_of)}, qq{
	SELECT ticket_id, metric, opened_at, stop, coalesce(used, 0)::bigint,
		stop IS NOT NULL AND coalesce(used, 0) <= target, coalesce(used, 0) > target
	FROM (@{[ by_hand('hand.open_seconds') ]}) AS h});

foreach my $asked ([ 'in open hours', "sla_attainment_at($as_of)", 'hand.open_seconds' ],
	[ 'on the wall', "sla_attainment_under('wall', $as_of)", 'hand.wall_seconds' ])
{
	my ($name, $view, $seconds) = @$asked;
	same("attainment of 1, 24 and 48 hours $name, by month", qq{
		SELECT month, metric, met, missed, running, round(attainment::numeric, 6) AS attainment,
			extract(epoch FROM median)::numeric AS median, extract(epoch FROM p90)::numeric AS p90,
			extract(epoch FROM p95)::numeric AS p95
		FROM help.$view}, qq{
		SELECT date_trunc('month', opened_at)::date, metric,
			count(*) FILTER (WHERE stop IS NOT NULL AND used <= target),
			count(*) FILTER (WHERE used > target),
			count(*) FILTER (WHERE stop IS NULL AND used <= target),
			round(1.0 * count(*) FILTER (WHERE stop IS NOT NULL AND used <= target) /
				nullif(count(*) FILTER (WHERE stop IS NOT NULL AND used <= target) + count(*) FILTER (WHERE used > target), 0), 6),
			extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY make_interval(secs => used)) FILTER (WHERE stop IS NOT NULL)),
			extract(epoch FROM percentile_cont(0.9) WITHIN GROUP (ORDER BY make_interval(secs => used)) FILTER (WHERE stop IS NOT NULL)),
			extract(epoch FROM percentile_cont(0.95) WITHIN GROUP (ORDER BY make_interval(secs => used)) FILTER (WHERE stop IS NOT NULL))
		FROM (SELECT ticket_id, opened_at, metric, target, stop, coalesce(used, 0) AS used
			FROM (@{[ by_hand($seconds) ]}) AS h) AS h
		GROUP BY 1, 2});
}

# What the shop keeps beside the log agrees with it.
figure('tickets that are open', '0', q{
	SELECT count(*) FROM help.tickets t WHERE closed_at IS NULL AND
		EXISTS (SELECT FROM hand.step s WHERE s.ticket_id = t.customer_id)});
foreach my $at ('2010-12-01 12:00+01', '2011-06-01 12:00+02', '2012-03-15 17:00+01')
{
	same("the board as of $at is what was open", qq{
		SELECT ticket_id, metric, started_at, due_at, state FROM help.sla_board_at('$at')}, qq{
		SELECT ticket_id, metric, started_at, due_at, state FROM help.sla_status_at('$at') WHERE stopped_at IS NULL});
}

$node->stop('fast');
done_testing();
