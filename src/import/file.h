/*-------------------------------------------------------------------------
 *
 * file.h
 *	  A file that is read as if it stood in memory
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_IMPORT_FILE_H
#define LOYALCS_IMPORT_FILE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct File
{
	const char *name;
	const char *text;
	size_t		length;
} File;

/* Opens a file, or stdin for "-"; false, and it has said why, if that cannot be. */
extern bool open_file(File *file, const char *path);
extern void close_file(File *file);

#endif							/* LOYALCS_IMPORT_FILE_H */
