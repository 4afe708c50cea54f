/* directory - what settings of the directory may be, alone and together. Private to lib/conf. */
#ifndef CONF_DIRECTORY_H
#define CONF_DIRECTORY_H

#include "conf/settings.h"

int directory_check_uri(const char *text, struct err *err) SEAL_CHECKED;
int directory_check_attribute(const char *text, struct err *err) SEAL_CHECKED;
int directory_check_filter(const char *text, struct err *err) SEAL_CHECKED;
int directory_check_nested(const char *text, struct err *err) SEAL_CHECKED;

/* directory_settle - defaults that follow from others; ERR_CONFIG for what does not go together. */
int directory_settle(struct settings *settings, struct arena *arena, struct err *err) SEAL_CHECKED;

#endif
