/*
 * settings - /etc/sealmilter/sealmilter.conf: this host. One typed table gives names, types, defaults, ranges and texts.
 *
 *     name = value          # comment
 *
 * Unknown names, wrong types and values out of range are errors with file:line:column, what was found and what could stand there.
 */
#ifndef CONF_SETTINGS_H
#define CONF_SETTINGS_H

#include "base/arena.h"
#include "base/buf.h"

struct string_list {
    const char **items;
    size_t n;
};

/* The directory that groups and attributes are asked of; seal-policy(5) says which. */
struct directory_settings {
    struct string_list uris;      /* directory = URI .. : none = there is no directory */
    bool starttls;                /* directory-starttls = yes: on ldap:// */
    const char *ca_file;          /* directory-ca-file: who vouches for the servers */
    const char *cert, *key;       /* directory-cert, directory-key: ours, for SASL EXTERNAL; "" = none */
    const char *bind_dn;          /* directory-bind-dn = "" (anonymous) */
    const char *password_file;    /* directory-password-file */
    bool sasl_external;           /* directory-sasl-external = no */
    const char *base;             /* directory-base: where the entries of people are */
    const char *filter;           /* directory-filter = "" : which of them count */
    struct string_list addresses; /* directory-address-attributes = mail */
    const char *group_base;       /* directory-group-base = directory-base */
    const char *nested;           /* directory-nested = walk | member-of | in-chain | no */
    unsigned timeout;             /* directory-timeout = 10s: for all that one message asks */
    unsigned connections;         /* directory-connections = 8 at most, over all servers */
    unsigned cache;               /* directory-cache = 5m: what was found */
    unsigned cache_negative;      /* directory-cache-negative = 1m: that there is nothing */
    unsigned cache_stale;         /* directory-cache-stale = 1h: both, while no server answers */
};

enum key_server_kind {
    KEY_SERVER_WKD, /* Web Key Directory */
    KEY_SERVER_HKP,
    KEY_SERVER_LDAP
};

/* Who is asked for OpenPGP keys: an entry of openpgp-lookup. */
struct key_server {
    enum key_server_kind kind;
    const char *name; /* as the settings write it: "wkd", "hkps://keys.example" */
    const char *base; /* "https://keys.example:443"; NULL: the directory of the address's own domain */
    const struct directory_settings *directory; /* KEY_SERVER_LDAP: how it is asked, and below what */
    struct string_list patterns; /* of addresses, as addr_matches() takes them; none: all addresses */
};

/* Look-ups of OpenPGP keys: fetch/lookup.h. */
struct lookup_settings {
    struct string_list words;   /* openpgp-lookup = SERVER PATTERN .. SERVER ..: none = no look-ups */
    struct key_server *servers; /* what the words say */
    size_t nservers;
    const char *ca_file;     /* openpgp-lookup-ca-file: who vouches for the servers */
    bool starttls;           /* openpgp-lookup-starttls = yes: on ldap:// */
    unsigned timeout;        /* openpgp-lookup-timeout = 10s: for all that one message asks */
    unsigned cache;          /* openpgp-lookup-cache = 1d: before a key that was found is looked up again */
    unsigned cache_negative; /* openpgp-lookup-cache-negative = 1h: that there is no key */
    unsigned cache_stale;    /* openpgp-lookup-cache-stale = 1d: that, while a server cannot be asked */
};

/* gpg and its agent: openpgp/engine.h. */
struct openpgp_settings {
    const char *gpg;     /* openpgp-gpg = /usr/bin/gpg; "" = no OpenPGP */
    const char *agent;   /* openpgp-agent = /usr/bin/gpg-agent */
    const char *limiter; /* openpgp-limiter = where it was installed */
    const char *home;    /* openpgp-home = <state>/gnupg: of the agent */
    const char *scratch; /* openpgp-scratch = <spool>: small homes of gpg are made here */
    unsigned processes;  /* openpgp-processes = 4 at once */
    unsigned timeout;    /* openpgp-timeout = 60s for one operation */
    bool in_text;        /* openpgp-inline = no: R14 */
    const char *trust;   /* openpgp-trust = signed: hand | wkd | signed | attached | keyserver | autocrypt */
    struct lookup_settings lookup;
};

struct pin_file {
    const char *token; /* its label */
    const char *path;
};

