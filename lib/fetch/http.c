/* http - libcurl with every door shut that is not needed. */
#include "fetch/http.h"

#include "fetch/inside.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

#define HEADER_MAX (64u << 10) /* octets of all header fields */
#define POLL_MS    1000

struct transfer {
    struct http_get *get;
    CURL *curl;
    size_t header; /* octets so far */
    bool too_much; /* more came than we take */
    bool refused;  /* it is inside */
    char why[CURL_ERROR_SIZE];
};

static CURLcode started;

static void start_library(void)
{
    started = curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* ---- called by libcurl ---- */

static size_t take_body(char *data, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    buf_add(&t->get->body, data, size * n);
    t->too_much |= t->get->body.failed;
    return t->too_much ? 0 : size * n;
}

static size_t take_header(char *data, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    (void)data;
    t->header += size * n;
    t->too_much |= t->header > HEADER_MAX;
    return t->too_much ? 0 : size * n;
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *t = arg;
    (void)purpose;
    if (t->get->place == HTTP_PUBLIC && inside_has(&address->addr)) {
        t->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- one transfer ---- */

/* Each must hold: one that cannot be set is a reason not to ask. */
static CURLcode set_limits(CURL *curl, const struct http_get *get)
{
    const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        {CURLOPT_NOSIGNAL, 1},
        {CURLOPT_QUICK_EXIT, 1}, /* a name server that hangs does not hold us at the end */
        {CURLOPT_TIMEOUT_MS, (long)get->timeout_ms},
        {CURLOPT_CONNECTTIMEOUT_MS, (long)get->timeout_ms},
        {CURLOPT_MAXFILESIZE, HTTP_BODY_MAX},
        {CURLOPT_FOLLOWLOCATION, 0},
        {CURLOPT_SSL_VERIFYPEER, 1},
        {CURLOPT_SSL_VERIFYHOST, 2},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        {CURLOPT_FORBID_REUSE, 1},
        {CURLOPT_NETRC, CURL_NETRC_IGNORED},
    };
    for (size_t i = 0; i < SEAL_COUNT(numbers); i++) {
        CURLcode code = curl_easy_setopt(curl, numbers[i].option, numbers[i].value);
        if (code != CURLE_OK)
            return code;
    }
    return CURLE_OK;
}

static CURLcode set_texts(CURL *curl, const struct http_get *get)
{
    const struct {
        CURLoption option;
        const char *value;
    } texts[] = {
        {CURLOPT_URL, get->url}, {CURLOPT_PROTOCOLS_STR, get->place == HTTP_NAMED ? "https,http" : "https"},
        {CURLOPT_PROXY, ""},     {CURLOPT_CAINFO, get->ca_file},
        {CURLOPT_CAPATH, NULL},  {CURLOPT_USERAGENT, "sealmilter"},
    };
    for (size_t i = 0; i < SEAL_COUNT(texts); i++) {
        CURLcode code = curl_easy_setopt(curl, texts[i].option, texts[i].value);
        if (code != CURLE_OK)
            return code;
    }
    return CURLE_OK;
}

static CURLcode set_calls(struct transfer *t)
{
    CURL *curl = t->curl;
    CURLcode code;
    if ((code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body)) != CURLE_OK ||
        (code = curl_easy_setopt(curl, CURLOPT_WRITEDATA, t)) != CURLE_OK ||
        (code = curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header)) != CURLE_OK ||
        (code = curl_easy_setopt(curl, CURLOPT_HEADERDATA, t)) != CURLE_OK ||
        (code = curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket)) != CURLE_OK ||
        (code = curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, t)) != CURLE_OK ||
        (code = curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, t->why)) != CURLE_OK)
        return code;
    return curl_easy_setopt(curl, CURLOPT_PRIVATE, t);
}

static CURLcode prepare(struct transfer *t)
{
    t->curl = curl_easy_init();
    if (t->curl == NULL)
        return CURLE_OUT_OF_MEMORY;
    CURLcode code = set_limits(t->curl, t->get);
    if (code == CURLE_OK)
        code = set_texts(t->curl, t->get);
    return code == CURLE_OK ? set_calls(t) : code;
}

