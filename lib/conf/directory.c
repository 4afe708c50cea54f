/* directory - settings of the directory, checked. */
#include "conf/directory.h"

#include <string.h>

int directory_check_uri(const char *text, struct err *err)
{
    static const char *const schemes[] = {"ldap://", "ldaps://", "ldapi://"};
    for (size_t i = 0; i < SEAL_COUNT(schemes); i++) {
        size_t len = strlen(schemes[i]), host = strcspn(text + (strlen(text) < len ? 0 : len), "/?");
        if (strncmp(text, schemes[i], len) == 0 && host > 0 && text[len + host] == '\0')
            return 0;
    }
    return err_set(err, ERR_CONFIG,
                   "expected ldap://HOST[:PORT], ldaps://HOST[:PORT] or ldapi://PATH (with %%2F for /)");
}

/* A name or a number (RFC 4512 2.5), so that it can stand in a filter as it is. */
int directory_check_attribute(const char *text, struct err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
    if (*text == '\0' || *text == '-' || *text == '.' || text[strspn(text, allowed)] != '\0' ||
        strlen(text) > 100)
        return err_set(err, ERR_CONFIG, "expected the name of an attribute");
    return 0;
}

int directory_check_filter(const char *text, struct err *err)
{
    size_t len = strlen(text);
    if (len == 0 || (text[0] == '(' && text[len - 1] == ')'))
        return 0;
    return err_set(err, ERR_CONFIG, "expected a filter in parentheses");
}

int directory_check_nested(const char *text, struct err *err)
{
    static const char *const ways[] = {"walk", "member-of", "in-chain", "no"};
    for (size_t i = 0; i < SEAL_COUNT(ways); i++)
        if (strcmp(text, ways[i]) == 0)
            return 0;
    return err_set(err, ERR_CONFIG, "expected walk, member-of, in-chain or no");
}

/* Without TLS, and on its way over a network. */
static bool is_exposed(const char *uri)
{
    static const char *const local[] = {"localhost", "127.0.0.1", "[::1]"};
    if (strncmp(uri, "ldap://", 7) != 0)
        return false;
    for (size_t i = 0; i < SEAL_COUNT(local); i++) {
        size_t len = strlen(local[i]);
        if (strncmp(uri + 7, local[i], len) == 0 && (uri[7 + len] == '\0' || uri[7 + len] == ':'))
            return false;
    }
    return true;
}

static int check_bind(const struct directory_settings *d, struct err *err)
{
    if ((*d->bind_dn == '\0') != (*d->password_file == '\0'))
        return err_set(err, ERR_CONFIG, "directory-bind-dn and directory-password-file go together");
    if (d->sasl_external && *d->bind_dn != '\0')
        return err_set(err, ERR_CONFIG, "directory-bind-dn or directory-sasl-external, not both");
    if ((*d->cert == '\0') != (*d->key == '\0'))
        return err_set(err, ERR_CONFIG, "directory-cert and directory-key go together");
    for (size_t i = 0; i < d->uris.n; i++)
        if (*d->bind_dn != '\0' && !d->starttls && is_exposed(d->uris.items[i]))
            return err_set(err, ERR_CONFIG, "%s: the password would go over the network in clear",
                           d->uris.items[i]);
    return 0;
}

int directory_settle(struct settings *settings, struct arena *arena, struct err *err)
{
    struct directory_settings *d = &settings->directory;
    if (d->group_base == NULL || *d->group_base == '\0')
        d->group_base = d->base;
    if (d->addresses.n == 0) {
        d->addresses.items = arena_array(arena, 1, sizeof *d->addresses.items);
        d->addresses.items[d->addresses.n++] = "mail";
    }
    if (d->uris.n == 0)
        return 0;
    if (*d->base == '\0')
        return err_set(err, ERR_CONFIG, "%s: directory wants directory-base", settings->path);
    return check_bind(d, err) < 0 ? err_wrap(err, "%s", settings->path) : 0;
}
