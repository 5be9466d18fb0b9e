# loyalcs
#
#   make && sudo make install     build it and install it, as PGXS does
#   make check                    build a copy, run every test on a server of
#                                 its own; nothing needs to be installed
#   make dispatch | import        one of the programs alone, which need libpq and no
#                                 server's headers; "make install-dispatch
#                                 bindir=/usr/local/bin" installs it
#   make demo | bench             the same way: a tour, and the benchmarks
#   make deb                      Debian packages of both, into build/deb; "make
#                                 check-deb" installs them in a root of their own
#   make dist                     the archive for PGXN, into build
#   make dashboard                examples/dashboard over the demo's shop, by npm, into build
#   make deps                     the packages that all of these need (Debian)
#   make indent | lint | fuzz     for those who change the code
#
# PG_CONFIG chooses the PostgreSQL, DATA a folder of real data for demo, check
# and bench.

PG_CONFIG ?= pg_config
export PG_CONFIG

EXTENSION = loyalcs
MODULE_big = loyalcs

# The version stands in the control file, and nowhere else.  (VERSION is PGXS's.)
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" loyalcs.control)

# Rooms, lowest first: each knows only what stands above it.
OBJS = \
	src/base/loyalcs.o \
	src/base/stats.o \
	src/base/shares.o \
	src/base/scan.o \
	src/base/money.o \
	src/base/values.o \
	src/base/keyed_rows.o \
	src/base/shop_triggers.o \
	src/base/select.o \
	src/base/labels.o \
	src/base/rule_cache.o \
	src/base/latest.o \
	src/base/percentiles.o \
	src/base/durations.o \
	src/calendar/offsets.o \
	src/calendar/zone.o \
	src/calendar/period.o \
	src/calendar/period_support.o \
	src/calendar/holidays.o \
	src/calendar/rows_support.o \
	src/calendar/packed_hours.o \
	src/calendar/opening_hours.o \
	src/calendar/print_hours.o \
	src/calendar/stored_hours.o \
	src/calendar/business_hours.o \
	src/calendar/open_time.o \
	src/calendar/calendar.o \
	src/calendar/business_time.o \
	src/calendar/explain.o \
	src/ratings/ratings.o \
	src/ratings/changes.o \
	src/purchases/purchases.o \
	src/purchases/rfm.o \
	src/purchases/concentration.o \
	src/purchases/retention.o \
	src/purchases/survival.o \
	src/purchases/order_history.o \
	src/purchases/cohorts.o \
	src/purchases/ladder.o \
	src/purchases/value.o \
	src/purchases/customer_changes.o \
	src/outlook/gamma_functions.o \
	src/outlook/fit_text.o \
	src/outlook/maximum.o \
	src/outlook/cases.o \
	src/outlook/fit.o \
	src/outlook/bgnbd_model.o \
	src/outlook/gamma_gamma_model.o \
	src/outlook/bgnbd.o \
	src/outlook/gamma_gamma.o \
	src/outlook/expected.o \
	src/service/ticket_clocks.o \
	src/service/sla_clocks.o \
	src/service/deadline.o \
	src/service/sla.o \
	src/service/sla_policy.o \
	src/service/sla_promise.o \
	src/loyalty/ledger.o \
	src/loyalty/tiers.o \
	src/messages/followups.o \
	src/messages/lines.o \
	src/messages/templates.o \
	src/voice/letters.o \
	src/voice/normal.o \
	src/voice/matcher.o \
	src/voice/lexicon_text.o \
	src/voice/compiled.o \
	src/voice/stored_lexicon.o \
	src/voice/lexicon.o \
	src/voice/body.o \
	src/voice/negation.o \
	src/voice/voice.o \
	src/voice/words.o \
	src/report/formats.o

# The install script, in the order in which it is run.
CORE_SQL = \
	src/base/schema.sql \
	src/base/loyalcs.sql \
	src/base/shares.sql \
	src/base/latest.sql \
	src/base/percentiles.sql \
	src/ratings/ratings.sql \
	src/ratings/changes.sql \
	src/calendar/period.sql \
	src/purchases/purchases.sql \
	src/purchases/rfm.sql \
	src/purchases/concentration.sql \
	src/purchases/retention.sql \
	src/purchases/survival.sql \
	src/calendar/holidays.sql \
	src/calendar/business_hours.sql \
	src/calendar/business_time.sql \
	src/service/sla.sql \
	src/loyalty/tiers.sql \
	src/messages/followups.sql \
	src/messages/templates.sql \
	$(NEW_SQL)

