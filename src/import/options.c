/*-------------------------------------------------------------------------
 *
 * options.c
 *	  The options of loyalcs-import, and its manual
 *
 *-------------------------------------------------------------------------
 */
#include "import/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/report.h"

static const char *const manual[] = {
	"NAME\n"
	"    loyalcs-import - takes the exports of other systems into a shop\n"
	"\n"
	"SYNOPSIS\n"
	"    loyalcs-import --shop NAME [OPTION]... FORMAT FILE...\n"
	"\n"
	"DESCRIPTION\n"
	"    Reads files as other systems export them, and brings customers, orders and what was\n"
	"    refunded of them, tickets and answers into the shop. Each file is taken as a whole or not at all; of\n"
	"    its rows those that cannot be taken are left out, and it says which, and why. A file\n"
	"    can be given again, and one that overlaps with the last as well: nothing is there\n"
	"    twice, and what has been changed in the shop meanwhile is not undone. What follows\n"
	"    from orders (tiers, RFM, related products) is brought up to date in the end. It is\n"
	"    for the owner of the shop.\n"
	"\n"
	"    FILE may be - for what is on stdin. Its columns are found by their names, in any\n"
	"    order; its encoding, UTF-8 or Shift-JIS, and whether commas, semicolons or tabs\n"
	"    separate its fields, are seen from what is in it.\n"
	"\n",
	"FORMATS\n"
	"    SELECT * FROM NAME.import_fields() tells which columns of each are read.\n"
	"    shopify-orders        orders_export.csv of Shopify\n"
	"    shopify-customers     customers_export.csv of Shopify\n"
	"    eccube-orders         the CSV of orders of EC-CUBE 4\n"
	"    base-orders           the CSV of orders of BASE\n"
	"    zendesk-tickets       the CSV of tickets of Zendesk\n"
	"    surveys               answers: a row each, or a column for each question, as form\n"
	"                          tools export them; --system names the survey\n"
	"    plain                 any other, whose columns are called as ours: orders, tickets or\n"
	"                          customers, as its header says\n"
	"\n",
	"OPTIONS\n"
	"    --shop NAME           the schema of the shop; there is no default\n"
	"    --database CONNINFO   the name of a database or a connection string, such as\n"
	"                          \"host=db1 dbname=crm\" (default: as psql, by PGDATABASE and so on)\n"
	"    --system NAME         whose numbers those of orders and customers are (default: the\n"
	"                          first word of the format; of plain, the shop itself); two\n"
	"                          shops of one kind need two names\n"
	"    --time-zone ZONE      of times without one, such as Asia/Tokyo (default: the shop's)\n"
	"    --encoding NAME       UTF-8 or CP932 (default: seen from the file)\n"
	"    --earn-points         post what the orders that came in earn, too\n"
	"    --dry-run             say what would happen, and change nothing\n"
	"    --quiet               show no progress\n"
	"    --help, --version     print this, or the version, and end\n"
	"\n",
	"EXIT STATUS\n"
	"    0                     all was taken\n"
	"    1                     the server refused something, or a file cannot be read\n"
	"    2                     wrong usage\n"
	"    3                     the server cannot be reached, or was lost\n"
	"    4                     rows were left out because something is wrong with them; they\n"
	"                          stand in NAME.import_rejects\n"
	"\n"
	"EXAMPLES\n"
	"    loyalcs-import --shop aurora --dry-run shopify-orders orders_export.csv\n"
	"    loyalcs-import --shop aurora shopify-orders orders_export_1.csv orders_export_2.csv\n"
	"    loyalcs-import --shop aurora --database crm --encoding CP932 eccube-orders order.csv\n"
};

static void
usage_error(const char *message, const char *value)
{
	say("%s%s", message, value);
	say("HINT: loyalcs-import --help tells what there is.");
	exit(EXIT_USAGE);
}

static void
check_options(const Options *o)
{
	int			stdins = 0;

	if (o->shop == NULL || *o->shop == '\0')
		usage_error("which shop?", "");
	if (o->format == NULL)
		usage_error("which format?", "");
	if (o->nfiles == 0)
		usage_error("which file?", "");
	for (int i = 0; i < o->nfiles; i++)
		stdins += strcmp(o->files[i], "-") == 0;
	if (stdins > 1)
		usage_error("stdin can be read once", "");
}

/* Fills in what is asked for; without sense in it, the program ends here. */
void
read_options(Options *o, int argc, char **argv)
{
	enum
	{
		SHOP = 1, DATABASE, SYSTEM, TIME_ZONE, ENCODING, EARN_POINTS, DRY_RUN, QUIET, HELP, VERSION
	};
	static const struct option known[] = {
		{"shop", required_argument, NULL, SHOP},
		{"database", required_argument, NULL, DATABASE},
		{"system", required_argument, NULL, SYSTEM},
		{"time-zone", required_argument, NULL, TIME_ZONE},
		{"encoding", required_argument, NULL, ENCODING},
		{"earn-points", no_argument, NULL, EARN_POINTS},
		{"dry-run", no_argument, NULL, DRY_RUN},
		{"quiet", no_argument, NULL, QUIET},
		{"help", no_argument, NULL, HELP},
		{"version", no_argument, NULL, VERSION},
		{NULL, 0, NULL, 0}
	};
	int			c;

	*o = (Options)
	{
		0
	};
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", known, NULL)) != -1)
	{
		switch (c)
		{
			case SHOP:
				o->shop = optarg;
				break;
			case DATABASE:
				o->conninfo = optarg;
				break;
			case SYSTEM:
				o->system = optarg;
				break;
			case TIME_ZONE:
				o->zone = optarg;
				break;
			case ENCODING:
				if (!find_encoding(&o->encoding, optarg))
					usage_error("an encoding is UTF-8 or CP932, not ", optarg);
				o->knows_encoding = true;
				break;
			case EARN_POINTS:
				o->earn_points = true;
				break;
			case DRY_RUN:
				o->dry_run = true;
				break;
			case QUIET:
				o->quiet = true;
				break;
			case HELP:
				for (size_t i = 0; i < sizeof(manual) / sizeof(manual[0]); i++)
					fputs(manual[i], stdout);
				exit(EXIT_DONE);
			case VERSION:
				puts("loyalcs-import " LOYALCS_VERSION);
				exit(EXIT_DONE);
			case ':':
				usage_error("this option takes a value: ", argv[optind - 1]);
				break;
			default:
				usage_error("unknown option or unexpected value: ", argv[optind - 1]);
		}
	}
	if (optind < argc)
		o->format = argv[optind++];
	o->files = argv + optind;
	o->nfiles = argc - optind;
	check_options(o);
}
