/* names - what has a name of its own and stands in sets: the words, for reading and for printing. Private to policy/. */
#ifndef POLICY_NAMES_H
#define POLICY_NAMES_H

struct names {
    const char *(*name)(unsigned value);
    unsigned first, last; /* values: BIT()s of a condition's set */
    const char *expected; /* "smime or openpgp" */
};
extern const struct names direction_names, party_names, layer_names, method_names, signature_names,
    priority_names, sensitivity_names, trait_names;

#endif
