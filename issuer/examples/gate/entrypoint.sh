#!/bin/sh
# A container's entry point: what it serves was let through, or nothing is served.
#
#   MODEL      the model's file or directory
#   PASSPORT   the bundle with its passport
#
# PASSPORT_POLICY and PASSPORT_TRUST name the site's policy and trust list; `passport` reads them by itself.
set -eu

passport gate "$MODEL" --passport "$PASSPORT" --explain

exec "$@"
