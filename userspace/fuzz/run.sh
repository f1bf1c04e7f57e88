#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One fuzzer after another, each for so many seconds or, with RUNS, for so many
# runs; new inputs stay in the build directory. Ends with the first that finds
# something. FUZZ_SEED makes a run repeatable: it begins without earlier inputs.
#
#   OUT=DIR SRC=DIR SECONDS_EACH=N [RUNS=N] run.sh NAME...

seconds=${SECONDS_EACH:-1}
limit=-max_total_time=$seconds
[ "$seconds" -gt 0 ] || limit=-max_total_time=1
[ -z "$RUNS" ] || limit=-runs=$RUNS

for name; do
	log=$OUT/$name.log
	dictionary=$SRC/dict/$name
	[ -e "$dictionary" ] || dictionary=
	[ -z "$FUZZ_SEED" ] || rm -rf "$OUT/corpus/$name"
	mkdir -p "$OUT/corpus/$name"
	"$OUT/fuzz-$name" "$limit" -max_len=4096 -print_final_stats=1 \
		${FUZZ_SEED:+-seed="$FUZZ_SEED"} \
		${dictionary:+-dict="$dictionary"} \
		-artifact_prefix="$OUT/$name-" \
		"$OUT/corpus/$name" "$SRC/corpus/$name" >"$log" 2>&1 || {
		tail -n 60 "$log"
		grep '^INFO: Seed' "$log"
		echo "fuzz-$name: found something"
		exit 1
	}
	runs=$(sed -n 's/^stat::number_of_executed_units: //p' "$log")
	seed=$(sed -n 's/^INFO: Seed: //p' "$log")
	echo "fuzz-$name: seed $seed, $runs executions, no report"
done
