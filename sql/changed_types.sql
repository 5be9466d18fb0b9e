-- Types that their owner has changed: a function that knows their labels or columns
-- says so.

-- The session is nobody's: no figure may depend on it.
SET client_min_messages = warning;
SET timezone = 'Pacific/Kiritimati';
SET datestyle = 'ISO, DMY';
SET intervalstyle = 'postgres';
\set SHOW_CONTEXT never
SET search_path = loyalcs, public;
CREATE FUNCTION pg_temp.said(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
    hint text;
    result text;
BEGIN
    EXECUTE query INTO result;
    RETURN result;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, ''));
END $$;

-- Labels.
ALTER TYPE loyalcs.ticket_event ADD VALUE 'escalated';
SELECT pg_temp.said($$SELECT sla_clocks('escalated'::ticket_event, now())$$);
SELECT pg_temp.said($$SELECT sla_clocks('escalated'::text, now(), 1, 0)$$);
ALTER TYPE loyalcs.ticket_event RENAME VALUE 'note' TO 'remark';
SELECT pg_temp.said($$SELECT sla_clocks('opened'::ticket_event, now())$$);
ALTER TYPE loyalcs.ticket_event RENAME VALUE 'remark' TO 'note';
ALTER TYPE loyalcs.sla_state RENAME VALUE 'met' TO 'kept';
SELECT pg_temp.said($$SELECT sla_state(now(), NULL, now(), NULL)$$);
ALTER TYPE loyalcs.sla_metric RENAME VALUE 'resolution' TO 'end';
SELECT pg_temp.said($$SELECT sla_clocks('opened'::ticket_event, now())$$);
ALTER TYPE loyalcs.sla_metric RENAME VALUE 'end' TO 'resolution';

-- Columns.
ALTER TYPE loyalcs.sla_clock ADD ATTRIBUTE more text;
SELECT pg_temp.said($$SELECT sla_clocks('opened'::ticket_event, now())$$);
ALTER TYPE loyalcs.sla_rule ADD ATTRIBUTE more text;
SELECT pg_temp.said($$SELECT sla_policy(ARRAY[NULL::sla_rule], 'resolution', NULL, NULL, NULL, NULL, now())$$);
ALTER TYPE loyalcs.tier_span ADD ATTRIBUTE more text;
SELECT pg_temp.said($$SELECT tier_spans('{}', '{}', '{}', '{}', '{}', 'UTC')$$);
ALTER TYPE loyalcs.tier_rule ADD ATTRIBUTE more text;
SELECT pg_temp.said($$SELECT tier_spans('{}', '{}', '{}', '{}', ARRAY[NULL::tier_rule], 'UTC')$$);

-- A function in C that was made anew with another result.
DO $$
BEGIN
    EXECUTE (SELECT format('CREATE FUNCTION public.no_row(bigint, bigint, float8) RETURNS float8 LANGUAGE c AS %L, %L', probin, prosrc)
               FROM pg_proc WHERE proname = 'share_interval' AND pronamespace = 'loyalcs'::regnamespace);
END $$;
SELECT pg_temp.said('SELECT public.no_row(1, 2, 0.95)');
