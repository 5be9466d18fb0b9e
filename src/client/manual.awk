# What a program prints for --help, as a manual page:
#
#   loyalcs-import --help | awk -v name=loyalcs-import -v version=1.2.3 -f manual.awk
#
# A line that begins at its left edge is a heading.  Under it text stands four columns
# in; a gap in a line of text parts what something is called from what is said of it, and
# what follows in that column belongs to it.  A name that ends in a comma goes on in the
# line below.  In a synopsis, in examples and in what a command gets every line is a line.

function quoted(text) {
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	sub(/^[.']/, "\\\\\\&&", text)
	return text
}

# What has been read of a thing and of what is said of it.
function flush() {
	if (item != "")
		printf ".TP\n.B %s\n%s\n", quoted(item), quoted(said)
	else if (said != "")
		print quoted(said)
	item = said = ""
}

BEGIN {
	printf ".TH %s 1 \"\" \"loyalcs %s\" \"loyalcs\"\n", toupper(quoted(name)), version
	print ".ad l\n.nh"
}

/^[^ ]/ {
	flush()
	if (as_it_is)
		print ".fi"
	as_it_is = /^(SYNOPSIS|INPUT|EXAMPLES)/
	print ".SH " quoted($0)
	if (as_it_is)
		print ".nf"
	column = between = 0
	next
}

/^ *$/ {
	flush()
	between = 1
	next
}

as_it_is {
	if (between)
		print ".PP"
	between = 0
	print quoted(substr($0, 5))
	next
}

{
	text = substr($0, 5)
	if (between) {
		print ".PP"
		between = 0
	}
	gap = match(text, /[^ ]   *[^ ]/) ? RSTART : 0
	if (text ~ /^ +[^ ]/ && column && match(text, /[^ ]/) == column)
		said = said " " substr(text, column)
	else if (gap) {
		start = gap + RLENGTH - 1
		column = start
		if (item ~ /,$/) {
			item = item " " substr(text, 1, gap)
			said = said " " substr(text, start)
		} else {
			flush()
			item = substr(text, 1, gap)
			said = substr(text, start)
		}
	} else {
		flush()
		said = text
	}
}

END {
	flush()
	if (as_it_is)
		print ".fi"
}
