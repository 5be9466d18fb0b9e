#
# The shop's answers about real customers, against the same figures worked out
# by hand: 69,659 purchases at CDNOW, read once through the views of a shop and
# once with plain SQL over the file, which uses nothing of the extension, no
# time zone and no interval, only days, cents and integers as far as they go.
#
# DATA is a folder with cdnow_transactions.csv; without it there is nothing to
# do.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my $csv = ($ENV{DATA} // '') . '/cdnow_transactions.csv';
plan skip_all => 'DATA has no cdnow_transactions.csv' unless -f $csv;

my $as_of = "timestamptz '1998-07-01 00:00-04'";

# The session's time zone is nobody's business: a shop has its own.
my $node = PostgreSQL::Test::Cluster->new('cdnow');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
$node->append_conf('postgresql.conf', "timezone = 'Asia/Tokyo'\n");
$node->start;
my $session = Session->new($node, 'postgres');

sub sql { return $session->sql($_[0]); }

sql('CREATE EXTENSION loyalcs');

my @psql = ('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'));
$node->command_ok([ @psql, '-v', "csv=$csv", '-f', 'test/demo.d/cdnow.sql' ],
	'test/demo.d/cdnow.sql loads the file');

# --------------------------------------------------------------------------
# By hand
# --------------------------------------------------------------------------

sql(q{
	CREATE SCHEMA hand;
	CREATE TABLE hand.file (
		row bigint GENERATED ALWAYS AS IDENTITY,
		customer_id int, day date, units int, amount numeric);});
system_or_bail(@psql, '-c',
	"\\copy hand.file (customer_id, day, units, amount) FROM '$csv' WITH (FORMAT csv, HEADER)");

sql(q{
	-- Local hours since the first midnight; daylight saving took an hour away
	-- on 1997-04-06 and on 1998-04-05, and gave one on 1997-10-26.
	CREATE FUNCTION hand.hours(day date) RETURNS int IMMUTABLE LANGUAGE sql AS $$
		SELECT 24 * (day - date '1997-01-01') -
			(day > '1997-04-06' AND day <= '1997-10-26' OR day > '1998-04-05')::int $$;

	CREATE TABLE hand.bought AS
	SELECT customer_id, day, amount, (amount * 100)::bigint AS cents, hand.hours(day) AS at,
		12 * extract(year FROM day)::int + extract(month FROM day)::int - 1 AS month,
		row_number() OVER life AS number,
		min(day) OVER (PARTITION BY customer_id) AS first_day,
		lag(amount) OVER life AS amount_before,
		hand.hours(day) - hand.hours(lag(day) OVER life) AS waited,
		hand.hours(lead(day) OVER life) - hand.hours(day) AS next_after
	FROM hand.file
	WINDOW life AS (PARTITION BY customer_id ORDER BY day, row);

	-- months count from the year 0, quarters too
	CREATE FUNCTION hand.first_of(month int) RETURNS date IMMUTABLE LANGUAGE sql AS
		$$ SELECT make_date(month / 12, month % 12 + 1, 1) $$;

	CREATE TABLE hand.customer AS
	SELECT customer_id, count(*) AS orders, min(at) AS first_at, max(at) AS last_at,
		sum(cents)::bigint AS cents, hand.hours('1998-07-01') AS now
	FROM hand.bought GROUP BY customer_id;

	-- Middle of sorted values, in halves so that it stays an integer.
	CREATE FUNCTION hand.twice_median(v int[]) RETURNS int IMMUTABLE LANGUAGE sql AS
		$$ SELECT v[(cardinality(v) + 1) / 2] + v[cardinality(v) / 2 + 1] $$;

	-- Five times the cut points between fifths: of n values, cut k lies at
	-- place k (n - 1) / 5, and the rest says how far towards the next.
	CREATE FUNCTION hand.five_cuts(v bigint[]) RETURNS bigint[] IMMUTABLE LANGUAGE sql AS $$
		SELECT array_agg(5 * v[at + 1] + rest * (coalesce(v[at + 2], 0) - v[at + 1]) ORDER BY k)
		FROM (SELECT k, k * (cardinality(v) - 1) / 5 AS at, k * (cardinality(v) - 1) % 5 AS rest
			FROM generate_series(1, 4) AS k) AS place $$;
	CREATE FUNCTION hand.score(v bigint, five_cuts bigint[]) RETURNS int IMMUTABLE LANGUAGE sql AS
		$$ SELECT 1 + (5 * v > five_cuts[1])::int + (5 * v > five_cuts[2])::int +
			(5 * v > five_cuts[3])::int + (5 * v > five_cuts[4])::int $$;

	CREATE TABLE hand.rfm AS
	WITH cuts AS (
		SELECT hand.five_cuts(array_agg(last_at::bigint ORDER BY last_at)) AS last_at,
			hand.five_cuts(array_agg(orders ORDER BY orders)) AS orders,
			hand.five_cuts(array_agg(cents ORDER BY cents)) AS cents
		FROM hand.customer
	), scored AS (
		SELECT c.*, hand.score(c.last_at, cuts.last_at) AS r, hand.score(c.orders, cuts.orders) AS f,
			hand.score(c.cents, cuts.cents) AS m
		FROM hand.customer c, cuts
	), rounded AS (
		SELECT *, CASE f + m WHEN 2 THEN 1 WHEN 3 THEN 2 WHEN 4 THEN 2 WHEN 5 THEN 3 WHEN 6 THEN 3
			WHEN 7 THEN 4 WHEN 8 THEN 4 ELSE 5 END AS fm
		FROM scored
	)
	SELECT *, CASE
		WHEN r = 5 AND fm >= 4 OR r = 4 AND fm = 5 THEN 'Champions'
		WHEN r = 4 AND fm >= 3 OR r = 3 AND fm >= 4 THEN 'Loyal Customers'
		WHEN r >= 4 AND fm >= 2 THEN 'Potential Loyalists'
		WHEN r = 5 THEN 'New Customers'
		WHEN r >= 3 AND fm = 1 THEN 'Promising'
		WHEN r = 3 THEN 'Need Attention'
		WHEN fm = 5 THEN 'Can''t Lose Them'
		WHEN r = 2 AND fm >= 3 OR fm = 4 THEN 'At Risk'
		WHEN r = 2 THEN 'About To Sleep'
		WHEN fm >= 2 THEN 'Hibernating'
		ELSE 'Lost' END AS segment
	FROM rounded;
});

