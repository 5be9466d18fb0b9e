/*-------------------------------------------------------------------------
 *
 * opening_hours.c
 *	  Fuzzes what reads business hours: text as people write it, text as recv
 *	  gets it, and bytes as they might stand in a damaged table.
 *
 * The first byte says which.  Whatever is accepted must print, within the space
 * that callers reserve, as text that reads back to the same bytes and prints
 * the same again; whatever is refused must say what was expected, and where.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "calendar/opening_hours.h"
#include "calendar/print_hours.h"

#include "must.h"

/* A copy with a NUL, of exactly its size, so that reading on is noticed. */
static char *
copy_text(const uint8 *data, size_t size)
{
	char	   *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

static void
check_failure(const Scanner *scanner)
{
	MUST(scanner->expected != NULL);
	MUST(scanner->at >= scanner->start);
	MUST(scanner->at <= scanner->start + strlen(scanner->start));
}

static BusinessHours *
pack(const HoursParts *parts)
{
	BusinessHours *hours = calloc(1, hours_size(parts));

	pack_hours(parts, hours);
	MUST(check_hours(hours, hours_size(parts)) == NULL);
	return hours;
}

/* The text of a value gives the value, and itself. */
static void
check_round_trip(const BusinessHours *hours, size_t size)
{
	HoursParts *parts = malloc(sizeof(HoursParts));
	char	   *text = malloc(HOURS_TEXT_SIZE(hours));
	char	   *end = print_hours(hours, text);
	Scanner		scanner;

	MUST(*end == '\0' && strlen(text) == (size_t) (end - text));
	scan_start(&scanner, text);
	if (parse_hours(&scanner, parts))
	{
		BusinessHours *again = pack(parts);
		char	   *text_again = malloc(HOURS_TEXT_SIZE(again));

		MUST(hours_size(parts) == size);
		MUST(again->version == hours->version);
		MUST(memcmp(again + 1, hours + 1, size - sizeof(BusinessHours)) == 0);
		print_hours(again, text_again);
		MUST(strcmp(text, text_again) == 0);
		free(text_again);
		free(again);
	}
	else
	{
		/* bytes may say what nobody can write: hours that never open */
		check_failure(&scanner);
		MUST(strstr(scanner.expected, "opens") != NULL);
	}
	free(text);
	free(parts);
}

static void
fuzz_type(const char *text)
{
	HoursParts *parts = malloc(sizeof(HoursParts));
	Scanner		scanner;

	scan_start(&scanner, text);
	if (parse_hours(&scanner, parts))
	{
		BusinessHours *hours = pack(parts);

		check_round_trip(hours, hours_size(parts));
		free(hours);
	}
	else
		check_failure(&scanner);
	free(parts);
}

/* The constructor's arguments: holidays up to the first "@", then rules. */
static void
fuzz_constructor(char *text)
{
	HoursParts *parts = malloc(sizeof(HoursParts));
	char	   *rules = strchr(text, '@');
	Scanner		scanner;

	if (rules != NULL)
		*rules++ = '\0';
	strcpy(parts->zone, "UTC");
	scan_start(&scanner, text);
	if (!parse_holidays(&scanner, parts))
		check_failure(&scanner);
	else
	{
		scan_start(&scanner, rules != NULL ? rules : "24/7");
		if (parse_rules(&scanner, parts))
		{
			BusinessHours *hours = pack(parts);

			check_round_trip(hours, hours_size(parts));
			free(hours);
		}
		else
			check_failure(&scanner);
	}
	free(parts);
}

static void
fuzz_stored(const uint8 *data, size_t size)
{
	size_t		whole = size + offsetof(BusinessHours, version);
	BusinessHours *hours = calloc(1, Max(whole, sizeof(BusinessHours)));

	memcpy(&hours->version, data, size);
	if (check_hours(hours, whole) == NULL)
		check_round_trip(hours, whole);
	free(hours);
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	char	   *text;

	if (size == 0)
		return 0;
	if (data[0] == '!')
	{
		fuzz_stored(data + 1, size - 1);
		return 0;
	}
	text = copy_text(data, size);
	if (data[0] == '#')
		fuzz_constructor(text + 1);
	else
		fuzz_type(text);
	free(text);
	return 0;
}
