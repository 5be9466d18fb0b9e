-- tour.sql
--
-- What a shop's views say, one question at a time: for test/demo, which sets
--
--     shop, as_of         whose views, as of when
--     months              local months, 1 to 12, whose new customers to follow
--     somebody            key of a customer
--     aurora              true if it is the made-up shop, with surveys and products
--     outbox              the file that a day's follow-ups are sent into
--     dispatch            the program that sends them
--     bold, dim, plain    what a terminal needs for headings, or nothing
--
-- The views round nothing: whoever shows a figure does, and so these queries.

\set QUIET on
\pset footer off
\pset null '-'
SET search_path = :shop;
SELECT time_zone, currency FROM settings \gset

\if :aurora
\echo
\echo :bold'How happy are customers, and did the measure in May really change anything?':plain
SELECT format('From %s to %s in NPS points, and %s.', round(loyalcs.nps(before)), round(loyalcs.nps(after)),
              CASE WHEN p_value < 0.05 THEN 'that is more than chance' ELSE 'that may be chance' END) AS answer
  FROM (SELECT loyalcs.ratings_agg(score) FILTER (WHERE responded_at < '2026-05-01 00:00+09') AS before,
               loyalcs.ratings_agg(score) FILTER (WHERE responded_at >= '2026-06-01 00:00+09') AS after
          FROM survey_answers a JOIN survey_responses USING (customer_id, response_id)
         WHERE a.survey = 'after_purchase' AND question = 'recommend'
           AND responded_at >= '2026-02-01 00:00+09' AND responded_at < '2026-09-01 00:00+09') a
 CROSS JOIN LATERAL loyalcs.nps_change(before, after) \gset
\echo :answer
\echo :dim'survey_scores: would you recommend us? (NPS, -100 to 100); "by chance" is the p-value':plain
SELECT to_char(month, 'YYYY-MM') AS month,
       sent AS asked,
       round(100 * response_rate::numeric) AS "answered %",
       round(score::numeric) AS "NPS",
       format('%s to %s', round(score_low::numeric), round(score_high::numeric)) AS "95% sure",
       round(change::numeric) AS change,
       CASE WHEN p_value < 0.0001 THEN '< 0.0001' ELSE '  ' || round(p_value::numeric, 4) END AS "by chance",
       CASE WHEN improved THEN 'better' WHEN NOT improved THEN 'worse' ELSE 'no real change' END AS verdict,
       distribution AS "0 to 10"
  FROM survey_scores_at(:'as_of')
 WHERE survey = 'after_purchase' AND question = 'recommend' AND month >= '2025-12-01'
 ORDER BY month
 LIMIT 8;

\echo :dim'the three months before the measure (February to April) and after it (June to August)':plain
SELECT q.question,
       q.kind,
       round(CASE q.kind WHEN 'nps' THEN loyalcs.nps(a.before) ELSE loyalcs.mean(a.before) END::numeric, 1) AS before,
       round(CASE q.kind WHEN 'nps' THEN loyalcs.nps(a.after) ELSE loyalcs.mean(a.after) END::numeric, 1) AS after,
       round(c.change::numeric, 1) AS change,
       CASE WHEN c.p_value < 0.0001 THEN '< 0.0001' ELSE '  ' || round(c.p_value::numeric, 4) END AS "by chance",
       CASE WHEN c.p_value >= 0.05 THEN 'no real change'
            WHEN (c.change > 0) = q.higher_is_better THEN 'better' ELSE 'worse' END
       || CASE WHEN q.higher_is_better THEN '' ELSE ' (1 is very easy)' END AS verdict
  FROM survey_questions q
 CROSS JOIN LATERAL (
           SELECT loyalcs.ratings_agg(a.score) FILTER (WHERE r.responded_at < '2026-05-01 00:00+09') AS before,
                  loyalcs.ratings_agg(a.score) FILTER (WHERE r.responded_at >= '2026-06-01 00:00+09') AS after
             FROM survey_answers a
             JOIN survey_responses r USING (customer_id, response_id)
            WHERE a.survey = q.survey AND a.question = q.question
              AND r.responded_at >= '2026-02-01 00:00+09' AND r.responded_at < '2026-09-01 00:00+09') a
 CROSS JOIN LATERAL (
           SELECT * FROM loyalcs.nps_change(a.before, a.after) WHERE q.kind = 'nps'
           UNION ALL
           SELECT * FROM loyalcs.mean_change(a.before, a.after, q.scale_low, q.scale_high) WHERE q.kind <> 'nps') c
 WHERE q.survey = 'after_purchase' AND q.scale_low IS NOT NULL
 ORDER BY q.position;
