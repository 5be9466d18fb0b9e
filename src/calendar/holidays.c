/*-------------------------------------------------------------------------
 *
 * holidays.c
 *	  Japan's public holidays, by law and decree, from 1948-07-20 to 2099.
 *
 * The Act on National Holidays (Act No. 178 of 1948) and its amendments fix the
 * days; the special acts for the imperial house add single ones, and those for
 * the Olympic games moved three holidays of 2020 and 2021.  Two rules of
 * article 3 make more of them:
 *
 *	- substitute holidays, since 1973-04-12: the Monday after a holiday on a
 *	  Sunday; since 2007 the first day after it that is no holiday itself;
 *	- citizens' holidays, since 1985-12-27: a day between two holidays, which
 *	  until 2006 had to be neither a Sunday nor a substitute holiday.
 *
 * The equinoxes are the days on which they fall in Japan.  The Cabinet announces
 * them a year ahead, from astronomical calculation.  The formula here is the
 * usual approximation; from 1948 to 2099 it gives the day on which the sun
 * reaches the equinox by Meeus, "Astronomical Algorithms", chapter 27, in every
 * year.
 *
 * One byte a day, filled when first asked, 55 kB a backend.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "base/civil.h"
#include "base/compat.h"
#include "calendar/holidays.h"

#define SUNDAY		6			/* days after a Monday */

/* One more than is told, so that a calendar may ask for all of 2099 in UTC. */
#define DAYS		(JAPANESE_HOLIDAYS_END + 1 - JAPANESE_HOLIDAYS_START)

#define SUBSTITUTES_FROM	((DateADT) -9760)	/* 1973-04-12 */
#define CITIZENS_FROM		((DateADT) -5118)	/* 1985-12-27 */
#define REFORM_OF_2007		((DateADT) 2557)	/* 2007-01-01 */

typedef enum HolidayId
{
	NO_HOLIDAY,
	NEW_YEAR,
	COMING_OF_AGE,
	FOUNDATION,
	EMPERORS_BIRTHDAY,
	VERNAL_EQUINOX,
	GREENERY,
	SHOWA,
	CONSTITUTION,
	CHILDREN,
	MARINE,
	MOUNTAIN,
	AGED,
	AUTUMNAL_EQUINOX,
	HEALTH_AND_SPORTS,
	SPORTS,
	CULTURE,
	LABOR,
	WEDDING_AKIHITO,
	FUNERAL_SHOWA,
	ENTHRONEMENT_AKIHITO,
	WEDDING_NARUHITO,
	ACCESSION_NARUHITO,
	ENTHRONEMENT_NARUHITO,
	SUBSTITUTE,
	CITIZENS
} HolidayId;

static const Holiday holidays[] = {
	[NEW_YEAR] = {"元日", "New Year's Day"},
	[COMING_OF_AGE] = {"成人の日", "Coming of Age Day"},
	[FOUNDATION] = {"建国記念の日", "National Foundation Day"},
	[EMPERORS_BIRTHDAY] = {"天皇誕生日", "Emperor's Birthday"},
	[VERNAL_EQUINOX] = {"春分の日", "Vernal Equinox Day"},
	[GREENERY] = {"みどりの日", "Greenery Day"},
	[SHOWA] = {"昭和の日", "Showa Day"},
	[CONSTITUTION] = {"憲法記念日", "Constitution Memorial Day"},
	[CHILDREN] = {"こどもの日", "Children's Day"},
	[MARINE] = {"海の日", "Marine Day"},
	[MOUNTAIN] = {"山の日", "Mountain Day"},
	[AGED] = {"敬老の日", "Respect for the Aged Day"},
	[AUTUMNAL_EQUINOX] = {"秋分の日", "Autumnal Equinox Day"},
	[HEALTH_AND_SPORTS] = {"体育の日", "Health and Sports Day"},
	[SPORTS] = {"スポーツの日", "Sports Day"},
	[CULTURE] = {"文化の日", "Culture Day"},
	[LABOR] = {"勤労感謝の日", "Labor Thanksgiving Day"},
	[WEDDING_AKIHITO] = {"皇太子明仁親王の結婚の儀", "Wedding of Crown Prince Akihito"},
	[FUNERAL_SHOWA] = {"昭和天皇の大喪の礼", "Funeral of Emperor Showa"},
	[ENTHRONEMENT_AKIHITO] = {"即位礼正殿の儀", "Enthronement Ceremony"},
	[WEDDING_NARUHITO] = {"皇太子徳仁親王の結婚の儀", "Wedding of Crown Prince Naruhito"},
	[ACCESSION_NARUHITO] = {"天皇の即位の日", "Accession of the Emperor"},
	[ENTHRONEMENT_NARUHITO] = {"即位礼正殿の儀", "Enthronement Ceremony"},
	[SUBSTITUTE] = {"振替休日", "Substitute Holiday"},
	[CITIZENS] = {"国民の休日", "Citizens' Holiday"}
};

