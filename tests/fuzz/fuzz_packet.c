/* fuzz_packet - any octets looked at as packets: what is said of them holds, and what counts as encrypted is so in every octet. */
#include "openpgp/frame.h"
#include "openpgp/packet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* A second reading: the container is the last packet, and nothing but session keys and markers stands before it. */
static void check_encrypted(struct span packets)
{
    struct frame frame;
    bool container = false;
    while (packets.len > 0) {
        must(frame_next(&packets, &frame) == FRAME_FOUND);
        must(!container || frame.tag == FRAME_MARKER);
        container |= frame.tag == FRAME_SED || frame.tag == FRAME_SEIPD || frame.tag == FRAME_OCB;
        must(container || frame.tag == FRAME_PKESK || frame.tag == FRAME_SKESK || frame.tag == FRAME_MARKER);
    }
    must(container);
}

static void check(struct span packets, const struct pgp_outside *outside)
{
    must(outside->kind != PGP_KIND_NONE || outside->why != NULL);
    must(outside->kind != PGP_KIND_ENCRYPTED || outside->supported || outside->why != NULL);
    must(outside->nkeyids <= 50);
    for (size_t i = 0; i < outside->nkeyids; i++)
        must(strlen(outside->keyids[i]) == PGP_KEYID_SIZE - 1);
    if (outside->kind == PGP_KIND_ENCRYPTED)
        check_encrypted(packets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct pgp_limits limits = {200, 1000, 50, 20};
    struct span packets = {(const char *)data, size};
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(1u << 20);
    struct err err = ERR_INIT;
    struct pgp_outside outside;
    if (pgp_look(arena, packets, &limits, &outside, &err) == 0)
        check(packets, &outside);
    else
        must(err.code == ERR_LIMIT);
    return 0;
}
