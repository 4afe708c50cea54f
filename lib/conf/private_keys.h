/* private_keys - what settings of sealkeyd and of tokens may be, alone and together. Private to lib/conf. */
#ifndef CONF_PRIVATE_KEYS_H
#define CONF_PRIVATE_KEYS_H

#include "conf/settings.h"

int private_keys_check_process(const char *text, struct err *err) SEAL_CHECKED;
int private_keys_check_module(const char *text, struct err *err) SEAL_CHECKED;
int private_keys_check_uri(const char *text, struct err *err) SEAL_CHECKED;

/* private_keys_settle - defaults that follow from others; ERR_CONFIG for what does not go together. */
int private_keys_settle(struct settings *settings, struct arena *arena, struct err *err) SEAL_CHECKED;

#endif