# --------------------------------------------------------------------------
# Figures that awk and Python find in the file
# --------------------------------------------------------------------------

# figure(NAME, EXPECTED, QUERY)
sub figure
{
	my ($name, $expected, $query) = @_;
	is(sql($query), $expected, "$name: $expected");
	return;
}

figure('customers, purchases, revenue', '23570|69659|2500315.63',
	"SELECT count(*), sum(orders), sum(total_spent) FROM cdnow.customer_purchases_at($as_of)");
figure('samples given away are purchases too', '80',
	'SELECT count(*) FROM cdnow.orders WHERE amount = 0');
figure('buyers of January 1997, and who was back within 30, 60, 90, 180, 365 days',
	'7846|1456|2079|2407|2990|3646', qq{
	SELECT new_buyers, round(second_within_30_days * new_buyers),
		round(second_within_60_days * new_buyers), round(second_within_90_days * new_buyers),
		round(second_within_180_days * new_buyers), round(second_within_365_days * new_buyers)
	FROM cdnow.repeat_rate_at($as_of) WHERE month = '1997-01-01'});
figure('buyers of February 1997, and those who had bought before', '9633|2048', qq{
	SELECT buyers, repeat_buyers FROM cdnow.repeat_rate_at($as_of) WHERE month = '1997-02-01'});
figure('second orders, and the longest ladder', '11662|217', qq{
	SELECT min(customers) FILTER (WHERE order_number = 2), max(order_number)
	FROM cdnow.order_ladder_at($as_of)});
figure('third orders, and the same customers\' second', '7583|35.92|36.46', qq{
	SELECT customers, round(average_order, 2), round(average_previous, 2)
	FROM cdnow.order_ladder_at($as_of) WHERE order_number = 3});
figure('third quarter of 1997: customers before, customers, in both', '5376|4263|2289', qq{
	SELECT starting, ending, retained FROM cdnow.customer_retention_at($as_of)
	WHERE period = 'quarter' AND period_start = '1997-07-01'});
