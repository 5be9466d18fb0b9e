#
# What holds the house together: rules that no single test of a feature would
# notice being broken.  They are asked of the catalogs, so they hold for what
# is added later too.
#
use strict;
use warnings;

use File::Find;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('house');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
$node->start;
my $session = Session->new($node, 'postgres');

sub sql { return $session->sql($_[0]); }

sql(q{
	CREATE EXTENSION loyalcs;
	SELECT loyalcs.create_shop('aurora');
	SELECT loyalcs.create_shop('borealis', key_type => 'bigint');
});

# none(NAME, QUERY): the query finds nobody who breaks the rule
sub none
{
	my ($name, $query) = @_;
	is(sql($query), '', $name);
	return;
}

# The objects of the extension and of the two shops, as psql would say it.
sql(q{
	CREATE VIEW member AS
		SELECT classid, objid
		FROM pg_depend
		WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e' AND
			refobjid = (SELECT oid FROM pg_extension WHERE extname = 'loyalcs');
	CREATE VIEW shop AS
		SELECT oid, nspname FROM pg_namespace WHERE nspname IN ('aurora', 'borealis');
	CREATE VIEW function AS
		SELECT p.*, true AS is_member FROM pg_proc p JOIN member ON objid = oid AND
			classid = 'pg_proc'::regclass
		UNION ALL
		SELECT p.*, false FROM pg_proc p JOIN shop ON pronamespace = shop.oid;
});

# --------------------------------------------------------------------------
# psql's \d+ and \df+ are the first manual that people read.
# --------------------------------------------------------------------------

# (arrays, and row types of tables, are made by the server)
none('every object of the extension has a comment', q{
	SELECT (pg_identify_object(classid, objid, 0)).type, (pg_identify_object(classid, objid, 0)).identity
	FROM member
	WHERE obj_description(objid, classid::regclass::name) IS NULL AND
		NOT (classid = 'pg_type'::regclass AND
			EXISTS (SELECT FROM pg_type t WHERE t.oid = objid AND
				(t.typcategory = 'A' OR
				 EXISTS (SELECT FROM pg_class WHERE oid = t.typrelid AND relkind <> 'c'))))
	ORDER BY 1, 2});

none('every relation, function and type of a shop has a comment', q{
	SELECT oid::regclass::text FROM pg_class
	WHERE relnamespace IN (SELECT oid FROM shop) AND relkind NOT IN ('i', 'I', 'S') AND
		obj_description(oid, 'pg_class') IS NULL
	UNION ALL
	SELECT oid::regprocedure::text FROM function
	WHERE NOT is_member AND obj_description(oid, 'pg_proc') IS NULL
	UNION ALL
	SELECT oid::regtype::text FROM pg_type
	WHERE typnamespace IN (SELECT oid FROM shop) AND typtype IN ('e', 'd', 'b', 'r') AND
		typcategory <> 'A' AND obj_description(oid, 'pg_type') IS NULL
	ORDER BY 1});

none('every column of a shop, and of the extension, has a comment', q{
	SELECT attrelid::regclass || '.' || attname
	FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
	WHERE (relnamespace IN (SELECT oid FROM shop) OR
			c.oid IN (SELECT objid FROM member WHERE classid = 'pg_class'::regclass)) AND
		relkind NOT IN ('i', 'I', 'S') AND attnum > 0 AND NOT attisdropped AND
		col_description(attrelid, attnum) IS NULL
	ORDER BY attrelid::regclass::text, attnum});

# What a shop has is listed on its page, each name in backticks.
my $page = slurp_file('doc/shop.md');
my @unlisted = grep { $page !~ /^\|.*`\Q$_\E`/m } split /\n/, sql(q{
	SELECT relname FROM pg_class WHERE relnamespace = 'aurora'::regnamespace AND relkind IN ('r', 'v')
	UNION
	SELECT unnest(aurora.customer_breakdowns())
	ORDER BY 1});
