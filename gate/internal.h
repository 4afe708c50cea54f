/* internal - what the files of the gate share: the work on one message. */
#ifndef GATE_INTERNAL_H
#define GATE_INTERNAL_H

#include "directory/directory.h"
#include "gate/certs.h"
#include "gate/gate.h"
#include "mime/part.h"
#include "openpgp/crypt.h"
#include "openpgp/packet.h"
#include "policy/submitter.h"
#include "smime/open.h"
#include "store/pgp.h"
#include "xform/xform.h"

#include <pthread.h>

struct gate {
    const struct settings *settings; /* borrowed */
    struct store *store;             /* borrowed */
    struct holder *holder;           /* borrowed */
    unsigned char site_secret[STORE_SITE_SECRET_SIZE];
    struct certs *certs;     /* what the store holds */
    struct certs *strangers; /* certificates that came in messages: they never crowd out our own */
    struct spool_conf spool;
    int64_t (*clock_ms)(void);
    pthread_mutex_t lock;        /* of what follows */
    struct directory *directory; /* of the newest settings that a message had; NULL: none was needed yet */
    const struct settings *directory_settings;
    unsigned char (
        *kept_pgp)[HASH_SIZE]; /* malloc'd, KEPT_PGP of them: digests of OpenPGP keys that were looked at */
    pthread_mutex_t pgp_lock;  /* of what follows; held while gpg is tried, which may hang */
    struct pgp_engine *pgp;    /* NULL: none was needed yet */
    struct err pgp_failure;    /* of the last attempt */
    int64_t pgp_failed_at;     /* by clock_ms */
};

/* Certificates, keys and opened entities of one message; the outcome owns it, because effects and operations point into it. */
struct materials {
    struct snapshot *snapshot; /* counted: names of rules and texts of replies are the policy's */
    struct keyring keyring;
    struct opened *opened; /* malloc'd */
    size_t nopened;
    struct arena *said; /* what the directory said: too much of it is nobody's fault who sent the message */
    struct arena *fetched; /* likewise, what key servers gave */
};

#define LESSON_PGP_MAX 3
#define KEPT_PGP       4096

/* OpenPGP keys as they came: armour or packets. */
struct pgp_lesson {
    struct span bytes;
    enum pgp_source source;
};

/* What a view's signature and content teach, beside struct view; keyring indexes, -1: none. */
struct lesson {
    int signer;
    int encrypt; /* the signer's encryption certificate, when it is another */
    const char *capabilities;
    bool trusted;
    struct pgp_lesson pgp[LESSON_PGP_MAX];
    size_t npgp;
};

/* What an envelope says of itself. */
struct outside {
    bool supported;     /* we can read it, given the key */
    bool authenticated; /* opening shows whether it was changed */
    bool weak;          /* S/MIME: by its cipher; OpenPGP shows that only when it is opened */
    const char *why;    /* it is not supported */
};

/* Where the ciphertext, or the opaque signature, of a message lies: by structure alone. */
struct structure {
    enum method signed_by;
    enum method encrypted_by;
    bool detached;             /* signed by multipart/signed */
    struct span signed_entity; /* detached: what is signed, byte for byte */
    struct spool
        *signature; /* owned: DER of a detached or opaque signature; OpenPGP: packets of a detached one */
    struct spool *envelope;  /* owned: DER of the EnvelopedData; OpenPGP: packets */
    struct outside outside;  /* of the envelope */
    struct pgp_outside pgp;  /* OpenPGP: for which keys it is */
    bool in_text;            /* OpenPGP: the message is a text, and that is one armour (R14) */
    bool signed_part_inside; /* something below the root is signed: partial (R10) */
    const char *signed_why;  /* a signature by structure that cannot be one: why */
};
void structure_fini(struct structure *structure);

/* What the store holds for one address; read in one transaction, judged after it. */
struct loaded_key {
    const char *addr; /* whose it is for us: the address that was looked for, or another one of its user */
    struct key_record key;
    struct cert_record cert;
};
struct loaded_pgp {
    struct pgp_own_record own;
    struct pgp_record key;
};
struct loaded {
    struct cert_record *certs; /* of the address, and of its domain */
    size_t ncerts;
    struct loaded_key *keys; /* that the address owns, or its user, or its domain */
    size_t nkeys, keys_cap;
    struct pgp_record *pgps; /* OpenPGP keys, as certs */
    size_t npgps;
    struct loaded_pgp *pgp_keys; /* as keys */
    size_t npgp_keys, pgp_keys_cap;
    const char *failed;          /* could not find out: why */
    struct remembered looked_up; /* what key servers said before; addr NULL: nothing */
};

/* A certificate that a rule names. */
struct loaded_fixed {
    enum find found;
    struct cert_record cert;
    const char *failed; /* could not find out: why */
};

/* Somebody whom the directory is asked about. */
struct party {
    const char *addr;
    struct remembered known; /* from the store; addr NULL: nothing */
    bool settled;            /* known holds all that is asked, and is new enough */
    struct party_facts facts;
};