# Of it, files of which the last release had nothing: its upgrade script gets them
# as they are.
NEW_SQL = \
	src/base/durations.sql \
	src/ratings/written_scores.sql \
	src/purchases/order_history.sql \
	src/purchases/cohorts.sql \
	src/purchases/ladder.sql \
	src/purchases/value.sql \
	src/purchases/customer_changes.sql \
	src/outlook/bgnbd.sql \
	src/outlook/gamma_gamma.sql \
	src/outlook/expected.sql \
	src/loyalty/ledger.sql \
	src/messages/lines.sql \
	src/report/labels.sql \
	src/voice/lexicon.sql \
	src/voice/voice.sql \
	src/voice/words.sql \
	src/report/formats.sql \
	src/report/charts.sql \
	src/report/page.sql \
	src/report/report_page.sql \
	src/report/satisfaction_page.sql \
	src/report/voice_page.sql \
	src/report/card_page.sql

# What create_shop() runs, in the order in which it does.
SHOP_SQL = \
	src/shop/base/migrations.sql \
	src/shop/base/settings.sql \
	src/shop/base/periods.sql \
	src/shop/base/durations.sql \
	src/shop/base/records.sql \
	src/shop/base/turns.sql \
	src/shop/base/kept_days.sql \
	src/shop/base/job_runs.sql \
	src/shop/base/customers.sql \
	src/shop/base/moved_customers.sql \
	src/shop/base/own_breakdowns.sql \
	src/shop/purchases/orders.sql \
	src/shop/purchases/products.sql \
	src/shop/purchases/returned_items.sql \
	src/shop/purchases/customer_changes.sql \
	src/shop/ratings/surveys.sql \
	src/shop/ratings/kept_answers.sql \
	src/shop/purchases/order_histories.sql \
	src/shop/ratings/reviews.sql \
	src/shop/purchases/purchases.sql \
	src/shop/purchases/rfm_rules.sql \
	src/shop/purchases/rfm.sql \
	src/shop/purchases/outlook.sql \
	src/shop/loyalty/tiers.sql \
	src/shop/loyalty/points_ledger.sql \
	src/shop/loyalty/kept_points.sql \
	src/shop/loyalty/points_rules.sql \
	src/shop/loyalty/points_lots.sql \
	src/shop/loyalty/points_posting.sql \
	src/shop/loyalty/points_reversal.sql \
	src/shop/loyalty/points_settling.sql \
	src/shop/loyalty/points_reports.sql \
	src/shop/base/breakdown.sql \
	src/shop/ratings/ratings.sql \
	src/shop/purchases/retention.sql \
	src/shop/purchases/value.sql \
	src/shop/purchases/product_returns.sql \
	src/shop/purchases/offers.sql \
	src/shop/service/calendars.sql \
	src/shop/service/tickets.sql \
	src/shop/service/lookups.sql \
	src/shop/service/sla_policies.sql \
	src/shop/service/sla.sql \
	src/shop/messages/lines.sql \
	src/shop/messages/templates.sql \
	src/shop/messages/journeys.sql \
	src/shop/messages/followup_anchors.sql \
	src/shop/messages/followup_judgement.sql \
	src/shop/messages/followups.sql \
	src/shop/messages/followup_queue.sql \
	src/shop/messages/followup_claims.sql \
	src/shop/messages/followup_handover.sql \
	src/shop/messages/followup_outcomes.sql \
	src/shop/messages/followup_effect.sql \
	src/shop/messages/journey_starts.sql \
	src/shop/messages/followup_waking.sql \
	src/shop/service/kept_tickets.sql \
	src/shop/service/sla_attainment.sql \
	src/shop/service/ticket_facts.sql \
	src/shop/ratings/waves.sql \
	src/shop/ratings/ticket_satisfaction.sql \
	src/shop/ratings/review_scores.sql \
	src/shop/service/support_reports.sql \
	src/shop/service/ticket_reasons.sql \
	src/shop/purchases/delivery_performance.sql \
	src/shop/purchases/return_reasons.sql \
	src/shop/service/complaint_recovery.sql \
	src/shop/loyalty/cancellations.sql \
	src/shop/loyalty/acquisition.sql \
	src/shop/loyalty/cumulative_value.sql \
	src/shop/purchases/moved_orders.sql \
	src/shop/voice/voice_words.sql \
	src/shop/voice/voices.sql \
	src/shop/voice/voice_matches.sql \
	src/shop/voice/voice_figures.sql \
	src/shop/voice/faq.sql \
	src/shop/service/escalations.sql \
	src/shop/service/sla_warnings.sql \
	src/shop/board/kpis.sql \
	src/shop/board/aftersale_checklist.sql \
	src/shop/board/improvements.sql \
	src/shop/board/customer_card.sql \
	src/shop/board/card_page.sql \
	src/shop/board/forgetting.sql \
	src/shop/board/merging.sql \
	src/shop/board/report_figures.sql \
	src/shop/board/report_sections.sql \
	src/shop/board/report_frame.sql \
	src/shop/board/monthly_report.sql \
	src/shop/board/report_page.sql \
	src/shop/board/satisfaction_report.sql \
	src/shop/board/voice_report.sql \
	src/shop/imports/imports.sql \
	src/shop/imports/import_formats.sql \
	src/shop/imports/imported_customers.sql \
	src/shop/imports/imported_orders.sql \
	src/shop/imports/imported_tickets.sql \
	src/shop/imports/imported_surveys.sql \
	src/shop/imports/finish_import.sql \
	src/shop/board/health.sql

