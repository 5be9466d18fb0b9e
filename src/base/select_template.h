/*-------------------------------------------------------------------------
 *
 * select_template.h
 *	  Finds the elements that would stand at given places if an array were
 *	  sorted, without sorting it.  A template, like lib/sort_template.h:
 *
 *	  SELECT_NAME		the function's name
 *	  SELECT_ELEMENT	the element's type
 *	  SELECT_COMPARE(a, b)	negative, zero or positive
 *
 * Quickselect with a three-way partition, so that many equal elements, as
 * order counts are, end it early rather than slow it down.  Several places
 * are found in one go: each side of a partition is followed only if a place
 * falls into it.  After 2 log2(n) partitions that a malicious order could
 * have caused, the rest is halved by its true median instead, which the same
 * function finds on a fifth of it (median of medians), so the time stays
 * linear whatever the input.
 *
 * The array is reordered.  Memory: none but the stack, a few frames deep.
 *
 *-------------------------------------------------------------------------
 */

#define SELECT_SWAP(a, b) \
	do { \
		SELECT_ELEMENT swapped_ = (a); \
		(a) = (b); \
		(b) = swapped_; \
	} while (0)

/*
 * After the call, elements[places[i]] is what a sort would have put there, for
 * each of the `nplaces` places, which ascend and lie in [low, high).
 */
static void
SELECT_NAME(SELECT_ELEMENT *elements, int64 low, int64 high,
			const int64 *places, int nplaces, int budget)
{
	while (nplaces > 0 && high - low > 1)
	{
		SELECT_ELEMENT pivot;
		int64		less = low;
		int64		greater = high;
		int			left;
		int			right;

		CHECK_FOR_INTERRUPTS();

		if (high - low <= 16)
		{
			for (int64 i = low + 1; i < high; i++)
				for (int64 j = i; j > low &&
					 SELECT_COMPARE(elements[j - 1], elements[j]) > 0; j--)
					SELECT_SWAP(elements[j - 1], elements[j]);
			return;
		}

		if (budget-- > 0)
		{
			/* The median of three spread elements is a good guess. */
			SELECT_ELEMENT a = elements[low + (high - low) / 4];
			SELECT_ELEMENT b = elements[low + (high - low) / 2];
			SELECT_ELEMENT c = elements[high - 1 - (high - low) / 4];

			if (SELECT_COMPARE(a, b) > 0)
				SELECT_SWAP(a, b);
			pivot = SELECT_COMPARE(c, b) >= 0 ? b : SELECT_COMPARE(c, a) > 0 ? c : a;
		}
		else
		{
			/* The median of the medians of five cannot be a bad one. */
			int64		medians = low;
			int64		middle;

			for (int64 i = low; i + 5 <= high; i += 5)
			{
				int64		third = i + 2;

				SELECT_NAME(elements, i, i + 5, &third, 1, 0);
				SELECT_SWAP(elements[medians], elements[third]);
				medians++;
			}
			middle = low + (medians - low) / 2;
			SELECT_NAME(elements, low, medians, &middle, 1, 0);
			pivot = elements[middle];
		}

		/* [low, less) < pivot, [less, i) = pivot, [greater, high) > pivot */
		for (int64 i = low; i < greater;)
		{
			int			order = SELECT_COMPARE(elements[i], pivot);

			if (order < 0)
			{
				SELECT_SWAP(elements[less], elements[i]);
				less++;
				i++;
			}
			else if (order > 0)
			{
				greater--;
				SELECT_SWAP(elements[greater], elements[i]);
			}
			else
				i++;
		}

		for (left = 0; left < nplaces && places[left] < less;)
			left++;
		for (right = left; right < nplaces && places[right] < greater;)
			right++;

		/* The smaller side by a call, the larger by this loop. */
		if (less - low < high - greater)
		{
			SELECT_NAME(elements, low, less, places, left, budget);
			places += right;
			nplaces -= right;
			low = greater;
		}
		else
		{
			SELECT_NAME(elements, greater, high, places + right,
						nplaces - right, budget);
			nplaces = left;
			high = less;
		}
	}
}

#undef SELECT_SWAP
#undef SELECT_NAME
#undef SELECT_ELEMENT
#undef SELECT_COMPARE
