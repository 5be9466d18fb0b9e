/*-------------------------------------------------------------------------
 *
 * main.c
 *	  loyalcs-import: takes the exports of other systems into a shop
 *
 * Each file knows only those above it, and what programs share, src/client:
 *
 *   csv        records of a file
 *   text       the encodings that exports are written in
 *   options    how it is called, and how it ends
 *   file       a file that is read as if it stood in memory
 *   load       brings files into a shop
 *
 *-------------------------------------------------------------------------
 */
#include "client/report.h"
#include "import/load.h"

int
main(int argc, char **argv)
{
	Options		options;

	set_program("loyalcs-import");
	read_options(&options, argc, argv);
	return import_files(&options);
}
