/* fuzz_crl - any octets as a revocation list, and as a file of lists: read, or refused for a reason; what was read can be asked. */
#include "fuzz_smime_keys.h"
#include "smime/crl.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct cert *root, *cert;

static void must(bool holds)
{
    if (!holds)
        abort();
}

static bool is_refusal(const struct err *err)
{
    return *err->msg != '\0' && (err->code == ERR_SYNTAX || err->code == ERR_LIMIT ||
                                 err->code == ERR_UNSUPPORTED || err->code == ERR_UNTRUSTED);
}

static void ask(const struct crl *crl)
{
    const struct crl_info *info = crl_info(crl);
    SEAL_CLEANUP(buf_fini) struct buf clean = BUF_INIT(SIZE_MAX);
    int64_t since;
    text_clean(span_of(info->issuer), &clean);
    must(strcmp(buf_str(&clean), info->issuer) == 0 && info->entries <= CRL_ENTRIES_MAX);
    if (crl_lists(crl, cert, &since))
        must(info->entries > 0);
    (void)!crl_covers(crl, cert, root);
}

static void read_list(struct span der)
{
    static const char nobody[HASH_HEX_SIZE] = "0";
    char signer[HASH_HEX_SIZE];
    struct err err = ERR_INIT;
    struct crl *crl = NULL;
    if (crl_find_signer(der, &root, 1, signer, &err) < 0)
        must(is_refusal(&err));
    err_clear(&err);
    if (crl_parse(der, nobody, &crl, &err) == 0)
        ask(crl);
    else
        must(crl == NULL && is_refusal(&err));
    crl_free(&crl);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = {(const char *)data, size};
    struct err err = ERR_INIT;
    struct crl_file file;
    if (root == NULL)
        must(cert_parse((struct span){fuzz_root, sizeof fuzz_root - 1}, &root, &err) == 0 &&
             cert_parse((struct span){fuzz_cert, sizeof fuzz_cert - 1}, &cert, &err) == 0);
    if (crl_file_read(bytes, &file, &err) < 0) {
        must(is_refusal(&err));
        return 0;
    }
    for (size_t i = 0; i < file.n; i++)
        read_list(buf_span(&file.lists[i]));
    crl_file_fini(&file);
    return 0;
}
