-- The sections of a report against the views that they are of: the same figures, by
-- other ways, for several months of the demo's shop.
-- test: setup filled

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
\set schemas :srcdir '/test/json_schema.sql'
\i :schemas
\set file :srcdir '/doc/monthly_report.schema.json'
\set schema `cat :'file'`
-- What filling it said.
\set said `cat "$LOYALCS_CHECK/filled/said"`
\echo :said
\set QUIET off
SET client_min_messages = warning;
SET search_path = aurora;
\set now '''2026-11-01 00:00+09'''

-- Two numbers are the same to fourteen digits.
CREATE FUNCTION pg_temp.same(a jsonb, b numeric) RETURNS boolean LANGUAGE sql
RETURN CASE WHEN jsonb_typeof(a) = 'number' THEN coalesce(abs((a #>> '{}')::numeric - b) <= 1e-12 * greatest(abs(b), 1), false)
            ELSE b IS NULL END;
CREATE FUNCTION pg_temp.same(a jsonb, b float8) RETURNS boolean LANGUAGE sql RETURN pg_temp.same(a, b::numeric);
CREATE FUNCTION pg_temp.same(a jsonb, b bigint) RETURNS boolean LANGUAGE sql RETURN pg_temp.same(a, b::numeric);

CREATE TEMP TABLE r AS
SELECT m.month, report_satisfaction(m.month, :now) AS satisfaction, report_purchases(m.month, :now) AS purchases, report_support(m.month, :now) AS support,
       report_voice(m.month, :now) AS voice, report_reviews(m.month, :now) AS reviews, report_returns(m.month, :now) AS returns,
       report_delivery(m.month, :now) AS delivery, report_loyalty(m.month, :now) AS loyalty, report_followups(m.month, :now) AS followups, report_kpis(m.month, :now) AS kpis
  FROM (VALUES (date '2025-11-01'), ('2026-05-01'), ('2026-10-01')) m (month);
-- Each can be asked for by any day, and the parts of one are the one's.
SELECT count(*) FILTER (WHERE report_sales(month + 14, :now) = purchases -> 'sales') AS sales, count(*) FILTER (WHERE report_customers(month + 14, :now) = purchases -> 'customers') AS customers FROM r;

SELECT r.month, pg_temp.findings(:'schema', m) AS is_not_as_the_schema_says FROM r, LATERAL monthly_report_at(r.month, :now) m;

-- Answers: the month, the twelve before, and the change.
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(t -> 'value', v.score) AND pg_temp.same(t -> 'low', v.score_low) AND pg_temp.same(t -> 'high', v.score_high)
                                                      AND pg_temp.same(t -> 'cases', coalesce(v.responses, 0)))) AS wrong
  FROM r CROSS JOIN jsonb_array_elements(satisfaction -> 'scores') s CROSS JOIN jsonb_array_elements(s -> 'trend') t
  LEFT JOIN satisfaction_at(:now) v ON v.month = (t ->> 'month')::date AND v.kind = s ->> 'kind' AND v.scale = format('%s to %s', s ->> 'scale_low', s ->> 'scale_high')
        AND v.higher_is_better = (s ->> 'higher_is_better')::boolean;
SELECT count(*) AS compared,
       count(*) FILTER (WHERE NOT (pg_temp.same(s #> '{score,value}', v.score) AND pg_temp.same(s #> '{score,previous}', b.score) AND pg_temp.same(s #> '{score,change}', v.score - b.score)
                               AND (SELECT sum((d ->> 'answers')::bigint) FROM jsonb_array_elements(s -> 'distribution') d) = v.responses
                               AND (s ->> 'kind' <> 'nps' OR (s ->> 'promoters')::int + (s ->> 'passives')::int + (s ->> 'detractors')::int = v.responses)
                               AND (s #> '{score,significant}' = 'false' OR (s #>> '{score,p_value}')::float8 < 0.05))) AS wrong
  FROM r CROSS JOIN jsonb_array_elements(satisfaction -> 'scores') s
  JOIN satisfaction_at(:now) v ON v.month = r.month AND v.kind = s ->> 'kind' AND v.scale = format('%s to %s', s ->> 'scale_low', s ->> 'scale_high')
  JOIN satisfaction_at(:now) b ON b.month = (r.month - interval '1 month')::date AND b.kind = s ->> 'kind' AND b.scale = v.scale;

-- By parts, by plain SQL, and what each was in the month that it is compared with.
CREATE FUNCTION pg_temp.plain_nps(score bigint[]) RETURNS numeric LANGUAGE sql AS $$ SELECT 100.0 * (count(*) FILTER (WHERE s >= 9) - count(*) FILTER (WHERE s <= 6)) / count(*) FROM unnest(score) s $$;
CREATE TEMP TABLE parts AS
SELECT r.month, b ->> 'breakdown' AS breakdown, b ->> 'kind' AS kind, p ->> 'part' AS part, p -> 'score' AS score, p -> 'difference' AS difference FROM r, jsonb_array_elements(report_breakdowns(r.month, :now)) b, jsonb_array_elements(b -> 'parts') p;
CREATE TEMP TABLE given AS
SELECT v.customer_id, v.response_id, v.order_id, v.survey, v.channel, v.responded_at, date_trunc('month', v.responded_at AT TIME ZONE 'Asia/Tokyo')::date AS month, a.score::bigint
  FROM survey_responses v JOIN survey_answers a USING (customer_id, response_id) JOIN survey_questions q ON q.survey = a.survey AND q.question = a.question AND q.kind = 'nps' WHERE a.score IS NOT NULL AND v.responded_at <= :now;
CREATE TEMP TABLE plain AS
SELECT 'channel' AS breakdown, g.month, coalesce(g.channel, 'unknown') AS part, pg_temp.plain_nps(array_agg(g.score)) AS nps, count(*) AS answers FROM given g GROUP BY 2, 3
UNION ALL
SELECT 'survey', g.month, g.survey, pg_temp.plain_nps(array_agg(g.score)), count(*) FROM given g GROUP BY 2, 3
UNION ALL
SELECT 'tier', g.month, coalesce(h.tier, 'none'), pg_temp.plain_nps(array_agg(g.score)), count(*)
  FROM given g LEFT JOIN tier_history h ON h.customer_id = g.customer_id AND g.responded_at >= h.valid_from AND g.responded_at < coalesce(h.valid_until, 'infinity') GROUP BY 2, 3
UNION ALL
SELECT 'product', g.month, i.product_id, pg_temp.plain_nps(array_agg(g.score)), count(*)
  FROM given g JOIN (SELECT DISTINCT customer_id, order_id, product_id FROM order_items) i USING (customer_id, order_id) GROUP BY 2, 3
UNION ALL
SELECT 'rfm_segment', g.month, coalesce(s.segment, 'no order before'), pg_temp.plain_nps(array_agg(g.score)), count(*)
  FROM (SELECT month FROM r UNION SELECT (month - interval '1 month')::date FROM r) m
  JOIN given g ON g.month = m.month
  LEFT JOIN LATERAL rfm_at(m.month::timestamp AT TIME ZONE 'Asia/Tokyo' - interval '1 microsecond') s ON s.customer_id = g.customer_id GROUP BY 2, 3;
SELECT p.breakdown, count(*) AS compared, count(b.nps) AS before, count(*) FILTER (WHERE NOT (pg_temp.same(p.score -> 'value', x.nps) AND pg_temp.same(p.score -> 'cases', x.answers) AND pg_temp.same(p.score -> 'previous', b.nps))) AS wrong
  FROM parts p
  JOIN plain x ON x.breakdown = p.breakdown AND x.month = p.month AND x.part = p.part
  LEFT JOIN plain b ON b.breakdown = p.breakdown AND b.month = (p.score ->> 'previous_month')::date AND b.part = p.part
 WHERE p.kind = 'nps' GROUP BY p.breakdown ORDER BY 1;
-- A part against all others: what the month has, less the part.
SELECT count(*) AS compared, count(*) FILTER (WHERE abs((p.difference ->> 'value')::numeric - ((p.score ->> 'value')::numeric - (w.n * w.nps - (p.score ->> 'cases')::numeric * (p.score ->> 'value')::numeric) / (w.n - (p.score ->> 'cases')::numeric))) > 1e-9
                                                   OR (p.difference ->> 'p_adjusted')::float8 < (p.difference ->> 'p_value')::float8) AS wrong
  FROM parts p JOIN (SELECT month, count(*)::numeric AS n, pg_temp.plain_nps(array_agg(score)) AS nps FROM given GROUP BY month) w ON w.month = p.month
 WHERE p.kind = 'nps' AND p.difference ->> 'value' IS NOT NULL;
-- Who was asked, and who complained, as the views have it.
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(s -> 'sent', v.sent) AND pg_temp.same(s #> '{response_rate,value}', v.response_rate))) AS wrong
  FROM r, jsonb_array_elements(report_invitations(r.month, :now) -> 'surveys') s, LATERAL (SELECT DISTINCT sent, response_rate FROM survey_scores_by('everyone', :now) v WHERE v.survey = s ->> 'survey' AND v.month = r.month) v;
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(t -> 'value', v.satisfied_share) AND pg_temp.same(t -> 'low', v.satisfied_share_low) AND pg_temp.same(t -> 'cases', coalesce(v.responses, 0)))) AS wrong
  FROM r CROSS JOIN jsonb_array_elements(report_complaints(r.month, :now) -> 'trend') t LEFT JOIN complaint_recovery_at(:now) v ON v.month = (t ->> 'month')::date;
-- (each of the two once, not once for each row of the other)
WITH q AS MATERIALIZED (SELECT r.month, report_drivers(r.month, :now) AS drivers FROM r WHERE r.month = '2026-05-01'),
     v AS MATERIALIZED (SELECT v.* FROM q, nps_drivers_at((q.month + interval '1 month') AT TIME ZONE 'Asia/Tokyo' - interval '1 microsecond') v)
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(d -> 'difference', v.share_difference) AND pg_temp.same(d -> 'p_value', v.p_value) AND pg_temp.same(d -> 'nps_effect', v.nps_effect))) AS wrong
  FROM q, jsonb_array_elements(drivers -> 'surveys') s, jsonb_array_elements(s -> 'drivers') d, v
 WHERE v.survey = s ->> 'survey' AND v.quarter = (drivers ->> 'quarter')::date AND v.driver_kind = d ->> 'kind' AND v.driver = d ->> 'driver';

-- Reasons as support and returns have them, and sources as sentiment_trend.
SELECT count(*) AS compared, count(*) FILTER (WHERE t -> 'share' <> s -> 'share') AS wrong
  FROM r, LATERAL report_reasons(r.month, :now) q, LATERAL (SELECT t, s FROM jsonb_array_elements(q -> 'tickets') t JOIN jsonb_array_elements(support -> 'reasons') s ON s ->> 'reason' = t ->> 'reason'
                                                            UNION ALL SELECT t, s FROM jsonb_array_elements(q -> 'returns') t JOIN jsonb_array_elements(returns -> 'reasons') s ON s ->> 'reason' = t ->> 'reason') v (t, s);
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(s -> 'texts', v.voices) AND pg_temp.same(s #> '{sentiment,value}', v.sentiment_balance) AND pg_temp.same(s #> '{sentiment,low}', v.sentiment_balance_low))) AS wrong
  FROM r CROSS JOIN jsonb_array_elements(report_sources(r.month, :now) -> 'sources') s JOIN sentiment_trend_at(:now) v ON v.month = r.month AND v.source = s ->> 'source';

-- What was bought.
SELECT count(*) AS compared,
       count(*) FILTER (WHERE NOT (pg_temp.same(t -> 'orders', coalesce(x.orders, 0)) AND pg_temp.same(t -> 'amount', coalesce(x.revenue, 0)) AND pg_temp.same(t -> 'new_amount', coalesce(x.new_revenue, 0))
                               AND pg_temp.same(t -> 'repeat_amount', coalesce(x.repeat_revenue, 0)) AND pg_temp.same(t -> 'buyers', coalesce(y.buyers, 0)) AND pg_temp.same(t -> 'new_buyers', coalesce(y.new_buyers, 0))
                               AND pg_temp.same(t -> 'repeat_buyers', coalesce(y.repeat_buyers, 0)) AND pg_temp.same(t -> 'repeat_rate', y.repeat_rate))) AS wrong
  FROM r, jsonb_array_elements(purchases #> '{sales,trend}') t
  LEFT JOIN revenue_mix_at(:now) x ON x.month = (t ->> 'month')::date
  LEFT JOIN repeat_rate_at(:now) y ON y.month = (t ->> 'month')::date;
SELECT count(*) AS compared, count(*) FILTER (WHERE f ->> 'value' IS DISTINCT FROM t ->> name OR f ->> 'previous' IS DISTINCT FROM b ->> name OR f ->> 'last_year' IS DISTINCT FROM y ->> name) AS wrong
  FROM r, jsonb_each(purchases #> '{sales,figures}') e (name, f), jsonb_array_elements(purchases #> '{sales,trend}') t, jsonb_array_elements(purchases #> '{sales,trend}') b, jsonb_array_elements(purchases #> '{sales,trend}') y
 WHERE name <> 'average_order' AND (t ->> 'month')::date = r.month AND (b ->> 'month')::date = r.month - interval '1 month' AND (y ->> 'month')::date = r.month - interval '1 year';

-- Customers: cohorts of twelve months, in whatever month; and, at the end of the last, all the rest.
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(c -> 'customers', v.cohort_size) AND pg_temp.same(k -> 'active', v.active_customers) AND pg_temp.same(k -> 'share', v.active_share) AND (k ->> 'complete')::boolean = v.complete)) AS wrong
  FROM r CROSS JOIN jsonb_array_elements(purchases #> '{customers,cohorts}') c CROSS JOIN jsonb_array_elements(c -> 'months') k
  LEFT JOIN retention_cohorts_at(:now) v ON v.cohort = (c ->> 'cohort')::date AND v.months_later = (k ->> 'months_later')::int;
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(l -> 'customers', v.customers) AND pg_temp.same(l -> 'reached_share', v.reached_share) AND pg_temp.same(l -> 'step_share', v.step_share)
                                                      AND pg_temp.same(l -> 'median_wait_days', v.median_wait_days) AND pg_temp.same(l -> 'average_order', v.average_order))) AS wrong
  FROM r, jsonb_array_elements(purchases #> '{customers,ladder}') l, order_ladder_at('2026-10-31 23:59:59.999999+09') v
 WHERE r.month = '2026-10-01' AND v.order_number = (l ->> 'order_number')::int;
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(g -> 'customers', v.customers) AND pg_temp.same(g -> 'amount', v.revenue) AND pg_temp.same(g -> 'share', v.customer_share) AND pg_temp.same(g -> 'amount_share', v.revenue_share))) AS wrong
  FROM r CROSS JOIN jsonb_array_elements(purchases #> '{customers,rfm,segments}') g
  FULL JOIN rfm_segments_at('2026-10-31 23:59:59.999999+09') v ON v.segment = g ->> 'segment'
 WHERE r.month = '2026-10-01' OR r.month IS NULL;
SELECT count(*) AS compared, count(*) FILTER (WHERE abs((p ->> 'amount_share')::float8 - v.revenue_share) > 1e-9 OR abs((purchases #>> '{customers,pareto,gini}')::float8 - v.gini) > 1e-9) AS wrong
  FROM r, jsonb_array_elements(purchases #> '{customers,pareto,curve}') p, top_customers_share_at('2026-10-31 23:59:59.999999+09') v
 WHERE r.month = '2026-10-01' AND abs(v.top_share - (p ->> 'customer_share')::float8) < 1e-9;
SELECT count(*) AS compared, count(*) FILTER (WHERE (SELECT sum((c ->> 'customers')::bigint) FROM jsonb_array_elements(purchases #> '{customers,rfm,cells}') c) <> (purchases #>> '{customers,customers}')::bigint
                                                 OR purchases #> '{customers,pareto,curve,0,amount_share}' <> '0' OR (purchases #>> '{customers,pareto,curve,20,amount_share}')::float8 <> 1) AS wrong
  FROM r;

-- (The month before, by what is known now: who had bought by then.)
SELECT count(*) AS compared, count(*) FILTER (WHERE (SELECT sum((g ->> 'previous')::bigint) FROM jsonb_array_elements(purchases #> '{customers,rfm,segments}') g)
                                                    <> (SELECT count(DISTINCT o.customer_id) FROM counted_orders_at(:now) o WHERE o.ordered_at < r.month::timestamp AT TIME ZONE 'Asia/Tokyo')) AS wrong
  FROM r;

-- Support.
SELECT count(*) AS compared,
       count(*) FILTER (WHERE NOT (pg_temp.same(support #> '{figures,tickets,value}', v.tickets) AND pg_temp.same(support #> '{figures,contacts,value}', v.contacts) AND pg_temp.same(support #> '{figures,contact_cost,value}', v.cost)
                               AND pg_temp.same(support #> '{figures,resolved_share,value}', v.resolved::float8 / v.tickets))) AS wrong
  FROM r, LATERAL (SELECT sum(c.tickets)::bigint AS tickets, sum(c.contacts)::bigint AS contacts, sum(c.cost) AS cost, sum(c.resolved)::bigint AS resolved FROM channel_summary_at(:now) c WHERE c.month = r.month) v;
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(c -> 'tickets', v.tickets) AND pg_temp.same(c #> '{share,value}', v.ticket_share) AND pg_temp.same(c #> '{share,low}', v.ticket_share_low) AND pg_temp.same(c -> 'cost', v.cost))) AS wrong
  FROM r, jsonb_array_elements(support -> 'channels') c LEFT JOIN channel_summary_at(:now) v ON v.channel = c ->> 'channel' WHERE v.month = r.month;
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(c -> 'tickets', v.tickets) AND pg_temp.same(c #> '{share,value}', v.ticket_share) AND pg_temp.same(c #> '{share,change}', v.change)
                                                      AND pg_temp.same(c #> '{share,change_low}', v.change_low) AND pg_temp.same(c #> '{share,p_value}', v.p_value) AND (c #>> '{share,significant}')::boolean IS NOT DISTINCT FROM v.significant)) AS wrong
  FROM r, jsonb_array_elements(support -> 'reasons') c LEFT JOIN ticket_reasons_at(:now) v ON v.reason = c ->> 'reason' WHERE v.month = r.month;
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(support #> '{figures,repeat_contact_share,value}', v.share) AND pg_temp.same(support #> '{figures,complaint_share,value}', w.share))) AS wrong
  FROM r, LATERAL (SELECT sum(t.repeats)::float8 / nullif(sum(CASE WHEN t.repeat_contact_share > 0 THEN round(t.repeats / t.repeat_contact_share) ELSE t.tickets END), 0)::float8 AS share
                     FROM ticket_reasons_at(:now) t WHERE t.month = r.month) v,
       LATERAL (SELECT count(*) FILTER (WHERE t.complaint)::float8 / count(*) AS share FROM tickets_opened_in(r.month, (r.month + interval '1 month' - interval '1 day')::date, :now) t) w
 WHERE r.month < '2026-10-01';
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(t -> 'within_an_hour_share', v.within_an_hour_share) AND pg_temp.same(t -> 'had_an_hour', coalesce(v.tickets, 0)))) AS wrong
  FROM r, jsonb_array_elements(support -> 'trend') t LEFT JOIN first_replies_at(:now) v ON v.month = (t ->> 'month')::date;
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(t -> 'complaint_responses', coalesce(v.responses, 0)) AND pg_temp.same(t -> 'complaints_satisfied', coalesce(v.satisfied, 0)))) AS wrong
  FROM r, jsonb_array_elements(support -> 'trend') t LEFT JOIN complaint_recovery_at(:now) v ON v.month = (t ->> 'month')::date;
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(a -> 'met', v.met) AND pg_temp.same(a -> 'missed', v.missed) AND pg_temp.same(a -> 'running', v.running) AND pg_temp.same(a #> '{attainment,value}', v.attainment)
                                                      AND pg_temp.same(a -> 'median_minutes', v.median_minutes) AND pg_temp.same(a -> 'p90_minutes', v.p90_minutes) AND pg_temp.same(a #> '{attainment,previous}', b.attainment))) AS wrong
  FROM (SELECT r.month, a FROM r, jsonb_array_elements(support -> 'attainment') a) r
  FULL JOIN (SELECT v.* FROM sla_attainment_at(:now) v WHERE v.month IN (SELECT month FROM pg_temp.r)) v ON v.month = r.month AND v.channel = a ->> 'channel' AND v.metric = a ->> 'metric'
  LEFT JOIN sla_attainment_at(:now) b ON b.month = (r.month - interval '1 month')::date AND b.channel = a ->> 'channel' AND b.metric = a ->> 'metric';
SELECT count(*) AS compared, count(*) FILTER (WHERE (g ->> 'tickets')::bigint <> (SELECT coalesce(sum(b.tickets), 0) FROM backlog_at((r.month + interval '1 month') AT TIME ZONE 'Asia/Tokyo' - interval '1 microsecond') b WHERE b.age = g ->> 'age')) AS wrong
  FROM r, jsonb_array_elements(support #> '{backlog,ages}') g;
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(c -> 'contacts', v.contacts) AND pg_temp.same(c -> 'closed', v.closed_contacts) AND pg_temp.same(c -> 'acknowledged', v.acknowledged))) AS wrong
  FROM r, jsonb_array_elements(support #> '{out_of_hours,channels}') c LEFT JOIN out_of_hours_at(:now) v ON v.channel = c ->> 'channel' WHERE v.month = r.month;
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(support #> '{figures,ticket_csat,value}', v.score) AND pg_temp.same(support #> '{figures,ticket_csat,cases}', v.responses))) AS wrong
  FROM r, ticket_satisfaction_at(:now) v WHERE v.month = r.month AND v.dimension = 'all' AND v.kind = 'csat';

-- What customers say: all sources are the sum of each.
SELECT count(*) AS compared, count(*) FILTER (WHERE (t ->> 'mentions')::bigint <> v.mentions OR (voice ->> 'texts')::bigint <> w.voices OR abs((t #>> '{share,previous}')::float8 - v.before / w.voices_before) > 1e-9) AS wrong
  FROM r, jsonb_array_elements(voice -> 'themes') t,
       LATERAL (SELECT sum(x.mentions) AS mentions, sum(round(x.share_before * x.voices_before))::float8 AS before FROM voice_themes_at(:now) x WHERE x.month = r.month AND x.theme = t ->> 'theme') v,
       LATERAL (SELECT sum(y.voices) AS voices, sum(y.voices_before) AS voices_before FROM (SELECT DISTINCT x.source, x.voices, x.voices_before FROM voice_themes_at(:now) x WHERE x.month = r.month) y) w;
SELECT count(*) AS compared, count(*) FILTER (WHERE abs((t ->> 'value')::float8 - v.balance) > 1e-9 OR (t ->> 'cases')::bigint <> v.cases) AS wrong
  FROM r, jsonb_array_elements(voice -> 'sentiment_trend') t,
       LATERAL (SELECT sum(x.pleased - x.displeased)::float8 / sum(x.pleased + x.neutral + x.displeased) AS balance, sum(x.pleased + x.neutral + x.displeased) AS cases
                  FROM sentiment_trend_at(:now) x WHERE x.month = (t ->> 'month')::date) v
 WHERE v.cases > 0;
SELECT DISTINCT voice ->> 'quotes_problem' AS quotes_problem, (SELECT sum(jsonb_array_length(t -> 'quotes')) FROM jsonb_array_elements(voice -> 'themes') t) AS quotes FROM r;

-- Reviews, returns, delivery.
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(t -> 'value', v.stars_mean) AND pg_temp.same(t -> 'low', v.stars_low) AND pg_temp.same(t -> 'cases', coalesce(v.reviews, 0)))) AS wrong
  FROM r, jsonb_array_elements(reviews -> 'trend') t LEFT JOIN review_scores_at(:now) v ON v.month = (t ->> 'month')::date AND v.product_id IS NULL;
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(r.reviews #> '{figures,low_stars_share,value}', v.low_stars_share) AND pg_temp.same(r.reviews #> '{figures,stars,change}', v.change) AND pg_temp.same(r.reviews #> '{figures,stars,p_value}', v.p_value))) AS wrong
  FROM r, review_scores_at(:now) v WHERE v.month = r.month AND v.product_id IS NULL;
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(p #> '{stars,value}', v.stars_mean) AND pg_temp.same(p -> 'reviews', v.reviews) AND (p ->> 'product_name') IS NOT DISTINCT FROM v.product_name)) AS wrong
  FROM r, jsonb_array_elements(reviews -> 'products') p LEFT JOIN review_scores_at(:now) v ON v.product_id = p ->> 'product_id' WHERE v.month = r.month;
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(c -> 'returns', v.returns) AND pg_temp.same(c #> '{share,value}', v.return_share) AND pg_temp.same(c #> '{share,change}', v.change) AND pg_temp.same(c #> '{share,p_value}', v.p_value)
                                                      AND pg_temp.same(r.returns #> '{figures,returns,value}', v.returns_of_all))) AS wrong
  FROM r, jsonb_array_elements(r.returns -> 'reasons') c LEFT JOIN return_reasons_at(:now) v ON v.cause = c ->> 'reason' WHERE v.month = r.month;
SELECT r.month, returns ->> 'rate_month' AS rate_month,
       pg_temp.same(returns #> '{figures,return_rate,cases}', sum(v.sold)::bigint) AND abs((returns #>> '{figures,return_rate,value}')::float8 - sum(v.returned)::float8 / sum(v.sold)) < 1e-12 AS right
  FROM r, monthly_product_returns_at(:now) v WHERE v.month = (returns ->> 'rate_month')::date GROUP BY r.month, returns ORDER BY 1;
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(p -> 'sold', v.sold) AND pg_temp.same(p -> 'returned', v.returned) AND pg_temp.same(p #> '{return_rate,value}', v.return_rate) AND pg_temp.same(p #> '{return_rate,low}', v.return_rate_low))) AS wrong
  FROM r, jsonb_array_elements(returns -> 'products') p LEFT JOIN monthly_product_returns_at(:now) v ON v.product_id = p ->> 'product_id' WHERE v.month = (returns ->> 'rate_month')::date;
SELECT count(*) AS compared,
       count(*) FILTER (WHERE NOT (pg_temp.same(f -> 'orders' -> 'value', v.orders) AND pg_temp.same(f -> 'to_shipment_median' -> 'value', v.to_shipment_median_days) AND pg_temp.same(f -> 'to_door_median' -> 'value', v.to_door_median_days)
                               AND pg_temp.same(f -> 'total_median' -> 'value', v.total_median_days) AND pg_temp.same(f -> 'total_median' -> 'cases', v.delivered) AND pg_temp.same(f -> 'late_share' -> 'value', v.late_share)
                               AND pg_temp.same(f -> 'late_share' -> 'high', v.late_share_high) AND pg_temp.same(f -> 'same_day_share' -> 'value', v.same_day_share) AND pg_temp.same(f -> 'same_day_share' -> 'cases', v.before_noon)
                               AND pg_temp.same(f -> 'late_share' -> 'previous', b.late_share) AND pg_temp.same(f -> 'total_median' -> 'last_year', y.total_median_days))) AS wrong
  FROM (SELECT month, delivery -> 'figures' AS f FROM r) r JOIN delivery_performance_at(:now) v ON v.month = r.month
  LEFT JOIN delivery_performance_at(:now) b ON b.month = (r.month - interval '1 month')::date LEFT JOIN delivery_performance_at(:now) y ON y.month = (r.month - interval '1 year')::date;
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(n -> 'score', v.score) AND pg_temp.same(n -> 'responses', v.responses) AND pg_temp.same(n -> 'low', v.score_low))) AS wrong
  FROM r, jsonb_array_elements(delivery -> 'nps') n LEFT JOIN delivery_nps_at(:now) v ON v.lateness = n ->> 'lateness' WHERE v.month = r.month;

-- Tiers, points, messages.
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(t -> 'customers', v.ending) AND pg_temp.same(t -> 'previous', v.starting) AND pg_temp.same(t -> 'entered', v.entered) AND pg_temp.same(t -> 'exited', v.exited))) AS wrong
  FROM r, jsonb_array_elements(loyalty -> 'tiers') t JOIN tier_movements_at(:now) v ON v.tier = t ->> 'tier' WHERE v.month = r.month;
SELECT count(*) AS compared,
       count(*) FILTER (WHERE NOT (pg_temp.same(p -> 'opening' -> 'value', v.opening) AND pg_temp.same(p -> 'earned' -> 'value', v.earned) AND pg_temp.same(p -> 'redeemed' -> 'value', v.redeemed) AND pg_temp.same(p -> 'expired' -> 'value', v.expired)
                               AND pg_temp.same(p -> 'reversed' -> 'value', v.reversed) AND pg_temp.same(p -> 'adjusted' -> 'value', v.adjusted) AND pg_temp.same(p -> 'closing' -> 'value', v.closing)
                               AND pg_temp.same(p -> 'closing' -> 'previous', v.opening))) AS wrong
  FROM (SELECT month, loyalty -> 'points' AS p FROM r) r JOIN points_liability_at(:now) v ON v.month = r.month;
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(t -> 'closing', v.closing) AND pg_temp.same(t -> 'earned', v.earned))) AS wrong
  FROM r, jsonb_array_elements(loyalty -> 'points_trend') t JOIN points_liability_at(:now) v ON v.month = (t ->> 'month')::date;

-- The outlook: the model of the end of the month, who was leaving by then and what was at stake, and the latest forecast whose 90 days were
-- over then, of all who had bought by that, with their orders in these days by plain SQL.
CREATE TEMP TABLE outlooks AS
SELECT r.month, s.at, report_outlook(r.month, :now) AS o, (SELECT max(k.as_of) FROM outlook_models k WHERE k.as_of <= s.at) AS model_at
  FROM r CROSS JOIN LATERAL (SELECT least(:now, (r.month + interval '1 month') AT TIME ZONE 'Asia/Tokyo' - interval '1 microsecond') AS at) s;
SELECT count(*) AS months, count(*) FILTER (WHERE o ->> 'problem' IS NULL) AS with_a_model,
       count(*) FILTER (WHERE (o ->> 'model_as_of')::timestamptz IS DISTINCT FROM m.as_of OR NOT (pg_temp.same(o -> 'customers', m.customers) AND pg_temp.same(o -> 'repeat_buyers', m.repeat_buyers)
                              AND pg_temp.same(o -> 'expected_orders', m.expected_orders) AND pg_temp.same(o -> 'expected_money', m.expected_money))) AS other_models
  FROM outlooks LEFT JOIN outlook_models m ON m.as_of = outlooks.model_at;
SELECT count(*) AS months, count(*) FILTER (WHERE l.judged > 0) AS with_a_stake,
       count(*) FILTER (WHERE NOT (pg_temp.same(o #> '{leaving,customers}', l.customers) AND pg_temp.same(o #> '{leaving,judged}', l.judged) AND coalesce(abs((o #>> '{leaving,money_at_stake}')::numeric - l.stake) < 0.1, l.stake IS NULL))) AS wrong
  FROM outlooks LEFT JOIN LATERAL (SELECT count(*) AS customers, count(v.money_at_stake) AS judged, sum(v.money_at_stake)::numeric AS stake
                                     FROM lapsing_customers_at(outlooks.model_at) v) l ON outlooks.model_at IS NOT NULL;
SELECT count(*) AS months, count(*) FILTER (WHERE f.at IS NOT NULL) AS with_a_forecast, count(*) FILTER (WHERE (o ->> 'forecast_at')::timestamptz IS DISTINCT FROM f.at) AS other_forecasts,
       count(*) FILTER (WHERE f.at IS NOT NULL AND (t.customers, t.orders, t.money) IS DISTINCT FROM (p.customers, p.orders, p.money)) AS wrong,
       count(*) FILTER (WHERE jsonb_array_length(o -> 'tenths') <> CASE WHEN f.at IS NULL THEN 0 ELSE 10 END) AS not_ten
  FROM outlooks
 CROSS JOIN LATERAL (SELECT max(k.as_of) AS at FROM outlook_models k WHERE k.as_of <= outlooks.model_at - interval '2160 hours' AND k.expected_orders IS NOT NULL) f
 CROSS JOIN LATERAL (SELECT sum((e ->> 'customers')::bigint) AS customers, sum((e ->> 'actual_orders')::bigint) AS orders, sum((e ->> 'actual_money')::numeric) AS money
                       FROM jsonb_array_elements(o -> 'tenths') e) t
 CROSS JOIN LATERAL (SELECT count(DISTINCT k.customer_id)::numeric AS customers, count(n.order_id)::numeric AS orders, coalesce(sum(n.amount - coalesce(n.refund, 0)), 0) AS money
                       FROM (SELECT DISTINCT customer_id FROM orders WHERE ordered_at <= f.at AND (cancelled_at IS NULL OR cancelled_at > f.at)) k
                       LEFT JOIN (SELECT d.customer_id, d.order_id, d.amount, (SELECT sum(b.refund) FROM returns b WHERE b.customer_id = d.customer_id AND b.order_id = d.order_id AND b.returned_at <= outlooks.model_at) AS refund
                                    FROM orders d WHERE d.ordered_at > f.at AND d.ordered_at <= f.at + interval '2160 hours' AND (d.cancelled_at IS NULL OR d.cancelled_at > outlooks.model_at)) n USING (customer_id)) p;
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(s -> 'sent', v.sent) AND pg_temp.same(s -> 'held_out', v.held_out))) AS wrong
  FROM r, jsonb_array_elements(followups -> 'steps') s,
       LATERAL (SELECT count(*) FILTER (WHERE f.outcome = 'sent') AS sent, count(*) FILTER (WHERE f.arm = 'held_out') AS held_out
                  FROM followups f WHERE f.step = s ->> 'step' AND loyalcs.local_month(f.finished_at, 'Asia/Tokyo') = r.month) v;
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (pg_temp.same(e -> 'uplift', v.uplift) AND pg_temp.same(e -> 'uplift_low', v.uplift_low) AND pg_temp.same(e -> 'held_out', v.held_out))) AS wrong
  FROM r, jsonb_array_elements(followups -> 'effect') e, followup_effect_at(:now) v WHERE v.step = e ->> 'step' AND v.held_out > 0 AND r.month = '2026-10-01';

-- The board, as kpi_status has it once the month is over.
SELECT count(*) AS compared,
       count(*) FILTER (WHERE NOT (k ->> 'status' = v.status AND pg_temp.same(k -> 'actual', v.actual) AND pg_temp.same(k -> 'actual_low', v.actual_low) AND pg_temp.same(k -> 'actual_high', v.actual_high) AND pg_temp.same(k -> 'cases', v.cases)
                               AND pg_temp.same(k -> 'target', v.target_value) AND k ->> 'direction' = v.direction AND (k ->> 'certain')::boolean IS NOT DISTINCT FROM v.certain AND pg_temp.same(k -> 'change', v.actual_change)
                               AND pg_temp.same(k -> 'change_low', v.actual_change_low) AND (k ->> 'improved')::boolean IS NOT DISTINCT FROM v.kpi_improved AND (k ->> 'compared_period')::date IS NOT DISTINCT FROM v.compared_period)) AS wrong
  FROM r, jsonb_array_elements(kpis) k, kpi_status_at((r.month + interval '1 month') AT TIME ZONE 'Asia/Tokyo') v WHERE v.kpi = k ->> 'kpi' AND r.month = '2026-10-01';

-- What was done about it, as improvement_effect has it: of the months in which it ran, or into
-- which the eight weeks after it reach, and of no other.
INSERT INTO improvements (problem, action, owner, reason, theme, measures, started, finished, compared_weeks) VALUES
    ('late delivery', 'another warehouse', 'logistics', '配送状況', 'delivery', '{ticket share,NPS}', '2026-05-01', '2026-05-10', 8), ('no answer', 'more hands', NULL, NULL, 'no answer', '{CSAT}', '2026-09-01', NULL, 8);
SELECT m AS month, jsonb_array_length(i) AS rows, (SELECT count(*) FROM jsonb_array_elements(i) e JOIN improvement_effect_at(:now) v ON v.improvement_id = (e ->> 'improvement_id')::bigint AND v.measure = e ->> 'measure'
                                                    WHERE to_jsonb(v) = e) AS the_same
  FROM unnest('{2026-04-01,2026-05-01,2026-07-01,2026-08-01,2026-10-01}'::date[]) m, LATERAL report_improvements(m, :now) i;
SELECT pg_temp.findings(:'schema', monthly_report_at('2026-05-01', :now)) AS is_not_as_the_schema_says;
