/* cmd_user - whose mail is handled. */
#include "cli/certbook.h"

#include "base/json.h"
#include "store/pgp.h"

#include <string.h>

/* ---- one user ---- */

static bool has_address(const struct user_record *user, const char *addr)
{
    for (size_t i = 0; i < user->nmore; i++)
        if (strcmp(user->more[i], addr) == 0)
            return true;
    return strcmp(user->addr, addr) == 0;
}

static int add_addresses(struct cli *cli, struct user_record *user, const struct string_list *also,
                         struct err *err)
{
    const char **more = arena_array(cli->arena, user->nmore + also->n, sizeof *more);
    for (size_t i = 0; i < user->nmore; i++)
        more[i] = user->more[i];
    user->more = more;
    for (size_t i = 0; i < also->n; i++) {
        const char *addr;
        if (cli_address(cli, also->items[i], &addr, err) < 0)
            return -1;
        if (!has_address(user, addr))
            more[user->nmore++] = addr;
    }
    return 0;
}

static int drop_addresses(struct cli *cli, struct user_record *user, const struct string_list *gone,
                          struct err *err)
{
    for (size_t i = 0; i < gone->n; i++) {
        const char *addr;
        size_t kept = 0, before = user->nmore;
        if (cli_address(cli, gone->items[i], &addr, err) < 0)
            return -1;
        for (size_t k = 0; k < before; k++)
            if (strcmp(user->more[k], addr) != 0)
                user->more[kept++] = user->more[k];
        user->nmore = kept;
        if (kept == before)
            return err_set(err, ERR_ABSENT, "%s is no further address of %s", addr, user->addr);
    }
    return 0;
}

/* By any of his addresses. */
static int get_user(struct cli *cli, const char *text, struct user_record *out, struct err *err)
{
    const char *addr;
    if (cli_address(cli, text, &addr, err) < 0)
        return -1;
    switch (store_find_user(cli->read, addr, out, err)) {
    case FIND_FOUND:
        return 0;
    case FIND_ABSENT:
        return err_set(err, ERR_ABSENT, "%s is no user; sealadm user add %s", addr, addr);
    case FIND_FAILED:
        break;
    }
    return -1;
}

static const char *describe(struct cli *cli, const struct user_record *user)
{
    const char *name =
        *user->name == '\0' ? "" : arena_printf(cli->arena, " (%s)", cli_clean(cli, user->name));
    const char *more =
        user->nmore == 0 ? "" : arena_printf(cli->arena, ", also %s", cli_join(cli, user->more, user->nmore));
    return arena_printf(cli->arena, "%s%s%s", user->addr, name, more);
}

/* ---- add, change, disable, enable ---- */

static int check_new(struct cli *cli, const char *addr, struct err *err)
{
    struct user_record known;
    switch (store_find_user(cli->read, addr, &known, err)) {
    case FIND_ABSENT:
        return 0;
    case FIND_FOUND:
        return err_set(err, ERR_EXISTS, "%s is %s already; sealadm user change changes it", addr,
                       strcmp(known.addr, addr) == 0
                           ? "a user"
                           : arena_printf(cli->arena, "an address of %s", known.addr));
    case FIND_FAILED:
        break;
    }
    return -1;
}

struct users_keys {
    struct key_record *x509;
    struct pgp_own_record *openpgp;
    size_t nx509, nopenpgp, x509_cap, openpgp_cap;
};

static int add_keys_of(struct cli *cli, const char *addr, struct users_keys *all, struct err *err)
{
    struct key_record *x509;
    struct pgp_own_record *openpgp;
    size_t nx509, nopenpgp;
    if (store_keys_of(cli->read, addr, &x509, &nx509, err) < 0 ||
        store_pgp_own_of(cli->read, addr, &openpgp, &nopenpgp, err) < 0)
        return -1;
    for (size_t i = 0; i < nx509; i++) {
        all->x509 = arena_grow(cli->arena, all->x509, all->nx509, &all->x509_cap, sizeof *all->x509);
        all->x509[all->nx509++] = x509[i];
    }
    for (size_t i = 0; i < nopenpgp; i++) {
        all->openpgp =
            arena_grow(cli->arena, all->openpgp, all->nopenpgp, &all->openpgp_cap, sizeof *all->openpgp);
        all->openpgp[all->nopenpgp++] = openpgp[i];
    }
    return 0;
}

