-- shop/customer_card.sql
--
-- What whoever talks to a customer needs at a glance.
-- Needs: settings, customers, orders, returned_items, tiers, points_ledger, offers, journeys, followups,
-- tickets, ticket_facts, sla, surveys, reviews, voices.
--
-- One value, a part for each subject: each part is a function, reads by the customer's key
-- alone, and is there whole, with nothing in it, for a customer of whom nothing is known.
-- So what needs everybody is not in it: while no cut points are kept there is no segment,
-- and whoever has hardly ordered yet has no rhythm but what the settings expect.
-- They are in PL/pgSQL, which keeps the plans of a session: planning took longer than
-- reading. A relation of the brand's that serves as a table may do without some columns
-- (see parts.awk): a name that no such column has means what stands beside it, which is NULL.
-- Instants are written in UTC, whatever the session's time zone.

--@ functions
CREATE OR REPLACE FUNCTION card_customer(customer @key_type@, as_of timestamptz) RETURNS jsonb
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
    SET timezone = 'UTC'
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT pg_catalog.jsonb_build_object(
                   'name', k.name, 'email', k.email, 'phone', k.phone, 'birthday', k.birthday,
                   'gender', k.gender, 'region', k.region, 'language', k.language, 'joined_at', k.joined_at,
                   'attributes', coalesce(k.attributes, '{}'::jsonb),
                   'ids', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('system', i.system, 'id', i.id) ORDER BY i.system, i.id)
                                      FROM customer_ids i
                                     WHERE i.customer_id = card_customer.customer), '[]'::jsonb),
                   'consents', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('channel', l.channel, 'purpose', l.purpose,
                                                                                                   'given', l.given, 'at', l.at)
                                                                     ORDER BY l.channel, l.purpose)
                                           FROM (SELECT DISTINCT ON (n.channel, n.purpose) n.channel, n.purpose, n.given, n.at
                                                   FROM consents n
                                                  WHERE n.customer_id = card_customer.customer AND n.at <= card_customer.as_of
                                                  ORDER BY n.channel, n.purpose, n.at DESC, n.given) l), '[]'::jsonb),
                   'subscriptions', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                                         'subscription_id', u.subscription_id, 'product_id', u.product_id, 'started_at', u.started_at,
                                                         'cancelled_at', CASE WHEN u.cancelled_at <= card_customer.as_of THEN u.cancelled_at END)
                                                     ORDER BY u.started_at DESC, u.subscription_id)
                                                FROM subscriptions u
                                               WHERE u.customer_id = card_customer.customer AND u.started_at <= card_customer.as_of), '[]'::jsonb))
          FROM (SELECT NULL::text AS name, NULL::text AS email, NULL::text AS phone, NULL::date AS birthday,
                       NULL::text AS language, NULL::jsonb AS attributes) elsewhere
         CROSS JOIN LATERAL (SELECT name, email, phone, birthday, c.gender, c.region, language, c.joined_at, attributes
                               FROM customers c
                              WHERE c.customer_id = card_customer.customer
                              LIMIT 1) k);
END
$$;
COMMENT ON FUNCTION card_customer(@key_type@, timestamptz) IS
    'of customer_card: who the customer is, keys in other systems, what may be sent, subscriptions; personal data as it is now';

CREATE OR REPLACE FUNCTION card_tier(customer @key_type@, as_of timestamptz) RETURNS jsonb
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
    SET timezone = 'UTC'
    SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    held constant record := held_tier(customer, as_of);
    kept record;
