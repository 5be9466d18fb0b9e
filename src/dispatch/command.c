/*-------------------------------------------------------------------------
 *
 * command.c
 *	  Runs a command for one item and tells by its exit what became of it
 *
 * One process an item: a command that crashes, leaks or hangs takes one item
 * with it, and any program that reads stdin will do.  The command has a process
 * group of its own, so that a time limit ends all of what it started, and
 * Ctrl-C at a terminal reaches the dispatcher alone.
 *
 *-------------------------------------------------------------------------
 */
#include "dispatch/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "dispatch/line.h"
#include "dispatch/options.h"
#include "dispatch/report.h"
#include "dispatch/wait.h"

typedef struct Command
{
	pid_t		pid;
	int			input;			/* -1 once it is closed */
	int			output;
	char		printed[DETAIL_BYTES + 1];
	size_t		length;
	bool		timed_out;
} Command;

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static bool
make_pipe(int ends[2])
{
	if (pipe(ends) != 0)
		return false;
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	return true;
}

static bool
start_command(Command *run, const char *command)
{
	int			input[2] = {-1, -1};
	int			output[2] = {-1, -1};

	if (!make_pipe(input) || !make_pipe(output) || (run->pid = fork()) < 0)
	{
		say("could not start the command: %s", strerror(errno));
		for (int i = 0; i < 2; i++)
		{
			close_fd(&input[i]);
			close_fd(&output[i]);
		}
		return false;
	}
	if (run->pid == 0)
	{
		setpgid(0, 0);
		default_signals();
		if (dup2(input[0], STDIN_FILENO) < 0 || dup2(output[1], STDOUT_FILENO) < 0)
			_exit(127);
		execl("/bin/sh", "sh", "-c", command, (char *) NULL);
		_exit(127);
	}

	/* both of us do it, because either may come first */
	setpgid(run->pid, run->pid);
	set_command_group((int) run->pid);
	close_fd(&input[0]);
	close_fd(&output[1]);
	fcntl(input[1], F_SETFL, O_NONBLOCK);
	fcntl(output[0], F_SETFL, O_NONBLOCK);
	run->input = input[1];
	run->output = output[0];
	run->length = 0;
	run->timed_out = false;
	return true;
}

/* What it prints beyond what is kept is read and forgotten, lest it block. */
static void
read_output(Command *run)
{
	char		buffer[4096];
	ssize_t		got;

	while ((got = read(run->output, buffer, sizeof(buffer))) > 0)
	{
		size_t		room = DETAIL_BYTES - run->length;
		size_t		kept = (size_t) got < room ? (size_t) got : room;

		memcpy(run->printed + run->length, buffer, kept);
		run->length += kept;
	}
	if (got == 0 || (errno != EAGAIN && errno != EINTR))
		close_fd(&run->output);
}

/* A command need not read all of its line, or any of it. */
static void
write_input(Command *run, const char **rest, size_t *left)
{
	ssize_t		put = write(run->input, *rest, *left);

	if (put < 0)
	{
		if (errno != EAGAIN && errno != EINTR)
			close_fd(&run->input);
		return;
	}
	*rest += put;
	*left -= (size_t) put;
	if (*left == 0)
		close_fd(&run->input);
}

/* Whether it has ended; it stays a zombie, so that its group stays its own. */
static bool
has_ended(const Command *run)
{
	siginfo_t	info;

	info.si_pid = 0;
	return waitid(P_PID, (id_t) run->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		info.si_pid != 0;
}

static void
attend(Command *run, const char *line, int time_limit)
{
	const char *rest = line;
	size_t		left = strlen(line);
	double		deadline = seconds_now() + time_limit;
	bool		killed = false;

	while (!has_ended(run))
	{
		double		time_left = deadline - seconds_now();
		struct pollfd fds[3] = {
			{.fd = wake_fd(),.events = POLLIN},
			{.fd = run->input,.events = POLLOUT},
			{.fd = run->output,.events = POLLIN}
		};

		if (time_left <= 0)
		{
			kill(-run->pid, run->timed_out ? SIGKILL : SIGTERM);
			killed = run->timed_out;
			run->timed_out = true;
			deadline += killed ? 3600 : KILL_AFTER;
			continue;
		}
		poll(fds, 3, (int) (time_left * 1000) + 1);
		drain_wake_fd();
		if (fds[1].revents != 0)
			write_input(run, &rest, &left);
		if (fds[2].revents != 0)
			read_output(run);
	}
	if (run->timed_out && !killed)
		kill(-run->pid, SIGKILL);
}

/* What was printed goes behind how it ended. */
static void
append_printed(char *detail, const Command *run)
{
	char		line[DETAIL_BYTES];
	size_t		length = run->length;
	size_t		used = strlen(detail);

	/* the limit may have cut the last character in two */
	if (length == DETAIL_BYTES)
		length = whole_characters(run->printed, length);
	length = one_line(line, run->printed, length);
	if (length > 0)
		snprintf(detail + used, DETAIL_SIZE - used, "%s%.*s", used > 0 ? ": " : "", (int) length, line);
}

/*
 * detail, of DETAIL_SIZE bytes, gets what the command printed, behind
 * how it ended if that was not well; an empty string if there is nothing to say.
 */
Outcome
run_command(const char *command, const char *line, int time_limit, char *detail)
{
	Command		run;
	int			status;
	Outcome		outcome = OUTCOME_FAILED;

	detail[0] = '\0';
	if (!start_command(&run, command))
		return OUTCOME_NONE;
	attend(&run, line, time_limit);
	set_command_group(0);
	while (waitpid(run.pid, &status, 0) < 0 && errno == EINTR)
		;
	/* what it left running may hold the other end for as long as it likes */
	if (run.output >= 0)
		read_output(&run);
	close_fd(&run.input);
	close_fd(&run.output);

	if (run.timed_out)
		snprintf(detail, DETAIL_SIZE, "took longer than %d s", time_limit);
	else if (WIFSIGNALED(status))
		snprintf(detail, DETAIL_SIZE, "killed by signal %d", WTERMSIG(status));
	else
	{
		int			code = WEXITSTATUS(status);

		if (code == 0)
			outcome = OUTCOME_SENT;
		else if (code == EX_NOUSER || code == EX_NOHOST)
			outcome = OUTCOME_UNDELIVERABLE;
		if (code != 0)
			snprintf(detail, DETAIL_SIZE, "exit code %d", code);
		if (code == 126 || code == 127)
		{
			say("the command cannot be run: %s", command);
			outcome = OUTCOME_NONE;
		}
	}
	append_printed(detail, &run);
	return outcome;
}
