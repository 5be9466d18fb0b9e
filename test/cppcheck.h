/*
 * What cppcheck has to know of PostgreSQL, whose headers it does not read.
 */
#define PG_FUNCTION_INFO_V1(name) extern Datum name(PG_FUNCTION_ARGS)
#define PG_FUNCTION_ARGS FunctionCallInfo fcinfo
#define PG_MODULE_MAGIC extern int pg_module_magic
#define FLEXIBLE_ARRAY_MEMBER
#define INT64CONST(x) (x##L)
#define UINT64CONST(x) (x##UL)

/* an error does not come back */
#define DEBUG1 14
#define NOTICE 18
#define WARNING 19
#define ERROR 21
#define ereport(level, ...) do { if ((level) >= ERROR) abort(); } while (0)
#define elog(level, ...) do { if ((level) >= ERROR) abort(); } while (0)
