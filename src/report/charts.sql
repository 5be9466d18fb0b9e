-- charts.sql
--
-- Pictures of figures for a page of HTML: inline SVG, and tables that are pictures.
-- Needs: formats.
--
-- Each is a pure function from numbers and words to xml. Mark-up is made by XMLELEMENT and
-- its kind alone, so whatever a word holds, it is shown and not read. Attributes hold
-- numbers and names of classes, never words: what is not ASCII becomes a reference there.
-- What a picture says stands beside it in a table, or is its <title> and <desc>.
--
-- They are in PL/pgSQL, as whatever makes mark-up here is: a parsed body with XMLELEMENT in it
-- cannot be created on a server without libxml, on which all else has to work. What they have
-- planned is kept for the session: planning takes longer than drawing.
--
-- Colours, fonts and widths of lines are the page's (page_style()). A width of 360 units is
-- about that of a telephone, so letters have nearly the same size everywhere.
--
-- A value that is NULL, NaN or infinite is a gap. Where there is nothing to draw, the
-- picture is NULL, and the page says in words that there is nothing.

CREATE FUNCTION loyalcs.chart_value(value double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN pg_catalog.abs(value) <= 1e100::double precision THEN value END;
COMMENT ON FUNCTION loyalcs.chart_value(double precision) IS
    'a value that can be drawn: NULL for NaN, and for what is infinite or nearly so';

CREATE FUNCTION loyalcs.chart_share(value double precision, low double precision DEFAULT 0, high double precision DEFAULT 1) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN value <= low THEN 0::double precision
            WHEN value >= high AND value <= 1e100::double precision THEN 1::double precision
            WHEN value < high THEN (value - low) / (high - low) END;
COMMENT ON FUNCTION loyalcs.chart_share(double precision, double precision, double precision) IS
    'where a value is between two ends, 0 to 1; NULL for NaN';

CREATE FUNCTION loyalcs.chart_place(place double precision) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.trim_scale(pg_catalog.round(place::numeric, 1));
COMMENT ON FUNCTION loyalcs.chart_place(double precision) IS
    'a place in a picture, to a tenth of a unit';

CREATE FUNCTION loyalcs.chart_text_width(words text) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 6.2::double precision * loyalcs.display_width(words)::double precision;
COMMENT ON FUNCTION loyalcs.chart_text_width(text) IS
    'about how wide words are in a picture';

CREATE FUNCTION loyalcs.chart_tick(value double precision, unit text, lang text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE unit
    WHEN 'share' THEN loyalcs.format_short(pg_catalog.round(value::numeric * 100::numeric, 2), lang) || '%'::text
    ELSE loyalcs.format_short(value::numeric, lang)
    END;
COMMENT ON FUNCTION loyalcs.chart_tick(double precision, text, text) IS
    'a value at an axis: a share in hundredths, anything else in few characters';

-- --------------------------------------------------------------------------
-- A line over months
-- --------------------------------------------------------------------------

CREATE FUNCTION loyalcs.chart_line(
    title text,
    description text,
    labels text[],
    vals double precision[],
    lows double precision[] DEFAULT NULL,
    highs double precision[] DEFAULT NULL,
    target double precision DEFAULT NULL,
    unit text DEFAULT 'number',
    lang text DEFAULT 'en',
    last_is_running boolean DEFAULT false
) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        WITH given AS (
            SELECT u.i, u.label, loyalcs.chart_value(u.v) AS v,
                   CASE WHEN u.v IS NOT NULL THEN loyalcs.chart_value(u.l) END AS l,
                   CASE WHEN u.v IS NOT NULL THEN loyalcs.chart_value(u.h) END AS h
              FROM unnest(labels, vals, lows, highs) WITH ORDINALITY AS u(label, v, l, h, i)
        ), span AS (
            SELECT s.low, CASE WHEN s.high > s.low THEN s.high ELSE s.low + greatest(pg_catalog.abs(s.low) / 10::double precision, CASE unit WHEN 'share' THEN 0.1::double precision ELSE 1::double precision END) END AS high,
                   s.points, s.width
              FROM (SELECT least(min(g.v), min(g.l), loyalcs.chart_value(target)) AS low, greatest(max(g.v), max(g.h), loyalcs.chart_value(target)) AS high,
                           count(*) AS points, max(loyalcs.chart_text_width(g.label)) AS width, count(g.v) AS shown
                      FROM given g) s
             WHERE s.shown > 0::bigint
        ),
        -- lines that are 1, 2 or 5 times a power of ten apart, three to five of them
        axis AS (
            SELECT a.*, pg_catalog.floor(a.low / a.step) * a.step AS first, pg_catalog.ceil(a.high / a.step - 1e-9::double precision) * a.step AS last
              FROM (SELECT s.*, s.power * CASE WHEN s.third <= 1.0001::double precision * s.power THEN 1::double precision
                                                WHEN s.third <= 2.0001::double precision * s.power THEN 2::double precision
                                                WHEN s.third <= 5.0001::double precision * s.power THEN 5::double precision
                                                ELSE 10::double precision END AS step
                      FROM (SELECT s.*, (s.high - s.low) / 3::double precision AS third,
                                   pg_catalog.power(10::double precision, pg_catalog.floor(pg_catalog.log((s.high - s.low) / 3::double precision))) AS power
                              FROM span s) s) a
        ), ticks AS (
            SELECT a.first + a.step * k.k::double precision AS at,
                   loyalcs.chart_tick(a.first + a.step * k.k::double precision, unit, lang) AS label
              FROM axis a
             CROSS JOIN LATERAL pg_catalog.generate_series(0, pg_catalog.round((a.last - a.first) / a.step)::integer) AS k(k)
        ), room AS (
            SELECT a.*, t.margin AS x0, 354::double precision - CASE WHEN target IS NULL THEN 0::double precision
                                                                       ELSE loyalcs.chart_text_width(loyalcs.chart_tick(target, unit, lang)) + 6::double precision END AS x1,
                   20::double precision AS y0, 150::double precision AS y1
              FROM axis a
             CROSS JOIN (SELECT max(loyalcs.chart_text_width(ticks.label)) + 12::double precision AS margin FROM ticks) t
        ), point AS (
            SELECT g.*, g.i = r.points AS is_last,
                   CASE WHEN r.points = 1::bigint THEN (r.x0 + r.x1) / 2::double precision
                        ELSE r.x0 + 8::double precision + (g.i - 1::bigint)::double precision / (r.points - 1::bigint)::double precision * (r.x1 - r.x0 - 16::double precision) END AS x,
                   r.y1 - (g.v - r.first) / (r.last - r.first) * (r.y1 - r.y0) AS y,
                   r.y1 - (g.l - r.first) / (r.last - r.first) * (r.y1 - r.y0) AS yl,
                   r.y1 - (g.h - r.first) / (r.last - r.first) * (r.y1 - r.y0) AS yh,
                   g.i - pg_catalog.row_number() OVER (PARTITION BY g.v IS NULL ORDER BY g.i) AS run,
                   -- so many from the last one back that no two labels touch
                   (r.points - g.i) % greatest(1::bigint, pg_catalog.ceil((1.5::double precision * r.width + 8::double precision) * greatest(r.points - 1::bigint, 1::bigint)::double precision
                                                                           / (r.x1 - r.x0 - 16::double precision))::bigint) = 0::bigint AS is_labelled
              FROM given g
             CROSS JOIN room r
        )
        SELECT xmlelement(NAME svg, xmlattributes('chart' AS class, '0 0 360 176' AS "viewBox", 'img' AS role),
                   xmlelement(NAME title, coalesce(title, ''::text)), xmlelement(NAME "desc", coalesce(description, ''::text)),
                   (SELECT xmlagg(xmlconcat(
                               xmlelement(NAME line, xmlattributes('grid' AS class, loyalcs.chart_place(r.x0) AS x1, loyalcs.chart_place(r.x1) AS x2,
                                                                   loyalcs.chart_place(h.y) AS y1, loyalcs.chart_place(h.y) AS y2)),
                               xmlelement(NAME text, xmlattributes('end' AS class, loyalcs.chart_place(r.x0 - 6::double precision) AS x,
                                                                   loyalcs.chart_place(h.y + 4::double precision) AS y), t.label)) ORDER BY t.at)
                      FROM ticks t
                     CROSS JOIN LATERAL (SELECT r.y1 - (t.at - r.first) / (r.last - r.first) * (r.y1 - r.y0) AS y) h),
                   -- how well each is known
                   (SELECT xmlagg(xmlelement(NAME path, xmlattributes('band' AS class, b.d AS d)) ORDER BY b.run)
                      FROM (SELECT p.run, 'M'::text || string_agg(loyalcs.chart_place(p.x)::text || ' '::text || loyalcs.chart_place(p.yh)::text, 'L'::text ORDER BY p.i)
                                          || 'L'::text || string_agg(loyalcs.chart_place(p.x)::text || ' '::text || loyalcs.chart_place(p.yl)::text, 'L'::text ORDER BY p.i DESC)
                                          || 'Z'::text AS d
                              FROM point p
                             WHERE p.yl IS NOT NULL AND p.yh IS NOT NULL
                             GROUP BY p.run) b),
                   CASE WHEN loyalcs.chart_value(target) IS NOT NULL THEN xmlconcat(
                       xmlelement(NAME line, xmlattributes('target' AS class, loyalcs.chart_place(r.x0) AS x1, loyalcs.chart_place(r.x1) AS x2, loyalcs.chart_place(aim.y) AS y1,
                                                           loyalcs.chart_place(aim.y) AS y2)),
                       xmlelement(NAME text, xmlattributes('aim' AS class, loyalcs.chart_place(r.x1 + 4::double precision) AS x, loyalcs.chart_place(aim.y + 4::double precision) AS y),
                                  loyalcs.chart_tick(target, unit, lang))) END,
                   (SELECT xmlagg(xmlelement(NAME path, xmlattributes('line' AS class, l.d AS d)) ORDER BY l.run)
                      FROM (SELECT p.run, 'M'::text || string_agg(loyalcs.chart_place(p.x)::text || ' '::text || loyalcs.chart_place(p.y)::text, 'L'::text ORDER BY p.i) AS d
                              FROM point p
                             WHERE p.v IS NOT NULL AND NOT (p.is_last AND last_is_running)
                             GROUP BY p.run) l),
                   -- the month that runs is not one of the line yet
                   (SELECT xmlelement(NAME path, xmlattributes('line running' AS class,
                                      'M'::text || string_agg(loyalcs.chart_place(p.x)::text || ' '::text || loyalcs.chart_place(p.y)::text, 'L'::text ORDER BY p.i) AS d))
                      FROM point p
                     WHERE last_is_running AND p.i >= r.points - 1::bigint
                    HAVING count(p.v) = 2::bigint),
                   (SELECT xmlagg(xmlelement(NAME circle, xmlattributes(CASE WHEN p.is_last AND last_is_running THEN 'dot open'::text ELSE 'dot'::text END AS class,
                                      loyalcs.chart_place(p.x) AS cx, loyalcs.chart_place(p.y) AS cy, CASE WHEN p.is_last THEN 4 ELSE 2 END AS r)) ORDER BY p.i)
                      FROM point p
                     WHERE p.v IS NOT NULL),
                   (SELECT xmlagg(xmlelement(NAME text, xmlattributes('middle' AS class,
                                      loyalcs.chart_place(greatest(least(p.x, 358::double precision - loyalcs.chart_text_width(p.label) / 2::double precision),
                                                                   2::double precision + loyalcs.chart_text_width(p.label) / 2::double precision)) AS x, 170 AS y), p.label) ORDER BY p.i)
                      FROM point p
                     WHERE p.is_labelled))
          FROM room r
         CROSS JOIN LATERAL (SELECT r.y1 - (loyalcs.chart_value(target) - r.first) / (r.last - r.first) * (r.y1 - r.y0) AS y) aim);
END
$$;
COMMENT ON FUNCTION loyalcs.chart_line(text, text, text[], double precision[], double precision[], double precision[], double precision, text, text, boolean) IS
    'a picture of values over months: a line with gaps where there is no value, how well each is known (lows, highs) as a band, a target as a dashed line; the last one open where its month is still running; NULL where no month has a value. unit share is shown in hundredths';

-- --------------------------------------------------------------------------
-- One value between two ends
-- --------------------------------------------------------------------------

CREATE FUNCTION loyalcs.chart_arc(share_from double precision, share_to double precision, radius double precision) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.format('M%s %sA%s %s 0 0 1 %s %s',
    loyalcs.chart_place(130::double precision - radius * pg_catalog.cos(pg_catalog.pi() * share_from)),
    loyalcs.chart_place(126::double precision - radius * pg_catalog.sin(pg_catalog.pi() * share_from)), radius, radius,
    loyalcs.chart_place(130::double precision - radius * pg_catalog.cos(pg_catalog.pi() * share_to)),
    loyalcs.chart_place(126::double precision - radius * pg_catalog.sin(pg_catalog.pi() * share_to)));
COMMENT ON FUNCTION loyalcs.chart_arc(double precision, double precision, double precision) IS
    'a piece of the half circle of a gauge, from one share of it to another';

CREATE FUNCTION loyalcs.chart_gauge(
    title text,
    description text,
    value double precision,
    low double precision,
    high double precision,
    scale_low double precision,
    scale_high double precision,
    target double precision,
    shown text,
    note text
) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlelement(NAME svg, xmlattributes('chart gauge' AS class, '0 0 260 150' AS "viewBox", 'img' AS role),
                   xmlelement(NAME title, coalesce(title, ''::text)), xmlelement(NAME "desc", coalesce(description, ''::text)),
                   xmlelement(NAME path, xmlattributes('track' AS class, loyalcs.chart_arc(0::double precision, 1::double precision, 96::double precision) AS d)),
                   xmlelement(NAME path, xmlattributes('arc' AS class, loyalcs.chart_arc(0::double precision, g.value, 96::double precision) AS d)),
                   CASE WHEN g.low IS NOT NULL AND g.high IS NOT NULL THEN
                       xmlelement(NAME path, xmlattributes('known' AS class, loyalcs.chart_arc(g.low, g.high, 112::double precision) AS d)) END,
                   CASE WHEN g.target IS NOT NULL THEN
                       xmlelement(NAME line, xmlattributes('target' AS class,
                           loyalcs.chart_place(130::double precision - 84::double precision * pg_catalog.cos(pg_catalog.pi() * g.target)) AS x1,
                           loyalcs.chart_place(126::double precision - 84::double precision * pg_catalog.sin(pg_catalog.pi() * g.target)) AS y1,
                           loyalcs.chart_place(130::double precision - 108::double precision * pg_catalog.cos(pg_catalog.pi() * g.target)) AS x2,
                           loyalcs.chart_place(126::double precision - 108::double precision * pg_catalog.sin(pg_catalog.pi() * g.target)) AS y2)) END,
                   xmlelement(NAME text, xmlattributes('figure' AS class, 130 AS x, 108 AS y), coalesce(shown, ''::text)),
                   xmlelement(NAME text, xmlattributes('middle' AS class, 130 AS x, 127 AS y), coalesce(note, ''::text)),
                   xmlelement(NAME text, xmlattributes('middle' AS class, 34 AS x, 146 AS y), loyalcs.format_short(scale_low::numeric)),
                   xmlelement(NAME text, xmlattributes('middle' AS class, 226 AS x, 146 AS y), loyalcs.format_short(scale_high::numeric)))
          FROM (SELECT loyalcs.chart_share(chart_gauge.value, scale_low, scale_high) AS value, loyalcs.chart_share(chart_gauge.low, scale_low, scale_high) AS low,
                       loyalcs.chart_share(chart_gauge.high, scale_low, scale_high) AS high, loyalcs.chart_share(chart_gauge.target, scale_low, scale_high) AS target) g
         WHERE g.value IS NOT NULL);