BEGIN
    SELECT h.valid_from, h.review_at INTO kept
      FROM tier_history h
     WHERE h.customer_id = customer AND h.valid_from <= as_of AND (h.valid_until IS NULL OR h.valid_until > as_of)
       AND h.tier = held.tier;
    RETURN pg_catalog.jsonb_build_object(
        'tier', held.tier, 'since', kept.valid_from, 'review_at', kept.review_at,
        'benefits', coalesce(customer_benefits(customer, as_of), '{}'::jsonb),
        'progress', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                         'goal', p.goal, 'tier', p.goal_tier, 'spent', p.spent, 'orders', p.orders, 'match', p.match,
                                         'spend_needed', p.spend_needed, 'orders_needed', p.orders_needed, 'needed_by', p.needed_by,
                                         'message', p.message, 'message_ja', p.message_ja)
                                     ORDER BY p.goal, p.goal_tier, p.rule_id)
                                FROM tier_progress_at(card_tier.as_of) p
                               WHERE p.customer_id = card_tier.customer), '[]'::jsonb));
END
$$;
COMMENT ON FUNCTION card_tier(@key_type@, timestamptz) IS
    'of customer_card: the tier, since when, what it brings, and what is missing for it and for the next';

CREATE OR REPLACE FUNCTION card_points(customer @key_type@, as_of timestamptz) RETURNS jsonb
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
    SET timezone = 'UTC'
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN (SELECT pg_catalog.jsonb_build_object('available', b.available, 'pending', b.pending,
                                                 'next_expiry', b.next_expiry, 'expiring', coalesce(b.expiring, 0::bigint))
              FROM points_balance(card_points.customer, card_points.as_of) b);
END
$$;
COMMENT ON FUNCTION card_points(@key_type@, timestamptz) IS
    'of customer_card: points that can be used, that are pending, and that lapse next';

CREATE OR REPLACE FUNCTION card_orders(customer @key_type@, as_of timestamptz) RETURNS jsonb
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
    SET timezone = 'UTC'
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT pg_catalog.jsonb_build_object(
                   'count', coalesce(v.orders, 0::bigint), 'spent', coalesce(v.lifetime_value, 0::numeric), 'average', v.average_order,
                   'first_at', p.first_order_at, 'last_at', p.last_order_at, 'recency_days', p.recency_days,
                   'interval_days', p.purchase_interval_days, 'annual_value', v.annual_value,
                   'rfm', (SELECT pg_catalog.jsonb_build_object('segment', loyalcs.rfm_segment(s.r, s.f, s.m, k.segments), 'recency', s.r, 'frequency', s.f,
                                                                'monetary', s.m, 'cuts_as_of', k.cuts_as_of)
                             FROM kept_rfm_cuts(card_orders.as_of) k
                            CROSS JOIN LATERAL (SELECT loyalcs.score_by(p.last_order_at, k.recency) AS r,
                                                       loyalcs.score_by(p.orders::double precision, k.frequency) AS f,
                                                       loyalcs.score_by(p.total_spent, k.monetary) AS m) s
                            WHERE p.orders > 0::bigint),
                   'outlook', (SELECT pg_catalog.jsonb_build_object('probability_alive', l.probability_alive, 'orders_90_days', l.orders_90_days,
                                                                    'money_365_days', l.money_365_days, 'next_order_by', l.next_order_by,
                                                                    'unusual', l.unusual, 'model_as_of', l.model_as_of)
                                 FROM customer_outlook_at(card_orders.as_of) l
                                WHERE l.customer_id = card_orders.customer AND l.model_as_of IS NOT NULL),
                   'last', coalesce((
                       SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                  'order_id', l.order_id, 'external_name', l.external_name, 'ordered_at', l.ordered_at, 'amount', l.amount,
                                  'state', CASE WHEN l.cancelled_at <= card_orders.as_of THEN 'cancelled'
                                                WHEN l.delivered_at <= card_orders.as_of THEN 'delivered'
                                                WHEN l.shipped_at <= card_orders.as_of THEN 'shipped' ELSE 'placed' END,
                                  'payment_state', l.payment_state, 'sales_channel', l.sales_channel,
                                  'shipped_at', CASE WHEN l.shipped_at <= card_orders.as_of THEN l.shipped_at END,
                                  'delivered_at', CASE WHEN l.delivered_at <= card_orders.as_of THEN l.delivered_at END,
                                  'cancelled_at', CASE WHEN l.cancelled_at <= card_orders.as_of THEN l.cancelled_at END,
                                  'expected_on', (SELECT max(h.expected_on) FROM shipments h
                                                   WHERE h.customer_id = card_orders.customer AND h.order_id = l.order_id),
                                  'items', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                                                'product_id', i.product_id, 'product_name', i.product_name,
                                                                'quantity', i.quantity, 'amount', i.amount) ORDER BY i.line)
                                                       FROM (SELECT i.line, i.product_id, i.product_name, i.quantity, i.amount
                                                               FROM order_items i
                                                              WHERE i.customer_id = card_orders.customer AND i.order_id = l.order_id
                                                              ORDER BY i.line
                                                              LIMIT 20) i), '[]'::jsonb))
                              ORDER BY l.ordered_at DESC, l.order_id)
                         FROM (SELECT NULL::text AS external_name) none
                        CROSS JOIN LATERAL (
                              SELECT o.order_id, external_name, o.ordered_at, o.amount, o.cancelled_at, o.delivered_at, o.shipped_at,
                                     o.payment_state, o.sales_channel
                                FROM orders o
                               WHERE o.customer_id = card_orders.customer AND o.ordered_at <= card_orders.as_of
                               ORDER BY o.ordered_at DESC, o.order_id
                               LIMIT 5) l), '[]'::jsonb))
          FROM (SELECT 1) one
          LEFT JOIN customer_purchases_at(card_orders.as_of) p ON p.customer_id = card_orders.customer
          LEFT JOIN customer_value_at(card_orders.as_of) v ON v.customer_id = card_orders.customer);
