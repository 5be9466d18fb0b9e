/*-------------------------------------------------------------------------
 *
 * options.h
 *	  How loyalcs-import is called, and how it ends
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_IMPORT_OPTIONS_H
#define LOYALCS_IMPORT_OPTIONS_H

#include <stdbool.h>

#include "import/text.h"

/* How the program ends; the manual in options.c tells what they mean. */
#define EXIT_DONE			0
#define EXIT_TROUBLE		1
#define EXIT_USAGE			2
#define EXIT_UNREACHABLE	3
#define EXIT_REJECTS		4

typedef struct Options
{
	const char *conninfo;		/* or NULL: what the environment says */
	const char *shop;
	const char *format;
	const char *system;			/* or NULL: as the format is called */
	const char *zone;			/* or NULL: the shop's */
	bool		knows_encoding;
	Encoding	encoding;
	bool		earn_points;
	bool		dry_run;
	bool		quiet;
	int			nfiles;
	char	  **files;
} Options;

extern void read_options(Options *o, int argc, char **argv);

#endif							/* LOYALCS_IMPORT_OPTIONS_H */
