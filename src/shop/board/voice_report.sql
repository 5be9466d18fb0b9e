-- shop/voice_report.sql
--
-- What customers say, in depth: the section voice of the monthly report with all of its
-- themes, and where they are said, of what, by whom, and beside which reasons.
-- Needs: report_frame, report_page, monthly_report, voice_figures, return_reasons.

--@ functions
CREATE OR REPLACE FUNCTION report_themes(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE
RETURN report_voice_of(month, 30, 4, as_of);
COMMENT ON FUNCTION report_themes(date, timestamptz) IS
    'the section themes of voice_report: as report_voice(), with thirty themes and up to four quotes each';

CREATE OR REPLACE FUNCTION report_sources(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH span AS MATERIALIZED (
        SELECT m.*, m.year_before::timestamp AT TIME ZONE m.time_zone AS since FROM report_span(report_sources.month, report_sources.as_of) m
    ), said AS MATERIALIZED (
        SELECT r.source, r.themes, r.sentiment, loyalcs.local_month(r.said_at, m.time_zone) AS month
          FROM span m
         CROSS JOIN LATERAL voices_read(m.since, m.ends, report_sources.as_of) r
    ), spoke AS MATERIALIZED (
        SELECT s.source, s.month, pg_catalog.count(s.themes) AS texts, count(*) - pg_catalog.count(s.themes) AS waiting,
               loyalcs.ratings_agg((sign(s.sentiment) + 1::double precision)::integer) AS signs
          FROM said s
         GROUP BY s.source, s.month
    ), whole AS (
        SELECT coalesce(sum(p.texts) FILTER (WHERE p.month = m.month), 0::numeric)::bigint AS texts, coalesce(sum(p.texts) FILTER (WHERE p.month = m.month_before), 0::numeric)::bigint AS texts_before,
               coalesce(sum(p.texts) FILTER (WHERE p.month = m.year_before), 0::numeric)::bigint AS texts_last_year
          FROM span m
         CROSS JOIN spoke p
    ), theme AS MATERIALIZED (
        SELECT t.theme, s.source, count(*) AS mentions
          FROM span m
          JOIN said s ON s.month = m.month
         CROSS JOIN LATERAL pg_catalog.unnest(s.themes) t (theme)
         GROUP BY t.theme, s.source
    ), most AS (
        SELECT t.theme, sum(t.mentions) AS mentions
          FROM theme t
         GROUP BY t.theme
         ORDER BY 2 DESC, t.theme
         LIMIT 12
    )
    SELECT pg_catalog.jsonb_build_object(
        'sources', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                 'source', n.source, 'texts', n.texts, 'texts_waiting', n.waiting,
                                 'share', report_share('source_share', NULL, n.texts, w.texts, coalesce(x.texts, 0::bigint), w.texts_before, m.month_before,
                                                       coalesce(y.texts, 0::bigint), w.texts_last_year, 1),
                                 'sentiment', report_balance(n.signs, b.signs, b.month, y.signs)) ORDER BY n.texts DESC, n.source)
                               FROM span m
                              CROSS JOIN whole w
                               JOIN spoke n ON n.month = m.month
                               LEFT JOIN spoke x ON x.source = n.source AND x.month = m.month_before
                               LEFT JOIN LATERAL (SELECT p.month, p.signs FROM spoke p
                                                   WHERE p.source = n.source AND p.month < m.month AND p.signs IS NOT NULL ORDER BY p.month DESC LIMIT 1) b ON true
                               LEFT JOIN spoke y ON y.source = n.source AND y.month = m.year_before), '[]'::jsonb),
        'themes', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                'theme', t.theme, 'mentions', t.mentions,
                                'sources', (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                                       'source', p.source, 'texts', p.texts, 'mentions', coalesce(k.mentions, 0::bigint),
                                                       'share', coalesce(k.mentions, 0::bigint)::double precision / nullif(p.texts, 0::bigint)::double precision, 'low', i.low, 'high', i.high)
                                                       ORDER BY p.texts DESC, p.source)
                                              FROM spoke p
                                              LEFT JOIN theme k ON k.theme = t.theme AND k.source = p.source
                                             CROSS JOIN LATERAL loyalcs.share_interval(coalesce(k.mentions, 0::bigint), p.texts, m.confidence) i
                                             WHERE p.month = m.month)) ORDER BY t.mentions DESC, t.theme)
                              FROM span m
                             CROSS JOIN most t), '[]'::jsonb))
      FROM span;
END;
COMMENT ON FUNCTION report_sources(date, timestamptz) IS
    'the section sources of voice_report: how much was said where, and how pleased people are there, against the last month in which they said something; and the twelve most mentioned themes by source';

