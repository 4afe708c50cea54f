/* settings - the table of everything that can be set on this host, and its reader. */
#include "conf/settings.h"

#include "base/addr.h"
#include "base/io.h"
#include "base/text.h"
#include "conf/directory.h"
#include "conf/key_servers.h"
#include "conf/lex.h"
#include "conf/nearest.h"
#include "conf/network.h"
#include "conf/private_keys.h"
#include "conf/value.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SETTINGS_TEXT_MAX (1u << 20)
#define NOTICE_FROM_MAX   400
#define TAG_MAX           60 /* octets: a tag must fit a header line beside others (R3) */

static int check_socket(const char *text, struct err *err)
{
    const char *at = strchr(text, '@');
    if (strncmp(text, "unix:/", 6) == 0)
        return 0;
    if ((strncmp(text, "inet:", 5) == 0 || strncmp(text, "inet6:", 6) == 0) && at != NULL && at[1] != '\0') {
        unsigned long port = strtoul(strchr(text, ':') + 1, NULL, 10);
        if (port >= 1 && port <= 65535)
            return 0;
    }
    return err_set(err, ERR_CONFIG, "expected unix:/PATH, inet:PORT@HOST or inet6:PORT@HOST");
}

static int check_mode(const char *text, struct err *err)
{
    if (strlen(text) >= 3 && strlen(text) <= 4 && strspn(text, "01234567") == strlen(text))
        return 0;
    return err_set(err, ERR_CONFIG, "expected an octal mode such as 0660");
}

static int check_name(const char *text, struct err *err)
{
    if (*text == '\0' || strpbrk(text, " \t;()<>@,\"\\/") != NULL)
        return err_set(err, ERR_CONFIG, "expected a host name");
    return 0;
}

static int check_inject(const char *text, struct err *err)
{
    char host[256];
    unsigned port;
    return *text == '\0' ? 0 : endpoint_split(text, host, sizeof host, &port, err);
}

static int check_tag(const char *text, struct err *err)
{
    if (strlen(text) > TAG_MAX)
        return err_set(err, ERR_CONFIG, "expected at most %d bytes", TAG_MAX);
    if (*text != '\0' && span_trim(span_of(text)).len != strlen(text))
        return err_set(err, ERR_CONFIG, "expected no blanks at its ends");
    return 0;
}

/* "ADDRESS" or "Some words <ADDRESS>": words that need no quotes in a header field. */
static int check_notice_from(const char *text, struct err *err)
{
    char canonical[ADDR_MAX + 1];
    const char *open = strchr(text, '<');
    size_t words = open == NULL ? 0 : (size_t)(open - text);
    struct err why = ERR_INIT;
    if (!text_is_ascii(span_of(text)) || strlen(text) > NOTICE_FROM_MAX ||
        strcspn(text, "()<>[]:;@\\,.\"") < words || (open != NULL && text[strlen(text) - 1] != '>') ||
        addr_canonical(span_of(text + words), canonical, &why) < 0 || *canonical == '\0')
        return err_set(err, ERR_CONFIG,
                       "expected an address, or words and an address: Mail gateway <postmaster@example.org>");
    return 0;
}

#define NOTICE_FROM_DEFAULT "Mail gateway <postmaster@%s>"

/* One that mail can come from. */
static int check_host(const char *text, struct err *err)
{
    char from[NOTICE_FROM_MAX + 2];
    struct err why = ERR_INIT;
    if (check_name(text, err) < 0)
        return -1;
    (void)snprintf(from, sizeof from, NOTICE_FROM_DEFAULT, text);
    return check_notice_from(from, &why) == 0 ? 0 : err_set(err, ERR_CONFIG, "expected a host name");
}

static int check_log(const char *text, struct err *err)
{
    if (strcmp(text, "syslog") == 0 || strcmp(text, "stderr") == 0)
        return 0;
    return err_set(err, ERR_CONFIG, "expected syslog or stderr");
}

static int check_revocation(const char *text, struct err *err)
{
    static const char *const modes[] = {"off", "soft", "hard"};
    for (size_t i = 0; i < SEAL_COUNT(modes); i++)
        if (strcmp(text, modes[i]) == 0)
            return 0;
    return err_set(err, ERR_CONFIG, "expected off, soft or hard");
}

