-- shop/breakdown.sql
--
-- The one way in which figures are cut by what is known of customers: every
-- function x_by(breakdown, as_of) takes the name of a breakdown and gives a
-- row for each of its parts.
-- Needs: settings, customers, own_breakdowns, orders, products, rfm, tiers.
--
-- The name is a constant in nearly every query; then all branches but one are
-- gone before the query is planned.

--@ functions
CREATE OR REPLACE FUNCTION customer_breakdowns() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{everyone,age_band,gender,region,sales_channel,first_category,rfm_segment,tier}'::text[];
COMMENT ON FUNCTION customer_breakdowns() IS
    'the breakdowns of customers: see customer_breakdown';

CREATE OR REPLACE FUNCTION dated_breakdowns() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{age_band,sales_channel,first_category,rfm_segment,tier}'::text[];
COMMENT ON FUNCTION dated_breakdowns() IS
    'the breakdowns whose parts change with time, which can be asked for as of an instant: see breakdown_as_of';

CREATE OR REPLACE FUNCTION ticket_breakdowns() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{channel,reason,priority,tier,agent,policy_set}'::text[];
COMMENT ON FUNCTION ticket_breakdowns() IS
    'the breakdowns of tickets, which service levels have besides';

CREATE OR REPLACE FUNCTION breakdown_kind(breakdown text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN breakdown = ANY (customer_breakdowns()) OR breakdown IN ('age_band@first_order', 'tier@first_order') THEN breakdown
    WHEN breakdown LIKE '%@first_order' THEN regexp_replace(breakdown, '^.*@', 'own@')
    WHEN breakdown LIKE '%@%' AND split_part(breakdown, '@', 1) = ANY (dated_breakdowns()) THEN split_part(breakdown, '@', 1)
    ELSE 'own'
END;
COMMENT ON FUNCTION breakdown_kind(text) IS
    'by which branch of customer_breakdown() a breakdown is read: that of its name, or own for all that are not built in, whether there is such a one or not; with @first_order if it is as of each customer''s first order';

CREATE OR REPLACE FUNCTION check_breakdown(breakdown text) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    own constant text := split_part(breakdown, '@', 1);
BEGIN
    IF breakdown_kind(breakdown) NOT IN ('own', 'own@first_order')
       OR EXISTS (SELECT FROM own_breakdowns o WHERE o.breakdown = own) THEN
        RETURN own;
    END IF;
    RAISE EXCEPTION 'unknown breakdown %', coalesce(quote_literal(breakdown), 'NULL')
        USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'breakdown_exists',
              HINT = pg_catalog.format('The breakdowns are %s; surveys also have channel, service levels %s. As of another day: %s, as in rfm_segment@2026-04-01; as of each customer''s first order: age_band, tier, as in tier@first_order. add_breakdown() adds others.',
                            pg_catalog.array_to_string(customer_breakdowns() OPERATOR(pg_catalog.||) ARRAY(SELECT o.breakdown FROM own_breakdowns o ORDER BY o.breakdown), ', '),
                            pg_catalog.array_to_string(pg_catalog.array_remove(ticket_breakdowns(), 'tier'), ', '),
                            pg_catalog.array_to_string(dated_breakdowns() OPERATOR(pg_catalog.||) ARRAY(SELECT o.breakdown FROM own_breakdowns o ORDER BY o.breakdown), ', '));
END
$$;
COMMENT ON FUNCTION check_breakdown(text) IS
    'the name of a breakdown without what stands after @, or an error that lists them all';

CREATE OR REPLACE FUNCTION breakdown_day(breakdown text, as_of timestamptz) RETURNS timestamptz
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    day constant text := substr(breakdown, strpos(breakdown, '@') + 1);
    cut_at timestamptz;
BEGIN
    IF day !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' THEN
        RAISE EXCEPTION 'breakdown % is not as of a day', quote_literal(breakdown)
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'breakdown_exists',
                  HINT = 'Write the local day that begins then, as in rfm_segment@2026-04-01.';
    END IF;
    cut_at := make_timestamp(substr(day, 1, 4)::integer, substr(day, 6, 2)::integer, substr(day, 9, 2)::integer,
                             0, 0, 0) AT TIME ZONE (SELECT s.time_zone FROM settings s);
    IF cut_at > as_of THEN
        RAISE EXCEPTION 'breakdown % lies after the figures', quote_literal(breakdown)
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'breakdown_is_not_later',
                  DETAIL = pg_catalog.format('They are as of %s.', as_of),
                  HINT = 'Nothing is known yet of how customers will be divided: give an earlier day.';
    END IF;
    RETURN cut_at;
END
$$;
COMMENT ON FUNCTION breakdown_day(text, timestamptz) IS
    'the beginning of the local day after the @ of a breakdown, which may not lie after as_of';

-- Written so that of a constant name without a day only as_of is left.
CREATE OR REPLACE FUNCTION breakdown_as_of(breakdown text, as_of timestamptz) RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN breakdown LIKE '%@%' AND breakdown NOT LIKE '%@first_order' THEN breakdown_day(breakdown, as_of) ELSE as_of END;
COMMENT ON FUNCTION breakdown_as_of(text, timestamptz) IS
    'the instant as of which a breakdown divides customers: the beginning of the local day after @, as in rfm_segment@2026-04-01, else as_of; as of which a first order is one, for @first_order';

CREATE OR REPLACE FUNCTION customer_breakdown(breakdown text, as_of timestamptz)
RETURNS TABLE (customer_id @key_type@, part text)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT c.customer_id,
           CASE
               WHEN a.age < 20 THEN '-19'
               WHEN a.age >= 70 THEN '70-'
               ELSE (a.age / 10 * 10)::text || '-' || (a.age / 10 * 10 + 9)::text
           END
      FROM (SELECT c.customer_id, c.birth_year, breakdown_as_of(customer_breakdown.breakdown, customer_breakdown.as_of) AS at
              FROM customers c
             WHERE breakdown_kind(customer_breakdown.breakdown) = 'age_band'
            UNION ALL
            SELECT c.customer_id, c.birth_year, p.first_order_at
              FROM purchases_of_everybody(customer_breakdown.as_of) p
              JOIN customers c ON c.customer_id = p.customer_id
             WHERE breakdown_kind(customer_breakdown.breakdown) = 'age_band@first_order') c
     CROSS JOIN LATERAL (
               SELECT EXTRACT(year FROM loyalcs.local_date(
                          greatest(least(c.at, timestamptz '9999-12-31 00:00+00'), timestamptz '0001-01-01 00:00+00'),
                          (SELECT s.time_zone FROM settings s)))::integer - c.birth_year AS age
           ) a
    UNION ALL
    SELECT c.customer_id, c.gender
      FROM customers c
     WHERE breakdown_kind(customer_breakdown.breakdown) = 'gender'
    UNION ALL
    SELECT c.customer_id, c.region
      FROM customers c
     WHERE breakdown_kind(customer_breakdown.breakdown) = 'region'
    UNION ALL
    SELECT f.customer_id, f.sales_channel
      FROM (SELECT DISTINCT ON (o.customer_id) o.customer_id, o.sales_channel
              FROM counted_orders_at(breakdown_as_of(customer_breakdown.breakdown, customer_breakdown.as_of)) o
             WHERE breakdown_kind(customer_breakdown.breakdown) = 'sales_channel'
             ORDER BY o.customer_id, o.ordered_at, o.order_id) f
    UNION ALL
    SELECT f.customer_id, f.category
      FROM (SELECT DISTINCT ON (o.customer_id) o.customer_id, line_category(i.product_id, i.category) AS category
              FROM counted_orders_at(breakdown_as_of(customer_breakdown.breakdown, customer_breakdown.as_of)) o
              LEFT JOIN order_items i
                ON i.customer_id = o.customer_id AND i.order_id = o.order_id
             WHERE breakdown_kind(customer_breakdown.breakdown) = 'first_category'
             ORDER BY o.customer_id, o.ordered_at, o.order_id,
                      i.amount DESC NULLS LAST, i.line) f
    UNION ALL
    SELECT r.customer_id, r.segment
      FROM segments_of_everybody(breakdown_as_of(customer_breakdown.breakdown, customer_breakdown.as_of)) r
     WHERE breakdown_kind(customer_breakdown.breakdown) = 'rfm_segment'
    UNION ALL
    SELECT c.customer_id, coalesce(h.tier, 'none')
      FROM (SELECT c.customer_id, breakdown_as_of(customer_breakdown.breakdown, customer_breakdown.as_of) AS at
              FROM customers c
             WHERE breakdown_kind(customer_breakdown.breakdown) = 'tier'
            UNION ALL
            SELECT p.customer_id, p.first_order_at
              FROM purchases_of_everybody(customer_breakdown.as_of) p
             WHERE breakdown_kind(customer_breakdown.breakdown) = 'tier@first_order') c
      LEFT JOIN tier_history h
        ON h.customer_id = c.customer_id
       AND h.valid_from <= c.at
       AND (h.valid_until IS NULL OR h.valid_until > c.at)
    UNION ALL
    -- (a name that is unknown is noticed as soon as the planner asks how many rows have it)
    SELECT p.customer_id, p.part
      FROM (SELECT DISTINCT ON (p.customer_id) p.customer_id, p.part
              FROM customer_parts p
             WHERE breakdown_kind(customer_breakdown.breakdown) = 'own'
               AND p.breakdown = check_breakdown(customer_breakdown.breakdown)
               AND p.valid_from <= breakdown_as_of(customer_breakdown.breakdown, customer_breakdown.as_of)
             ORDER BY p.customer_id, p.valid_from DESC) p
    UNION ALL
    SELECT f.customer_id, f.part
      FROM (SELECT DISTINCT ON (p.customer_id) p.customer_id, p.part
              FROM customer_parts p
              JOIN purchases_of_everybody(customer_breakdown.as_of) o
                ON o.customer_id = p.customer_id AND p.valid_from <= o.first_order_at
             WHERE breakdown_kind(customer_breakdown.breakdown) = 'own@first_order'
               AND p.breakdown = check_breakdown(customer_breakdown.breakdown)
             ORDER BY p.customer_id, p.valid_from DESC) f;
END;
COMMENT ON FUNCTION customer_breakdown(text, timestamptz) IS
    'which part of a breakdown each customer belongs to: age_band (age reached in the local calendar year), gender, region, sales_channel (of the first order), first_category (of the dearest line of the first order), rfm_segment, tier (none for those without), and the shop''s own, see own_breakdowns; no rows for everyone; NULL where it is not known. All as of as_of, or of the beginning of a local day: rfm_segment@2026-04-01; age_band, tier and the shop''s own also as of each customer''s first order: tier@first_order. What happened before a customer was divided has made the part that they are in, so figures about it are true by construction (nobody of the segment Lost has come back): to compare parts, give the day on which the time begins that is asked about; who had not ordered by then is unknown';

CREATE OR REPLACE FUNCTION numbered_orders_by(breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    customer_id @key_type@,
    order_id text,
    order_number bigint,
    ordered_at timestamptz,
    amount numeric,
    sales_channel text,
    first_order_at timestamptz,
    previous_order_at timestamptz,
    previous_amount numeric,
    next_order_at timestamptz
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(b.part, CASE numbered_orders_by.breakdown
                                WHEN 'everyone' THEN 'everyone'
                                ELSE 'unknown'
                            END),
           o.customer_id,
           o.order_id,
           row_number() OVER life,
           o.ordered_at,
           o.amount,
           o.sales_channel,
           pg_catalog.first_value(o.ordered_at) OVER life,
           pg_catalog.lag(o.ordered_at) OVER life,
           pg_catalog.lag(o.amount) OVER life,
           pg_catalog.lead(o.ordered_at) OVER life
      FROM counted_orders_at(numbered_orders_by.as_of) o
      LEFT JOIN customer_breakdown(numbered_orders_by.breakdown, numbered_orders_by.as_of) b
        ON b.customer_id = o.customer_id
    WINDOW life AS (PARTITION BY o.customer_id ORDER BY o.ordered_at, o.order_id);
END;
COMMENT ON FUNCTION numbered_orders_by(text, timestamptz) IS
    'the orders that count, each with its number in the customer''s life and its neighbours there; for each part of a breakdown, unknown where the customers is not known';