/* The keys of all his addresses. */
static int keys_of(struct cli *cli, const struct user_record *user, struct users_keys *out, struct err *err)
{
    *out = (struct users_keys){.nx509 = 0};
    for (size_t i = 0; i <= user->nmore; i++)
        if (add_keys_of(cli, i == 0 ? user->addr : user->more[i - 1], out, err) < 0)
            return -1;
    return 0;
}

static void say_next(struct cli *cli, const struct user_record *user, const struct users_keys *keys)
{
    if (keys->nx509 + keys->nopenpgp == 0)
        buf_printf(&cli->out, "next: sealadm key generate %s, or sealadm key import FILE --user %s\n",
                   user->addr, user->addr);
}

int cmd_user_add(struct cli *cli, int argc, char **argv, struct err *err)
{
    struct user_record user = {.name = "", .enabled = true, .created = cli->now};
    struct string_list also = {.n = 0};
    const struct cli_option options[] = {{.name = "--name", .value = &user.name},
                                         {.name = "--also", .many = &also}};
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 1, 1, err) < 0 ||
        cli_address(cli, argv[0], &user.addr, err) < 0 || cli_name(user.name, err) < 0 ||
        add_addresses(cli, &user, &also, err) < 0 || cli_open_store(cli, CLI_DROP, err) < 0 ||
        check_new(cli, user.addr, err) < 0 || store_put_user(cli->store, &user, err) < 0)
        return -1;
    struct users_keys keys;
    if (keys_of(cli, &user, &keys, err) < 0)
        return -1;
    buf_printf(&cli->out, "user %s is added\n", describe(cli, &user));
    say_next(cli, &user, &keys);
    return 0;
}

int cmd_user_change(struct cli *cli, int argc, char **argv, struct err *err)
{
    const char *name = NULL;
    struct string_list also = {.n = 0}, gone = {.n = 0};
    struct user_record user;
    const struct cli_option options[] = {{.name = "--name", .value = &name},
                                         {.name = "--also", .many = &also},
                                         {.name = "--not", .many = &gone}};
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 1, 1, err) < 0)
        return -1;
    if (name == NULL && also.n == 0 && gone.n == 0)
        return err_set(err, ERR_USAGE, "nothing to change");
    if ((name != NULL && cli_name(name, err) < 0) || cli_open_store(cli, CLI_DROP, err) < 0 ||
        get_user(cli, argv[0], &user, err) < 0)
        return -1;
    if (name != NULL)
        user.name = name;
    if (add_addresses(cli, &user, &also, err) < 0 || drop_addresses(cli, &user, &gone, err) < 0 ||
        store_put_user(cli->store, &user, err) < 0)
        return -1;
    buf_printf(&cli->out, "user %s is changed\n", describe(cli, &user));
    return 0;
}

enum state {
    STATE_DISABLED,
    STATE_ENABLED
};

static int set_state(struct cli *cli, int argc, char **argv, enum state state, struct err *err)
{
    struct user_record user;
    if (cli_operands(cli, NULL, 0, &argc, argv, 1, 1, err) < 0 || cli_open_store(cli, CLI_DROP, err) < 0 ||
        get_user(cli, argv[0], &user, err) < 0)
        return -1;
    user.enabled = state == STATE_ENABLED;
    if (store_put_user(cli->store, &user, err) < 0)
        return -1;
    buf_printf(&cli->out, "user %s is %s\n", user.addr,
               user.enabled ? "enabled" : "disabled: his mail passes unchanged");
    return 0;
}

