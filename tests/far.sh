# far.sh: data that are far from 0, for partial.bats and ref/shards.py.
# shellcheck shell=sh

# 5,000 rows about 1e9 with a standard deviation of about 1, the columns correlated.
far() {
	awk 'function draw() { return (s = 16807 * s % 2147483647) / 2147483647 }
	BEGIN {
		s = 3
		for (i = 0; i < 5000; i++) {
			u = v = 0
			for (k = 0; k < 12; k++) { u += draw(); v += draw() }
			printf "%.9f,%.9f\n", 1e9 + u - 6, 1e9 + v - 6 + (u - 6) / 2
		}
	}'
}