/*
 * What the law says year by year: a day of the month, or the nth Monday of it.
 */
typedef struct HolidayLaw
{
	HolidayId	id;
	int			first_year;
	int			last_year;
	int			month;
	int			mday;			/* 0: see monday */
	int			monday;
} HolidayLaw;

#define FOREVER 9999

static const HolidayLaw laws[] = {
	{NEW_YEAR, 1949, FOREVER, 1, 1, 0},
	{COMING_OF_AGE, 1949, 1999, 1, 15, 0},
	{COMING_OF_AGE, 2000, FOREVER, 1, 0, 2},
	{FOUNDATION, 1967, FOREVER, 2, 11, 0},
	{EMPERORS_BIRTHDAY, 1949, 1988, 4, 29, 0},
	{EMPERORS_BIRTHDAY, 1989, 2018, 12, 23, 0},
	{EMPERORS_BIRTHDAY, 2020, FOREVER, 2, 23, 0},
	{GREENERY, 1989, 2006, 4, 29, 0},
	{GREENERY, 2007, FOREVER, 5, 4, 0},
	{SHOWA, 2007, FOREVER, 4, 29, 0},
	{CONSTITUTION, 1949, FOREVER, 5, 3, 0},
	{CHILDREN, 1949, FOREVER, 5, 5, 0},
	{MARINE, 1996, 2002, 7, 20, 0},
	{MARINE, 2003, 2019, 7, 0, 3},
	{MARINE, 2020, 2020, 7, 23, 0},
	{MARINE, 2021, 2021, 7, 22, 0},
	{MARINE, 2022, FOREVER, 7, 0, 3},
	{MOUNTAIN, 2016, 2019, 8, 11, 0},
	{MOUNTAIN, 2020, 2020, 8, 10, 0},
	{MOUNTAIN, 2021, 2021, 8, 8, 0},
	{MOUNTAIN, 2022, FOREVER, 8, 11, 0},
	{AGED, 1966, 2002, 9, 15, 0},
	{AGED, 2003, FOREVER, 9, 0, 3},
	{HEALTH_AND_SPORTS, 1966, 1999, 10, 10, 0},
	{HEALTH_AND_SPORTS, 2000, 2019, 10, 0, 2},
	{SPORTS, 2020, 2020, 7, 24, 0},
	{SPORTS, 2021, 2021, 7, 23, 0},
	{SPORTS, 2022, FOREVER, 10, 0, 2},
	{CULTURE, 1948, FOREVER, 11, 3, 0},
	{LABOR, 1948, FOREVER, 11, 23, 0},
	/* special acts */
	{WEDDING_AKIHITO, 1959, 1959, 4, 10, 0},
	{FUNERAL_SHOWA, 1989, 1989, 2, 24, 0},
	{ENTHRONEMENT_AKIHITO, 1990, 1990, 11, 12, 0},
	{WEDDING_NARUHITO, 1993, 1993, 6, 9, 0},
	{ACCESSION_NARUHITO, 2019, 2019, 5, 1, 0},
	{ENTHRONEMENT_NARUHITO, 2019, 2019, 10, 22, 0}
};

/* The HolidayId of each day, once filled. */
static uint8 holiday_ids[DAYS];
static bool holiday_ids_filled = false;

/*
 * The day of March or September that an equinox falls on: its place in 1980,
 * and what the tropical year has over 365 days, less the leap days since.
 */
static int
equinox(int year, double before_1980, double since_1980)
{
	int			years = year - 1980;

	if (year < 1980)
		return (int) (before_1980 + 0.242194 * years - (years - 3) / 4);
	return (int) (since_1980 + 0.242194 * years - years / 4);
}

static void
put_holiday(uint8 *ids, int year, int month, int mday, HolidayId id)
{
	DateADT		day = day_from_civil(year, month, mday);

	if (day >= JAPANESE_HOLIDAYS_START && day < JAPANESE_HOLIDAYS_START + DAYS)
		ids[day - JAPANESE_HOLIDAYS_START] = id;
}

static DateADT
nth_monday(int year, int month, int n)
{
	DateADT		first = day_from_civil(year, month, 1);

	return first + (7 - weekday_of(first)) % 7 + 7 * (n - 1);
}

