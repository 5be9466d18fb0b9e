-- Open time: instants, spans, deadlines, and why.
-- test/t/calendar.pl compares it with an oracle, minute by minute.
SET search_path = public, loyalcs;
SET datestyle = 'ISO';
SET timezone = 'Asia/Tokyo';
SET intervalstyle = 'postgres';

--
-- Instants
--

\set desk '''Mo-Fr 10:00-18:00; PH off'''
\set night '''Fr,Sa 22:00-02:00'''

-- Opening time is open, closing time is not.
SELECT is_open(:desk, '2026-11-24 09:59:59.999999+09') AS before, is_open(:desk, '2026-11-24 10:00+09') AS opening,
       is_open(:desk, '2026-11-24 17:59:59.999999+09') AS last, is_open(:desk, '2026-11-24 18:00+09') AS closing;
SELECT next_open(:desk, '2026-11-20 17:59+09') AS now, next_open(:desk, '2026-11-20 18:00+09') AS after_the_holiday,
       next_close(:desk, '2026-11-20 17:59+09') AS today, next_close(:desk, '2026-11-20 18:00+09') AS next;
SELECT next_open('24/7', '2026-11-20 18:00+09'), next_close('24/7', '2026-11-20 18:00+09') IS NULL AS never;
SELECT next_close('24/7; 2030 Jan 01 off', '2026-11-20 18:00+09'), next_open('24/7; 2030 Jan 01 off', '2030-01-01 00:00+09');

-- A shift past midnight belongs to the day it starts on.
SELECT at, is_open(:night, at) FROM unnest('{2026-11-20 21:59+09,2026-11-20 22:00+09,2026-11-21 01:59+09,2026-11-21 02:00+09,
    2026-11-22 01:00+09,2026-11-23 01:00+09}'::timestamptz[]) AS at;
SELECT business_time('2026-11-20 00:00+09', '2026-11-23 12:00+09', 'Fr,Sa 22:00-02:00') AS both_nights,
       business_time('2026-11-20 00:00+09', '2026-11-23 12:00+09', 'Fr,Sa 22:00-02:00; 2026 Nov 21 off') AS the_next_day_closed,
       business_time('2026-11-20 00:00+09', '2026-11-23 12:00+09', 'Fr,Sa 22:00-02:00; 2026 Nov 20 off') AS its_own_day_closed;

--
-- Time
--

-- Over a weekend and a holiday; reversed; nothing.
SELECT business_time('2026-11-20 15:00+09', '2026-11-24 12:00+09', :desk),
       business_time('2026-11-24 12:00+09', '2026-11-20 15:00+09', :desk),
       business_time('2026-11-21 12:00+09', '2026-11-23 12:00+09', :desk),
       business_time('2026-11-24 12:00+09', '2026-11-24 12:00+09', :desk);
-- Intervals overlap and touch; a day has 24 hours; two nights meet.
SELECT business_time('2026-11-24 00:00+09', '2026-11-25 00:00+09', 'Mo-Fr 09:00-13:00,12:00-15:00,15:00-16:00'),
       business_time('2026-11-24 00:00+09', '2026-11-25 00:00+09', '24/7'),
       business_time('2026-11-23 00:00+09', '2026-11-26 00:00+09', 'Mo-Su 20:00-10:00; Tu 00:00-21:00');
SELECT count(*) FROM open_periods('24/7', '2020-01-01', '2030-01-01');
-- The last rule about a day decides.
SELECT business_time('2026-11-23 00:00+09', '2026-11-24 00:00+09', hours), hours
FROM unnest('{Mo-Fr 10:00-18:00,Mo-Fr 10:00-18:00; PH off,PH off; Mo-Fr 10:00-18:00,Mo-Fr 10:00-18:00; PH 10:00-16:00,
    Mo-Fr 10:00-18:00; PH off; 2026 Nov 23 10:00-15:00,Mo-Fr 10:00-18:00; Nov 20-25 12:00-13:00,
    Mo-Fr 10:00-18:00; PH off @ Asia/Tokyo,Mo-Fr 10:00-18:00; PH off @ Asia/Tokyo 2026-11-23}'::business_hours[]) AS hours;
-- Every year, over its turn.
SELECT day::date, business_time(day, day + interval '1 day', '24/7; Dec 29-Jan 03 off; Feb 29 off') <> '0' AS open
FROM unnest('{2026-12-28,2026-12-29,2027-01-03,2027-01-04,2027-02-28,2027-03-01,2028-02-28,2028-02-29,2028-03-01}'::timestamptz[]) AS day;
SELECT day::date, business_time(day, day + interval '1 day', '24/7; Feb 27-Feb 29 off') <> '0' AS open
FROM unnest('{2027-02-26,2027-02-27,2027-02-28,2027-03-01,2028-02-29,2028-03-01}'::timestamptz[]) AS day;

