-- card_page.sql
--
-- The card of a customer as a page: what whoever talks to one needs at a glance.
-- Needs: labels, formats, page.
--
-- Pure, as report_page.sql is: the page follows from the jsonb alone. What is urgent comes
-- first: signs that nobody takes care, then who waits for what until when.

CREATE FUNCTION loyalcs.page_warning(w jsonb, time_zone text, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    e jsonb := w -> text 'evidence';
BEGIN
    RETURN xmlelement(NAME li, xmlattributes(text 'bad' AS class),
        xmlelement(NAME p, xmlattributes(text 'said' AS class), coalesce(loyalcs.page_name(w ->> text 'warning', lang), text '')),
        xmlelement(NAME p, xmlattributes(text 'todo' AS class), concat_ws(text ' / ',
            format(loyalcs.page_text('since', lang), loyalcs.page_instant(w ->> text 'since', time_zone, lang)),
            loyalcs.page_name(e ->> text 'ticket_id', lang), loyalcs.page_name(e ->> text 'channel', lang), loyalcs.page_name(e ->> text 'survey', lang),
            CASE WHEN e ->> text 'waiting_minutes' IS NOT NULL THEN
                format(loyalcs.page_text('waits for', lang), loyalcs.format_figure((e ->> text 'waiting_minutes')::numeric, text 'minutes', NULL::text, lang)) END,
            CASE WHEN e ->> text 'silent_days' IS NOT NULL THEN
                format(loyalcs.page_text('silent for', lang), loyalcs.format_number((e ->> text 'silent_days')::numeric), loyalcs.format_number((e ->> text 'expected_days')::numeric)) END,
            (SELECT string_agg(coalesce(loyalcs.page_name(s.s ->> text 'kind', lang) || text ' ', text '') || (s.s ->> text 'score_before') || text ' → ' || (s.s ->> text 'score'), text ', ' ORDER BY s.i)
               FROM jsonb_array_elements(loyalcs.page_items(e -> text 'scores')) WITH ORDINALITY AS s(s, i) WHERE s.i <= 4))));
END
$$;
COMMENT ON FUNCTION loyalcs.page_warning(jsonb, text, text) IS
    'a sign that nobody takes care of a customer, with what it is concluded from';

CREATE FUNCTION loyalcs.page_tickets(tickets jsonb, time_zone text, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN loyalcs.page_list(
        ARRAY[loyalcs.label('ticket', lang), loyalcs.page_text('due', lang), loyalcs.page_text('status', lang)],
        (SELECT xmlagg(xmlelement(NAME tr,
                    xmlelement(NAME th, xmlattributes(text 'row' AS scope),
                        xmlelement(NAME bdi, coalesce(loyalcs.page_cut(e.t ->> text 'subject', 60), loyalcs.page_name(e.t ->> text 'reason', lang), loyalcs.page_cut(e.t ->> text 'ticket_id', 40), text '')),
                        xmlelement(NAME small, xmlattributes(text 'soft' AS class), concat_ws(text ' / ', loyalcs.page_cut(e.t ->> text 'ticket_id', 40), loyalcs.page_name(e.t ->> text 'channel', lang),
                            CASE WHEN e.t ->> text 'subject' IS NOT NULL THEN loyalcs.page_name(e.t ->> text 'reason', lang) END, loyalcs.page_cut(e.t ->> text 'agent_id', 40), format(loyalcs.page_text('since', lang), loyalcs.page_day(e.t ->> text 'opened_at', time_zone, lang))))),
                    xmlelement(NAME td, loyalcs.page_instant(coalesce(e.t ->> text 'due_at', text ''), time_zone, lang)),
                    xmlelement(NAME td,
                        coalesce((SELECT xmlagg(xmlelement(NAME small, xmlattributes(CASE WHEN d.d ->> text 'state' IN (text 'breached', text 'missed') THEN text 'bad' ELSE text 'soft' END AS class),
                                                concat_ws(text ': ', loyalcs.page_name(d.d ->> text 'metric', lang), loyalcs.page_name(d.d ->> text 'state', lang))) ORDER BY d.i)
                                    FROM jsonb_array_elements(loyalcs.page_items(e.t -> text 'deadlines')) WITH ORDINALITY AS d(d, i)),
                                 xmlelement(NAME span, loyalcs.format_number(NULL::numeric))),
                        CASE WHEN e.t ->> text 'complaint' = text 'true' THEN xmlelement(NAME small, xmlattributes(text 'bad' AS class), loyalcs.page_text('complaint', lang)) END)) ORDER BY e.i)
           FROM jsonb_array_elements(loyalcs.page_items(tickets)) WITH ORDINALITY AS e(t, i)));
END
$$;
COMMENT ON FUNCTION loyalcs.page_tickets(jsonb, text, text) IS
    'the open tickets of a card, with their deadlines';

CREATE FUNCTION loyalcs.page_orders(orders jsonb, currency text, time_zone text, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN loyalcs.page_list(
        ARRAY[loyalcs.page_text('order', lang), loyalcs.page_text('amount', lang), loyalcs.page_text('status', lang)],
        (SELECT xmlagg(xmlelement(NAME tr,
                    xmlelement(NAME th, xmlattributes(text 'row' AS scope), xmlelement(NAME bdi, coalesce(loyalcs.page_cut(coalesce(e.o ->> text 'external_name', e.o ->> text 'order_id'), 40), text '')),
                        xmlelement(NAME small, xmlattributes(text 'soft' AS class), concat_ws(text ' / ', loyalcs.page_day(e.o ->> text 'ordered_at', time_zone, lang),
                            (SELECT string_agg(coalesce(loyalcs.page_cut(i.i ->> text 'product_name', 40), loyalcs.page_cut(i.i ->> text 'product_id', 40), text '')
                                               || CASE WHEN (i.i ->> text 'quantity')::numeric > 1::numeric THEN text ' × ' || (i.i ->> text 'quantity') ELSE text '' END, text ', ' ORDER BY i.n)
                               FROM jsonb_array_elements(loyalcs.page_items(e.o -> text 'items')) WITH ORDINALITY AS i(i, n) WHERE i.n <= 5)))),
                    xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_money((e.o ->> text 'amount')::numeric, currency, lang))),
                    xmlelement(NAME td, coalesce(CASE e.o ->> text 'state' WHEN text 'cancelled' THEN loyalcs.page_text('cancelled', lang) ELSE loyalcs.page_name(e.o ->> text 'state', lang) END, text ''),
                        xmlelement(NAME small, xmlattributes(text 'soft' AS class),
                            CASE e.o ->> text 'state' WHEN text 'delivered' THEN loyalcs.page_day(e.o ->> text 'delivered_at', time_zone, lang)
                                                      WHEN text 'shipped' THEN loyalcs.page_day(e.o ->> text 'shipped_at', time_zone, lang)
                                                      WHEN text 'cancelled' THEN loyalcs.page_day(e.o ->> text 'cancelled_at', time_zone, lang) ELSE text '' END))) ORDER BY e.i)
           FROM jsonb_array_elements(loyalcs.page_items(orders)) WITH ORDINALITY AS e(o, i)));
END
$$;
COMMENT ON FUNCTION loyalcs.page_orders(jsonb, text, text, text) IS
    'the last orders of a card, with what was in them and how far they are';

-- What is not known has a dash: of whom has ordered but once, whether she still is a customer.
CREATE FUNCTION loyalcs.page_customer_outlook(outlook jsonb, currency text, time_zone text, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN loyalcs.page_panel(loyalcs.page_text('outlook', lang),
        CASE WHEN outlook ->> text 'orders_90_days' IS NULL THEN
            xmlelement(NAME p, xmlattributes(text 'nothing' AS class), loyalcs.page_text('no forecast', lang))
        ELSE loyalcs.page_lines(xmlconcat(
            loyalcs.page_line(loyalcs.page_text('still a customer', lang), loyalcs.format_share((outlook ->> text 'probability_alive')::numeric, 0),
                              CASE outlook ->> text 'unusual' WHEN text 'silent' THEN loyalcs.page_text('unusually silent', lang) WHEN text 'fast' THEN loyalcs.page_text('unusually fast', lang)
                                   ELSE CASE WHEN outlook ->> text 'probability_alive' IS NULL THEN loyalcs.page_text('known from the second order', lang) END END,
                              CASE outlook ->> text 'unusual' WHEN text 'silent' THEN text 'bad' WHEN text 'fast' THEN text 'good' ELSE text 'soft' END),
            loyalcs.page_line(loyalcs.page_text('orders in 90 days', lang), loyalcs.format_number((outlook ->> text 'orders_90_days')::numeric, 1)),
            loyalcs.page_line(loyalcs.page_text('money in 365 days', lang), loyalcs.format_money((outlook ->> text 'money_365_days')::numeric, currency, lang)),
            loyalcs.page_line(loyalcs.page_text('next order by', lang), CASE WHEN outlook ->> text 'next_order_by' IS NOT NULL THEN loyalcs.page_day(outlook ->> text 'next_order_by', time_zone, lang) END,
                              loyalcs.page_text('as likely as not', lang)))) END,
        CASE WHEN outlook ->> text 'model_as_of' IS NOT NULL THEN
            format(loyalcs.page_text('model of', lang), loyalcs.page_day(outlook ->> text 'model_as_of', time_zone, lang)) END);
END
$$;
COMMENT ON FUNCTION loyalcs.page_customer_outlook(jsonb, text, text, text) IS
    'what is to be expected of a customer, of the orders of a card, or that nothing is forecast';

CREATE FUNCTION loyalcs.page_card(card jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    zone text := coalesce(card ->> text 'time_zone', text 'UTC');
    currency text := card ->> text 'currency';
    customer jsonb := card -> text 'customer';
    orders jsonb := card -> text 'orders';
    tickets jsonb := card -> text 'tickets';
    service xml;
    buys xml;
    says xml;
    next xml;
BEGIN
    service := xmlconcat(
        loyalcs.page_panel(loyalcs.page_text('open tickets', lang), loyalcs.page_tickets(tickets -> text 'open', zone, lang),
                           format(loyalcs.page_text('tickets in all', lang), loyalcs.format_number((tickets ->> text 'count')::numeric), loyalcs.format_number((tickets ->> text 'complaints')::numeric)),
                           text 'panel wide'),
        loyalcs.page_panel(loyalcs.page_text('resolved tickets', lang), loyalcs.page_lines(
            (SELECT xmlagg(loyalcs.page_line(coalesce(loyalcs.page_cut(e.t ->> text 'subject', 60), loyalcs.page_name(e.t ->> text 'reason', lang), loyalcs.page_cut(e.t ->> text 'ticket_id', 40)),
                                             loyalcs.page_day(e.t ->> text 'resolved_at', zone, lang), concat_ws(text ' / ', loyalcs.page_name(e.t ->> text 'channel', lang), loyalcs.page_cut(e.t ->> text 'resolution', 60))) ORDER BY e.i)
               FROM jsonb_array_elements(loyalcs.page_items(tickets -> text 'last')) WITH ORDINALITY AS e(t, i)))));
    buys := xmlconcat(
        loyalcs.page_panel(loyalcs.page_text('last orders', lang), loyalcs.page_orders(orders -> text 'last', currency, zone, lang), NULL::text, text 'panel wide'),
        loyalcs.page_stack(xmlconcat(
            loyalcs.page_panel(loyalcs.page_text('in figures', lang), CASE WHEN (orders ->> text 'count')::numeric > 0::numeric THEN loyalcs.page_lines(xmlconcat(
                loyalcs.page_line(loyalcs.label('orders', lang), loyalcs.format_number((orders ->> text 'count')::numeric), loyalcs.page_name(orders #>> ARRAY[text 'rfm', text 'segment'], lang)),
                loyalcs.page_line(loyalcs.page_text('spent', lang), loyalcs.format_money((orders ->> text 'spent')::numeric, currency, lang)),
                loyalcs.page_line(loyalcs.label('average_order', lang), loyalcs.format_money((orders ->> text 'average')::numeric, currency, lang)),
                loyalcs.page_line(loyalcs.page_text('last order', lang), loyalcs.page_day(orders ->> text 'last_at', zone, lang),
                                  CASE WHEN orders ->> text 'interval_days' IS NOT NULL THEN format(loyalcs.page_text('every days', lang), loyalcs.format_number((orders ->> text 'interval_days')::numeric)) END))) END),
            CASE WHEN (orders ->> text 'count')::numeric > 0::numeric THEN loyalcs.page_customer_outlook(orders -> text 'outlook', currency, zone, lang) END,
            loyalcs.page_panel(loyalcs.label('returns', lang), loyalcs.page_lines(
                (SELECT xmlagg(loyalcs.page_line(coalesce(loyalcs.page_cut(e.r ->> text 'order_id', 40), text ''), loyalcs.format_money((e.r ->> text 'refund')::numeric, currency, lang),
                                                 concat_ws(text ' / ', loyalcs.page_day(e.r ->> text 'returned_at', zone, lang), loyalcs.page_cut(coalesce(e.r ->> text 'reason', e.r ->> text 'cause'), 60),
                                                           loyalcs.page_name(e.r ->> text 'remedy', lang))) ORDER BY e.i)
                   FROM jsonb_array_elements(loyalcs.page_items(card #> ARRAY[text 'returns', text 'last'])) WITH ORDINALITY AS e(r, i)))))));
    says := xmlconcat(
        loyalcs.page_panel(loyalcs.page_text('last scores', lang), loyalcs.page_lines(
            (SELECT xmlagg(loyalcs.page_line(coalesce(loyalcs.page_name(e.a ->> text 'kind', lang), text ''), (e.a ->> text 'score') || text ' / ' || (e.a ->> text 'scale_high'),
                                             concat_ws(text ' / ', loyalcs.page_day(e.a ->> text 'at', zone, lang), loyalcs.page_name(e.a ->> text 'source', lang))) ORDER BY e.i)
               FROM jsonb_array_elements(loyalcs.page_items(card -> text 'answers')) WITH ORDINALITY AS e(a, i)))),
        loyalcs.page_panel(loyalcs.page_text('themes', lang), loyalcs.page_lines(
            (SELECT xmlagg(loyalcs.page_line(loyalcs.page_name(e.t ->> text 'theme', lang), loyalcs.format_number((e.t ->> text 'voices')::numeric), loyalcs.page_day(e.t ->> text 'last_said_at', zone, lang)) ORDER BY e.i)
               FROM jsonb_array_elements(loyalcs.page_items(card #> ARRAY[text 'voices', text 'themes'])) WITH ORDINALITY AS e(t, i) WHERE e.i <= 8))),
        loyalcs.page_panel(loyalcs.page_text('in their words', lang),
            (SELECT xmlelement(NAME div, xmlattributes(text 'quotes' AS class), xmlagg(xmlelement(NAME figure,
                        xmlelement(NAME blockquote, xmlelement(NAME p, xmlelement(NAME bdi, loyalcs.page_cut(e.v ->> text 'text', 240)))),
                        xmlelement(NAME figcaption, concat_ws(text ' / ', loyalcs.page_name(e.v ->> text 'source', lang), loyalcs.page_day(e.v ->> text 'at', zone, lang),
                                                              CASE WHEN e.v ->> text 'rating' IS NOT NULL THEN format(loyalcs.page_text('rating', lang), e.v ->> text 'rating') END))) ORDER BY e.i))
               FROM jsonb_array_elements(loyalcs.page_items(card #> ARRAY[text 'voices', text 'last'])) WITH ORDINALITY AS e(v, i)
              WHERE e.v ->> text 'text' IS NOT NULL
             HAVING count(*) > 0::bigint), NULL::text, text 'panel wide full'));
    next := xmlconcat(
        loyalcs.page_panel(loyalcs.page_text('offers', lang), loyalcs.page_lines(
            (SELECT xmlagg(loyalcs.page_line(coalesce(loyalcs.page_cut(e.o ->> text 'product_name', 60), loyalcs.page_cut(e.o ->> text 'product_id', 60)),
                                             coalesce(loyalcs.page_cut(e.o ->> text 'category', 40), text ''),
                                             CASE WHEN e.o ->> text 'because' IS NOT NULL THEN format(loyalcs.page_text('because of', lang), loyalcs.page_cut(e.o ->> text 'because', 60))
                                                  ELSE loyalcs.page_text('best seller', lang) END) ORDER BY e.i)
               FROM jsonb_array_elements(loyalcs.page_items(card -> text 'offers')) WITH ORDINALITY AS e(o, i)))),
        loyalcs.page_panel(loyalcs.page_text('messages due', lang), loyalcs.page_lines(
            (SELECT xmlagg(loyalcs.page_line(loyalcs.page_name(e.f ->> text 'step', lang), loyalcs.page_instant(e.f ->> text 'due_at', zone, lang),
                                             concat_ws(text ' / ', loyalcs.page_name(e.f ->> text 'channel', lang), loyalcs.page_name(e.f ->> text 'reason', lang))) ORDER BY e.i)
               FROM jsonb_array_elements(loyalcs.page_items(card #> ARRAY[text 'followups', text 'due'])) WITH ORDINALITY AS e(f, i) WHERE e.i <= 10))),
        loyalcs.page_panel(loyalcs.page_text('messages sent', lang), loyalcs.page_lines(
            (SELECT xmlagg(loyalcs.page_line(loyalcs.page_name(e.f ->> text 'step', lang), loyalcs.page_day(e.f ->> text 'sent_at', zone, lang), loyalcs.page_name(e.f ->> text 'channel', lang)) ORDER BY e.i)
               FROM jsonb_array_elements(loyalcs.page_items(card #> ARRAY[text 'followups', text 'sent'])) WITH ORDINALITY AS e(f, i)))));
    RETURN xmlconcat(
        CASE WHEN jsonb_array_length(loyalcs.page_items(card -> text 'warnings')) > 0 THEN
            xmlelement(NAME section, xmlattributes(text 'lead' AS class),
                xmlelement(NAME h2, loyalcs.page_text('warnings', lang)),
                xmlelement(NAME ol, (SELECT xmlagg(loyalcs.page_warning(e.w, zone, lang) ORDER BY e.i)
                                       FROM jsonb_array_elements(loyalcs.page_items(card -> text 'warnings')) WITH ORDINALITY AS e(w, i) WHERE e.i <= 6))) END,
        loyalcs.page_section(loyalcs.page_text('who', lang), lang, xmlconcat(
            loyalcs.page_panel(loyalcs.page_text('contact', lang), loyalcs.page_lines(xmlconcat(
                loyalcs.page_line(loyalcs.page_text('customer number', lang), loyalcs.page_cut(card ->> text 'customer_id', 60)),
                loyalcs.page_line(loyalcs.label('email', lang), loyalcs.page_cut(customer ->> text 'email', 80)),
                loyalcs.page_line(loyalcs.label('phone', lang), loyalcs.page_cut(customer ->> text 'phone', 40)),
                loyalcs.page_line(loyalcs.label('region', lang), loyalcs.page_cut(customer ->> text 'region', 40)),
                loyalcs.page_line(loyalcs.label('birthday', lang), CASE WHEN customer ->> text 'birthday' IS NOT NULL THEN loyalcs.format_date((customer ->> text 'birthday')::date, lang) END),
                loyalcs.page_line(loyalcs.page_text('customer since', lang), loyalcs.page_day(customer ->> text 'joined_at', zone, lang))))),
            loyalcs.page_panel(loyalcs.page_text('tier and points', lang), loyalcs.page_lines(xmlconcat(
                loyalcs.page_line(loyalcs.label('tier', lang), coalesce(loyalcs.page_name(card #>> ARRAY[text 'tier', text 'tier'], lang), loyalcs.page_text('no tier', lang)),
                                  CASE WHEN card #>> ARRAY[text 'tier', text 'since'] IS NOT NULL THEN format(loyalcs.page_text('since', lang), loyalcs.page_day(card #>> ARRAY[text 'tier', text 'since'], zone, lang)) END),
                (SELECT xmlagg(loyalcs.page_line(concat_ws(text ': ', loyalcs.page_name(e.p ->> text 'goal', lang), loyalcs.page_name(e.p ->> text 'tier', lang)),
                                                 loyalcs.page_cut(CASE lang WHEN text 'ja' THEN e.p ->> text 'message_ja' ELSE e.p ->> text 'message' END, 80)) ORDER BY e.i)
                   FROM jsonb_array_elements(loyalcs.page_items(card #> ARRAY[text 'tier', text 'progress'])) WITH ORDINALITY AS e(p, i)),
                loyalcs.page_line(loyalcs.page_text('points now', lang), loyalcs.format_number((card #>> ARRAY[text 'points', text 'available'])::numeric),
                                  CASE WHEN (card #>> ARRAY[text 'points', text 'expiring'])::numeric > 0::numeric THEN
                                      format(loyalcs.page_text('points lapse', lang), loyalcs.format_number((card #>> ARRAY[text 'points', text 'expiring'])::numeric),
                                             loyalcs.page_day(card #>> ARRAY[text 'points', text 'next_expiry'], zone, lang)) END)))),
            loyalcs.page_panel(loyalcs.page_text('may we write', lang), loyalcs.page_lines(
                (SELECT xmlagg(loyalcs.page_line(concat_ws(text ' / ', loyalcs.page_name(e.c ->> text 'channel', lang), loyalcs.page_name(e.c ->> text 'purpose', lang)),
                                                 loyalcs.page_text(CASE e.c ->> text 'given' WHEN text 'true' THEN text 'yes' ELSE text 'no' END, lang), loyalcs.page_day(e.c ->> text 'at', zone, lang)) ORDER BY e.i)
                   FROM jsonb_array_elements(loyalcs.page_items(customer -> text 'consents')) WITH ORDINALITY AS e(c, i) WHERE e.i <= 8))))),
        loyalcs.page_section(loyalcs.label('support', lang), lang, service),
        loyalcs.page_section(loyalcs.page_text('purchases', lang), lang, buys),
        loyalcs.page_section(loyalcs.label('voice', lang), lang, says),
        loyalcs.page_section(loyalcs.page_text('what next', lang), lang, next));
END
$$;
COMMENT ON FUNCTION loyalcs.page_card(jsonb, text) IS
    'what stands in the page of a customer''s card';

CREATE FUNCTION loyalcs.card_page(card jsonb, lang text DEFAULT 'ja') RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT loyalcs.page_html(c.name, lang, xmlconcat(
            xmlelement(NAME header,
                xmlelement(NAME p, xmlattributes('eyebrow' AS class), loyalcs.page_text('customer card'::text, lang)),
                xmlelement(NAME h1, xmlelement(NAME bdi, c.name)),
                xmlelement(NAME p, xmlattributes('asof' AS class),
                    pg_catalog.format(loyalcs.page_text('as of'::text, lang), loyalcs.page_instant(card ->> text 'as_of', coalesce(card ->> text 'time_zone', 'UTC'::text), lang)))),
            loyalcs.page_card(card, lang)))
          FROM (SELECT coalesce(loyalcs.page_cut(card #>> ARRAY['customer'::text, 'name'::text], 60), loyalcs.page_cut(card ->> text 'customer_id', 60), loyalcs.format_number(NULL::numeric)) AS name) c
         WHERE card IS NOT NULL);
END
$$;
COMMENT ON FUNCTION loyalcs.card_page(jsonb, text) IS
    'the card of a customer (the jsonb that customer_card() of a shop gives) as one self-contained page of HTML, in a language: ja or en (another one is an error)';
