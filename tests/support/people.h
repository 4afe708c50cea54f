/* people - the LDIF of a small house for tests with slapd. */
#ifndef SUPPORT_PEOPLE_H
#define SUPPORT_PEOPLE_H

#define PEOPLE_BASE                                                                                          \
    "dn: dc=example\nobjectClass: domain\ndc: example\n\n"                                                   \
    "dn: ou=people,dc=example\nobjectClass: organizationalUnit\nou: people\n\n"                              \
    "dn: ou=groups,dc=example\nobjectClass: organizationalUnit\nou: groups\n\n"
/* more, members: further lines, each with its line end */
#define PEOPLE_PERSON(uid, mail, more)                                                                       \
    "dn: uid=" uid ",ou=people,dc=example\nobjectClass: inetOrgPerson\nuid: " uid "\ncn: " uid               \
    "\nsn: X\nmail: " mail "\n" more "\n"
#define PEOPLE_GROUP(cn, members)                                                                            \
    "dn: cn=" cn ",ou=groups,dc=example\nobjectClass: groupOfNames\ncn: " cn "\n" members "\n"
#define PEOPLE_MEMBER(uid)      "member: uid=" uid ",ou=people,dc=example\n"
#define PEOPLE_MEMBER_GROUP(cn) "member: cn=" cn ",ou=groups,dc=example\n"

#endif
