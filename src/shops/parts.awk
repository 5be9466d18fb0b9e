# parts.awk: turns the shop's SQL files into the rows of loyalcs.shop_scripts, which
# shop_parts() reads and from which create_shop() builds a shop.  (Rows, because a
# megabyte of text in a function's body would be parsed in every session that asks
# for no more than the names.)
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
# An x_per(period, as_of) brings them too, by month, and an x_per(period, breakdown,
# as_of) an x_by before: per, and per by.
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
	if (script ~ /\$shop\$/)
		stop("$shop$ is taken")
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
	if (script ~ /^\nCREATE OR REPLACE FUNCTION [a-z0-9_]+_per\(period text, as_of timestamptz\)\nRETURNS TABLE \(\n( *[a-z_]+ [a-z ]+,\n)*    period_start date/)
		return "per"
	if (script ~ /^\nCREATE OR REPLACE FUNCTION [a-z0-9_]+_per\(period text, breakdown text, as_of timestamptz\)\nRETURNS TABLE \(\n *part text,\n( *[a-z_]+ [a-z ]+,\n)*    period_start date/)
		return "per by"
	if (relation ~ /_per$/)
		stop("x_per(period[, breakdown], as_of) has [part first and] a column period_start")
	return ""
}

BEGIN {
	print "-- Made by src/shops/parts.awk from src/shop: what create_shop() runs."
	print "CREATE TABLE loyalcs.shop_scripts ("
	print "    part integer PRIMARY KEY,"
	print "    name text NOT NULL,"
	print "    kind text NOT NULL,"
	print "    relation text NOT NULL,"
	print "    other text NOT NULL,"
	print "    optional text[] NOT NULL,"
	print "    script text NOT NULL"
	print ");"
	print "COMMENT ON TABLE loyalcs.shop_scripts IS"
	print "    'what a shop is made of: the rows of shop_parts()';"
	print "COMMENT ON COLUMN loyalcs.shop_scripts.part IS 'place in their order';"
	print "COMMENT ON COLUMN loyalcs.shop_scripts.name IS 'name by which a shop remembers the part';"
	print "COMMENT ON COLUMN loyalcs.shop_scripts.kind IS 'table, change, reference or function';"
	print "COMMENT ON COLUMN loyalcs.shop_scripts.relation IS 'table or function that it makes, or changes';"
	print "COMMENT ON COLUMN loyalcs.shop_scripts.other IS 'of a reference, the table that is referred to; of a function, which other forms of a figure it brings: those of at, by, per, per by, or none';"
	print "COMMENT ON COLUMN loyalcs.shop_scripts.optional IS 'columns that a relation of the brand''s in the table''s place may lack';"
	print "COMMENT ON COLUMN loyalcs.shop_scripts.script IS 'SQL that makes it';"
	print "GRANT SELECT ON loyalcs.shop_scripts TO PUBLIC;"
	print "INSERT INTO loyalcs.shop_scripts VALUES"
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
	print "CREATE FUNCTION loyalcs.shop_parts("
	print "    OUT part integer,"
	print "    OUT name text,"
	print "    OUT kind text,"
	print "    OUT relation text,"
	print "    OUT other text,"
	print "    OUT optional text[],"
	print "    OUT script text"
	print ") RETURNS SETOF record"
	print "    LANGUAGE sql STABLE PARALLEL SAFE"
	print "BEGIN ATOMIC"
	print "    SELECT s.part, s.name, s.kind, s.relation, s.other, s.optional, s.script FROM ONLY loyalcs.shop_scripts s;"
	print "END;"
	print "COMMENT ON FUNCTION loyalcs.shop_parts() IS"
	print "    'the scripts that a shop is made of, in order: tables, what later versions changed of them, the references between them, functions; for create_shop, grant_shop and drop_shop';"
	print ""
}