# The functions that make shops, and look after them.
SHOPS_SQL = \
	src/shops/glossary.sql \
	src/shops/first.sql \
	src/shops/shops.sql \
	src/shops/records.sql \
	src/shops/tables.sql \
	src/shops/gone.sql \
	src/shops/obstacles.sql \
	src/shops/figures.sql \
	src/shops/create_shop.sql \
	src/shops/load.sql \
	src/shops/adopt_table.sql \
	src/shops/schedule.sql \
	src/shops/drop_shop.sql \
	src/shops/grant_shop.sql

# The programs, which are clients.
DISPATCH = build/loyalcs-dispatch
IMPORT = build/loyalcs-import

DATA_built = \
	$(EXTENSION)--$(EXTVERSION).sql \
	$(EXTENSION)--0.1.0--$(EXTVERSION).sql

override PG_CPPFLAGS += -Isrc -DLOYALCS_VERSION='"$(EXTVERSION)"'
EXTRA_CLEAN = build

# "make check" stands in for it, and PGXS's own would quietly test nothing.
NO_INSTALLCHECK = 1

# These start from a copy of the tree, or need no build at all.  PGXS stays out
# of them: it is not there yet when "make check" is the first thing that
# somebody runs, and it has a "check" of its own.
FRAME = deps check check-sanitize check-valgrind fuzz demo bench indent check-indent lint deb check-deb dist dashboard

ifneq ($(filter-out $(FRAME),$(or $(MAKECMDGOALS),all)),)

# A pg_config from libpq-dev alone names a PGXS that does not exist, and one
# that does is of no use without the server's headers.
PGXS := $(if $(wildcard $(shell $(PG_CONFIG) --includedir-server 2>/dev/null)/postgres.h),$(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null)))

ifneq ($(PGXS),)
include $(PGXS)

ifneq ($(filter 9.% 10 11 12 13 14,$(MAJORVERSION)),)
$(error loyalcs needs PostgreSQL 15 or newer, but $(PG_CONFIG) is from $(MAJORVERSION))
endif

