/* names - what has a name of its own and stands in sets. */
#include "policy/names.h"

#include "policy/policy_internal.h"

static const char *name_direction(unsigned value)
{
    return direction_name(value);
}

static const char *name_party(unsigned value)
{
    return value == PARTY_SENDER ? "sender" : "recipient";
}

static const char *name_method(unsigned value)
{
    return method_name(value);
}

static const char *name_signature(unsigned value)
{
    return signature_name(value);
}

static const char *name_priority(unsigned value)
{
    return priority_name(value);
}

static const char *name_sensitivity(unsigned value)
{
    return sensitivity_name(value);
}

static const char *name_trait(unsigned value)
{
    return trait_name(value);
}

const struct names direction_names = {name_direction, DIRECTION_TRANSIT, DIRECTION_INBOUND,
                                      "outbound, inbound, internal or transit"};
const struct names party_names = {name_party, PARTY_SENDER, PARTY_RECIPIENT, "sender or recipient"};
const struct names layer_names = {name_method, METHOD_SMIME, METHOD_OPENPGP, "smime or openpgp"};
const struct names method_names = {name_method, METHOD_SMIME, METHOD_PORTAL, "smime, openpgp, pdf or portal"};
const struct names signature_names = {name_signature, SIGNATURE_NONE, SIGNATURE_UNSUPPORTED,
                                      "none, good, weak, bad, partial, mismatch, untrusted or unsupported"};
const struct names priority_names = {name_priority, PRIORITY_NORMAL, PRIORITY_LOW, "high, normal or low"};
const struct names sensitivity_names = {name_sensitivity, SENSITIVITY_NORMAL, SENSITIVITY_CONFIDENTIAL,
                                        "personal, private, company-confidential or normal"};
const struct names trait_names = {name_trait, TRAIT_CALENDAR, TRAIT_REPORT,
                                  "calendar, tnef, list, automatic or report"};
