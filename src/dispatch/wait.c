/*-------------------------------------------------------------------------
 *
 * wait.c
 *	  The clock and the signals of loyalcs-dispatch, and waiting for either
 *
 * A signal handler only notes what happened and writes a byte into a pipe.
 * Whoever waits waits for that pipe too, so a signal that comes between the
 * look at the note and the wait is not lost.
 *
 *-------------------------------------------------------------------------
 */
#include "dispatch/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/report.h"
#include "dispatch/options.h"

/* poll() counts milliseconds in an int; whoever waits for longer asks again. */
#define LONGEST_WAIT		86400.0

static int	wake[2] = {-1, -1};
static int	(*watch_others) (struct pollfd *fds, double *seconds);
static void (*attend_to_others) (const struct pollfd *fds);
static volatile sig_atomic_t stop_signal = 0;
static volatile sig_atomic_t command_groups[MAX_PARALLEL];

/* Seconds since some moment in the past; nobody sets this clock. */
double
seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* The first such signal asks to finish, the second does not ask. */
static void
note_stop(int signal_number)
{
	int			saved_errno = errno;

	if (stop_signal != 0)
	{
		for (int i = 0; i < MAX_PARALLEL; i++)
			if (command_groups[i] != 0)
				kill(-(pid_t) command_groups[i], SIGTERM);
		signal(signal_number, SIG_DFL);
		raise(signal_number);
	}
	stop_signal = signal_number;
	/* a full pipe wakes just as well */
	if (write(wake[1], "", 1) < 0)
		errno = saved_errno;
	errno = saved_errno;
}

static void
note_child(int signal_number)
{
	int			saved_errno = errno;

	(void) signal_number;
	if (write(wake[1], "", 1) < 0)
		errno = saved_errno;
	errno = saved_errno;
}

static void
set_handler(int signal_number, void (*handler) (int))
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	action.sa_handler = handler;
	/* libpq knows what to do about a call that was interrupted, stdio not */
	action.sa_flags = SA_RESTART;
	if (signal_number == SIGCHLD)
		action.sa_flags |= SA_NOCLDSTOP;
	sigaction(signal_number, &action, NULL);
}

static const int stop_signals[] = {SIGTERM, SIGINT, SIGHUP};

void
catch_signals(void)
{
	if (pipe(wake) != 0)
	{
		say("could not make a pipe: %s", strerror(errno));
		exit(EXIT_TROUBLE);
	}
	for (int i = 0; i < 2; i++)
	{
		fcntl(wake[i], F_SETFD, FD_CLOEXEC);
		fcntl(wake[i], F_SETFL, O_NONBLOCK);
	}
	for (size_t i = 0; i < sizeof(stop_signals) / sizeof(stop_signals[0]); i++)
	{
		struct sigaction action;

		/* nohup and a shell's & ask to be deaf to some */
		sigaction(stop_signals[i], NULL, &action);
		if (action.sa_handler != SIG_IGN)
			set_handler(stop_signals[i], note_stop);
	}
	set_handler(SIGCHLD, note_child);
	set_handler(SIGPIPE, SIG_IGN);
}

bool
stopping(void)
{
	return stop_signal != 0;
}

void
set_command_group(int place, int group)
{
	command_groups[place] = group;
}

void
set_attendant(int (*watch) (struct pollfd *fds, double *seconds),
			  void (*attend) (const struct pollfd *fds))
{
	watch_others = watch;
	attend_to_others = attend;
}

static void
drain_wake_fd(void)
{
	char		bytes[64];

	while (read(wake[0], bytes, sizeof(bytes)) > 0)
		;
}

void
wait_for(double seconds, int fd, short events)
{
	static struct pollfd fds[2 + 2 * MAX_PARALLEL];
	nfds_t		count = 2;

	fds[0] = (struct pollfd)
	{
		.fd = wake[0],.events = POLLIN
	};
	fds[1] = (struct pollfd)
	{
		.fd = fd,.events = events
	};
	if (watch_others != NULL)
		count += (nfds_t) watch_others(fds + 2, &seconds);
	if (seconds < 0)
		seconds = 0;
	/* rounded up: too early would be a turn for nothing */
	if (poll(fds, count, (int) (fmin(seconds, LONGEST_WAIT) * 1000) + 1) < 0)
		for (nfds_t i = 0; i < count; i++)
			fds[i].revents = 0;
	drain_wake_fd();
	if (attend_to_others != NULL)
		attend_to_others(fds + 2);
}