END
$$;
COMMENT ON FUNCTION loyalcs.chart_gauge(text, text, double precision, double precision, double precision, double precision, double precision, double precision, text, text) IS
    'a picture of one value between the ends of its scale: an arc up to it, with how well it is known outside of that and the target across it; `shown` and `note` are the words in it; NULL where there is no value';

-- --------------------------------------------------------------------------
-- How many there are of each
-- --------------------------------------------------------------------------

CREATE FUNCTION loyalcs.chart_columns(title text, description text, labels text[], vals double precision[], shown text[], kinds text[] DEFAULT NULL) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlelement(NAME svg, xmlattributes('chart' AS class, '0 0 360 150' AS "viewBox", 'img' AS role),
                   xmlelement(NAME title, coalesce(title, ''::text)), xmlelement(NAME "desc", coalesce(description, ''::text)),
                   xmlelement(NAME line, xmlattributes('base' AS class, 2 AS x1, 358 AS x2, 128.5 AS y1, 128.5 AS y2)),
                   xmlagg(xmlconcat(
                       xmlelement(NAME rect, xmlattributes(coalesce(c.kind, 'fill'::text) AS class,
                                      loyalcs.chart_place((c.i - 1::bigint)::double precision * c.pitch + c.pitch * 0.12::double precision + 2::double precision) AS x,
                                      loyalcs.chart_place(128::double precision - c.share * 106::double precision) AS y,
                                      loyalcs.chart_place(c.pitch * 0.76::double precision) AS width, loyalcs.chart_place(c.share * 106::double precision) AS height)),
                       CASE WHEN c.shown IS NOT NULL AND c.fit THEN
                           xmlelement(NAME text, xmlattributes('middle' AS class, loyalcs.chart_place((c.i::double precision - 0.5::double precision) * c.pitch + 2::double precision) AS x,
                                      loyalcs.chart_place(123::double precision - c.share * 106::double precision) AS y), c.shown) END,
                       xmlelement(NAME text, xmlattributes('middle strong' AS class, loyalcs.chart_place((c.i::double precision - 0.5::double precision) * c.pitch + 2::double precision) AS x,
                                  144 AS y), coalesce(c.label, ''::text))) ORDER BY c.i))
          FROM (SELECT u.i, u.label, u.shown, u.kind, 356::double precision / (count(*) OVER ())::double precision AS pitch,
                       coalesce(greatest(loyalcs.chart_value(u.v), 0::double precision) / nullif(max(loyalcs.chart_value(u.v)) OVER (), 0::double precision), 0::double precision) AS share,
                       max(loyalcs.chart_value(u.v)) OVER () AS most,
                       max(loyalcs.chart_text_width(u.shown)) OVER () <= 356::double precision / (count(*) OVER ())::double precision + 1::double precision AS fit
                  FROM unnest(labels, vals, shown, kinds) WITH ORDINALITY AS u(label, v, shown, kind, i)) c
         WHERE c.most > 0::double precision
        HAVING count(*) > 0::bigint);
