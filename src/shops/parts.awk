# parts.awk: turns the shop's SQL files into the function loyalcs.shop_parts(),
# from which create_shop() builds a shop.
#
# A line that begins with "--@" starts a part:
#
#   --@ table NAME [hides COLUMN, COLUMN ...]   made unless NAME stands there;
#                                    the hidden columns are no reader's business
#   --@ change TABLE VERSION         what a version changes about a table that
#                                    an earlier one made; once, if it is the shop's
#   --@ reference TABLE OTHER        foreign keys and triggers, when both are
#                                    tables of the shop and TABLE is new
#   --@ functions                    made anew whenever create_shop() runs
#
# In a part, @key_type@ is the type of customer_id, and @time_zone@ the shop's
# time zone as a literal.

function quoted(text) {
	gsub(/'/, "''", text)
	return "'" text "'"
}

function finish() {
	if (kind == "")
		return
	if (script ~ /\$(shop|parts)\$/) {
		print FILENAME ": $shop$ and $parts$ are taken" > "/dev/stderr"
		exit 1
	}
	sub(/[[:space:]]+$/, "", script)
	printf "%s    (%d, %s, %s, %s, %s::text[], $shop$%s$shop$)", separator, ++parts,
		quoted(kind), quoted(relation), quoted(other), quoted("{" hidden "}"), script
	separator = ",\n"
	kind = ""
}

BEGIN {
	print "-- Made by src/shops/parts.awk from src/shop: what create_shop() runs."
	print "CREATE FUNCTION loyalcs.shop_parts("
	print "    OUT part integer,"
	print "    OUT kind text,"
	print "    OUT relation text,"
	print "    OUT other text,"
	print "    OUT hidden text[],"
	print "    OUT script text"
	print ") RETURNS SETOF record"
	print "    LANGUAGE sql IMMUTABLE PARALLEL SAFE"
	print "    SET search_path = pg_catalog, pg_temp"
	print "AS $parts$"
	print "    VALUES"
}

FNR == 1 { finish() }

/^--@/ {
	finish()
	kind = $2; relation = $3; other = ""; hidden = ""
	script = "\n"
	if (kind == "table" && $4 == "hides") {
		hidden = $0
		sub(/.* hides /, "", hidden)
		gsub(/ /, "", hidden)
	}
	else if (kind == "reference" || kind == "change")
		other = $4
	else if (kind != "table" && kind != "functions") {
		print FILENAME ":" FNR ": unknown part " kind > "/dev/stderr"
		exit 1
	}
	next
}

kind != "" { script = script $0 "\n" }

END {
	finish()
	print ""
	print "$parts$;"
	print "COMMENT ON FUNCTION loyalcs.shop_parts() IS"
	print "    'the scripts that a shop is made of, in order: tables, the references between them, functions; for create_shop, grant_shop and drop_shop';"
	print ""
}
