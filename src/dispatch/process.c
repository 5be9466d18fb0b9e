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
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/report.h"
#include "dispatch/wait.h"

/* POSIX declares it in no header. */
extern char **environ;

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

/*
 * In a process group of its own, with these as its stdin and stdout.  (Nothing
 * of ours is copied for it, as fork() would: that took longer than sh does.)
 */
static int
spawn(Process *process, const char *command, int input, int output)
{
	char	   *arguments[] = {"sh", "-c", (char *) command, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t	ignored;
	int			error;

	error = posix_spawn_file_actions_init(&files);
	if (error != 0)
		return error;
	error = posix_spawnattr_init(&attributes);
	if (error == 0)
	{
		/* those that were caught fall back to their defaults by themselves */
		sigemptyset(&ignored);
		sigaddset(&ignored, SIGPIPE);
		posix_spawnattr_setsigdefault(&attributes, &ignored);
		posix_spawnattr_setpgroup(&attributes, 0);
		posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
		error = posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
		if (error == 0)
			error = posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
		if (error == 0)
			error = posix_spawn(&process->pid, "/bin/sh", &files, &attributes, arguments, environ);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&files);
	return error;
}

bool
start_process(Process *process, const char *command)
{
	int			input[2] = {-1, -1};
	int			output[2] = {-1, -1};
	int			error = 0;

	if (!make_pipe(input) || !make_pipe(output))
		error = errno;
	if (error == 0)
		error = spawn(process, command, input[0], output[1]);
	if (error != 0)
	{
		say("could not start the command: %s", strerror(error));
		process->pid = 0;
		for (int i = 0; i < 2; i++)
		{
			close_fd(&input[i]);
			close_fd(&output[i]);
		}
		return false;
	}

	set_command_group(process->place, (int) process->pid);
	close_fd(&input[0]);
	close_fd(&output[1]);
	fcntl(input[1], F_SETFL, O_NONBLOCK);
	fcntl(output[0], F_SETFL, O_NONBLOCK);
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