END
$$;
COMMENT ON FUNCTION loyalcs.chart_columns(text, text, text[], double precision[], text[], text[]) IS
    'a picture of how many there are of each: columns with their numbers above, if there is room for all of them, and names below; kinds are classes of the page (good, soft, bad, fill); NULL where none is above 0';

CREATE FUNCTION loyalcs.chart_stack(title text, description text, vals double precision[], shown text[], kinds text[]) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlelement(NAME svg, xmlattributes('chart' AS class, '0 0 360 26' AS "viewBox", 'img' AS role),
                   xmlelement(NAME title, coalesce(title, ''::text)), xmlelement(NAME "desc", coalesce(description, ''::text)),
                   xmlagg(xmlconcat(
                       xmlelement(NAME rect, xmlattributes(coalesce(s.kind, 'fill'::text) AS class, loyalcs.chart_place(2::double precision + 356::double precision * s.before) AS x, 1 AS y,
                                      loyalcs.chart_place(greatest(356::double precision * s.share - 1.5::double precision, 0::double precision)) AS width, 24 AS height)),
                       CASE WHEN loyalcs.chart_text_width(s.shown) + 8::double precision <= 356::double precision * s.share THEN
                           xmlelement(NAME text, xmlattributes('middle on' AS class, loyalcs.chart_place(2::double precision + 356::double precision * (s.before + s.share / 2::double precision)) AS x,
                                      17 AS y), s.shown) END) ORDER BY s.i))
          FROM (SELECT a.i, a.shown, a.kind, a.v / a.total AS share, (a.running - a.v) / a.total AS before
                  FROM (SELECT u.i, u.shown, u.kind, u.v::double precision AS v, (sum(u.v) OVER ())::double precision AS total,
                               (sum(u.v) OVER (ORDER BY u.i))::double precision AS running
                          FROM (SELECT n.i, n.shown, n.kind, coalesce(greatest(loyalcs.chart_value(n.v), 0::double precision), 0::double precision)::numeric AS v
                                  FROM unnest(vals, shown, kinds) WITH ORDINALITY AS n(v, shown, kind, i)) u) a
                 WHERE a.total > 0::double precision) s
        HAVING count(*) > 0::bigint);
