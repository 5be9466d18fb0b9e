-- The one row of settings.

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

-- Defaults.
BEGIN;
SELECT FROM loyalcs.create_shop('shop_settings');
SELECT singleton, time_zone, currency, significance, lapsing_after, lost_after
  FROM shop_settings.settings;
-- All tables are its own.
SELECT ARRAY(SELECT part FROM shop_settings.shop_migrations WHERE part LIKE 'table %' AND own ORDER BY 1) = ARRAY(
           SELECT concat('table ', relname) FROM pg_class
            WHERE relnamespace = 'shop_settings'::regnamespace AND relkind = 'r'
            ORDER BY 1) AS own_tables;
SELECT created_at = now() AS created_now FROM shop_settings.settings;
ROLLBACK;

-- Not the defaults.
SELECT FROM loyalcs.create_shop('shop_settings', 'America/New_York', 'USD');
SELECT time_zone, currency FROM shop_settings.settings;
SET search_path = shop_settings;

-- One row. Each value is refused just where it stops making sense.
SELECT s.statement, pg_temp.outcome(s.statement)
  FROM (VALUES
    ('INSERT INTO settings (time_zone, currency) VALUES (''UTC'', ''EUR'')'),
    ('INSERT INTO settings (singleton, time_zone, currency) VALUES (false, ''UTC'', ''EUR'')'),
    ('INSERT INTO settings (singleton, time_zone, currency) VALUES (NULL, ''UTC'', ''EUR'')')
  ) s (statement);
SELECT s.change, pg_temp.outcome('UPDATE settings SET ' || s.change)
  FROM (VALUES
    ('time_zone = ''Europe/Berlin'''),
    ('time_zone = ''JST-9'''),
    ('time_zone = ''JST'''),
    ('time_zone = ''Mars/Olympus_Mons'''),
    ('time_zone = '''''),
    ('time_zone = NULL'),
    ('currency = ''EUR'''),
    ('currency = ''eur'''),
    ('currency = ''EU'''),
    ('currency = ''EURO'''),
    ('currency = E''EUR\n'''),
    ('currency = NULL'),
    ('significance = 0'),
    ('significance = 1e-300'), ('significance = 0.000001'), ('significance = 0.999999'), ('significance = 0.9999999'),
    ('significance = 0.9999'),
    ('significance = 1'),
    ('significance = ''NaN'''),
    ('significance = NULL'),
    ('lapsing_after = 0'),
    ('lapsing_after = 0.5'),
    ('lapsing_after = 1e300, lost_after = ''infinity'''),
    ('lapsing_after = ''infinity'''),
    ('lapsing_after = ''NaN'''),
    ('lapsing_after = NULL'),
    ('lost_after = lapsing_after'),
    ('lost_after = lapsing_after + 0.1'),
    ('lost_after = ''infinity'''),
    ('lost_after = ''NaN'''),
    ('lost_after = NULL'),
    ('created_at = NULL')
  ) s (change);

-- The same values are checked when a shop is made, and then there is no shop.
SELECT pg_temp.outcome('SELECT loyalcs.create_shop(''shop_settings2'', ''Mars/Olympus_Mons'')');
SELECT pg_temp.outcome('SELECT loyalcs.create_shop(''shop_settings2'', currency => ''yen'')');
SELECT count(*) FROM pg_namespace WHERE nspname = 'shop_settings2';

-- Every figure follows the time zone at once. New York's winter is five hours
-- behind UTC: this order fell into January there, into February in Berlin.
INSERT INTO customers (customer_id) VALUES ('a');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('a', '1', '2024-02-01 03:00+00', 5);
SELECT month FROM revenue_mix_at('2024-03-01 00:00+00');
UPDATE settings SET time_zone = 'Europe/Berlin';
SELECT month FROM revenue_mix_at('2024-03-01 00:00+00');