/* The days of article 2, and those of the special acts. */
static void
put_national_holidays(uint8 *ids)
{
	for (size_t i = 0; i < lengthof(laws); i++)
	{
		const HolidayLaw *law = &laws[i];

		for (int year = law->first_year; year <= Min(law->last_year, CIVIL_LAST_YEAR + 1); year++)
		{
			int			mday = law->mday;

			if (mday == 0)
				mday = nth_monday(year, law->month, law->monday) -
					day_from_civil(year, law->month, 1) + 1;
			put_holiday(ids, year, law->month, mday, law->id);
		}
	}
	for (int year = 1948; year <= CIVIL_LAST_YEAR; year++)
	{
		if (year > 1948)
			put_holiday(ids, year, 3, equinox(year, 20.8357, 20.8431), VERNAL_EQUINOX);
		put_holiday(ids, year, 9, equinox(year, 23.2588, 23.2488), AUTUMNAL_EQUINOX);
	}
}

/* Substitute and citizens' holidays depend on the others, not on each other. */
static void
put_derived_holidays(uint8 *ids)
{
	for (DateADT day = SUBSTITUTES_FROM; day < JAPANESE_HOLIDAYS_END; day++)
	{
		DateADT		next = day + 1;

		if (weekday_of(day) != SUNDAY || ids[day - JAPANESE_HOLIDAYS_START] == NO_HOLIDAY ||
			ids[day - JAPANESE_HOLIDAYS_START] >= SUBSTITUTE)
			continue;
		/* the last days of 2099 are ordinary ones, so this ends in time */
		while (next >= REFORM_OF_2007 && ids[next - JAPANESE_HOLIDAYS_START] != NO_HOLIDAY)
			next++;
		if (ids[next - JAPANESE_HOLIDAYS_START] == NO_HOLIDAY)
			ids[next - JAPANESE_HOLIDAYS_START] = SUBSTITUTE;
	}
	for (DateADT day = CITIZENS_FROM; day < JAPANESE_HOLIDAYS_END; day++)
	{
		uint8		before = ids[day - 1 - JAPANESE_HOLIDAYS_START];
		uint8		after = ids[day + 1 - JAPANESE_HOLIDAYS_START];

		if (ids[day - JAPANESE_HOLIDAYS_START] == NO_HOLIDAY &&
			before != NO_HOLIDAY && before < SUBSTITUTE &&
			after != NO_HOLIDAY && after < SUBSTITUTE &&
			(day >= REFORM_OF_2007 || weekday_of(day) != SUNDAY))
			ids[day - JAPANESE_HOLIDAYS_START] = CITIZENS;
	}
}

/* The holiday that a day is, or NULL. */
const Holiday *
japanese_holiday_on(DateADT day)
{
	if (day < JAPANESE_HOLIDAYS_START || day >= JAPANESE_HOLIDAYS_START + DAYS)
		return NULL;
	if (!holiday_ids_filled)
	{
		put_national_holidays(holiday_ids);
		put_derived_holidays(holiday_ids);
		holiday_ids_filled = true;
	}
	day -= JAPANESE_HOLIDAYS_START;
	return holiday_ids[day] == NO_HOLIDAY ? NULL : &holidays[holiday_ids[day]];
}

/*
 * The name in the database's encoding: the English one where that encoding has
 * no Japanese.
 */
const char *
holiday_name(const Holiday *holiday)
{
	switch (GetDatabaseEncoding())
	{
		case PG_UTF8:
		case PG_SQL_ASCII:
			return holiday->name;
		case PG_EUC_JP:
		case PG_EUC_JIS_2004:
			return pg_any_to_server(holiday->name, strlen(holiday->name), PG_UTF8);
		default:
			return holiday->name_en;
	}
}

static void
check_holiday_date(DateADT day)
{
	if (day >= JAPANESE_HOLIDAYS_END)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("Japanese holidays are not known for %s",
						DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(day)))),
				 errdetail("They are known up to 2099-12-31.")));
}

PG_FUNCTION_INFO_V1(japanese_holiday);
Datum
japanese_holiday(PG_FUNCTION_ARGS)
{
	DateADT		day = PG_GETARG_DATEADT(0);
	const Holiday *holiday;

	check_holiday_date(day);
	holiday = japanese_holiday_on(day);
	if (holiday == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(holiday_name(holiday)));
}

PG_FUNCTION_INFO_V1(japanese_holidays);
Datum
japanese_holidays(PG_FUNCTION_ARGS)
{
	DateADT		from = PG_GETARG_DATEADT(0);
	DateADT		to = PG_GETARG_DATEADT(1);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	check_holiday_date(to);
	InitMaterializedSRF(fcinfo, 0);
	for (DateADT day = Max(from, JAPANESE_HOLIDAYS_START); day <= to; day++)
	{
		const Holiday *holiday = japanese_holiday_on(day);
		Datum		values[3];
		bool		nulls[3] = {false, false, false};

		if (holiday == NULL)
			continue;
		values[0] = DateADTGetDatum(day);
		values[1] = CStringGetTextDatum(holiday_name(holiday));
		values[2] = CStringGetTextDatum(holiday->name_en);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
