-- Japan's holidays, by law and decree. test/t/holidays.pl compares 81 years of
-- them with a list by others; here is what is special.
SET search_path = public, loyalcs;
SET datestyle = 'ISO';

-- A year as it stands in the calendar.
SELECT day, to_char(day, 'Dy') AS weekday, name, name_en
FROM japanese_holidays('2026-01-01', '2026-12-31');

-- The act came into force on 1948-07-20.
SELECT day, name FROM japanese_holidays('-infinity', '1949-04-01');
-- The first substitute holiday; before 1973-04-12 there were none.
SELECT day, name FROM japanese_holidays('1972-12-01', '1973-05-05') WHERE name = '振替休日';
SELECT japanese_holiday('1970-11-02') AS before_the_amendment, japanese_holiday('1973-02-12') AS days_before_it;
-- Citizens' holidays since 1985-12-27, and May 4 year by year: a Sunday, a
-- substitute holiday, a citizens' holiday, Greenery Day.
SELECT day::date, to_char(day, 'Dy') AS weekday, japanese_holiday(day::date)
FROM unnest('{1985-05-04,1986-05-04,1987-05-04,1988-05-04,2006-05-04,2007-05-04}'::date[]) AS day;
SELECT day FROM japanese_holidays('2000-01-01', '2099-12-31') WHERE name_en = 'Citizens'' Holiday' AND extract(month FROM day) = 9;
-- Since 2007 a substitute holiday passes over the holidays that follow.
SELECT day, name FROM japanese_holidays('2008-05-01', '2008-05-10');
SELECT day, name FROM japanese_holidays('2009-05-01', '2009-05-10');
-- The ten days of 2019, the enthronement, the games.
SELECT day, name FROM japanese_holidays('2019-04-27', '2019-05-06');
SELECT day, name FROM japanese_holidays('2019-10-01', '2019-10-31');
SELECT day, name FROM japanese_holidays('2020-07-01', '2020-10-31');
SELECT day, name FROM japanese_holidays('2021-07-01', '2021-10-31');
-- No birthday of the Emperor in 2019.
SELECT count(*) FROM japanese_holidays('2019-01-01', '2019-12-31') WHERE name = '天皇誕生日';
-- Single days of the imperial house.
SELECT day, name, name_en FROM japanese_holidays('1948-01-01', '1999-12-31')
WHERE day IN ('1959-04-10', '1989-02-24', '1990-11-12', '1993-06-09');
-- Equinoxes wander.
SELECT extract(day FROM day) AS of_the_month, name_en, count(*), min(day), max(day)
FROM japanese_holidays('1948-07-20', '2099-12-31') WHERE name_en LIKE '%Equinox%'
GROUP BY 1, 2 ORDER BY 2, 1;

-- Neither is any other day.
SELECT japanese_holiday('2026-11-22'), japanese_holiday(NULL), japanese_holiday('1948-07-19'),
       japanese_holiday('0044-03-15 BC'), japanese_holiday('-infinity');
SELECT count(*) FROM japanese_holidays('2026-12-31', '2026-01-01');
SELECT japanese_holiday('2099-12-31'), japanese_holiday('2099-11-23');
-- What is not settled is not guessed.
SELECT japanese_holiday('2100-01-01');
SELECT japanese_holiday('infinity');
SELECT * FROM japanese_holidays('2099-01-01', '2100-01-01');