figure('Champions, Lost, and all three scores 5', '5923|1740|2355', qq{
	SELECT count(*) FILTER (WHERE segment = 'Champions'), count(*) FILTER (WHERE segment = 'Lost'),
		count(*) FILTER (WHERE (recency_score, frequency_score, monetary_score) = (5, 5, 5))
	FROM cdnow.rfm_at($as_of)});
# (The 4,714th and the 4,715th have spent the same: both are out.)
figure('the best fifth', '4713|133.96|0.677773829698', qq{
	SELECT customers, spent_at_least, round(revenue_share::numeric, 12)
	FROM cdnow.top_customers_share_at($as_of) WHERE top_share = 0.2});

# --------------------------------------------------------------------------
# Published figures: BG/NBD and Gamma-Gamma, fitted to the first 39 weeks of the
# 2,357 customers whom their authors took, which test/cdnow_sample.txt names by
# their numbers in the file. As they have it, purchases of one day are one.
# --------------------------------------------------------------------------

system_or_bail(@psql, '-c', 'CREATE TABLE hand.numbers (line text)', '-c', "\\copy hand.numbers FROM 'test/cdnow_sample.txt'");
sql(q{
	CREATE TABLE hand.sampled AS
	WITH bought AS (
		SELECT customer_id, day, sum(amount) AS amount, day = min(day) OVER (PARTITION BY customer_id) AS first
		FROM hand.file WHERE customer_id IN (SELECT regexp_split_to_table(line, ' ')::int FROM hand.numbers)
		GROUP BY customer_id, day
	)
	SELECT customer_id, count(*) FILTER (WHERE day <= '1997-09-30') - 1 AS x,
		(max(day) FILTER (WHERE day <= '1997-09-30') - min(day)) / 7.0::float8 AS t_x, ('1997-09-30' - min(day)) / 7.0::float8 AS t,
		avg(amount) FILTER (WHERE day <= '1997-09-30' AND NOT first) AS mean,
		count(*) FILTER (WHERE day > '1997-09-30') AS came
	FROM bought GROUP BY customer_id;
	CREATE TABLE hand.fit AS
	SELECT loyalcs.bgnbd_fit(x, t_x, t) AS bgnbd, loyalcs.gamma_gamma_fit(x, mean) AS gamma_gamma FROM hand.sampled;});
figure('BG/NBD (Fader, Hardie and Lee 2005, table 2): customers, who came back, r, alpha, a, b, log-likelihood',
	'2357|946|0.243|4.414|0.793|2.426|-9582.4', q{
	SELECT loyalcs.fit_customers(bgnbd), loyalcs.fit_repeat_buyers(bgnbd), round(r::numeric, 3), round(alpha::numeric, 3),
		round(a::numeric, 3), round(b::numeric, 3), round(loyalcs.fit_log_likelihood(bgnbd)::numeric, 1)
	FROM hand.fit, loyalcs.fit_parameters(bgnbd)});
figure('Gamma-Gamma (Fader and Hardie 2013): customers with repeat orders, p, q, gamma', '946|6.25|3.74|15.44', q{
	SELECT loyalcs.fit_repeat_buyers(gamma_gamma), round(p::numeric, 2), round(q::numeric, 2), round(gamma::numeric, 2)
	FROM hand.fit, loyalcs.fit_parameters(gamma_gamma)});
# What came in the 39 weeks after is the file's to say.
figure('purchases expected of them in the 39 weeks that follow, and those that came', '1653|1882', q{
	SELECT round(sum(loyalcs.expected_purchases(bgnbd, 39, x, t_x, t))), sum(came) FROM hand.sampled, hand.fit});

# --------------------------------------------------------------------------
# View against hand
# --------------------------------------------------------------------------

