# mlentropy: information in discrete data.
load helper

# expected NAME...: values that tests/ref/entropy.py found independently.
expected() {
	for name; do
		awk -v name="$name" 'index($0, name " ") == 1 { print substr($0, length(name) + 2); n++ } END { exit n != 1 }' \
			"$BATS_TEST_DIRNAME/ref/entropy.expected" || { echo "no single value '$name'"; return 1; }
	done
}

@test "symbols: H, joint and MI of the weather table" {
	near "$(mlentropy -q --no-names "$DATA/weather.csv")" \
		"$(expected 'weather H '{outlook,temperature,humidity,windy,play})" 1e-15
	near "$(mlentropy -q --no-names -s joint -c outlook,play "$DATA/weather.csv")" "$(expected 'weather joint outlook,play')" 1e-15
	near "$(mlentropy -q --no-names -s joint "$DATA/weather.csv")" "$(expected 'weather joint all')" 1e-15
	near "$(mlentropy -q --no-names -s MI -y play "$DATA/weather.csv")" \
		"$(expected 'weather MI '{outlook,temperature,humidity,windy}' play')" 1e-15
}
