/* check_property.h: every property of a matrix, each with the number that decides it. */
#ifndef ML_CHECK_PROPERTY_H
#define ML_CHECK_PROPERTY_H

#include "ml/check.h"

/* Add a row for each property that a matrix of this shape can have: `claim` is its name, `off` the number
 * that decides it, `allowed` what that may be, `place` where it was found, `diagnosis` what the number is and
 * what follows from it.  Here a verdict is no judgement: check_outcome does not apply. */
ml_status check_properties(check_report *report, const ball *a, ml_message *why);

/* The one property called NAME ("symmetric", "positive_definite"; a blank or dash for the underscore is the
 * same) as the claim LABEL; ML_FAIL, with the nearest name, when there is none. */
ml_status check_property(check_report *report, const char *name, const char *label, const ball *a,
                         ml_message *why);

/* Is there a property of this name? */
bool check_is_property(const char *name);

/* The first property whose name is near NAME, or NULL. */
const char *check_nearest_property(const char *name);

#endif
