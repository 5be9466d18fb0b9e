/*-------------------------------------------------------------------------
 *
 * main.c
 *	  loyalcs-dispatch: takes follow-ups or SLA warnings that are due from a
 *	  shop and hands each to a command, to a process that stays or to stdout
 *
 * Each file knows only those above it, and what programs share, src/client:
 *
 *   options    how it is called, and how it ends
 *   answer     what became of an item, by what a command says or how it ends
 *   wait       the clock, signals, and whoever has something to do meanwhile
 *   process    a command, with a pipe to it and one back
 *   hands      those that receive items, each one at a time
 *   server     the connection, and statements that survive it
 *   work       what can be handed out, and the statements for it
 *   dispatch   what goes between the server and the receiver
 *
 *-------------------------------------------------------------------------
 */
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "client/report.h"
#include "dispatch/dispatch.h"
#include "dispatch/options.h"
#include "dispatch/wait.h"

int
main(int argc, char **argv)
{
	Options		options;
	int			fd;

	/* nothing that is opened later may pass for stdin, stdout or stderr */
	while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO)
		;
	if (fd >= 0)
		close(fd);

	set_program("loyalcs-dispatch");
	read_options(&options, argc, argv);
	if (options.verbose)
		set_verbose();
	srand((unsigned int) time(NULL) ^ (unsigned int) getpid());
	catch_signals();
	return dispatch(&options);
}
