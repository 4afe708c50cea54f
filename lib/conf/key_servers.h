/* key_servers - the words of openpgp-lookup: servers, and behind each the addresses for which it is asked. Private to lib/conf. */
#ifndef CONF_KEY_SERVERS_H
#define CONF_KEY_SERVERS_H

#include "conf/settings.h"

int key_servers_check(const char *word, struct err *err) SEAL_CHECKED;

/* key_servers_settle - the words as servers; ERR_CONFIG when the first is none, or there are too many. */
int key_servers_settle(struct settings *settings, struct arena *arena, struct err *err) SEAL_CHECKED;

#endif
