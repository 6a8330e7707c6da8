/*
 * What Android's C library has and musl hasn't, or has otherwise, as far as the library, the story and the core's tests use
 * it: loaded before musl, which does the rest. It is compiled against musl's own headers.
 *
 * With COUNTERSIGN_SANDBOX it is also the app's sandbox: nothing outside that folder can be opened, as on a phone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int *__errno(void) { return &errno; }

/* Where a program begins. musl's loader has run the program's constructors before it starts it. */
int __libc_start_main(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void));

void __libc_init(long *stack, void (*unused)(void), int (*main)(int, char **, char **), const void *structors) {
    __libc_start_main(main, (int)stack[0], (char **)(stack + 1), NULL, NULL, NULL);
}

/* A phone's properties: none but its API level. */
int __system_property_get(const char *name, char *value) {
    strcpy(value, strcmp(name, "ro.build.version.sdk") ? "" : "28");
    return (int)strlen(value);
}

/*
 * System calls made without the C library. An app that makes one that its Android doesn't let apps make is ended at once, so
 * here are those that Android 9 lets it make, of the ones that are made (libc/SECCOMP_WHITELIST_COMMON.TXT and SYSCALLS.TXT).
 */
long syscall(long number, ...) {
    static long (*real)(long, ...);
    if (!real) real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    va_list rest;
    va_start(rest, number);
    long a = va_arg(rest, long), b = va_arg(rest, long), c = va_arg(rest, long);
    long d = va_arg(rest, long), e = va_arg(rest, long), f = va_arg(rest, long);
    va_end(rest);
    switch (number) {
    case SYS_accept4: case SYS_copy_file_range: case SYS_futex: case SYS_getrandom: case SYS_gettid:
        return real(number, a, b, c, d, e, f);
    }
    fprintf(stderr, "shim: an app may not make the system call %ld\n", number);
    abort();
}

/* The names of <bits/sysconf.h>. */
long sysconf(int name) {
    static long (*real)(int);
    if (!real) real = (long (*)(int))dlsym(RTLD_NEXT, "sysconf");
    switch (name) {
    case 0x27: case 0x28: return real(_SC_PAGESIZE);
    case 0x48: return 16384; /* _SC_GETPW_R_SIZE_MAX */
    case 0x60: return real(_SC_NPROCESSORS_CONF);
    case 0x61: return real(_SC_NPROCESSORS_ONLN);
    }
    fprintf(stderr, "shim: sysconf(%#x) isn't known here\n", (unsigned)name);
    abort();
}

/* Android's order of fields, which is BSD's. */
struct android_addrinfo {
    int flags, family, socktype, protocol;
    socklen_t addrlen;
    char *canonname;
    struct sockaddr *addr;
    struct android_addrinfo *next;
};
_Static_assert(sizeof(struct android_addrinfo) == sizeof(struct addrinfo), "fields are only swapped");

/* Android's errors are positive. */
enum { ANDROID_EAI_AGAIN = 2, ANDROID_EAI_BADFLAGS, ANDROID_EAI_FAIL, ANDROID_EAI_NONAME = 8, ANDROID_EAI_SYSTEM = 11 };

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    if (!real) real = (int (*)(const char *, const char *, const struct addrinfo *, struct addrinfo **))dlsym(RTLD_NEXT, "getaddrinfo");
    if (hints && hints->ai_flags) return ANDROID_EAI_BADFLAGS;
    int error = real(host, service, hints, found);
    switch (error) {
    case 0: break;
    case EAI_AGAIN: return ANDROID_EAI_AGAIN;
    case EAI_NONAME: return ANDROID_EAI_NONAME;
    case EAI_SYSTEM: return ANDROID_EAI_SYSTEM;
    default: return ANDROID_EAI_FAIL;
    }
    for (struct addrinfo *ai = *found; ai; ai = ai->ai_next) {
        struct addrinfo musl = *ai;
        struct android_addrinfo *android = (struct android_addrinfo *)ai;
        android->canonname = musl.ai_canonname;
        android->addr = musl.ai_addr;
    }
    return 0;
}