\endif

\echo
\echo :bold'Who are our best customers, and how much hangs on them?':plain
SELECT format('The best %s bring %s%% of the revenue.', customers, round(100 * revenue_share::numeric)) AS answer
  FROM top_customers_share_at(:'as_of') WHERE top_share = 0.01 \gset
\echo :answer
\echo :dim'top_customers_share':plain
SELECT format('best %s%%', 100 * top_share) AS "of all",
       customers,
       to_char(spent_at_least, '999,999,999') AS "spent at least",
       round(100 * revenue_share::numeric) AS "% of the revenue"
  FROM top_customers_share_at(:'as_of')
 ORDER BY top_share;

\echo :dim'customer_value and rfm (recency, frequency and money spent, each 1 to 5)':plain
SELECT coalesce(c.name, c.customer_id::text) AS customer,
       coalesce(c.region, 'unknown') AS region,
       v.orders,
       to_char(v.lifetime_value, '999,999,999') AS "spent so far",
       to_char(v.annual_value, '999,999,999') AS "worth a year",
       format('%s %s %s', r.recency_score, r.frequency_score, r.monetary_score) AS "R F M",
       r.segment,
       to_char(r.last_order_at AT TIME ZONE :'time_zone', 'YYYY-MM-DD') AS "last order"
  FROM customer_value_at(:'as_of') v
  JOIN rfm_at(:'as_of') r USING (customer_id)
  JOIN customers c USING (customer_id)
 ORDER BY v.lifetime_value DESC, c.customer_id
 LIMIT 5;

\echo :dim'rfm_segments':plain
SELECT segment,
       customers,
       round(100 * customer_share::numeric) AS "% of all",
       to_char(revenue, '9,999,999,999') AS revenue,
       round(100 * revenue_share::numeric) AS "% of the revenue",
       to_char(average_spent, '99,999,999') AS "each spent"
  FROM rfm_segments_at(:'as_of')
 ORDER BY revenue DESC
 LIMIT 8;

\echo
\echo :bold'Do they come back?':plain
SELECT format('Of 100 new customers, %s order again within half a year.',
              round(100 * sum(second_within_180_days * new_buyers)::numeric / sum(new_buyers))) AS answer
  FROM repeat_rate_at(:'as_of') WHERE second_within_180_days IS NOT NULL \gset
\echo :answer
\echo :dim'repeat_rate: per cent of a month''s new customers who ordered again; once all of them had so long':plain
SELECT to_char(month, 'YYYY-MM') AS "new in",
       new_buyers AS customers,
       round(100 * second_within_30_days::numeric) AS "30 days",
       round(100 * second_within_60_days::numeric) AS "60 days",
       round(100 * second_within_90_days::numeric) AS "90 days",
       round(100 * second_within_180_days::numeric) AS "180 days",
       round(100 * second_within_365_days::numeric) AS "365 days"
  FROM repeat_rate_at(:'as_of')
 WHERE new_buyers > 0 AND EXTRACT(month FROM month) = ANY (:'months'::int[])
 ORDER BY month DESC
 LIMIT 8;

\echo :dim'customer_retention: per cent kept of last quarter''s customers; as often published, and strictly':plain
SELECT to_char(period_start, 'YYYY "Q"Q') AS quarter,
       starting AS "bought before",
       ending AS "buy now",
       acquired AS "new",
       retained AS "stayed",
       reactivated AS "back after a pause",
       round(100 * crr::numeric) AS "published %",
       round(100 * strict_retention::numeric) AS "strict %"
  FROM customer_retention_at(:'as_of')
 WHERE period = 'quarter' AND complete AND starting > 0
 ORDER BY period_start DESC
 LIMIT 8;

\echo
\echo :bold'Do third orders really get bigger?':plain
SELECT format('The same %s customers spent %s%% %s on their third order than on their second.', customers,
              abs(round(100 * (average_order / average_previous - 1))),
              CASE WHEN average_order > average_previous THEN 'more' ELSE 'less' END) AS answer
  FROM order_ladder_at(:'as_of') WHERE order_number = 3 \gset
