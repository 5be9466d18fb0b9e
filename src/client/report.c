/*-------------------------------------------------------------------------
 *
 * report.c
 *	  What a program of ours says on stderr
 *
 *-------------------------------------------------------------------------
 */
#include "client/report.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "client/line.h"

static const char *program = "loyalcs";
static bool verbose = false;

void
set_program(const char *name)
{
	program = name;
}

void
set_verbose(void)
{
	verbose = true;
}

/*
 * One message is one line, whatever names and values of others it repeats, and
 * one write, so that those of several programs that share a log do not mix.
 */
static void write_message(const char *format, va_list args) CHECK_FORMAT(1, 0);

static void
write_message(const char *format, va_list args)
{
	char		message[4096];
	char		text[sizeof(message) + 100];
	size_t		length = 0;
	int			wanted = vsnprintf(message, sizeof(message), format, args);

	if (wanted < 0)
		return;
	if (verbose)
	{
		struct timespec now;
		struct tm	utc;

		clock_gettime(CLOCK_REALTIME, &now);
		gmtime_r(&now.tv_sec, &utc);
		length = strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &utc);
		length += snprintf(text + length, sizeof(text) - length, ".%03d UTC ",
						   (int) (now.tv_nsec / 1000000));
	}
	length += snprintf(text + length, sizeof(text) - length, "%s: ", program);
	length += one_line(text + length, message,
					   (size_t) wanted < sizeof(message) ? (size_t) wanted :
					   whole_characters(message, sizeof(message) - 1));
	text[length++] = '\n';
	if (write(STDERR_FILENO, text, length) < 0)
		return;					/* there is nobody left to tell */
}

/* what the person in charge has to know */
void
say(const char *format,...)
{
	va_list		args;

	va_start(args, format);
	write_message(format, args);
	va_end(args);
}

/* what one looks at who wants to see it work */
void
chat(const char *format,...)
{
	va_list		args;

	if (!verbose)
		return;
	va_start(args, format);
	write_message(format, args);
	va_end(args);
}

/* Both programs may end at any moment: what the server has not been told is as before. */
void *
checked_memory(void *memory)
{
	if (memory == NULL)
	{
		say("out of memory");
		exit(1);
	}
	return memory;
}
