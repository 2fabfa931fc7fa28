#pragma once

#include <curl/curl.h>

// Swift cannot call C variadics, and the whole of libcurl's configuration is three of them.
// One static inline function per argument type; no logic here.

typedef size_t (*ccurl_data_callback)(char *_Nullable bytes, size_t size, size_t count, void *_Nullable context);
typedef curl_socket_t (*ccurl_open_callback)(void *_Nullable context, curlsocktype purpose,
                                             struct curl_sockaddr *_Nullable address);
typedef int (*ccurl_socket_callback)(void *_Nullable context, curl_socket_t socket, curlsocktype purpose);

static inline CURLcode ccurl_easy_set_long(CURL *_Nonnull handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_easy_set_offset(CURL *_Nonnull handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_easy_set_string(CURL *_Nonnull handle, CURLoption option, const char *_Nullable value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_easy_set_pointer(CURL *_Nonnull handle, CURLoption option, void *_Nullable value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_easy_set_bytes(CURL *_Nonnull handle, CURLoption option, const void *_Nonnull value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_easy_set_list(CURL *_Nonnull handle, CURLoption option,
                                           struct curl_slist *_Nullable value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_easy_set_data_callback(CURL *_Nonnull handle, CURLoption option,
                                                    ccurl_data_callback _Nonnull value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_easy_set_socket_callback(CURL *_Nonnull handle, CURLoption option,
                                                      ccurl_socket_callback _Nonnull value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_easy_set_open_callback(CURL *_Nonnull handle, CURLoption option,
                                                    ccurl_open_callback _Nonnull value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_easy_get_long(CURL *_Nonnull handle, CURLINFO info, long *_Nonnull value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLMcode ccurl_multi_set_long(CURLM *_Nonnull handle, CURLMoption option, long value) {
    return curl_multi_setopt(handle, option, value);
}
