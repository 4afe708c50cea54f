/*
 * facts - what is known of a message and of each recipient: step 3's value, step 4's input.
 *
 * Plain data in the message's arena. Facts come in classes; gate/gather.c fills one class for all recipients at once, when
 * deciding asks for it, and each class at most once. Fields of a class that was not asked for are ANSWER_UNASKED / zero.
 */
#ifndef MODEL_FACTS_H
#define MODEL_FACTS_H

#include "base/arena.h"
#include "base/buf.h"
#include "model/answer.h"

/* Classes of facts, as bits. FACTS_BASE is always there: envelope, settings, structure of the message. */
enum {
    FACTS_BASE = 1 << 0,
    FACTS_USERS = 1 << 1,     /* registered users: sender, recipients */
    FACTS_KEYS = 1 << 2,      /* the sender's signing key, each recipient's encryption key */
    FACTS_OPENED = 1 << 3,    /* what opening with the recipients' keys and verifying shows */
    FACTS_DIRECTORY = 1 << 4, /* groups and attributes of sender and recipients that a directory keeps */
    FACTS_CARRIED = 1 << 6,   /* after FACTS_OPENED: whether the store has the keys that are attached */
    FACTS_LOOKUPS = 1 << 5,   /* after FACTS_KEYS: encryption keys that it left unasked, of key servers */
};

enum method {
    METHOD_NONE = 0,
    METHOD_SMIME,
    METHOD_OPENPGP,
    METHOD_PDF,
    METHOD_PORTAL,
    METHODS
};
const char *method_name(enum method method); /* "none", "smime", .. */

enum direction {
    DIRECTION_TRANSIT = 0, /* not submitted, recipient not ours */
    DIRECTION_OUTBOUND,    /* submitted, recipient not ours */
    DIRECTION_INTERNAL,    /* submitted, recipient ours */
    DIRECTION_INBOUND,     /* not submitted, recipient ours */
};
const char *direction_name(enum direction direction);

enum submitter {
    SUBMITTER_NONE = 0, /* from outside */
    SUBMITTER_LOGIN,
    SUBMITTER_TLS,     /* a verified client certificate */
    SUBMITTER_NETWORK, /* a trusted network or listener */
    SUBMITTER_LOCAL,   /* sendmail(1) */
};
const char *submitter_name(enum submitter submitter);

/* From Importance, X-Priority and Priority; the first of them that says something. */
enum priority {
    PRIORITY_NORMAL = 0,
    PRIORITY_HIGH,
    PRIORITY_LOW,
};
const char *priority_name(enum priority priority);

/* The Sensitivity field (RFC 2156 5.3.4). */
enum sensitivity {
    SENSITIVITY_NORMAL = 0,
    SENSITIVITY_PERSONAL,
    SENSITIVITY_PRIVATE,
    SENSITIVITY_CONFIDENTIAL, /* company-confidential */
};
const char *sensitivity_name(enum sensitivity sensitivity);

/* What sort of message it is; several may be true. */
enum trait {
    TRAIT_CALENDAR = 0, /* some part is text/calendar */
    TRAIT_TNEF,         /* some part is application/ms-tnef, or called winmail.dat */
    TRAIT_LIST,         /* List-Id, List-Post or Precedence: list */
    TRAIT_AUTOMATIC, /* Auto-Submitted other than no, Precedence: bulk or junk, or the null sender (RFC 3834) */
    TRAIT_REPORT,    /* multipart/report: DSN, MDN */
    TRAITS
};
const char *trait_name(enum trait trait);

/* A part that is meant to be saved: Content-Disposition: attachment, or a file name. */
struct attachment_fact {
    const char
        *name; /* decoded; "" when it has none. Hostile: for comparing, never for opening a file (R39) */
    const char *type; /* "application/pdf", lower case */
};

/* What a directory says of one address. */
struct attribute_fact {
    enum answer known; /* no: the directory has none for this address */
    const char **values;
    size_t n;
};
struct party_facts {
    enum answer
        *groups; /* as many as policy_groups(); of those in files: ANSWER_UNASKED, policy knows them */
    struct attribute_fact *attributes; /* as many as policy_attributes() */
};

/* Result of verifying, as explain and the status header name it. */
enum signature {
    SIGNATURE_NONE = 0,
    SIGNATURE_GOOD,
    SIGNATURE_WEAK,        /* verifies, with an algorithm or key below the floor */
    SIGNATURE_BAD,         /* does not verify, or signed attributes are wrong */
    SIGNATURE_PARTIAL,     /* does not cover the whole message */
    SIGNATURE_MISMATCH,    /* good, but not of who From says */
    SIGNATURE_UNTRUSTED,   /* verifies, no chain to an anchor of ours */
    SIGNATURE_UNSUPPORTED, /* an algorithm or form that we cannot read */
};
const char *signature_name(enum signature signature);

enum decryption {
    DECRYPTION_NONE = 0,        /* was not encrypted */
    DECRYPTION_OPENED,          /* opened, and the cipher authenticated it, or a good signature inside does */
    DECRYPTION_UNAUTHENTICATED, /* opened, nothing proves that it is what was sent (R16) */
    DECRYPTION_NO_KEY,          /* names no key of this recipient */
    DECRYPTION_FAILED,          /* a key of ours is named, and opening failed */
    DECRYPTION_UNSUPPORTED,     /* an algorithm that we cannot read */
};
const char *decryption_name(enum decryption decryption);

/* One header field of the message, decoded for conditions (RFC 2047, unfolded, UTF-8). */
struct header_fact {
    const char *name;
    const char *value;
};