END
$$;
COMMENT ON FUNCTION loyalcs.chart_stack(text, text, double precision[], text[], text[]) IS
    'a picture of the parts of one whole: a bar in pieces, with their words in those that have room; kinds are classes of the page (good, soft, bad, fill); NULL where all are 0';

-- Stretched to whatever room a cell has: so no letters in it.
CREATE FUNCTION loyalcs.chart_bar(share double precision, kind text DEFAULT 'fill', low double precision DEFAULT NULL, high double precision DEFAULT NULL,
                                  target double precision DEFAULT NULL) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN CASE WHEN loyalcs.chart_value(share) IS NOT NULL THEN
    xmlelement(NAME svg, xmlattributes('bar' AS class, '0 0 100 12' AS "viewBox", 'none' AS "preserveAspectRatio", 'true' AS "aria-hidden"),
        xmlelement(NAME rect, xmlattributes('track' AS class, 0 AS x, 2 AS y, 100 AS width, 8 AS height)),
        xmlelement(NAME rect, xmlattributes(kind AS class, 0 AS x, 2 AS y,
                   loyalcs.chart_place(100::double precision * loyalcs.chart_share(share)) AS width, 8 AS height)),
        CASE WHEN loyalcs.chart_value(low) IS NOT NULL AND loyalcs.chart_value(high) IS NOT NULL THEN
            xmlelement(NAME line, xmlattributes('known' AS class,
                loyalcs.chart_place(100::double precision * loyalcs.chart_share(low)) AS x1,
                loyalcs.chart_place(100::double precision * loyalcs.chart_share(high)) AS x2, 6 AS y1, 6 AS y2)) END,
        CASE WHEN loyalcs.chart_value(target) IS NOT NULL THEN
            xmlelement(NAME line, xmlattributes('target' AS class,
                loyalcs.chart_place(100::double precision * loyalcs.chart_share(target)) AS x1,
                loyalcs.chart_place(100::double precision * loyalcs.chart_share(target)) AS x2, 0 AS y1, 12 AS y2)) END)
    END;
