/* cmd_doctor - what is wrong here, and what to do. */
#include "cli/cli.h"

#include "base/json.h"
#include "cli/doctor.h"
#include "gate/snapshot.h"

#include <string.h>
#include <unistd.h>

/* The policy that the daemon uses: the newest in the store. */
static struct policy *read_policy(struct cli *cli, struct doctor *doctor)
{
    struct err err = ERR_INIT;
    struct policy_record record;
    struct policy *policy = NULL;
    enum find found = store_find_policy(cli->read, 0, &record, &err);
    if (found == FIND_FOUND &&
        snapshot_read_policy(cli->read, cli->arena, &record, "policy", &policy, &err) == 0)
        doctor_add(doctor, FINDING_GOOD, NULL, "policy version %llu is loaded",
                   (unsigned long long)record.version);
    else
        doctor_add(doctor, FINDING_ERROR, "sealadm policy load", "no policy is loaded%s%s",
                   err_is_set(&err) ? ": " : "", err.msg);
    return policy;
}

static void examine_store(struct cli *cli, struct doctor *doctor)
{
    struct err err = ERR_INIT;
    struct store_health health;
    if (store_check(cli->store, &health, &err) < 0)
        doctor_add(doctor, FINDING_ERROR, "sealadm restore, with the newest backup", "%s", err.msg);
    else if (health.used > health.map_size / 2)
        doctor_add(
            doctor, FINDING_WARNING, "delete certificates that nobody needs",
            "the store is more than half full (%zu of %zu octets): it takes untrusted certificates no more",
            health.used, health.map_size);
    else
        doctor_add(doctor, FINDING_GOOD, NULL, "the store is whole: %zu records", health.records);
    doctor_keys(doctor);
    doctor_wrapped(doctor);
    doctor_revocation(doctor);
    doctor_openpgp(doctor);
    doctor->policy = read_policy(cli, doctor);
}

/* Named by an option, or the one that this machine has. */
static int examine_mta(struct doctor *doctor, const char *postfix, const char *sendmail, struct err *err)
{
    if (postfix == NULL && sendmail == NULL) {
        postfix = access("/etc/postfix/main.cf", R_OK) == 0 ? "/etc/postfix" : NULL;
        sendmail =
            postfix == NULL && access("/etc/mail/sendmail.cf", R_OK) == 0 ? "/etc/mail/sendmail.cf" : NULL;
    }
    if (postfix == NULL && sendmail == NULL)
        doctor_add(doctor, FINDING_WARNING, "name it: --postfix DIR or --sendmail FILE",
                   "neither /etc/postfix/main.cf nor /etc/mail/sendmail.cf can be read");
    if (postfix != NULL && doctor_postfix(doctor, postfix, err) < 0)
        return -1;
    return sendmail != NULL ? doctor_sendmail(doctor, sendmail, err) : 0;
}

static const char *severity_name(enum severity severity)
{
    static const char *const names[] = {"error", "warning", "good"};
    return names[severity];
}

static void print_json(const struct doctor *doctor, struct buf *out)
{
    struct json json = JSON_INIT(out);
    json_object_begin(&json, NULL);
    json_array_begin(&json, "findings");
    for (size_t i = 0; i < doctor->n; i++) {
        json_object_begin(&json, NULL);
        json_string(&json, "severity", severity_name(doctor->findings[i].severity));
        json_string(&json, "what", doctor->findings[i].what);
        json_string(&json, "todo", doctor->findings[i].todo);
        json_object_end(&json);
    }
    json_array_end(&json);
    json_object_end(&json);
}

static void print_text(const struct doctor *doctor, struct buf *out)
{
    for (size_t i = 0; i < doctor->n; i++) {
        const struct finding *finding = &doctor->findings[i];
        buf_printf(out, "%-8s %s\n", severity_name(finding->severity), finding->what);
        if (finding->todo != NULL)
            buf_printf(out, "         -> %s\n", finding->todo);
    }
}

static size_t count_errors(const struct doctor *doctor)
{
    size_t n = 0;
    for (size_t i = 0; i < doctor->n; i++)
        n += doctor->findings[i].severity == FINDING_ERROR;
    return n;
}

int cmd_doctor(struct cli *cli, int argc, char **argv, struct err *err)
{
    const char *postfix = NULL, *sendmail = NULL;
    const struct cli_option options[] = {{.name = "--postfix", .value = &postfix},
                                         {.name = "--sendmail", .value = &sendmail},
                                         CLI_JSON_OPTION(cli)};
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 0, 0, err) < 0)
        return -1;
    struct err no_store = ERR_INIT;
    struct doctor doctor = {.arena = cli->arena, .settings = cli->settings, .now = cli->now};
    if (cli_open_store(cli, CLI_DROP, &no_store) < 0)
        doctor_add(&doctor, FINDING_ERROR, "sealadm init, or sealadm restore with a backup", "%s",
                   no_store.msg);
    doctor_files(&doctor);
    doctor_sealkeyd(&doctor);
    doctor.store = cli->store;
    if (cli->read != NULL)
        examine_store(cli, &doctor);
    doctor_inject(&doctor);
    doctor_directory(&doctor);
    doctor_lookup(&doctor);
    doctor_unit(&doctor);
    int status = examine_mta(&doctor, postfix, sendmail, err);
    policy_free(&doctor.policy);
    if (cli->json)
        print_json(&doctor, &cli->out);
    else
        print_text(&doctor, &cli->out);
    if (status == 0 && count_errors(&doctor) > 0)
        status = err_set(err, ERR_CONFIG, "%zu errors found", count_errors(&doctor));
    return status;
}