/* What is possible for one recipient (or the sender) with one method. */
struct key_fact {
    enum answer usable;
    int key;                 /* index into the message's keyring; -1 when not usable */
    const char *fingerprint; /* SHA-256 of the DER, or OpenPGP fingerprint; lower-case hex */
    const char *kind;        /* "rsa", "ec": keys of different kinds never share an envelope */
    const char *cipher;      /* what to encrypt with for this peer: "aes256-cbc", "aes256-gcm" */
    bool reads_protected; /* its owner's own mail showed that protected header fields are understood there */
    const char *why;      /* why this key, or why none: for explain and the log */
};

/* A part of OpenPGP keys. */
struct carried_key {
    size_t part;             /* index among the parts of the message, or of what was opened */
    enum answer kept;        /* the store has all of it for From, as it is there */
    bool teaches;            /* it does not, and storing what is harvested may change that */
    const char *name;        /* of the file, made safe to show */
    const char *fingerprint; /* of each key in it, with blanks between */
    const char *why;         /* why it stays whatever the store has; NULL: it can be left out */
};

/*
 * One way in which the message can be seen. View 0 is always the message as it came, verified but not opened. Each further
 * view was opened with keys that one or more recipients own.
 */
struct view {
    enum decryption decryption;
    enum signature signature;
    const char *decryption_why; /* for logs and the status header; never outward */
    bool weak_cipher;           /* opened, and the cipher is below the floor: 3DES, CAST5, RC2 .. (R29) */
    const char *signature_why;
    enum method signed_by; /* whose signature it is about */
    const char *signer; /* address of the certificate or key that equals From, or its first one; NULL: none */
    const char *signer_fp; /* fingerprint of the signer's certificate or key, hex */
    const char *key_fp;    /* fingerprint of the certificate whose key opened it */
    int opened;            /* index of the opened entity among the gate's materials; -1 for view 0 */
    int signer_cert;       /* index into the keyring; -1: none */
    bool brings_keys;      /* OpenPGP keys are attached */
    bool may_harvest;      /* R28: good or untrusted, covers all, From equals the certificate, R12 */
    bool
        protects_header; /* header fields travel inside: at the root of what is signed or was opened (RFC 9788) */
    const char *subject;         /* theirs, decoded; NULL: none */
    struct carried_key *carried; /* FACTS_CARRIED */
    size_t ncarried;
};
/* view_is_authentic - whether something proves that what it shows is what was sent: the cipher, or a good signature (R16, R21). */
bool view_is_authentic(const struct view *view);

struct rcpt_facts {
    const char *addr; /* canonical */
    enum direction direction;
    bool hidden;                      /* in the envelope, not in To, Cc, Resent-To, Resent-Cc */
    enum answer registered;           /* FACTS_USERS */
    struct key_fact encrypt[METHODS]; /* FACTS_KEYS, FACTS_LOOKUPS */
    size_t view;                      /* FACTS_OPENED: what this recipient may see */
    struct party_facts party;         /* FACTS_DIRECTORY */
};

struct facts {
    unsigned have; /* classes that were gathered */

    /* FACTS_BASE */
    enum submitter submitter;
    const char *sender; /* envelope sender, canonical; "" is the null sender */
    const char *from; /* canonical address of the one From mailbox; NULL when From is not exactly one (R7) */
    const char *from_why; /* why from is NULL */
    bool may_sign;        /* the submitter may sign for From (R49) */
    size_t size;          /* octets of the message */
    const char *subject;  /* decoded; "" when there is none */
    struct header_fact *headers;
    size_t nheaders;
    const char **keywords; /* names of the keywords that the submitter used; none unless submitted */
    size_t nkeywords;
    struct attachment_fact *attachments;
    size_t nattachments;
    enum priority priority;
    enum sensitivity sensitivity;
    unsigned traits;         /* 1 << enum trait */
    const char *client_addr; /* as in the envelope, for conditions; NULL: not known */
    const char *client_name;
    const char *login;
    const char *tls_version;
    const char *tls_subject;
    const char *listener_addr;
    unsigned listener_port;
    const char *listener_name;
    bool brings_keys;           /* OpenPGP: an Autocrypt field, or attached keys that anybody can see */
    bool is_report;             /* multipart/report, or null sender: never signed */
    enum method signed_by;      /* by structure: METHOD_NONE when it is not signed */
    enum method encrypted_by;   /* by structure (R24) */
    bool encrypted_in_text;     /* OpenPGP: the text itself, without MIME around it (R14) */
    bool signed_inside;         /* something below the root is signed, the root is not (R10) */
    const char *opaque_why;     /* set when the structure is ambiguous or broken: passed on untouched (R32) */
    const char *unsignable_why; /* set once signing was tried, and the content cannot be made canonical */
    struct rcpt_facts *rcpts;
    size_t nrcpts;

    /* FACTS_USERS */
    enum answer sender_registered;

    /* FACTS_KEYS */
    struct key_fact sign[METHODS];
    struct key_fact autocrypt; /* From's OpenPGP key, cut down to what others need to write to From */
    bool house_keys[METHODS];  /* From's domain has keys of its own that can be given out */
    bool
        generated; /* keys of From's were to be generated for this message, and that was tried: no more are */
    const char *ungenerated[METHODS]; /* why it could not be; NULL: it was, or was not wanted */
    struct key_fact *fixed;           /* as many as policy_certificates(): those that rules name */

    /* FACTS_DIRECTORY */
    struct party_facts sender_party;
    const char
        *directory_why; /* why something could not be found out, or an old answer is used; NULL: neither */

    /* FACTS_OPENED */
    struct view *views;
    size_t nviews;

    /* FACTS_CARRIED */
    bool taught; /* what the message teaches was stored, as far as that could be done: no more is */
};

/* facts_print - everything known, one "name: value" a line; for tests and explain -v. */
void facts_print(const struct facts *facts, struct buf *out);

#endif