is("@unlisted", '', 'every table, view and breakdown of a shop is listed in doc/shop.md');

# --------------------------------------------------------------------------
# Functions: names bound when they are created, or a search_path of their own.
# --------------------------------------------------------------------------

none('every function is in C, has a parsed body, or sets its search_path', q{
	SELECT oid::regprocedure
	FROM function
	WHERE prokind <> 'a' AND prosqlbody IS NULL AND
		prolang NOT IN (SELECT oid FROM pg_language WHERE lanname IN ('c', 'internal')) AND
		NOT EXISTS (SELECT FROM unnest(proconfig) AS setting WHERE setting LIKE 'search_path=%')
	ORDER BY 1});

none('no function is SECURITY DEFINER', q{
	SELECT oid::regprocedure FROM function WHERE prosecdef});

# Making a shop and looking after it is for one session at a time, and triggers are where
# something is written.
none('every other function of the extension is PARALLEL SAFE', q{
	SELECT oid::regprocedure
	FROM function
	WHERE is_member AND proparallel <> 's' AND
		proname NOT IN ('create_shop', 'drop_shop', 'grant_shop') AND
		proname NOT LIKE 'shop\_%' AND
		prorettype <> 'trigger'::regtype AND
		prolang <> (SELECT oid FROM pg_language WHERE lanname = 'plpgsql')
	ORDER BY 1});

none('every aggregate can be combined and has a state that can be stored', q{
	SELECT aggfnoid::regprocedure
	FROM pg_aggregate a JOIN function f ON f.oid = aggfnoid JOIN pg_type t ON t.oid = aggtranstype
	WHERE aggcombinefn = 0 OR typtype = 'p'
	ORDER BY 1});

# Sums of float8 depend on the order in which rows come, in their last digits:
# summed up as numeric, and made float8 after that, they do not.
none('no function adds up float8', q{
	SELECT f.oid::regprocedure, a.oid::regprocedure
	FROM function f, regexp_matches(f.prosqlbody::text, ':aggfnoid (\d+) ', 'g') used
	JOIN pg_proc a ON a.oid = used[1]::oid AND a.prokind = 'a' AND a.pronamespace = 'pg_catalog'::regnamespace
	WHERE a.proname ~ '^(sum|avg|stddev|var|corr|covar|regr)' AND
		a.proargtypes::oid[] && ARRAY['float8'::regtype, 'float4'::regtype]::oid[]
	ORDER BY 1});

none('every type sorts, hashes, and travels in binary', q{
	SELECT t.oid::regtype
	FROM pg_type t JOIN member ON objid = t.oid AND classid = 'pg_type'::regclass
	WHERE typtype = 'b' AND typcategory <> 'A' AND
		(typsend = 0 OR typreceive = 0 OR
		 2 <> (SELECT count(*) FROM pg_opclass JOIN pg_am am ON am.oid = opcmethod
			WHERE opcintype = t.oid AND opcdefault AND amname IN ('btree', 'hash')))
	ORDER BY 1});

