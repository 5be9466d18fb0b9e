-- shop/voice_figures.sql
--
-- What customers speak of, how that changes, and what goes with a high or a low
-- score.
-- Needs: settings, periods, surveys, products, orders, tickets, voice_matches.
--
-- A period is asked for by itself: periods come from probes of indexes, and only the
-- texts of one that is asked for, and of those that it is compared with, are read.

--@ functions
CREATE OR REPLACE FUNCTION noted_voices() RETURNS text[]
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN ARRAY(SELECT s FROM pg_catalog.unnest(voice_sources()) s WHERE voices_are_noted(s));
COMMENT ON FUNCTION noted_voices() IS
    'the sources of which every change is marked, see voices_are_noted';

-- Of what is kept or marked; of sources whose changes are not, of their tables.
CREATE OR REPLACE FUNCTION next_voice_at(since timestamptz, as_of timestamptz, noted text[]) RETURNS timestamptz
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    next_at timestamptz;
BEGIN
    next_at := least((SELECT min(m.said_at) FROM voice_matches m WHERE m.said_at >= since AND m.said_at <= as_of),
                     (SELECT min(c.said_at) FROM voice_changes c WHERE c.said_at >= since AND c.said_at <= as_of));
    IF pg_catalog.cardinality(noted) = pg_catalog.cardinality(voice_sources()) THEN
        RETURN next_at;
    END IF;
    IF 'survey' <> ALL (noted) THEN
        next_at := least(next_at, (SELECT min(r.responded_at) FROM survey_responses r WHERE r.responded_at >= since AND r.responded_at <= as_of));
    END IF;
    IF 'review' <> ALL (noted) THEN
        next_at := least(next_at, (SELECT min(r.reviewed_at) FROM reviews r WHERE r.reviewed_at >= since AND r.reviewed_at <= as_of));
    END IF;
    IF 'ticket' <> ALL (noted) THEN
        next_at := least(next_at, (SELECT min(e.at) FROM ticket_events e WHERE e.at >= since AND e.at <= as_of));
    END IF;
    IF 'hearing' <> ALL (noted) THEN
        next_at := least(next_at, (SELECT min(h.called_at) FROM hearings h WHERE h.called_at >= since AND h.called_at <= as_of));
    END IF;
    IF 'post' <> ALL (noted) THEN
        next_at := least(next_at, (SELECT min(p.published_at) FROM posts p WHERE p.published_at >= since AND p.published_at <= as_of));
    END IF;
    RETURN next_at;
END
$$;
COMMENT ON FUNCTION next_voice_at(timestamptz, timestamptz, text[]) IS
    'when something was said, or may have been, first after an instant and by as_of, where noted_voices() says of which sources what is kept may be relied on; NULL if nothing was';

