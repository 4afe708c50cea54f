/* keyring - the certificates and keys of one message. */
#include "xform/xform.h"

#include <stdlib.h>

int keyring_add(struct keyring *keyring, struct keyring_entry entry)
{
    if (keyring->n == keyring->cap) {
        keyring->cap = keyring->cap == 0 ? 8 : keyring->cap * 2;
        keyring->entries = xrealloc(keyring->entries, keyring->cap * sizeof *keyring->entries);
    }
    keyring->entries[keyring->n] = entry;
    return (int)keyring->n++;
}

void keyring_fini(struct keyring *keyring)
{
    for (size_t i = 0; i < keyring->n; i++) {
        struct keyring_entry *entry = &keyring->entries[i];
        cert_free(&entry->cert);
        key_free(&entry->key);
        if (entry->passphrase != NULL)
            secret_fini(entry->passphrase);
        free(entry->passphrase);
        for (size_t c = 0; c < entry->nchain; c++)
            cert_free(&entry->chain[c]);
    }
    for (size_t i = 0; i < keyring->given.ncerts; i++)
        cert_free(&keyring->given.certs[i]);
    free(keyring->entries);
    *keyring = (struct keyring){.n = 0};
}
