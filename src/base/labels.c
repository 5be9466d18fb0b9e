/*-------------------------------------------------------------------------
 *
 * labels.c
 *	  Enums: their labels are known here, their numbers the server gives.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_enum.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/labels.h"

int
label_index(const char *label, Size length, const char *const *labels, int nlabels)
{
	for (int i = 0; i < nlabels; i++)
	{
		if (strlen(labels[i]) == length && memcmp(label, labels[i], length) == 0)
			return i;
	}
	return -1;
}

/* The numbers of an enum's labels, in our order. */
void
enum_numbers(Oid type, const char *const *labels, int nlabels, Oid *numbers)
{
	for (int i = 0; i < nlabels; i++)
	{
		numbers[i] = GetSysCacheOid2(ENUMTYPOIDNAME, Anum_pg_enum_oid,
									 ObjectIdGetDatum(type),
									 CStringGetDatum(labels[i]));
		if (!OidIsValid(numbers[i]))
			elog(ERROR, "type %u has no label %s", type, labels[i]);
	}
}

int
number_index(Oid number, const Oid *numbers, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (numbers[i] == number)
			return i;
	}
	elog(ERROR, "enum value %u is not known", number);
}

/* The numbers of the enum that argument `argno` is of, or (-1) the result. */
const Oid  *
cached_numbers(FunctionCallInfo fcinfo, int argno, const char *const *labels, int nlabels)
{
	Oid		   *numbers = fcinfo->flinfo->fn_extra;

	if (numbers == NULL)
	{
		Oid			type = argno < 0 ? get_fn_expr_rettype(fcinfo->flinfo) :
		get_fn_expr_argtype(fcinfo->flinfo, argno);

		numbers = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, nlabels * sizeof(Oid));
		enum_numbers(type, labels, nlabels, numbers);
		fcinfo->flinfo->fn_extra = numbers;
	}
	return numbers;
}