END
$$;
COMMENT ON FUNCTION card_orders(@key_type@, timestamptz) IS
    'of customer_card: how many orders count, what was spent, the rhythm, the RFM scores by the cut points that are kept and the outlook by the model that is (null while there are none), and the last five orders, cancelled ones too, with up to twenty lines each';

CREATE OR REPLACE FUNCTION card_tickets(customer @key_type@, as_of timestamptz) RETURNS jsonb
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
    SET timezone = 'UTC'
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        WITH known AS MATERIALIZED (
            SELECT t.*, f.opened_at, f.first_reply_at, f.resolved_at, f.reopened, f.contacts, f.agent_id
              FROM (SELECT NULL::text AS subject, NULL::text AS resolution) none
             CROSS JOIN LATERAL (SELECT k.ticket_id, k.channel, k.reason, k.priority, k.complaint, k.order_id, subject, resolution
                                   FROM tickets k
                                  WHERE k.customer_id = card_tickets.customer AND k.merged_into IS NULL) t
             CROSS JOIN LATERAL ticket_facts(card_tickets.customer, t.ticket_id, card_tickets.as_of) f
             WHERE NOT f.discarded
        ), promised AS MATERIALIZED (
            SELECT coalesce(t.merged_into, s.ticket_id) AS ticket_id, s.metric::text AS metric, s.cycle, s.started_at, s.due_at, s.state::text AS state
              FROM sla_status_of(NULL, true, card_tickets.as_of) s
              JOIN tickets t ON t.customer_id = s.customer_id AND t.ticket_id = s.ticket_id
             WHERE s.customer_id = card_tickets.customer AND s.stopped_at IS NULL AND s.due_at IS NOT NULL
        ), waiting AS MATERIALIZED (
            SELECT coalesce(t.merged_into, w.ticket_id) AS ticket_id, min(w.waiting_since) AS since
              FROM unanswered_at(card_tickets.as_of) w
              JOIN tickets t ON t.customer_id = w.customer_id AND t.ticket_id = w.ticket_id
             WHERE w.customer_id = card_tickets.customer
             GROUP BY 1
        )
        SELECT pg_catalog.jsonb_build_object(
                   'count', count(*), 'complaints', count(*) FILTER (WHERE n.complaint),
                   'open', coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                        'ticket_id', n.ticket_id, 'channel', n.channel, 'reason', n.reason, 'priority', n.priority, 'subject', n.subject,
                                        'complaint', n.complaint, 'order_id', n.order_id, 'agent_id', n.agent_id, 'opened_at', n.opened_at,
                                        'contacts', n.contacts, 'reopened', n.reopened, 'first_reply_at', n.first_reply_at, 'waiting_since', w.since,
                                        'due_at', d.due_at,
                                        'deadlines', coalesce(d.deadlines, '[]'::jsonb))
                                    ORDER BY d.due_at, n.opened_at, n.ticket_id) FILTER (WHERE n.resolved_at IS NULL), '[]'::jsonb),
                   'last', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                                'ticket_id', l.ticket_id, 'channel', l.channel, 'reason', l.reason, 'subject', l.subject, 'complaint', l.complaint,
                                                'order_id', l.order_id, 'agent_id', l.agent_id, 'opened_at', l.opened_at, 'first_reply_at', l.first_reply_at,
                                                'resolved_at', l.resolved_at, 'resolution', l.resolution, 'contacts', l.contacts)
                                            ORDER BY l.resolved_at DESC, l.ticket_id)
                                       FROM (SELECT c.* FROM known c WHERE c.resolved_at IS NOT NULL
                                              ORDER BY c.resolved_at DESC, c.ticket_id LIMIT 5) l), '[]'::jsonb))
          FROM known n
          LEFT JOIN waiting w ON w.ticket_id = n.ticket_id
          LEFT JOIN (SELECT p.ticket_id, min(p.due_at) AS due_at,
                            pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('metric', p.metric, 'state', p.state, 'started_at', p.started_at, 'due_at', p.due_at)
                                                 ORDER BY p.due_at, p.metric, p.cycle) AS deadlines
                       FROM promised p
                      GROUP BY p.ticket_id) d ON d.ticket_id = n.ticket_id);