/* ---- what came of it ---- */

/* Whatever a server says but "not now" is its answer: a page for people, or the way to another place, is no key. */
static void settle_status(struct http_get *get)
{
    long status = get->status;
    if (status == 200)
        get->answer = FIND_FOUND;
    else if (status >= 500 || status < 200 || status == 408 || status == 425 || status == 429)
        err_put(&get->err, ERR_PEER_TEMP, "the server says %ld", status);
    else
        get->answer = FIND_ABSENT;
}

static void settle(struct transfer *t, CURLcode code)
{
    struct http_get *get = t->get;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &get->status);
    if (t->too_much || code == CURLE_FILESIZE_EXCEEDED)
        err_put(&get->err, ERR_LIMIT, "the server sends more than %u octets", HTTP_BODY_MAX);
    else if (t->refused)
        err_put(&get->err, ERR_PEER_TEMP, "the server's address is inside, and the settings do not name it");
    else if (code == CURLE_OK)
        settle_status(get);
    else
        err_put(&get->err, ERR_PEER_TEMP, "%s", t->why[0] != '\0' ? t->why : curl_easy_strerror(code));
    get->no_host = code == CURLE_COULDNT_RESOLVE_HOST;
    if (get->answer != FIND_FOUND)
        buf_fini(&get->body);
}

/* ---- all ---- */

static void begin(CURLM *multi, struct transfer *t)
{
    *t->get = (struct http_get){.url = t->get->url,
                                .place = t->get->place,
                                .ca_file = t->get->ca_file,
                                .timeout_ms = t->get->timeout_ms,
                                .answer = FIND_FAILED,
                                .body = BUF_INIT(HTTP_BODY_MAX),
                                .err = ERR_INIT};
    CURLcode code = multi == NULL ? CURLE_OUT_OF_MEMORY : prepare(t);
    if (code == CURLE_OK && curl_multi_add_handle(multi, t->curl) == CURLM_OK)
        return;
    err_put(&t->get->err, ERR_PEER_TEMP, "libcurl: %s", curl_easy_strerror(code));
}

static void take_results(CURLM *multi)
{
    CURLMsg *said;
    int left;
    while ((said = curl_multi_info_read(multi, &left)) != NULL) {
        struct transfer *t = NULL;
        if (said->msg == CURLMSG_DONE &&
            curl_easy_getinfo(said->easy_handle, CURLINFO_PRIVATE, &t) == CURLE_OK)
            settle(t, said->data.result);
    }
}

/* Each transfer ends by its own limit of time. */
static void drive(CURLM *multi)
{
    int running = 0;
    while (curl_multi_perform(multi, &running) == CURLM_OK) {
        take_results(multi);
        if (running == 0 || curl_multi_poll(multi, NULL, 0, POLL_MS, NULL) != CURLM_OK)
            return;
    }
}

static void end(CURLM *multi, struct transfer *t)
{
    if (t->get->answer == FIND_FAILED && !err_is_set(&t->get->err))
        err_put(&t->get->err, ERR_PEER_TEMP, "libcurl gave up");
    if (t->curl == NULL)
        return;
    if (multi != NULL)
        curl_multi_remove_handle(multi, t->curl);
    curl_easy_cleanup(t->curl);
}

void http_get_all(struct http_get *gets, size_t n)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_library);
    CURLM *multi = started == CURLE_OK ? curl_multi_init() : NULL;
    struct transfer *transfers = xcalloc(n, sizeof *transfers);
    for (size_t i = 0; i < n; i++) {
        transfers[i].get = &gets[i];
        begin(multi, &transfers[i]);
    }
    if (multi != NULL)
        drive(multi);
    for (size_t i = 0; i < n; i++)
        end(multi, &transfers[i]);
    curl_multi_cleanup(multi);
    free(transfers);
}
