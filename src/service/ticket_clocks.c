/*-------------------------------------------------------------------------
 *
 * ticket_clocks.c
 *	  What happened to a ticket becomes clocks: one small state machine, through
 *	  which the events run in order of time.
 *
 * Of the events of one instant the opening comes first; else they keep the order of
 * their tie where one is given, else that in which they came.  Real logs are dirty,
 * so no order of events is an error.  What makes no sense where it stands is passed
 * over: see run_event().
 *
 * A merge is one rule.  Until it is merged, each ticket runs by itself.  From then on
 * two are one: what runs in the one goes on in the other, where of two clocks of a
 * kind the one that started first goes on and the other ends; and whatever is
 * written to the one is written to the other.  What had stopped stays where it was,
 * and what is merged stays merged.  So whichever of them is reopened, the resolution
 * runs on that ran last in any of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "service/ticket_clocks.h"

/*
 * Room that grows by doubling.  The million events that a log may have make at
 * most three million clocks, of 96 bytes, which is far from what a palloc gives.
 */
#define FIRST_CLOCKS	8
#define FIRST_THREADS	8
#define FIRST_PAUSES	4
#define FIRST_SLOTS		16

#define NO_CLOCK	(-1)
#define NO_THREAD	(-1)
#define AWAY		(-2)

/* What goes on in one ticket. */
typedef struct Thread
{
	int64		part;
	bool		opened;			/* by an event of its own */
	int			goes_on_in;		/* place among the threads; NO_THREAD, AWAY */
	TimestampTz paused;			/* since when; DT_NOEND if it is not */
	int			running[METRICS];	/* places among the clocks, or NO_CLOCK */
	int			resolution;		/* the one that ran last, or NO_CLOCK; it may
								 * stand in one that was merged into this */
	int			resolved;		/* by which event, if it does not run */
	int			cycles[METRICS];
} Thread;

typedef struct Machine
{
	Clock	   *clocks;
	int			nclocks;
	int			clock_room;
	Thread	   *threads;
	int			nthreads;
	int			thread_room;
	int		   *slots;			/* where threads are found by their part */
	int			nslots;			/* a power of two, or 0 */
	int			event;			/* the place of the one that runs */
} Machine;

static inline bool
is_before(const Event *a, const Event *b)
{
	if (a->at != b->at)
		return a->at < b->at;
	if ((a->kind == EVENT_OPENED) != (b->kind == EVENT_OPENED))
		return a->kind == EVENT_OPENED;
	return a->tie < b->tie;
}

/*
 * Sorts by instant and tie, keeping the order of equals.  Few events, mostly
 * in order: insertion; many: merging.
 */
static void
sort_events(Event *events, int n)
{
	Event	   *from;
	Event	   *to;

	if (n <= 32)
	{
		for (int i = 1; i < n; i++)
		{
			Event		event = events[i];
			int			j = i;

			for (; j > 0 && is_before(&event, &events[j - 1]); j--)
				events[j] = events[j - 1];
			events[j] = event;
		}
		return;
	}

	from = events;
	to = palloc(n * sizeof(Event));
	for (int width = 1; width < n; width *= 2)
	{
		Event	   *swap = from;

		for (int left = 0; left < n; left += 2 * width)
		{
			int			middle = Min(left + width, n);
			int			right = Min(left + 2 * width, n);
			int			i = left;
			int			j = middle;

			CHECK_FOR_INTERRUPTS();
			for (int k = left; k < right; k++)
			{
				if (i < middle && (j >= right || !is_before(&from[j], &from[i])))
					to[k] = from[i++];
				else
					to[k] = from[j++];
			}
		}
		from = to;
		to = swap;
	}
	if (from != events)
	{
		memcpy(events, from, n * sizeof(Event));
		pfree(from);
	}
	else
		pfree(to);
}