END
$$;
COMMENT ON FUNCTION card_tickets(@key_type@, timestamptz) IS
    'of customer_card: how many tickets there were, those that are open, the most pressing first, with every deadline that runs or has passed, and the last five that were resolved';

CREATE OR REPLACE FUNCTION card_answers(customer @key_type@, as_of timestamptz) RETURNS jsonb
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
    SET timezone = 'UTC'
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN coalesce((
        SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                   'source', l.source, 'at', l.at, 'survey', l.survey, 'question', l.question, 'wording', l.wording, 'kind', l.kind,
                   'score', l.score, 'scale_low', l.scale_low, 'scale_high', l.scale_high, 'higher_is_better', l.higher_is_better,
                   'about', l.about)
               ORDER BY l.at DESC, l.source, l.survey, l.place, l.question, l.about)
          FROM (SELECT u.*
                  FROM (SELECT 'survey'::text AS source, r.responded_at AS at, a.survey, a.question, q.wording, q.kind, a.score,
                               q.scale_low, q.scale_high, q.higher_is_better, q."position" AS place, coalesce(r.ticket_id, r.order_id) AS about
                          FROM survey_responses r
                          JOIN survey_answers a ON a.customer_id = r.customer_id AND a.response_id = r.response_id
                          JOIN survey_questions q ON q.survey = a.survey AND q.question = a.question
                         WHERE r.customer_id = card_answers.customer AND r.responded_at <= card_answers.as_of AND a.score IS NOT NULL
                        UNION ALL
                        SELECT 'review', w.reviewed_at, NULL, NULL, NULL, 'stars', w.stars, 1::smallint, 5::smallint, true, NULL, w.product_id
                          FROM reviews w
                         WHERE w.customer_id = card_answers.customer AND w.reviewed_at <= card_answers.as_of
                        UNION ALL
                        SELECT 'hearing', h.called_at, NULL, NULL, NULL, 'nps', h.score, 0::smallint, 10::smallint, true, NULL, NULL
                          FROM hearings h
                         WHERE h.customer_id = card_answers.customer AND h.called_at <= card_answers.as_of AND h.score IS NOT NULL) u
                 ORDER BY u.at DESC, u.source, u.survey, u.place, u.question, u.about
                 LIMIT 10) l), '[]'::jsonb);
