#!/bin/sh
# From slices and their segmentations to one table: how often each grey value is lesion, and how often it is not.
#   sh preprocess.sh SCANS FEATURES
set -eu
mkdir "$2"
for slice in "$1"/*/slice.dcm; do
    grey() { tail -c 256 "$1" | od -An -v -tu1 | tr -s ' ' '\n' | sed '/^$/d'; }
    grey "$slice" >"$2/.grey"
    grey "$(dirname "$slice")/lesion.dcm" | paste "$2/.grey" -
done | awk 'BEGIN { print "grey,lesion,background" }
    { if ($2) lesion[$1]++; else background[$1]++ }
    END { for (grey = 0; grey < 256; grey++)
              if (lesion[grey] + background[grey]) printf "%d,%d,%d\n", grey, lesion[grey], background[grey] }' >"$2/pixels.csv"
rm "$2/.grey"
