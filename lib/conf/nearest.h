/* nearest - the known word that a mistyped one was probably meant to be: for "unknown .., did you mean ..?". */
#ifndef CONF_NEAREST_H
#define CONF_NEAREST_H

#include <stddef.h>

#define NEAREST_WORD_MAX 40 /* longer words have no nearest one */

/* nearest_distance - letters to add, drop, change or swap with their neighbour (case is ignored) to make one of the other. */
size_t nearest_distance(const char *a, const char *b);

/* nearest_word - the nearest of n words, or NULL when none is near. */
const char *nearest_word(const char *word, const char *const *known, size_t n);

#endif
