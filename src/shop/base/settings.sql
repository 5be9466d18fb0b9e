-- shop/settings.sql
--
-- What holds for the whole shop: one row.
-- Needs: nothing before it.

--@ table settings
--: keeps singleton, own_tables, created_at
--: stays
CREATE TABLE settings (
    singleton boolean PRIMARY KEY DEFAULT true
        CONSTRAINT settings_is_one_row CHECK (singleton),
    time_zone text NOT NULL
        CONSTRAINT settings_time_zone_is_known
        CHECK ((timestamptz '2000-01-01 00:00+00' AT TIME ZONE time_zone) IS NOT NULL),
    currency text NOT NULL
        CONSTRAINT settings_currency_is_a_code CHECK (currency ~ '^[A-Z]{3}$'),
    language text NOT NULL DEFAULT CASE @time_zone@ WHEN 'Asia/Tokyo' THEN 'ja' ELSE 'en' END
        CONSTRAINT settings_language_is_a_tag CHECK (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]+)*$'),
    significance double precision NOT NULL DEFAULT 0.05
        CONSTRAINT settings_significance_is_a_probability
        CHECK (significance > 0::double precision AND significance < 1::double precision),
    lapsing_after double precision NOT NULL DEFAULT 2
        CONSTRAINT settings_lapsing_after_is_positive
        CHECK (lapsing_after > 0::double precision AND lapsing_after < 'infinity'),
    lost_after double precision NOT NULL DEFAULT 6,
    own_tables text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT settings_lost_after_is_later_than_lapsing_after
        CHECK (lost_after > lapsing_after AND lost_after <= 'infinity')
);

-- What a shop has is told by shop_migrations, which no level can write.
--@ change settings 0.2.0
ALTER TABLE settings DROP COLUMN own_tables;
COMMENT ON TABLE settings IS 'settings of the shop, one row';

--@ functions
-- The check that 0.1.0 made took abbreviations too, whose meaning is a setting.
CREATE OR REPLACE FUNCTION check_time_zone() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM loyalcs.local_date(timestamptz '2000-01-01 00:00+00', NEW.time_zone);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_time_zone() IS
    'trigger of settings: the time zone is a name, from which local days can be taken';

--@ change settings 0.2.0
ALTER TABLE settings DROP CONSTRAINT settings_time_zone_is_known;
CREATE TRIGGER check_time_zone
    BEFORE INSERT OR UPDATE OF time_zone ON settings
    FOR EACH ROW EXECUTE FUNCTION check_time_zone();

-- (what a default says, tools put into one line)
--@ change settings 0.2.0
DO $$
BEGIN
    EXECUTE pg_catalog.format('ALTER TABLE settings ALTER COLUMN language SET DEFAULT %L', CASE @time_zone@ WHEN 'Asia/Tokyo' THEN 'ja' ELSE 'en' END);
END
$$;

--@ change settings 0.2.0
ALTER TABLE settings
    ADD COLUMN minimum_answers integer NOT NULL DEFAULT 10
        CONSTRAINT settings_minimum_answers_is_positive CHECK (minimum_answers > 0),
    ADD COLUMN response_within interval NOT NULL DEFAULT interval '14 days'
        CONSTRAINT settings_response_within_is_within_a_year
        CHECK (response_within > interval '0' AND response_within <= interval '1 year');

--@ change settings 0.2.0
ALTER TABLE settings
    ADD COLUMN parcel_days integer
        CONSTRAINT settings_parcel_days_is_within_a_year CHECK (parcel_days BETWEEN 0 AND 366);

-- A confidence that is 1 to the last digit has no interval.
--@ change settings 0.2.0
UPDATE settings SET significance = greatest(least(significance, 0.999999::double precision), 0.000001::double precision)
 WHERE significance NOT BETWEEN 0.000001::double precision AND 0.999999::double precision;
ALTER TABLE settings
    DROP CONSTRAINT settings_significance_is_a_probability,
    ADD CONSTRAINT settings_significance_is_a_probability
        CHECK (significance BETWEEN 0.000001::double precision AND 0.999999::double precision);

--@ functions
CREATE OR REPLACE FUNCTION month_is_over(month date, as_of timestamptz, time_zone text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN month < date '294276-12-01' THEN ((month + interval '1 month') AT TIME ZONE time_zone) <= as_of ELSE false END;
COMMENT ON FUNCTION month_is_over(date, timestamptz, text) IS
    'whether a local month is over: its figures are not those of a part of it';
