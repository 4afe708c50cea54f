/* fuzz_wire - what the key socket's reader takes is what its writer would have written: there is one packet for one meaning. */
#include "token/wire.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be(const struct buf *again, struct span packet)
{
    if (again->len != packet.len || memcmp(again->ptr, packet.ptr, packet.len) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = ERR_INIT;
    struct span packet = {(const char *)data, size};
    SEAL_CLEANUP(buf_fini) struct buf again = BUF_INIT(WIRE_MAX);
    struct wire_question question;
    struct wire_answer answer;
    if (wire_read_question(packet, &question, &err) == 0) {
        if (wire_write_question(&question, &again, &err) < 0)
            abort();
        must_be(&again, packet);
    }
    buf_clear(&again);
    err_clear(&err);
    if (wire_read_answer(packet, &answer, &err) == 0) {
        if (wire_write_answer(&answer, &again, &err) < 0)
            abort();
        must_be(&again, packet);
    }
    return 0;
}
