-- shop/kept_points.sql
--
-- What was posted to the ledger of points by day, so that a liability of years does not
-- read the postings of years.
-- Needs: settings, kept_days, points_ledger.
--
-- A posting counts from its posted_at on and is never changed: a day is what all
-- postings that are dated on it come to, of each kind.

--@ table kept_points
--: results
CREATE TABLE kept_points (
    day date NOT NULL,
    kind text NOT NULL,
    points numeric NOT NULL,
    PRIMARY KEY (day, kind)
);
COMMENT ON TABLE kept_points IS
    'the points that were posted on each local day, by the kind of posting, as refresh_kept_figures() last found them; unkept_days() says of which days that is out of date. What is here can be made again';
COMMENT ON COLUMN kept_points.kind IS 'earn, redeem, expire, reverse or adjust';
COMMENT ON COLUMN kept_points.points IS 'what they come to: less than 0 where more went than came';

--@ functions
CREATE OR REPLACE FUNCTION mark_postings() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM mark_days('points', ARRAY(SELECT o.posted_at FROM old_rows o));
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM mark_days('points', ARRAY(SELECT n.posted_at FROM new_rows n));
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION mark_postings() IS
    'trigger of point_postings: what is kept of the days on which points were posted is out of date';

-- Some days are found by the index, each range of them by itself; all of them in one go.
CREATE OR REPLACE FUNCTION found_points(days datemultirange, as_of timestamptz)
RETURNS TABLE (day date, kind text, points numeric)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT loyalcs.local_date(p.posted_at, s.time_zone), p.kind, sum(p.points)
      FROM settings s
     CROSS JOIN pg_catalog.unnest(found_points.days) d (days)
     CROSS JOIN LATERAL (SELECT p.posted_at, p.kind, p.points
                           FROM point_postings p
                          WHERE loyalcs.in_local_dates(p.posted_at, s.time_zone, pg_catalog.lower(d.days), coalesce(pg_catalog.upper(d.days) - 1, date 'infinity'))
                            AND p.posted_at <= found_points.as_of
                         OFFSET 0) p
     WHERE NOT pg_catalog.lower_inf(found_points.days)
     GROUP BY 1, 2
    UNION ALL
    SELECT w.day, w.kind, w.points
      FROM (SELECT loyalcs.local_date(p.posted_at, s.time_zone) AS day, p.kind, sum(p.points) AS points
              FROM settings s
             CROSS JOIN point_postings p
             WHERE pg_catalog.lower_inf(found_points.days)
               AND p.posted_at <= found_points.as_of
             GROUP BY 1, 2
            OFFSET 0) w
     WHERE w.day <@ found_points.days;
END;
COMMENT ON FUNCTION found_points(datemultirange, timestamptz) IS
    'the points that had been posted on each of some local days as of an instant, by the kind of posting, made of the postings';

CREATE OR REPLACE FUNCTION daily_points(as_of timestamptz)
RETURNS TABLE (day date, kind text, points numeric)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH unkept AS MATERIALIZED (
        SELECT unkept_days('points', '{point_postings}'::text[], daily_points.as_of) AS days
    )
    SELECT k.day, k.kind, k.points
      FROM kept_points k
     WHERE NOT k.day <@ (SELECT u.days FROM unkept u)
    UNION ALL
    SELECT f.day, f.kind, f.points
      FROM unkept u
     CROSS JOIN LATERAL found_points(u.days, daily_points.as_of) f;
END;
COMMENT ON FUNCTION daily_points(timestamptz) IS
    'the points that had been posted on each local day as of an instant, by the kind of posting: what is kept, and of other days what the postings say';

CREATE OR REPLACE FUNCTION refresh_kept_points(as_of timestamptz) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    days datemultirange;
BEGIN
    days := take_marked_days('points', '{point_postings}'::text[], as_of);
    DELETE FROM kept_points k WHERE days IS NULL OR k.day <@ days;
    INSERT INTO kept_points (day, kind, points)
    SELECT f.day, f.kind, f.points
      FROM found_points(days, timestamptz 'infinity') f;
END
$$;
COMMENT ON FUNCTION refresh_kept_points(timestamptz) IS
    'brings what is kept of the ledger by day up to date, to the local day before that of as_of. refresh_kept_figures() calls it, one session at a time';

--@ reference point_postings day_marks 0.2.0
SELECT mark_days_of(regclass 'point_postings', text 'mark_postings', '{points}'::text[]);
