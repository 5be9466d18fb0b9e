/*-------------------------------------------------------------------------
 *
 * answer.c
 *	  What became of an item, by what a command says or how it ends
 *
 * All of it is pure: text goes in, an outcome and a line of text come out.
 *
 * An answer is a line of two or three fields with tabs between them:
 *
 *     NUMBER  OUTCOME  [DETAIL]
 *
 * NUMBER is that of the item as it was handed over, OUTCOME one of the words
 * below, and DETAIL the rest of the line, whatever is in it.  What is no answer
 * is not repeated, neither in a table nor on stderr: it may be the message.
 *
 *-------------------------------------------------------------------------
 */
#include "dispatch/answer.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "client/line.h"

const char *const outcome_names[] = {"sent", "failed", "undeliverable"};

/* The exit codes are those of sysexits.h and of the shell. */
Outcome
outcome_of_end(int status, char *detail)
{
	int			code;

	detail[0] = '\0';
	if (WIFSIGNALED(status))
	{
		snprintf(detail, DETAIL_SIZE, "killed by signal %d", WTERMSIG(status));
		return OUTCOME_FAILED;
	}
	code = WEXITSTATUS(status);
	if (code == 0)
		return OUTCOME_SENT;
	snprintf(detail, DETAIL_SIZE, "exit code %d", code);
	if (code == EX_NOUSER || code == EX_NOHOST)
		return OUTCOME_UNDELIVERABLE;
	return code == 126 || code == 127 ? OUTCOME_NONE : OUTCOME_FAILED;
}

/* The beginning of a text goes behind what is there, as one line. */
void
append_detail(char *detail, const char *text, size_t length)
{
	char		line[DETAIL_BYTES];
	size_t		used = strlen(detail);

	/* the limit may cut the last character in two */
	if (length >= DETAIL_BYTES)
		length = whole_characters(text, DETAIL_BYTES);
	length = one_line(line, text, length);
	if (length > 0)
		snprintf(detail + used, DETAIL_SIZE - used, "%s%.*s", used > 0 ? ": " : "", (int) length, line);
}

static bool
is_number(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return length > 0 && length < 20;
}

static bool
is_word(const char *word, const char *text, size_t length)
{
	return strlen(word) == length && memcmp(word, text, length) == 0;
}

bool
read_answer(const char *line, size_t length, const char *id,
			Outcome *outcome, char *detail, char *wrong)
{
	const char *tab = memchr(line, '\t', length);
	const char *word = tab != NULL ? tab + 1 : line + length;
	const char *end = line + length;
	const char *rest;
	int			found = -1;

	detail[0] = '\0';
	/* lines of Windows end with one more character */
	if (end > word && end[-1] == '\r')
		end--;
	rest = memchr(word, '\t', (size_t) (end - word));
	if (rest == NULL)
		rest = end;
	for (int i = OUTCOME_SENT; i <= OUTCOME_UNDELIVERABLE; i++)
		if (is_word(outcome_names[i], word, (size_t) (rest - word)))
			found = i;
	if (tab == NULL || found < 0 || !is_number(line, (size_t) (tab - line)))
	{
		snprintf(wrong, DETAIL_SIZE, "a line that is no answer");
		return false;
	}
	if (!is_word(id, line, (size_t) (tab - line)))
	{
		snprintf(wrong, DETAIL_SIZE, "an answer for %.*s", (int) (tab - line), line);
		return false;
	}
	*outcome = (Outcome) found;
	append_detail(detail, rest, (size_t) (end - rest));
	return true;
}
