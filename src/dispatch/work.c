/*-------------------------------------------------------------------------
 *
 * work.c
 *	  What loyalcs-dispatch can hand out, and the statements for it
 *
 *-------------------------------------------------------------------------
 */
#include "dispatch/work.h"

#include <stddef.h>

const Work	followups = {
	.noun = "follow-up",
	.listen = "LISTEN loyalcs_followups",
	.look = "SELECT row_to_json(d)::text || E'\n'"
	"  FROM (SELECT f.customer_id, f.step, f.subject, f.channel, f.due_at, f.why"
	"          FROM %s.followups_due_at(coalesce($2::timestamptz, now())) f"
	"         WHERE $1::text IS NULL OR f.channel = $1"
	"         ORDER BY f.due_at, f.customer_id, f.step, f.subject) d",
	.claim = "SELECT c.followup_id, c.claim_key,"
	"       (SELECT row_to_json(i)::text || E'\n'"
	"          FROM (SELECT c.followup_id, c.attempt, c.customer_id, c.step, c.subject,"
	"                       c.channel, c.due_at, c.payload) i)"
	"  FROM %s.claim_followups($1, $2::integer, $3, $4::interval,"
	"                          coalesce($5::timestamptz, now())) c",
	.record = "SELECT %s.complete_followup($1::bigint, $2, $3, $4,"
	"                            coalesce($5::timestamptz, now()))",
	.release = "SELECT %s.release_followup($1::bigint, $2, coalesce($3::timestamptz, now()))",
	.next = "SELECT EXTRACT(epoch FROM %s.next_followup_at($1) - clock_timestamp())"
};

const Work	sla_warnings = {
	.noun = "SLA warning",
	.look = "SELECT row_to_json(d)::text || E'\n'"
	"  FROM (SELECT w.customer_id, w.ticket_id, w.metric, w.state, w.channel, w.due_at, w.due_in, w.agent_id"
	"          FROM %s.sla_warnings_due_at(coalesce($2::timestamptz, now())) w"
	"         WHERE $1::text IS NULL OR w.channel = $1"
	"         ORDER BY w.due_at, w.customer_id, w.ticket_id, w.metric, w.cycle) d",
	.claim = "SELECT c.warning_id, c.claim_key,"
	"       (SELECT row_to_json(i)::text || E'\n'"
	"          FROM (SELECT c.warning_id, c.attempt, c.customer_id, c.ticket_id,"
	"                       c.channel, c.due_at, c.payload) i)"
	"  FROM %s.claim_sla_warnings($1, $2::integer, $3, $4::interval,"
	"                             coalesce($5::timestamptz, now())) c",
	.record = "SELECT %s.complete_sla_warning($1::bigint, $2, $3, $4,"
	"                               coalesce($5::timestamptz, now()))",
	.release = "SELECT %s.release_sla_warning($1::bigint, $2, coalesce($3::timestamptz, now()))",
	.next = "SELECT EXTRACT(epoch FROM %s.next_sla_warning_at($1) - clock_timestamp())"
};
