/*-------------------------------------------------------------------------
 *
 * fit_text.c
 *	  Fuzzes what reads the text of fits.
 *
 * A text that is accepted must print as text that reads back to the same, byte by
 * byte, and prints the same again; one that is refused must say what was expected,
 * and where.  Bytes that no text was read from are printed too, if they pass for a
 * value: a client may have sent them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "outlook/fit_text.h"

#include "must.h"

static const Model models[] = {
	{"bgnbd", "", 4, {"r", "alpha", "a", "b"}},
	{"gamma_gamma", "", 3, {"p", "q", "gamma"}}
};

static void
print_and_read(const Model *model, const Fit *fit)
{
	char		text[FIT_TEXT_SIZE];
	char		again_text[FIT_TEXT_SIZE];
	AnyFit		again;
	Scanner		scanner;

	memset(text, 'x', sizeof(text));
	print_fit(model, fit, text);
	MUST(memchr(text, '\0', sizeof(text)) != NULL);
	scan_start(&scanner, text);
	parse_fit(model, &scanner, &again.fit);
	MUST(scanner.expected == NULL);
	MUST(check_fit(model, &again.fit) == NULL);
	MUST(memcmp(fit, &again.fit, FIT_SIZE(model)) == 0);
	print_fit(model, &again.fit, again_text);
	MUST(strcmp(text, again_text) == 0);
}

static void
fuzz_text(const Model *model, const char *text)
{
	AnyFit		fit;
	Scanner		scanner;

	scan_start(&scanner, text);
	parse_fit(model, &scanner, &fit.fit);
	if (scanner.expected != NULL)
		MUST(scanner.at >= text && scanner.at <= text + strlen(text));
	else if (check_fit(model, &fit.fit) == NULL)
		print_and_read(model, &fit.fit);
}

static void
fuzz_bytes(const Model *model, const uint8_t * data, size_t size)
{
	AnyFit		fit;

	if (size < FIT_SIZE(model))
		return;
	memcpy(&fit, data, FIT_SIZE(model));
	fit.fit.penalty += 0.0;
	fit.fit.log_likelihood += 0.0;
	for (int i = 0; i < FIT_NUMBERS(model); i++)
		fit.fit.numbers[i] += 0.0;
	if (check_fit(model, &fit.fit) == NULL)
		print_and_read(model, &fit.fit);
}

int
LLVMFuzzerTestOneInput(const uint8_t * data, size_t size)
{
	for (int i = 0; i < (int) lengthof(models); i++)
	{
		char	   *text = malloc(size + 1);

		memcpy(text, data, size);
		text[size] = '\0';
		fuzz_text(&models[i], text);
		free(text);
		fuzz_bytes(&models[i], data, size);
	}
	return 0;
}
