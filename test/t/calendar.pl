#
# Business hours against an oracle that is slow and obvious: every minute of a
# stretch of time is a row, open if the local clock (AT TIME ZONE) then reads a
# time that the hours of that day, or of the night before, contain. Random
# schedules, holidays, zones and spans, the changes to and from daylight saving
# among them; random by hashes, so every run has the same.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('calendar');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
$node->append_conf('postgresql.conf', q{
timezone = 'UTC'
jit = off
work_mem = 128MB
search_path = 'public, loyalcs'
fsync = off
max_parallel_workers_per_gather = 0
});
$node->start;
my $session = Session->new($node, 'postgres');

sub sql { return $session->sql($_[0]); }

sql(q{CREATE EXTENSION loyalcs});

my $schedules = 260;
my $spans = 80;
my $days = 10;

# --------------------------------------------------------------------------
# What is tried
# --------------------------------------------------------------------------

sql(qq{
	CREATE FUNCTION pick(i bigint, seed bigint, n bigint) RETURNS int LANGUAGE sql IMMUTABLE
	RETURN ((hashint8extended(i, seed) & 9223372036854775807) % n)::int;

	CREATE TABLE place (id int, zone text, start timestamptz);
	INSERT INTO place
	SELECT (row_number() OVER (ORDER BY ordinality) - 1)::int, zone, start
	FROM ROWS FROM (unnest(
		'{Asia/Tokyo,Asia/Tokyo,Asia/Tokyo,America/New_York,America/New_York,America/New_York,
		  Europe/London,Europe/London,Europe/London,Australia/Lord_Howe,Australia/Lord_Howe,
		  Australia/Lord_Howe,UTC}'::text[],
		'{2026-04-28 00:00+00,2026-12-26 00:00+00,2026-09-16 00:00+00,2026-03-03 00:00+00,2026-10-27 00:00+00,
		  2024-02-24 00:00+00,2026-03-24 00:00+00,2026-10-20 00:00+00,2027-12-27 00:00+00,2026-03-31 00:00+00,
		  2026-09-29 00:00+00,2023-12-25 00:00+00,2026-05-01 00:00+00}'::timestamptz[])
	) WITH ORDINALITY AS p(zone, start, ordinality);

	CREATE TABLE schedule AS
	SELECT s AS id, zone, start, ('{"",JP,"2026-05-01,2026-10-30","JP,2026-12-28,2026-03-30"}'::text[])[1 + pick(s, 1, 4)] AS holidays
	FROM generate_series(1, $schedules) AS s JOIN place ON place.id = s % 13;

	-- a rule's days, in whichever of six ways it says them; closed on one day
	-- of the week only, so that no schedule is never open
	CREATE TABLE rule AS
	SELECT s.id, no, kind, days, first_date, last_date, first_month, last_month, pick(s.id * 10 + no, 13, 3) = 0 AS with_ph,
		pick(id * 10 + no, 2, 3) = 0 AND no > 1 AS is_off
	FROM schedule s, generate_series(1, 2 + pick(s.id, 3, 4)) AS no,
		LATERAL (SELECT CASE WHEN no = 1 THEN 'week'
			ELSE ('{week,PH,PH,year,year,date,date,season,season,season in a year}'::text[])[1 + pick(s.id * 10 + no, 4, 10)] END AS kind) k,
		LATERAL (SELECT array_agg(DISTINCT d ORDER BY d) AS days
			FROM (SELECT 1 + (pick(s.id * 10 + no, 5, 7) + n) % 7 AS d
				FROM generate_series(0, CASE WHEN no = 1 THEN 4 WHEN pick(s.id * 10 + no, 2, 3) = 0 THEN 0 ELSE pick(s.id * 10 + no, 6, 7) END) AS n) x) d,
		LATERAL (SELECT start::date + pick(s.id * 10 + no, 7, $days) AS first_date) f,
		LATERAL (SELECT first_date + pick(s.id * 10 + no, 8, 4) AS last_date) l,
		-- months about the days that are looked at, or up to half a year of them
		LATERAL (SELECT date_trunc('month', start - pick(s.id * 10 + no, 14, 60) * interval '1 day')::date AS first_month) fm,
		LATERAL (SELECT date_trunc('month', first_month + pick(s.id * 10 + no, 15, 160) * interval '1 day')::date AS last_month) lm;

	-- times to the minute, at most $days hours long, past midnight or not
	CREATE TABLE span AS
	SELECT id, no, opens, opens + length AS closes
	FROM rule, generate_series(1, 1 + pick(id * 10 + no, 9, 3)) AS n,
		LATERAL (SELECT pick(id * 100 + no * 10 + n, 10, 1440) AS opens,
			CASE pick(id * 100 + no * 10 + n, 11, 12) WHEN 0 THEN 1439 ELSE 1 + pick(id * 100 + no * 10 + n, 12, 660) END AS length) t
	WHERE NOT is_off;

	CREATE FUNCTION clock(minutes int) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN to_char(minutes / 60, 'FM00') || ':' || to_char(minutes % 60, 'FM00');

	CREATE TABLE hours AS
	SELECT s.*, loyalcs.business_hours(
		(SELECT string_agg(
			CASE WHEN kind = 'season in a year' THEN to_char(first_month, 'YYYY Mon') || '-' || to_char(last_month, 'YYYY Mon') || ' '
				WHEN kind = 'season' THEN to_char(first_month, 'Mon') || '-' || to_char(last_month, 'mon') || ' '
				ELSE '' END ||
			CASE WHEN kind = 'week' OR kind ~ 'season' THEN (SELECT string_agg(('{Mo,tu,We,Th,Fr,sa,Su}'::text[])[d], ',') FROM unnest(days) AS d) ||
					CASE WHEN kind ~ 'season' AND with_ph THEN ',PH' ELSE '' END
				WHEN kind = 'PH' THEN 'PH'
				WHEN kind = 'year' THEN to_char(first_date, 'Mon DD') || '-' || to_char(last_date, 'Mon DD')
				ELSE to_char(first_date, 'YYYY Mon DD') || '-' || to_char(last_date, 'YYYY Mon DD') END || ' ' ||
			coalesce((SELECT string_agg(clock(opens) || '-' ||
					CASE WHEN closes = 1440 OR closes > 1440 AND id % 2 = 0 THEN clock(closes) ELSE clock(closes % 1440) END, ',')
				FROM span WHERE span.id = rule.id AND span.no = rule.no), 'off'),
			'; ' ORDER BY no)
		FROM rule WHERE rule.id = s.id), zone, holidays) AS hours
	FROM schedule s;
});

