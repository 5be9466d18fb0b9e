/*-------------------------------------------------------------------------
 *
 * hands.h
 *	  Those that receive items, each one at a time
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_DISPATCH_HANDS_H
#define LOYALCS_DISPATCH_HANDS_H

#include <stdbool.h>

#include "dispatch/answer.h"
#include "dispatch/options.h"

typedef struct Hand Hand;

extern void set_up_hands(const Options *given);

/* How many could take an item now, or when those that are done with one are empty. */
extern int	free_hands(bool when_empty);

/* How many have an item, and how many are done with one. */
extern int	busy_hands(void);
extern int	done_hands(void);

/* Gives an item to a free hand. */
extern void hand_over(const char *id, const char *key, const char *line);

/* The first hand after this one (NULL: of all) of whose item it is known what became; NULL: none. */
extern Hand *next_done_hand(Hand *after);

extern const char *hand_id(const Hand *hand);
extern const char *hand_key(const Hand *hand);
extern Outcome hand_outcome(const Hand *hand);
extern const char *hand_detail(const Hand *hand);

/* It is free again. */
extern void empty_hand(Hand *hand);

/* Ends what still runs; no hand has an item. */
extern void dismiss_hands(void);

#endif							/* LOYALCS_DISPATCH_HANDS_H */
