/*-------------------------------------------------------------------------
 *
 * options.c
 *	  The options of loyalcs-dispatch, and its manual
 *
 *-------------------------------------------------------------------------
 */
#include "dispatch/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dispatch/report.h"

static const char *const manual[] = {
	"NAME\n"
	"    loyalcs-dispatch - hands out a shop's follow-ups and SLA warnings when they are due\n"
	"\n"
	"SYNOPSIS\n"
	"    loyalcs-dispatch --shop NAME [OPTION]... [CONNINFO]\n"
	"\n"
	"DESCRIPTION\n"
	"    Claims follow-ups that are due and hands each as one line of JSON to a command\n"
	"    or to stdout, one after the other, and records what became of it. When nothing is\n"
	"    due it sleeps until something is, or until the database tells of new work. Any\n"
	"    number of dispatchers can share the work of a shop.\n"
	"\n"
	"    CONNINFO is the name of a database or a connection string such as\n"
	"    \"host=db1,db2 dbname=crm user=sender\" or postgresql://sender@db1/crm; the rest is\n"
	"    taken from PGHOST, PGUSER, PGPASSFILE and so on, as by psql. The role needs the\n"
	"    rights of loyalcs.grant_shop(..., 'service').\n"
	"\n",
	"OPTIONS\n"
	"    --shop NAME           the schema of the shop; there is no default\n"
	"    --sla                 hand out warnings of promises that are at risk or breached,\n"
	"                          not follow-ups\n"
	"    --channel CHANNEL     only what goes out by this channel, with --sla what is about\n"
	"                          tickets of this channel (default: all)\n"
	"    --exec COMMAND        run COMMAND with sh for each follow-up, which it reads on its\n"
	"                          stdin (default: write all to stdout)\n"
	"    --time-limit SECONDS  end a command that takes longer, and all that it has started\n"
	"                          (default: 60)\n"
	"    --limit COUNT         claim up to COUNT at a time, 1 to 10000 (default: 100)\n"
	"    --lease SECONDS       how long what is claimed is out of reach for others; longer\n"
	"                          than the time limit by more than 2 s (default: 300)\n"
	"    --worker NAME         who claims it (default: HOST:PID)\n"
	"    --once                end as soon as there is nothing left to claim\n"
	"    --dry-run             print what is due, and change nothing\n"
	"    --at TIMESTAMP        take it to be that moment, for rehearsals; with --once or\n"
	"                          --dry-run only\n"
	"    --verbose             tell of every step on stderr, with the time\n"
	"    --help, --version     print this, or the version, and end\n"
	"\n",
	"INPUT OF THE COMMAND\n"
	"    {\"followup_id\":1,\"attempt\":1,\"customer_id\":\"C1\",\"step\":\"arrival_check\",\n"
	"     \"subject\":\"A-1\",\"channel\":\"email\",\"due_at\":\"2026-10-31T03:00:00+00:00\",\n"
	"     \"payload\":{...}} as one line of UTF-8, which ends with a newline\n"
	"\n"
	"    followup_id stays the same when a follow-up is handed over again, attempt grows.\n"
	"\n"
	"    With --sla:\n"
	"    {\"warning_id\":1,\"attempt\":1,\"customer_id\":\"C1\",\"ticket_id\":\"T1\",\n"
	"     \"channel\":\"line\",\"due_at\":\"2026-10-31T03:00:00+00:00\",\"payload\":{\"metric\":\n"
	"     \"first_response\",\"state\":\"at_risk\",\"due_in\":\"in 10 min\",...}}\n"
	"\n"
	"ANSWER OF THE COMMAND\n"
	"    0                     sent\n"
	"    67, 68                undeliverable: nobody can be reached there, do not try again\n"
	"                          (EX_NOUSER, EX_NOHOST)\n"
	"    126, 127              the command cannot be run: the dispatcher gives everything\n"
	"                          back and ends\n"
	"    any other, a signal,  failed: it is tried again later, as often as the step\n"
	"    the time limit        allows, a warning for as long as it holds (75, EX_TEMPFAIL,\n"
	"                          is the usual code)\n"
	"\n"
	"    The first 1,000 bytes that it prints on stdout are kept with the follow-up as\n"
	"    detail, for a message number or a reason. Its stderr is the dispatcher's.\n"
	"\n"
	"    Without --exec a follow-up counts as sent once its line is written and flushed.\n"
	"\n",
	"SIGNALS\n"
	"    SIGTERM, SIGINT,      finish the follow-up at hand, record it, give back the others\n"
	"    SIGHUP                and end; a second one ends at once\n"
	"\n"
	"EXIT STATUS\n"
	"    0                     asked to end, or --once or --dry-run is done\n"
	"    1                     the server refused a statement, the command cannot be run, or\n"
	"                          stdout not written\n"
	"    2                     wrong usage\n"
	"    3                     --once or --dry-run could not reach the server, or an outcome\n"
	"                          could not be recorded before the end\n"
	"\n"
	"    A connection that is lost is made again, after 0.1 s at first, every 30 s at last.\n"
	"\n",
	"NOTES\n"
	"    Everything is handed over at least once. What is handed over twice is what was with\n"
	"    a command when its dispatcher was killed, or recorded after its lease had run out.\n"
	"    It listens for notifications, so between it and the server there must be no pooler\n"
	"    that changes the session between transactions.\n"
	"\n"
	"EXAMPLES\n"
	"    loyalcs-dispatch --shop aurora --dry-run crm\n"
	"    loyalcs-dispatch --shop aurora --channel email --exec /usr/local/bin/send-mail crm\n"
	"    loyalcs-dispatch --shop aurora --sla --exec /usr/local/bin/tell-the-team crm\n"
	"    loyalcs-dispatch --shop aurora --channel line --once crm | line-push\n"
};

