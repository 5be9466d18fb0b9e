/*-------------------------------------------------------------------------
 *
 * palloc.h
 *	  The memory of a program that fuzzes what allocates: blocks in a ring, all
 *	  of which go at once, as a memory context would.
 *
 * Included by one file of a program.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_FUZZ_PALLOC_H
#define LOYALCS_FUZZ_PALLOC_H

typedef struct Block
{
	struct Block *next;
	struct Block *previous;
}			Block;

static Block ring =
{
	&ring, &ring
};

static void *
enter(Block * block)
{
	block->next = ring.next;
	block->previous = &ring;
	ring.next->previous = block;
	ring.next = block;
	return block + 1;
}

static Block *
leave(void *pointer)
{
	Block	   *block = (Block *) pointer - 1;

	block->next->previous = block->previous;
	block->previous->next = block->next;
	return block;
}

void *
palloc(size_t size)
{
	return enter(malloc(sizeof(Block) + size));
}

void *
repalloc(void *pointer, size_t size)
{
	return enter(realloc(leave(pointer), sizeof(Block) + size));
}

void
pfree(void *pointer)
{
	free(leave(pointer));
}

static void
forget_all(void)
{
	while (ring.next != &ring)
		pfree(ring.next + 1);
}

#endif							/* LOYALCS_FUZZ_PALLOC_H */