# A header is small and changes seldom: everything depends on all of them.
$(OBJS) $(OBJS:.o=.bc): $(wildcard src/*/*.h) loyalcs.control

# What shops are made from, and by: the same for who installs and who upgrades.
build/shops.sql: $(SHOP_SQL) $(SHOPS_SQL) src/shops/parts.awk src/shops/levels.awk Makefile
	@mkdir -p $(@D)
	{ set -e; \
	  awk -f src/shops/parts.awk $(SHOP_SQL); \
	  awk -f src/shops/levels.awk $(SHOP_SQL); \
	  cat $(SHOPS_SQL); } > $@.tmp
	mv $@.tmp $@

$(EXTENSION)--$(EXTVERSION).sql: $(CORE_SQL) build/shops.sql $(wildcard src/base/*.awk src/base/*.template) loyalcs.control
	{ set -e; \
	  printf '%s\n' '\echo Use "CREATE EXTENSION loyalcs" to load this file. \quit'; \
	  awk -v template=src/base/comparison.template -f src/base/comparison.awk $(CORE_SQL); \
	  cat build/shops.sql; } > $@.tmp
	mv $@.tmp $@

# The functions about shops hold all of a shop's SQL: no upgrade could say by
# hand what changed.  They are dropped and made anew; nothing uses them.
$(EXTENSION)--0.1.0--$(EXTVERSION).sql: src/upgrade/loyalcs--0.1.0--$(EXTVERSION).sql src/base/schema.sql $(NEW_SQL) $(wildcard src/base/*.awk src/base/*.template) build/shops.sql loyalcs.control
	{ set -e; \
	  sed 1q $<; \
	  cat src/base/schema.sql; \
	  sed 1d $<; \
	  awk -v template=src/base/comparison.template -f src/base/comparison.awk $(NEW_SQL); \
	  cat build/shops.sql; } > $@.tmp
	mv $@.tmp $@

else # no PGXS

all install uninstall $(OBJS) $(DATA_built):
	@echo '$(PG_CONFIG) leads to no headers of a PostgreSQL server' >&2
	@test/deps --dry-run; exit 1

clean distclean:
	rm -rf *.so $(OBJS) $(OBJS:.o=.bc) $(DATA_built) $(EXTRA_CLEAN)

CFLAGS ?= -O2 -g
bindir := $(shell $(PG_CONFIG) --bindir)

endif

# PGXS builds a library or a program, not both; and this one needs no PGXS.
.PHONY: dispatch import manuals install-dispatch install-import uninstall-dispatch uninstall-import

dispatch: $(DISPATCH)
import: $(IMPORT)

$(DISPATCH) $(IMPORT): build/loyalcs-%: $(wildcard src/client/*.[ch]) loyalcs.control Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(PG_CPPFLAGS) $(CPPFLAGS) -I$(shell $(PG_CONFIG) --includedir) \
		$(filter %.c,$^) $(LDFLAGS) -L$(shell $(PG_CONFIG) --libdir) -lpq -lm -o $@

$(DISPATCH): $(wildcard src/dispatch/*.[ch])
$(IMPORT): $(wildcard src/import/*.[ch])

# What --help tells, as manual pages.
manuals: $(DISPATCH).1 $(IMPORT).1

$(DISPATCH).1 $(IMPORT).1: %.1: % src/client/manual.awk
	$< --help | awk -v name=$(notdir $<) -v version=$(EXTVERSION) -f src/client/manual.awk > $@.tmp
	mv $@.tmp $@

install-dispatch install-import: install-%: build/loyalcs-%
	mkdir -p '$(DESTDIR)$(bindir)'
	install -m 755 $< '$(DESTDIR)$(bindir)'

uninstall-dispatch uninstall-import: uninstall-%:
	rm -f '$(DESTDIR)$(bindir)/loyalcs-$*'

ifneq ($(PGXS),)
all: dispatch import
install: install-dispatch install-import
uninstall: uninstall-dispatch uninstall-import
endif
endif

# Not beside PGXS, which would warn about "check", unless both were asked for.
ifneq ($(filter $(FRAME),$(MAKECMDGOALS)),)
.PHONY: $(FRAME)

deps:
	@test/deps

check:
	@test/deps && test/check

# The same tests with the compiler's checks for undefined behaviour built in.
check-sanitize:
	@test/deps && SANITIZE=1 test/check

# Some of them with the server under valgrind, which knows every allocation.
check-valgrind:
	@test/deps --dev && VALGRIND=1 test/check

# The parsers against libFuzzer, without a server.
fuzz:
	@test/deps --dev && test/fuzz/run

demo:
	@test/deps && test/demo

bench:
	@test/deps && bench/run

deb:
	@test/deps --deb && debian/build

check-deb:
	@test/deps --check-deb && test/deb

dashboard:
	@test/deps && test/dashboard

# (what is committed, since that is what has a version)
dist:
	@mkdir -p build
	git archive --format=zip --prefix=loyalcs-$(EXTVERSION)/ -o build/loyalcs-$(EXTVERSION).zip HEAD
	@echo build/loyalcs-$(EXTVERSION).zip

indent:
	@test/deps --dev && test/indent

check-indent:
	@test/deps --dev && test/indent --check

# cppcheck reads none of PostgreSQL's headers, and leaves out, without a word,
# every file that an #error would keep from compiling: hence the version.  The
# compiler's own warnings are errors here, as where changes are taken.
lint:
	@test/deps --dev
	cppcheck --quiet --error-exitcode=1 --std=c99 --inline-suppr \
		--enable=warning,performance,portability --suppress=normalCheckLevelMaxBranches \
		--include=test/cppcheck.h -Isrc -DPG_VERSION_NUM=150000 \
		src $(wildcard test/client) $(wildcard bench)
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && \
		{ [ "$$CI" = true ] || CI=true test/stage "$$dir"; }

endif