static void
start_clock(Machine *machine, Thread *thread, Metric metric, TimestampTz at)
{
	Clock	   *clock;

	if (machine->nclocks == machine->clock_room)
	{
		machine->clock_room *= 2;
		machine->clocks = repalloc(machine->clocks, machine->clock_room * sizeof(Clock));
	}
	clock = &machine->clocks[machine->nclocks];
	memset(clock, 0, sizeof(Clock));
	clock->metric = metric;
	clock->cycle = ++thread->cycles[metric];
	clock->part = thread->part;
	clock->started = at;
	clock->stopped = clock->ended = clock->acknowledged = DT_NOEND;
	thread->running[metric] = machine->nclocks;
	if (metric == RESOLUTION)
		thread->resolution = machine->nclocks;
	machine->nclocks++;
}

static void
append_pause(Pauses *pauses, TimestampTz from, TimestampTz until)
{
	if (pauses->list == NULL)
	{
		pauses->room = FIRST_PAUSES;
		pauses->list = palloc(pauses->room * sizeof(Pause));
	}
	else if (pauses->n == pauses->room)
	{
		pauses->room *= 2;
		pauses->list = repalloc(pauses->list, pauses->room * sizeof(Pause));
	}
	pauses->list[pauses->n].from = from;
	pauses->list[pauses->n].until = until;
	pauses->n++;
}

static void
add_pause(Clock *clock, TimestampTz from, TimestampTz until)
{
	Pause	   *last = clock->pauses.n == 0 ? NULL :
	&clock->pauses.list[clock->pauses.n - 1];

	from = Max(from, clock->started);
	if (from >= until)
		return;
	/* One that follows directly is the same pause, as ranges see it. */
	if (last != NULL && last->until >= from)
		last->until = Max(last->until, until);
	else
		append_pause(&clock->pauses, from, until);
}

static inline Clock *
running_clock(const Machine *machine, const Thread *thread, Metric metric)
{
	return thread->running[metric] == NO_CLOCK ? NULL :
		&machine->clocks[thread->running[metric]];
}

/* Only the work on a matter is paused, never the duty to answer. */
static void
end_pause(Machine *machine, Thread *thread, TimestampTz at)
{
	if (thread->paused == DT_NOEND)
		return;
	for (int metric = PROPOSAL; metric <= RESOLUTION; metric++)
	{
		Clock	   *clock = running_clock(machine, thread, metric);

		if (clock != NULL)
			add_pause(clock, thread->paused, at);
	}
	thread->paused = DT_NOEND;
}

/* The clock runs no more; how that came about is the caller's to say. */
static Clock *
halt_clock(Machine *machine, Thread *thread, Metric metric, TimestampTz at)
{
	Clock	   *clock = running_clock(machine, thread, metric);

	if (clock == NULL)
		return NULL;
	if (metric >= PROPOSAL && thread->paused != DT_NOEND)
		add_pause(clock, thread->paused, at);
	thread->running[metric] = NO_CLOCK;
	if (metric == RESOLUTION)
		thread->resolved = machine->event;
	return clock;
}

static void
stop_clock(Machine *machine, Thread *thread, Metric metric, TimestampTz at)
{
	Clock	   *clock = halt_clock(machine, thread, metric, at);

	if (clock != NULL)
		clock->stopped = at;
}

static void
end_clock(Machine *machine, Thread *thread, Metric metric, TimestampTz at)
{
	Clock	   *clock = halt_clock(machine, thread, metric, at);

	if (clock != NULL)
		clock->ended = at;
}

/* A customer has been answered. */
static void
stop_responses(Machine *machine, Thread *thread, TimestampTz at)
{
	stop_clock(machine, thread, FIRST_RESPONSE, at);
	stop_clock(machine, thread, NEXT_RESPONSE, at);
}

/* By a machine, which may count for a first response. */
static void
acknowledge(Machine *machine, Thread *thread, TimestampTz at)
{
	Clock	   *clock = running_clock(machine, thread, FIRST_RESPONSE);

	if (clock != NULL && clock->acknowledged == DT_NOEND)
		clock->acknowledged = at;
}

