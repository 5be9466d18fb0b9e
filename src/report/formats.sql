-- formats.sql
--
-- Numbers, money, dates and durations as people write them, in Japanese or English.
-- Needs: schema.
--
-- All take a language: Japanese where it is 'ja' or begins with 'ja-', English where it is
-- anything else, NULL too. None is STRICT: what is not there is a dash.

CREATE FUNCTION loyalcs.format_number(value numeric, decimals integer DEFAULT 0, sign boolean DEFAULT false) RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
    AS 'MODULE_PATHNAME', 'format_number';
COMMENT ON FUNCTION loyalcs.format_number(numeric, integer, boolean) IS
    'a number for people: rounded to `decimals` (0 to 20), half away from zero, in groups of three digits; with `sign`, as a change: +3, ±0 or with a minus; a dash if there is none';

CREATE FUNCTION loyalcs.format_share(share numeric, decimals integer DEFAULT 1) RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 75
    AS 'MODULE_PATHNAME', 'format_share';
COMMENT ON FUNCTION loyalcs.format_share(numeric, integer) IS
    'a share of 1 for people, in hundredths: 0.352 is 35.2%; a dash if there is none';

CREATE FUNCTION loyalcs.currency_decimals(currency text) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'currency_decimals';
COMMENT ON FUNCTION loyalcs.currency_decimals(text) IS
    'how many decimals the amounts of a currency have, which is named by its code (ISO 4217): JPY 0, USD 2, KWD 3';

CREATE FUNCTION loyalcs.format_money(amount numeric, currency text, lang text DEFAULT 'en', sign boolean DEFAULT false) RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 75
    AS 'MODULE_PATHNAME', 'format_money';
COMMENT ON FUNCTION loyalcs.format_money(numeric, text, text, boolean) IS
    'an amount of a currency, which is named by its code, with as many decimals as that has: JPY is 24,800円 in Japanese and has the sign of yen before it in English, USD is $24.80, one without a sign of its own CHF 24.80; with `sign`, as a change: +, ± or a minus; a dash if there is none';

CREATE FUNCTION loyalcs.format_short(value numeric, lang text DEFAULT 'en') RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 75
    AS 'MODULE_PATHNAME', 'format_short';
COMMENT ON FUNCTION loyalcs.format_short(numeric, text) IS
    'a number in few characters, to three digits, as on an axis: 12.3M in English, 1,235万 in Japanese; a dash if there is none';

CREATE FUNCTION loyalcs.format_month(month date, lang text DEFAULT 'en') RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
    AS 'MODULE_PATHNAME', 'format_month';
COMMENT ON FUNCTION loyalcs.format_month(date, text) IS
    'the month of a day: 2026年10月, October 2026; a dash if there is none';

CREATE FUNCTION loyalcs.format_month_short(month date, lang text DEFAULT 'en') RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
    AS 'MODULE_PATHNAME', 'format_month_short';
COMMENT ON FUNCTION loyalcs.format_month_short(date, text) IS
    'the month of a day, without its year: 10月, Oct; a dash if there is none';

CREATE FUNCTION loyalcs.format_date(day date, lang text DEFAULT 'en') RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
    AS 'MODULE_PATHNAME', 'format_date';
COMMENT ON FUNCTION loyalcs.format_date(date, text) IS
    'a day: 2026年10月1日, 1 October 2026; a dash if there is none';

CREATE FUNCTION loyalcs.format_duration(duration interval, lang text DEFAULT 'en', sign boolean DEFAULT false) RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
    AS 'MODULE_PATHNAME', 'format_duration';
COMMENT ON FUNCTION loyalcs.format_duration(interval, text, boolean) IS
    'an interval in two units at most, a month being 30 days: 12分, 3時間20分, 2日4時間; 12 min, 3 h 20 min, 2 d 4 h; with `sign`, as a change; a dash if there is none';

CREATE FUNCTION loyalcs.format_figure(value numeric, unit text, currency text, lang text DEFAULT 'en', sign boolean DEFAULT false) RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 75
    AS 'MODULE_PATHNAME', 'format_figure';
COMMENT ON FUNCTION loyalcs.format_figure(numeric, text, text, text, boolean) IS
    'a figure of a report by its unit: share (in hundredths), score (two decimals), points (one), money, minutes, days; any other, and a number, has two decimals if it is not whole; with `sign`, as a change: that of a share is in points of a hundredth; a dash if there is none';

CREATE FUNCTION loyalcs.display_width(words text) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'display_width';
COMMENT ON FUNCTION loyalcs.display_width(text) IS
    'how wide words are, in columns: a Latin letter has one, a Japanese one two';
