#!/bin/sh
# Makes the files beside it, with gpg 2.2 and sq 0.27, in a home that is gone afterwards. Run it to change what they hold; no test does.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
home=$(mktemp -d)
trap 'gpgconf --homedir "$home" --kill gpg-agent; rm -rf "$home"' EXIT
export GNUPGHOME="$home"
passphrase=
gpg() { command gpg --batch --quiet --yes --no-tty --pinentry-mode loopback --passphrase "$passphrase" --trust-model always "$@"; }
key() { # NAME ALGORITHM SUBKEY-ALGORITHM
    gpg --quick-generate-key "$1 <$1@example.org>" "$2" cert,sign never
    fpr=$(gpg --with-colons --list-keys "$1@example.org" | awk -F: '/^fpr/ { print $10; exit }')
    gpg --quick-add-key "$fpr" "$3" encr never
    gpg --export "$1@example.org" > "$here/key-$1.gpg"
    gpg --with-colons --with-subkey-fingerprint --list-keys "$1@example.org" |
        awk -F: -v name="$1" '/^(pub|sub)/ { bits = $3; algo = $4; curve = $17; made = $6 } /^fpr/ { print name, $10, curve == "" ? "algo" algo : curve, bits, made }' >> "$here/keys.txt"
}
: > "$here/keys.txt"

key alice ed25519 cv25519
key bob rsa3072 rsa3072
key carol nistp256 nistp384
key dave dsa2048 elg2048
key erin brainpoolP256r1 brainpoolP512r1

# Revoked: alice's first encryption subkey is followed by another; bob has a second User-ID and a third that he revoked.
cp "$home"/openpgp-revocs.d/"$(awk '$1 == "alice" { print $2; exit }' "$here/keys.txt")".rev "$home/alice.rev"
sed 's/^:-----/-----/' "$home/alice.rev" > "$here/revocation-alice.asc"
gpg --quick-add-uid bob@example.org "Robert <robert@example.org>"
gpg --quick-add-uid bob@example.org "Old Bob <old@example.org>"
gpg --quick-revoke-uid bob@example.org "Old Bob <old@example.org>"
for who in alice carol dave; do
    gpg --local-user $who@example.org --quick-sign-key "$(awk '$1 == "bob" { print $2; exit }' "$here/keys.txt")"
done
gpg --export bob@example.org > "$here/key-bob-signed.gpg"
gpg --export-secret-keys alice@example.org > "$here/secret-alice.gpg"
gpg --export alice@example.org carol@example.org > "$here/keys-two.gpg"
gpg --armor --export alice@example.org > "$here/key-alice.asc"

sq key generate --userid "Frank <frank@example.org>" --export "$home/frank.pgp" > /dev/null 2>&1
sq key extract-cert --binary --output "$here/key-frank-sq.gpg" "$home/frank.pgp"

hello="Hello, this is for you."
printf '%s' "$hello" | gpg --recipient alice@example.org --encrypt > "$here/message-alice.gpg"
printf '%s' "$hello" | gpg --recipient alice@example.org --encrypt --armor > "$here/message-alice.asc"
printf '%s' "$hello" | gpg --recipient alice@example.org --recipient bob@example.org --recipient carol@example.org \
    --recipient dave@example.org --recipient erin@example.org --encrypt > "$here/message-all.gpg"
printf '%s' "$hello" | gpg --hidden-recipient alice@example.org --recipient bob@example.org --encrypt > "$here/message-hidden.gpg"
head -c 9000 /dev/zero | gpg --compress-algo none --recipient alice@example.org --encrypt > "$here/message-parts.gpg"
printf '%s' "$hello" | gpg --local-user alice@example.org --recipient bob@example.org --sign --encrypt > "$here/message-signed-within.gpg"
printf '%s' "$hello" | sq encrypt --binary --recipient-cert "$here/key-frank-sq.gpg" > "$here/message-frank-sq.gpg"
printf '%s' "$hello" | gpg --local-user alice@example.org --sign > "$here/signed-compressed.gpg"
printf '%s' "$hello" | gpg --local-user alice@example.org --local-user bob@example.org --compress-algo none --sign > "$here/signed-two.gpg"
printf '%s' "$hello" | gpg --compress-algo none --store > "$here/literal.gpg"
printf '%s' "$hello" | gpg --local-user alice@example.org --local-user bob@example.org --detach-sign > "$here/signature-two.gpg"
printf '%s' "$hello" | gpg --local-user alice@example.org --detach-sign --armor > "$here/signature-alice.asc"
printf '%s' "$hello" | sq sign --binary --detached --signer-key "$home/frank.pgp" > "$here/signature-frank-sq.gpg"
passphrase=secret
printf '%s' "$hello" | gpg --recipient alice@example.org --symmetric --encrypt > "$here/message-also-password.gpg"
printf '%s' "$hello" | gpg --symmetric > "$here/message-password.gpg"
