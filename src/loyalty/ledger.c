/*-------------------------------------------------------------------------
 *
 * ledger.c
 *	  The ledger of points is checked as a foreign key is: without a query.
 *
 * What has to hold of a shop's point_postings, point_allocations, point_lots and
 * point_accounts, its own functions check_posting(), check_lot(), check_account()
 * and check_posting_is_closed() know, in SQL, and say in words what does not.  To
 * ask them of each row of each payment took a third of all that it costs.  So the
 * triggers are the functions here, each of which lets pass what it sees at once
 * to be an ordinary step of an ordinary payment (points that are taken from lots,
 * as often as not the oldest), and asks the shop's function of its own name about
 * everything else:
 *
 *	- nothing passes here that would not pass there;
 *	- what is said and decided of all else is said and decided there, and there
 *	  only;
 *	- the tables may be anybody's who makes such a trigger: a table or column that
 *	  is not there, or is another, is no ordinary step, and the function that is
 *	  asked is one that the table's owner could have made a trigger of.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/int.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/keyed_rows.h"
#include "base/shop_triggers.h"

static const char *const keys_of_the_shop = "loyalcs:";
static const char *const taking[] = {"redeem", "adjust", NULL};
static const char *const taking_or_lapsing[] = {"redeem", "adjust", "expire", NULL};

/* What it is fired by and when, for a row. */
static bool
is_fired(const TriggerData *trigger, TriggerEvent event)
{
	return TRIGGER_FIRED_FOR_ROW(trigger->tg_event) &&
		(trigger->tg_event & (TRIGGER_EVENT_OPMASK | TRIGGER_EVENT_TIMINGMASK)) == event;
}

static Row
row_of(const TriggerData *trigger, HeapTuple tuple)
{
	Row			row = {RelationGetDescr(trigger->tg_relation), tuple, false};

	return row;
}

/* The key that rows of a customer are found by, as far as the customer. */
static Key
key_of_customer(Row *row)
{
	Key			key = {.column = {"customer_id"}};
	Form_pg_attribute column = column_of(row->columns, key.column[0]);

	if (column != NULL)
	{
		key.type[0] = column->atttypid;
		key.value[0] = row_value(row, key.column[0], key.type[0]);
		key.length = 1;
	}
	else
		row->odd = true;
	return key;
}

static void
add_to_key(Key *key, const char *column, int64 value)
{
	key->column[key->length] = column;
	key->type[key->length] = INT8OID;
	key->value[key->length] = Int64GetDatum(value);
	key->length++;
}

/* As the shop's owns_table() says it. */
static bool
is_owner(Relation relation)
{
	return pg_class_aclcheck(RelationGetRelid(relation), GetUserId(), ACL_GRANT_OPTION_FOR(ACL_TRIGGER)) == ACLCHECK_OK;
}

/* Up to which posting, and of when, an account's books are closed. */
typedef struct Books
{
	int64		last_posting;
	TimestampTz last_posted_at;
} Books;

/*
 * Locks the account, as whoever posts has done before: nobody else goes on with its
 * books until we are done.
 */
static bool
lock_account(Relation beside, Row *row, Books *books)
{
	Key			key = key_of_customer(row);
	KeyedTable	accounts;
	Row			account;
	bool		locked;

	if (row->odd || !open_keyed_table(&accounts, beside, "point_accounts", RowShareLock, &key))
		return false;
	locked = next_keyed_row(&accounts, &account) && lock_keyed_row(&accounts, &account);
	if (locked)
	{
		books->last_posting = row_bigint(&account, "last_posting");
		books->last_posted_at = row_timestamptz(&account, "last_posted_at");
		locked = !account.odd;
	}
	close_keyed_table(&accounts);
	return locked;
}

static bool
is_key_of_users(Row *posting)
{
	Datum		value = row_value(posting, "posting_key", TEXTOID);
	size_t		length = strlen(keys_of_the_shop);
	text	   *key;

	if (posting->odd)
		return false;
	key = DatumGetTextPP(value);
	return VARSIZE_ANY_EXHDR(key) < length || memcmp(VARDATA_ANY(key), keys_of_the_shop, length) != 0;
}

