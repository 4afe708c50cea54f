/*
 * err - what went wrong, as a value.
 *
 * A fallible function returns 0, or -1 with *err set; it takes `struct err *err` last. The caller owns the struct,
 * on its stack. Nothing here logs. Only milter/reply.c makes an SMTP reply of an error, only cli/main.c an exit status.
 * The first failure wins: err_set() on an error that is already set keeps the first one.
 *
 * Threads: none shared. Limits: a message is cut at 255 bytes; text from outside is made harmless (base/text.h).
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define SEAL_CHECKED            __attribute__((warn_unused_result))
#define SEAL_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

enum err_code {
    ERR_NONE = 0,
    ERR_IO,            /* a file or socket operation failed */
    ERR_DISK_FULL,     /* no room in the spool folder */
    ERR_LIMIT,         /* a limit of ours was exceeded by input */
    ERR_TOO_BIG,       /* the result exceeds the MTA's message size limit */
    ERR_SYNTAX,        /* input (message, CMS, certificate, record) is malformed */
    ERR_AMBIGUOUS,     /* input can be read in two ways */
    ERR_UNSUPPORTED,   /* a known thing that we do not do */
    ERR_UNSIGNABLE,    /* content that cannot be brought into the form that is signed */
    ERR_USAGE,         /* a command was called wrongly */
    ERR_CONFIG,        /* settings or policy are wrong */
    ERR_ABSENT,        /* what was asked for is not there */
    ERR_EXISTS,        /* what was to be made is there already */
    ERR_NO_KEY,        /* no usable key or certificate */
    ERR_KEY_EXPIRED,   /* a key or certificate outside its validity */
    ERR_KEY_UNUSABLE,  /* a key or certificate that may not do this */
    ERR_UNTRUSTED,     /* no chain to a trust anchor */
    ERR_PASSPHRASE,    /* a wrong or missing passphrase */
    ERR_CRYPTO,        /* a cryptographic operation failed */
    ERR_STORE,         /* the store could not be asked */
    ERR_STORE_FULL,    /* the store's map is full */
    ERR_STORE_DAMAGED, /* the store is truncated or holds a record that cannot be read */
    ERR_PEER_TEMP,     /* another server said 4xx or hung up */
    ERR_PEER_PERM,     /* another server said 5xx */
    ERR_LOOP,          /* our own injected mail came back to us */
    ERR_RCPTS,         /* more recipients than we take at once */
    ERR_BUSY,          /* too much work under way, or about to stop */
    ERR_POLICY,        /* policy refuses */
    ERR_BUG,           /* an invariant of ours is broken */
    ERR_CODES
};

/* What the caller can do about it. */
enum err_class {
    ERR_CLASS_TEMPORARY,     /* try again later: 4xx */
    ERR_CLASS_PERMANENT,     /* will fail again: 5xx */
    ERR_CLASS_CONFIGURATION, /* the administrator must act: 4xx, loudly */
    ERR_CLASS_BUG,           /* we must act: 4xx, loudly */
};

struct err {
    enum err_code code;
    char msg[256]; /* one line, no full stop, no control characters */
};

#define ERR_INIT                                                                                             \
    {                                                                                                        \
        .code = ERR_NONE                                                                                     \
    }

/*
 * err_set(err, code, fmt, ..) - note a failure; is -1, so that `return err_set(...)` reads well.
 * err_wrap(err, fmt, ..) - put "context: " before the message of an error that is set; is -1.
 *
 * Macros, so that the compiler sees the -1: otherwise it takes the outputs of a function that failed for used.
 */
#define err_set(...)  (err_put(__VA_ARGS__), err_failed())
#define err_wrap(...) (err_put_before(__VA_ARGS__), err_failed())
void err_put(struct err *err, enum err_code code, const char *fmt, ...) SEAL_PRINTF(3, 4);
void err_put_before(struct err *err, const char *fmt, ...) SEAL_PRINTF(2, 3);
static inline int err_failed(void)
{
    return -1;
}

/* err_clear - forget a failure that was handled. */
void err_clear(struct err *err);

/* err_is_set - whether a failure was noted. */
int err_is_set(const struct err *err);

/* The table: code -> name ("no-key"), class, RFC 3463 enhanced status ("5.7.4"), text for a stranger (never the msg). */
const char *err_name(enum err_code code);
enum err_class err_class(enum err_code code);
const char *err_status(enum err_code code);
const char *err_text(enum err_code code);

/* err_is_temporary - whether trying again later may help (every class but permanent). */
int err_is_temporary(const struct err *err);

#endif
