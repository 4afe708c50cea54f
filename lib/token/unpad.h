/*
 * unpad - PKCS#1 v1.5 decryption padding, looked at in constant time, with implicit rejection (R17).
 *
 * OpenSSL 3.0 answers wrong padding with an error; who can tell that from success decrypts other people's messages
 * (Bleichenbacher). Here wrong padding is a success with other octets.
 *
 * source  RFC 8017 7.2.2
 */
#ifndef TOKEN_UNPAD_H
#define TOKEN_UNPAD_H

#include "token/key.h"

/*
 * unpad_pkcs1 - the message in a padded block, or `instead` when the padding is wrong.
 *
 * padded  as long as the modulus; left wiped
 * return  0 for every content of padded of at least 11 octets; -1 with ERR_IO when memory cannot be had
 */
int unpad_pkcs1(struct secret *padded, const unsigned char instead[KEY_REJECT_SIZE], struct secret *out,
                struct err *err) SEAL_CHECKED;

#endif