END
$$;
COMMENT ON FUNCTION loyalcs.chart_bar(double precision, text, double precision, double precision, double precision) IS
    'a bar for a cell of a table, beside the number that says the same: a share (0 to 1) of the width, how well it is known, and a target; NULL where there is no value';

-- --------------------------------------------------------------------------
-- Pictures in a line of a table
-- --------------------------------------------------------------------------

CREATE FUNCTION loyalcs.chart_sparkline(title text, vals double precision[]) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        WITH point AS (
            SELECT u.i, u.v, loyalcs.chart_place(3::double precision + (u.i - 1::bigint)::double precision * 90::double precision
                                                 / greatest((count(*) OVER ())::double precision - 1::double precision, 1::double precision)) AS x,
                   loyalcs.chart_place(CASE WHEN max(u.v) OVER () > min(u.v) OVER ()
                                            THEN 21::double precision - 18::double precision * ((u.v - min(u.v) OVER ()) / (max(u.v) OVER () - min(u.v) OVER ()))
                                            ELSE 12::double precision END) AS y,
                   u.i - pg_catalog.row_number() OVER (PARTITION BY u.v IS NULL ORDER BY u.i) AS run
              FROM (SELECT n.i, loyalcs.chart_value(n.v) AS v FROM pg_catalog.unnest(vals) WITH ORDINALITY AS n(v, i)) u
        )
        SELECT xmlelement(NAME svg, xmlattributes('spark' AS class, '0 0 96 24' AS "viewBox", 'img' AS role),
                   xmlelement(NAME title, coalesce(title, ''::text)),
                   (SELECT xmlagg(xmlelement(NAME path, xmlattributes('line' AS class, l.d AS d)) ORDER BY l.run)
                      FROM (SELECT p.run, 'M'::text || string_agg(p.x::text || ' '::text || p.y::text, 'L'::text ORDER BY p.i) AS d
                              FROM point p
                             WHERE p.v IS NOT NULL
                             GROUP BY p.run
                            HAVING count(*) > 1::bigint) l),
                   (SELECT xmlelement(NAME circle, xmlattributes('dot' AS class, p.x AS cx, p.y AS cy, 2.5 AS r)) FROM point p WHERE p.v IS NOT NULL ORDER BY p.i DESC LIMIT 1))
         WHERE EXISTS (SELECT FROM point p WHERE p.v IS NOT NULL));
