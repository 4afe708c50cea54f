/* armour - an encrypted message of OpenPGP: tests/data/openpgp/message-alice.asc. */
#ifndef SUPPORT_ARMOUR_H
#define SUPPORT_ARMOUR_H

#define PGP_ARMOUR                                                                                           \
    "-----BEGIN PGP MESSAGE-----\n"                                                                          \
    "\n"                                                                                                     \
    "hF4DISXWMRTiTicSAQdAimZTbsquqKJfF5kHda7hRi1yFdB8BKdQX8yIjXsMWX4w\n"                                     \
    "lMpAB+BJ1psPs3seiJLY+psqf+YNt8hoXk0bqNSh8a8I7mOtFY3iqdifdxp6kCRt\n"                                     \
    "0lABIsY8fNNvMdaUWMKlZ3daimXASPjvDgPHXtSZuOb5/A6fyWQkRTt02tBySP8Z\n"                                     \
    "poLDM9NeZNF3t2uWT5bJGFWBEiu4GER3zH358YgpEcsjlA==\n"                                                     \
    "=awvX\n"                                                                                                \
    "-----END PGP MESSAGE-----\n"

#endif