\echo :answer
\echo :dim'order_ladder: the last three columns compare the same customers with themselves':plain
SELECT order_number AS "order",
       customers,
       round(100 * reached_share::numeric) AS "% of all",
       round(100 * step_share::numeric) AS "% of those before",
       round(EXTRACT(epoch FROM median_wait) / 86400) AS "days later",
       round(average_previous) AS "spent before",
       round(average_order) AS "spent now",
       round(100 * (average_order / average_previous - 1)) AS "change %"
  FROM order_ladder_at(:'as_of')
 ORDER BY order_number
 LIMIT 6;

\echo
\echo :bold'How soon does the second order come?':plain
\echo :dim'second_order_curve: everybody for as long as she could be watched, by the quarter of the first order':plain
SELECT to_char(cohort_quarter, 'YYYY "Q"Q') AS "first order in",
       max(customers) AS customers,
       max(round(100 * ordered_again_share::numeric)) FILTER (WHERE days = 30) AS "% in 30 days",
       max(format('%s (%s to %s)', round(100 * ordered_again_share), round(100 * ordered_again_share_low), round(100 * ordered_again_share_high)))
           FILTER (WHERE days = 90) AS "% in 90 days, and between what"
  FROM second_order_curve_at(:'as_of')
 WHERE order_number = 2 AND cohort_quarter IS NOT NULL
 GROUP BY cohort_quarter
 ORDER BY cohort_quarter DESC
 LIMIT 5;

\if :aurora
\echo
\echo :bold'Which first purchase makes a customer?':plain
\echo :dim'order_ladder_by(first_category); customer_breakdown lists the other ways to cut a figure':plain
SELECT part AS "came for",
       max(customers) FILTER (WHERE order_number = 1) AS customers,
       round(max(average_order) FILTER (WHERE order_number = 1)) AS "first order",
       round(100 * max(reached_share::numeric) FILTER (WHERE order_number = 2)) AS "% order again",
       round(100 * max(reached_share::numeric) FILTER (WHERE order_number = 5)) AS "% five times"
  FROM order_ladder_by('first_category', :'as_of')
 GROUP BY part
 ORDER BY max(reached_share) FILTER (WHERE order_number = 2) DESC, part
 LIMIT 8;
\endif

\echo
\echo :bold'Who is leaving without a word?':plain
SELECT format('%s who had a rhythm of their own, worth %s %s a year.', count(*),
              trim(to_char(sum(annual_value), '9,999,999,999')), :'currency') AS answer
  FROM lapsing_customers_at(:'as_of') WHERE rhythm = 'own' \gset
\echo :answer
\echo :dim'lapsing_customers: silent for at least twice their usual time; those with most at stake, a year of theirs if they stay less what is expected':plain
SELECT coalesce(c.name, c.customer_id::text) AS customer,
       l.orders,
       to_char(l.last_order_at AT TIME ZONE :'time_zone', 'YYYY-MM-DD') AS "last order",
       round(EXTRACT(epoch FROM l.expected_gap) / 86400) AS "usual days",
       round(EXTRACT(epoch FROM l.silent_for) / 86400) AS "silent days",
       round(l.silence::numeric, 1) AS "times",
       round(100 * l.probability_alive) AS "% still here",
       to_char(l.annual_value, '999,999,999') AS "worth a year",
       to_char(l.money_at_stake, '999,999,999') AS "at stake"
  FROM lapsing_customers_at(:'as_of') l
  JOIN customers c USING (customer_id)
 WHERE l.rhythm = 'own'
 ORDER BY l.money_at_stake DESC NULLS LAST, l.annual_value DESC, l.customer_id
 LIMIT 8;

\if :aurora
\echo
\echo :bold'What is still to come, and can a forecast be believed?':plain
SELECT format('%s orders are expected of the %s customers in the next 90 days.', round(expected_orders), customers) AS answer
  FROM outlook_models WHERE as_of <= :'as_of' ORDER BY outlook_models.as_of DESC LIMIT 1 \gset
\echo :answer
\echo :dim'outlook_accuracy: the first forecast of each month for 90 days, and what came of it':plain
SELECT to_char(month, 'YYYY-MM') AS month, customers, round(expected_orders) AS "orders expected", actual_orders AS "orders that came",
       to_char(expected_money, '999,999,999') AS expected, to_char(actual_money, '999,999,999') AS came
  FROM outlook_accuracy_at(:'as_of')
 ORDER BY outlook_accuracy_at.month DESC
 LIMIT 6;
\endif

\if :aurora
\echo
\echo :bold'Who are our VIPs, and is a VIP really worth it?':plain
SELECT format('A VIP has spent %s times as much as the others.', round(times_the_rest::numeric, 1)) AS answer
  FROM tier_summary_at(:'as_of') WHERE tier = 'VIP' \gset
