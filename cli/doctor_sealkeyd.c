/* doctor_sealkeyd - whether the process that holds the private keys can be started and answers, and what it needs for tokens. */
#include "cli/doctor.h"

#include "token/kek.h"
#include "token/remote.h"
#include "token/wire.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIMEOUT_MS  5000
#define MODULE_AWAY "pkcs11-module-away "
#define TOKENS      "pkcs11 "
#define TOKENS_AWAY "pkcs11 away\n"
#define MASTER      "master-key "
#define CALLED      " key called "
#define MASTER_AWAY "master-key-away "

/* What sealkeyd says of itself, "name value" a line, in words; other lines are counts. */
static const struct line {
    const char *name, *words;
    enum severity severity;
} lines[] = {
    {"backends ", "private keys are operated by", FINDING_GOOD},
    {"pkcs11-module ", "PKCS#11 module", FINDING_GOOD},
    {MODULE_AWAY, "mail that needs a token of this PKCS#11 module is deferred:", FINDING_ERROR},
    {"pkcs11-token ", "token", FINDING_GOOD},
    {MASTER, "new private keys of the store are wrapped for", FINDING_GOOD},
    {MASTER_AWAY, "nothing can be wrapped now, and what is wrapped does not open, for", FINDING_ERROR},
    {TOKENS, "mail that needs a token is deferred, the process that has them is", FINDING_ERROR},
};

static const struct line *find_line(const char *text)
{
    for (size_t i = 0; i < SEAL_COUNT(lines); i++)
        if (strncmp(text, lines[i].name, strlen(lines[i].name)) == 0)
            return &lines[i];
    return NULL;
}

static const char *what_to_do(const struct line *line)
{
    if (strcmp(line->name, MASTER_AWAY) == 0)
        return "put the token in, or correct its PIN, master-key-token or what it names: sealmilter-hsm(7)";
    return strcmp(line->name, MODULE_AWAY) == 0
               ? "make its device reachable: the module is started again when a token is asked for that is "
                 "away"
               : "see why in the log of sealkeyd, which tries a PIN again when its file has changed";
}

static void tell_line(struct doctor *doctor, const struct line *line, const char *text)
{
    const char *value = text + strlen(line->name);
    bool bad = line->severity == FINDING_ERROR || strstr(value, ": login failed,") != NULL;
    doctor_add(doctor, bad ? FINDING_ERROR : FINDING_GOOD, bad ? what_to_do(line) : NULL, "%s %s",
               line->words, value);
}

static void check_presence(struct doctor *doctor, struct buf *said)
{
    const struct pkcs11_settings *pkcs11 = &doctor->settings->keys.pkcs11;
    bool away = strstr(buf_str(said), MODULE_AWAY) != NULL;
    if (strstr(buf_str(said), TOKENS_AWAY) != NULL)
        return; /* nobody knows */
    for (size_t i = 0; i < pkcs11->npins; i++)
        if (strstr(buf_str(said), arena_printf(doctor->arena, "pkcs11-token %s: ", pkcs11->pins[i].token)) ==
            NULL)
            doctor_add(doctor, FINDING_ERROR,
                       away ? "it may be a token of the PKCS#11 module that is not started"
                            : "put it in, or take it out of pkcs11-pin-files",
                       "token %s is not there", pkcs11->pins[i].token);
}

/* What sealkeyd says, and what the settings say now. */
static void check_master_token(struct doctor *doctor, struct buf *said)
{
    const char *uri = doctor->settings->keys.master_token;
    bool has_one = strstr(buf_str(said), MASTER) != NULL || strstr(buf_str(said), MASTER_AWAY) != NULL;
    bool is_this = strstr(buf_str(said), arena_printf(doctor->arena, MASTER "%s, ", uri)) != NULL ||
                   strstr(buf_str(said), arena_printf(doctor->arena, MASTER_AWAY "%s: ", uri)) != NULL;
    const char *called = strstr(buf_str(said), CALLED);
    if (called != NULL)
        doctor->master_name =
            arena_spandup(doctor->arena, span_sub(span_of(called + strlen(CALLED)), 0, 2 * KEK_NAME_SIZE));
    if (*uri == '\0' ? has_one : !is_this)
        doctor_add(doctor, FINDING_ERROR, "restart sealkeyd, or sealmilter that starts it",
                   "sealkeyd runs with another master-key-token");
}