is(sql(q{SELECT count(*) FROM hours WHERE hours::text::loyalcs.business_hours = hours}),
	$schedules, 'every schedule is its text');
cmp_ok(sql(q{SELECT count(DISTINCT hours) FROM hours}),
	'>', $schedules * 0.95, 'schedules differ');

# In binary, there and back; and what is no value.
my $file = "$PostgreSQL::Test::Utils::tmp_check/hours";
sql(qq{
	CREATE TABLE copied (hours business_hours);
	COPY (SELECT hours FROM hours ORDER BY id) TO '$file' (FORMAT binary);
	COPY copied FROM '$file' (FORMAT binary);});
is(sql(q{SELECT count(*) FROM hours JOIN copied USING (hours)}) >= $schedules, 1,
	'binary form: there and back');

foreach my $bad (
	[ 'x', qr/unsupported version number 120 of business_hours/ ],
	[ "\x03" . '24/7', qr/unsupported version number 3/ ],
	[ '', qr/data left in message/ ],
	[ "\x01", qr/invalid input syntax for type business_hours: ""/ ],
	[ "\x01" . '24/7 @ Nowhere', qr/time zone "Nowhere" not recognized/ ],
	[ "\x01" . 'Mo-Fr 25:00-26:00', qr/Expected a time such as 10:00 at character 7/ ],
	[ "\x01" . "24/7\0", qr/invalid byte sequence|zero byte/ ],
	[ "\x01" . "24/7 \xff", qr/invalid byte sequence/ ])
{
	my ($value, $message) = @$bad;
	open my $out, '>:raw', $file or die "$file: $!";
	print $out "PGCOPY\n\xff\r\n\0", pack('NN', 0, 0), pack('nN/a*', 1, $value), pack('n', 65535);
	close $out;
	my ($code, undef, $error) = $node->psql('postgres', qq{COPY copied FROM '$file' (FORMAT binary)});
	like($error, $message, 'binary form: ' . ($value =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ger) . ' is refused');
}