# same(NAME, KEYS, EXACT, NEAR, VIEW, HAND): two queries give the same rows.
# The lists name columns; those of NEAR are double precision, or ratios taken
# with another number of digits, and may differ by a ten-thousandth of a
# millionth.
sub same
{
	my ($name, $keys, $exact, $near, $view, $hand) = @_;
	my @differs = map { "v.$_ IS DISTINCT FROM h.$_" } @$exact;
	push @differs, map {
		"(v.$_ IS NULL) <> (h.$_ IS NULL) OR abs(v.$_ - h.$_) > 1e-10 * greatest(abs(h.$_), 1)"
	} @$near;
	my $both = 'FROM (SELECT true AS there, q.* FROM (' . $view . ') AS q) AS v'
	  . ' FULL JOIN (SELECT true AS there, q.* FROM (' . $hand . ') AS q) AS h'
	  . ' USING (' . join(', ', @$keys) . ')';
	my $differs = join ' OR ', 'v.there IS NULL', 'h.there IS NULL', @differs;

	my ($differing, $views, $hands) = split /\|/, sql("SELECT count(*) FILTER (WHERE $differs), count(v.there), count(h.there) $both");
	my $ok = $differing == 0 && $views > 0 && $views == $hands;
	ok($ok, "$name: $differing rows differ, of $hands");
	diag("$views rows in the shop; some that differ:\n",
		sql("SELECT row_to_json(v), row_to_json(h) $both WHERE $differs LIMIT 5"))
	  unless $ok;
	return;
}

my $epoch = "timestamptz '1997-01-01 00:00-05'";

same('customer_purchases', ['customer_id'],
	[qw(orders first_at last_at cents recency)], [qw(average_order purchase_interval)], qq{
	SELECT customer_id, orders, extract(epoch FROM first_order_at - $epoch) / 3600 AS first_at,
		extract(epoch FROM last_order_at - $epoch) / 3600 AS last_at, total_spent * 100 AS cents,
		average_order, extract(epoch FROM recency) / 3600 AS recency,
		-- rounded to microseconds
		round(extract(epoch FROM purchase_interval) / 3600, 6) AS purchase_interval
	FROM cdnow.customer_purchases_at($as_of)}, q{
	SELECT customer_id, orders, first_at, last_at, cents, cents / 100.0 / orders AS average_order,
		now - last_at AS recency,
		round((last_at - first_at)::numeric / nullif(orders - 1, 0), 6) AS purchase_interval
	FROM hand.customer});

same('numbered_orders', [qw(customer_id number)],
	[qw(day amount amount_before first_day waited next_after)], [], qq{
	SELECT customer_id, order_number AS number, amount, previous_amount AS amount_before,
		(ordered_at AT TIME ZONE 'America/New_York')::date AS day,
		(first_order_at AT TIME ZONE 'America/New_York')::date AS first_day,
		extract(epoch FROM ordered_at - previous_order_at) / 3600 AS waited,
		extract(epoch FROM next_order_at - ordered_at) / 3600 AS next_after
	FROM cdnow.numbered_orders_at($as_of)}, q{
	SELECT * FROM hand.bought});

# A conversion is there once the whole month has been over for that long.
my $within = join ",\n", map {
	qq{CASE WHEN max(now) - hand.hours(hand.first_of(month + 1)) >= 24 * $_
		THEN count(*) FILTER (WHERE number = 1 AND next_after <= 24 * $_)::float8 /
			nullif(count(*) FILTER (WHERE number = 1), 0) END AS second_within_${_}_days}
} 30, 60, 90, 180, 365;
foreach my $asked ([ $as_of, '1998-07-01' ], [ "timestamptz '1997-06-15 00:00-04'", '1997-06-15' ])
{
	my ($instant, $day) = @$asked;
	same("repeat_rate as of $day", ['month'], [qw(buyers repeat_buyers new_buyers)],
		[ 'repeat_rate', map { "second_within_${_}_days" } 30, 60, 90, 180, 365 ],
		"SELECT * FROM cdnow.repeat_rate_at($instant)", qq{
		SELECT *, repeat_buyers::float8 / buyers AS repeat_rate
		FROM (
			SELECT hand.first_of(month) AS month, count(DISTINCT customer_id) AS buyers,
				count(DISTINCT CASE WHEN number > 1 THEN customer_id END) AS repeat_buyers,
				count(CASE WHEN number = 1 THEN 1 END) AS new_buyers, $within
			FROM (
				-- an order that was not placed yet is nobody's next
				SELECT customer_id, month, number, at, hand.hours('$day') AS now,
					CASE WHEN at + next_after <= hand.hours('$day') THEN next_after END AS next_after
				FROM hand.bought WHERE day <= '$day') AS known
			GROUP BY month) AS counted});
}