END
$$;
COMMENT ON FUNCTION loyalcs.chart_sparkline(text, double precision[]) IS
    'a picture of values in the height of a line of text, from the least to the greatest, with gaps; a dot is the last one; NULL where there is none';

-- --------------------------------------------------------------------------
-- Figures in rows and columns
-- --------------------------------------------------------------------------

CREATE FUNCTION loyalcs.chart_heat_map(caption text, corner text, row_labels text[], column_labels text[], shades double precision[], shown text[], notes text[] DEFAULT NULL)
RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlelement(NAME "table", xmlattributes('heat' AS class),
                   xmlelement(NAME caption, coalesce(caption, ''::text)),
                   xmlelement(NAME thead, xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes('col' AS scope), coalesce(corner, ''::text)),
                       (SELECT xmlagg(xmlelement(NAME th, xmlattributes('col' AS scope), coalesce(c.label, ''::text)) ORDER BY c.i)
                          FROM pg_catalog.unnest(column_labels) WITH ORDINALITY AS c(label, i)))),
                   xmlelement(NAME tbody,
                       (SELECT xmlagg(xmlelement(NAME tr,
                                   xmlelement(NAME th, xmlattributes('row' AS scope), coalesce(r.label, ''::text)),
                                   (SELECT xmlagg(xmlelement(NAME td, xmlattributes(
                                               coalesce('h'::text || pg_catalog.round(10::double precision * loyalcs.chart_share(shades[k.at]))::text, 'none'::text) AS class),
                                               coalesce(shown[k.at], ''::text),
                                               CASE WHEN notes[k.at] IS NOT NULL THEN xmlelement(NAME small, notes[k.at]) END) ORDER BY c.i)
                                      FROM pg_catalog.unnest(column_labels) WITH ORDINALITY AS c(label, i)
                                     CROSS JOIN LATERAL (SELECT ((r.i - 1::bigint) * pg_catalog.cardinality(column_labels)::bigint + c.i)::integer AS at) k)) ORDER BY r.i)
                          FROM pg_catalog.unnest(row_labels) WITH ORDINALITY AS r(label, i))))
         WHERE pg_catalog.cardinality(row_labels) > 0 AND pg_catalog.cardinality(column_labels) > 0);