-- Daylight saving: a skipped hour does not count, a repeated one counts twice.
\set newyork '''Mo-Su 00:00-06:00 @ America/New_York'''
SELECT business_time('2026-03-08 00:00-05', '2026-03-08 12:00-04', :newyork) AS spring,
       business_time('2026-11-01 00:00-04', '2026-11-01 12:00-05', :newyork) AS autumn,
       add_business_time('2026-03-08 00:00-05', '3 hours', :newyork) AT TIME ZONE 'America/New_York' AS in_spring,
       add_business_time('2026-11-01 00:00-04', '3 hours', :newyork) AT TIME ZONE 'America/New_York' AS in_autumn;
-- Who opens from 1:00 to 1:30 does so twice; who opens from 2:15 to 2:45, not at all.
SELECT open_multirange('Su 01:00-01:30 @ America/New_York', '2026-11-01 00:00-04', '2026-11-02 00:00-05');
SELECT open_multirange('Su 02:15-02:45 @ America/New_York', '2026-03-08 00:00-05', '2026-03-09 00:00-04');
SELECT business_time('2026-04-04 12:00+11', '2026-04-05 12:00+10:30', '24/7 @ Australia/Lord_Howe') AS half_an_hour_more,
       business_time('2026-04-05 00:00+11', '2026-04-05 12:00+10:30', 'Su 01:30-03:00 @ Australia/Lord_Howe') AS repeated;

-- Adding: a deadline may be closing time; nothing leads to the next opening.
SELECT amount, add_business_time('2026-11-20 15:00+09', amount, :desk)
FROM unnest('{0,2:59,3:00,3:00:00.000001,11:00,24:00,-5:00,-5:00:01,-13:00}'::interval[]) AS amount;
SELECT amount, add_business_time('2026-11-21 12:00+09', amount, :desk)
FROM unnest('{0,0:01,8:00,-0:01,-8:00}'::interval[]) AS amount;
SELECT add_business_time('2026-11-20 18:00+09', '0', :desk) AS closing_is_closed,
       add_business_time('2026-11-20 10:00+09', '0', :desk) AS opening_is_open;
-- Days are business days, and keep the clock time where that is open.
SELECT at, amount, add_business_time(at, amount, :desk)
FROM unnest('{2026-11-20 15:00+09,2026-11-20 18:00+09,2026-11-21 12:00+09}'::timestamptz[]) AS at,
    unnest('{1 day,2 days,1 day 4 hours,-1 day,-1 day -4 hours,1 day -4 hours}'::interval[]) AS amount;
SELECT add_business_time('2026-11-20 17:00+09', '1 day', 'Mo-Fr 10:00-18:00; Sa 10:00-15:00') AS not_open_then,
       add_business_time('2026-11-23 10:30+09', '-1 day', 'Mo-Fr 10:00-18:00; Sa 11:00-15:00') AS nor_then,
       add_business_time('2026-11-21 01:00+09', '1 day', :night) AS at_night,
       add_business_time('2026-11-22 01:00+09', '-1 day', :night) AS night_before;
SELECT add_business_time('2026-11-20 15:00+09', '250 days', :desk) AS a_year, add_business_time('2026-11-20 15:00+09', '2000:00', :desk) AS the_same;

-- Seconds and microseconds count.
SELECT business_time('2026-11-20 17:59:59.25+09', '2026-11-24 10:00:00.000001+09', :desk);

-- Ten years are as exact as three days.
SELECT business_time('2020-01-01', '2030-01-01', :desk) =
    (SELECT count(*) * interval '8 hours' FROM generate_series(timestamp '2020-01-01', timestamp '2029-12-31', interval '1 day') AS day
     WHERE extract(isodow FROM day) < 6 AND japanese_holiday(day::date) IS NULL) AS equal;
SELECT business_time('1900-01-02', '2099-12-31', 'Mo-Fr 10:00-18:00 @ Asia/Tokyo'), business_time('2099-12-31', '1900-01-02', '24/7 @ UTC');

-- Periods
SELECT open_periods(:desk, '2026-11-20 15:00+09', '2026-11-24 12:00+09');
SELECT count(*) FROM open_periods(:desk, '2026-11-20 15:00+09', '2026-11-20 15:00+09');
SELECT open_multirange(:desk, '2026-11-20 15:00+09', '2026-11-24 12:00+09'), open_multirange(:desk, '2026-11-20 15:00+09', '2026-11-20 15:00+09');
SELECT open_periods(:desk, '2026-11-24 15:00+09', '2026-11-20 12:00+09');
SELECT * FROM open_periods(:desk, '2026-11-20 15:00+09', '2026-11-21 12:00+09') AS period;