/* Instants that the shop's function takes for plausible, or fewer. */
static bool
is_plausible(TimestampTz at)
{
	return at >= 0 && at < (int64) (date2j(9999, 12, 31) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
}

/* Points that go, and nothing else about it. */
static bool
takes_points(Row *posting)
{
	static const char *const others[] = {"available_at", "pending", "expires_at", "expires_after_idle", "reverses", "extends"};

	for (int i = 0; i < (int) lengthof(others); i++)
		if (row_has(posting, others[i]))
			return false;
	return row_says(posting, "kind", taking) &&
		row_bigint(posting, "points") < 0 &&
		row_bigint(posting, "shortfall") == 0 &&
		row_bigint(posting, "lapsed") == 0 &&
		!DatumGetBool(row_value(posting, "follows_order", BOOLOID)) &&
		is_plausible(row_timestamptz(posting, "posted_at")) &&
		is_key_of_users(posting) && !posting->odd;
}

/* Who posted, and when, is the server's word. */
static void
sign_posting(Row *posting)
{
	row_set(posting, "posted_by", TEXTOID, CStringGetTextDatum(GetUserNameFromId(GetUserId(), false)));
	row_set(posting, "recorded_at", TIMESTAMPTZOID, TimestampTzGetDatum(GetCurrentTimestamp()));
}

/* Added behind the books, and not ahead of time. */
static bool
is_next(Row *row, bool is_posting, const Books *books)
{
	return row_bigint(row, "posting_id") > books->last_posting &&
		(!is_posting || row_timestamptz(row, "posted_at") <= Max(GetCurrentTransactionStartTimestamp(), books->last_posted_at)) &&
		!row->odd;
}

PG_FUNCTION_INFO_V1(check_posting);
Datum
check_posting(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_data(fcinfo);
	Row			row = row_of(trigger, trigger->tg_trigtuple);
	bool		is_posting = strcmp(RelationGetRelationName(trigger->tg_relation), "point_postings") == 0;
	Books		books;

	if (!is_fired(trigger, TRIGGER_EVENT_INSERT | TRIGGER_EVENT_BEFORE) || (is_posting && !takes_points(&row)))
		return ask_shop(fcinfo, "check_posting");
	if (is_owner(trigger->tg_relation))
		return PointerGetDatum(row.tuple);
	if (!lock_account(trigger->tg_relation, &row, &books) || !is_next(&row, is_posting, &books))
		return ask_shop(fcinfo, "check_posting");
	if (is_posting)
		sign_posting(&row);
	return row.odd ? ask_shop(fcinfo, "check_posting") : PointerGetDatum(row.tuple);
}

/* Whether a posting took so much from a lot. */
static bool
is_taken(Relation beside, Row *lot, int64 points)
{
	Key			key = key_of_customer(lot);
	KeyedTable	allocations;
	Row			allocation;
	bool		found;

	add_to_key(&key, "posting_id", row_bigint(lot, "last_posting"));
	add_to_key(&key, "lot_id", row_bigint(lot, "lot_id"));
	if (lot->odd || !open_keyed_table(&allocations, beside, "point_allocations", AccessShareLock, &key))
		return false;
	found = next_keyed_row(&allocations, &allocation) &&
		row_bigint(&allocation, "points") == points && !allocation.odd;
	close_keyed_table(&allocations);
	return found;
}

/* A lot has that much less as the posting that moves it takes from it. */
static bool
moves_lot(Relation lots, Row *before, Row *after)
{
	int64		points;

	return row_bigint(after, "last_posting") > row_bigint(before, "last_posting") &&
		rows_agree(before, after, "customer_id") &&
		rows_agree(before, after, "lot_id") &&
		rows_agree(before, after, "expires_at") &&
		rows_agree(before, after, "expires_after_idle") &&
		!pg_sub_s64_overflow(row_bigint(before, "remaining"), row_bigint(after, "remaining"), &points) &&
		!before->odd && !after->odd &&
		is_taken(lots, after, points);
}

PG_FUNCTION_INFO_V1(check_lot);
Datum
check_lot(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_data(fcinfo);
	Row			before = row_of(trigger, trigger->tg_trigtuple);
	Row			after = row_of(trigger, trigger->tg_newtuple);
	bool		is_open;

	if (!is_fired(trigger, TRIGGER_EVENT_UPDATE | TRIGGER_EVENT_BEFORE) || !moves_lot(trigger->tg_relation, &before, &after))
		return ask_shop(fcinfo, "check_lot");
	is_open = row_bigint(&after, "remaining") > 0;
	if (DatumGetBool(row_value(&after, "is_open", BOOLOID)) != is_open)
		row_set(&after, "is_open", BOOLOID, BoolGetDatum(is_open));
	return after.odd ? ask_shop(fcinfo, "check_lot") : PointerGetDatum(after.tuple);
}

/* Whether the posting is the last that moved a lot. */
static bool
moved_lot_last(Relation beside, Row *allocation)
{
	Key			key = key_of_customer(allocation);
	KeyedTable	lots;
	Row			lot;
	bool		found;

	add_to_key(&key, "lot_id", row_bigint(allocation, "lot_id"));
	if (allocation->odd || !open_keyed_table(&lots, beside, "point_lots", AccessShareLock, &key))
		return false;
	found = next_keyed_row(&lots, &lot) &&
		row_bigint(&lot, "last_posting") == row_bigint(allocation, "posting_id") && !lot.odd;
	close_keyed_table(&lots);
	return found;
}

/*
 * Whether a posting took this many points from lots, and gave back to none.  (What
 * each lot has left then agrees: see check_lot().)
 */
static bool
is_explained(Relation beside, Row *account, int64 posting, int64 points)
{
	Key			key = key_of_customer(account);
	KeyedTable	allocations;
	Row			allocation;
	bool		ordinary = true;

	add_to_key(&key, "posting_id", posting);
	if (account->odd || !open_keyed_table(&allocations, beside, "point_allocations", AccessShareLock, &key))
		return false;
	while (ordinary && next_keyed_row(&allocations, &allocation))
	{
		int64		part = row_bigint(&allocation, "points");

		ordinary = part > 0 && !pg_sub_s64_overflow(points, part, &points) && moved_lot_last(beside, &allocation);
	}
	close_keyed_table(&allocations);
	return ordinary && points == 0;
}

/* Points that went, and were neither taken back nor come short of. */
static bool
took_points(Row *posting)
{
	return row_says(posting, "kind", taking_or_lapsing) &&
		row_bigint(posting, "points") < 0 &&
		row_bigint(posting, "shortfall") == 0 && !posting->odd;
}

/* Whether the account is what it was and this posting, of no earlier than its last. */
static bool
adds_up(Row *before, Row *posting, Row *after)
{
	TimestampTz posted_at = row_timestamptz(posting, "posted_at");
	int64		balance;

	return row_bigint(posting, "posting_id") == row_bigint(after, "last_posting") &&
		!pg_add_s64_overflow(row_bigint(before, "balance"), row_bigint(posting, "points"), &balance) &&
		row_bigint(after, "balance") == balance &&
		row_timestamptz(before, "last_posted_at") <= posted_at &&
		row_timestamptz(after, "last_posted_at") == posted_at &&
		!posting->odd && !before->odd && !after->odd;
}

/* An account moves past the first posting since, by which points went. */
static bool
moves_account(Relation accounts, Row *before, Row *after)
{
	Key			key = key_of_customer(before);
	KeyedTable	postings;
	Row			posting;
	bool		ordinary;

	add_to_key(&key, "posting_id", row_bigint(before, "last_posting"));
	key.above = true;
	if (before->odd || !rows_agree(before, after, "customer_id") ||
		!open_keyed_table(&postings, accounts, "point_postings", AccessShareLock, &key))
		return false;
	ordinary = next_keyed_row(&postings, &posting) &&
		took_points(&posting) && adds_up(before, &posting, after) &&
		is_explained(accounts, after, row_bigint(&posting, "posting_id"), -row_bigint(&posting, "points"));
	close_keyed_table(&postings);
	return ordinary;
}

PG_FUNCTION_INFO_V1(check_account);
Datum
check_account(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_data(fcinfo);
	Row			before = row_of(trigger, trigger->tg_trigtuple);
	Row			after = row_of(trigger, trigger->tg_newtuple);

	if (!is_fired(trigger, TRIGGER_EVENT_UPDATE | TRIGGER_EVENT_AFTER) || !moves_account(trigger->tg_relation, &before, &after))
		return ask_shop(fcinfo, "check_account");
	return PointerGetDatum(NULL);
}

/* Whether the account has moved past a posting, which is then in the books. */
static bool
is_in_books(Relation postings, Row *posting)
{
	Key			key = key_of_customer(posting);
	KeyedTable	accounts;
	Row			account;
	bool		found;

	if (posting->odd || !open_keyed_table(&accounts, postings, "point_accounts", AccessShareLock, &key))
		return false;
	found = next_keyed_row(&accounts, &account) &&
		row_bigint(&account, "last_posting") >= row_bigint(posting, "posting_id") &&
		!account.odd && !posting->odd;
	close_keyed_table(&accounts);
	return found;
}

PG_FUNCTION_INFO_V1(check_posting_is_closed);
Datum
check_posting_is_closed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_data(fcinfo);
	Row			posting = row_of(trigger, trigger->tg_trigtuple);

	if (!is_fired(trigger, TRIGGER_EVENT_INSERT | TRIGGER_EVENT_AFTER) || !is_in_books(trigger->tg_relation, &posting))
		return ask_shop(fcinfo, "check_posting_is_closed");
	return PointerGetDatum(NULL);
}