# --------------------------------------------------------------------------
# The oracle
# --------------------------------------------------------------------------

# PH by hand, from the Cabinet Office's list
sql(qq{
	CREATE TABLE ph AS
	SELECT s.id, day FROM schedule s, unnest(
		'{2023-11-23,2024-01-01,2024-01-08,2024-02-11,2024-02-12,2024-02-23,2024-03-20,2026-02-23,2026-03-20,
		  2026-04-29,2026-05-03,2026-05-04,2026-05-05,2026-05-06,2026-09-21,2026-09-22,2026-09-23,2026-10-12,
		  2026-11-03,2026-11-23,2027-01-01,2027-01-11,2028-01-01,2028-01-10}'::date[]) AS day
	WHERE holidays ~ 'JP'
	UNION SELECT id, day::date FROM schedule, regexp_split_to_table(holidays, ',') AS day WHERE day ~ '^2';

	-- the rule of each local day: the last that is about it
	CREATE TABLE day AS
	SELECT s.id, d::date AS day, (
		SELECT max(no) FROM rule r
		WHERE r.id = s.id AND CASE kind
			WHEN 'week' THEN extract(isodow FROM d)::int = ANY (days)
			WHEN 'PH' THEN EXISTS (SELECT FROM ph WHERE ph.id = s.id AND ph.day = d::date)
			WHEN 'date' THEN d::date BETWEEN first_date AND last_date
			WHEN 'season' THEN (extract(isodow FROM d)::int = ANY (days) OR with_ph AND EXISTS (SELECT FROM ph WHERE ph.id = s.id AND ph.day = d::date)) AND
				EXISTS (SELECT FROM generate_series(first_month, last_month, '1 month') AS m WHERE extract(month FROM m) = extract(month FROM d))
			WHEN 'season in a year' THEN (extract(isodow FROM d)::int = ANY (days) OR with_ph AND EXISTS (SELECT FROM ph WHERE ph.id = s.id AND ph.day = d::date)) AND
				d >= first_month AND d < last_month + interval '1 month'
			ELSE EXISTS (SELECT FROM generate_series(first_date, last_date, '1 day') AS y
				WHERE to_char(y, 'MMDD') = to_char(d, 'MMDD')) END) AS no
	FROM schedule s, generate_series(start::date - 3, start::date + $days + 3, interval '1 day') AS d;
	CREATE INDEX ON day (id, day);
	CREATE INDEX ON span (id, no);
	ANALYZE;

	-- the clock times at which each local day is open: by its own rule, and by
	-- that of the day before after midnight
	CREATE TABLE open_clock AS
	SELECT id, day, opens, closes FROM day JOIN span USING (id, no)
	UNION ALL
	SELECT id, day + 1, 0, closes - 1440 FROM day JOIN span USING (id, no) WHERE closes > 1440;
	ANALYZE open_clock;

	-- what the clock reads, every minute, wherever a schedule may be
	CREATE TABLE reading AS
	SELECT id AS place, m, start + m * interval '1 minute' AS at, local, local::date AS day,
		extract(hour FROM local)::int * 60 + extract(minute FROM local)::int AS clock
	FROM place, generate_series(0, $days * 1440) AS m,
		LATERAL (SELECT (start + m * interval '1 minute') AT TIME ZONE zone AS local OFFSET 0) l;
	ANALYZE reading;

	CREATE UNLOGGED TABLE minute AS
	SELECT id, m, at, local, is_open,
		coalesce(lag(is_open) OVER w, false) AS was_open,
		(count(*) FILTER (WHERE is_open) OVER w - is_open::int)::int AS before
	FROM (
		SELECT s.id, m, at, local, coalesce(open @> clock, false) AS is_open
		FROM schedule s
			JOIN reading r ON r.place = s.id % 13
			LEFT JOIN (SELECT id, day, range_agg(int4range(opens, closes)) AS open FROM open_clock GROUP BY id, day) o
				ON o.id = s.id AND o.day = r.day
		) x
	WINDOW w AS (PARTITION BY id ORDER BY m);
	CREATE UNIQUE INDEX ON minute (id, m) INCLUDE (before, is_open, was_open, local, at);
	CREATE INDEX ON minute (id, before, m) INCLUDE (at);
	CREATE INDEX ON minute (id, m) INCLUDE (at) WHERE is_open;
	CREATE INDEX ON minute (id, m) WHERE was_open;
	CREATE INDEX ON minute (id, m) INCLUDE (at) WHERE was_open AND NOT is_open;
	VACUUM ANALYZE minute;

	-- spans within what the oracle knows; amounts of time either way, and none
	CREATE TABLE trial AS
	SELECT h.id, h.hours, a.at AS a, b.at AS b, a.is_open, b.before - a.before AS counted, d, a.m,
		CASE sign(d)
			WHEN 1 THEN (SELECT min(at) FROM minute WHERE id = h.id AND before = a.before + d)
			WHEN -1 THEN (SELECT max(at) FROM minute WHERE id = h.id AND before = a.before + d)
			ELSE (SELECT at FROM minute x WHERE x.id = h.id AND x.m >= a.m AND x.is_open ORDER BY x.m LIMIT 1) END AS added
	FROM hours h CROSS JOIN generate_series(1, $spans) AS n
		CROSS JOIN LATERAL (SELECT pick(h.id * 1000 + n, 20, $days * 1440) AS am, pick(h.id * 1000 + n, 21, $days * 1440) AS bm,
			CASE n % 10 WHEN 0 THEN 0 ELSE pick(h.id * 1000 + n, 22, 1800) - 900 END AS d OFFSET 0) r
		JOIN minute a ON a.id = h.id AND a.m = am
		JOIN minute b ON b.id = h.id AND b.m = bm;
});

