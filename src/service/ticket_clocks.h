/*-------------------------------------------------------------------------
 *
 * ticket_clocks.h
 *	  What happened to a ticket becomes clocks.
 *
 * Pure: events in, clocks out.  Times are microseconds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_TICKET_CLOCKS_H
#define LOYALCS_TICKET_CLOCKS_H

#include "datatype/timestamp.h"

/* In the order of the enum ticket_event; sql/sla.sql holds them against it. */
typedef enum EventKind
{
	EVENT_OPENED,
	EVENT_CUSTOMER_MESSAGE,
	EVENT_AGENT_REPLY,
	EVENT_AUTO_REPLY,
	EVENT_PROPOSED,
	EVENT_PENDING,
	EVENT_RESUMED,
	EVENT_RESOLVED,
	EVENT_REOPENED,
	EVENT_MERGED,
	EVENT_ASSIGNED,
	EVENT_NOTE
} EventKind;

#define EVENT_KINDS		(EVENT_NOTE + 1)

/* In the order of the enum sla_metric. */
typedef enum Metric
{
	FIRST_RESPONSE,
	NEXT_RESPONSE,
	PROPOSAL,
	RESOLUTION
} Metric;

#define METRICS			(RESOLUTION + 1)

/*
 * `thread` is 0 for the ticket itself, and for the log of a ticket that was
 * merged into it, any other number.
 */
typedef struct Event
{
	TimestampTz at;
	int64		tie;
	int64		thread;
	int32		kind;
	int32		reserved;		/* always zero */
} Event;

/* A stretch of time that does not count; half-open. */
typedef struct Pause
{
	TimestampTz from;
	TimestampTz until;			/* DT_NOEND: has not ended */
} Pause;

typedef struct Clock
{
	Metric		metric;
	int			cycle;
	TimestampTz started;
	TimestampTz stopped;		/* DT_NOEND while it runs */
	TimestampTz acknowledged;	/* DT_NOEND if no machine has answered */
	Pause	   *pauses;
	int			npauses;
	int			pause_room;
} Clock;

extern int	run_ticket_log(Event *events, int nevents, const Clock ***clocks);

#endif							/* LOYALCS_TICKET_CLOCKS_H */