-- (By their scores and not by their words: whoever writes "pleased" is pleased by their words in any case.)
CREATE OR REPLACE FUNCTION report_praise(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH span AS MATERIALIZED (
        SELECT m.*, (m.month - interval '2 months')::date AS first FROM report_span(report_praise.month, report_praise.as_of) m
    ), said AS MATERIALIZED (
        SELECT r.themes, CASE r.source WHEN 'review' THEN r.rating >= 4 ELSE r.rating >= 9 END AS is_high, CASE r.source WHEN 'review' THEN r.rating <= 2 ELSE r.rating <= 6 END AS is_low
          FROM span m
         CROSS JOIN LATERAL voices_read(m.first::timestamp AT TIME ZONE m.time_zone, m.ends, report_praise.as_of) r
         WHERE r.themes IS NOT NULL AND r.rating IS NOT NULL
    ), whole AS MATERIALIZED (
        SELECT count(*) FILTER (WHERE s.is_high) AS high, count(*) FILTER (WHERE s.is_low) AS low FROM said s
    ), theme AS MATERIALIZED (
        SELECT t.theme, t.high, t.low, c.change, c.change_low, c.change_high, c.p_value, c.too_few,
               row_number() OVER (ORDER BY c.p_value, t.theme) AS place
          FROM (SELECT u.theme, count(*) FILTER (WHERE s.is_high) AS high, count(*) FILTER (WHERE s.is_low) AS low
                  FROM said s
                 CROSS JOIN LATERAL pg_catalog.unnest(s.themes) u (theme)
                 WHERE s.is_high OR s.is_low
                 GROUP BY u.theme) t
         CROSS JOIN whole w
         CROSS JOIN LATERAL share_change(t.low, w.low, t.high, w.high) c
    ), together AS MATERIALIZED (
        SELECT holm_adjusted(pg_catalog.array_agg(CASE WHEN NOT t.too_few THEN t.p_value END ORDER BY t.place)) AS p_adjusted FROM theme t
    )
    SELECT pg_catalog.jsonb_build_object(
        'first_month', m.first, 'high', w.high, 'low', w.low,
        'themes', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                'theme', t.theme, 'high', t.high, 'high_share', t.high::double precision / nullif(w.high, 0::bigint)::double precision,
                                'low', t.low, 'low_share', t.low::double precision / nullif(w.low, 0::bigint)::double precision,
                                'difference', t.change, 'difference_low', t.change_low, 'difference_high', t.change_high, 'p_value', t.p_value, 'p_adjusted', g.p_adjusted[t.place::integer],
                                'significant', CASE WHEN t.p_value IS NOT NULL THEN coalesce(g.p_adjusted[t.place::integer] < z.significance, false) END)
                                ORDER BY t.change DESC NULLS LAST, t.high DESC, t.theme)
                              FROM theme t
                             CROSS JOIN together g
                             CROSS JOIN settings z
                             WHERE t.place <= 20::bigint), '[]'::jsonb))
      FROM span m
     CROSS JOIN whole w;
END;
COMMENT ON FUNCTION report_praise(date, timestamptz) IS
    'the section praise of voice_report: of the texts of the month and the two before that have a score, what those of high scores (4 and 5 stars, 9 and 10) speak of more often than those of low ones (1 and 2 stars, 0 to 6), and the other way; the twenty surest themes, all taken together (holm_adjusted()), what is praised first';

CREATE OR REPLACE FUNCTION report_products(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH product AS MATERIALIZED (
        SELECT p.*, row_number() OVER (ORDER BY p.too_few, p.p_value, p.mentions DESC, p.product_id, p.theme) AS place
          FROM report_span(report_products.month, report_products.as_of) m
         CROSS JOIN LATERAL voice_products_at(m.state_as_of) p
    ), together AS MATERIALIZED (
        SELECT holm_adjusted(pg_catalog.array_agg(CASE WHEN NOT p.too_few THEN p.p_value END ORDER BY p.place)) AS p_adjusted, count(*) FILTER (WHERE NOT p.too_few) AS compared FROM product p
    )
    SELECT pg_catalog.jsonb_build_object(
        'compared', g.compared,
        'products', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                  'product_id', p.product_id, 'product_name', p.product_name, 'theme', p.theme, 'texts', p.voices, 'mentions', p.mentions,
                                  'share', p.share, 'low', p.share_low, 'high', p.share_high, 'others_share', p.share_others,
                                  'difference', p.share_difference, 'difference_low', p.share_difference_low, 'difference_high', p.share_difference_high,
                                  'p_value', p.p_value, 'p_adjusted', g.p_adjusted[p.place::integer],
                                  'significant', CASE WHEN p.p_value IS NOT NULL THEN coalesce(g.p_adjusted[p.place::integer] < z.significance, false) END) ORDER BY p.place)
                                FROM product p
                               CROSS JOIN settings z
                               WHERE p.place <= 15::bigint), '[]'::jsonb))
      FROM together g
     WHERE report_month(report_products.month, report_products.as_of) IS NOT NULL;