static int check_openpgp_trust(const char *text, struct err *err)
{
    static const char *const sources[] = {"hand", "wkd", "signed", "attached", "keyserver", "autocrypt"};
    for (size_t i = 0; i < SEAL_COUNT(sources); i++)
        if (strcmp(text, sources[i]) == 0)
            return 0;
    return err_set(err, ERR_CONFIG, "expected hand, wkd, signed, attached, keyserver or autocrypt");
}

static int check_header_protection(const char *text, struct err *err)
{
    static const char *const modes[] = {"no", "plain", "learned", "baseline"};
    for (size_t i = 0; i < SEAL_COUNT(modes); i++)
        if (strcmp(text, modes[i]) == 0)
            return 0;
    return err_set(err, ERR_CONFIG, "expected no, plain, learned or baseline");
}

static int check_log_level(const char *text, struct err *err)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    for (size_t i = 0; i < SEAL_COUNT(levels); i++)
        if (strcmp(text, levels[i]) == 0)
            return 0;
    return err_set(err, ERR_CONFIG, "expected error, warning, info or debug");
}

#define FIELD(member) offsetof(struct settings, member)
#define TEXT(name, member, fallback, check, meaning)                                                         \
    {                                                                                                        \
        name, VALUE_TEXT, FIELD(member), fallback, 0, 0, check, meaning                                      \
    }
#define PATH(name, member, fallback, needed, meaning)                                                        \
    {                                                                                                        \
        name, VALUE_PATH, FIELD(member), fallback, needed, 0, NULL, meaning                                  \
    }
#define NUMBER(name, type, member, fallback, min, max, meaning)                                              \
    {                                                                                                        \
        name, type, FIELD(member), fallback, min, max, NULL, meaning                                         \
    }
#define FLAG(name, member, fallback, meaning)                                                                \
    {                                                                                                        \
        name, VALUE_FLAG, FIELD(member), fallback, 0, 0, NULL, meaning                                       \
    }
#define LIST(name, member, check, meaning)                                                                   \
    {                                                                                                        \
        name, VALUE_LIST, FIELD(member), NULL, 0, 0, check, meaning                                          \
    }

