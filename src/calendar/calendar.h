/*-------------------------------------------------------------------------
 *
 * calendar.h
 *	  The calendars that a session uses, each with its table of open time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_CALENDAR_H
#define LOYALCS_CALENDAR_H

#include "fmgr.h"

#include "calendar/open_time.h"

typedef struct Calendar Calendar;

extern Calendar *calendar_of(struct varlena *hours);
extern Calendar *calendar_argument(FunctionCallInfo fcinfo, int argno);
extern const OpenTable *calendar_table(Calendar *calendar, TimestampTz first,
									   TimestampTz last);
extern OpenResult try_calendar(Calendar *calendar, OpenQuestion question,
							   TimestampTz at, int64 amount, TimestampTz *answer);
extern OpenResult try_open_after(Calendar *calendar, TimestampTz at, int64 amount,
								 TimestampTz *answer);
extern OpenResult try_business_days_after(Calendar *calendar, TimestampTz at, int64 ndays,
										  TimestampTz *answer);
extern bool try_open_between(Calendar *calendar, TimestampTz from, TimestampTz to,
							 int64 *open);
extern const char *why_not_open(OpenResult result);
extern TimestampTz ask_calendar(Calendar *calendar, OpenQuestion question,
								TimestampTz at, int64 amount, int direction);
extern int64 open_between(Calendar *calendar, TimestampTz from, TimestampTz to);
extern TimestampTz open_after(Calendar *calendar, TimestampTz at, int64 amount);
extern bool open_close(Calendar *calendar, TimestampTz open, TimestampTz *close);

#endif							/* LOYALCS_CALENDAR_H */