struct work {
    struct gate *gate;
    struct snapshot *snapshot;
    const struct envelope *envelope;
    struct span message;
    int64_t now;
    const struct progress *progress;
    struct arena *arena; /* the outcome's */
    struct facts *facts;
    struct materials *materials;
    struct part_table table;
    struct structure structure;
    struct loaded sender;       /* FACTS_KEYS: of From */
    struct loaded *rcpts;       /* as many as facts->rcpts; certs by FACTS_KEYS, keys by FACTS_OPENED */
    struct pgp_record *signers; /* FACTS_OPENED: OpenPGP keys of From */
    size_t nsigners;
    struct loaded_fixed *fixed; /* FACTS_KEYS: as policy_certificates() */
    size_t nfixed;
    const char *from_exact; /* From address, local part as written; NULL as facts->from */
    int64_t date;           /* of the Date field; 0: none that can be read */
    struct lesson *lessons; /* as many as facts->views */
    struct party *parties;  /* FACTS_DIRECTORY: sender and recipients, each once, by address */
    size_t nparties;
    const char *
        *group_keys;    /* of the policy's groups, as struct remembered names them; NULL: a file lists it */
    const char *source; /* of the directory's settings, likewise */
    struct remembered *remembered; /* what the directory said now */
    size_t nremembered;
    const char *lookup_source;    /* of the settings' key servers, as struct remembered names it */
    struct remembered *looked_up; /* FACTS_LOOKUPS: what they said now */
    size_t nlooked_up;
    struct effect *found; /* keys that they gave */
    size_t nfound, found_cap;
    const char *lookup_why; /* one of them could not be asked; NULL: all could */
};

/* structure.c: what the message is, without any key. */
int structure_look(struct arena *arena, struct span message, const struct part_table *table,
                   const struct spool_conf *spool, struct structure *out, struct err *err) SEAL_CHECKED;
/* structure_allow_text - what stands in the text itself may be opened; otherwise it is not. */
void structure_allow_text(struct structure *structure);

/* gather_content.c: what header and parts say; header fields and structure are there. */
void gather_content(struct work *work);

/* gather.c: facts, a class at a time. */
int gather_base(struct work *work, struct err *err) SEAL_CHECKED;
int gather(struct work *work, unsigned classes, struct err *err) SEAL_CHECKED;

const struct xform_keyword *gather_keywords(struct work *work, size_t *n_out);
/* gather_marks - what only we may write in front of a Subject (R1). */
const char *const *gather_marks(struct work *work, size_t *n_out);

/* load.c: what the store holds; no cryptography while the transaction is open. */
void load_certs(struct work *work, struct store_read *read, const char *addr, struct loaded *out);
void load_fixed(struct work *work, struct store_read *read);
void load_keys(struct work *work, struct store_read *read, const char *addr, struct loaded *out);
/* load_signers - by whose OpenPGP keys From's signatures are verified. */
int load_signers(struct work *work, struct store_read *read, struct err *err) SEAL_CHECKED;

/* recall.c: whom the directory is asked about, and what it said of them before. */
void recall_parties(struct work *work, struct store_read *read);
/* recall_nothing - nothing of this party could be found out. recall_facts - what is known of it from before; the rest stays as it is. */
void recall_nothing(const struct work *work, struct party *party);
void recall_facts(const struct work *work, struct party *party);
bool recall_is_whole(const struct work *work, const struct party *party);

/* directory.c: what is not known is asked, for all parties at once. */
int ask_directory(struct work *work, struct err *err) SEAL_CHECKED;
/* gate_directory - of these settings, with its connections; the caller's reference. */
struct directory *gate_directory(struct gate *gate, const struct settings *settings);

/* lookup.c: what key servers said before; whose keys they may be asked for (ANSWER_UNASKED); asking them. */
void lookup_recall(struct work *work, struct store_read *read);
void lookup_mark(struct work *work);
int lookup_keys(struct work *work, struct err *err) SEAL_CHECKED;

/* select.c: which certificate to sign with, which to encrypt to (R27). */
int select_keys(struct work *work, struct err *err) SEAL_CHECKED;

/* select_cert_fault - why the record alone rules this certificate out; NULL: it does not. usage: one of these is enough. */
const char *select_cert_fault(struct work *work, const struct cert_record *record, unsigned usage);
/* select_is_revoked - nobody's trust helps such a certificate. */
bool select_is_revoked(struct work *work, const struct cert_record *record, const struct cert *cert,
                       const char **why_out);
int select_chain(struct work *work, struct cert *cert, enum chain_purpose purpose,
                 struct chain_result *result, struct err *err) SEAL_CHECKED;

/* given.c: what is attached of the sender's keys and his house's. given_house_keys - whether the house has some. */
void given_house_keys(struct work *work);
/* given_collect - for a plan that attaches some. */
int given_collect(struct work *work, const struct plan *plan, struct err *err) SEAL_CHECKED;

