/*-------------------------------------------------------------------------
 *
 * work.h
 *	  What loyalcs-dispatch can hand out, and the statements for it
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_DISPATCH_WORK_H
#define LOYALCS_DISPATCH_WORK_H

/* A kind of work: what it is called, and its statements, with %s for the shop's name. */
typedef struct Work
{
	const char *noun;
	const char *listen;			/* or NULL: nothing tells of it */
	const char *look;			/* gives lines */
	const char *claim;			/* gives number, claim key, line */
	const char *record;			/* gives what that means */
	const char *release;
	const char *next;			/* gives seconds from now */
} Work;

extern const Work followups;
extern const Work sla_warnings;

#endif							/* LOYALCS_DISPATCH_WORK_H */
