// How fundgated's allocator, jemalloc, gets its memory. MALLOC_CONF in the environment wins.
#include <jemalloc/jemalloc.h>

// In huge pages, where the system gives them to whoever asks: what checks touch lies all over
// tables and write buffers, and looking up where a page lies is dear, on virtual machines above
// all. And kept for a minute by who has given it back: a write buffer goes every few seconds and
// the next one comes, and the system would clear its pages each time.
const char* malloc_conf = "thp:always,dirty_decay_ms:60000";
