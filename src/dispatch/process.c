/*-------------------------------------------------------------------------
 *
 * process.c
 *	  A command of somebody else's, with a pipe to it and one back
 *
 * It has a process group of its own, so that a time limit ends all of what it
 * has started, and Ctrl-C at a terminal reaches the dispatcher alone.  Our ends
 * of its pipes are not inherited by other commands, and do not block.
 *
 *-------------------------------------------------------------------------
 */
#include "dispatch/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/report.h"
#include "dispatch/wait.h"

void
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

bool
start_process(Process *process, const char *command)
{
	int			input[2] = {-1, -1};
	int			output[2] = {-1, -1};
	pid_t		pid = -1;

	if (!make_pipe(input) || !make_pipe(output) || (pid = fork()) < 0)
	{
		say("could not start the command: %s", strerror(errno));
		for (int i = 0; i < 2; i++)
		{
			close_fd(&input[i]);
			close_fd(&output[i]);
		}
		return false;
	}
	if (pid == 0)
	{
		setpgid(0, 0);
		default_signals();
		if (dup2(input[0], STDIN_FILENO) < 0 || dup2(output[1], STDOUT_FILENO) < 0)
			_exit(127);
		execl("/bin/sh", "sh", "-c", command, (char *) NULL);
		_exit(127);
	}

	/* both of us do it, because either may come first */
	setpgid(pid, pid);
	set_command_group(process->place, (int) pid);
	close_fd(&input[0]);
	close_fd(&output[1]);
	fcntl(input[1], F_SETFL, O_NONBLOCK);
	fcntl(output[0], F_SETFL, O_NONBLOCK);
	process->pid = pid;
	process->input = input[1];
	process->output = output[0];
	return true;
}

/* It stays a zombie. */
bool
process_ended(const Process *process)
{
	siginfo_t	info;

	info.si_pid = 0;
	return waitid(P_PID, (id_t) process->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		info.si_pid != 0;
}

void
signal_process(const Process *process, int signal_number)
{
	kill(-process->pid, signal_number);
}

int
reap_process(Process *process)
{
	int			status = 0;

	set_command_group(process->place, 0);
	while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
		;
	close_fd(&process->input);
	close_fd(&process->output);
	process->pid = 0;
	return status;
}