static void
usage_error(const char *message, const char *value)
{
	say("%s%s", message, value);
	say("HINT: loyalcs-dispatch --help tells what there is.");
	exit(EXIT_USAGE);
}

static int
number(const char *option, const char *text, int least, int most)
{
	char	   *end;
	long		value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < least || value > most)
	{
		say("%s takes a number from %d to %d, not \"%s\"", option, least, most, text);
		exit(EXIT_USAGE);
	}
	return (int) value;
}

static const char *
default_worker(void)
{
	static char worker[300];
	char		host[256] = "";

	if (gethostname(host, sizeof(host) - 1) != 0)
		strcpy(host, "unknown");
	snprintf(worker, sizeof(worker), "%s:%ld", host, (long) getpid());
	return worker;
}

/* Fills in what is asked for; without sense in it, the program ends here. */
void
read_options(Options *o, int argc, char **argv)
{
	enum
	{
		SHOP = 1, SLA, CHANNEL, EXEC, TIME_LIMIT, LIMIT, LEASE, WORKER, ONCE, DRY_RUN, AT, VERBOSE, HELP, VERSION
	};
	static const struct option known[] = {
		{"shop", required_argument, NULL, SHOP},
		{"sla", no_argument, NULL, SLA},
		{"channel", required_argument, NULL, CHANNEL},
		{"exec", required_argument, NULL, EXEC},
		{"time-limit", required_argument, NULL, TIME_LIMIT},
		{"limit", required_argument, NULL, LIMIT},
		{"lease", required_argument, NULL, LEASE},
		{"worker", required_argument, NULL, WORKER},
		{"once", no_argument, NULL, ONCE},
		{"dry-run", no_argument, NULL, DRY_RUN},
		{"at", required_argument, NULL, AT},
		{"verbose", no_argument, NULL, VERBOSE},
		{"help", no_argument, NULL, HELP},
		{"version", no_argument, NULL, VERSION},
		{NULL, 0, NULL, 0}
	};
	int			c;

	*o = (Options)
	{
		.worker = default_worker(),.limit = "100",.lease = 300,.time_limit = 60
	};
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", known, NULL)) != -1)
	{
		switch (c)
		{
			case SHOP:
				o->shop = optarg;
				break;
			case SLA:
				o->sla = true;
				break;
			case CHANNEL:
				o->channel = optarg;
				break;
			case EXEC:
				o->command = optarg;
				break;
			case TIME_LIMIT:
				o->time_limit = number("--time-limit", optarg, 1, 86400);
				break;
			case LIMIT:
				number("--limit", optarg, 1, 10000);
				o->limit = optarg;
				break;
			case LEASE:
				o->lease = number("--lease", optarg, 1, 604800);
				break;
			case WORKER:
				o->worker = optarg;
				break;
			case ONCE:
				o->once = true;
				break;
			case DRY_RUN:
				o->dry_run = o->once = true;
				break;
			case AT:
				o->at = optarg;
				break;
			case VERBOSE:
				o->verbose = true;
				break;
			case HELP:
				for (size_t i = 0; i < sizeof(manual) / sizeof(manual[0]); i++)
					fputs(manual[i], stdout);
				exit(EXIT_DONE);
			case VERSION:
				puts("loyalcs-dispatch " LOYALCS_VERSION);
				exit(EXIT_DONE);
			case ':':
				usage_error("this option takes a value: ", argv[optind - 1]);
				break;
			default:
				usage_error("unknown option or unexpected value: ", argv[optind - 1]);
		}
	}
	if (optind < argc)
		o->conninfo = argv[optind++];
	if (optind < argc)
		usage_error("too many arguments, from ", argv[optind]);

	if (o->shop == NULL || *o->shop == '\0')
		usage_error("which shop?", "");
	if (o->command != NULL && o->dry_run)
		usage_error("--dry-run hands nothing over, so --exec is of no use", "");
	if (o->at != NULL && !o->once)
		usage_error("--at goes with --once or --dry-run only", "");
	if (o->command != NULL && o->lease <= o->time_limit + KILL_AFTER)
	{
		say("a lease of %d s is too short for a time limit of %d s", o->lease, o->time_limit);
		say("HINT: Take at least %d s: whoever is sent a message twice is no happier.",
			o->time_limit + KILL_AFTER + 1);
		exit(EXIT_USAGE);
	}
}