# The survival curve of the time from each order to the next, by the number of the
# order, and of all together (number 0): at each wait, the share that is still
# missing shrinks by those who came among those who were watched on. It is read
# as far as a tenth could be watched.
sql(q{
	CREATE TABLE hand.step AS
	WITH spans AS (
		SELECT n.number, next_after AS wait, hand.hours('1998-07-01') - at AS watched
		FROM hand.bought b CROSS JOIN LATERAL (VALUES (b.number), (0)) AS n (number)
	), horizons AS (
		SELECT number, (array_agg(watched ORDER BY watched DESC))[ceil(count(*) / 10.0)::int] AS within
		FROM spans GROUP BY number
	), times AS (
		SELECT number, coalesce(wait, watched) AS t, count(wait) AS came, count(*) AS gone
		FROM spans GROUP BY 1, 2
	), risks AS (
		SELECT *, sum(gone) OVER (PARTITION BY number ORDER BY t DESC) AS at_risk FROM times
	), curve AS (
		SELECT number, t, within, exp(sum(CASE WHEN came = at_risk THEN -700
			ELSE ln(1 - (came / at_risk)::float8) END) OVER (PARTITION BY number ORDER BY t)) AS missing
		FROM risks JOIN horizons USING (number) WHERE t <= within
	), ends AS (
		SELECT number, min(missing) AS missing FROM curve GROUP BY number
	), aims AS (
		SELECT number, aim, below FROM ends CROSS JOIN LATERAL (VALUES ('half', 0.5), ('ended', (1 + missing) / 2)) AS a (aim, below)
	), met AS (
		SELECT number, aim, (min(t) FILTER (WHERE c.missing < below + 1e-9)
			+ coalesce(min(t) FILTER (WHERE c.missing < below - 1e-9), min(t) FILTER (WHERE c.missing < below + 1e-9))) / 2.0 AS t
		FROM aims JOIN curve c USING (number) GROUP BY number, aim
	)
	SELECT h.number, 1 - coalesce(e.missing, 1) AS share, m.t AS median, n.t AS median_of_ended, h.within
	FROM horizons h LEFT JOIN ends e USING (number)
	LEFT JOIN met m ON m.number = h.number AND m.aim = 'half'
	LEFT JOIN met n ON n.number = h.number AND n.aim = 'ended' AND e.missing < 1});

figure('from the second order to the third: half within 133 days, by those who have had the time', '133|0.702', qq{
	SELECT extract(day FROM median_wait), round(step_share::numeric, 3)
	FROM cdnow.order_ladder_at($as_of) WHERE order_number = 3});

same('order_ladder', ['order_number'], ['customers'],
	[qw(reached_share step_share average_order average_previous median_wait watched_for)], qq{
	SELECT order_number, customers, reached_share, step_share, average_order, average_previous,
		extract(epoch FROM median_wait) / 3600 AS median_wait, extract(epoch FROM watched_for) / 3600 AS watched_for
	FROM cdnow.order_ladder_at($as_of)}, q{
	SELECT b.number AS order_number, count(*) AS customers,
		(SELECT CASE WHEN bool_or(t.share = 0) THEN 0 ELSE coalesce(exp(sum(ln(nullif(t.share, 0)))), 1) END
			FROM hand.step t WHERE t.number BETWEEN 1 AND b.number - 1) AS reached_share,
		s.share AS step_share,
		sum(amount) / count(*) AS average_order, sum(amount_before) / count(*) AS average_previous,
		s.median AS median_wait, s.within AS watched_for
	FROM hand.bought b LEFT JOIN hand.step s ON s.number = b.number - 1 AND b.number > 1
	GROUP BY b.number, s.share, s.median, s.within});

same('retention_cohorts', [qw(cohort months_later)], [qw(cohort_size active_customers revenue complete)],
	['active_share'], "SELECT * FROM cdnow.retention_cohorts_at($as_of)", q{
	WITH life AS (
		SELECT *, min(month) OVER (PARTITION BY customer_id) AS cohort FROM hand.bought
	), sizes AS (
		SELECT cohort, count(DISTINCT customer_id) AS size FROM life GROUP BY cohort
	)
	SELECT hand.first_of(s.cohort) AS cohort, later AS months_later, s.size AS cohort_size,
		count(DISTINCT customer_id) AS active_customers,
		count(DISTINCT customer_id)::float8 / s.size AS active_share,
		coalesce(sum(amount), 0) AS revenue,
		hand.first_of(s.cohort + later + 1) <= '1998-07-01' AS complete
	FROM sizes s
	CROSS JOIN generate_series(0, 12 * 1998 + 6 - s.cohort) AS later
	LEFT JOIN life l ON l.cohort = s.cohort AND l.month = s.cohort + later
	GROUP BY s.cohort, s.size, later});

