/* own_pgp - OpenPGP secret keys of users: made, or brought in. */
#include "cli/own_pgp.h"

#include "cli/apart.h"
#include "cli/keys.h"
#include "cli/secrets.h"
#include "gate/pgp_keys.h"
#include "openpgp/features.h"
#include "token/holder.h"
#include "token/wrap.h"

#include <string.h>

/* A key that is on its way into the store. */
struct coming {
    struct pgp_engine *engine;
    struct holder *holder; /* who wraps the passphrase */
    struct secret passphrase;
    struct pgp_key key;
    const char *owner;
};

static void coming_fini(struct coming *coming)
{
    holder_free(&coming->holder);
    secret_fini(&coming->passphrase);
    pgp_engine_close(&coming->engine);
}

static int coming_init(struct cli *cli, struct coming *coming, struct err *err)
{
    if (secrets_open_holder(cli, &coming->holder, err) < 0 ||
        pgp_own_passphrase(&coming->passphrase, err) < 0)
        return -1;
    return pgpbook_engine(cli, NULL, &coming->engine, err);
}

/* Of a key whose primary part is kept elsewhere, only the others are here. */
static void find_parts(struct cli *cli, const struct pgp_key *key, struct pgp_own_record *own)
{
    own->grips = arena_array(cli->arena, key->nsubkeys, sizeof *own->grips);
    for (size_t i = 0; i < key->nsubkeys; i++)
        if (own_pgp_has_part(cli->settings, key->subkeys[i].keygrip))
            own->grips[own->ngrips++] = key->subkeys[i].keygrip;
}

/* ---- into the store ---- */

static int put_own(struct cli *cli, struct coming *coming, struct err *err)
{
    const struct pgp_key *key = &coming->key;
    SEAL_CLEANUP(secret_fini) struct secret secret = {.ptr = NULL};
    SEAL_CLEANUP(buf_fini) struct buf wrapped = BUF_INIT(WRAP_MAX);
    if (pgp_own_export(coming->engine, key->fingerprint, key->bytes, &coming->passphrase, &secret, err) < 0 ||
        holder_keep_secret(coming->holder, coming->owner, key->fingerprint, &coming->passphrase, &wrapped,
                           err) < 0)
        return -1;
    struct pgp_own_record own = {.fingerprint = key->fingerprint,
                                 .owner = coming->owner,
                                 .wrapped = buf_span(&wrapped),
                                 .secret = {(const char *)secret.ptr, secret.len},
                                 .created = key->created};
    find_parts(cli, key, &own);
    return store_put_pgp_own(cli->store, &own, err);
}

static int put_public(struct cli *cli, struct coming *coming, struct pgp_record *out, struct err *err)
{
    const struct pgpbook_terms terms = {
        .source = PGP_SOURCE_OWN, .trust = TRUST_TRUSTED, .also_for = coming->owner};
    return pgpbook_put(cli, coming->engine, &coming->key, &terms, out, err);
}

static void warn_of_aead(struct cli *cli, const struct pgp_key *key)
{
    if (pgp_key_asks_for_aead(key->bytes))
        buf_add_str(&cli->out,
                    "warning: it asks others for OCB, which is not opened here: sealadm(8), key import\n");
}

static int put(struct cli *cli, struct coming *coming, struct err *err)
{
    struct pgp_record record;
    if (put_public(cli, coming, &record, err) < 0 || put_own(cli, coming, err) < 0)
        return -1;
    buf_printf(&cli->out, "OpenPGP key %s of %s: %s, %s\n", record.fingerprint, coming->owner,
               pgpbook_key_text(cli, &record), pgpbook_until_text(cli, &record));
    if (*coming->owner != '@' && !pgp_record_names(&record, coming->owner))
        buf_printf(&cli->out, "warning: no User-ID names %s: it opens mail but signs nothing\n",
                   coming->owner);
    if (!pgp_record_signs(&record, cli->now) && !pgp_record_encrypts(&record, cli->now))
        buf_add_str(&cli->out, "warning: it has ended: it opens old mail only\n");
    warn_of_aead(cli, &coming->key);
    return keys_say_next(cli, coming->owner, err);
}

/* A secret key that did not get its record would be of no use to anybody. */
static int put_or_undo(struct cli *cli, struct coming *coming, struct err *err)
{
    struct err undo = ERR_INIT;
    if (put(cli, coming, err) == 0)
        return 0;
    if (pgp_own_delete(coming->engine, coming->key.fingerprint, coming->key.bytes, &undo) < 0)
        buf_printf(&cli->out, "warning: its secret key stays in %s: %s\n", cli->settings->openpgp.home,
                   undo.msg);
    return -1;
}

/* ---- generate ---- */

static int user_name(struct cli *cli, const char *addr, const char **out, struct err *err)
{
    struct user_record user = {.name = ""};
    enum find found = store_find_user(cli->read, addr, &user, err);
    *out = found == FIND_FOUND ? user.name : "";
    return found == FIND_FAILED ? -1 : 0;
}

