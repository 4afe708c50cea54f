/* port - reserved by a name that ends with the process, as tests/e2e/harness/lab.py does. */
#include "support/port.h"

#include "base/mem.h"
#include "support/check.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST 20000u
#define COUNT 12000u /* clients' ports begin at 32768 */

/* The socket stays open. */
static bool reserve(unsigned port)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int n = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "seal-test-port-%u", port);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    if (bind(fd, (const struct sockaddr *)&name,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)) == 0)
        return true;
    close(fd);
    return false;
}

static bool is_free(unsigned port)
{
    const struct sockaddr_in addr = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    SEAL_CLEANUP(mem_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)), 0);
    return bind(fd, (const struct sockaddr *)&addr, sizeof addr) == 0;
}

unsigned port_take(void)
{
    for (unsigned i = 0; i < COUNT; i++) {
        unsigned port = FIRST + ((unsigned)getpid() * 97u + i) % COUNT;
        if (reserve(port) && is_free(port))
            return port;
    }
    ck_abort_msg("no free port");
    return 0;
}
