/*
 * Included before all C code that is compiled for Android: what musl's headers have in the place of Android's, and Android
 * hasn't, or has with another value. It covers what SQLite, ring and LLVM's libunwind use; the rest of what they use is
 * the kernel's, or alike in both.
 */
#ifndef __ASSEMBLER__
#include <features.h>

/* On 32 bits, musl renames every function that takes a time. */
#undef __REDIR
#define __REDIR(name, other)

#define __errno_location __errno

#include <unistd.h>
#undef _SC_PAGE_SIZE
#undef _SC_PAGESIZE
#define _SC_PAGESIZE 39
#endif