const char *gai_strerror(int error) {
    return error == ANDROID_EAI_NONAME ? "No address associated with hostname" : "Name resolution failed";
}

#ifdef __LP64__
struct android_sigaction {
    int flags;
    void (*handler)(int);
    unsigned long mask;
    void (*restorer)(void);
};

int sigaction(int signal, const struct sigaction *change, struct sigaction *was) {
    static int (*real)(int, const struct sigaction *, struct sigaction *);
    if (!real) real = (int (*)(int, const struct sigaction *, struct sigaction *))dlsym(RTLD_NEXT, "sigaction");
    struct sigaction to = {0}, from = {0};
    if (change) {
        const struct android_sigaction *android = (const struct android_sigaction *)change;
        to.sa_flags = android->flags;
        to.sa_handler = android->handler;
        memcpy(&to.sa_mask, &android->mask, sizeof android->mask);
    }
    int result = real(signal, change ? &to : NULL, &from);
    if (was && result == 0) {
        struct android_sigaction *android = (struct android_sigaction *)was;
        android->flags = from.sa_flags;
        android->handler = from.sa_handler;
        memcpy(&android->mask, &from.sa_mask, sizeof android->mask);
        android->restorer = NULL;
    }
    return result;
}
#endif

/* The library starts no programs, and the story none either. The core's tests do. */
pid_t fork(void) {
    static pid_t (*real)(void);
    if (!real) real = (pid_t (*)(void))dlsym(RTLD_NEXT, "fork");
    if (!getenv("COUNTERSIGN_SANDBOX")) return real();
    fprintf(stderr, "shim: an app doesn't start processes\n");
    abort();
}

/* Programs of the phone's kind are started by the emulator. */
int execvp(const char *file, char *const argv[]) {
    static int (*real)(const char *, char *const[]);
    if (!real) real = (int (*)(const char *, char *const[]))dlsym(RTLD_NEXT, "execvp");
    const char *emulator = getenv("COUNTERSIGN_EMULATOR");
    Elf64_Ehdr header = {0};
    int program = openat(AT_FDCWD, file, O_RDONLY | O_CLOEXEC);
    if (program < 0) return real(file, argv);
    ssize_t length = read(program, &header, sizeof header);
    close(program);
    if (!emulator || length != sizeof header || memcmp(header.e_ident, ELFMAG, SELFMAG) || header.e_machine != EM_AARCH64)
        return real(file, argv);
    size_t count = 0;
    while (argv[count]) count++;
    const char *arguments[count + 2];
    arguments[0] = emulator;
    arguments[1] = file;
    for (size_t i = 1; i <= count; i++) arguments[i + 1] = argv[i];
    return execv(emulator, (char *const *)arguments);
}

static int is_inside(const char *path, int flags) {
    const char *sandbox = getenv("COUNTERSIGN_SANDBOX");
    if (!sandbox) return 1;
    size_t length = strlen(sandbox);
    if (!strncmp(path, sandbox, length) && (path[length] == '/' || !path[length])) return 1;
    /* Not every phone lets apps read what the kernel says of itself, such as the boot id. */
    if ((flags & O_ACCMODE) == O_RDONLY && strncmp(path, "/proc/sys/", 10) &&
        (!strncmp(path, "/proc/", 6) || !strncmp(path, "/dev/", 5)))
        return 1;
    fprintf(stderr, "shim: the app's sandbox has no %s\n", path);
    errno = EACCES;
    return 0;
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return is_inside(path, flags) ? openat(AT_FDCWD, path, flags, mode) : -1;
}

int mkdir(const char *path, mode_t mode) {
    return is_inside(path, O_WRONLY) ? mkdirat(AT_FDCWD, path, mode) : -1;
}