/* select_nobody_signs - whether there is no key to look for; fact says why. */
bool select_nobody_signs(struct work *work, struct key_fact *fact);
/* select_is_domains - one of these addresses is "@domain". */
bool select_is_domains(const char *const *addrs, size_t n);
/* select_date - "2027-03-01". */
const char *select_date(struct arena *arena, int64_t when);
/* select_pgp.c: the same of OpenPGP keys. */
void select_pgp_encryption(struct work *work, struct loaded *loaded, struct key_fact *fact);
void select_pgp_signing(struct work *work, struct key_fact *fact);
/* select_pgp_autocrypt - what is written into an Autocrypt field: an entry of its own in the keyring. After select_pgp_encryption(). */
void select_pgp_autocrypt(struct work *work, struct key_fact *fact);
/* select_pgp_fault - why nothing is encrypted to this key; NULL: it is good for that. */
const char *select_pgp_fault(struct work *work, const struct pgp_record *record);

/* select_pgp_is_current - nothing is wrong with it, and it signs or encrypts now. */
bool select_pgp_is_current(struct work *work, const struct pgp_record *record);

/* opening.c: the views, and who may see which (R19, R20). */
int open_views(struct work *work, struct err *err) SEAL_CHECKED;

/* opened.c: one view: layers, opening, verifying (R7-R18). What is wrong with the content is no error but said in the view. */
int view_as_it_came(struct work *work, struct view *view, struct lesson *lesson,
                    struct err *err) SEAL_CHECKED;
/* opened_spool - for what comes out of an envelope: never beyond what the MTA takes (R33). */
struct spool *opened_spool(const struct work *work);
/* What opening showed beside the content. */
struct shown {
    struct pgp_verified
        verified; /* OpenPGP: the signature in the same packets; SIGNATURE_NONE: there was none */
    bool weak_cipher;
};

/* open_content - *out is sealed; NULL: it could not be opened, and why. */
int open_content(struct work *work, const struct loaded_key *loaded, struct cert *cert, struct spool **out,
                 const char **why_out, struct err *err) SEAL_CHECKED;
/* view_content - may put another entity in the place of the one that was compressed. */
int view_content(struct work *work, const struct shown *shown, struct spool **entity, struct view *view,
                 struct lesson *lesson, struct err *err) SEAL_CHECKED;
/*
 * payload.c: what the root of a view's payload says of header fields (R21): what is signed, or what was opened and is not signed. Method-neutral.
 *
 * arena   for what is read on the way; what the view keeps lies in the message's
 */
int payload_look(struct work *work, struct arena *arena, struct span payload, struct view *view,
                 struct lesson *lesson, struct err *err) SEAL_CHECKED;
/* payload_undress - opened content that nothing signs, without copies of its header fields in front of its texts, where view says that it has
 * such fields; entity and table may be others then. */
int payload_undress(struct arena *arena, const struct view *view, struct spool **entity,
                    struct part_table *table, struct err *err) SEAL_CHECKED;
/* close_view - from now on it shows no more than if its key had not fitted. */
void close_view(struct view *view, const char *why);

/* judge.c: what a signature is worth for this message (R6-R12). cms is DER; content.ptr NULL: opaque. */
int judge_signature(struct work *work, struct span cms, struct span content, struct spool *inner_out,
                    struct view *view, struct lesson *lesson, struct err *err) SEAL_CHECKED;

/* judge_time - what is wrong with the time at which it was signed (R12); NULL: nothing. */
const char *judge_time(const struct work *work, int64_t signed_at);

/* pgp.c: the engine; opening and verifying by it. pgp_is_off - the settings name no gpg. */
bool pgp_is_off(const struct work *work);
/* pgp_is_trusted - whether the settings trust keys from this source at once. */
bool pgp_is_trusted(const struct work *work, enum pgp_source source);
int pgp_engine_get(struct gate *gate, struct pgp_engine **out, struct err *err) SEAL_CHECKED;
int pgp_open_content(struct work *work, const struct loaded_pgp *key, struct spool **out,
                     const char **why_out, struct shown *shown, struct err *err) SEAL_CHECKED;
int pgp_verify_detached(struct work *work, const struct structure *structure, struct view *view,
                        struct err *err) SEAL_CHECKED;
/* pgp_judge - what a signature that gpg looked at is worth for this message (R6-R12). */
void pgp_judge(struct work *work, const struct pgp_verified *verified, struct view *view);

/* learn_pgp.c: OpenPGP keys that content, or the message's Autocrypt field, brings along. */
void learn_attached(struct work *work, struct span entity, const struct part_table *table, struct view *view,
                    struct lesson *lesson);
void learn_autocrypt(struct work *work, struct lesson *lesson);

/* learn_decode - a part of keys; NULL: broken, or too large to teach anything. */
struct spool *learn_decode(struct span entity, const struct part *part);

/* carried.c: FACTS_CARRIED, of keys that are attached. What could not be found out is said there. */
void gather_carried(struct work *work);

/* notices.c: the plan's notices into the outcome. */
int write_notices(struct work *work, struct outcome *outcome, struct err *err) SEAL_CHECKED;

#endif