\echo :answer
\echo :dim'tier_summary: 100,000 yen or three orders within a year':plain
SELECT coalesce(tier, 'the rest') AS tier,
       customers,
       round(100 * customer_share::numeric) AS "% of all",
       to_char(revenue, '9,999,999,999') AS revenue,
       round(100 * revenue_share::numeric) AS "% of the revenue",
       round(average_orders_per_year::numeric, 1) AS "orders a year",
       to_char(average_lifetime_value, '999,999,999') AS "each spent"
  FROM tier_summary_at(:'as_of');
\echo :dim'tier_progress: who is closest':plain
SELECT coalesce(c.name, p.customer_id::text) AS customer, p.spent, p.orders, p.message, p.message_ja
  FROM tier_progress_at(:'as_of') p
  JOIN customers c USING (customer_id)
 WHERE p.goal = 'reach' AND p.needed_by > :'as_of'::timestamptz + interval '30 days'
 ORDER BY p.spend_needed, p.customer_id
 LIMIT 4;
\endif

\if :aurora
\echo
\echo :bold'What do we owe in points?':plain
SELECT format('%s points, of which %s lapse within 30 days.', trim(to_char(sum(points), '9,999,999')),
              trim(to_char(sum(points) FILTER (WHERE expires_at < :'as_of'::timestamptz + interval '30 days'), '9,999,999'))) AS answer
  FROM points_expiring_at(:'as_of') \gset
\echo :answer
\echo :dim'points_liability: month by month, as finance wants it':plain
SELECT to_char(month, 'YYYY-MM') AS month, opening, earned, redeemed, expired, reversed, closing
  FROM points_liability_at(:'as_of')
 ORDER BY points_liability_at.month DESC
 LIMIT 6;
\endif

\if :aurora
\echo
\echo :bold'Whom do we call this month, and whom do we ask this quarter?':plain
\echo :dim'phone_hearings: half of them high spenders, half repeat buyers, nobody twice in a year':plain
SELECT c.name AS customer, h.reason, coalesce(h.result, 'to be called') AS result
  FROM phone_hearings_at(:'as_of') h
  JOIN customers c USING (customer_id);
BEGIN;
SELECT format('The quarterly survey, to 300 customers: %s drawn from, %s asked, %s left out.', customers, asked, left_out) AS answer
  FROM draw_survey_wave('quarterly', size => 300, as_of => :'as_of') \gset
\echo :answer
\echo :dim'survey_left_out: why, of those whom the draw came upon':plain
SELECT reason, asked_by AS "by", count(*) AS customers
  FROM survey_left_out
 GROUP BY reason, asked_by
 ORDER BY count(*) DESC, reason, asked_by;
ROLLBACK;
\endif

\if :aurora
\echo
\echo :bold'Who is waiting for us, and do we keep what we promise?':plain
SELECT format('%s promises about open tickets, %s of them overdue.', count(*), count(*) FILTER (WHERE state = 'breached')) AS answer
  FROM sla_board_at(:'as_of') \gset
\echo :answer
\echo :dim'sla_board: the most urgent of them':plain
SELECT due_in, state, ticket_id AS ticket, metric, channel, reason, tier, agent_id AS agent
  FROM sla_board_at(:'as_of')
 LIMIT 5;
\echo :dim'sla_attainment: first replies, by month; e-mail within a business hour, Instagram a day, the others an hour':plain
SELECT to_char(month, 'YYYY-MM') AS month, sum(met) AS met, sum(missed) AS missed,
       round(100 * sum(met) / nullif(sum(met) + sum(missed), 0)) AS "kept %"
  FROM sla_attainment_at(:'as_of')
 WHERE metric = 'first_response'
 GROUP BY 1
 ORDER BY 1 DESC
 LIMIT 6;
\endif

\if :aurora
\echo
\echo :bold'How does support run, and are equal cases treated alike?':plain
\echo :dim'ticket_reasons: what customers wrote in about in September, and what that cost':plain
SELECT reason, tickets, round(100 * ticket_share::numeric) AS "% of all", tickets_before AS before,
       CASE WHEN significant THEN CASE WHEN change > 0 THEN 'more' ELSE 'less' END ELSE 'no real change' END AS verdict,
       to_char(cost, '999,999') AS cost, repeats AS "came again in 7 days"
  FROM ticket_reasons_at(:'as_of')
 WHERE month = '2026-09-01'
 ORDER BY tickets DESC, reason;
