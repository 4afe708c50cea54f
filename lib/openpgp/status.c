/* status - which line says what. */
#include "openpgp/status.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* "fingerprint fingerprint-of-primary trust": the second word, of the last such line. */
static void note_key(struct job_seen *seen, const char *args)
{
    const char *primary = strchr(args, ' ');
    size_t n = primary != NULL ? strcspn(primary + 1, " ") : 0;
    if (n >= sizeof seen->opened_with)
        n = 0;
    for (size_t i = 0; i < n; i++)
        seen->opened_with[i] = (char)tolower((unsigned char)primary[1 + i]);
    seen->opened_with[n] = '\0';
}

/* RFC 9580 9.3: AES, Twofish, Camellia. Blocks of 64 bits (3DES, CAST5, Blowfish, IDEA) are below the floor, and what is unknown is. */
static bool is_strong_cipher(unsigned long algorithm)
{
    return algorithm >= 7 && algorithm <= 13;
}

/* "method-of-mdc algorithm [aead]". */
static void note_cipher(struct job_seen *seen, const char *args)
{
    const char *algorithm = strchr(args, ' ');
    seen->containers++;
    seen->strong_containers += algorithm != NULL && is_strong_cipher(strtoul(algorithm, NULL, 10));
}

static bool is_complaint(const char *keyword)
{
    static const char *const complaints[] = {"FAILURE", "ERROR",          "INV_RECP",           "INV_SGNR",
                                             "NODATA",  "BAD_PASSPHRASE", "MISSING_PASSPHRASE", "UNEXPECTED"};
    for (size_t i = 0; i < SEAL_COUNT(complaints); i++)
        if (strcmp(keyword, complaints[i]) == 0)
            return true;
    return false;
}

void status_note(struct job_seen *seen, const char *keyword, const char *args)
{
    if (strcmp(keyword, "BEGIN_DECRYPTION") == 0)
        seen->began_decryption = true;
    else if (strcmp(keyword, "END_DECRYPTION") == 0)
        seen->ended_decryption = true;
    else if (strcmp(keyword, "DECRYPTION_OKAY") == 0)
        seen->decryption_okay = true;
    else if (strcmp(keyword, "DECRYPTION_INFO") == 0)
        note_cipher(seen, args);
    else if (strcmp(keyword, "GOODMDC") == 0)
        seen->authenticated = true;
    else if (strcmp(keyword, "PLAINTEXT") == 0)
        seen->plaintexts++;
    else if (strcmp(keyword, "DECRYPTION_KEY") == 0)
        note_key(seen, args);
    else if (strcmp(keyword, "SIG_CREATED") == 0)
        seen->signature_made = true;
    else if (strcmp(keyword, "END_ENCRYPTION") == 0)
        seen->ended_encryption = true;
    else if (is_complaint(keyword))
        seen->complained = true;
}