int own_pgp_generate(struct cli *cli, const char *owner, enum pgp_key_kind kind, int64_t expires,
                     struct err *err)
{
    SEAL_CLEANUP(coming_fini) struct coming coming = {.owner = owner};
    const char *addr = *owner == '@' ? NULL : owner, *name = owner + 1;
    if ((addr != NULL && user_name(cli, addr, &name, err) < 0) || coming_init(cli, &coming, err) < 0 ||
        pgp_own_generate(coming.engine, cli->arena, name, addr, kind, expires, &coming.passphrase,
                         &coming.key, err) < 0)
        return -1;
    return put_or_undo(cli, &coming, err);
}

/* ---- import ---- */

static const char *only_address(const struct pgp_record *record)
{
    const char *only = NULL;
    for (size_t i = 0; i < record->nnamed; i++) {
        if (*record->named[i] == '\0' || (only != NULL && strcmp(only, record->named[i]) == 0))
            continue;
        if (only != NULL)
            return NULL;
        only = record->named[i];
    }
    return only;
}

static int choose_owner(struct cli *cli, const struct pgp_key *key, const char *asked, struct coming *coming,
                        struct err *err)
{
    const struct pgp_record record = pgp_keys_record(cli->arena, key);
    coming->owner = asked != NULL ? asked : only_address(&record);
    if (coming->owner != NULL)
        return 0;
    return err_set(err, ERR_USAGE, "the key names %s; say whose it is: --user ADDR",
                   record.nnamed == 0 ? "no address" : cli_join(cli, record.named, record.nnamed));
}

/* Its secret parts stay as they are: the agent has them under a passphrase of their own. */
static int refresh(struct cli *cli, struct coming *coming, const struct pgp_own_record *known,
                   struct err *err)
{
    struct pgp_record record;
    size_t others = 0;
    if (put_public(cli, coming, &record, err) < 0)
        return -1;
    for (size_t i = 0; i < coming->key.nsubkeys; i++)
        others += !own_pgp_names_part(known, coming->key.subkeys[i].keygrip);
    buf_printf(&cli->out, "OpenPGP key %s of %s is here already; its public part is brought up to date\n",
               known->fingerprint, known->owner);
    if (others > 0)
        buf_printf(&cli->out, "warning: %zu subkeys are not here, and are not brought in\n", others);
    warn_of_aead(cli, &coming->key);
    return 0;
}

/* With the passphrase from a file; else without, and then with one from the terminal, which *passphrase is then. */
static int look(struct cli *cli, struct span bytes, struct secret *passphrase, struct pgp_key *out,
                struct err *err)
{
    SEAL_CLEANUP(apart_fini) struct apart apart = {.home = ""};
    SEAL_CLEANUP(secret_fini) struct secret anew = {.ptr = NULL};
    if (apart_init(cli, &apart, err) < 0 || pgp_own_passphrase(&anew, err) < 0)
        return -1;
    const struct secret *given = passphrase->len > 0 ? passphrase : NULL;
    if (pgp_own_import(apart.engine, cli->arena, bytes, given, &anew, out, err) == 0)
        return 0;
    if (given != NULL || err->code != ERR_PASSPHRASE)
        return -1;
    err_clear(err);
    if (secrets_ask("Passphrase of the key: ", ASK_ONCE, passphrase, err) < 0)
        return -1;
    return pgp_own_import(apart.engine, cli->arena, bytes, passphrase, &anew, out, err);
}

static int bring_in(struct cli *cli, struct span bytes, const struct secret *passphrase, const char *asked,
                    struct coming *coming, struct err *err)
{
    if (choose_owner(cli, &coming->key, asked, coming, err) < 0 ||
        pgp_own_import(coming->engine, cli->arena, bytes, passphrase->len > 0 ? passphrase : NULL,
                       &coming->passphrase, &coming->key, err) < 0)
        return -1;
    return put_or_undo(cli, coming, err);
}

int own_pgp_import(struct cli *cli, struct span bytes, struct secret *passphrase, const char *owner,
                   struct err *err)
{
    SEAL_CLEANUP(coming_fini) struct coming coming = {.owner = owner};
    struct pgp_own_record known;
    if (look(cli, bytes, passphrase, &coming.key, err) < 0 || coming_init(cli, &coming, err) < 0)
        return -1;
    switch (store_find_pgp_own(cli->read, coming.key.fingerprint, &known, err)) {
    case FIND_FAILED:
        return -1;
    case FIND_ABSENT:
        return bring_in(cli, bytes, passphrase, owner, &coming, err);
    case FIND_FOUND:
        break;
    }
    if (owner != NULL && strcmp(owner, known.owner) != 0)
        return err_set(err, ERR_EXISTS, "the key is here already and belongs to %s", known.owner);
    coming.owner = known.owner;
    return refresh(cli, &coming, &known, err);
}
