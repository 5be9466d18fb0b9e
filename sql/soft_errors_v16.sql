-- Soft errors, new in PostgreSQL 16: a bad value can be asked about.
SET search_path = loyalcs, public;

-- Good values are valid, bad ones are not, and neither is an error.
SELECT type, text, pg_input_is_valid(text, type) FROM (VALUES
    ('ratings', '{"9": 12, "10": 40}'),
    ('ratings', '{}'),
    ('ratings', '{"11": 1}'),
    ('ratings', '{"9": -1}'),
    ('ratings', ''),
    ('ratings[]', '{"{\"9\": 1}","{}"}'),
    ('ratings[]', '{"{\"9\": 1}","{\"9\"}"}'),
    ('purchases', '{"count": 0}'),
    ('purchases', '{"count": 1, "first": "2026-01-05T10:00:00Z", "last": "2026-01-05T10:00:00Z", "total": 24800}'),
    ('purchases', '{"count": 1}'),
    ('purchases', '{"count": 1, "first": "2026-01-05T10:00:00Z", "last": "2026-01-06T10:00:00Z", "total": 24800}'),
    ('nps_score', '10'),
    ('nps_score', '11'),
    ('csat_score', '0'),
    ('ces_score', '8')
) AS input (type, text);

-- What is wrong with them is told as an error would tell it.
\x on
SELECT * FROM pg_input_error_info('{"9": 1, "9": 2}', 'ratings');
SELECT * FROM pg_input_error_info('{"9": 9007199254740993}', 'ratings');
SELECT * FROM pg_input_error_info('{"count": 1, "first": "2026-02-29T10:00:00Z"}', 'purchases');
SELECT * FROM pg_input_error_info('{"count": 0, "total": 5}', 'purchases');
SELECT * FROM pg_input_error_info('{"count": 2, "first": "2026-01-06T10:00:00Z", "last": "2026-01-05T10:00:00Z", "total": 1}', 'purchases');
SELECT * FROM pg_input_error_info('{"count": 0}', 'purchases');
SELECT * FROM pg_input_error_info('11', 'nps_score');
\x off

-- Business hours: their notation, their time zone, their holidays.
SELECT text, pg_input_is_valid(text, 'business_hours') FROM (VALUES
    ('Mo-Fr 10:00-18:00; PH off'),
    ('24/7 @ America/New_York 2026-07-03'),
    ('Mo-Fr 10:00-6pm'),
    ('Mo-Fr off'),
    ('24/7 @ Nowhere'),
    ('24/7 @ UTC US')
) AS input (text);
\x on
SELECT * FROM pg_input_error_info('Mo-Fr 10:00-6pm', 'business_hours');
SELECT * FROM pg_input_error_info('24/7 @ Nowhere', 'business_hours');
\x off

-- Lexicons.
SELECT text, pg_input_is_valid(text, 'lexicon') FROM (VALUES
    ('weight: 重い, heavy; clasp -1: 外れやすい'),
    (''),
    ('weight'),
    ('weight 2: heavy'),
    ('good 1: x; bad -1: X')
) AS input (text);
\x on
SELECT * FROM pg_input_error_info('重さ: 重い, "軽い', 'lexicon');
SELECT * FROM pg_input_error_info('good 1: x; bad -1: X', 'lexicon');
\x off

-- Fits of models.
SELECT type, text, pg_input_is_valid(text, type) FROM (VALUES
    ('bgnbd', '{"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}'),
    ('bgnbd', '{"r": 0.243, "alpha": 4.414, "a": 0.793}'),
    ('bgnbd', '{"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 0}'),
    ('gamma_gamma', '{"p": 6.25, "q": 3.74, "gamma": 15.44}'),
    ('gamma_gamma', '{"p": 6.25, "q": 3.74, "gamma": "15.44"}')
) AS input (type, text);
\x on
SELECT * FROM pg_input_error_info('{"r": 0.243, "alpha": 4.414, "a": 0.793}', 'bgnbd');
SELECT * FROM pg_input_error_info('{"p": 6.25, "q": -3.74, "gamma": 15.44}', 'gamma_gamma');
\x off
