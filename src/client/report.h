/*-------------------------------------------------------------------------
 *
 * report.h
 *	  What a program of ours says on stderr
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_CLIENT_REPORT_H
#define LOYALCS_CLIENT_REPORT_H

#ifdef __GNUC__
#define CHECK_FORMAT(string, first) __attribute__((format(printf, string, first)))
#else
#define CHECK_FORMAT(string, first)
#endif

/* The name that each line begins with; it has to last. */
extern void set_program(const char *name);

extern void set_verbose(void);
extern void say(const char *format,...) CHECK_FORMAT(1, 2);
extern void chat(const char *format,...) CHECK_FORMAT(1, 2);

/* What malloc() and the like gave; without memory the program ends. */
extern void *checked_memory(void *memory);

#endif							/* LOYALCS_CLIENT_REPORT_H */
