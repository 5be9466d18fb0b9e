/*-------------------------------------------------------------------------
 *
 * answer.c
 *	  Reads what processes answer the dispatcher, and holds what it makes of
 *	  them against what is true of every answer.
 *
 * What stands before the first bar is the number of the item, the rest the answer.
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/line.h"
#include "dispatch/answer.h"

#include "must.h"

/* It is a line that needs no more to be done to it. */
static void
check_line(const char *line)
{
	char		again[DETAIL_SIZE];
	size_t		length = strlen(line);

	MUST(length < DETAIL_SIZE);
	MUST(one_line(again, line, length) == length);
	MUST(memcmp(again, line, length) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t * data, size_t size)
{
	char		id[20] = "";
	char		detail[DETAIL_SIZE];
	char		wrong[DETAIL_SIZE] = "";
	const		uint8_t *bar = size > 0 ? memchr(data, '|', size) : NULL;
	size_t		id_length = bar != NULL ? (size_t) (bar - data) : 0;
	char	   *line;
	size_t		length;
	Outcome		outcome = OUTCOME_NONE;

	if (bar == NULL || id_length >= sizeof(id))
		return 0;
	memcpy(id, data, id_length);
	/* of its own, so that a byte too far is noticed */
	length = size - id_length - 1;
	line = malloc(length + (length == 0));
	MUST(line != NULL);
	memcpy(line, bar + 1, length);

	if (read_answer(line, length, id, &outcome, detail, wrong))
	{
		size_t		known = strlen(id) + 1 + strlen(outcome_names[outcome]);

		MUST(outcome <= OUTCOME_UNDELIVERABLE);
		MUST(length >= known);
		MUST(memcmp(line, id, strlen(id)) == 0 && line[strlen(id)] == '\t');
		MUST(memcmp(line + strlen(id) + 1, outcome_names[outcome], strlen(outcome_names[outcome])) == 0);
		MUST(strlen(detail) <= DETAIL_BYTES);
		check_line(detail);
	}
	else
	{
		MUST(wrong[0] != '\0');
		check_line(wrong);
	}
	free(line);
	return 0;
}