my $trials = sql('SELECT count(*) FROM trial');
cmp_ok($trials, '>=', 20000, "$trials spans are tried");
cmp_ok(sql('SELECT count(*) FROM trial WHERE added IS NOT NULL'),
	'>=', 15000, 'most of what is added stays within what the oracle knows');
is(sql(q{
		SELECT count(DISTINCT zone), bool_or(is_open), bool_or(NOT is_open)
		FROM trial JOIN hours USING (id)}),
	'5|t|t', 'in five zones, from open and from closed instants');

# --------------------------------------------------------------------------
# Agreement
# --------------------------------------------------------------------------

# same(NAME, QUERY): the query finds no trial that differs
sub same
{
	my ($name, $query) = @_;
	is(sql("$query LIMIT 3"), '', $name);
	return;
}

same('is_open', q{
	SELECT hours, a, is_open FROM trial WHERE loyalcs.is_open(hours, a) IS DISTINCT FROM is_open});
same('is_open, every minute of some', q{
	SELECT hours, at, is_open FROM minute JOIN hours USING (id)
	WHERE id % 10 = 0 AND loyalcs.is_open(hours, at) IS DISTINCT FROM is_open});
same('business_time', q{
	SELECT hours, a, b, counted FROM trial
	WHERE loyalcs.business_time(a, b, hours) IS DISTINCT FROM counted * interval '1 minute'});