/* The order of the manual page and of settings_print(). */
static const struct setting table[] = {
    PATH("state", state_dir, "/var/lib/sealmilter", 1, "folder of the store"),
    PATH("policy", policy_file, "/etc/sealmilter/policy.conf", 1, "the policy that sealadm loads by default"),
    PATH("master-key", master_key, NULL, 1,
         "file that unlocks the private keys; default: master.key in the state folder"),
    TEXT("key-process", keys.process, "start", private_keys_check_process,
         "sealkeyd, which holds the private keys: start = by the daemon, running = it has a unit of its own"),
    PATH("key-program", keys.program, SEAL_SBINDIR "/sealkeyd", 1, "the program sealkeyd"),
    PATH("key-socket", keys.socket, NULL, 1,
         "where sealkeyd is asked; default: sealkeyd.sock in the state folder"),
    TEXT("key-user", keys.user, "sealkeyd", NULL, "user that sealkeyd becomes; \"\" = stay who it is"),
    NUMBER("key-rate", VALUE_COUNT, keys.rate, "6000", 1, 10000000,
           "operations a minute with one private key"),
    TEXT("master-key-token", keys.master_token, "", private_keys_check_uri,
         "URI of a token's RSA or AES key that does the work of master-key; \"\" = there is none"),
    LIST("pkcs11-module", keys.pkcs11.modules, private_keys_check_module,
         "PKCS#11 libraries of tokens that hold private keys"),
    LIST("pkcs11-pin-files", keys.pkcs11.pin_words, NULL, "label of a token and file with its PIN, in turn"),
    NUMBER("pkcs11-timeout", VALUE_TIME, keys.pkcs11.timeout, "10s", 1, 120,
           "limit for one operation of a token"),
    TEXT("user", user, "sealmilter", NULL, "user to become; \"\" = stay who we are"),
    PATH("pid-file", pid_file, "", 0, "where the daemon writes its process id; \"\" = nowhere"),
    TEXT("socket", socket, "unix:/run/sealmilter/sealmilter.sock", check_socket,
         "where the MTA finds the milter"),
    TEXT("socket-mode", socket_mode, "0660", check_mode, "file mode of a unix socket"),
    TEXT("socket-group", socket_group, "", NULL, "group of a unix socket; \"\" = as it comes"),
    PATH("spool", spool_dir, "/run/sealmilter/spool", 1,
         "folder for messages that memory does not hold; tmpfs is fine"),
    NUMBER("spool-memory", VALUE_SIZE, spool_memory, "1M", 4u << 10, 1u << 30,
           "a message up to this size stays in memory"),
    NUMBER("message-size-limit", VALUE_SIZE, message_size_limit, "50M", 64u << 10, 2047u << 20,
           "what the MTA takes: as its own message_size_limit"),
    NUMBER("max-messages", VALUE_COUNT, workers_max, "200", 1, 100000,
           "messages worked on at once; above, the MTA is asked to come back"),
    TEXT("hostname", hostname, NULL, check_host, "name of this host; default: as the system says"),
    TEXT("authserv-id", authserv_id, NULL, check_name, "name in Authentication-Results; default: hostname"),
    TEXT("inject", inject, "", check_inject,
         "HOST:PORT where further copies are handed to the MTA; \"\" = no message is split"),
    NUMBER("inject-timeout", VALUE_TIME, inject_timeout, "60s", 1, 3600,
           "how long to wait for each answer there"),
    TEXT("notice-from", notice_from, NULL, check_notice_from,
         "who notices and reports come from; default: Mail gateway <postmaster@HOSTNAME>"),
    NUMBER("notice-rate", VALUE_COUNT, notice_rate, "20", 1, 1000000,
           "notices an hour of one rule to one address; more are dropped"),
    LIST("trusted-networks", trusted_networks, network_check, "clients from here submit mail"),
    LIST("submission-listeners", submission_listeners, listener_check,
         "whoever comes in by these submits mail"),
    LIST("inbound-listeners", inbound_listeners, listener_check, "nobody who comes in by these submits mail"),
    TEXT("tag-opened", tag_opened, "[secure]", check_tag,
         "in front of the Subject: was encrypted; \"\" = off"),
    TEXT("tag-signed", tag_signed, "[signed OK]", check_tag,
         "in front of the Subject: good signature of the sender; \"\" = off"),
    TEXT("tag-invalid", tag_invalid, "[signature invalid]", check_tag,
         "in front of the Subject: any other signature; \"\" = off"),
    TEXT("tag-unauthenticated", tag_unauthenticated, "[not authenticated]", check_tag,
         "in front of the Subject: was encrypted, nothing proves what it said; \"\" = off"),
    NUMBER("min-rsa-bits", VALUE_COUNT, min_rsa_bits, "2048", 1024, 16384, "shorter RSA keys are weak"),
    TEXT("revocation", revocation, "soft", check_revocation,
         "a revocation list that is missing or outdated: soft = tolerated, hard = not; off = no list counts"),
    FLAG("include-root", include_root, "no", "signatures carry the root certificate too"),
    NUMBER("signing-time-days", VALUE_COUNT, signing_time_days, "30", 1, 3650,
           "an older signing time is not good"),
    FLAG("match-dn-email", match_dn_email, "no", "an address in a certificate's subject name counts"),
    TEXT("header-protection", header_protection, "learned", check_header_protection,
         "header fields inside what is encrypted: no, plain, baseline = and the Subject hidden outside; "
         "learned = hidden from those who understand that"),
    FLAG("header-protection-signed", header_protection_signed, "no",
         "header fields inside what is only signed, too"),
    NUMBER("max-hidden", VALUE_COUNT, max_hidden, "20", 0, 1000,
           "hidden recipients that get encrypted copies of their own"),
    NUMBER("max-copies", VALUE_COUNT, max_copies, "100", 1, 1000,
           "copies of one message; above, it is deferred"),
    PATH("openpgp-gpg", openpgp.gpg, "/usr/bin/gpg", 0, "the program gpg; \"\" = no OpenPGP"),
    PATH("openpgp-agent", openpgp.agent, "/usr/bin/gpg-agent", 1, "the program gpg-agent"),
    PATH("openpgp-limiter", openpgp.limiter, SEAL_LIBEXECDIR "/sealmilter/seal-limit", 1,
         "the program seal-limit, which starts gpg under limits"),
    PATH("openpgp-home", openpgp.home, NULL, 1,
         "folder of the OpenPGP secret keys; default: gnupg in the state folder"),
    PATH("openpgp-scratch", openpgp.scratch, NULL, 1, "folder for what gpg reads; default: that of spool"),
    NUMBER("openpgp-processes", VALUE_COUNT, openpgp.processes, "4", 1, 1000, "gpg processes at once"),
    NUMBER("openpgp-timeout", VALUE_TIME, openpgp.timeout, "60s", 1, 3600,
           "a gpg that takes longer is ended"),
    FLAG("openpgp-inline", openpgp.in_text, "no",
         "OpenPGP that is the text of a message, without PGP/MIME, is opened too"),
    TEXT("openpgp-trust", openpgp.trust, "signed", check_openpgp_trust,
         "learned OpenPGP keys from here, or from a better source, are trusted; hand = none is"),
    LIST("openpgp-lookup", openpgp.lookup.words, key_servers_check,
         "who is asked for OpenPGP keys of recipients: wkd, wkd://, hkps://, hkp://, ldaps://, ldap://, "
         "directory; addresses behind one: for these alone"),
    PATH("openpgp-lookup-ca-file", openpgp.lookup.ca_file, "/etc/ssl/certs/ca-certificates.crt", 1,
         "certificates of those who vouch for key servers"),
    FLAG("openpgp-lookup-starttls", openpgp.lookup.starttls, "yes",
         "on ldap:// of openpgp-lookup, nothing is asked before StartTLS"),
    NUMBER("openpgp-lookup-timeout", VALUE_TIME, openpgp.lookup.timeout, "10s", 1, 120,
           "limit for all that one message asks of key servers"),
    NUMBER("openpgp-lookup-cache", VALUE_TIME, openpgp.lookup.cache, "1d", 0, 365 * 86400,
           "how old a key may be that was looked up, before it is looked up again"),
    NUMBER("openpgp-lookup-cache-negative", VALUE_TIME, openpgp.lookup.cache_negative, "1h", 0, 30 * 86400,
           "how long it holds that no server has a key"),
    NUMBER("openpgp-lookup-cache-stale", VALUE_TIME, openpgp.lookup.cache_stale, "1d", 0, 30 * 86400,
           "how long that may be used when a server cannot be asked"),
    LIST("directory", directory.uris, directory_check_uri,
         "directory servers, in the order in which they are asked: ldap://, ldaps://, ldapi://"),
    FLAG("directory-starttls", directory.starttls, "yes", "on ldap://, nothing is asked before StartTLS"),
    PATH("directory-ca-file", directory.ca_file, "/etc/ssl/certs/ca-certificates.crt", 1,
         "certificates of those who vouch for directory servers"),
    PATH("directory-cert", directory.cert, "", 0, "our certificate towards directory servers; \"\" = none"),
    PATH("directory-key", directory.key, "", 0, "its private key"),
    TEXT("directory-bind-dn", directory.bind_dn, "", NULL, "who we are for the directory; \"\" = anonymous"),
    PATH("directory-password-file", directory.password_file, "", 0,
         "file with the password of directory-bind-dn"),
    FLAG("directory-sasl-external", directory.sasl_external, "no",
         "directory servers know us by our certificate, or by our user on ldapi://"),
    TEXT("directory-base", directory.base, "", NULL, "below this, people are looked for"),
    TEXT("directory-filter", directory.filter, "", directory_check_filter,
         "which entries are people; \"\" = all that have the address"),
    LIST("directory-address-attributes", directory.addresses, directory_check_attribute,
         "attributes that hold mail addresses; default: mail"),
    TEXT("directory-group-base", directory.group_base, NULL, NULL,
         "below this, groups are looked for; default: directory-base"),
    TEXT("directory-nested", directory.nested, "walk", directory_check_nested,
         "groups in groups: walk, member-of, in-chain (Active Directory), no"),
    NUMBER("directory-timeout", VALUE_TIME, directory.timeout, "10s", 1, 120,
           "limit for all that one message asks of directory servers"),
    NUMBER("directory-connections", VALUE_COUNT, directory.connections, "8", 1, 1000,
           "connections to directory servers at a time"),
    NUMBER("directory-cache", VALUE_TIME, directory.cache, "5m", 0, 7 * 86400,
           "how long an answer of the directory holds"),
    NUMBER("directory-cache-negative", VALUE_TIME, directory.cache_negative, "1m", 0, 7 * 86400,
           "how long it holds that the directory does not know an address"),
    NUMBER("directory-cache-stale", VALUE_TIME, directory.cache_stale, "1h", 0, 30 * 86400,
           "how long an answer may be used when the directory cannot be asked"),
    TEXT("log", log, "syslog", check_log, "where the daemon logs: syslog, stderr"),
    TEXT("log-level", log_level, "info", check_log_level, "how much it logs: error, warning, info, debug"),
    FLAG("allow-old-libcrypto", allow_old_libcrypto, "no",
         "start although the OpenSSL library is older than 3.0.22"),
};