END
$$;
COMMENT ON FUNCTION card_answers(@key_type@, timestamptz) IS
    'of customer_card: the last ten scores that the customer gave, in surveys, reviews (stars) and when called, newest first';

-- Of texts as few as one customer's, all are matched with the words of as_of: what is kept
-- would have to be looked at whether it is up to date.
CREATE OR REPLACE FUNCTION card_voices(customer @key_type@, as_of timestamptz) RETURNS jsonb
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
    SET timezone = 'UTC'
    SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    words record;
BEGIN
    IF NOT EXISTS (SELECT FROM voices_all_at(card_voices.as_of) v WHERE v.customer_id = card_voices.customer) THEN
        RETURN '{"count": 0, "themes": [], "last": []}'::jsonb;
    END IF;
    words := lexicons_in_use(as_of);
    RETURN (
        WITH said AS MATERIALIZED (
            SELECT v.source, v.text_id, v.piece, v.product_id, v.said_at, v.rating, v.body,
                   loyalcs.themes(v.body, v.lexicon) AS themes, loyalcs.sentiment(v.body, v.lexicon) AS sentiment
              FROM (SELECT v.*, coalesce(p.lexicon, words.lexicon) AS lexicon
                      FROM (SELECT a.* FROM voices_all_at(card_voices.as_of) a
                             WHERE a.customer_id = card_voices.customer
                             ORDER BY a.said_at DESC, a.source, a.text_id, a.piece
                             LIMIT 100) v
                      LEFT JOIN ROWS FROM (pg_catalog.unnest(words.products), pg_catalog.unnest(words.lexicons)) p (product_id, lexicon)
                        ON p.product_id = v.product_id
                    OFFSET 0) v
        )
        SELECT pg_catalog.jsonb_build_object(
                   'count', count(*),
                   'themes', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                                  'theme', t.theme, 'voices', t.voices, 'last_said_at', t.last_said_at, 'sentiment', t.sentiment)
                                              ORDER BY t.voices DESC, t.last_said_at DESC, t.theme)
                                         FROM (SELECT h.theme, count(*) AS voices, max(s.said_at) AS last_said_at,
                                                      avg(s.sentiment::numeric)::double precision AS sentiment
                                                 FROM said s
                                                CROSS JOIN LATERAL pg_catalog.unnest(s.themes) h (theme)
                                                GROUP BY h.theme) t), '[]'::jsonb),
                   'last', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                                'source', l.source, 'at', l.said_at, 'rating', l.rating, 'product_id', l.product_id,
                                                'themes', pg_catalog.to_jsonb(l.themes), 'sentiment', l.sentiment,
                                                'text', pg_catalog."left"(l.body, 500))
                                            ORDER BY l.said_at DESC, l.source, l.text_id, l.piece)
                                       FROM (SELECT s.* FROM said s ORDER BY s.said_at DESC, s.source, s.text_id, s.piece LIMIT 5) l), '[]'::jsonb))
          FROM said n);
END
$$;
COMMENT ON FUNCTION card_voices(@key_type@, timestamptz) IS
    'of customer_card: what the customer''s last hundred texts speak of, by the words of as_of, and the last five of them, cut off after 500 characters';

