# parts.awk: turns the shop's SQL files into the function loyalcs.shop_parts(),
# from which create_shop() builds a shop.
#
# A line that begins with "--@" starts a part:
#
#   --@ table NAME [hides COLUMN, COLUMN ...]   made unless NAME stands there;
#                                    the hidden columns are no reader's business
#   --@ change TABLE VERSION         what a version changes about a table that
#                                    an earlier one made, if it is the shop's own
#   --@ reference TABLE OTHER [VERSION]   foreign keys and triggers, if both are
#                                    the shop's own
#   --@ functions                    each function, with its comment, is a part
#
# Parts are applied in the order in which they stand here, each of them once: a
# released part of a table is never edited, what changes comes in a part after
# it.  A reference is made anew when one of its tables was, so its triggers are
# CREATE OR REPLACE.  A function is made anew when its text is another.
#
# The name of a part, by which a shop remembers it, is what stands in its line
# ("change orders 7.0"; a second one of that name is "change orders 7.0 2").
# A function f is the part "function f".  An x_at(as_of) in SQL brings the view
# x, and an x_by(breakdown, as_of) both of them: that is its "other", at or by.
#
# A relation of the brand's that serves as a table needs neither the columns that
# the table's line hides, nor those of a line "--: optional COLUMN, ..." below it or
# below that of a change: see levels.awk for the other lines of that kind.
#
# In a part, @key_type@ is the type of customer_id, and @time_zone@ the shop's
# time zone as a literal.

function quoted(text) {
	gsub(/'/, "''", text)
	return "'" text "'"
}

function stop(what) {
	print FILENAME ":" FNR ": " what > "/dev/stderr"
	failed = 1
	exit 1
}

# Ends the part that is being read.
function finish() {
	if (kind == "" || kind == "functions") {
		kind = ""
		return
	}
	if (script ~ /\$(shop|parts)\$/)
		stop("$shop$ and $parts$ are taken")
	if (++count[name] > 1) {
		if (kind == "function" || kind == "table")
			stop("a second " name)
		name = name " " count[name]
	}
	if (kind == "function")
		other = figure()
	sub(/[[:space:]]+$/, "", script)
	printf "%s    (%d, %s, %s, %s, %s, %s::text[], $shop$%s$shop$)", separator, ++parts,
		quoted(name), quoted(kind), quoted(relation), quoted(other), quoted("{" hidden "}"), script
	separator = ",\n"
	kind = ""
}

# Which view a function brings: see above.
function figure() {
	if (script !~ /\n *LANGUAGE sql/ || script !~ /\nRETURNS (TABLE|SETOF)/)
		return ""
	if (script ~ /^\nCREATE OR REPLACE FUNCTION [a-z0-9_]+_at\(as_of timestamptz\)/)
		return "at"
	if (script ~ /^\nCREATE OR REPLACE FUNCTION [a-z0-9_]+_by\(breakdown text, as_of timestamptz\)\nRETURNS TABLE \(\n *part /)
		return "by"
	return ""
}

BEGIN {
	print "-- Made by src/shops/parts.awk from src/shop: what create_shop() runs."
	print "CREATE FUNCTION loyalcs.shop_parts("
	print "    OUT part integer,"
	print "    OUT name text,"
	print "    OUT kind text,"
	print "    OUT relation text,"
	print "    OUT other text,"
	print "    OUT optional text[],"
	print "    OUT script text"
	print ") RETURNS SETOF record"
	# plpgsql keeps the plan: a megabyte of text is read once a session, not at every call
	print "    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE"
	print "    SET search_path = pg_catalog, pg_temp"
	print "AS $parts$"
	print "BEGIN"
	print "    RETURN QUERY VALUES"
}

FNR == 1 { finish() }

/^--@/ {
	finish()
	kind = $2; relation = $3; other = ""; hidden = ""; remarks = ""
	script = "\n"
	name = kind " " relation
	if (kind == "table" && $4 == "hides") {
		hidden = $0
		sub(/.* hides /, "", hidden)
		gsub(/ /, "", hidden)
	}
	else if (kind == "reference" || kind == "change") {
		other = $4
		name = name " " other (NF > 4 ? " " $5 : "")
	}
	else if (kind != "table" && kind != "functions")
		stop("unknown part " kind)
	next
}

kind ~ /^(table|change)$/ && /^--: optional / {
	list = $0
	sub(/^--: optional /, "", list)
	gsub(/ /, "", list)
	hidden = hidden (hidden == "" ? "" : ",") list
}

# What stands between two functions is about the next one, and no part of it.
kind ~ /^function/ && /^(--.*)?$/ {
	remarks = remarks $0 "\n"
	next
}

kind ~ /^function/ && /^CREATE / {
	if ($0 !~ /^CREATE OR REPLACE FUNCTION [a-z0-9_]+\(/)
		stop("CREATE OR REPLACE FUNCTION name( starts a function")
	finish()
	kind = "function"
	relation = $5
	sub(/\(.*/, "", relation)
	name = kind " " relation
	script = "\n" $0 "\n"
	remarks = ""
	next
}

kind == "functions" { stop("this belongs to no function") }

kind != "" {
	script = script remarks $0 "\n"
	remarks = ""
}

END {
	if (failed)
		exit 1
	finish()
	print ";"
	print "END"
	print "$parts$;"
	print "COMMENT ON FUNCTION loyalcs.shop_parts() IS"
	print "    'the scripts that a shop is made of, in order: tables, what later versions changed of them, the references between them, functions; for create_shop, grant_shop and drop_shop';"
	print ""
}