-- Why
\set all '''Mo-Fr 10:00-18:00; Sa 22:00-02:00; PH 10:00-12:00; Dec 29-Jan 03 off; 2026 Nov 25 off'''
SELECT * FROM explain_business_time('2026-11-20 15:00+09', '2026-11-26 12:00+09', :all);
SELECT * FROM explain_business_time('2026-12-28 15:00+09', '2027-01-04 12:00+09', :all);
SELECT * FROM explain_business_time('2026-11-24 11:00+09', '2026-11-20 17:00+09', :desk);
SELECT why, counted FROM explain_business_time('2026-08-13 09:00+09', '2026-08-13 15:00+09', 'Mo-Fr 10:00-18:00; PH off @ Asia/Tokyo 2026-08-13');
SELECT count(*) FROM explain_business_time('2026-11-24 11:00+09', '2026-11-24 11:00+09', :desk);

--
-- What cannot be answered
--

SELECT is_open(:desk, 'infinity');
SELECT business_time('-infinity', '2026-11-20', :desk);
SELECT business_time('2026-11-20', '2100-01-02', :desk);
SELECT next_open(:desk, '0044-03-15 BC');
SELECT add_business_time('infinity', '1 hour', :desk);
SELECT open_periods(:desk, '-infinity', 'infinity');
SELECT open_multirange(:desk, '2026-11-20', 'infinity');
SELECT * FROM explain_business_time('2026-11-20', 'infinity', :desk);
SELECT add_business_time('2026-11-20 15:00+09', '1 month', :desk);
SELECT add_business_time('2026-11-20 15:00+09', '1 year 2 days', :desk);
-- No open time within ten years.
\set past '''2001 Dec 25 10:00-18:00'''
SELECT next_open(:past, '2026-11-20');
SELECT next_close(:past, '2026-11-20');
SELECT add_business_time('2026-11-20', '1 hour', :past);
SELECT add_business_time('2026-11-20', '1 day', :past);
SELECT add_business_time('1985-11-20', '1 hour', :past);
SELECT add_business_time('1985-11-20', '-1 hour', :past);
SELECT add_business_time('2026-11-20', '-1 hour', :past);
SELECT add_business_time('2026-11-20', '-1 day', :past);
SELECT add_business_time('2001-12-25 12:00+09', '7 hours', :past);
SELECT add_business_time('2001-12-25 12:00+09', '6 hours', :past), add_business_time('1995-11-20', '8 hours', :past),
       add_business_time('2010-11-20', '-8 hours', :past), business_time('1990-01-01', '2090-01-01', :past);
SELECT add_business_time('2001-12-25 12:00+09', '7 hours', '2001 Dec 25 10:00-18:00; 2031 Dec 25 10:00-18:00');
SELECT add_business_time('2001-12-25 12:00+09', '1 day', '2001 Dec 25 10:00-18:00; 2031 Dec 25 10:00-18:00');
SELECT add_business_time('2031-12-25 12:00+09', '-3 hours', '2001 Dec 25 10:00-18:00; 2031 Dec 25 10:00-18:00');
SELECT at, try_next_open(:past, at::timestamptz) AS past, try_next_open('24/7', at::timestamptz) AS always
  FROM unnest('{1899-12-30,1985-11-20,1995-11-20,2001-12-25 12:00+09,2026-11-20,2100-01-01,infinity,-infinity,NULL}'::text[]) at;
-- Nor beyond 2099.
SELECT add_business_time('2099-12-25 12:00+09', '100 hours', :desk);
SELECT add_business_time('2026-12-25 12:00+09', '1000000 hours', '24/7');
SELECT add_business_time('2026-12-25 12:00+09', '-2000000000 hours', '24/7');
SELECT add_business_time('2026-12-25 12:00+09', '100000 days', :desk);
SELECT add_business_time('2026-12-25 12:00+09', '-2147483648 days', :desk);
SELECT next_close('24/7', '2099-12-25 12:00+09');

-- More calendars than are kept answer as well.
SELECT count(*), count(*) FILTER (WHERE business_time('2026-01-05 00:00+09', '2026-01-06 00:00+09', hours) = n * interval '1 minute') AS right
FROM (SELECT n, business_hours(format('Mo-Fr 00:00-%s:%s', to_char(n / 60, 'FM00'), to_char(n % 60, 'FM00'))) AS hours
      FROM generate_series(1, 1000) AS n) AS s, generate_series(1, 2);

-- NULL is not known.
SELECT business_time(NULL, '2026-11-20', :desk) IS NULL AND add_business_time('2026-11-20', NULL, :desk) IS NULL
    AND is_open(NULL, '2026-11-20') IS NULL AND business_hours(NULL) IS NULL AS unknown;
SELECT count(*) FROM open_periods(NULL, '2026-11-20', '2026-11-21');