static void
resolve(Machine *machine, Thread *thread, TimestampTz at)
{
	stop_clock(machine, thread, PROPOSAL, at);
	stop_clock(machine, thread, RESOLUTION, at);
	thread->paused = DT_NOEND;
}

/* What came in with a merge, and runs, is as good as a clock of its own. */
static void
open_ticket(Machine *machine, Thread *thread, TimestampTz at)
{
	for (int metric = 0; metric < METRICS; metric++)
	{
		if (metric != NEXT_RESPONSE && thread->running[metric] == NO_CLOCK)
			start_clock(machine, thread, metric, at);
	}
}

/*
 * Merges
 */

/* The thread in which it goes on, by now: itself if it was not merged. */
static int
goes_on_in(const Machine *machine, int thread)
{
	while (machine->threads[thread].goes_on_in >= 0)
		thread = machine->threads[thread].goes_on_in;
	return thread;
}

/* A clock goes on in another thread, whose pauses it has from then on. */
static void
move_clock(Machine *machine, int place, Thread *to, TimestampTz at)
{
	Clock	   *clock = &machine->clocks[place];
	size_t		size = (clock->nmoves + 1) * sizeof(Move);

	/* As many as merges, of which a clock sees one or two. */
	clock->moves = clock->moves == NULL ? palloc(size) : repalloc(clock->moves, size);
	clock->moves[clock->nmoves].from = clock->part;
	clock->moves[clock->nmoves].at = at;
	clock->nmoves++;
	clock->part = to->part;
	clock->cycle = ++to->cycles[clock->metric];
	to->running[clock->metric] = place;
	if (clock->metric == RESOLUTION)
		to->resolution = place;
}

/* Of two clocks of a kind the one that started first goes on. */
static void
join_clocks(Machine *machine, Thread *from, Thread *to, Metric metric, TimestampTz at)
{
	Clock	   *moving = running_clock(machine, from, metric);
	Clock	   *there = running_clock(machine, to, metric);
	TimestampTz acknowledged;

	if (moving == NULL)
		return;
	if (there != NULL)
	{
		acknowledged = Min(there->acknowledged, moving->acknowledged);
		if (there->started <= moving->started)
		{
			there->acknowledged = acknowledged;
			end_clock(machine, from, metric, at);
			return;
		}
		moving->acknowledged = acknowledged;
		end_clock(machine, to, metric, at);
	}
	move_clock(machine, from->running[metric], to, at);
	from->running[metric] = NO_CLOCK;
}

/* Of two resolutions the one that ran last can be reopened. */
static void
join_resolved(const Thread *from, Thread *to)
{
	if (to->running[RESOLUTION] != NO_CLOCK || from->resolution == NO_CLOCK)
		return;
	if (to->resolution == NO_CLOCK || from->resolved > to->resolved)
	{
		to->resolution = from->resolution;
		to->resolved = from->resolved;
	}
}

static void
merge_threads(Machine *machine, int from, int to, TimestampTz at)
{
	Thread	   *leaving = &machine->threads[from];
	Thread	   *staying = &machine->threads[to];

	end_pause(machine, leaving, at);
	/* What moves has the pauses that are there from here on. */
	if (staying->paused != DT_NOEND)
	{
		end_pause(machine, staying, at);
		staying->paused = at;
	}
	for (int metric = 0; metric < METRICS; metric++)
		join_clocks(machine, leaving, staying, metric, at);
	join_resolved(leaving, staying);
	leaving->goes_on_in = to;
}

static void
merge_away(Machine *machine, Thread *thread, TimestampTz at)
{
	for (int metric = 0; metric < METRICS; metric++)
		end_clock(machine, thread, metric, at);
	thread->paused = DT_NOEND;
	thread->goes_on_in = AWAY;
}

/*
 * A matter that was solved is not.  While it was nothing was promised, so that time
 * is told from what else does not count.
 */