int cmd_user_disable(struct cli *cli, int argc, char **argv, struct err *err)
{
    return set_state(cli, argc, argv, STATE_DISABLED, err);
}

int cmd_user_enable(struct cli *cli, int argc, char **argv, struct err *err)
{
    return set_state(cli, argc, argv, STATE_ENABLED, err);
}

/* ---- list, show ---- */

static void write_user(struct cli *cli, struct json *json, const struct user_record *user)
{
    json_string(json, "address", user->addr);
    json_string(json, "name", user->name);
    json_bool(json, "enabled", user->enabled);
    json_array_begin(json, "also");
    for (size_t i = 0; i < user->nmore; i++)
        json_string(json, NULL, user->more[i]);
    json_array_end(json);
    json_string(json, "created", cli_time(cli, user->created));
}

int cmd_user_list(struct cli *cli, int argc, char **argv, struct err *err)
{
    const struct cli_option options[] = {CLI_JSON_OPTION(cli)};
    struct user_record *users;
    size_t n;
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 0, 0, err) < 0 ||
        cli_open_store(cli, CLI_DROP, err) < 0 || store_users(cli->read, &users, &n, err) < 0)
        return -1;
    if (!cli->json) {
        for (size_t i = 0; i < n; i++)
            buf_printf(&cli->out, "%-8s  %s\n", users[i].enabled ? "enabled" : "disabled",
                       describe(cli, &users[i]));
        return 0;
    }
    struct json json = JSON_INIT(&cli->out);
    json_object_begin(&json, NULL);
    json_array_begin(&json, "users");
    for (size_t i = 0; i < n; i++) {
        json_object_begin(&json, NULL);
        write_user(cli, &json, &users[i]);
        json_object_end(&json);
    }
    json_array_end(&json);
    json_object_end(&json);
    return 0;
}

static void print_user(struct cli *cli, const struct user_record *user, const struct users_keys *keys)
{
    buf_printf(&cli->out, "address: %s\nname: %s\nalso: %s\nstate: %s\nadded: %s\n", user->addr,
               cli_clean(cli, user->name), cli_join(cli, user->more, user->nmore),
               user->enabled ? "enabled" : "disabled", cli_date(cli, user->created));
    for (size_t i = 0; i < keys->nx509; i++)
        buf_printf(&cli->out, "key: %.16s of %s\n", keys->x509[i].fingerprint, keys->x509[i].owner);
    for (size_t i = 0; i < keys->nopenpgp; i++)
        buf_printf(&cli->out, "OpenPGP key: %s of %s\n", keys->openpgp[i].fingerprint,
                   keys->openpgp[i].owner);
    say_next(cli, user, keys);
}

int cmd_user_show(struct cli *cli, int argc, char **argv, struct err *err)
{
    const struct cli_option options[] = {CLI_JSON_OPTION(cli)};
    struct user_record user;
    struct users_keys keys;
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 1, 1, err) < 0 ||
        cli_open_store(cli, CLI_DROP, err) < 0 || get_user(cli, argv[0], &user, err) < 0 ||
        keys_of(cli, &user, &keys, err) < 0)
        return -1;
    if (!cli->json) {
        print_user(cli, &user, &keys);
        return 0;
    }
    struct json json = JSON_INIT(&cli->out);
    json_object_begin(&json, NULL);
    write_user(cli, &json, &user);
    json_array_begin(&json, "keys");
    for (size_t i = 0; i < keys.nx509; i++)
        json_string(&json, NULL, keys.x509[i].fingerprint);
    json_array_end(&json);
    json_array_begin(&json, "openpgp_keys");
    for (size_t i = 0; i < keys.nopenpgp; i++)
        json_string(&json, NULL, keys.openpgp[i].fingerprint);
    json_array_end(&json);
    json_object_end(&json);
    return 0;
}
