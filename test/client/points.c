/*-------------------------------------------------------------------------
 *
 * points.c
 *	  Clients of the ledger of points, all at once: sixteen redeem from the
 *	  same 200 accounts while others earn, adjust, reverse and expire, and one
 *	  reads.  Whatever they were told is then held against what is in the
 *	  books.  Prints TAP.
 *
 *	  points					in the database that the environment names
 *	  points crash CONNINFO		somebody kills that server halfway: once
 *								"ready to be killed" is printed.  When that
 *								has been done and the server is there again,
 *								a line on stdin says so.
 *
 * LOYALCS_POINTS_SECONDS is how long it goes on, 20 by default.
 *
 * One process and one loop: what a client was told, and when, is then known
 * without any lock of ours.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libpq-fe.h>

#define ACCOUNTS			200
#define HOT_ACCOUNTS		10
#define ORDERS				12000
#define CLIENTS				24
#define REDEEMERS			16

#define TEXT_OID			25
#define INT8_OID			20

typedef int64_t int64;

typedef enum Work
{
	REDEEM, EARN, ADJUST, REVERSE, EXPIRE, READ
} Work;

/*
 * What a client wants posted, under a key of its own: an order's number to
 * earn, else the number of the request.
 */
typedef struct Request
{
	Work		work;
	int			account;
	int64		points;			/* 0 to reverse all that is left */
	int64		about;			/* order, posting, or milliseconds to expiry */
	int64		posting;		/* 0 as long as nobody was told of one */
	int64		told;			/* its points, as a client was told */
	bool		in_doubt;		/* the answer was lost */
} Request;

typedef struct Client
{
	PGconn	   *conn;
	Work		work;
	bool		busy;
	bool		was_posted;		/* when the request was sent */
	int			request;		/* of work that posts */
} Client;

static const char *const statements[] = {
	[REDEEM] = "SELECT p, told($1, p) FROM bank.redeem_points($1, $2, $3) p",
	[EARN] = "SELECT p, told($1, p) FROM bank.earn_points($1, $3) p",
	[ADJUST] = "SELECT p, told($1, p) FROM bank.adjust_points($1, $2, $3, NULL,"
	" CASE WHEN $2 > 0 AND $4 > 0 THEN coalesce((SELECT a.expires_at FROM bank.point_postings a"
	"   WHERE a.customer_id = $1 AND a.kind = 'adjust' AND a.posting_key = $3),"
	"  now() + $4 * interval '1 millisecond') END) p",
	[REVERSE] = "SELECT p, told($1, p) FROM bank.reverse_points($1, $4, nullif($2, 0),"
	" CASE WHEN $2 > 0 THEN $3 END) p",
	[EXPIRE] = "SELECT customers, points FROM bank.expire_points()",
	[READ] =
	"SELECT format('account %s: balance %s, postings %s, available %s, pending %s, lapsed %s',"
	"              a.customer_id, a.balance, p.points, b.available, b.pending, l.lapsed)"
	"  FROM bank.point_accounts a"
	" CROSS JOIN LATERAL (SELECT greatest(now(), a.last_posted_at) AS as_of) t"
	" CROSS JOIN LATERAL bank.points_balance(a.customer_id, t.as_of) b"
	" CROSS JOIN LATERAL (SELECT sum(p.points) AS points FROM bank.point_postings p"
	"                      WHERE p.customer_id = a.customer_id) p"
	" CROSS JOIN LATERAL (SELECT coalesce(sum(l.remaining), 0) AS lapsed FROM bank.point_lots l"
	"                      WHERE l.customer_id = a.customer_id AND l.expires_at <= t.as_of) l"
	" WHERE a.customer_id = $1"
	"   AND (b.available < 0 OR b.pending < 0 OR b.available + b.pending + l.lapsed <> a.balance"
	"        OR a.balance <> p.points)"
	" UNION ALL "
	"SELECT format('account %s: posting %s: %s', customer_id, posting_id, finding)"
	"  FROM bank.points_audit($1)"
};

static const char *conninfo = "";
static Client clients[CLIENTS];
static Request *requests = NULL;
static int	nrequests = 0;
static int	nposted[READ + 1];
static int	nlacking = 0;		/* refused for want of points */
static int	nrepeated = 0;		/* sent again after they were posted */
static int	nreads = 0;
static int64 expired = 0;		/* as expire_points() told */
static int	tests = 0;
static int	failures = 0;
static int	surprises = 0;

