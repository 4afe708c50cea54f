/* mpi - whole numbers in packets. source RFC 9580 3.2 */
#ifndef OPENPGP_MPI_H
#define OPENPGP_MPI_H

#include "base/mem.h"

#define MPI_BITS_MAX 16384 /* as gpg */

/* mpi_take - the number at the front of rest, which is cut to what stands behind it. bits_out: as many as it has, whatever it says. */
bool mpi_take(struct span *rest, unsigned *bits_out);
/* mpi_are_all - so many numbers, and nothing behind. */
bool mpi_are_all(struct span s, unsigned count);

#endif
