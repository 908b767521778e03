#!/bin/sh
# update.sh BIN PAGE: PAGE with its generated OPTIONS block made anew from the tool's own table.
bin=$1 page=$2
tool=${page##*/} tool=${tool%.1}
options=$("$bin/$tool" --generate mdoc) || exit 2
OPTIONS=$options awk '
	/^\.\\" BEGIN OPTIONS/ { print; print ENVIRON["OPTIONS"]; inside = 1 }
	/^\.\\" END OPTIONS/ { inside = 0 }
	!inside { print }
' "$page" | awk '!(/^\.\\" BEGIN OPTIONS/ && seen++)'