CREATE OR REPLACE FUNCTION card_followups(customer @key_type@, as_of timestamptz) RETURNS jsonb
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
    SET timezone = 'UTC'
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN pg_catalog.jsonb_build_object(
        'sent', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('step', f.step, 'subject', f.subject, 'channel', f.channel, 'sent_at', f.finished_at)
                                                      ORDER BY f.finished_at DESC, f.step, f.subject)
                            FROM (SELECT s.step, s.subject, s.channel, s.finished_at
                                    FROM followups s
                                   WHERE s.customer_id = card_followups.customer AND s.outcome = 'sent' AND s.finished_at <= card_followups.as_of
                                   ORDER BY s.finished_at DESC, s.step, s.subject
                                   LIMIT 5) f), '[]'::jsonb),
        'due', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('step', c.step, 'subject', c.subject, 'channel', c.channel, 'due_at', c.due_at, 'why', c.why,
                                                                                   'held_back', c.held_back IS NOT NULL, 'reason', c.reason, 'until', c.until)
                                                     ORDER BY c.due_at, c.step, c.subject)
                           FROM followups_considered(card_followups.as_of, interval '0') c
                          WHERE c.customer_id = card_followups.customer AND c.held_back IS DISTINCT FROM 'drop'), '[]'::jsonb));
END
$$;
COMMENT ON FUNCTION card_followups(@key_type@, timestamptz) IS
    'of customer_card: the last five messages that were sent, and those that are due, held back for now or not';

CREATE OR REPLACE FUNCTION card_offers(customer @key_type@, as_of timestamptz) RETURNS jsonb
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN (SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                'product_id', f.product_id, 'product_name', f.product_name, 'category', f.category, 'because', f.because,
                                'because_product_id', f.because_product_id, 'confidence', f.confidence) ORDER BY f.n), '[]'::jsonb)
              FROM next_offers(card_offers.customer, 5::bigint, card_offers.as_of) WITH ORDINALITY
                   f (product_id, product_name, category, because, because_product_id, confidence, lift, support, n));
END
$$;
COMMENT ON FUNCTION card_offers(@key_type@, timestamptz) IS
    'of customer_card: what to offer next, best first, see next_offers()';

CREATE OR REPLACE FUNCTION card_returns(customer @key_type@, as_of timestamptz) RETURNS jsonb
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
    SET timezone = 'UTC'
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        WITH made AS MATERIALIZED (
            SELECT r.*
              FROM (SELECT NULL::text AS reason, NULL::text AS cause, NULL::text AS remedy, NULL::timestamptz AS completed_at) none
             CROSS JOIN LATERAL (SELECT k.return_id, k.order_id, k.returned_at, k.refund, reason, cause, remedy, completed_at
                                   FROM returns k
                                  WHERE k.customer_id = card_returns.customer AND k.returned_at <= card_returns.as_of) r
        )
        SELECT pg_catalog.jsonb_build_object(
                   'count', count(*), 'refund', coalesce(sum(m.refund), 0::numeric),
                   'last', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                                'return_id', l.return_id, 'order_id', l.order_id, 'returned_at', l.returned_at, 'refund', l.refund,
                                                'cause', l.cause, 'reason', l.reason, 'remedy', l.remedy,
                                                'completed_at', CASE WHEN l.completed_at <= card_returns.as_of THEN l.completed_at END)
                                            ORDER BY l.returned_at DESC, l.return_id)
                                       FROM (SELECT d.* FROM made d ORDER BY d.returned_at DESC, d.return_id LIMIT 5) l), '[]'::jsonb))
          FROM made m);
END
$$;
COMMENT ON FUNCTION card_returns(@key_type@, timestamptz) IS
    'of customer_card: how many returns there were, what was given back, and the last five';

