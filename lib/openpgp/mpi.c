/* mpi - a count of bits in two octets, then the number. */
#include "openpgp/mpi.h"

#include "openpgp/frame.h"

static unsigned bits_of(struct span number)
{
    while (number.len > 0 && number.ptr[0] == 0)
        number = span_sub(number, 1, number.len);
    unsigned bits = (unsigned)number.len * 8;
    for (unsigned mask = 0x80; number.len > 0 && ((unsigned char)number.ptr[0] & mask) == 0; mask >>= 1)
        bits--;
    return bits;
}

bool mpi_take(struct span *rest, unsigned *bits_out)
{
    if (rest->len < 2)
        return false;
    size_t bits = frame_number(*rest, 2), octets = (bits + 7) / 8;
    if (bits > MPI_BITS_MAX || octets > rest->len - 2)
        return false;
    *bits_out = bits_of(span_sub(*rest, 2, octets));
    *rest = span_sub(*rest, 2 + octets, rest->len);
    return true;
}

bool mpi_are_all(struct span s, unsigned count)
{
    unsigned bits;
    for (; count > 0; count--)
        if (!mpi_take(&s, &bits))
            return false;
    return s.len == 0;
}
