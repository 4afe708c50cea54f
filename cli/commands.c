/* commands - the table of sealadm's commands, in the order of --help. */
#include "cli/cli.h"

const struct cli_command cli_commands[] = {
    {"init", cmd_init, "[--organisation NAME]", "make state folder, master key, store and own CA"},
    {"user add", cmd_user_add, "ADDR [--name NAME] [--also ADDR]..", "register a user: his mail is handled"},
    {"user change", cmd_user_change, "ADDR [--name NAME] [--also ADDR].. [--not ADDR]..",
     "another name, further addresses"},
    {"user list", cmd_user_list, "[--json]", "all users"},
    {"user show", cmd_user_show, "ADDR [--json]", "a user with his keys and certificates"},
    {"user disable", cmd_user_disable, "ADDR", "pass his mail unchanged from now on"},
    {"user enable", cmd_user_enable, "ADDR", "handle his mail again"},
    {"user import", cmd_user_import, "FILE", "register many: lines ADDR[,NAME]"},
    {"cert import", cmd_cert_import, "FILE.. [--trust] [--for ADDR|@DOMAIN]",
     "certificates and OpenPGP keys of correspondents"},
    {"cert lookup", cmd_cert_lookup, "ADDR [--trust]", "an OpenPGP key of the key servers in the settings"},
    {"cert list", cmd_cert_list, "[ADDR|@DOMAIN] [--json]",
     "certificates and OpenPGP keys, of an address or all"},
    {"cert show", cmd_cert_show, "FP [--json]", "a certificate or OpenPGP key"},
    {"cert trust", cmd_cert_trust, "FP", "trust it by hand"},
    {"cert reject", cmd_cert_reject, "FP", "never use it, whatever its chain"},
    {"cert certify", cmd_cert_certify, "FP|ADDR --by FP|ADDR|@DOMAIN",
     "an OpenPGP key's User-IDs, by an OpenPGP key of ours"},
    {"cert export", cmd_cert_export, "FP", "a certificate as PEM, an OpenPGP key as ASCII armour"},
    {"cert delete", cmd_cert_delete, "FP", "forget a certificate or OpenPGP key"},
    {"key import", cmd_key_import, "FILE [--user ADDR|@DOMAIN] [--passphrase-file FILE | --token URI]",
     "a private key with its certificate, an OpenPGP secret key; a certificate whose key is on a token"},
    {"key generate", cmd_key_generate,
     "ADDR [--type rsa2048|rsa3072|rsa4096|p256|p384] [--days N] [--token URI] | ADDR|@DOMAIN --openpgp "
     "[--type "
     "ed25519|rsa3072|rsa4096] [--days N]",
     "a new key, its certificate from the own CA; or for OpenPGP"},
    {"key request", cmd_key_request, "ADDR [--token URI] [--type TYPE] | --key FP, [--out FILE]",
     "a certificate request (PKCS#10), for a new key or one that is here"},
    {"key list", cmd_key_list, "[ADDR|@DOMAIN] [--json]", "private keys"},
    {"key export", cmd_key_export, "FP [--passphrase-file FILE] [--out FILE]",
     "key, certificate and chain as PKCS#12; an OpenPGP secret key"},
    {"key move", cmd_key_move, "FP --token URI", "a key of the store becomes a token's alone"},
    {"key rewrap", cmd_key_rewrap, "", "a new master key, and all private keys wrapped under it"},
    {"key delete", cmd_key_delete, "FP --force", "forget a private key: old mail to it is lost"},
    {"ca add", cmd_ca_add, "FILE [--trust]", "certification authorities: anchors or intermediates"},
    {"ca list", cmd_ca_list, "[--json]", "certification authorities"},
    {"ca export", cmd_ca_export, "FP", "an authority's certificate as PEM, to give it to others"},
    {"ca remove", cmd_ca_remove, "FP", "forget a certification authority"},
    {"crl import", cmd_crl_import, "FILE..", "certificate revocation lists (DER, PEM)"},
    {"crl list", cmd_crl_list, "[--json]", "revocation lists, and when each is to be replaced"},
    {"crl remove", cmd_crl_remove, "ID", "forget a revocation list"},
    {"policy check", cmd_policy_check, "[FILE]", "read a policy and say what is wrong with it"},
    {"policy load", cmd_policy_load, "[FILE] [--force]", "check a policy and put it into use"},
    {"policy test", cmd_policy_test,
     "[TABLE | --from ADDR --to ADDR.. [OPTION..]] [--policy FILE] [--json]\n"
     "       --subject TEXT, --header 'NAME: VALUE', --size N, --attachment NAME[:TYPE], --keyword NAME\n"
     "       --sender ADDR|'<>', --login USER, --tls SUBJECT, --local\n"
     "       --client IP, --client-name HOST, --listener L\n"
     "       --registered sender|recipient, --from-group NAME, --to-group NAME\n"
     "       --possible METHOD, --signed, --encrypted, --verified STATUS, --fact FACT",
     "try the policy on messages that are only described"},
    {"policy show", cmd_policy_show, "[VERSION] [--file PATH | --json]",
     "the policy in use, or an earlier one"},
    {"policy log", cmd_policy_log, "[--json]", "which policy was loaded when, by whom"},
    {"policy diff", cmd_policy_diff, "[VERSION [VERSION]]",
     "what changed: the file, or a version, against the one in use"},
    {"policy rollback", cmd_policy_rollback, "[VERSION] [--force]", "put an earlier policy into use again"},
    {"explain", cmd_explain,
     "--from ADDR --to ADDR.. [--client IP] [--login USER] [--local] [--listener L] [--body B] [--at TIME] "
     "[--write DIR] [--json] MESSAGE|-",
     "what the daemon would do with a message, and why"},
    {"doctor", cmd_doctor, "[--postfix DIR] [--sendmail FILE] [--json]",
     "what is unsafe here: files, keys, the MTA's settings"},
    {"backup", cmd_backup, "FILE", "copy the store; the master key is not in it"},
    {"restore", cmd_restore, "FILE", "put a backup in the place of the store"},
};
const size_t cli_ncommands = SEAL_COUNT(cli_commands);
