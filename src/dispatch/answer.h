/*-------------------------------------------------------------------------
 *
 * answer.h
 *	  What became of an item, by what a command says or how it ends
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_DISPATCH_ANSWER_H
#define LOYALCS_DISPATCH_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What a command says is kept up to this many bytes: enough for the answer of a
 * mail server, too little for a core dump to fill a table.
 */
#define DETAIL_BYTES		1000
#define DETAIL_SIZE			(DETAIL_BYTES + 100)	/* and how it ended */

/* A line of an answer: number, outcome and detail.  What is longer is cut. */
#define ANSWER_BYTES		(DETAIL_BYTES + 50)

typedef enum Outcome
{
	OUTCOME_SENT,
	OUTCOME_FAILED,
	OUTCOME_UNDELIVERABLE,
	OUTCOME_NOT_BEGUN,			/* nobody has got it */
	OUTCOME_NONE				/* nor will anybody: all of it has gone wrong */
} Outcome;

/* As the server calls those that can be recorded. */
extern const char *const outcome_names[];

/* These write into a detail of DETAIL_SIZE bytes. */
extern Outcome outcome_of_end(int status, char *detail);
extern void append_detail(char *detail, const char *text, size_t length);

/*
 * The answer for an item in a line of this length, without its newline; false
 * if it is none, and then wrong, of DETAIL_SIZE bytes, says why.
 */
extern bool read_answer(const char *line, size_t length, const char *id,
						Outcome *outcome, char *detail, char *wrong);

#endif							/* LOYALCS_DISPATCH_ANSWER_H */
