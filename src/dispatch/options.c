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

#include "client/report.h"

static const char *const manual[] = {
	"NAME\n"
	"    loyalcs-dispatch - hands out a shop's follow-ups and SLA warnings when they are due\n"
	"\n"
	"SYNOPSIS\n"
	"    loyalcs-dispatch --shop NAME [OPTION]... [CONNINFO]\n"
	"\n"
	"DESCRIPTION\n"
	"    Claims follow-ups that are due, asks of each immediately before whether it is still\n"
	"    wanted, hands it as one line of JSON to a command, to a process that stays, or to\n"
	"    stdout, and records what became of it. When nothing is due it sleeps until something\n"
	"    is, and looks for new work every few seconds. Any number of dispatchers can share\n"
	"    the work of a shop.\n"
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
	"    --escalations         hand out tickets of which somebody is to be told by a rule,\n"
	"                          neither of these\n"
	"    --channel CHANNEL     only what goes out by this channel, with --sla and with\n"
	"                          --escalations what is about tickets of this channel\n"
	"                          (default: all)\n"
	"    --exec COMMAND        run COMMAND with sh for each follow-up, which it reads on its\n"
	"                          stdin (default: write all to stdout)\n"
	"    --pipe COMMAND        run COMMAND with sh once, and have it answer line by line\n"
	"    --parallel COUNT      that many at a time, 1 to 256: commands, processes, or lines\n"
	"                          that are written before they are recorded (default: 1)\n"
	"    --time-limit SECONDS  end what takes longer over a follow-up, and all that it has\n"
	"                          started (default: 60)\n"
	"    --keep-output         keep the beginning of what a command prints, or of an answer\n"
	"                          that is none, as detail; it may hold the message\n"
	"    --limit COUNT         claim up to COUNT at a time, 1 to 10000 (default: 100)\n"
	"    --lease SECONDS       how long what is claimed is out of reach for others; longer\n"
	"                          than the time limit by more than 2 s (default: 300)\n"
	"    --worker NAME         who claims it (default: HOST:PID)\n"
	"    --poll SECONDS        when nothing is due, look again after that many at the latest,\n"
	"                          1 to 3600 (default: 5)\n"
	"    --once                end as soon as there is nothing left to claim\n"
	"    --dry-run             print what is due, and change nothing\n"
	"    --at TIMESTAMP        take it to be that moment, for rehearsals; with --once or\n"
	"                          --dry-run only\n"
	"    --verbose             tell of every step on stderr, with the time\n"
	"    --help, --version     print this, or the version, and end\n"
	"\n",
	"INPUT OF A COMMAND\n"
	"    {\"followup_id\":1,\"attempt\":1,\"customer_id\":\"C1\",\"step\":\"arrival_check\",\n"
	"     \"subject\":\"A-1\",\"channel\":\"email\",\"due_at\":\"2026-10-31T03:00:00+00:00\",\n"
	"     \"payload\":{...}} as one line of UTF-8, which ends with a newline\n"
	"\n"
	"    followup_id stays the same when a follow-up is handed over again, attempt grows. What\n"
	"    does not end with a newline is not whole: the dispatcher was killed, send nothing.\n"
	"\n"
	"    With --sla:\n"
	"    {\"warning_id\":1,\"attempt\":1,\"customer_id\":\"C1\",\"ticket_id\":\"T1\",\n"
	"     \"channel\":\"line\",\"due_at\":\"2026-10-31T03:00:00+00:00\",\"payload\":{\"metric\":\n"
	"     \"first_response\",\"state\":\"at_risk\",\"due_in\":\"in 10 min\",...}}\n"
	"\n"
	"    With --escalations the same, with \"state\":\"escalated\", \"rule\" and \"tell\".\n"
	"\n"
	"ANSWER WITH --exec: THE EXIT CODE\n"
	"    0                     sent\n"
	"    67, 68                undeliverable: nobody can be reached there, do not try again\n"
	"                          (EX_NOUSER, EX_NOHOST)\n"
	"    126, 127              the command cannot be run: the dispatcher gives everything\n"
	"                          back and ends\n"
	"    any other, a signal,  failed: it is tried again later, as often as the step\n"
	"    the time limit        allows, a warning for as long as it holds (75, EX_TEMPFAIL,\n"
	"                          is the usual code)\n"
	"\n"
	"    How it ended is kept with the follow-up as detail, and with --keep-output the first\n"
	"    1,000 bytes that it printed. Its stderr is the dispatcher's.\n"
	"\n",
	"ANSWER WITH --pipe: A LINE FOR EACH LINE\n"
	"    NUMBER TAB OUTCOME [TAB DETAIL]\n"
	"\n"
	"    NUMBER is the followup_id or warning_id, OUTCOME is sent, failed or undeliverable,\n"
	"    and DETAIL any text, of which 1,000 bytes are kept. Each answer is flushed; the next\n"
	"    line comes after it. A process that takes longer than the time limit, or says\n"
	"    anything else, or twice, is ended, and its follow-up has failed, unless the answer\n"
	"    came before the end. One that ends is started again, after 0.1 s at first, 30 s at\n"
	"    last. If it ends with 126 or 127, the dispatcher ends too. A process should end\n"
	"    when its input does.\n"
	"\n"
	"    Without either a follow-up counts as sent once its line is written and flushed.\n"
	"\n",
	"SIGNALS\n"
	"    SIGTERM, SIGINT,      finish the follow-ups at hand, record them, give back the others\n"
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
	"    What is wanted is handed over at least once. What is handed over twice is what was\n"
	"    at hand when a dispatcher was killed, --parallel follow-ups at most, or recorded\n"
	"    after its lease had run out.\n"
	"    It sets up its session and listens to loyalcs_followups, where whatever cannot wait\n"
	"    may say the shop's name; so between it and the server there must be no pooler that\n"
	"    changes the session between transactions.\n"
	"\n"
	"EXAMPLES\n"
	"    loyalcs-dispatch --shop aurora --dry-run crm\n"
	"    loyalcs-dispatch --shop aurora --channel email --exec /usr/local/bin/send-mail crm\n"
	"    loyalcs-dispatch --shop aurora --channel email --pipe /usr/local/bin/mailer crm\n"
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

/* What does not go together. */
static void
check_options(const Options *o)
{
	if (o->shop == NULL || *o->shop == '\0')
		usage_error("which shop?", "");
	if (o->handing != TO_STDOUT && o->dry_run)
		usage_error("--dry-run hands nothing over, so ", o->handing == TO_PIPE ? "--pipe is of no use" : "--exec is of no use");
	if (o->sla && o->escalations)
		usage_error("--sla and --escalations are two kinds of work, each for a dispatcher of its own", "");
	if (o->at != NULL && !o->once)
		usage_error("--at goes with --once or --dry-run only", "");
	if (o->keep_output && o->handing == TO_STDOUT)
		usage_error("--keep-output goes with --exec or --pipe only", "");
	if (o->handing != TO_STDOUT && o->lease <= o->time_limit + KILL_AFTER)
	{
		say("a lease of %d s is too short for a time limit of %d s", o->lease, o->time_limit);
		say("HINT: Take at least %d s: whoever is sent a message twice is no happier.",
			o->time_limit + KILL_AFTER + 1);
		exit(EXIT_USAGE);
	}
}

static void
set_command(Options *o, Handing handing, const char *command)
{
	if (o->handing != TO_STDOUT && o->handing != handing)
		usage_error("--exec and --pipe are two ways to hand over, of which one is needed", "");
	o->handing = handing;
	o->command = command;
}

/* Fills in what is asked for; without sense in it, the program ends here. */
void
read_options(Options *o, int argc, char **argv)
{
	enum
	{
		SHOP = 1, SLA, ESCALATIONS, CHANNEL, EXEC, PIPE, PARALLEL, TIME_LIMIT, KEEP_OUTPUT, LIMIT, LEASE, WORKER, POLL,
		ONCE, DRY_RUN, AT, VERBOSE, HELP, VERSION
	};
	static const struct option known[] = {
		{"shop", required_argument, NULL, SHOP},
		{"sla", no_argument, NULL, SLA},
		{"escalations", no_argument, NULL, ESCALATIONS},
		{"channel", required_argument, NULL, CHANNEL},
		{"exec", required_argument, NULL, EXEC},
		{"pipe", required_argument, NULL, PIPE},
		{"parallel", required_argument, NULL, PARALLEL},
		{"time-limit", required_argument, NULL, TIME_LIMIT},
		{"keep-output", no_argument, NULL, KEEP_OUTPUT},
		{"limit", required_argument, NULL, LIMIT},
		{"lease", required_argument, NULL, LEASE},
		{"worker", required_argument, NULL, WORKER},
		{"poll", required_argument, NULL, POLL},
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
		.worker = default_worker(),.parallel = 1,.limit = "100",.lease = 300,.time_limit = 60,.poll = 5
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
			case ESCALATIONS:
				o->escalations = true;
				break;
			case CHANNEL:
				o->channel = optarg;
				break;
			case EXEC:
				set_command(o, TO_COMMAND, optarg);
				break;
			case PIPE:
				set_command(o, TO_PIPE, optarg);
				break;
			case PARALLEL:
				o->parallel = number("--parallel", optarg, 1, MAX_PARALLEL);
				break;
			case TIME_LIMIT:
				o->time_limit = number("--time-limit", optarg, 1, 86400);
				break;
			case KEEP_OUTPUT:
				o->keep_output = true;
				break;
			case POLL:
				o->poll = number("--poll", optarg, 1, 3600);
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
	check_options(o);
}