static void
reopen(Machine *machine, Thread *thread, TimestampTz at)
{
	int			place = thread->resolution;
	Clock	   *clock;
	TimestampTz over;

	if (thread->running[RESOLUTION] != NO_CLOCK || place == NO_CLOCK)
		return;
	clock = &machine->clocks[place];
	if (clock->part != thread->part)
		move_clock(machine, place, thread, at);
	/* what was discarded goes on as well */
	over = Min(clock->stopped, clock->ended);
	add_pause(clock, over, at);
	if (over < at)
		append_pause(&clock->solved, over, at);
	clock->stopped = clock->ended = DT_NOEND;
	thread->running[RESOLUTION] = place;
}

/*
 * What an event does.  Those that make no sense where they stand do nothing:
 * an agent's doings before anything was opened, a second opening, pending while
 * pending, resumed without pending, reopened while open.
 */
static void
run_event(Machine *machine, int place, const Event *event, int target)
{
	int			place_now = goes_on_in(machine, place);
	Thread	   *written_to = &machine->threads[place];
	Thread	   *thread = &machine->threads[place_now];
	TimestampTz at = event->at;

	if (thread->goes_on_in == AWAY)
		return;
	/* A log that was cut off begins with whatever shows the ticket open. */
	if (!written_to->opened &&
		(event->kind == EVENT_OPENED || event->kind == EVENT_CUSTOMER_MESSAGE ||
		 event->kind == EVENT_REOPENED))
	{
		if (event->kind == EVENT_CUSTOMER_MESSAGE)
			end_pause(machine, thread, at);
		written_to->opened = true;
		open_ticket(machine, thread, at);
		return;
	}

	switch ((EventKind) event->kind)
	{
		case EVENT_CUSTOMER_MESSAGE:
			end_pause(machine, thread, at);
			if (thread->running[FIRST_RESPONSE] == NO_CLOCK &&
				thread->running[NEXT_RESPONSE] == NO_CLOCK)
				start_clock(machine, thread, NEXT_RESPONSE, at);
			break;
		case EVENT_AGENT_REPLY:
			stop_responses(machine, thread, at);
			break;
		case EVENT_AUTO_REPLY:
			acknowledge(machine, thread, at);
			break;
		case EVENT_PROPOSED:
			stop_responses(machine, thread, at);
			stop_clock(machine, thread, PROPOSAL, at);
			break;
		case EVENT_AUTO_PROPOSED:
			acknowledge(machine, thread, at);
			stop_clock(machine, thread, PROPOSAL, at);
			break;
		case EVENT_PENDING:
			if (thread->paused == DT_NOEND && thread->running[RESOLUTION] != NO_CLOCK)
				thread->paused = at;
			break;
		case EVENT_RESUMED:
			end_pause(machine, thread, at);
			break;
		case EVENT_RESOLVED:
			stop_responses(machine, thread, at);
			resolve(machine, thread, at);
			break;
		case EVENT_AUTO_RESOLVED:
			/* Whoever has written and heard nothing still waits. */
			acknowledge(machine, thread, at);
			resolve(machine, thread, at);
			break;
		case EVENT_REOPENED:
			reopen(machine, thread, at);
			break;
		case EVENT_MERGED:
			/* What is merged stays merged. */
			if (thread != written_to)
				break;
			if (event->merged == MERGED_AWAY)
				merge_away(machine, thread, at);
			else if (event->merged == MERGED_INTO)
			{
				target = goes_on_in(machine, target);
				if (target != place && machine->threads[target].goes_on_in != AWAY)
					merge_threads(machine, place, target, at);
			}
			break;
		case EVENT_DISCARDED:
			for (int metric = 0; metric < METRICS; metric++)
				end_clock(machine, thread, metric, at);
			thread->paused = DT_NOEND;
			break;
		case EVENT_OPENED:
		case EVENT_ASSIGNED:
		case EVENT_NOTE:
			break;
	}
}

/*
 * Threads
 */

