/* private_keys - settings of sealkeyd and of tokens. */
#include "conf/private_keys.h"

#include <string.h>
#include <sys/un.h>

int private_keys_check_process(const char *text, struct err *err)
{
    if (strcmp(text, "start") == 0 || strcmp(text, "running") == 0)
        return 0;
    return err_set(err, ERR_CONFIG, "expected start or running");
}

int private_keys_check_module(const char *text, struct err *err)
{
    return *text == '/' ? 0 : err_set(err, ERR_CONFIG, "expected a path that begins with /");
}

int private_keys_check_uri(const char *text, struct err *err)
{
    if (*text == '\0' || strncmp(text, "pkcs11:", 7) == 0)
        return 0;
    return err_set(err, ERR_CONFIG, "expected pkcs11: and the attributes of a key (RFC 7512)");
}

/* The words of pkcs11-pin-files: label and file in turn. */
static int settle_pins(struct key_settings *keys, struct arena *arena, struct err *err)
{
    const struct string_list *words = &keys->pkcs11.pin_words;
    keys->pkcs11.npins = words->n / 2;
    keys->pkcs11.pins = arena_array(arena, keys->pkcs11.npins, sizeof *keys->pkcs11.pins);
    for (size_t i = 0; i < words->n; i += 2) {
        if (i + 1 == words->n || words->items[i + 1][0] != '/')
            return err_set(err, ERR_CONFIG,
                           "pkcs11-pin-files: expected the path of a file behind the token label %s",
                           words->items[i]);
        keys->pkcs11.pins[i / 2] = (struct pin_file){words->items[i], words->items[i + 1]};
    }
    return 0;
}

int private_keys_settle(struct settings *settings, struct arena *arena, struct err *err)
{
    struct key_settings *keys = &settings->keys;
    if (keys->socket == NULL)
        keys->socket = arena_printf(arena, "%s/sealkeyd.sock", settings->state_dir);
    if (strlen(keys->socket) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
        return err_set(err, ERR_CONFIG, "key-socket: %s: too long for the name of a socket", keys->socket);
    if (*keys->master_token != '\0' && keys->pkcs11.modules.n == 0)
        return err_set(err, ERR_CONFIG, "master-key-token: set pkcs11-module too");
    if (settle_pins(keys, arena, err) < 0)
        return err_wrap(err, "%s", settings->path);
    return 0;
}