same('business_time, reversed', q{
	SELECT hours, b, a, -counted FROM trial
	WHERE loyalcs.business_time(b, a, hours) IS DISTINCT FROM -counted * interval '1 minute'});
same('add_business_time', q{
	SELECT hours, a, d, added, loyalcs.add_business_time(a, d * interval '1 minute', hours) FROM trial
	WHERE added IS NOT NULL AND loyalcs.add_business_time(a, d * interval '1 minute', hours) IS DISTINCT FROM added});
same('next_open', q{
	SELECT hours, a FROM trial t
	WHERE m < 9000 AND loyalcs.next_open(hours, a) IS DISTINCT FROM
			coalesce((SELECT at FROM minute n WHERE n.id = t.id AND n.m >= t.m AND n.is_open ORDER BY n.m LIMIT 1),
				loyalcs.next_open(hours, a))});
same('next_close', q{
	SELECT hours, a FROM trial t
	WHERE m < 9000 AND id % 4 = 0 AND loyalcs.next_close(hours, a) IS DISTINCT FROM
			coalesce((SELECT at FROM minute n
				WHERE n.id = t.id AND n.m > t.m AND n.was_open AND NOT n.is_open ORDER BY n.m LIMIT 1),
				loyalcs.next_close(hours, a))});

# Business days: from the open instant that counts (going back, the last one
# that is open or closing), its clock time on another day that opens.
sql(q{
	CREATE FUNCTION turn(schedule int, since int, n int) RETURNS int LANGUAGE sql STABLE
	RETURN CASE WHEN n > 0
		THEN (SELECT m FROM minute WHERE id = schedule AND m >= since AND is_open ORDER BY m LIMIT 1)
		ELSE (SELECT m FROM minute WHERE id = schedule AND m <= since AND was_open ORDER BY m DESC LIMIT 1) END;

	CREATE TABLE open_day AS SELECT DISTINCT id, day FROM day JOIN span USING (id, no);
	CREATE INDEX ON open_day (id);
	ANALYZE open_day;
	CREATE TABLE day_trial AS
	SELECT t.id, hours, a, n, c.m, turn(t.id, c.m, n) AS added_m
	FROM trial t JOIN schedule s USING (id)
		CROSS JOIN LATERAL (SELECT (array[-3, -2, -1, 1, 2, 3])[1 + t.m % 6] AS n) n
		-- the minute that counts as being there; going back, the one before
		JOIN minute x ON x.id = t.id AND x.m = turn(t.id, t.m, n) - (n < 0)::int
		CROSS JOIN LATERAL (SELECT x.local::date AS day,
			extract(epoch FROM x.local - x.local::date)::int / 60 + (n < 0)::int AS clock) k
		-- the day whose shift it is
		CROSS JOIN LATERAL (SELECT k.day - CASE WHEN EXISTS (
				SELECT FROM day JOIN span USING (id, no) WHERE id = t.id AND day = k.day AND
					CASE WHEN n > 0 THEN clock >= opens AND clock < closes ELSE clock > opens AND clock <= closes END)
			THEN 0 ELSE 1 END AS day) shift
		CROSS JOIN LATERAL (
			SELECT day + (k.day - shift.day) + clock * interval '1 minute' AS cand
			FROM open_day d
			WHERE d.id = t.id AND (d.day - shift.day) * n > 0
			ORDER BY abs(d.day - shift.day) OFFSET abs(n) - 1 LIMIT 1) y
		-- the first minute at which the clock reads that or more
		CROSS JOIN LATERAL (SELECT r.m FROM minute r
			WHERE r.id = t.id AND r.local >= cand AND
				r.m >= (extract(epoch FROM cand - start AT TIME ZONE zone) / 60)::int - 130
			ORDER BY r.m LIMIT 1) c
	WHERE c.m > 0 AND t.id % 2 = 0;
	ALTER TABLE day_trial ADD added timestamptz;
	UPDATE day_trial t SET added = at FROM minute x WHERE x.id = t.id AND x.m = added_m;
});
cmp_ok(sql('SELECT count(*) FROM day_trial WHERE added IS NOT NULL'),
	'>', 6000, 'enough additions of days are tried');
