# comparison.awk: copies SQL files, and writes the comparison of a type where a line
# asks for it:
#
#   --@ comparison TYPE              six operators and what is behind them, and the
#   --@ comparison TYPE: WHEN EQUAL  default operator classes for btree and hash
#
# They differ in the type's name alone, so src/base/comparison.template has them
# once.  TYPE_lt, _le, _eq, _ne, _ge, _gt, _cmp, _hash and _hash_extended are the
# functions in C.
#
#   awk -v template=src/base/comparison.template -f src/base/comparison.awk FILE...

BEGIN {
	while ((getline line < template) > 0)
		text = text line "\n"
	if (text == "") {
		print "comparison.awk: no template " template > "/dev/stderr"
		exit 1
	}
}

/^--@ comparison / {
	type = $3
	equal = ""
	if (sub(/:$/, "", type)) {
		equal = $0
		sub(/^[^:]*/, "", equal)
	}
	script = text
	gsub(/@type@/, type, script)
	gsub(/@equal@/, equal, script)
	printf "%s", script
	next
}

/^--@/ {
	print FILENAME ":" FNR ": what is " $2 "?" > "/dev/stderr"
	exit 1
}

{ print }