END;
COMMENT ON FUNCTION report_products(date, timestamptz) IS
    'the section products of voice_report: of which product which theme is spoken of more or less than of the others, within 365 days before state_as_of (see voice_products_at()); the fifteen surest of all that were compared, taken together (holm_adjusted())';

CREATE OR REPLACE FUNCTION report_reasons(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH span AS MATERIALIZED (
        SELECT * FROM report_span(report_reasons.month, report_reasons.as_of)
    ), compared AS (
        SELECT v.month, (v.month + interval '1 month' - interval '1 day')::date AS last_day, v.which
          FROM span m
         CROSS JOIN LATERAL (VALUES (m.month, 'now'), (m.month_before, 'before'), (m.year_before, 'last year')) v (month, which)
    ), ticket AS MATERIALIZED (
        SELECT c.which, t.customer_id, t.ticket_id, coalesce(t.reason, 'unknown') AS reason
          FROM compared c
         CROSS JOIN LATERAL tickets_opened_in(c.month, c.last_day, report_reasons.as_of) t
    ), returned AS MATERIALIZED (
        SELECT c.which, coalesce(r.cause, 'unknown') AS reason
          FROM compared c
         CROSS JOIN LATERAL returns_made_in(c.month, c.last_day, report_reasons.as_of) r
    ), counted AS (
        SELECT x.list, x.reason, count(*) FILTER (WHERE x.which = 'now') AS now, count(*) FILTER (WHERE x.which = 'before') AS before, count(*) FILTER (WHERE x.which = 'last year') AS last_year,
               sum(count(*) FILTER (WHERE x.which = 'now')) OVER w AS all_now, sum(count(*) FILTER (WHERE x.which = 'before')) OVER w AS all_before,
               sum(count(*) FILTER (WHERE x.which = 'last year')) OVER w AS all_last_year
          FROM (SELECT 'tickets' AS list, t.reason, t.which FROM ticket t
                UNION ALL
                SELECT 'returns', r.reason, r.which FROM returned r) x
         GROUP BY x.list, x.reason
        WINDOW w AS (PARTITION BY x.list)
    ), reason AS MATERIALIZED (
        SELECT c.list, c.reason, c.now,
               report_share(CASE c.list WHEN 'tickets' THEN 'reason_share' ELSE 'return_reason_share' END, NULL, c.now, c.all_now::bigint, c.before, c.all_before::bigint, m.month_before,
                            c.last_year, c.all_last_year::bigint, 1) AS share,
               row_number() OVER (PARTITION BY c.list ORDER BY c.now DESC, c.reason) AS place
          FROM span m
         CROSS JOIN counted c
         WHERE c.now > 0::bigint
    ), spoken AS MATERIALIZED (
        -- (what was written into a ticket that is merged now was written into that one)
        SELECT DISTINCT k.customer_id, coalesce(k.merged_into, k.ticket_id) AS ticket_id, u.theme
          FROM span m
         CROSS JOIN LATERAL voices_read(m.starts, 'infinity', report_reasons.as_of) r
          JOIN tickets k ON k.customer_id = r.customer_id AND k.ticket_id = r.text_id
          LEFT JOIN LATERAL pg_catalog.unnest(r.themes) u (theme) ON true
         WHERE r.source = 'ticket' AND r.themes IS NOT NULL
    ), beside AS MATERIALIZED (
        SELECT t.reason, s.theme, count(*) AS tickets
          FROM ticket t
          JOIN spoken s ON s.customer_id = t.customer_id AND s.ticket_id = t.ticket_id
         WHERE t.which = 'now' AND s.theme IS NOT NULL
         GROUP BY t.reason, s.theme
    ), with_words AS MATERIALIZED (
        SELECT t.reason, pg_catalog.count(DISTINCT (t.customer_id, t.ticket_id)) AS tickets
          FROM ticket t
          JOIN spoken s ON s.customer_id = t.customer_id AND s.ticket_id = t.ticket_id
         WHERE t.which = 'now'
         GROUP BY t.reason
    )
    SELECT pg_catalog.jsonb_build_object(
        'tickets', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                 'reason', r.reason, 'tickets', r.now, 'share', r.share, 'with_words', coalesce(w.tickets, 0::bigint),
                                 'themes', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('theme', b.theme, 'tickets', b.tickets,
                                                                                                              'share', b.tickets::double precision / w.tickets::double precision) ORDER BY b.tickets DESC, b.theme)
                                                       FROM (SELECT o.theme, o.tickets FROM beside o WHERE o.reason = r.reason ORDER BY o.tickets DESC, o.theme LIMIT 4) b), '[]'::jsonb)) ORDER BY r.place)
                               FROM reason r
                               LEFT JOIN with_words w ON w.reason = r.reason
                              WHERE r.list = 'tickets' AND r.place <= 10::bigint), '[]'::jsonb),
        'returns', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('reason', r.reason, 'returns', r.now, 'share', r.share) ORDER BY r.place)
                               FROM reason r
                              WHERE r.list = 'returns' AND r.place <= 10::bigint), '[]'::jsonb))
      FROM span;
