# loyalcs
#
#   make && sudo make install     build it and install it, as PGXS does
#   make check                    build a copy, run every test on a server of
#                                 its own; nothing needs to be installed
#   make dispatch                 the dispatcher alone, which needs libpq and no
#                                 server's headers; "make install-dispatch
#                                 bindir=/usr/local/bin" installs it
#   make demo | bench             the same way: a tour, and the benchmarks
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

OBJS = \
	src/loyalcs.o \
	src/stats.o \
	src/scan.o \
	src/zone.o \
	src/period.o \
	src/ratings.o \
	src/money.o \
	src/purchases.o \
	src/rfm.o \
	src/concentration.o \
	src/retention.o \
	src/holidays.o \
	src/opening_hours.o \
	src/calendar.o \
	src/sla.o \
	src/tiers.o \
	src/followups.o \
	src/templates.o

# The install script, in the order in which it is run.
CORE_SQL = \
	src/loyalcs.sql \
	src/ratings.sql \
	src/period.sql \
	src/purchases.sql \
	src/rfm.sql \
	src/concentration.sql \
	src/retention.sql \
	src/holidays.sql \
	src/calendar.sql \
	src/sla.sql \
	src/tiers.sql \
	src/followups.sql \
	src/templates.sql \
	src/glossary.sql

# What create_shop() runs, in the order in which it does.
SHOP_SQL = \
	src/shop/settings.sql \
	src/shop/customers.sql \
	src/shop/orders.sql \
	src/shop/surveys.sql \
	src/shop/reviews.sql \
	src/shop/purchases.sql \
	src/shop/rfm.sql \
	src/shop/tiers.sql \
	src/shop/points.sql \
	src/shop/breakdown.sql \
	src/shop/ratings.sql \
	src/shop/retention.sql \
	src/shop/value.sql \
	src/shop/offers.sql \
	src/shop/tickets.sql \
	src/shop/sla.sql \
	src/shop/templates.sql \
	src/shop/journeys.sql \
	src/shop/followups.sql \
	src/shop/sla_warnings.sql \
	src/shop/waves.sql

# The dispatcher, which is a client.
DISPATCH = build/loyalcs-dispatch

DATA_built = $(EXTENSION)--$(EXTVERSION).sql

override PG_CPPFLAGS += -DLOYALCS_VERSION='"$(EXTVERSION)"'
EXTRA_CLEAN = build

# "make check" stands in for it, and PGXS's own would quietly test nothing.
NO_INSTALLCHECK = 1

# These start from a copy of the tree, or need no build at all.  PGXS stays out
# of them: it is not there yet when "make check" is the first thing that
# somebody runs, and it has a "check" of its own.
FRAME = deps check check-ubsan fuzz demo bench indent check-indent lint

ifneq ($(filter-out $(FRAME),$(or $(MAKECMDGOALS),all)),)

# A pg_config from libpq-dev alone names a PGXS that does not exist, and one
# that does is of no use without the server's headers.
PGXS := $(if $(wildcard $(shell $(PG_CONFIG) --includedir-server 2>/dev/null)/postgres.h),$(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null)))

ifneq ($(PGXS),)
# (Only here: for the targets below, DATA is a folder of real data.)
DATA = $(wildcard src/upgrade/*.sql)
include $(PGXS)

ifneq ($(filter 9.% 10 11 12 13 14,$(MAJORVERSION)),)
$(error loyalcs needs PostgreSQL 15 or newer, but $(PG_CONFIG) is from $(MAJORVERSION))
endif

# A header is small and changes seldom: everything depends on all of them.
$(OBJS) $(OBJS:.o=.bc): $(wildcard src/*.h) loyalcs.control

$(DATA_built): $(CORE_SQL) $(SHOP_SQL) src/shop/parts.awk src/shop.sql src/schedule.sql loyalcs.control Makefile
	{ set -e; \
	  printf '%s\n' '\echo Use "CREATE EXTENSION loyalcs" to load this file. \quit'; \
	  cat $(CORE_SQL); \
	  awk -f src/shop/parts.awk $(SHOP_SQL); \
	  cat src/shop.sql src/schedule.sql; } > $@.tmp
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
.PHONY: dispatch install-dispatch uninstall-dispatch

dispatch: $(DISPATCH)

$(DISPATCH): $(wildcard src/dispatch/*.[ch]) loyalcs.control Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(PG_CPPFLAGS) $(CPPFLAGS) -I$(shell $(PG_CONFIG) --includedir) \
		$(filter %.c,$^) $(LDFLAGS) -L$(shell $(PG_CONFIG) --libdir) -lpq -lm -o $@

install-dispatch: $(DISPATCH)
	mkdir -p '$(DESTDIR)$(bindir)'
	install -m 755 $(DISPATCH) '$(DESTDIR)$(bindir)'

uninstall-dispatch:
	rm -f '$(DESTDIR)$(bindir)/$(notdir $(DISPATCH))'

ifneq ($(PGXS),)
all: dispatch
install: install-dispatch
uninstall: uninstall-dispatch
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
check-ubsan:
	@test/deps && UBSAN=1 test/check

# The parsers against libFuzzer, without a server.
fuzz:
	@test/deps --dev && test/fuzz/run

demo:
	@test/deps && test/demo

bench:
	@test/deps && bench/run

indent:
	@test/deps --dev && test/indent

check-indent:
	@test/deps --dev && test/indent --check

# cppcheck reads none of PostgreSQL's headers, and leaves out, without a word,
# every file that an #error would keep from compiling: hence the version.
lint:
	@test/deps --dev
	cppcheck --quiet --error-exitcode=1 --std=c99 --inline-suppr \
		--enable=warning,performance,portability --suppress=normalCheckLevelMaxBranches \
		--include=test/cppcheck.h -DPG_VERSION_NUM=150000 \
		src $(wildcard test/client) $(wildcard bench)

endif
