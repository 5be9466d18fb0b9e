/*-------------------------------------------------------------------------
 *
 * labels.c
 *	  Enums: their labels are known here, their numbers the server gives.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/labels.h"

int
label_index(const char *label, Size length, const char *const *labels, int nlabels)
{
	char		first = length > 0 ? label[0] : '\0';

	for (int i = 0; i < nlabels; i++)
	{
		if (labels[i][0] == first && strlen(labels[i]) == length &&
			memcmp(label, labels[i], length) == 0)
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
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("type %s has no label \"%s\"", format_type_be(type), labels[i]),
					 errdetail("The functions of loyalcs know its labels by name."),
					 errhint("Give it back the labels that CREATE EXTENSION made, with ALTER TYPE ... RENAME VALUE.")));
	}
}

/*
 * The type that the function declares for argument `argno`, or (-1) its result.
 * (Not from fn_expr, which a call by the protocol does not have.)
 */
static Oid
declared_type(FunctionCallInfo fcinfo, int argno)
{
	Oid			result;
	Oid		   *arguments;
	int			narguments;

	result = get_func_signature(fcinfo->flinfo->fn_oid, &arguments, &narguments);
	return argno < 0 ? result : arguments[argno];
}

/* The numbers of the enum that argument `argno` is of, or (-1) the result. */
const Oid  *
cached_numbers(FunctionCallInfo fcinfo, int argno, const char *const *labels, int nlabels)
{
	Oid		   *numbers = fcinfo->flinfo->fn_extra;

	if (numbers == NULL)
	{
		numbers = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, nlabels * sizeof(Oid));
		enum_numbers(declared_type(fcinfo, argno), labels, nlabels, numbers);
		fcinfo->flinfo->fn_extra = numbers;
	}
	return numbers;
}

/* A label that somebody added to the type, or the number of none. */
static void
report_number(Oid type, Oid number)
{
	HeapTuple	tuple = SearchSysCache1(ENUMOID, ObjectIdGetDatum(number));
	const char *label = "?";

	if (HeapTupleIsValid(tuple))
	{
		label = pstrdup(NameStr(((Form_pg_enum) GETSTRUCT(tuple))->enumlabel));
		ReleaseSysCache(tuple);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("label \"%s\" of type %s is none that loyalcs knows", label,
					format_type_be(type)),
			 errhint("Use one of the labels that CREATE EXTENSION made.")));
}

/* The place of argument `argno`, an enum, among the labels. */
int
label_argument(FunctionCallInfo fcinfo, int argno, const char *const *labels, int nlabels)
{
	const Oid  *numbers = cached_numbers(fcinfo, argno, labels, nlabels);
	Oid			number = PG_GETARG_OID(argno);

	for (int i = 0; i < nlabels; i++)
	{
		if (numbers[i] == number)
			return i;
	}
	report_number(declared_type(fcinfo, argno), number);
	return -1;					/* keep the compiler quiet */
}
