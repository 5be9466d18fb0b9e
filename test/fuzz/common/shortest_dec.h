/*-------------------------------------------------------------------------
 *
 * shortest_dec.h
 *	  Stands in for the server's: as many digits as read back to the same.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_FUZZ_SHORTEST_DEC_H
#define LOYALCS_FUZZ_SHORTEST_DEC_H

static inline int
double_to_shortest_decimal_buf(double number, char *text)
{
	int			length = 0;

	for (int digits = 15; digits <= 17; digits++)
	{
		length = sprintf(text, "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	return length;
}

#endif							/* LOYALCS_FUZZ_SHORTEST_DEC_H */
