#!/bin/sh
# A segmentation by one threshold: the grey value with the best Dice coefficient, as safetensors.
#   sh train.sh FEATURES MODEL
set -eu
mkdir "$2"
threshold=$(awk -F, 'NR > 1 { lesion[NR] = $2; background[NR] = $3; grey[NR] = $1; all += $2 }
    END { for (from = NR; from > 1; from--) {
              hit += lesion[from]; miss += background[from]
              dice = 2 * hit / (hit + miss + all)
              if (dice > best) { best = dice; at = grey[from] } }
          print at }' "$1/pixels.csv")
header='{"threshold":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'
{
    # The length of the header, eight bytes, little-endian; the header; the one weight.
    printf "\\$(printf %03o "${#header}")\\000\\000\\000\\000\\000\\000\\000%s" "$header"
    printf "\\$(printf %03o "$threshold")"
} >"$2/threshold.safetensors"
