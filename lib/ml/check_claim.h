/* check_claim.h: claims in the expression language: A == L*U, lower(L), and identities in free variables. */
#ifndef ML_CHECK_CLAIM_H
#define ML_CHECK_CLAIM_H

#include <stdint.h>

#include "math/expression.h"
#include "ml/check.h"
#include "ml/check_named.h"

typedef struct check_claim {
    const char *text;
    const char *property; /* of `left`, or NULL: the comparison `op` of both sides */
    const expression *left, *right;
    int op;
} check_claim;

/* Parse the claim TEXT, which must outlive it. */
ml_status check_claim_parse(check_claim *claim, expression_space *space, const char *text, ml_message *why);

/* Add the row of the claim.  Names that IN has no value for are free variables, and the claim is an identity
 * in them: it is tried at many points, drawn from SEED. */
ml_status check_claim_judge(check_report *report, const check_claim *claim, expression_space *space,
                            const check_input *in, uint64_t seed, ml_message *why);

/* Half a unit of the last digit for a number, or a matrix of numbers, that is a whole side of a claim: such a
 * side is an answer.  B is the value of E. */
bool check_claim_written(const expression *e, const ball *b, ball_space *balls, const ball **written);

#endif