END
$$;
COMMENT ON FUNCTION loyalcs.chart_heat_map(text, text, text[], text[], double precision[], text[], text[]) IS
    'a table that is a picture: each cell has its number, and a shade for where it is between 0 and 1; the cells are given row by row; `notes` stand small below the numbers; NULL where there are no rows or columns';

-- --------------------------------------------------------------------------
-- How much hangs on how few
-- --------------------------------------------------------------------------

CREATE FUNCTION loyalcs.chart_pareto(title text, description text, xs double precision[], ys double precision[], mark_x double precision, mark_y double precision, mark text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        WITH point AS (
            SELECT u.i, loyalcs.chart_place(38::double precision + 312::double precision * loyalcs.chart_value(u.x)) AS x,
                   loyalcs.chart_place(170::double precision - 156::double precision * loyalcs.chart_value(u.y)) AS y
              FROM unnest(xs, ys) WITH ORDINALITY AS u(x, y, i)
             WHERE loyalcs.chart_value(u.x) BETWEEN 0::double precision AND 1::double precision
               AND loyalcs.chart_value(u.y) BETWEEN 0::double precision AND 1::double precision
        )
        SELECT xmlelement(NAME svg, xmlattributes('chart' AS class, '0 0 360 192' AS "viewBox", 'img' AS role),
                   xmlelement(NAME title, coalesce(title, ''::text)), xmlelement(NAME "desc", coalesce(description, ''::text)),
                   (SELECT xmlagg(xmlconcat(
                               xmlelement(NAME line, xmlattributes('grid' AS class, 38 AS x1, 350 AS x2, loyalcs.chart_place(170::double precision - 1.56::double precision * g.share::double precision) AS y1,
                                                                   loyalcs.chart_place(170::double precision - 1.56::double precision * g.share::double precision) AS y2)),
                               xmlelement(NAME text, xmlattributes('end' AS class, 32 AS x, loyalcs.chart_place(174::double precision - 1.56::double precision * g.share::double precision) AS y),
                                          g.share::text || '%'::text),
                               xmlelement(NAME text, xmlattributes('middle' AS class, loyalcs.chart_place(least(38::double precision + 3.12::double precision * g.share::double precision, 343::double precision)) AS x, 188 AS y),
                                          g.share::text || '%'::text)) ORDER BY g.share)
                      FROM (VALUES (0), (50), (100)) g(share)),
                   xmlelement(NAME path, xmlattributes('even' AS class, 'M38 170L350 14' AS d)),
                   xmlelement(NAME path, xmlattributes('band' AS class, 'M38 170L'::text || string_agg(p.x::text || ' '::text || p.y::text, 'L'::text ORDER BY p.i) || 'L350 170Z'::text AS d)),
                   xmlelement(NAME path, xmlattributes('line' AS class, 'M'::text || string_agg(p.x::text || ' '::text || p.y::text, 'L'::text ORDER BY p.i) AS d)),
                   CASE WHEN m.x IS NOT NULL AND m.y IS NOT NULL THEN xmlconcat(
                       xmlelement(NAME path, xmlattributes('drop' AS class, pg_catalog.format('M%s 170L%s %sL38 %s', m.x, m.x, m.y, m.y) AS d)),
                       xmlelement(NAME circle, xmlattributes('dot' AS class, m.x AS cx, m.y AS cy, 4 AS r)),
                       xmlelement(NAME text, xmlattributes('strong' AS class, greatest(least(m.x + 9::numeric, loyalcs.chart_place(356::double precision - loyalcs.chart_text_width(mark))), 40::numeric) AS x, least(m.y + 18::numeric, 162::numeric) AS y), coalesce(mark, ''::text))) END)
          FROM point p
         CROSS JOIN (SELECT CASE WHEN mark_x BETWEEN 0::double precision AND 1::double precision
                                 THEN loyalcs.chart_place(38::double precision + 312::double precision * mark_x) END AS x,
                            CASE WHEN mark_y BETWEEN 0::double precision AND 1::double precision
                                 THEN loyalcs.chart_place(170::double precision - 156::double precision * mark_y) END AS y) m
         GROUP BY m.x, m.y
        HAVING count(*) > 1::bigint);
END
$$;
COMMENT ON FUNCTION loyalcs.chart_pareto(text, text, double precision[], double precision[], double precision, double precision, text) IS
    'a picture of how much hangs on how few: the share of the whole (ys) that the best share of all (xs) has, against all having the same, and one point of it with words; NULL where there are fewer than two points';
