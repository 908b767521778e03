#!/bin/sh
# The main job on real data: how many dimensions has a flower?
cd "$(dirname "$0")/data" || exit 2
show() {
	printf '\n$ %s\n' "$*"
	"$@"
}
echo "150 iris flowers, four lengths each, in centimetres. How many dimensions do they really have?"
show mlpca -i species -s variance -f table iris.csv
echo "
One component holds 92% of the variance, two hold 98%. The flowers in these two axes:"
printf '\n$ %s\n' "mlpca -i species -k 2 -p 4 iris.csv | head -4"
mlpca -i species -k 2 -p 4 iris.csv | head -4
cat <<'END'

Try next:
  cd examples/data
  PATH=../../bin:$PATH
  mlpca --help
  mlpca -i species --scale -s variance iris.csv     # of the correlation matrix
  printf '3,0\n4,5\n' | mlsvd                       # sqrt(45) and sqrt(5)
  man ../../man/mltools.7                           # the tour
END
