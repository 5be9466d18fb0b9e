/*
 * What cppcheck has to know of PostgreSQL, whose headers it does not read.
 */
#define PG_FUNCTION_INFO_V1(name) extern Datum name(PG_FUNCTION_ARGS)
#define PG_FUNCTION_ARGS FunctionCallInfo fcinfo
#define PG_MODULE_MAGIC extern int pg_module_magic
#define FLEXIBLE_ARRAY_MEMBER
#define pg_attribute_noreturn()
#define pg_attribute_always_inline inline
#define pg_noinline
#define PG_TRY() if (1)
#define PG_CATCH() else if (0)
#define PG_FINALLY()
#define PG_END_TRY()
#define INT64CONST(x) (x##L)
#define UINT64CONST(x) (x##UL)