END;
COMMENT ON FUNCTION report_reasons(date, timestamptz) IS
    'the section reasons of voice_report: what the tickets of the month were about, as the shop has noted it, beside what customers themselves spoke of in them; and why things came back. Ten each';

CREATE OR REPLACE FUNCTION report_words(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH span AS MATERIALIZED (
        SELECT m.*, least(m.state_as_of, timestamptz '9999-12-31 00:00+00') AS until FROM report_span(report_words.month, report_words.as_of) m
    ), word AS MATERIALIZED (
        SELECT w.word, w.mentions, w.customers, w.share, round(w.mentions::numeric / w.share::numeric)::bigint AS texts
          FROM span m
         CROSS JOIN LATERAL voice_unmatched_at(m.until) w
    ), before AS MATERIALIZED (
        SELECT w.word, w.mentions, round(w.mentions::numeric / w.share::numeric)::bigint AS texts
          FROM span m
         CROSS JOIN LATERAL voice_unmatched_at(m.until - interval '90 days') w
    )
    SELECT pg_catalog.jsonb_build_object(
        'until', loyalcs.local_date(least(m.until, timestamptz '9999-12-30 00:00+00'), m.time_zone), 'days', 90,
        'words', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                               'word', w.word, 'mentions', w.mentions, 'customers', w.customers, 'share', w.share, 'previous', w.previous, 'new', w.previous IS NULL,
                               'change', w.change, 'change_low', w.change_low, 'change_high', w.change_high, 'significant', w.significant)
                               ORDER BY w.previous IS NOT NULL, w.change DESC NULLS LAST, w.mentions DESC, w.word)
                             FROM (SELECT n.word, n.mentions, n.customers, n.share, b.mentions AS previous, c.change, c.change_low, c.change_high, c.significant
                                     FROM word n
                                     LEFT JOIN before b ON b.word = n.word
                                    CROSS JOIN LATERAL share_change(b.mentions, b.texts, n.mentions, n.texts) c
                                    ORDER BY b.mentions IS NOT NULL, c.change DESC NULLS LAST, n.mentions DESC, n.word
                                    LIMIT 30) w), '[]'::jsonb))
      FROM span m;
END;
COMMENT ON FUNCTION report_words(date, timestamptz) IS
    'the section words of voice_report: words that no theme catches (see voice_unmatched_at()) of the 90 days before state_as_of, against the 90 days before these: those first that are new (there were fewer than settings.minimum_answers before), then those that rise most; thirty at most. For the levels service and admin, who may read texts';

CREATE OR REPLACE FUNCTION voice_report_at(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE
RETURN report_of('voice_report', '{themes,sources,praise,products,reasons,words,improvements}'::text[], month, as_of);
COMMENT ON FUNCTION voice_report_at(date, timestamptz) IS
    'the report about what customers say in a month, named by any of its days, as of an instant: themes with thirteen months and quotes, where they are said, what is praised, of which products, reasons of tickets and returns beside them, new words, improvements; headlines and all changes that are more than chance. doc/report.md says what stands where, doc/voice_report.schema.json is its schema. A section that is not for the reader to see or that fails is null, and problems says why; an error if the month has not begun by then';

CREATE OR REPLACE FUNCTION voice_report(month date) RETURNS jsonb
    LANGUAGE sql STABLE
RETURN voice_report_at(month, now());
COMMENT ON FUNCTION voice_report(date) IS
    'voice_report_at(month, now())';

CREATE OR REPLACE FUNCTION voice_report_html_at(month date, as_of timestamptz, lang text DEFAULT 'ja') RETURNS text
    LANGUAGE sql STABLE
RETURN loyalcs.report_page(voice_report_at(month, as_of), lang);
COMMENT ON FUNCTION voice_report_html_at(date, timestamptz, text) IS
    'voice_report_at(month, as_of) as one self-contained page of HTML, as monthly_report_html_at() makes one';

CREATE OR REPLACE FUNCTION voice_report_html(month date, lang text DEFAULT 'ja') RETURNS text
    LANGUAGE sql STABLE
RETURN voice_report_html_at(month, now(), lang);
COMMENT ON FUNCTION voice_report_html(date, text) IS
    'voice_report_html_at(month, now(), lang)';