CREATE OR REPLACE FUNCTION card_warnings(customer @key_type@, as_of timestamptz) RETURNS jsonb
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
    SET timezone = 'UTC'
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN (
        SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('warning', w.warning, 'since', w.since, 'evidence', w.evidence)
                                             ORDER BY w.place, w.since, w.evidence::text), '[]'::jsonb)
          FROM (-- whoever wrote last and waits: beyond what was promised or, where nothing was, for a day
                SELECT 1 AS place, 'unanswered'::text AS warning, u.waiting_since AS since,
                       pg_catalog.jsonb_build_object('ticket_id', u.ticket_id, 'channel', u.channel, 'due_at', p.due_at,
                                                     'waiting_minutes', u.waiting_minutes) AS evidence
                  FROM unanswered_at(card_warnings.as_of) u
                  LEFT JOIN LATERAL (
                            SELECT min(s.due_at) AS due_at
                              FROM sla_status_of(NULL, true, card_warnings.as_of) s
                             WHERE s.customer_id = card_warnings.customer AND s.ticket_id = u.ticket_id AND s.stopped_at IS NULL
                               AND s.metric::text IN ('first_response', 'next_response')) p ON true
                 WHERE u.customer_id = card_warnings.customer
                   AND coalesce(p.due_at, u.waiting_since + interval '24 hours') <= card_warnings.as_of
                UNION ALL
                SELECT 2, 'not resolved in time', s.due_at,
                       pg_catalog.jsonb_build_object('ticket_id', s.ticket_id, 'channel', s.channel, 'started_at', s.started_at, 'due_at', s.due_at)
                  FROM sla_status_of(NULL, true, card_warnings.as_of) s
                 WHERE s.customer_id = card_warnings.customer AND s.stopped_at IS NULL AND s.metric::text = 'resolution'
                   AND s.due_at <= card_warnings.as_of
                UNION ALL
                SELECT 3, 'answered late', s.stopped_at,
                       pg_catalog.jsonb_build_object('ticket_id', s.ticket_id, 'channel', s.channel, 'started_at', s.started_at, 'due_at', s.due_at,
                                                     'answered_at', s.stopped_at)
                  FROM sla_status_of(NULL, false, card_warnings.as_of) s
                 WHERE s.customer_id = card_warnings.customer AND s.metric::text IN ('first_response', 'next_response')
                   AND s.stopped_at > s.due_at AND s.stopped_at > card_warnings.as_of - interval '2160 hours'
                UNION ALL
                -- the last questionnaire of a survey, worse by a fifth of the scale than the one before, on average over what was asked in both
                SELECT 4, 'declining scores', d.at,
                       pg_catalog.jsonb_build_object('survey', d.survey, 'at', d.at, 'at_before', d.at_before, 'change', d.change::double precision, 'scores', d.scores)
                  FROM (SELECT n.survey, n.at, n.at_before,
                               avg((a.score - b.score)::numeric * CASE WHEN q.higher_is_better THEN 1::numeric ELSE -1::numeric END
                                   / (q.scale_high - q.scale_low)::numeric) AS change,
                               pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('question', a.question, 'kind', q.kind, 'score', a.score, 'score_before', b.score,
                                                                                  'scale_low', q.scale_low, 'scale_high', q.scale_high, 'higher_is_better', q.higher_is_better)
                                                    ORDER BY q."position", a.question) AS scores
                          FROM (SELECT DISTINCT ON (r.survey) r.survey, r.response_id, r.responded_at AS at,
                                       pg_catalog.lag(r.response_id) OVER w AS response_before, pg_catalog.lag(r.responded_at) OVER w AS at_before
                                  FROM survey_responses r
                                 WHERE r.customer_id = card_warnings.customer AND r.responded_at <= card_warnings.as_of
                                WINDOW w AS (PARTITION BY r.survey ORDER BY r.responded_at, r.response_id)
                                 ORDER BY r.survey, r.responded_at DESC, r.response_id DESC) n
                          JOIN survey_answers a ON a.customer_id = card_warnings.customer AND a.response_id = n.response_id AND a.score IS NOT NULL
                          JOIN survey_answers b ON b.customer_id = card_warnings.customer AND b.response_id = n.response_before
                                               AND b.question = a.question AND b.score IS NOT NULL
                          JOIN survey_questions q ON q.survey = a.survey AND q.question = a.question
                         WHERE n.at > card_warnings.as_of - interval '8760 hours'
                         GROUP BY n.survey, n.at, n.at_before) d
                 WHERE d.change <= -0.2
                UNION ALL
                -- longer than the customer's rhythm (three orders make one), or than the shop expects of anybody
                SELECT 5, 'silent', p.last_order_at,
                       pg_catalog.jsonb_build_object('last_order_at', p.last_order_at, 'silent_days', p.recency_days, 'expected_days', in_days(e.expected),
                                                     'rhythm', CASE WHEN p.orders > 2::bigint THEN 'own' ELSE 'shop' END, 'orders', p.orders)
                  FROM customer_purchases_at(card_warnings.as_of) p
                 CROSS JOIN settings z
                 CROSS JOIN LATERAL (SELECT CASE WHEN p.orders > 2::bigint THEN greatest(p.purchase_interval, interval '1 day')
                                                 ELSE z.purchase_within END AS expected) e
                 WHERE p.customer_id = card_warnings.customer
                   AND EXTRACT(epoch FROM p.recency)::double precision >= z.lapsing_after * EXTRACT(epoch FROM e.expected)::double precision) w);
