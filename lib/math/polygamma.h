/* polygamma.h: digamma and its derivatives. */
#ifndef MATH_POLYGAMMA_H
#define MATH_POLYGAMMA_H

/* The derivative of order N of digamma at X: GSL's for X > 0, below by psi_n(x) = psi_n(x+1) - (-1)^n n! /
 * x^(n+1) (Abramowitz & Stegun 6.4.6).  NaN at the poles 0, -1, ..., and for orders above 1 below -10000. */
double polygamma(int n, double x);

#endif