# Two ways to count: who was there before and is again, and the published
# formula, which only subtracts.
same('customer_retention', [qw(period period_start)],
	[qw(starting ending acquired retained reactivated complete)], [qw(crr strict_retention)],
	"SELECT * FROM cdnow.customer_retention_at($as_of)", q{
	WITH active AS (
		SELECT DISTINCT months, customer_id, month / months AS p, min(month / months) OVER (PARTITION BY months, customer_id) AS first_p
		FROM hand.bought CROSS JOIN (VALUES (1), (3)) AS length (months)
	), periods AS (
		SELECT months, p FROM (VALUES (1), (3)) AS length (months)
		CROSS JOIN generate_series(12 * 1997 / months, (12 * 1998 + 6) / months) AS p
	), counted AS (
		SELECT months, p,
			(SELECT count(*) FROM active a WHERE (a.months, a.p) = (q.months, q.p - 1)) AS starting,
			(SELECT count(*) FROM active a WHERE (a.months, a.p) = (q.months, q.p)) AS ending,
			(SELECT count(*) FROM active a WHERE (a.months, a.p) = (q.months, q.p) AND first_p = q.p) AS acquired,
			(SELECT count(*) FROM (
				SELECT customer_id FROM active a WHERE (a.months, a.p) = (q.months, q.p)
				INTERSECT
				SELECT customer_id FROM active a WHERE (a.months, a.p) = (q.months, q.p - 1)) AS stayed) AS retained
		FROM periods q
	)
	SELECT CASE months WHEN 1 THEN 'month' ELSE 'quarter' END AS period, hand.first_of(p * months) AS period_start,
		starting, ending, acquired, retained, ending - acquired - retained AS reactivated,
		(ending - acquired)::float8 / nullif(starting, 0) AS crr,
		retained::float8 / nullif(starting, 0) AS strict_retention,
		p * months <> 12 * 1998 + 6 AS complete
	FROM counted});

same('revenue_mix', ['month'], [qw(orders revenue new_revenue repeat_revenue)], ['repeat_share'],
	"SELECT * FROM cdnow.revenue_mix_at($as_of)", q{
	SELECT hand.first_of(month) AS month, count(*) AS orders, sum(amount) AS revenue,
		sum(CASE number WHEN 1 THEN amount ELSE 0 END) AS new_revenue,
		sum(CASE number WHEN 1 THEN 0 ELSE amount END) AS repeat_revenue,
		sum(CASE number WHEN 1 THEN 0 ELSE amount END) / sum(amount) AS repeat_share
	FROM hand.bought GROUP BY month});

# --------------------------------------------------------------------------
# RFM
# --------------------------------------------------------------------------

my @scores = qw(recency_score frequency_score monetary_score segment orders total_spent);
my $rfm = q{
	SELECT customer_id, r AS recency_score, f AS frequency_score, m AS monetary_score, segment, orders,
		cents / 100.0 AS total_spent
	FROM hand.rfm};

same('rfm', ['customer_id'], \@scores, [], "SELECT * FROM cdnow.rfm_at($as_of)", $rfm);
same('customer_rfm, for all at once', ['customer_id'], [ @scores, 'cuts_as_of' ], [], qq{
	SELECT c.customer_id, r.*
	FROM cdnow.customers c CROSS JOIN LATERAL cdnow.customer_rfm(c.customer_id, $as_of) AS r},
	"SELECT q.*, $as_of AS cuts_as_of FROM ($rfm) AS q");
same('customer_rfm, asked as an application does', ['customer_id'], \@scores, [],
	join("\nUNION ALL\n", map { "SELECT $_ AS customer_id, * FROM cdnow.customer_rfm($_, $as_of)" }
		map { $_ * 235 } 1 .. 100),
	"SELECT * FROM ($rfm) AS q WHERE customer_id % 235 = 0 AND customer_id <= 23500");
