/* clones.h: one function, compiled for several instruction sets, the best picked when the program starts. */
#ifndef BASE_CLONES_H
#define BASE_CLONES_H

/* No contraction to fused operations takes place, so all versions of a function compute the same bits.
 * gcc on x86-64 ELF only: clang 14 has no such attribute in C, and sanitizers run too late for the choice.
 * A test that compares the versions defines ML_NO_CLONES. */
#if !defined(ML_NO_CLONES) && defined(__x86_64__) && defined(__linux__) && !defined(__clang__) &&            \
    !defined(__SANITIZE_ADDRESS__)
#define ML_CLONES __attribute__((target_clones("avx2", "default")))
/* For kernels written in vectors of eight doubles. */
#define ML_WIDE_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define ML_CLONES
#define ML_WIDE_CLONES
#endif

#endif