\echo :dim'handling_consistency: the exchange that was easy, and is refused since June':plain
SELECT to_char(period_start, 'YYYY "Q"Q') AS quarter, tickets, usual, round(100 * usual_share::numeric) AS "% of them",
       usual_before AS "usual before", round(100 * share_now::numeric) AS "now %", CASE WHEN significant THEN 'more than chance' ELSE 'may be chance' END AS verdict,
       risen AS "more often"
  FROM handling_consistency_at(:'as_of')
 WHERE period = 'quarter' AND reason = 'サイズ交換' AND period_start >= '2026-01-01'
 ORDER BY period_start;
\echo :dim'ticket_satisfaction: was it easy, and did it help? (October so far)':plain
SELECT question, responses, round(score::numeric, 2) AS score, format('%s to %s', round(score_low::numeric, 2), round(score_high::numeric, 2)) AS "95% sure",
       distribution AS "0 to 10"
  FROM ticket_satisfaction_at(:'as_of')
 WHERE dimension = 'all' AND month = '2026-10-01'
 ORDER BY question;
\echo :dim'acquisition: what a new customer costs, what a repeat order, and when that is earned back':plain
SELECT to_char(month, 'YYYY-MM') AS month, new_customers AS new, round(cost_per_new_customer) AS "each cost", repeat_orders AS "other orders",
       round(cost_per_repeat_order) AS "each of them", round(payback_days) AS "earned back after days"
  FROM acquisition_at(:'as_of')
 WHERE sales_channel = 'all' AND month >= '2026-07-01'
 ORDER BY month;
\endif

\if :aurora
\echo
\echo :bold'Is what belongs to the time after the sale in place, and did what we do about problems help?':plain
\echo :dim'aftersale_checklist: judged from the rows of the shop':plain
SELECT item, status, evidence, next_step AS "what to do next" FROM aftersale_checklist_in('en', :'as_of');
\echo :dim'improvement_effect: before and after, against everything else over the same time, so that a season is no success':plain
SELECT problem, action, measure,
       round(value_before::numeric * CASE unit WHEN 'share' THEN 100 ELSE 1 END) AS before, round(value_after::numeric * CASE unit WHEN 'share' THEN 100 ELSE 1 END) AS after,
       round(effect::numeric * CASE unit WHEN 'share' THEN 100 ELSE 1 END) AS "more than the others",
       format('%s to %s', round(effect_low::numeric * CASE unit WHEN 'share' THEN 100 ELSE 1 END), round(effect_high::numeric * CASE unit WHEN 'share' THEN 100 ELSE 1 END)) AS "95% sure", verdict
  FROM improvement_effect_at(:'as_of')
 ORDER BY improvement_id, measure;
\endif

\if :aurora
\echo
\echo :bold'What do customers say, and what shall we do about it?':plain
SELECT format('Of the comments in the surveys of May, %s%% spoke of parcels that came late; in the three months before %s%%.',
              round(100 * share::numeric), round(100 * share_before::numeric)) AS answer
  FROM voice_themes_at(:'as_of') WHERE month = '2026-05-01' AND source = 'survey' AND theme = 'late delivery' \gset
\echo :answer
\echo :dim'voice_themes: what the comments of surveys spoke of in May, against the three months before, and how those recommend the shop who say so':plain
SELECT theme, mentions, voices AS comments, round(100 * share::numeric) AS "%", round(100 * share_before::numeric) AS "% before",
       CASE WHEN significant THEN CASE WHEN share_change > 0 THEN 'more' ELSE 'less' END ELSE 'no real change' END AS verdict,
       round(mean_rating::numeric, 1) AS "they recommend", round(mean_rating_others::numeric, 1) AS "the others"
  FROM voice_themes_at(:'as_of')
 WHERE month = '2026-05-01' AND source = 'survey'
 ORDER BY abs(share_change) DESC, theme
 LIMIT 6;
\echo :dim'nps_drivers: what went with a low NPS in the first quarter; the last column is what the NPS would gain without it':plain
SELECT driver_kind AS kind, driver, mentions, respondents AS "of", round(100 * promoter_share::numeric) AS "promoters %", round(100 * detractor_share::numeric) AS "detractors %", round(nps_effect::numeric) AS "NPS points"
  FROM nps_drivers_at(:'as_of')
 WHERE survey = 'after_purchase' AND quarter = '2026-01-01' AND significant
 ORDER BY nps_effect DESC, driver
 LIMIT 5;