static bool
ok(bool passed, const char *format,...)
{
	va_list		args;

	printf("%sok %d - ", passed ? "" : "not ", ++tests);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	failures += !passed;
	return passed;
}

static void
bail_out(const char *why, const char *message)
{
	printf("Bail out! %s: %s\n", why, message);
	exit(1);
}

/* Something that must not happen; the first few are shown. */
static void
surprise(const char *format,...)
{
	va_list		args;

	if (++surprises > 10)
		return;
	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static double
seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* From 0 up to n - 1. */
static int
any(int n)
{
	return (int) (random() % n);
}

static PGconn *
connect_to_server(void)
{
	PGconn	   *conn = PQconnectdb(conninfo);

	if (PQstatus(conn) != CONNECTION_OK)
		bail_out("could not connect", PQerrorMessage(conn));
	return conn;
}

static PGresult *
run(PGconn *conn, const char *sql)
{
	PGresult   *result = PQexec(conn, sql);

	if (PQresultStatus(result) != PGRES_COMMAND_OK &&
		PQresultStatus(result) != PGRES_TUPLES_OK)
		bail_out(sql, PQerrorMessage(conn));
	return result;
}

/* The query finds nothing that breaks the rule. */
static void
none(PGconn *conn, const char *name, const char *query)
{
	PGresult   *result = run(conn, query);

	if (!ok(PQntuples(result) == 0, "%s", name))
	{
		for (int i = 0; i < PQntuples(result) && i < 10; i++)
		{
			printf("#");
			for (int j = 0; j < PQnfields(result); j++)
				printf(" %s %s", PQfname(result, j), PQgetvalue(result, i, j));
			putchar('\n');
		}
	}
	PQclear(result);
}

/*
 * Orders earn 1 to 300 points (see points_of_order), by a rule whose points
 * wait for the delivery, which not all have had, or by one whose points last
 * as long as something happens.
 */
static void
make_shop(PGconn *conn)
{
	char		sql[1000];

	PQclear(run(conn, "SET client_min_messages = warning; SELECT loyalcs.create_shop('bank')"));
	snprintf(sql, sizeof(sql),
			 "INSERT INTO bank.customers (customer_id) SELECT generate_series(0, %d);"
			 "INSERT INTO bank.orders (customer_id, order_id, ordered_at, amount, delivered_at)"
			 "SELECT i %% %d, i, at, 100 * (1 + i %% 300), CASE WHEN i %% 3 > 0 THEN at + interval '1 day' END"
			 "  FROM generate_series(0, %d) i"
			 " CROSS JOIN LATERAL (SELECT timestamptz '2024-01-01 00:00+00' + i %% 2 * interval '1 year' AS at) t;",
			 ACCOUNTS - 1, ACCOUNTS, ORDERS - 1);
	PQclear(run(conn, sql));
	PQclear(run(conn, "DELETE FROM bank.points_rules;"
	/* (orders that are not delivered stay so) */
				"INSERT INTO bank.points_rules (points, per_amount, pending_from, assumed_delivered_after, expires_from, expires_after, valid)"
				"VALUES (1, 100, 'delivered', NULL, 'earned', '1 year', '(,2024-07-01 00:00+00)'),"
				"       (1, 100, 'earned', NULL, 'last_activity', '30 days', '[2024-07-01 00:00+00,)');"
	/* volatile, so that it sees what the posting function has just posted */
				"CREATE FUNCTION told(text, bigint) RETURNS bigint LANGUAGE sql VOLATILE "
				"RETURN (SELECT points FROM bank.point_postings WHERE customer_id = $1 AND posting_id = $2);"
				"ANALYZE"));
}

static int
points_of_order(int64 order)
{
	return 1 + order % 300;
}

/* Half of the work is on a few accounts. */
static int
any_account(void)
{
	return any(any(2) ? HOT_ACCOUNTS : ACCOUNTS);
}

/* One that was posted and can be reversed, or -1. */
static int
any_posted(void)
{
	for (int tries = 0; tries < 20 && nrequests > 0; tries++)
	{
		int			i = any(nrequests);

		if (requests[i].posting != 0 && requests[i].work != REVERSE)
			return i;
	}
	return -1;
}

static int
new_request(Work work, int account, int64 points, int64 about)
{
	Request		request = {work, account, points, about, 0, 0, false};

	if (nrequests % 10000 == 0)
	{
		requests = realloc(requests, (nrequests + 10000) * sizeof(Request));
		if (requests == NULL)
			bail_out("new_request", "out of memory");
	}
	requests[nrequests] = request;
	return nrequests++;
}

/*
 * What a client asks for next: something new, what another client is asking
 * for at this moment, or what was posted long ago.
 */
static int
next_request(Work work)
{
	int			old = any_posted();
	int64		order;

	if (any(10) == 0 && old >= 0)
		return old;
	if (work == REDEEM && any(8) == 0)
	{
		const Client *other = &clients[any(REDEEMERS)];

		if (other->busy)
			return other->request;
	}
	switch (work)
	{
		case EARN:
			order = any(ORDERS);
			return new_request(EARN, order % ACCOUNTS, points_of_order(order), order);
		case ADJUST:
			return new_request(ADJUST, any_account(), any(4) ? 1 + any(400) : -1 - any(200),
							   any(4) ? 200 + any(2000) : 0);
		case REVERSE:
			if (old >= 0)
				return new_request(REVERSE, requests[old].account,
								   any(2) ? 0 : 1 + any(100), requests[old].posting);
			/* nothing was posted yet */
			/* FALLTHROUGH */
		default:
			return new_request(REDEEM, any_account(), 1 + any(150), 0);
	}
}

/* The values of a statement's parameters. */
typedef struct Parameters
{
	char		account[24];
	char		points[24];
	char		key[24];
	char		about[24];
} Parameters;

static const Oid parameter_types[] = {TEXT_OID, INT8_OID, TEXT_OID, INT8_OID};

static void
fill_parameters(Parameters *p, int number)
{
	const Request *r = &requests[number];

	snprintf(p->account, sizeof(p->account), "%d", r->account);
	snprintf(p->points, sizeof(p->points), "%" PRId64, r->points);
	snprintf(p->key, sizeof(p->key), "%" PRId64, r->work == EARN ? r->about : number);
	snprintf(p->about, sizeof(p->about), "%" PRId64, r->about);
}

static void
send_next(Client *client)
{
	Parameters	p = {"", "0", "", "0"};
	const char *values[] = {p.account, p.points, p.key, p.about};
	Work		work = client->work;

	if (work == READ)
		snprintf(p.account, sizeof(p.account), "%d", any_account());
	else if (work != EXPIRE)
	{
		client->request = next_request(work);
		client->was_posted = requests[client->request].posting != 0;
		work = requests[client->request].work;
		fill_parameters(&p, client->request);
	}
	client->busy = true;
	if (!PQsendQueryParams(client->conn, statements[work], work == EXPIRE ? 0 : 4,
						   parameter_types, values, NULL, NULL, 0) &&
		PQstatus(client->conn) == CONNECTION_OK)
		bail_out(statements[work], PQerrorMessage(client->conn));
}

/* An answer: a posting, the same for everybody who asks under its key. */
static void
note_posting(int number, int64 posting, int64 points)
{
	Request    *r = &requests[number];

	if (r->posting == 0)
	{
		r->posting = posting;
		r->told = points;
		nposted[r->work]++;
		if (r->work != REVERSE ? points != (r->work == REDEEM ? -r->points : r->points) :
			r->points != 0 && llabs(points) > r->points)
			surprise("request %d was for %" PRId64 " points, and %" PRId64 " were posted",
					 number, r->points, points);
	}
	else if (r->posting != posting || r->told != points)
		surprise("request %d is posting %" PRId64 " and also %" PRId64, number, r->posting, posting);
}

/* What the functions call it when there are too few points. */
static bool
is_lack(const char *constraint)
{
	return constraint != NULL &&
		(strcmp(constraint, "points_suffice") == 0 || strcmp(constraint, "points_left_to_reverse_suffice") == 0);
}

/*
 * A refusal is in order if there were too few points, or if points would have
 * lapsed before their turn came.  That a constraint of a table had to stop
 * something is not: the functions are to know.
 */
static void
note_refusal(int number, bool was_posted, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
	Work		work = requests[number].work;

	if (was_posted)
		surprise("request %d was posted and is then refused: %s", number, PQresultErrorMessage(result));
	else if (is_lack(constraint) && work != EARN)
		nlacking++;
	else if (!(state != NULL && work == ADJUST && strcmp(state, "22023") == 0))
		surprise("request %d is refused: %s", number, PQresultErrorMessage(result));
}

static void
note_result(const Client *client, const PGresult *result)
{
	bool		has_rows = PQresultStatus(result) == PGRES_TUPLES_OK;

	switch (client->work)
	{
		case READ:
			nreads++;
			if (!has_rows)
				surprise("reading: %s", PQresultErrorMessage(result));
			for (int i = 0; has_rows && i < PQntuples(result); i++)
				surprise("read: %s", PQgetvalue(result, i, 0));
			break;
		case EXPIRE:
			if (has_rows)
				expired += strtoll(PQgetvalue(result, 0, 1), NULL, 10);
			else
				surprise("expiring: %s", PQresultErrorMessage(result));
			break;
		default:
			if (!has_rows)
				note_refusal(client->request, client->was_posted, result);
			else
			{
				nrepeated += client->was_posted;
				note_posting(client->request, strtoll(PQgetvalue(result, 0, 0), NULL, 10),
							 strtoll(PQgetvalue(result, 0, 1), NULL, 10));
			}
	}
}

/* Takes what has come for a client; false if its connection is gone. */
static bool
receive(Client *client)
{
	PGresult   *result;

	if (!PQconsumeInput(client->conn))
		return false;
	while (!PQisBusy(client->conn))
	{
		result = PQgetResult(client->conn);
		if (result == NULL)
		{
			client->busy = false;
			return true;
		}
		if (PQstatus(client->conn) != CONNECTION_OK)
		{
			PQclear(result);
			return false;
		}
		note_result(client, result);
		PQclear(result);
	}
	return true;
}

static void
open_clients(void)
{
	const Work	others[] = {EARN, EARN, ADJUST, ADJUST, REVERSE, REVERSE, EXPIRE, READ};

	for (int i = 0; i < CLIENTS; i++)
	{
		clients[i].conn = connect_to_server();
		clients[i].work = i < REDEEMERS ? REDEEM : others[i - REDEEMERS];
		clients[i].busy = false;
	}
}

static void
lose(Client *client)
{
	if (client->busy && client->work != READ && client->work != EXPIRE)
		requests[client->request].in_doubt = true;
	PQfinish(client->conn);
	client->conn = NULL;
}

/*
 * Lets the clients work until a point in time and waits for their last
 * answers; or, if they are to be killed, until all have lost their connection.
 */
static void
work_until(double until, bool killed)
{
	double		give_up = until + 900;
	int			open;

	do
	{
		struct pollfd sockets[CLIENTS];
		Client	   *polled[CLIENTS];
		double		now = seconds_now();

		if (now > give_up)
			bail_out("work_until", "the server neither answers nor goes");
		open = 0;
		for (int i = 0; i < CLIENTS; i++)
		{
			if (clients[i].conn == NULL)
				continue;
			if (!clients[i].busy && (killed || now < until))
				send_next(&clients[i]);
			if (!clients[i].busy)
				continue;
			sockets[open].fd = PQsocket(clients[i].conn);
			sockets[open].events = POLLIN;
			polled[open++] = &clients[i];
		}
		if (poll(sockets, open, 1000) < 0 && errno != EINTR)
			bail_out("poll", strerror(errno));
		for (int i = 0; i < open; i++)
		{
			if (!receive(polled[i]))
			{
				if (!killed)
					bail_out("a connection is lost", PQerrorMessage(polled[i]->conn));
				lose(polled[i]);
			}
		}
	} while (open > 0);
}

/* A table of what the clients were told and of what they still wait for. */
static void
write_down(PGconn *conn)
{
	PGresult   *result;
	char		line[200];

	PQclear(run(conn, "SET client_min_messages = warning;"
				"CREATE TEMP TABLE IF NOT EXISTS request (number bigint, customer_id text, kind text,"
				" posting_key text, posting_id bigint, points bigint, in_doubt boolean);"
				"TRUNCATE request"));
	result = PQexec(conn, "COPY request FROM STDIN");
	if (PQresultStatus(result) != PGRES_COPY_IN)
		bail_out("COPY request", PQerrorMessage(conn));
	PQclear(result);
	for (int i = 0; i < nrequests; i++)
	{
		static const char *const kinds[] = {"redeem", "earn", "adjust", "reverse"};
		const Request *r = &requests[i];
		int64		key = r->work == EARN ? r->about : i;
		char		posting[60] = "\\N\t\\N";

		if (r->posting != 0)
			snprintf(posting, sizeof(posting), "%" PRId64 "\t%" PRId64, r->posting, r->told);
		snprintf(line, sizeof(line), "%d\t%d\t%s\t%s%" PRId64 "\t%s\t%s\n", i, r->account, kinds[r->work],
				 r->work == REVERSE && r->points == 0 ? "loyalcs:posting " : "",
				 r->work == REVERSE && r->points == 0 ? r->about : key,
				 posting, r->in_doubt ? "t" : "f");
		if (PQputCopyData(conn, line, (int) strlen(line)) != 1)
			bail_out("COPY request", PQerrorMessage(conn));
	}
	if (PQputCopyEnd(conn, NULL) != 1)
		bail_out("COPY request", PQerrorMessage(conn));
	while ((result = PQgetResult(conn)) != NULL)
	{
		if (PQresultStatus(result) != PGRES_COMMAND_OK)
			bail_out("COPY request", PQerrorMessage(conn));
		PQclear(result);
	}
	PQclear(run(conn, "ANALYZE request"));
}

/*
 * The books, by plain SQL over postings and allocations alone.  Postings of an
 * account have been numbered one after another, so that their numbers are
 * their order.
 */
static void
check_books(PGconn *conn)
{
	none(conn, "points_audit() has nothing to say", "SELECT * FROM bank.points_audit()");
	none(conn, "postings are in order of time",
		 "SELECT * FROM (SELECT customer_id, posting_id, posted_at, lag(posted_at) OVER"
		 " (PARTITION BY customer_id ORDER BY posting_id) AS before FROM bank.point_postings) p"
		 " WHERE posted_at < before");
	none(conn, "no balance was ever negative",
		 "SELECT * FROM (SELECT customer_id, posting_id, sum(points) OVER"
		 " (PARTITION BY customer_id ORDER BY posting_id) AS balance FROM bank.point_postings) p"
		 " WHERE balance < 0");
	none(conn, "no lot was ever taken from twice, or given more than it had",
		 "SELECT * FROM (SELECT customer_id, lot_id, posting_id, l.points AS had, sum(a.points) OVER"
		 " (PARTITION BY customer_id, lot_id ORDER BY a.posting_id) AS taken"
		 " FROM bank.point_allocations a JOIN (SELECT customer_id, posting_id AS lot_id, points"
		 " FROM bank.point_postings WHERE kind IN ('earn', 'adjust') AND points > 0) l USING (customer_id, lot_id)) a"
		 " WHERE taken NOT BETWEEN 0 AND had");
	none(conn, "whatever is taken or given back is a lot's",
		 "SELECT * FROM bank.point_allocations a WHERE NOT EXISTS (SELECT FROM bank.point_postings p"
		 " WHERE p.customer_id = a.customer_id AND p.posting_id = a.lot_id AND p.posting_id < a.posting_id"
		 " AND p.kind IN ('earn', 'adjust') AND p.points > 0)");
	none(conn, "each posting that takes or gives back is allocated to the point",
		 "SELECT customer_id, posting_id, p.kind, p.points, a.points AS allocated FROM bank.point_postings p"
		 " LEFT JOIN (SELECT customer_id, posting_id, sum(points) AS points FROM bank.point_allocations"
		 " GROUP BY customer_id, posting_id) a USING (customer_id, posting_id)"
		 " WHERE coalesce(a.points, 0) <> CASE WHEN p.points > 0 AND p.kind <> 'reverse' THEN 0 ELSE -p.points END");
	none(conn, "nobody paid with points that had lapsed or were not there yet",
		 "SELECT p.customer_id, p.posting_id, l.posting_id AS lot, p.posted_at, l.available_at, l.expires_at"
		 " FROM bank.point_postings p JOIN bank.point_allocations a USING (customer_id, posting_id)"
		 " JOIN bank.point_postings l ON l.customer_id = p.customer_id AND l.posting_id = a.lot_id"
		 " LEFT JOIN bank.orders o ON o.customer_id = l.customer_id AND o.order_id = l.order_id"
		 " WHERE (p.kind = 'redeem' OR p.kind = 'adjust')"
		 " AND (l.expires_at <= p.posted_at OR l.available_at > p.posted_at"
		 "      OR l.pending IS NOT NULL AND o.delivered_at IS NULL)");
	none(conn, "only what had lapsed was expired, and it was all of the lot",
		 "SELECT p.customer_id, p.posting_id, a.lot_id FROM bank.point_postings p"
		 " JOIN bank.point_allocations a USING (customer_id, posting_id)"
		 " JOIN bank.point_postings l ON l.customer_id = p.customer_id AND l.posting_id = a.lot_id"
		 " WHERE p.kind = 'expire' AND (l.expires_at > p.posted_at OR l.expires_at IS NULL"
		 "  OR l.points <> (SELECT sum(b.points) FROM bank.point_allocations b"
		 "   WHERE b.customer_id = a.customer_id AND b.lot_id = a.lot_id AND b.posting_id <= a.posting_id))");
	none(conn, "nothing was reversed twice",
		 "SELECT r.customer_id, r.reverses FROM bank.point_postings r JOIN bank.point_postings p"
		 " ON p.customer_id = r.customer_id AND p.posting_id = r.reverses"
		 " GROUP BY r.customer_id, r.reverses, p.points HAVING sum(abs(r.points) + r.shortfall + r.lapsed) > abs(p.points)");
	none(conn, "no more was made up for than had been short",
		 "SELECT customer_id, reverses FROM bank.point_postings"
		 " GROUP BY customer_id, reverses HAVING sum(shortfall) < 0");
	none(conn, "what was paid went back to the lots it came from",
		 "SELECT r.customer_id, r.reverses, b.lot_id FROM bank.point_postings r"
		 " JOIN bank.point_postings p ON p.customer_id = r.customer_id AND p.posting_id = r.reverses"
		 " JOIN bank.point_allocations b ON b.customer_id = r.customer_id AND b.posting_id = r.posting_id"
		 " WHERE p.points < 0 GROUP BY r.customer_id, r.reverses, b.lot_id"
		 " HAVING -sum(b.points) > coalesce((SELECT a.points FROM bank.point_allocations a WHERE"
		 " a.customer_id = r.customer_id AND a.posting_id = r.reverses AND a.lot_id = b.lot_id), 0)");
}

/*
 * What was told is in the books, once.  More than that is in the books only if
 * it expired, if it made up for a shortfall (which is negative then), or if its
 * answer was lost.
 */
static void
check_told(PGconn *conn)
{
	write_down(conn);
	none(conn, "every posting that a client was told of is there, with its points",
		 "SELECT r.* FROM request r WHERE posting_id IS NOT NULL AND NOT EXISTS (SELECT FROM bank.point_postings p"
		 " WHERE p.customer_id = r.customer_id AND p.posting_id = r.posting_id AND p.kind = r.kind"
		 " AND p.points = r.points AND (p.posting_key = r.posting_key OR r.posting_key = 'loyalcs:posting ' || p.reverses))");
	none(conn, "a posting of which no client was told is one whose answer was lost",
		 "SELECT * FROM bank.point_postings p WHERE kind <> 'expire' AND shortfall >= 0"
		 " AND NOT EXISTS (SELECT FROM request r WHERE r.customer_id = p.customer_id AND r.kind = p.kind"
		 "  AND (r.posting_id = p.posting_id OR r.in_doubt AND r.posting_key = p.posting_key))");
	none(conn, "balances are what clients were told, what expired and what was lost, to the point",
		 "SELECT a.customer_id, a.balance, t.points AS told, x.points AS expired, d.points AS lost"
		 "  FROM bank.point_accounts a"
		 " CROSS JOIN LATERAL (SELECT coalesce(sum(points), 0) AS points FROM"
		 "  (SELECT DISTINCT r.posting_id, r.points FROM request r"
		 "    WHERE r.customer_id = a.customer_id AND r.posting_id IS NOT NULL) r) t"
		 " CROSS JOIN LATERAL (SELECT coalesce(sum(e.points), 0) AS points FROM bank.point_allocations e"
		 "  JOIN bank.point_postings p USING (customer_id, posting_id)"
		 "  WHERE customer_id = a.customer_id AND p.kind = 'expire') x"
		 " CROSS JOIN LATERAL (SELECT coalesce(sum(p.points), 0) AS points FROM bank.point_postings p"
		 "  WHERE p.customer_id = a.customer_id AND p.kind <> 'expire' AND NOT EXISTS (SELECT FROM request r"
		 "   WHERE r.customer_id = p.customer_id AND r.posting_id = p.posting_id)) d"
		 " WHERE a.balance <> t.points - x.points + d.points");
}

/* Sends a request once more, and gives its posting. */
static int64
repeat(PGconn *conn, int number)
{
	Parameters	p = {"", "", "", ""};
	const char *values[] = {p.account, p.points, p.key, p.about};
	PGresult   *result;
	int64		posting = 0;

	fill_parameters(&p, number);
	result = PQexecParams(conn, statements[requests[number].work], 4, parameter_types, values, NULL, NULL, 0);
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		note_refusal(number, requests[number].posting != 0, result);
	else
	{
		posting = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
		note_posting(number, posting, strtoll(PQgetvalue(result, 0, 1), NULL, 10));
	}
	PQclear(result);
	return posting;
}

/*
 * After the crash: what was told is sent again and is posted already; what got
 * no answer is sent again, and is posted then if it was not before.
 */
static void
check_repeats(PGconn *conn)
{
	int			wrong = 0;
	int			found = 0;
	int			in_doubt = 0;
	PGresult   *result;

	result = run(conn, "SELECT r.number, p.posting_id FROM request r JOIN bank.point_postings p"
				 " USING (customer_id, kind, posting_key) WHERE r.in_doubt AND r.posting_id IS NULL");
	for (int i = 0; i < PQntuples(result); i++, found++)
	{
		int			number = atoi(PQgetvalue(result, i, 0));

		wrong += repeat(conn, number) != strtoll(PQgetvalue(result, i, 1), NULL, 10);
	}
	PQclear(result);
	ok(wrong == 0, "what was posted without an answer gives the same posting when sent again");

	for (int i = 0; i < nrequests; i += 1 + nrequests / 1000)
	{
		if (requests[i].posting != 0)
			repeat(conn, i);
	}
	none(conn, "what was answered before the crash is not posted again",
		 "SELECT customer_id, posting_id FROM bank.point_postings p WHERE kind <> 'expire' AND shortfall >= 0"
		 " AND posting_id > (SELECT max(posting_id) FROM request) AND NOT EXISTS (SELECT FROM request r"
		 "  WHERE r.customer_id = p.customer_id AND r.in_doubt AND r.kind = p.kind AND r.posting_key = p.posting_key)");
	for (int i = 0; i < nrequests; i++)
	{
		if (requests[i].in_doubt)
		{
			repeat(conn, i);
			requests[i].in_doubt = false;
			in_doubt++;
		}
	}
	printf("# %d requests were without an answer, %d of them posted\n", in_doubt, found);
}

static void
wait_for_server(void)
{
	char		line[80];

	if (fgets(line, sizeof(line), stdin) == NULL)
		bail_out("wait_for_server", "nobody started the server again");
}

static bool
all_has_happened(void)
{
	return nposted[REDEEM] > 0 && nposted[EARN] > 0 && nposted[ADJUST] > 0 && nposted[REVERSE] > 0 &&
		nlacking > 0 && nrepeated > 0 && nreads > 0 && expired > 0;
}

int
main(int argc, char **argv)
{
	const char *setting = getenv("LOYALCS_POINTS_SECONDS");
	double		seconds = setting != NULL ? atof(setting) : 20;
	bool		crash = argc == 3 && strcmp(argv[1], "crash") == 0;
	PGconn	   *conn;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (crash)
		conninfo = argv[2];
	conn = connect_to_server();
	make_shop(conn);
	open_clients();
	if (crash)
	{
		work_until(seconds_now() + seconds / 2, false);
		puts("ready to be killed");
		work_until(seconds_now(), true);
		PQfinish(conn);
		wait_for_server();
		conn = connect_to_server();
		check_books(conn);
		check_told(conn);
		check_repeats(conn);
		open_clients();
		seconds /= 2;
	}
	work_until(seconds_now() + seconds, false);
	/* on a slow machine it takes longer */
	for (int i = 0; i < 60 && !all_has_happened(); i++)
		work_until(seconds_now() + seconds, false);
	check_books(conn);
	check_told(conn);

	ok(surprises == 0, "nothing happened that must not happen");
	ok(all_has_happened(), "all that can happen has happened");
	printf("# posted: %d redeemed, %d earned, %d adjusted, %d reversed; %" PRId64 " points expired;"
		   " %d lacked points, %d were repeated, %d read\n", nposted[REDEEM], nposted[EARN],
		   nposted[ADJUST], nposted[REVERSE], expired, nlacking, nrepeated, nreads);
	for (int i = 0; i < CLIENTS; i++)
		PQfinish(clients[i].conn);
	PQfinish(conn);
	printf("1..%d\n", tests);
	return failures > 0;
}