same('rfm_segments', ['segment'], [qw(customers revenue)], [qw(customer_share revenue_share average_spent)],
	"SELECT * FROM cdnow.rfm_segments_at($as_of)", q{
	SELECT segment, count(*) AS customers, sum(cents) / 100.0 AS revenue,
		count(*)::float8 / (SELECT count(*) FROM hand.customer) AS customer_share,
		sum(cents)::float8 / (SELECT sum(cents) FROM hand.customer)::float8 AS revenue_share,
		sum(cents) / 100.0 / count(*) AS average_spent
	FROM hand.rfm GROUP BY segment});

# --------------------------------------------------------------------------
# Value
# --------------------------------------------------------------------------

# A year has 365.25 days, 8766 hours.
same('customer_value', ['customer_id'], [qw(orders lifetime_value customer_for)],
	[qw(average_order orders_per_year annual_value)], qq{
	SELECT customer_id, orders, lifetime_value, extract(epoch FROM customer_for) / 3600 AS customer_for,
		average_order, orders_per_year, annual_value
	FROM cdnow.customer_value_at($as_of)}, q{
	SELECT customer_id, orders, cents / 100.0 AS lifetime_value, now - first_at AS customer_for,
		cents / 100.0 / orders AS average_order,
		orders * 8766.0 / greatest(now - first_at, 8766) AS orders_per_year,
		cents / 100.0 * 8766 / greatest(now - first_at, 8766) AS annual_value
	FROM hand.customer});

# Equals on whom the line falls are not among the best; of the revenue, the
# customer on whom it falls belongs in part to the best.
same('top_customers_share', ['per_cent'], [qw(customers spent_at_least)], [qw(revenue_share gini)], qq{
	SELECT round(top_share * 100)::bigint AS per_cent, customers, spent_at_least, revenue_share, gini
	FROM cdnow.top_customers_share_at($as_of)}, q{
	WITH ranked AS (
		SELECT cents, row_number() OVER (ORDER BY cents DESC, customer_id) AS place,
			count(*) OVER (ORDER BY cents DESC) AS as_much,
			count(*) OVER () AS n, sum(cents) OVER () AS total
		FROM hand.customer
	)
	SELECT per_cent, count(*) FILTER (WHERE as_much <= (n * per_cent + 99) / 100) AS customers,
		min(cents) FILTER (WHERE as_much <= (n * per_cent + 99) / 100) / 100.0 AS spent_at_least,
		sum(cents * greatest(least(n * per_cent - 100 * (place - 1), 100), 0)) / (100 * total) AS revenue_share,
		sum((n + 1 - 2 * place) * cents) / (n * total) AS gini
	FROM ranked CROSS JOIN (VALUES (1::bigint), (5), (10), (20), (50)) AS top (per_cent)
	GROUP BY per_cent, n, total});

same('lapsing_customers', ['customer_id'], [qw(orders last_at silent_for rhythm lifetime_value)],
	[qw(expected_gap silence annual_value)], qq{
	SELECT customer_id, orders, extract(epoch FROM last_order_at - $epoch) / 3600 AS last_at,
		extract(epoch FROM silent_for) / 3600 AS silent_for,
		round(extract(epoch FROM expected_gap) / 3600, 6) AS expected_gap, rhythm,
		silence::numeric AS silence, annual_value, lifetime_value
	FROM cdnow.lapsing_customers_at($as_of)}, q{
	WITH expected AS (
		SELECT customer.*, greatest(24, CASE
				WHEN orders >= 3 THEN (last_at - first_at)::numeric / (orders - 1)
				ELSE coalesce(g.median, a.median) END) AS gap
		FROM hand.customer LEFT JOIN hand.step g ON g.number = orders
		JOIN hand.step a ON a.number = 0
	)
	SELECT customer_id, orders, last_at, now - last_at AS silent_for, round(gap, 6) AS expected_gap,
		CASE WHEN orders >= 3 THEN 'own' ELSE 'shop' END AS rhythm, (now - last_at) / gap AS silence,
		cents / 100.0 * 8766 / greatest(now - first_at, 8766) AS annual_value, cents / 100.0 AS lifetime_value
	FROM expected
	WHERE now - last_at >= 2 * gap AND now - last_at < 6 * gap});

$node->stop('fast');
done_testing();
