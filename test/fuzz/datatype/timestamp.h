/*-------------------------------------------------------------------------
 *
 * timestamp.h
 *	  Stands in for the server's, as postgres.h in this folder does: instants.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_FUZZ_TIMESTAMP_H
#define LOYALCS_FUZZ_TIMESTAMP_H

typedef int64 TimestampTz;

#define USECS_PER_DAY		INT64CONST(86400000000)
#define USECS_PER_MINUTE	INT64CONST(60000000)
#define DT_NOEND			INT64_MAX

#endif							/* LOYALCS_FUZZ_TIMESTAMP_H */