same('add_business_time, days', q{
	SELECT hours, a, n, added, loyalcs.add_business_time(a, n * interval '1 day', hours) FROM day_trial
	WHERE added IS NOT NULL AND loyalcs.add_business_time(a, n * interval '1 day', hours) IS DISTINCT FROM added});

# Any instant, any amount, to the microsecond.
same('business_time from a to a + d is d', q{
	SELECT hours, a, d
	FROM trial, LATERAL (SELECT a + pick(id * m, 30, 60000000) * interval '1 microsecond' AS x,
		d * interval '1 minute 7.000003 seconds' AS y) v
	WHERE loyalcs.business_time(x, loyalcs.add_business_time(x, y, hours), hours) IS DISTINCT FROM y});
same('the same over ten years', q{
	SELECT hours, a, d
	FROM trial, LATERAL (SELECT a + pick(id * m, 30, 60000000) * interval '1 microsecond' AS x,
		pick(id * m, 31, 300000) * interval '10.000001 seconds' AS y) v
	WHERE id % 8 = 0 AND loyalcs.business_time(x, loyalcs.add_business_time(x, y, hours), hours) IS DISTINCT FROM y});
same('what is added leads to no later instant than needed', q{
	SELECT hours, a, d FROM trial
	WHERE d > 0 AND NOT loyalcs.is_open(hours, loyalcs.add_business_time(a, d * interval '1 minute', hours) - interval '1 microsecond')
		OR d < 0 AND NOT loyalcs.is_open(hours, loyalcs.add_business_time(a, d * interval '1 minute', hours))});

same('open_periods add up to business_time', q{
	SELECT hours, a, b FROM trial
	WHERE a <= b AND id % 4 = 1 AND loyalcs.business_time(a, b, hours) IS DISTINCT FROM
		(SELECT coalesce(sum(upper(p) - lower(p)), '0') FROM loyalcs.open_periods(hours, a, b) AS p)});
same('open_multirange is their union, and they do not touch', q{
	SELECT hours, a, b FROM trial
	WHERE a <= b AND id % 4 = 1 AND (
		loyalcs.open_multirange(hours, a, b) IS DISTINCT FROM
		(SELECT coalesce(range_agg(p), '{}') FROM loyalcs.open_periods(hours, a, b) AS p) OR
		(SELECT count(*) FROM unnest(loyalcs.open_multirange(hours, a, b))) <>
		(SELECT count(*) FROM loyalcs.open_periods(hours, a, b)))});
same('explain_business_time leaves nothing out, and counts the same', q{
	SELECT hours, a, b, counted, e.* FROM trial, LATERAL (
		SELECT min(starts) AS first, max(ends) AS last, sum(ends - starts) AS length,
			(array_agg(x.counted ORDER BY ends DESC))[1] AS last_counted,
			bool_and(loyalcs.is_open(hours, starts) = x.is_open) AS right_at_start,
			bool_and(loyalcs.is_open(hours, ends - interval '1 microsecond') = x.is_open) AS right_at_end
		FROM loyalcs.explain_business_time(a, b, hours) AS x) e
	WHERE a <> b AND id % 4 = 2 AND NOT (
		first = least(a, b) AND last = greatest(a, b) AND length = last - first AND
		last_counted = counted * interval '1 minute' AND right_at_start AND right_at_end)});

$node->stop('fast');
done_testing();