# Each stands in the tests of what a type has to hold, and has a page.
my @pages = map { slurp_file($_) } glob('doc/*.md');
foreach my $type (split /\n/, sql(q{
	SELECT typname
	FROM pg_type t JOIN member ON objid = t.oid AND classid = 'pg_type'::regclass
	WHERE typtype = 'b' AND typcategory <> 'A'
	ORDER BY 1}))
{
	my %places = (
		'the test of dump and restore' => slurp_file('test/t/dump.pl') =~ /loyalcs\.$type\b/,
		'the test of binary clients' => slurp_file('test/client/binary.c') =~ /'loyalcs\.$type'/,
		'the test of soft errors' => slurp_file('sql/soft_errors_v16.sql') =~ /'$type'/,
		'what is spoiled (test/hostile.sql)' => slurp_file('test/hostile.sql') =~ /say\('$type'/,
		'doc/' => scalar grep { /\b$type\b/ } @pages);
	is(join(', ', grep { !$places{$_} } sort keys %places), '', "$type is nowhere forgotten");
}

# --------------------------------------------------------------------------
# A shop
# --------------------------------------------------------------------------

none('views of a shop act with the rights of whoever reads them', q{
	SELECT oid::regclass
	FROM pg_class
	WHERE relnamespace IN (SELECT oid FROM shop) AND relkind = 'v' AND
		NOT EXISTS (SELECT FROM pg_options_to_table(reloptions)
			WHERE option_name = 'security_invoker' AND option_value::boolean)
	ORDER BY 1});

# Where another relation serves as a table, it is compared with the table made by
# itself: what a change adds has to be seen then.
none('the columns of a table follow from its own parts', q{
	SELECT p.relation
	FROM loyalcs.shop_parts() p JOIN aurora.shop_migrations m ON m.part = p.name,
		loyalcs.shop_wanted_columns('aurora', p.relation, 'text', 'Asia/Tokyo', NULL) w
	WHERE p.kind = 'table' AND
		ARRAY(SELECT c FROM unnest(m.columns) c WHERE split_part(c, ' ', 1) NOT IN
			(SELECT o FROM loyalcs.shop_parts() q, unnest(q.optional) o WHERE q.relation = p.relation) ORDER BY 1) <>
		ARRAY(SELECT c FROM unnest(w.columns) c ORDER BY 1)
	ORDER BY 1});

# A reference is made again when one of its tables was, and the other still has them.
none('triggers of references can be made again', q{
	SELECT name FROM loyalcs.shop_parts() WHERE kind = 'reference' AND script ~ '\nCREATE TRIGGER' ORDER BY 1});

none('shop_levels() says of every column of a shop, but those of its memory, what may be done with it', q{
	SELECT c.relname, c.attname, l.relation, l.name
	FROM (SELECT c.relname::text, a.attname::text
			FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
			WHERE c.relnamespace = 'aurora'::regnamespace AND c.relkind IN ('r', 'p') AND
				c.relname NOT IN ('shop_migrations', 'shop_grants', 'imported_records', 'import_state')) c
		FULL JOIN loyalcs.shop_levels() l ON l.relation = c.relname AND l.name = c.attname
	WHERE c.attname IS NULL OR l.name IS NULL
	ORDER BY 1, 2, 3, 4});

# A huge number, written by hand, would be the last that there is.
none('the number that the server gives a row is for no level to write', q{
	SELECT l.relation, l.name
	FROM loyalcs.shop_levels() l
	WHERE (l.inserted OR l.updated) AND
		pg_get_serial_sequence(format('aurora.%I', l.relation), l.name) IS NOT NULL
	ORDER BY 1, 2});

# create_shop() makes the functions of a shop without a look at their bodies.
none('what a function of a shop does can be compiled, and gives what it says', q{
	SET check_function_bodies = on;
	SET client_min_messages = error;
	SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.pronamespace IN (SELECT oid FROM shop) ORDER BY p.oid
	\gexec
	});

# What clients stumble over.  (Of the words that SQL reserves, a program has to know to
# write "limit" => 5; and a tool that puts a default into one line makes another of it.)
none('no parameter of a function is a word that has to be quoted', q{
	SELECT p.oid::regprocedure, a.name
	FROM pg_proc p, unnest(p.proargnames) WITH ORDINALITY a(name, place)
	JOIN pg_get_keywords() k ON k.word = a.name AND k.catcode IN ('R', 'T')
	WHERE (p.pronamespace IN (SELECT oid FROM shop)
	       OR p.pronamespace = 'loyalcs'::regnamespace AND coalesce(p.proargmodes[a.place], 'i') IN ('i', 'b', 'v'))
	ORDER BY 1, 2});
none('a call with one value of no type is of a function, where there are several for numbers', q{
	SELECT p.proname
	FROM pg_proc p JOIN pg_type t ON t.oid = p.proargtypes[0]
	WHERE p.pronamespace = 'loyalcs'::regnamespace AND p.pronargs = 1
	GROUP BY p.proname
	HAVING bool_or(t.typcategory = 'N' AND t.typname IN ('int2', 'int4')) AND count(*) > 1 AND NOT bool_or(t.typname = 'text')
	ORDER BY 1});
none('no default of a shop\'s tables has more than one line', q{
	SELECT adrelid::regclass, pg_get_expr(adbin, adrelid)
	FROM pg_attrdef JOIN pg_class c ON c.oid = adrelid
	WHERE c.relnamespace IN (SELECT oid FROM shop) AND pg_get_expr(adbin, adrelid) ~ '\n'
	ORDER BY 1});
none('how many are wanted is said in a whole number of any width', q{
	SELECT p.oid::regprocedure, p.proargnames[i]
	FROM pg_proc p, generate_subscripts(p.proargnames, 1) i
	WHERE p.pronamespace IN (SELECT oid FROM shop) AND p.proargnames[i] = 'at_most' AND
		p.proargtypes[i - 1] = 'int4'::regtype
	ORDER BY 1});

# Such a lock can be held by anybody who may connect, and nobody could do anything about it.
none('nothing waits for a lock that anybody can hold', q{
	SELECT p.oid::regprocedure
	FROM pg_proc p
	WHERE p.pronamespace IN ('loyalcs'::regnamespace, 'aurora'::regnamespace) AND
		p.prosrc ~ 'advisory'
	ORDER BY 1});

# A domain or an array of one of our types would go with the extension too.
none('no column of a shop\'s tables has a type of the extension', q{
	WITH RECURSIVE ours(oid) AS (
		SELECT objid FROM member WHERE classid = 'pg_type'::regclass
		UNION
		SELECT t.oid FROM pg_type t JOIN ours ON ours.oid IN (t.typbasetype, t.typelem)
	)
	SELECT attrelid::regclass || '.' || attname
	FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
	WHERE relnamespace IN (SELECT oid FROM shop) AND relkind IN ('r', 'p') AND attnum > 0 AND
		atttypid IN (SELECT oid FROM ours)
	ORDER BY 1});

# --------------------------------------------------------------------------
# What clients read: types that every driver and dashboard can load, compare and
# plot, and one scale.
# --------------------------------------------------------------------------

# (The inner functions give to other functions of the shop what no client reads.)
sql(q{
	CREATE VIEW read AS
		SELECT relname::text AS name, attname::text AS col, atttypid AS type,
			col_description(attrelid, attnum) AS comment
		FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
		WHERE relnamespace = 'aurora'::regnamespace AND relkind IN ('v', 'm') AND attnum > 0 AND NOT attisdropped
		UNION ALL
		SELECT oid::regprocedure::text, coalesce(a.name, '(result)'), a.type, NULL
		FROM pg_proc
		CROSS JOIN LATERAL (
			SELECT NULL, prorettype WHERE prorettype NOT IN ('record'::regtype, 'trigger'::regtype, 'void'::regtype)
			UNION ALL
			SELECT u.name, u.type FROM unnest(proargnames, proallargtypes, proargmodes) u(name, type, mode) WHERE u.mode IN ('t', 'o')
		) a(name, type)
		WHERE pronamespace = 'aurora'::regnamespace AND
			proname NOT IN ('ticket_clocks_of', 'late_after', 'sla_status_of', 'promises_of_ticket', 'stale_promises', 'promises_of_everybody', 'kept_promises_on', 'promises_by_day', 'promises_under', 'tier_spans_of', 'tier_rule_set', 'sample_place', 'sla_policy_versions', 'send_hours', 'facts_of_moved', 'followup_steps', 'followups_looked_at', 'other_anchors_looked_at', 'followups_found', 'read_lexicons', 'share_ratings', 'reason_ratings', 'theme_scores', 'ticket_scores', 'piece_returns', 'measured', 'counted_cohorts', 'cohorts_with', 'voice_theme_counts', 'lexicons_in_use', 'unkept_days', 'take_marked_days', 'local_days_of', 'months_of', 'daily_answers', 'daily_answers_on', 'scores_on', 'found_answers', 'found_answer_times', 'answer_times', 'score_change', 'purchases_in_history', 'purchases_by_customer', 'order_histories', 'purchases_to_keep');
});

none('what a shop gives are plain types, or arrays of them', q{
	SELECT name, col, type::regtype
	FROM read LEFT JOIN pg_type ON pg_type.oid = type
	WHERE coalesce(nullif(CASE WHEN typcategory = 'A' THEN typelem ELSE 0 END, 0), type) <> ALL (
		'{int2,int4,int8,numeric,float8,text,bool,date,timestamptz,interval,jsonb}'::regtype[])
	ORDER BY 1, 2});

none('beside an interval there is a number of minutes or of days', q{
	SELECT name, col
	FROM read r
	WHERE type = 'interval'::regtype AND col <> '(result)' AND
		1 <> (SELECT count(*) FROM read n
			WHERE n.name = r.name AND n.type = 'float8'::regtype AND
				n.col IN (r.col || '_minutes', r.col || '_days'))
	ORDER BY 1, 2});

none('and it is always the same one, and says so', q{
	SELECT name, meaning
	FROM loyalcs.shop_glossary()
	WHERE name ~ '_(minutes|days)$' AND
		name IN (SELECT col FROM read WHERE type = 'float8'::regtype) AND
		regexp_replace(name, '_(minutes|days)$', '') IN (SELECT col FROM read WHERE type = 'interval'::regtype) AND
		(meaning <> regexp_replace(name, '_(minutes|days)$', '') || CASE WHEN name ~ '_days$' THEN ' in days of 24 hours' ELSE ' in minutes' END OR
		 EXISTS (SELECT FROM read o WHERE o.col = regexp_replace(name, '_minutes$', '_days') AND name ~ '_minutes$'))
	ORDER BY 1});

# Shares go from 0 to 1, everywhere, and each says so.
none('no share of a shop is a percentage', q{
	SELECT name, meaning FROM loyalcs.shop_glossary()
	WHERE name ~ 'percent' OR meaning ~* 'per cent|%'
	UNION ALL
	SELECT name, col FROM read WHERE col ~ 'percent'
	ORDER BY 1});

none('what is a share says that it goes from 0 to 1', q{
	SELECT DISTINCT col, comment
	FROM read
	WHERE type = 'float8'::regtype AND comment IS NOT NULL AND
		(col ~ '(^|_)(share|rate|retention|attainment)$' OR comment ~ '^(the )?share of') AND
		comment !~ '\m0 to 1\M'
	ORDER BY 1});

# --------------------------------------------------------------------------
# The version stands in loyalcs.control; what else has to say it says the same.
# (A part of a shop says which version brought it.)
# --------------------------------------------------------------------------

my ($version) = slurp_file('loyalcs.control') =~ /^default_version *= *'(.*)'/m;
my $meta = decode_json(slurp_file('META.json'));

is($meta->{version}, $version, 'META.json: version');
is($meta->{provides}{loyalcs}{version}, $version, 'META.json: provides');
is(sql("SELECT extversion FROM pg_extension WHERE extname = 'loyalcs'"),
	$version, 'version of the extension');
is(sql('SELECT loyalcs.loyalcs_version()'),
	$version, 'version of the library');

my @files;
find(
	{
		no_chdir => 1,
		wanted => sub {
			$File::Find::prune = 1 if /^\.\/(?:\.git|build|tmp_check)$/;
			push @files, s{^\./}{}r
			  if -f && !/\.(?:o|bc|so)$/ && !/loyalcs--[^\/]*\.sql$/;
		}
	},
	'.');
# (A part of a shop says since when it is one.)
is( join(' ', grep {
			!/^(?:loyalcs\.control|META\.json|CHANGELOG\.md)$/
			  && !m{/package-lock\.json$}
			  && slurp_file($_) =~ s/^--@ .*//mgr =~ /(?<![\d.])\Q$version\E(?![\d.])/
		} sort @files),
	'', 'no other file says the version');

# --------------------------------------------------------------------------
# One concept, one name
# --------------------------------------------------------------------------

my @missing;
foreach my $source (grep { !m{^src/upgrade/} } glob('src/*/*.sql src/shop/*/*.sql'))
{
	my $test = $source =~ s{^src/(shop/)?[^/]*/(.*)\.sql$}{($1 ? 'shop_' : '') . $2}er;
	push @missing, grep { !-f } "sql/$test.sql", "expected/$test.out";
}
@missing = grep { !m{^(?:sql|expected)/(?:shops|first|load|records|tables|gone|obstacles|figures|create_shop|adopt_table|drop_shop|grant_shop)\.} } @missing;
is("@missing", '', 'every SQL file has a test of its name');

# What every type is put through.
my @types = split /\n/, sql(q{
	SELECT typname FROM pg_type JOIN member ON objid = pg_type.oid AND classid = 'pg_type'::regclass
	WHERE typtype = 'b' AND typcategory <> 'A'
	ORDER BY 1});
foreach my $through ('test/t/dump.pl', 'test/{client/binary.c,t/calendar.pl}', 'sql/soft_errors_v16.sql', 'doc/*.md')
{
	my $text = join '', map { slurp_file($_) } glob $through;
	is(join(' ', grep { $text !~ /\b$_\b/ } @types), '', "every type is in $through");
}

# Which orders count as of an instant is said once.
is(join(' ', grep { slurp_file($_) =~ /cancelled_at\s+IS\s+NULL\s+OR\b/ } glob 'src/shop/*/*.sql'),
	'src/shop/purchases/orders.sql', 'what counts is asked of order_counts()');

# --------------------------------------------------------------------------
# Rooms: a file knows only what stands above it in the Makefile.
# --------------------------------------------------------------------------

# The files that a list of the Makefile names.
my $makefile = slurp_file('Makefile') =~ s/\\\n//gr;

sub listed
{
	my ($list) = @_;
	my ($names) = $makefile =~ /^$list = (.*)$/m;
	return split ' ', $names;
}

my @objects = map { s/\.o$//r } listed('OBJS');
my %place = map { $objects[$_] => $_ } 0 .. $#objects;
my (@rooms, %floor);
foreach my $room (map { m{^src/([^/]*)/} } @objects)
{
	push @rooms, $room unless @rooms && $rooms[-1] eq $room;
	$floor{$room} = $#rooms;
}
is(scalar(@rooms), scalar(keys %floor), "each room once: @rooms");

is_deeply([ sort @objects ],
	[ sort map { s/\.c$//r } grep { !m{^src/(?:client|dispatch|import)/} } glob 'src/*/*.c' ],
	'the library is made of every C file of a room');
is_deeply([ sort grep { !/^\$/ } map { listed($_) } 'CORE_SQL', 'NEW_SQL', 'SHOP_SQL', 'SHOPS_SQL' ],
	[ sort grep { !m{^src/upgrade/} } glob 'src/*/*.sql src/shop/*/*.sql' ],
	'the script is made of every SQL file of a room');
is(join(' ', grep { -f } glob 'src/* src/shop/*'), '', 'no file stands outside of a room');

# "ORDER BY 1::text" is an order by the number one: by none.
is(join(' ', grep { slurp_file($_) =~ /ORDER BY \d+::/ } grep { $_ ne 'test/t/house.pl' } glob 'sql/*.sql test/*.sql test/*/* src/*/*.sql src/shop/*/*.sql bench/*.sql'),
	'', 'nothing is put in an order by a constant');
is(join(' ', grep { !defined $floor{ s{^src/shop/}{}r } } glob 'src/shop/*'),
	'src/shop/board src/shop/imports', 'a shop has the rooms of the library, the board over all of them, and imports');

# The programs stand by themselves, and share what is in client.
my @upwards;
foreach my $file (glob 'src/*/*.[ch]')
{
	my ($self, $room) = $file =~ m{^(src/([^/]*)/.*)\.[ch]$};
	foreach my $header (slurp_file($file) =~ m{^#include "([^"]+/[^"]+)\.h"}mg)
	{
		next unless -f "src/$header.h";
		my ($other) = $header =~ m{^([^/]*)/};
		# (one that declares no function describes what all of its room know)
		my $is_free = !defined $place{"src/$header"} || slurp_file("src/$header.h") !~ /^extern /m;
		my $allowed =
		    $room eq $other
		  ? $room =~ /^(?:client|dispatch|import)$/ || $is_free || !defined $place{$self} ||
		  $place{"src/$header"} <= $place{$self}
		  : $room =~ /^(?:dispatch|import)$/ ? $other eq 'client'
		  : defined $floor{$room} && defined $floor{$other} && $floor{$other} < $floor{$room};
		push @upwards, "$file includes $header.h" unless $allowed;
	}
}
is(join("\n", @upwards), '', 'files include only what stands above them');

# In PostgreSQL 16 these came to a header of their own, and it builds in 15 all the same.
is(join(' ', grep { slurp_file($_) =~ /\b(?:SET_)?VAR(?:DATA|SIZE|ATT)\w*\(/ && slurp_file($_) !~ m{^#include "base/compat\.h"}m }
		grep { $_ ne 'src/base/compat.h' } glob('src/*/*.[ch]')),
	'', 'what reads a varlena value includes base/compat.h');

# What x.h promises, x.c does.
my @orphans;
foreach my $header (glob 'src/*/*.h')
{
	my $owner = $header =~ s/\.h$/.c/r;
	my $text = -f $owner ? slurp_file($owner) : '';
	foreach my $name (slurp_file($header) =~ /^extern [^;]*?(\w+)\(/mg)
	{
		push @orphans, "$header: $name" unless $text =~ /^(?:.*[ *])?\Q$name\E\(/m;
	}
}
is("@orphans", '', 'what a header declares is defined in the file of its name');

# --------------------------------------------------------------------------
# Who may install it, and what somebody else gains who was there before.
# --------------------------------------------------------------------------

sql(q{
	CREATE ROLE builder LOGIN;
	CREATE ROLE mallory LOGIN;
	CREATE DATABASE built OWNER builder;
});

# as(ROLE, DATABASE, SQL): what the role gets printed, errors too
sub as
{
	my ($role, $database, $sql) = @_;
	my ($code, $stdout, $stderr) = $node->psql(
		$database, $sql,
		extra_params => [ '-U', $role ],
		on_error_stop => 0);
	return $stdout . $stderr;
}

is(as('builder', 'built', q{
		CREATE EXTENSION loyalcs;
		DO $$ BEGIN PERFORM loyalcs.create_shop('aurora'); END $$;
		SELECT count(*) FROM aurora.customers;}),
	'0', 'the owner of a database installs it and makes a shop');

# A schema that was there before is the installer's own or the database owner's,
# and holds nothing of others.  (What springs if it does: test/t/trust.pl.)
my $superuser = sql('SELECT current_user');
sql(q{
	CREATE DATABASE taken OWNER builder;
	\c taken
	CREATE SCHEMA loyalcs AUTHORIZATION mallory;});
foreach my $who ('builder', $superuser)
{
	like(as($who, 'taken', 'CREATE EXTENSION loyalcs'),
		qr/ERROR:  schema loyalcs belongs to mallory\nDETAIL:  .*\nHINT:  DROP SCHEMA loyalcs, or ALTER SCHEMA loyalcs OWNER TO/,
		"a schema of another's: refused to $who");
}
$node->safe_psql('taken', 'ALTER SCHEMA loyalcs OWNER TO builder; GRANT CREATE ON SCHEMA loyalcs TO PUBLIC');
like(as('builder', 'taken', 'CREATE EXTENSION loyalcs'),
	qr/ERROR:  others may create in schema loyalcs\nDETAIL:  Everybody may\.\nHINT:  REVOKE CREATE ON SCHEMA loyalcs FROM PUBLIC\./,
	'a schema that is open to all');
$node->safe_psql('taken', q{
	REVOKE CREATE ON SCHEMA loyalcs FROM PUBLIC;
	GRANT USAGE, CREATE ON SCHEMA loyalcs TO mallory;});
like(as('builder', 'taken', 'CREATE EXTENSION loyalcs'),
	qr/ERROR:  others may create in schema loyalcs\nDETAIL:  mallory may\.\nHINT:  REVOKE CREATE ON SCHEMA loyalcs FROM mallory\./,
	'a schema that is open to one');
foreach my $planted (
	'FUNCTION loyalcs.f() RETURNS int RETURN 1',
	'TYPE loyalcs.t AS (a int)',
	'TABLE loyalcs.c (a int)',
	'OPERATOR loyalcs.@@@ (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl)')
{
	my ($kind, $name) = $planted =~ /^(\w+) (\S+?)(?=[( ]|$)/;
	as('mallory', 'taken', "CREATE $planted");
	$node->safe_psql('taken', 'REVOKE CREATE ON SCHEMA loyalcs FROM mallory');
	like(as('builder', 'taken', 'CREATE EXTENSION loyalcs'),
		qr/ERROR:  schema loyalcs is not empty\nDETAIL:  .*\Q$name\E.* belongs to mallory\.\nHINT:  DROP SCHEMA loyalcs, with what stands in it/,
		"something of another's stands there: $name");
	$node->safe_psql('taken', 'DROP OWNED BY mallory; GRANT USAGE, CREATE ON SCHEMA loyalcs TO mallory');
}
$node->safe_psql('taken', 'REVOKE ALL ON SCHEMA loyalcs FROM mallory');
is(as($superuser, 'taken', 'CREATE EXTENSION loyalcs'), '', 'the database owner\'s, empty: a restored dump has that');

# An object of our own name stops the script; it is never taken over.
$node->safe_psql('taken', q{
	DROP EXTENSION loyalcs;
	SET ROLE builder;
	CREATE FUNCTION loyalcs.loyalcs_version() RETURNS text RETURN 'mine';});
like(as('builder', 'taken', 'CREATE EXTENSION loyalcs'),
	qr/ERROR:  function "loyalcs_version" already exists/,
	'the script does not replace what it did not make');

# Japanese is said where the database can hold it, and nowhere is it garbled. (That of the
# shops above has UTF8.)
sql(q{CREATE DATABASE in_euc_jp TEMPLATE template0 ENCODING 'EUC_JP' LOCALE 'C'});
is(as($superuser, 'in_euc_jp', q{
		CREATE EXTENSION loyalcs;
		DO $$ BEGIN PERFORM loyalcs.create_shop('aurora'); END $$;}),
	'', 'a shop is made in EUC_JP');
foreach my $in ([ 'postgres', 'UTF8' ], [ 'in_euc_jp', 'EUC_JP' ])
{
	my ($database, $encoding) = @$in;
	is(as($superuser, $database, q{
			SHOW server_encoding;
			SELECT encode(convert_to(aurora.tier_message_ja('reach', 'VIP', 'any', 1000, 0, NULL, 'JPY', 'Asia/Tokyo'), 'UTF8'), 'hex')}),
		"$encoding\ne38182e381a8312c303030e58686e381a7564950", "$encoding: あと1,000円でVIP");
}
sql(q{CREATE DATABASE in_latin1 TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'});
like(as($superuser, 'in_latin1', 'CREATE EXTENSION loyalcs'),
	qr/ERROR:  character with byte sequence .* has no equivalent in encoding "LATIN1"/,
	'LATIN1 is refused');

$node->stop('fast');
done_testing();
