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
	EVENT_NOTE,
	EVENT_DISCARDED,
	EVENT_AUTO_RESOLVED,
	EVENT_AUTO_PROPOSED
} EventKind;

#define EVENT_KINDS		(EVENT_AUTO_PROPOSED + 1)

/* In the order of the enum sla_metric. */
typedef enum Metric
{
	FIRST_RESPONSE,
	NEXT_RESPONSE,
	PROPOSAL,
	RESOLUTION
} Metric;

#define METRICS			(RESOLUTION + 1)

/* In what a merged ticket goes on. */
typedef enum MergeTarget
{
	MERGED_NOWHERE,				/* nobody says in what: it goes on by itself */
	MERGED_INTO,				/* in `target` */
	MERGED_AWAY					/* in one whose log is not here */
} MergeTarget;

#define MERGE_TARGETS	(MERGED_AWAY + 1)

/*
 * The logs of tickets that were merged are read together: `part` is the number of
 * the ticket that the event is of, and `target` that of another one, if `merged`
 * says so.
 */
typedef struct Event
{
	TimestampTz at;
	int64		tie;
	int64		part;
	int64		target;
	int32		kind;
	int32		merged;
} Event;

/* A stretch of time that does not count; half-open. */
typedef struct Pause
{
	TimestampTz from;
	TimestampTz until;			/* DT_NOEND: has not ended */
} Pause;

/* Some of them, in order of time. */
typedef struct Pauses
{
	Pause	   *list;
	int			n;
	int			room;
} Pauses;

/* A clock went on in another ticket. */
typedef struct Move
{
	int64		from;			/* its part until then */
	TimestampTz at;
} Move;

typedef struct Clock
{
	Metric		metric;
	int			cycle;			/* from 1, of its kind and part */
	int64		part;			/* the ticket that it is of by now */
	TimestampTz started;
	TimestampTz stopped;		/* DT_NOEND while it runs */
	TimestampTz ended;			/* without having been stopped, see below */
	TimestampTz acknowledged;	/* DT_NOEND if no machine has answered */
	Pauses		pauses;			/* none touches another */
	Pauses		solved;			/* those from a solution to its reopening */
	Move	   *moves;			/* in order of time */
	int			nmoves;
} Clock;

/*
 * A clock ends without having been stopped (DT_NOEND: it has not) when its
 * ticket is discarded, and when its ticket is merged with one that has such a clock
 * running for longer.  What had been broken by then stays broken, and else nothing
 * was promised: that is for whoever knows the deadline.
 */
static inline bool
clock_runs(const Clock *clock)
{
	return clock->stopped == DT_NOEND && clock->ended == DT_NOEND;
}

extern int	run_ticket_logs(Event *events, int nevents, const Clock ***clocks);

#endif							/* LOYALCS_TICKET_CLOCKS_H */