static void
start_thread(Machine *machine, int64 part)
{
	Thread	   *thread;

	if (machine->nthreads == machine->thread_room)
	{
		machine->thread_room *= 2;
		machine->threads = repalloc(machine->threads, machine->thread_room * sizeof(Thread));
	}
	thread = &machine->threads[machine->nthreads++];
	memset(thread, 0, sizeof(Thread));
	thread->part = part;
	thread->goes_on_in = NO_THREAD;
	thread->paused = DT_NOEND;
	for (int metric = 0; metric < METRICS; metric++)
		thread->running[metric] = NO_CLOCK;
	thread->resolution = NO_CLOCK;
}

/* The slot that a thread has, or would get: no other is on the way there. */
static int *
find_slot(const Machine *machine, int64 part)
{
	uint64		hash = (uint64) part * UINT64CONST(0x9e3779b97f4a7c15);
	int			i = (int) ((hash ^ hash >> 32) & (machine->nslots - 1));

	while (machine->slots[i] != NO_THREAD && machine->threads[machine->slots[i]].part != part)
		i = (i + 1) & (machine->nslots - 1);
	return &machine->slots[i];
}

/* So that no more than half of them are taken. */
static void
make_slots(Machine *machine)
{
	if (machine->nslots > 0)
		pfree(machine->slots);
	machine->nslots = Max(FIRST_SLOTS, 2 * machine->nslots);
	machine->slots = palloc(machine->nslots * sizeof(int));
	for (int i = 0; i < machine->nslots; i++)
		machine->slots[i] = NO_THREAD;
	for (int i = 0; i < machine->nthreads; i++)
		*find_slot(machine, machine->threads[i].part) = i;
}

/* Nearly every log is of one ticket, whose thread is found without looking. */
static int
find_thread(Machine *machine, int64 part)
{
	int			place = machine->nthreads;
	int		   *slot;

	if (place > 0 && machine->threads[0].part == part)
		return 0;
	if (place > 0)
	{
		if (2 * (place + 1) > machine->nslots)
			make_slots(machine);
		slot = find_slot(machine, part);
		if (*slot != NO_THREAD)
			return *slot;
		*slot = place;
	}
	start_thread(machine, part);
	return place;
}

static void
start_machine(Machine *machine)
{
	memset(machine, 0, sizeof(Machine));
	machine->clock_room = FIRST_CLOCKS;
	machine->clocks = palloc(machine->clock_room * sizeof(Clock));
	machine->thread_room = FIRST_THREADS;
	machine->threads = palloc(machine->thread_room * sizeof(Thread));
}

static void
run_logs(Machine *machine, Event *events, int nevents)
{
	sort_events(events, nevents);
	start_machine(machine);
	for (int i = 0; i < nevents; i++)
	{
		const Event *event = &events[i];
		int			place = find_thread(machine, event->part);
		int			target = event->merged == MERGED_INTO ?
		find_thread(machine, event->target) : NO_THREAD;

		CHECK_FOR_INTERRUPTS();
		Assert(event->kind >= 0 && event->kind < EVENT_KINDS);
		machine->event = i;
		run_event(machine, place, event, target);
	}

	/* Pauses that have not ended. */
	for (int i = 0; i < machine->nthreads; i++)
		end_pause(machine, &machine->threads[i], DT_NOEND);
}

static int
compare_clocks(const void *a, const void *b)
{
	const Clock *x = *(const Clock *const *) a;
	const Clock *y = *(const Clock *const *) b;

	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	if (x->metric != y->metric)
		return x->metric < y->metric ? -1 : 1;
	return x->cycle < y->cycle ? -1 : 1;
}

/*
 * The clocks of the tickets by part, metric and cycle; returns how many there are.
 * The events are sorted in place.
 */
int
run_ticket_logs(Event *events, int nevents, const Clock ***clocks)
{
	Machine		machine;
	const Clock **places;

	run_logs(&machine, events, nevents);
	places = palloc((machine.nclocks + 1) * sizeof(Clock *));
	for (int i = 0; i < machine.nclocks; i++)
		places[i] = &machine.clocks[i];
	qsort(places, machine.nclocks, sizeof(Clock *), compare_clocks);
	*clocks = places;
	return machine.nclocks;
}
