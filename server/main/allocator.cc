// How fundgated's allocator, jemalloc, gets its memory. MALLOC_CONF in the environment wins.
#include <jemalloc/jemalloc.h>

// In huge pages, where the system gives them to whoever asks: what checks touch lies all over
// tables and write buffers, and looking up where a page lies is dear, on virtual machines above
// all.
const char* malloc_conf = "thp:always";