END
$$;
COMMENT ON FUNCTION card_warnings(@key_type@, timestamptz) IS
    'of customer_card: signs that the customer is not cared for, the most pressing kind first, each with its evidence: unanswered (waits beyond the promise or, without one, for a day), not resolved in time, answered late (in the last 90 days), declining scores (the last questionnaire of a survey, in the last year, is worse by a fifth of the scale than the one before, on average over what was asked in both), silent (settings.lapsing_after times as long as expected: by the customer''s own rhythm from three orders on, before that by settings.purchase_within)';

CREATE OR REPLACE FUNCTION customer_card_at(customer @key_type@, as_of timestamptz) RETURNS jsonb
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
    SET timezone = 'UTC'
    SET jit = off
AS $$
DECLARE
    shop record;
BEGIN
    IF NOT may_read_voices() THEN
        RAISE EXCEPTION 'permission denied for the card of a customer'
            USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'caller_may_see_the_card',
                  DETAIL = 'It holds personal data and what the customer wrote.',
                  HINT = 'The levels service and admin may read it.';
    END IF;
    IF as_of IS NULL THEN
        RAISE EXCEPTION 'customer_card_at needs an instant'
            USING ERRCODE = 'null_value_not_allowed', CONSTRAINT = 'as_of_is_an_instant',
                  HINT = 'customer_card() is as of now.';
    END IF;
    IF NOT EXISTS (SELECT FROM customers c WHERE c.customer_id = customer_card_at.customer) THEN
        RAISE EXCEPTION 'there is no customer %', coalesce(customer::text, 'NULL')
            USING ERRCODE = 'no_data_found', CONSTRAINT = 'customer_exists',
                  HINT = 'find_customers() looks for one by mail, telephone, order, ticket or the key of another system.';
    END IF;
    SELECT s.currency, s.time_zone INTO shop FROM settings s;
    RETURN pg_catalog.jsonb_build_object(
        'customer_id', customer::text, 'as_of', as_of, 'currency', shop.currency, 'time_zone', shop.time_zone,
        'customer', card_customer(customer, as_of),
        'warnings', card_warnings(customer, as_of),
        'tier', card_tier(customer, as_of),
        'points', card_points(customer, as_of),
        'orders', card_orders(customer, as_of),
        'tickets', card_tickets(customer, as_of),
        'answers', card_answers(customer, as_of),
        'voices', card_voices(customer, as_of),
        'followups', card_followups(customer, as_of),
        'offers', card_offers(customer, as_of),
        'returns', card_returns(customer, as_of));
END
$$;
COMMENT ON FUNCTION customer_card_at(@key_type@, timestamptz) IS
    'what whoever talks to a customer needs at a glance, as of an instant; every part reads by the customer''s key. doc/customer_card.md has its structure. An error for a customer who does not exist, and for the level report';

CREATE OR REPLACE FUNCTION customer_card(customer @key_type@) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN customer_card_at(customer, now());
COMMENT ON FUNCTION customer_card(@key_type@) IS
    'what whoever talks to a customer needs at a glance, now: see customer_card_at()';
