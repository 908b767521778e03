#include "math/polygamma.h"

#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_psi.h>
#include <math.h>

double polygamma(int n, double x)
{
    if (isnan(x) || (x <= 0 && x == floor(x)) || (x < -10000 && n > 1))
        return (double)NAN;
    if (n == 0)
        return gsl_sf_psi(x);
    if (n == 1)
        return gsl_sf_psi_1(x);
    double sum = 0, sign = n % 2 == 0 ? -1 : 1;
    for (; x < 0; x++)
        sum += sign * gsl_sf_fact((unsigned)n) / pow(x, n + 1);
    return sum + gsl_sf_psi_n(n, x);
}
