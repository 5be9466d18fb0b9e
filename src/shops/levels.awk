# levels.awk: turns the shop's SQL files into the function loyalcs.shop_levels(),
# from which grant_shop() knows what a level may do with each column.
#
# The columns are those that the parts of a table define ("--@ table", and ADD
# and DROP COLUMN in a "--@ change" of it): what a brand adds to a table is in nobody's
# list. What stands in "--@ table NAME hides ..." is no reader's business. Below
# such a line, and below that of a change, there may be:
#
#   --: hides COLUMN, ...     neither are these
#   --: optional COLUMN, ...  see parts.awk
#   --: keeps COLUMN, ...     filled in by the server: no level writes them
#   --: derives COLUMN, ...   follow from other rows: no level inserts them; what
#                             changes them is checked by a trigger, since functions
#                             have the rights of whoever calls them
#   --: changes COLUMN, ...   of a row that is there only these change; "nothing"
#   --: adds                  rows are added: they go only with what they belong to
#   --: stays                 the rows that are there stay: no level adds any, or deletes one
#   --: results               what functions of the owner and of admins find out
#   --: memory                what the shop knows of itself: not for a level to write
#
# Who recorded a row, and when, is always the server's word; so is the number that
# an IDENTITY column gives a row: a huge one, written by hand, would be the last.

function quoted(text) {
	return "'" text "'"
}

function stop(what) {
	print FILENAME ":" FNR ": " what > "/dev/stderr"
	failed = 1
	exit 1
}

function column(name,    i) {
	gsub(/"/, "", name)
	if ((relation, name) in place)
		stop("a second column " name)
	place[relation, name] = ++columns
	of[columns] = relation
	named[columns] = name
}

# Notes a clause about columns, which may come before them.
function note(clause, list,    i, n, item) {
	gsub(/[ \t]/, "", list)
	n = split(list, item, ",")
	for (i = 1; i <= n; i++)
		said[++sayings] = clause SUBSEP relation SUBSEP item[i]
	has[clause, relation] = 1
}

/^--@/ {
	relation = ($2 == "table" || $2 == "change") ? $3 : ""
	if ($2 == "table" && $4 == "hides") {
		list = $0
		sub(/.* hides /, "", list)
		note("hides", list)
	}
	next
}

/^--:/ {
	if (relation == "")
		stop("this is about no table")
	list = $0
	sub(/^--: *[a-z]+ */, "", list)
	if ($2 == "hides" || $2 == "keeps" || $2 == "derives" || $2 == "optional")
		note($2, list)
	else if ($2 == "changes" && list == "nothing")
		has["changes", relation] = 1
	else if ($2 == "changes")
		note($2, list)
	else if ($2 == "adds" || $2 == "stays" || $2 == "results" || $2 == "memory")
		has[$2, relation] = 1
	else
		stop("what does " $2 " mean?")
	next
}

# A short table may stand in one line.
relation != "" && $0 ~ ("^CREATE TABLE " relation " \\(.*\\);$") {
	list = $0
	sub(/^[^(]*\(/, "", list)
	n = split(list, item, /, */)
	for (i = 1; i <= n; i++)
		if (item[i] ~ /^"?[a-z_]+"? +[a-z@]/) {
			sub(/ .*/, "", item[i])
			column(item[i])
		}
	next
}

relation != "" && $0 ~ ("^CREATE TABLE " relation " \\($") {
	inside = 1
	next
}
inside && /^\)/ { inside = 0 }
inside && /^    "?[a-z_]+"? +[a-z@]/ {
	column($1)
	if (/ AS IDENTITY/)
		note("keeps", $1)
}

relation != "" && /ADD COLUMN/ {
	list = $0
	while (match(list, /ADD COLUMN "?[a-z_]+/)) {
		column(substr(list, RSTART + 11, RLENGTH - 11))
		list = substr(list, RSTART + RLENGTH)
	}
}

relation != "" && match($0, /DROP COLUMN "?[a-z_]+/) {
	list = substr($0, RSTART + 12, RLENGTH - 12)
	gsub(/"/, "", list)
	gone[relation, list] = 1
}

END {
	if (failed)
		exit 1
	for (i = 1; i <= sayings; i++) {
		split(said[i], part, SUBSEP)
		if (!((part[2], part[3]) in place))
			stop(part[1] " " part[3] ": " part[2] " has no such column")
		is[said[i]] = 1
	}
	print "-- Made by src/shops/levels.awk from src/shop: what a level may do."
	print "CREATE FUNCTION loyalcs.shop_levels("
	print "    OUT relation text,"
	print "    OUT name text,"
	print "    OUT hidden boolean,"
	print "    OUT inserted boolean,"
	print "    OUT updated boolean,"
	print "    OUT deleted boolean,"
	print "    OUT result boolean"
	print ") RETURNS SETOF record"
	print "    LANGUAGE sql IMMUTABLE PARALLEL SAFE"
	print "    SET search_path = pg_catalog, pg_temp"
	print "AS $levels$"
	print "    VALUES"
	separator = ""
	for (i = 1; i <= columns; i++) {
		r = of[i]
		c = named[i]
		if (("memory", r) in has || (r, c) in gone)
			continue
		kept = (("keeps", r, c) in is) || c == "recorded_at" || c == "recorded_by" || c == "posted_by"
		changes = ("changes", r) in has ? (("changes", r, c) in is) : !(("adds", r) in has)
		printf "%s    (%s, %s, %s, %s, %s, %s, %s)", separator, quoted(r), quoted(c),
			(("hides", r, c) in is) ? "true" : "false",
			kept || (("derives", r, c) in is) || ("stays", r) in has ? "false" : "true",
			kept || !changes ? "false" : "true",
			("adds", r) in has || ("stays", r) in has ? "false" : "true",
			("results", r) in has ? "true" : "false"
		separator = ",\n"
	}
	print ""
	print "$levels$;"
	print "COMMENT ON FUNCTION loyalcs.shop_levels() IS"
	print "    'the columns of a shop''s tables: hidden from reports; inserted and updated by those who write; whether rows of the table are deleted; whether it holds results, which only admins write';"
	print ""
}
