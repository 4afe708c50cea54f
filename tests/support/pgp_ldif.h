/* pgp_ldif - the LDIF of an OpenPGP key server for tests with slapd, and the line of slapd.conf(5) that knows its schema. */
#ifndef SUPPORT_PGP_LDIF_H
#define SUPPORT_PGP_LDIF_H

#include "support/people.h"

#define PGP_LDIF_SCHEMA "include " TESTS_DIR "/support/pgp.schema\n"

/* more: further lines, each with its line end. It is PGP Inc.'s without any. */
#define PGP_LDIF_SERVER(more)                                                                                \
    PEOPLE_BASE "dn: ou=PGP Keys,dc=example\nobjectClass: organizationalUnit\nou: PGP Keys\n\n"              \
                "dn: cn=pgpServerInfo,dc=example\nobjectClass: pgpServerInfo\ncn: pgpServerInfo\n"           \
                "pgpBaseKeySpaceDN: ou=PGP Keys,dc=example\n" more "\n"
#define PGP_LDIF_GNUPG "pgpSoftware: GnuPG\npgpVersion: 2 ntds\n"
/* lines: pgpKey: .., pgpUserID: .., gpgMailbox: .. */
#define PGP_LDIF_KEY(id, lines)                                                                              \
    "dn: pgpCertID=" id ",ou=PGP Keys,dc=example\nobjectClass: pgpKeyInfo\npgpCertID: " id "\n" lines "\n"

#endif
