#pragma once
#include <zlib.h>

// Macros, which Swift does not import. 15 is the largest window; 16 more asks for the format of gzip.
static inline int supamanager_inflate_begin(z_stream *stream) { return inflateInit2(stream, 15 + 16); }
static inline int supamanager_deflate_begin(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
