/* internal - what the files of the gate share: the work on one message. */
#ifndef GATE_INTERNAL_H
#define GATE_INTERNAL_H

#include "directory/directory.h"
#include "gate/certs.h"
#include "gate/gate.h"
#include "mime/part.h"
#include "policy/submitter.h"
#include "smime/open.h"
#include "xform/xform.h"

#include <pthread.h>

struct gate {
    const struct settings *settings; /* borrowed */
    struct store *store;             /* borrowed */
    struct secret master;
    struct certs *certs;     /* what the store holds */
    struct certs *strangers; /* certificates that came in messages: they never crowd out our own */
    struct spool_conf spool;
    int64_t (*clock_ms)(void);
    pthread_mutex_t lock;        /* of what follows */
    struct directory *directory; /* of the newest settings that a message had; NULL: none was needed yet */
    const struct settings *directory_settings;
};

/* Certificates, keys and opened entities of one message; the outcome owns it, because effects and operations point into it. */
struct materials {
    struct snapshot *snapshot; /* counted: names of rules and texts of replies are the policy's */
    struct keyring keyring;
    struct opened *opened; /* malloc'd */
    size_t nopened;
    struct arena *said; /* what the directory said: too much of it is nobody's fault who sent the message */
};

/* What a view's signature teaches, beside struct view; keyring indexes, -1: none. */
struct lesson {
    int signer;
    int encrypt; /* the signer's encryption certificate, when it is another */
    const char *capabilities;
    bool trusted;
};

/* Where the ciphertext, or the opaque signature, of a message lies: by structure alone. */
struct structure {
    enum method signed_by;
    enum method encrypted_by;
    bool detached;                /* signed by multipart/signed */
    struct span signed_entity;    /* detached: what is signed, byte for byte */
    struct spool *signature;      /* owned: DER of a detached or opaque signature */
    struct spool *envelope;       /* owned: DER of the EnvelopedData */
    struct smime_outside outside; /* of the envelope */
    bool signed_part_inside;      /* something below the root is signed: partial (R10) */
    const char *signed_why;       /* a signature by structure that cannot be one: why */
};
void structure_fini(struct structure *structure);

/* What the store holds for one address; read in one transaction, judged after it. */
struct loaded_key {
    struct key_record key;
    struct cert_record cert;
};
struct loaded {
    struct cert_record *certs; /* whose certificate names the address, or its domain */
    size_t ncerts;
    struct loaded_key *keys; /* that the address owns, or its user, or its domain */
    size_t nkeys, keys_cap;
    const char *failed; /* could not find out: why */
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
};

/* structure.c: what the message is, without any key. */
int structure_look(struct arena *arena, struct span message, const struct part_table *table,
                   const struct spool_conf *spool, struct structure *out, struct err *err) SEAL_CHECKED;

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

/* recall.c: whom the directory is asked about, and what it said of them before. */
void recall_parties(struct work *work, struct store_read *read);
/* recall_nothing - nothing of this party could be found out. recall_facts - what is known of it from before; the rest stays as it is. */
void recall_nothing(const struct work *work, struct party *party);
void recall_facts(const struct work *work, struct party *party);
bool recall_is_whole(const struct work *work, const struct party *party);

/* directory.c: what is not known is asked, for all parties at once. */
int ask_directory(struct work *work, struct err *err) SEAL_CHECKED;

/* select.c: which certificate to sign with, which to encrypt to (R27). */
int select_keys(struct work *work, struct err *err) SEAL_CHECKED;

/* opening.c: the views, and who may see which (R19, R20). */
int open_views(struct work *work, struct err *err) SEAL_CHECKED;

/* opened.c: one view: layers, opening, verifying (R7-R18). What is wrong with the content is no error but said in the view. */
int view_as_it_came(struct work *work, struct view *view, struct lesson *lesson,
                    struct err *err) SEAL_CHECKED;
/* open_content - *out is sealed; NULL: it could not be opened, and why. */
int open_content(struct work *work, const struct key_record *record, struct cert *cert, struct spool **out,
                 const char **why_out, struct err *err) SEAL_CHECKED;
/* view_content - may put another entity in the place of the one that was compressed. */
int view_content(struct work *work, struct spool **entity, struct view *view, struct lesson *lesson,
                 struct err *err) SEAL_CHECKED;
/* close_view - from now on it shows no more than if its key had not fitted. */
void close_view(struct view *view, const char *why);

/* judge.c: what a signature is worth for this message (R6-R12). cms is DER; content.ptr NULL: opaque. */
int judge_signature(struct work *work, struct span cms, struct span content, struct spool *inner_out,
                    struct view *view, struct lesson *lesson, struct err *err) SEAL_CHECKED;

/* notices.c: the plan's notices into the outcome. */
int write_notices(struct work *work, struct outcome *outcome, struct err *err) SEAL_CHECKED;

#endif