CREATE OR REPLACE FUNCTION voice_periods(period text, as_of timestamptz)
RETURNS TABLE (period_start date, last_day date, starts timestamptz, ends timestamptz, three_before timestamptz, start_before date, starts_before timestamptz)
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    zone constant text := (SELECT s.time_zone FROM settings s);
    noted constant text[] := noted_voices();
    until constant timestamptz := least(as_of, timestamptz '294276-01-01 00:00+00');
    length constant interval := period_length(period);
    at timestamptz := next_voice_at(timestamptz '4713-01-01 00:00+00 BC', until, noted);    -- (of a brand's view an instant may be infinite)
BEGIN
    WHILE at IS NOT NULL LOOP
        start_before := period_start;
        starts_before := starts;
        period_start := period_of(at, zone, period, as_of);
        last_day := period_end(period_start, period);
        starts := least(period_start::timestamp AT TIME ZONE zone, at);
        ends := CASE WHEN period_start < date '294000-01-01' THEN (period_start + length) AT TIME ZONE zone ELSE 'infinity' END;
        three_before := CASE WHEN period_start > date '4600-01-01 BC' THEN (period_start - 3::double precision * length) AT TIME ZONE zone ELSE '-infinity' END;
        RETURN NEXT;
        at := next_voice_at(greatest(ends, at + interval '1 microsecond'), until, noted);
    END LOOP;
END
$$;
COMMENT ON FUNCTION voice_periods(text, timestamptz) IS
    'the local periods in which something was said by as_of: the last day of each, when it begins and ends, when three such periods before it began, and when the one before began in which something was said';

CREATE OR REPLACE FUNCTION voice_theme_counts(three_before timestamptz, starts timestamptz, ends timestamptz, as_of timestamptz)
RETURNS TABLE (
    source text,
    theme text,
    voices bigint,
    mentions bigint,
    voices_before bigint,
    mentions_before bigint,
    ratings loyalcs.ratings,
    other_ratings loyalcs.ratings,
    waiting bigint
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH said AS MATERIALIZED (
        SELECT r.source, r.themes, r.rating, r.said_at >= voice_theme_counts.starts AS of_period
          FROM voices_read(voice_theme_counts.three_before, voice_theme_counts.ends, voice_theme_counts.as_of) r
    ), totals AS (
        SELECT s.source,
               count(*) FILTER (WHERE s.of_period AND s.themes IS NOT NULL) AS voices,
               count(*) FILTER (WHERE NOT s.of_period AND s.themes IS NOT NULL) AS voices_before,
               count(*) FILTER (WHERE s.of_period AND s.themes IS NULL) AS waiting,
               loyalcs.ratings_agg(s.rating) FILTER (WHERE s.of_period AND s.themes IS NOT NULL) AS ratings
          FROM said s
         GROUP BY s.source
    ), mentioned AS (
        SELECT s.source, t.theme,
               count(*) FILTER (WHERE s.of_period) AS mentions,
               count(*) FILTER (WHERE NOT s.of_period) AS mentions_before,
               loyalcs.ratings_agg(s.rating) FILTER (WHERE s.of_period) AS ratings
          FROM said s
         CROSS JOIN LATERAL pg_catalog.unnest(s.themes) t (theme)
         GROUP BY s.source, t.theme
    )
    SELECT t.source, m.theme, t.voices, m.mentions, t.voices_before, m.mentions_before, m.ratings,
           CASE WHEN m.ratings IS NULL THEN t.ratings ELSE t.ratings OPERATOR(loyalcs.-) m.ratings END, t.waiting
      FROM totals t
      LEFT JOIN mentioned m ON m.source = t.source
     WHERE t.voices > 0::bigint OR t.waiting > 0::bigint;
END;
COMMENT ON FUNCTION voice_theme_counts(timestamptz, timestamptz, timestamptz, timestamptz) IS
    'for voice_themes: by source and theme, what was said between starts and ends and what was between three_before and starts';

CREATE OR REPLACE FUNCTION voice_themes_per(period text, as_of timestamptz)
RETURNS TABLE (
    theme text,
    period_start date,
    complete boolean,
    source text,
    voices bigint,
    mentions bigint,
    share double precision,
    share_low double precision,
    share_high double precision,
    voices_before bigint,
    share_before double precision,
    share_change double precision,
    share_change_low double precision,
    share_change_high double precision,
    p_value double precision,
    too_few boolean,
    significant boolean,
    mean_rating double precision,
    mean_rating_others double precision,
    rating_difference double precision,
    rating_difference_low double precision,
    rating_difference_high double precision,
    texts_waiting bigint
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT c.theme, m.period_start, period_is_over(m.last_day, voice_themes_per.as_of, s.time_zone), c.source, c.voices, c.mentions,
           c.mentions::double precision / nullif(c.voices, 0::bigint)::double precision, w.low, w.high,
           c.voices_before, c.mentions_before::double precision / nullif(c.voices_before, 0::bigint)::double precision,
           d.change, d.change_low, d.change_high, d.p_value, d.too_few, d.significant,
           loyalcs.mean(c.ratings), loyalcs.mean(c.other_ratings), r.change, r.low, r.high, c.waiting
      FROM voice_periods(voice_themes_per.period, voice_themes_per.as_of) m
     CROSS JOIN settings s
     CROSS JOIN LATERAL voice_theme_counts(m.three_before, m.starts, m.ends, voice_themes_per.as_of) c
     CROSS JOIN LATERAL loyalcs.share_interval(c.mentions, c.voices, 1::double precision - s.significance) w
     CROSS JOIN LATERAL share_change(c.mentions_before, c.voices_before, c.mentions, c.voices) d
     CROSS JOIN LATERAL loyalcs.mean_change(c.other_ratings, c.ratings, CASE c.source WHEN 'review' THEN 1 ELSE 0 END, CASE c.source WHEN 'review' THEN 5 ELSE 10 END,
                                            1::double precision - s.significance) r;
END;
COMMENT ON FUNCTION voice_themes_per(text, timestamptz) IS
    'what is spoken of, by theme, local period and source: texts that mention it, their share of all texts with Wilson''s interval, and whether that share really changed against the three periods before taken together: never if either has fewer texts than settings.minimum_answers. mean_rating is of those who mention it, and rating_difference how much it is above that of the others, with its interval, on the scale of the source (reviews 1 to 5, surveys and hearings 0 to 10). A theme that was mentioned in the three periods before and is not now has a row; a source whose texts mention nothing has one with theme NULL. texts_waiting: texts that are in no figure yet, see voice_matches. By the words that are valid at as_of, whatever the period';

CREATE OR REPLACE FUNCTION sentiment_trend_per(period text, as_of timestamptz)
RETURNS TABLE (
    period_start date,
    complete boolean,
    source text,
    voices bigint,
    pleased bigint,
    neutral bigint,
    displeased bigint,
    sentiment_balance double precision,
    sentiment_balance_low double precision,
    sentiment_balance_high double precision,
    compared_period date,
    sentiment_balance_change double precision,
    sentiment_balance_change_low double precision,
    sentiment_balance_change_high double precision,
    p_value double precision,
    too_few boolean,
    significant boolean,
    improved boolean,
    texts_waiting bigint
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.period_start, period_is_over(m.last_day, sentiment_trend_per.as_of, s.time_zone), n.source, n.voices,
           coalesce(n.pleased, 0::bigint), coalesce(n.neutral, 0::bigint), coalesce(n.displeased, 0::bigint),
           loyalcs.mean(n.signs) - 1::double precision, i.low - 1::double precision, i.high - 1::double precision,
           CASE WHEN n.signs_before IS NOT NULL THEN m.start_before END, d.change, d.low, d.high, d.p_value,
           f.too_few, CASE WHEN d.p_value IS NOT NULL THEN d.p_value < s.significance AND NOT f.too_few END,
           CASE WHEN d.p_value < s.significance AND NOT f.too_few THEN d.change > 0::double precision END,
           n.waiting
      FROM voice_periods(sentiment_trend_per.period, sentiment_trend_per.as_of) m
     CROSS JOIN settings s
     CROSS JOIN LATERAL (
               SELECT r.source,
                      count(*) FILTER (WHERE r.of_period AND r.themes IS NOT NULL) AS voices,
                      count(*) FILTER (WHERE r.of_period AND r.themes IS NULL) AS waiting,
                      count(*) FILTER (WHERE r.of_period AND r.sentiment > 0::double precision) AS pleased,
                      count(*) FILTER (WHERE r.of_period AND r.sentiment = 0::double precision) AS neutral,
                      count(*) FILTER (WHERE r.of_period AND r.sentiment < 0::double precision) AS displeased,
                      loyalcs.ratings_agg(r.sign) FILTER (WHERE r.of_period) AS signs,
                      loyalcs.ratings_agg(r.sign) FILTER (WHERE NOT r.of_period) AS signs_before
                 -- (from the period before on nothing was said but in these two)
                 FROM (SELECT v.source, v.themes, v.sentiment, v.said_at >= m.starts AS of_period, (sign(v.sentiment) + 1::double precision)::integer AS sign
                         FROM voices_read(coalesce(m.starts_before, m.starts), m.ends, sentiment_trend_per.as_of) v) r
                GROUP BY r.source
               HAVING bool_or(r.of_period)) n
     CROSS JOIN LATERAL loyalcs.mean_interval(n.signs, 0, 2, 1::double precision - s.significance) i
     CROSS JOIN LATERAL loyalcs.mean_change(n.signs_before, n.signs, 0, 2, 1::double precision - s.significance) d
     CROSS JOIN LATERAL (SELECT least(coalesce(loyalcs.responses(n.signs), 0::bigint), loyalcs.responses(n.signs_before)) < s.minimum_answers::bigint) f (too_few);
END;
COMMENT ON FUNCTION sentiment_trend_per(text, timestamptz) IS
    'how pleased customers are by their words, by local period and source: texts of more good words than bad ones, of as many, and of more bad ones (texts without either count in voices alone), and the balance (pleased - displeased) / (pleased + neutral + displeased), -1 to 1, with its interval and with its change against compared_period, the last period before in which something was said: significant never if either has fewer texts with a sentiment than settings.minimum_answers. By the words that are valid at as_of';

CREATE OR REPLACE FUNCTION voice_products_at(as_of timestamptz)
RETURNS TABLE (
    product_id text,
    product_name text,
    theme text,
    voices bigint,
    mentions bigint,
    share double precision,
    share_low double precision,
    share_high double precision,
    share_others double precision,
    share_difference double precision,
    share_difference_low double precision,
    share_difference_high double precision,
    p_value double precision,
    too_few boolean,
    significant boolean
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH said AS MATERIALIZED (
        SELECT r.source, r.customer_id, r.text_id, r.product_id, r.themes
          FROM voices_read(least(voice_products_at.as_of, timestamptz '9999-12-31 00:00+00') - interval '365 days', 'infinity', voice_products_at.as_of) r
         WHERE r.themes IS NOT NULL
    ), about AS (
        SELECT s.product_id, s.themes FROM said s WHERE s.product_id IS NOT NULL
        UNION ALL
        SELECT i.product_id, s.themes
          FROM said s
          JOIN survey_responses r ON r.customer_id = s.customer_id AND r.response_id = s.text_id
         CROSS JOIN LATERAL (SELECT DISTINCT l.product_id FROM order_items l WHERE l.customer_id = r.customer_id AND l.order_id = r.order_id) i
         WHERE s.source = 'survey'
        UNION ALL
        SELECT i.product_id, s.themes
          FROM said s
          JOIN tickets t ON t.customer_id = s.customer_id AND t.ticket_id = s.text_id
         CROSS JOIN LATERAL (SELECT DISTINCT l.product_id FROM order_items l WHERE l.customer_id = t.customer_id AND l.order_id = t.order_id) i
         WHERE s.source = 'ticket'
    ), totals AS (
        SELECT a.product_id, count(*) AS voices, sum(count(*)) OVER ()::bigint AS all_voices
          FROM about a
         GROUP BY a.product_id
    ), mentioned AS (
        SELECT a.product_id, t.theme, count(*) AS mentions, sum(count(*)) OVER (PARTITION BY t.theme)::bigint AS all_mentions
          FROM about a
         CROSS JOIN LATERAL pg_catalog.unnest(a.themes) t (theme)
         GROUP BY a.product_id, t.theme
    )
    SELECT m.product_id, p.name, m.theme, t.voices, m.mentions,
           m.mentions::double precision / t.voices::double precision, w.low, w.high,
           (m.all_mentions - m.mentions)::double precision / nullif(t.all_voices - t.voices, 0::bigint)::double precision,
           d.change, d.change_low, d.change_high, d.p_value, d.too_few, d.significant
      FROM mentioned m
      JOIN totals t ON t.product_id = m.product_id
     CROSS JOIN settings s
      LEFT JOIN products p ON p.product_id = m.product_id
     CROSS JOIN LATERAL loyalcs.share_interval(m.mentions, t.voices, 1::double precision - s.significance) w
     CROSS JOIN LATERAL share_change(m.all_mentions - m.mentions, t.all_voices - t.voices, m.mentions, t.voices) d;
END;
COMMENT ON FUNCTION voice_products_at(timestamptz) IS
    'what was said of which product within 365 days before as_of: texts about it, those that mention the theme, their share with Wilson''s interval, and how much that differs from the share among the texts about all other products: significant never if either are fewer than settings.minimum_answers. A review and a post are about their product; a comment of a survey and a ticket''s messages about all products of their order';

CREATE OR REPLACE FUNCTION voice_samples_at(as_of timestamptz)
RETURNS TABLE (
    theme text,
    source text,
    customer_id @key_type@,
    product_id text,
    said_at timestamptz,
    rating smallint,
    sentiment double precision,
    quote text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH lexicons AS MATERIALIZED (
        SELECT l.product_id, l.digest FROM read_lexicons(voice_samples_at.as_of) l
    )
    SELECT t.theme, m.source, m.customer_id, m.product_id, m.said_at, m.rating, m.sentiment, t.quote
      FROM voice_matches m
     CROSS JOIN (SELECT l.digest FROM lexicons l WHERE l.product_id IS NULL) g
      LEFT JOIN lexicons p ON p.product_id = m.product_id
     CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(m.themes), pg_catalog.unnest(m.quotes)) t (theme, quote)
     WHERE m.quotes IS NOT NULL AND m.said_at <= voice_samples_at.as_of
       AND m.source = ANY ((SELECT noted_voices())::text[])
       AND m.lexicon_digest = coalesce(p.digest, g.digest)
       AND NOT EXISTS (SELECT FROM voice_changes c
                        WHERE c.source = m.source AND c.text_id = m.text_id AND c.customer_id IS NOT DISTINCT FROM m.customer_id
                          AND voice_customer(c.customer_id) = voice_customer(m.customer_id));
END;
COMMENT ON FUNCTION voice_samples_at(timestamptz) IS
    'quotes for each theme: what stands around the first word that speaks of it, without addresses and long numbers. The only view in which the level report sees what customers wrote: it is empty unless settings.keeps_quotes, which match_voices() then fills; and it shows nothing of a text that has changed, or that was matched with other words';

-- (Words that no text is about.)
CREATE OR REPLACE FUNCTION is_common_word(word text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN word = ANY ('{about,after,again,all,also,and,any,are,been,before,both,but,can,could,did,does,doing,don''t,even,ever,every,for,from,get,got,had,has,have,having,her,here,his,how,i''m,i''ve,into,it''s,its,just,like,made,make,many,more,most,much,not,now,off,one,only,other,our,out,over,really,she,should,since,some,still,such,than,that,the,their,them,then,there,these,they,this,those,too,two,until,very,was,well,were,what,when,where,which,while,who,why,will,with,would,you,your}'::text[]);
COMMENT ON FUNCTION is_common_word(text) IS
    'whether an English word is one of grammar, of which no text is about';

CREATE OR REPLACE FUNCTION voice_unmatched_at(as_of timestamptz)
RETURNS TABLE (word text, mentions bigint, customers bigint, share double precision, last_said_at timestamptz)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH lexicons AS MATERIALIZED (
        SELECT l.product_id, l.lexicon FROM read_lexicons(voice_unmatched_at.as_of) l
    ), said AS MATERIALIZED (
        SELECT v.customer_id, v.said_at, loyalcs.unmatched_words(v.body, coalesce(p.lexicon, g.lexicon)) AS words
          FROM voices_all_at(voice_unmatched_at.as_of) v
         CROSS JOIN (SELECT l.lexicon FROM lexicons l WHERE l.product_id IS NULL) g
          LEFT JOIN lexicons p ON p.product_id = v.product_id
         WHERE v.said_at > least(voice_unmatched_at.as_of, timestamptz '9999-12-31 00:00+00') - interval '90 days'
    )
    SELECT w.word, count(*), pg_catalog.count(DISTINCT s.customer_id),
           count(*)::double precision / (SELECT count(*) FROM said)::double precision, max(s.said_at)
      FROM said s
     CROSS JOIN LATERAL pg_catalog.unnest(s.words) w (word)
     WHERE NOT is_common_word(w.word)
     GROUP BY w.word
    HAVING count(*) >= (SELECT t.minimum_answers FROM settings t)::bigint
     ORDER BY 2 DESC, 1;
END;
COMMENT ON FUNCTION voice_unmatched_at(timestamptz) IS
    'words that no theme catches, candidates for new ones, that stand in at least settings.minimum_answers texts of the 90 days before as_of, most frequent first: runs of two or more kanji or katakana, and words of three or more letters that are not of grammar; see loyalcs.unmatched_words. For the levels service and admin, who may read texts';

CREATE OR REPLACE FUNCTION nps_drivers_at(as_of timestamptz)
RETURNS TABLE (
    survey text,
    question text,
    quarter date,
    complete boolean,
    driver_kind text,
    driver text,
    respondents bigint,
    mentions bigint,
    promoters bigint,
    promoter_share double precision,
    detractors bigint,
    detractor_share double precision,
    share_difference double precision,
    share_difference_low double precision,
    share_difference_high double precision,
    p_value double precision,
    too_few boolean,
    significant boolean,
    nps double precision,
    nps_with double precision,
    nps_without double precision,
    nps_effect double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH asked AS (
        SELECT DISTINCT ON (q.survey) q.survey, q.question
          FROM survey_questions q
         WHERE q.kind = 'nps'
         ORDER BY q.survey, q."position", q.question
    ), scored AS MATERIALIZED (
        SELECT a.survey, a.question, a.customer_id, a.response_id, a.score,
               loyalcs.local_quarter(r.responded_at, (SELECT s.time_zone FROM settings s)) AS quarter
          FROM asked q
          JOIN survey_answers a ON a.survey = q.survey AND a.question = q.question
          JOIN survey_responses r ON r.customer_id = a.customer_id AND r.response_id = a.response_id
         WHERE a.score IS NOT NULL AND r.responded_at <= nps_drivers_at.as_of
    ), said AS MATERIALIZED (
        SELECT r.customer_id, r.text_id AS response_id,
               coalesce(pg_catalog.array_agg(DISTINCT t.theme) FILTER (WHERE t.theme IS NOT NULL), '{}') AS themes
          FROM voices_read('-infinity', 'infinity', nps_drivers_at.as_of) r
          LEFT JOIN LATERAL pg_catalog.unnest(r.themes) t (theme) ON true
         WHERE r.source = 'survey' AND r.themes IS NOT NULL
         GROUP BY r.customer_id, r.text_id
    ), drivers AS (
        -- Of whom each could have been said: of those who wrote something, and of those who answered the question.
        -- (Sorted together, not joined: nobody knows beforehand how many texts there are, and each score went
        -- through all of them.)
        SELECT b.survey, b.quarter, 'theme' AS kind, NULL::text AS asked, b.customer_id, b.response_id, b.score, b.themes AS said
          FROM (SELECT u.survey, u.quarter, u.customer_id, u.response_id, u.score,
                       pg_catalog.max(u.themes) OVER (PARTITION BY u.customer_id, u.response_id) AS themes
                  FROM (SELECT s.survey, s.quarter, s.customer_id, s.response_id, s.score, NULL::text[] AS themes
                          FROM scored s
                        UNION ALL
                        SELECT NULL, NULL, d.customer_id, d.response_id, NULL, d.themes
                          FROM said d) u) b
         WHERE b.survey IS NOT NULL AND b.themes IS NOT NULL
        UNION ALL
        SELECT s.survey, s.quarter, 'choice', a.question, s.customer_id, s.response_id, s.score, ARRAY[a.choice]
          FROM scored s
          JOIN survey_answers a ON a.customer_id = s.customer_id AND a.response_id = s.response_id AND a.choice IS NOT NULL
        UNION ALL
        SELECT s.survey, s.quarter, 'low score', a.question, s.customer_id, s.response_id, s.score,
               CASE WHEN CASE WHEN q.higher_is_better THEN 2 * a.score::integer < (q.scale_low + q.scale_high)::integer
                              ELSE 2 * a.score::integer > (q.scale_low + q.scale_high)::integer END THEN ARRAY[a.question] END
          FROM scored s
          JOIN survey_answers a ON a.customer_id = s.customer_id AND a.response_id = s.response_id AND a.score IS NOT NULL
          JOIN survey_questions q ON q.survey = a.survey AND q.question = a.question AND q.kind IN ('csat', 'ces')
    ), bases AS (
        SELECT d.survey, d.quarter, d.kind, d.asked, loyalcs.ratings_agg(d.score) AS ratings
          FROM drivers d
         GROUP BY d.survey, d.quarter, d.kind, d.asked
    ), found AS (
        SELECT d.survey, d.quarter, d.kind, d.asked, t.driver, loyalcs.ratings_agg(d.score) AS ratings
          FROM drivers d
         CROSS JOIN LATERAL pg_catalog.unnest(d.said) t (driver)
         GROUP BY d.survey, d.quarter, d.kind, d.asked, t.driver
    )
    SELECT f.survey, q.question, f.quarter,
           CASE WHEN f.quarter < date '294276-10-01' THEN ((f.quarter + interval '3 months') AT TIME ZONE s.time_zone) <= nps_drivers_at.as_of ELSE false END,
           f.kind, CASE f.kind WHEN 'choice' THEN f.asked || ': ' || f.driver ELSE f.driver END,
           loyalcs.responses(b.ratings), loyalcs.responses(f.ratings),
           loyalcs.promoters(b.ratings), loyalcs.promoters(f.ratings)::double precision / nullif(loyalcs.promoters(b.ratings), 0::bigint)::double precision,
           loyalcs.detractors(b.ratings), loyalcs.detractors(f.ratings)::double precision / nullif(loyalcs.detractors(b.ratings), 0::bigint)::double precision,
           d.change, d.change_low, d.change_high, d.p_value, d.too_few, d.significant,
           loyalcs.nps(b.ratings), loyalcs.nps(f.ratings), loyalcs.nps(o.ratings), loyalcs.nps(o.ratings) - loyalcs.nps(b.ratings)
      FROM found f
      JOIN bases b ON b.survey = f.survey AND b.quarter = f.quarter AND b.kind = f.kind AND b.asked IS NOT DISTINCT FROM f.asked
      JOIN asked q ON q.survey = f.survey
     CROSS JOIN settings s
     CROSS JOIN LATERAL share_change(loyalcs.detractors(f.ratings), loyalcs.detractors(b.ratings), loyalcs.promoters(f.ratings), loyalcs.promoters(b.ratings)) d
     CROSS JOIN LATERAL (SELECT b.ratings OPERATOR(loyalcs.-) f.ratings) o (ratings);
END;
COMMENT ON FUNCTION nps_drivers_at(timestamptz) IS
    'what goes with a high or a low NPS, by survey and local quarter: a theme of the comments, a choice that was made, or a low score (on the worse half of its scale) of another question. Of those who could have said it (who wrote a comment, or answered the question): the share of promoters and of detractors who did, the difference (above 0: promoters say it more often) with its interval, significant never if promoters or detractors are fewer than settings.minimum_answers; and the NPS of those who said it, of those who did not, and nps_effect, by how much the NPS would change if all answered like those who did not. It goes together: that one makes the other is for the shop to find out';
