-- Formats: numbers, money, days and durations as people write them.
SET search_path = loyalcs, public;
\pset format unaligned

SELECT v, format_number(v), format_number(v, 1), format_number(v, 2, true) AS change
  FROM unnest('{0,-0.4,0.04,0.05,-0.05,0.5,-0.5,999.5,1000,-1234567.891,1e15,1e30,NaN,Infinity,-Infinity,NULL}'::numeric[]) v;
SELECT format_number(1234.5678, -3) AS none, format_number(1.5, 25) AS most, format_number(1234.5678, NULL) AS default, length(format_number(1e1000)) AS long;
SELECT v, format_share(v), format_share(v, 0) FROM unnest('{0,0.352,0.0004,1,-0.5,12.3456,NaN,Infinity,NULL}'::numeric[]) v;

-- Money has the decimals of its currency; yen is a word in Japanese and a sign in English.
SELECT c AS currency, currency_decimals(c), format_money(24800.5, c, 'ja') AS ja, format_money(-24800.5, c, 'en') AS en, format_money(0.001, c, 'en', true) AS change
  FROM unnest('{JPY,USD,EUR,GBP,CHF,KWD,CLF,XYZ,jpy,NULL}'::text[]) c;
SELECT format_money(v, 'JPY', 'ja', true) AS ja, format_money(v, 'USD', 'en', true) AS en FROM unnest('{0,1,-1,0.004,-0.004,12345678901234.56,NaN,Infinity,NULL}'::numeric[]) v;

-- Which language
SELECT l AS lang, format_month('2026-10-01', l), format_money(1, 'JPY', l) FROM unnest('{ja,ja-JP,en,en-US,jav,JA,j,"",NULL}'::text[]) l;

SELECT v, format_short(v) AS en, format_short(v, 'ja') AS ja
  FROM unnest('{0,0.001,0.05,0.123,1.25,9.994,9.996,12.5,99.96,999.4,1234.5,9999.4,9999.5,12345,99949,99951,999499,999500,1234567,99994999,99995000,12345678901,999949999999,1e13,1.5e19,-1500000,-0.001,NaN,Infinity,1e400,NULL}'::numeric[]) v;
SELECT length(format_short(1e308)) AS long;

SELECT d, format_month(d) AS month, format_month(d, 'ja') AS ja, format_month_short(d) AS short, format_month_short(d, 'ja') AS ja, format_date(d) AS day, format_date(d, 'ja') AS ja
  FROM unnest('{2026-10-01,2024-02-29,0001-01-01,"0001-12-31 BC","4714-11-24 BC",5874897-12-31,infinity,-infinity,NULL}'::date[]) d;

SELECT i, format_duration(i) AS en, format_duration(i, 'ja') AS ja, format_duration(i, 'ja', true) AS change
  FROM unnest('{0,20 s,40 s,12 min,59 min 29 s,59 min 31 s,1 h,1 h 1 min,3 h 20 min,23 h 59 min 31 s,24 h,25 h,2 days 4 h 20 min,30 days,1 mon,"-3 h -20 min",100 years,NULL}'::interval[]) WITH ORDINALITY u (i, n)
 ORDER BY n;
SELECT format_duration('2147483647 months 2147483647 days 2562047788:00:54.775806') AS longest, format_duration('-2147483647 months') AS least;

SELECT u AS unit, format_figure(0.35216, u, 'JPY', 'ja') AS ja, format_figure(0.35216, u, 'USD', 'en') AS en, format_figure(-1234.5, u, 'JPY', 'ja', true) AS ja_change,
       format_figure(1234, u, 'USD', 'en', true) AS en_change, format_figure(NULL, u, 'USD') AS none
  FROM unnest('{number,share,score,points,money,minutes,days,else,NULL}'::text[]) u;

SELECT w, display_width(w) FROM unnest('{"",abc,日本語,aあ,ｱｲ,é,NULL}'::text[]) w;

-- Against the server's own digits, for numbers of every size.
SELECT count(*) AS tried,
       count(*) FILTER (WHERE replace(format_number(v, d), '−', '-') <> regexp_replace(to_char(round(v, d), 'FM999,999,999,999,999,999,990.' || repeat('0', d)), '[.]$', '')) AS different
  FROM (SELECT i % 5 AS d, (hashint8extended(i, 0)::numeric / 10::numeric ^ (i % 19)) AS v FROM generate_series(1, 2000) i) x
 WHERE round(v, d) <> 0;

-- No setting has a say.
CREATE TEMP TABLE said AS SELECT format_number(1234.5, 1) AS n, format_money(1.5, 'EUR') AS m, format_date('2026-10-01') AS d, format_duration('1 day 2 h') AS i;
SET datestyle = 'German'; SET intervalstyle = 'sql_standard'; SET extra_float_digits = -5; SET lc_numeric = 'C';
SELECT count(*) AS same FROM said s WHERE (s.n, s.m, s.d, s.i) = (format_number(1234.5, 1), format_money(1.5, 'EUR'), format_date('2026-10-01'), format_duration('1 day 2 h'));