/* Tokens that hold private keys: token/pkcs11.h. */
struct pkcs11_settings {
    struct string_list modules;   /* pkcs11-module = PATH ..: none = no tokens */
    struct string_list pin_words; /* pkcs11-pin-files = LABEL FILE .. */
    struct pin_file *pins;        /* what the words say */
    size_t npins;
    unsigned timeout; /* pkcs11-timeout = 10s: for one operation */
};

/* The process that holds the private keys: sealkeyd(8). */
struct key_settings {
    const char *process;      /* key-process = start | running */
    const char *program;      /* key-program = where it was installed */
    const char *socket;       /* key-socket = <state>/sealkeyd.sock */
    const char *user;         /* key-user = sealkeyd; "" = stay who we are */
    unsigned rate;            /* key-rate = 6000 operations a minute with one key */
    const char *master_token; /* master-key-token = URI; "" = the file master-key */
    struct pkcs11_settings pkcs11;
};

struct settings {
    const char *path;         /* of the file that was read */
    const char *state_dir;    /* state = /var/lib/sealmilter */
    const char *policy_file;  /* policy = /etc/sealmilter/policy.conf */
    const char *master_key;   /* master-key = <state>/master.key, or a systemd credential's path */
    const char *socket;       /* socket = unix:/run/sealmilter/sealmilter.sock | inet:PORT@HOST */
    const char *socket_mode;  /* socket-mode = 0660 */
    const char *socket_group; /* socket-group = "" (leave) */
    const char *user;         /* user = sealmilter; "" = stay who we are */
    const char *pid_file;     /* pid-file = "" (none) */
    const char *spool_dir;    /* spool = /run/sealmilter/spool */
    size_t spool_memory;      /* spool-memory = 1M */
    size_t
        message_size_limit; /* message-size-limit = 50M: what the MTA takes; results above are refused before anything is sent */
    const char *hostname;    /* hostname = this host's name */
    const char *authserv_id; /* authserv-id = hostname */
    const char *
        inject; /* inject = HOST:PORT of the re-injection listener; "" = none: a message that must be split is deferred */
    unsigned inject_timeout; /* inject-timeout = 60s for each answer */
    const char *notice_from; /* notice-from = Mail gateway <postmaster@hostname>: who notices come from */
    unsigned notice_rate;    /* notice-rate = 20: notices an hour of one rule to one address */
    struct string_list trusted_networks; /* trusted-networks = CIDR .. : submission, SUBMITTER_NETWORK */
    struct string_list
        submission_listeners; /* submission-listeners = [ADDR:]PORT or {daemon_name} .. : submission */
    struct string_list
        inbound_listeners; /* inbound-listeners = [ADDR:]PORT or name .. : never submission, whoever connects */
    const char *tag_opened;          /* tag-opened = [secure] */
    const char *tag_signed;          /* tag-signed = [signed OK] */
    const char *tag_invalid;         /* tag-invalid = [signature invalid] ; "" = off */
    const char *tag_unauthenticated; /* tag-unauthenticated = [not authenticated] */
    unsigned min_rsa_bits;           /* min-rsa-bits = 2048: below is weak */
    const char *revocation;          /* revocation = soft: off | soft | hard */
    bool include_root;               /* include-root = no */
    const char *header_protection;   /* header-protection = learned: no | plain | learned | baseline */
    bool header_protection_signed;   /* header-protection-signed = no */
    unsigned max_hidden;             /* max-hidden = 20 */
    unsigned max_copies;             /* max-copies = 100 */
    unsigned signing_time_days;      /* signing-time-days = 30: R12 */
    bool match_dn_email;             /* match-dn-email = no: R8 */
    const char *log;                 /* log = syslog | stderr */
    const char *log_level;           /* log-level = info */
    bool allow_old_libcrypto;        /* allow-old-libcrypto = no: R34 */
    struct key_settings keys;
    struct openpgp_settings openpgp;
    struct directory_settings directory;
    unsigned workers_max; /* max-messages = 200: messages worked on at once; above: tempfail */
};

/* settings_load - read a file; everything lives in arena. ERR_CONFIG with "file:line:column: ...", ERR_ABSENT, ERR_IO. */
int settings_load(struct arena *arena, const char *path, struct settings **out, struct err *err) SEAL_CHECKED;
/* settings_parse - the same for text that is at hand. */
int settings_parse(struct arena *arena, const char *path, struct span text, struct settings **out,
                   struct err *err) SEAL_CHECKED;
/* settings_print - every setting with its value and its one-line meaning, as a file that can be read again. */
void settings_print(const struct settings *settings, struct buf *out);

#endif