static void tell(struct doctor *doctor, struct buf *said)
{
    SEAL_CLEANUP(buf_fini) struct buf counts = BUF_INIT(WIRE_DATA_MAX);
    char *rest = arena_strdup(doctor->arena, buf_str(said));
    for (char *text; (text = strsep(&rest, "\n")) != NULL && *text != '\0';) {
        const struct line *line = find_line(text);
        if (line != NULL)
            tell_line(doctor, line, text);
        else
            buf_printf(&counts, "%s%s", counts.len > 0 ? ", " : "", text);
    }
    doctor_add(doctor, FINDING_GOOD, NULL, "sealkeyd answers: %s", buf_str(&counts));
    check_presence(doctor, said);
    check_master_token(doctor, said);
}

static int ask(const struct settings *settings, struct buf *said, struct err *err)
{
    SEAL_CLEANUP(holder_free) struct holder *sealkeyd = NULL;
    if (remote_new(settings->keys.socket, TIMEOUT_MS, &sealkeyd, err) < 0)
        return -1;
    return remote_status(sealkeyd, said, err);
}

static void check_fence(struct doctor *doctor, struct buf *said)
{
    if (strstr(buf_str(said), "token-fence open") != NULL)
        doctor_add(doctor, FINDING_WARNING,
                   "boot a kernel with Landlock (lsm=landlock,..), Linux 5.13 or later",
                   "the library of a token (pkcs11-module) can read the master key: this kernel has no fence "
                   "for it");
}

static void check_answer(struct doctor *doctor)
{
    const struct settings *settings = doctor->settings;
    bool started = strcmp(settings->keys.process, "start") == 0;
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf said = BUF_INIT(WIRE_DATA_MAX);
    if (ask(settings, &said, &err) == 0) {
        tell(doctor, &said);
        check_fence(doctor, &said);
    } else if (started && !doctor_daemon_runs(doctor))
        doctor_add(doctor, FINDING_GOOD, NULL, "sealkeyd does not run: the daemon starts it");
    else
        doctor_add(doctor, FINDING_ERROR,
                   started ? "see the log, and start sealmilter again" : "systemctl start sealkeyd",
                   "sealkeyd does not answer, and mail that needs a key is deferred: %s", err.msg);
}

static void check_program(struct doctor *doctor)
{
    const char *program = doctor->settings->keys.program;
    if (strcmp(doctor->settings->keys.process, "start") == 0 && access(program, X_OK) < 0)
        doctor_add(doctor, FINDING_ERROR, "install it, or set key-program", "%s: %s", program,
                   strerror(errno));
}

/* One that cannot be seen from here lies where only sealkeyd's user comes. */
static void check_pin(struct doctor *doctor, const struct pin_file *pin, const struct passwd *user)
{
    struct stat st;
    if (stat(pin->path, &st) < 0 && errno == ENOENT)
        doctor_add(doctor, FINDING_ERROR, "write the PIN into it, for its owner alone (mode 0600)",
                   "token %s: %s: %s", pin->token, pin->path, strerror(ENOENT));
    else if (stat(pin->path, &st) == 0 && user != NULL && st.st_uid != user->pw_uid && st.st_uid != 0)
        doctor_add(doctor, FINDING_ERROR,
                   arena_printf(doctor->arena, "chown %s %s", user->pw_name, pin->path),
                   "token %s: %s belongs to another user than sealkeyd's", pin->token, pin->path);
}

static void check_tokens(struct doctor *doctor)
{
    const struct pkcs11_settings *pkcs11 = &doctor->settings->keys.pkcs11;
    const struct passwd *user =
        *doctor->settings->keys.user == '\0' ? NULL : getpwnam(doctor->settings->keys.user);
    for (size_t i = 0; i < pkcs11->modules.n; i++)
        if (access(pkcs11->modules.items[i], R_OK) < 0)
            doctor_add(doctor, FINDING_ERROR, "install the token's PKCS#11 library, or correct pkcs11-module",
                       "%s: %s", pkcs11->modules.items[i], strerror(errno));
        else
            doctor_add(doctor, FINDING_GOOD, NULL,
                       "tokens are asked through %s, without an engine or provider of OpenSSL between",
                       pkcs11->modules.items[i]);
    for (size_t i = 0; i < pkcs11->npins; i++)
        check_pin(doctor, &pkcs11->pins[i], user);
}

void doctor_sealkeyd(struct doctor *doctor)
{
    check_program(doctor);
    check_answer(doctor);
    check_tokens(doctor);
}
