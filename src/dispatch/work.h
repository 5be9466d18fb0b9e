/*-------------------------------------------------------------------------
 *
 * work.h
 *	  What loyalcs-dispatch can hand out, and the statements for it
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_DISPATCH_WORK_H
#define LOYALCS_DISPATCH_WORK_H

/*
 * A kind of work.  All kinds have one protocol, so what tells them apart is
 * names: of the functions, and of the columns that leave.
 */
typedef struct Work
{
	const char *noun;
	const char *look;			/* gives what is due at an instant */
	const char *look_columns;
	const char *look_order;
	const char *claim;
	const char *id;				/* what it calls the number */
	const char *columns;		/* what leaves with an item */
	const char *wanted;			/* which items are still to be handed over */
	const char *record;
	const char *release;
	const char *next;
} Work;

extern const Work followups;
extern const Work sla_warnings;
extern const Work escalations;

/*
 * The statements of the protocol.  $1 to $5 stand for
 *
 *   look     channel, at                               gives lines
 *   claim    channel, limit, worker, lease, at         gives number, claim key, line
 *   wanted   numbers, claim keys, at                   gives place (from 1), whether
 *   record   numbers, outcomes, claim keys, details, at    gives place, what that means
 *   release  numbers, claim keys, at                   gives whether
 *   next     channel                                   gives seconds from now
 */
typedef struct Protocol
{
	char	   *look;
	char	   *claim;
	char	   *wanted;
	char	   *record;
	char	   *release;
	char	   *next;
} Protocol;

/* For a shop, whose name is quoted. */
extern void set_up_protocol(Protocol *protocol, const Work *work, const char *shop);

#endif							/* LOYALCS_DISPATCH_WORK_H */