\echo :dim'voice_samples: in their own words':plain
SELECT source, to_char(said_at AT TIME ZONE :'time_zone', 'YYYY-MM-DD') AS day, rating, quote
  FROM voice_samples_at(:'as_of')
 WHERE theme = 'comes off' AND source IN ('review', 'ticket')
 ORDER BY said_at DESC, quote
 LIMIT 4;
\echo :dim'faq_candidates: what keeps being asked, and has no answer on the page':plain
SELECT theme, example, tickets, tickets_saved AS "one answer had been enough"
  FROM faq_candidates_at(:'as_of')
 LIMIT 4;
\echo :dim'voice_unmatched: frequent words of which no theme knows':plain
SELECT word, mentions, customers
  FROM voice_unmatched_at(:'as_of')
 LIMIT 5;
\endif

\if :aurora
\echo
\echo :bold'What shall we offer next?':plain
\echo :dim'next_offers(key): what others went on to buy after something that this customer has too':plain
SELECT coalesce(c.name, c.customer_id) AS customer, o.product_name AS offer, o.because AS "because of",
       round(100 * o.confidence::numeric) AS "% went on to it", round(o.lift::numeric, 1) AS "times as often as anybody"
  FROM customers c
 CROSS JOIN LATERAL next_offers(c.customer_id, 3, :'as_of') o
 WHERE c.customer_id = 'A00002';

\echo
\echo :bold'Whom do we write to now, and does it help?':plain
BEGIN;
CREATE TEMP TABLE handed AS SELECT * FROM claim_followups(NULL, 1000, 'the tour', '5 minutes', :'as_of');
SELECT format('%s follow-ups are due, each with its message.', count(*)) AS answer FROM handed \gset
\echo :answer
\echo :dim'claim_followups: the first few; a worker reports with complete_followup':plain
SELECT step, subject, payload ->> 'language' AS language, payload ->> 'recipient' AS recipient, payload ->> 'subject' AS title
  FROM handed ORDER BY due_at DESC, customer_id LIMIT 4;
ROLLBACK;
\setenv DISPATCH :dispatch
\setenv OUTBOX :outbox
\setenv AS_OF :as_of
\! "$DISPATCH" --shop aurora --once --at "$AS_OF" >"$OUTBOX"
\echo :dim'loyalcs-dispatch hands them out; here into a file, one a line:' :outbox:plain
\! wc -l <"$OUTBOX"
\echo :dim'followups_suppressed: who is not disturbed, and why':plain
SELECT held_back, reason, count(*) FROM followups_suppressed_at(:'as_of') GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 6;
\echo :dim'followup_effect: of those who were to hear of us and of those held out, per cent who ordered within 30 days':plain
SELECT step, assigned, reached, round(100.0 * assigned_ordered / assigned) AS "ordered %", held_out AS "held out", round(100.0 * held_out_ordered / held_out) AS "ordered %",
       format('%s to %s', round(100 * uplift_low), round(100 * uplift_high)) AS "uplift, 95% sure"
  FROM followup_effect_at(:'as_of')
 WHERE held_out > 0 AND assigned > 0
 ORDER BY step;
\endif

\echo
\echo :bold'And the one customer who is on the telephone?':plain
\echo :dim'customer_rfm(key): reads this customer''s orders and no others, so an application can ask it any time':plain
SELECT coalesce(c.name, c.customer_id::text) AS customer,
       r.recency_score AS "R", r.frequency_score AS "F", r.monetary_score AS "M", r.segment, r.orders,
       to_char(r.last_order_at AT TIME ZONE :'time_zone', 'YYYY-MM-DD') AS "last order",
       to_char(r.total_spent, '999,999,999') AS "spent so far"
  FROM customer_rfm(:'somebody', :'as_of') r
  JOIN customers c ON c.customer_id = :'somebody';
\if :aurora
\echo :dim'customer_outlook: and what is to be expected of this customer':plain
SELECT round(100 * probability_alive) AS "% still a customer", round(orders_90_days::numeric, 1) AS "orders in 90 days",
       format('%s to %s', to_char(money_365_days_low, 'FM999,999,999'), to_char(money_365_days_high, 'FM999,999,999')) AS "a year of theirs, 95% sure",
       to_char(next_order_by AT TIME ZONE :'time_zone', 'YYYY-MM-DD') AS "next order by"
  FROM customer_outlook_at(:'as_of')
 WHERE customer_id = :'somebody';
\endif