static const struct setting *find_setting(const char *name)
{
    for (size_t i = 0; i < SEAL_COUNT(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

static int unknown_name(const struct lex *lex, const struct token *at, struct err *err)
{
    const char *names[SEAL_COUNT(table)];
    char found[80];
    for (size_t i = 0; i < SEAL_COUNT(table); i++)
        names[i] = table[i].name;
    const char *near = nearest_word(at->text, names, SEAL_COUNT(names));
    const char *what = token_describe(at, found, sizeof found);
    if (near != NULL)
        return lex_error(lex, at, err, "found %s, which is no setting; did you mean '%s'?", what, near);
    return lex_error(lex, at, err, "found %s, which is no setting", what);
}

struct reader {
    struct lex lex;
    const struct token *at;
    struct arena *arena;
    struct settings *settings;
    unsigned lines[SEAL_COUNT(table)]; /* where each was set; 0: not yet */
};

static int read_list(struct reader *r, const struct setting *setting, struct err *err)
{
    size_t cap = 0;
    for (; !token_ends(r->at); r->at++) {
        struct err why = ERR_INIT;
        bool empty = r->at->kind == TOKEN_STRING && *r->at->text == '\0';
        if (token_is(r->at, ",") || empty)
            continue;
        if (r->at->kind == TOKEN_PUNCT)
            return lex_error(&r->lex, r->at, err, "found '%s', expected an item of the list", r->at->text);
        if (value_add(setting, r->settings, r->arena, &cap, r->at->text, &why) < 0)
            return lex_error(&r->lex, r->at, err, "%s: %s", setting->name, why.msg);
    }
    return 0;
}

/* One string, or everything from the first word to the last as it stands: `tag-signed = [signed OK]`. */
static int read_text(struct reader *r, const char **out, struct err *err)
{
    const struct token *first = r->at;
    while (!token_ends(r->at)) {
        if (r->at->kind == TOKEN_STRING && r->at != first)
            return lex_error(&r->lex, r->at, err, "found a string, expected the end of the line");
        r->at++;
        if (first->kind == TOKEN_STRING && !token_ends(r->at))
            return lex_error(&r->lex, r->at, err, "expected nothing behind the string");
    }
    const struct token *last = r->at - 1;
    if (last->line != first->line)
        return lex_error(&r->lex, last, err,
                         "a value stands on one line; one that ends in , or or is a string");
    size_t len = (size_t)(last->source.ptr + last->source.len - first->source.ptr);
    *out = first->kind == TOKEN_STRING ? first->text
                                       : arena_spandup(r->arena, (struct span){first->source.ptr, len});
    return 0;
}

static int read_value(struct reader *r, const struct setting *setting, struct err *err)
{
    const struct token *first = r->at;
    const char *text = NULL;
    if (token_ends(first))
        return lex_error(&r->lex, first, err, "expected a value for %s; \"\" is the empty one",
                         setting->name);
    if (setting->type == VALUE_LIST)
        return read_list(r, setting, err);
    if (read_text(r, &text, err) < 0)
        return -1;
    struct err why = ERR_INIT;
    if (value_set(setting, r->settings, r->arena, text, &why) < 0)
        return lex_error(&r->lex, first, err, "%s: %s", setting->name, why.msg);
    return 0;
}

static int read_setting(struct reader *r, struct err *err)
{
    char found[80];
    const struct token *name = r->at++;
    const struct setting *setting = name->kind == TOKEN_WORD ? find_setting(name->text) : NULL;
    if (setting == NULL)
        return unknown_name(&r->lex, name, err);
    unsigned *line = &r->lines[setting - table];
    if (*line != 0)
        return lex_error(&r->lex, name, err, "%s was set in line %u already", setting->name, *line);
    *line = name->line;
    if (!token_is(r->at, "="))
        return lex_error(&r->lex, r->at, err, "found %s, expected = behind %s",
                         token_describe(r->at, found, sizeof found), setting->name);
    r->at++;
    if (read_value(r, setting, err) < 0)
        return -1;
    if (r->at->kind == TOKEN_NEWLINE) /* else the file ended where a line goes on */
        r->at++;
    return 0;
}

static int set_defaults(struct settings *settings, struct arena *arena, struct err *err)
{
    for (size_t i = 0; i < SEAL_COUNT(table); i++)
        if (table[i].fallback != NULL && value_set(&table[i], settings, arena, table[i].fallback, err) < 0)
            return err_wrap(err, "default of %s", table[i].name);
    return 0;
}

/* Defaults that follow from other settings or from the system. */
static int set_late_defaults(struct settings *settings, struct arena *arena, struct err *err)
{
    char host[HOST_NAME_MAX + 1] = "";
    if (settings->master_key == NULL)
        settings->master_key = arena_printf(arena, "%s/master.key", settings->state_dir);
    if (settings->openpgp.home == NULL)
        settings->openpgp.home = arena_printf(arena, "%s/gnupg", settings->state_dir);
    if (settings->openpgp.scratch == NULL)
        settings->openpgp.scratch = settings->spool_dir;
    if (settings->hostname == NULL) {
        if (gethostname(host, sizeof host - 1) < 0 || *host == '\0')
            return err_set(err, ERR_CONFIG, "%s: this host has no name; set hostname", settings->path);
        settings->hostname = arena_strdup(arena, host);
    }
    if (settings->notice_from == NULL)
        settings->notice_from = arena_printf(arena, NOTICE_FROM_DEFAULT, settings->hostname);
    if (settings->authserv_id == NULL)
        settings->authserv_id = settings->hostname;
    if (directory_settle(settings, arena, err) < 0 || key_servers_settle(settings, arena, err) < 0)
        return -1;
    return private_keys_settle(settings, arena, err);
}

int settings_parse(struct arena *arena, const char *path, struct span text, struct settings **out,
                   struct err *err)
{
    struct reader r = {.arena = arena, .settings = arena_alloc(arena, sizeof *r.settings)};
    r.settings->path = arena_strdup(arena, path);
    if (set_defaults(r.settings, arena, err) < 0 || lex_text(arena, path, text, ",=", &r.lex, err) < 0)
        return -1;
    r.at = r.lex.tokens;
    while (r.at->kind != TOKEN_END)
        if (read_setting(&r, err) < 0)
            return -1;
    if (set_late_defaults(r.settings, arena, err) < 0)
        return -1;
    *out = r.settings;
    return 0;
}

int settings_load(struct arena *arena, const char *path, struct settings **out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(SETTINGS_TEXT_MAX);
    if (io_read_file(path, &text, err) < 0)
        return err->code == ERR_ABSENT ? err_wrap(err, "settings (an empty file will do)") : -1;
    return settings_parse(arena, path, buf_span(&text), out, err);
}

void settings_print(const struct settings *settings, struct buf *out)
{
    for (size_t i = 0; i < SEAL_COUNT(table); i++) {
        buf_printf(out, "# %s\n%s = ", table[i].meaning, table[i].name);
        value_print(&table[i], settings, out);
        buf_add_str(out, "\n\n");
    }
}
