/*-------------------------------------------------------------------------
 *
 * work.c
 *	  What loyalcs-dispatch can hand out, and the statements for it
 *
 *-------------------------------------------------------------------------
 */
#include "dispatch/work.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/report.h"

const Work	followups = {
	.noun = "follow-up",
	.look = "followups_due_at",
	.look_columns = "w.customer_id, w.step, w.subject, w.channel, w.due_at, w.why",
	.look_order = "w.due_at, w.customer_id, w.step, w.subject",
	.claim = "claim_followups",
	.id = "followup_id",
	.columns = "w.followup_id, w.attempt, w.customer_id, w.step, w.subject, w.channel, w.due_at, w.payload",
	.wanted = "hand_over_followups",
	.record = "complete_followup",
	.release = "release_followup",
	.next = "next_followup_at"
};

const Work	sla_warnings = {
	.noun = "SLA warning",
	.look = "sla_warnings_due_at",
	.look_columns = "w.customer_id, w.ticket_id, w.metric, w.state, w.channel, w.due_at, w.due_in, w.agent_id",
	.look_order = "w.due_at, w.customer_id, w.ticket_id, w.metric, w.cycle",
	.claim = "claim_sla_warnings",
	.id = "warning_id",
	.columns = "w.warning_id, w.attempt, w.customer_id, w.ticket_id, w.channel, w.due_at, w.payload",
	.wanted = "hand_over_sla_warnings",
	.record = "complete_sla_warning",
	.release = "release_sla_warning",
	.next = "next_sla_warning_at"
};

const Work	escalations = {
	.noun = "escalation",
	.look = "escalations_due_at",
	.look_columns = "w.customer_id, w.ticket_id, w.rule, w.tell, w.channel, w.due_at, w.agent_id",
	.look_order = "w.due_at, w.customer_id, w.ticket_id, w.rule",
	.claim = "claim_escalations",
	.id = "warning_id",
	.columns = "w.warning_id, w.attempt, w.customer_id, w.ticket_id, w.channel, w.due_at, w.payload",
	.wanted = "hand_over_sla_warnings",
	.record = "complete_sla_warning",
	.release = "release_sla_warning",
	.next = "next_escalation_at"
};

static char *made(const char *format,...) CHECK_FORMAT(1, 2);

static char *
made(const char *format,...)
{
	va_list		args;
	char	   *text;
	int			length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	text = checked_memory(malloc((size_t) length + 1));
	va_start(args, format);
	vsnprintf(text, (size_t) length + 1, format, args);
	va_end(args);
	return text;
}

void
set_up_protocol(Protocol *protocol, const Work *work, const char *shop)
{
	protocol->look =
		made("SELECT row_to_json(d)::text || E'\n'"
			 "  FROM (SELECT %s"
			 "          FROM %s.%s(coalesce($2::timestamptz, now())) w"
			 "         WHERE $1::text IS NULL OR w.channel = $1"
			 "         ORDER BY %s) d",
			 work->look_columns, shop, work->look, work->look_order);
	protocol->claim =
		made("SELECT w.%s, w.claim_key,"
			 "       (SELECT row_to_json(i)::text || E'\n' FROM (SELECT %s) i)"
			 "  FROM %s.%s($1, $2::integer, $3, $4::interval, coalesce($5::timestamptz, now())) w",
			 work->id, work->columns, shop, work->claim);
	protocol->wanted =
		made("SELECT w.place, w.wanted FROM %s.%s($1, $2, coalesce($3::timestamptz, now())) w",
			 shop, work->wanted);
	protocol->record =
		made("SELECT i.place, %s.%s(i.id, i.outcome, i.key, i.detail, coalesce($5::timestamptz, now()))"
			 "  FROM ROWS FROM (unnest($1::bigint[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]))"
			 "       WITH ORDINALITY i (id, outcome, key, detail, place)",
			 shop, work->record);
	protocol->release =
		made("SELECT %s.%s(i.id, i.key, coalesce($3::timestamptz, now()))"
			 "  FROM ROWS FROM (unnest($1::bigint[]), unnest($2::text[])) i (id, key)",
			 shop, work->release);
	protocol->next =
		made("SELECT EXTRACT(epoch FROM %s.%s($1) - clock_timestamp())", shop, work->next);
}
