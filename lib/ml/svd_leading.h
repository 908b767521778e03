/* svd_leading.h: the first few singular values and vectors of a large matrix by randomized block Krylov
 * iteration with restarts (Musco, Musco, "Randomized block Krylov methods for stronger and faster approximate
 * singular value decomposition", NIPS 2015; Halko, Martinsson, Tropp, SIAM Review 53 (2011) 217).
 *
 * From a block Z of random vectors the space of A Z, (A A') A Z, (A A')^2 A Z, ... is built, A is projected
 * on it and decomposed there.  While a value's error bound is too large, the best right vectors found are the
 * next Z.  Where a plain randomized projection is off by a few per cent, on spectra that hardly fall, the
 * Krylov space is not. */
#ifndef ML_SVD_LEADING_H
#define ML_SVD_LEADING_H

#include "ml/svd.h"

/* Fill RESULT's values, errors, U (may be NULL) and V, params.rank of each, and RESULT->converged. */
ml_status svd_leading(const gsl_matrix *a, const svd_params *params, svd_result *result, ml_message *why);

#endif
