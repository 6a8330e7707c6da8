/*
 * The library as an app of the phone has it: loaded at run time, and called by the C functions that UniFFI gives it, which
 * is what the generated Kotlin does. Their header comes from the same library.
 *
 * Arguments: the library, and the app's folder.
 */
#define _Nonnull
#define _Nullable
#include "countersign_ffiFFI.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void *library;

static void fail(const char *what) {
    printf("failed: %s\n", what);
    exit(1);
}

static void expect(int holds, const char *what) {
    if (!holds) fail(what);
    printf("  %s\n", what);
}

static void *symbol(const char *name) {
    void *found = dlsym(library, name);
    if (!found) fail(name);
    return found;
}

/* A function of the library, with the type that the header gives it. */
#define F(name) ((__typeof__(&name))symbol(#name))
#define FN(name) F(uniffi_countersign_ffi_fn_##name)

/* --- Buffers: numbers are big-endian, texts and lists have their length before them. */

struct writer {
    uint8_t bytes[1024];
    size_t length;
};

static void put(struct writer *w, uint64_t number, int size) {
    while (size--) w->bytes[w->length++] = (uint8_t)(number >> (8 * size));
}

static void put_text(struct writer *w, const char *text) {
    put(w, strlen(text), 4);
    memcpy(w->bytes + w->length, text, strlen(text));
    w->length += strlen(text);
}

static RustBuffer buffer_of(const void *bytes, size_t length) {
    RustCallStatus status = {0};
    ForeignBytes foreign = {(int32_t)length, bytes};
    RustBuffer buffer = F(ffi_countersign_ffi_rustbuffer_from_bytes)(foreign, &status);
    if (status.code) fail("a buffer is made");
    return buffer;
}

static RustBuffer buffer(struct writer *w) { return buffer_of(w->bytes, w->length); }
static RustBuffer text(const char *text) { return buffer_of(text, strlen(text)); }
static RustBuffer none(void) { return buffer_of("", 1); }
static RustBuffer empty_list(void) { return buffer_of("\0\0\0", 4); }

static int contains(RustBuffer buffer, const char *text) {
    return memmem(buffer.data, buffer.len, text, strlen(text)) != NULL;
}

static void release(RustBuffer buffer) {
    RustCallStatus status = {0};
    F(ffi_countersign_ffi_rustbuffer_free)(buffer, &status);
}

/* --- Calls. */

static void succeeded(RustCallStatus *status) {
    if (!status->code) return;
    if (status->code == 2) printf("panic %.*s\n", (int)status->errorBuf.len, status->errorBuf.data);
    if (status->code == 1) {
        RustCallStatus described = {0};
        RustBuffer code = FN(method_authenticatorerror_code)(status->errorBuf, &described);
        printf("error %.*s\n", (int)code.len, code.data);
    }
    fail("a call succeeds");
}

static void failed_by(RustCallStatus *status, const char *expected) {
    if (status->code != 1) fail("a call fails as it should");
    RustCallStatus described = {0};
    RustBuffer code = FN(method_authenticatorerror_code)(status->errorBuf, &described);
    if (code.len != strlen(expected) || memcmp(code.data, expected, code.len)) {
        printf("error %.*s\n", (int)code.len, code.data);
        fail(expected);
    }
    release(code);
}

struct waiter {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int polled;
};

/* Called on any thread of the library's. 0 is ready, anything else asks to be polled again. */
static void resume(uint64_t data, int8_t poll) {
    struct waiter *waiter = (struct waiter *)data;
    pthread_mutex_lock(&waiter->mutex);
    waiter->polled = poll == 0 ? 1 : 2;
    pthread_cond_signal(&waiter->changed);
    pthread_mutex_unlock(&waiter->mutex);
}

typedef void (*poll_function)(uint64_t, UniffiRustFutureContinuationCallback, uint64_t);

static void finish(uint64_t future, poll_function poll) {
    struct waiter waiter = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
    int polled = 0;
    while (polled != 1) {
        poll(future, resume, (uint64_t)&waiter);
        pthread_mutex_lock(&waiter.mutex);
        while (!waiter.polled) pthread_cond_wait(&waiter.changed, &waiter.mutex);
        polled = waiter.polled;
        waiter.polled = 0;
        pthread_mutex_unlock(&waiter.mutex);
    }
}

static uint64_t await_object(uint64_t future, RustCallStatus *status) {
    finish(future, F(ffi_countersign_ffi_rust_future_poll_u64));
    uint64_t object = F(ffi_countersign_ffi_rust_future_complete_u64)(future, status);
    F(ffi_countersign_ffi_rust_future_free_u64)(future);
    return object;
}

static RustBuffer await_buffer(uint64_t future, RustCallStatus *status) {
    finish(future, F(ffi_countersign_ffi_rust_future_poll_rust_buffer));
    RustBuffer buffer = F(ffi_countersign_ffi_rust_future_complete_rust_buffer)(future, status);
    F(ffi_countersign_ffi_rust_future_free_rust_buffer)(future);
    return buffer;
}

static void await_nothing(uint64_t future, RustCallStatus *status) {
    finish(future, F(ffi_countersign_ffi_rust_future_poll_void));
    F(ffi_countersign_ffi_rust_future_complete_void)(future, status);
    F(ffi_countersign_ffi_rust_future_free_void)(future);
}

/* Every call takes one of the caller's references. */
#define CLONE(type, object) FN(clone_##type)(object, &(RustCallStatus){0})

/* --- The phone's clock, as the library calls it. */

static const uint64_t WALL = 1790000000000;

static void clock_free(uint64_t handle) { (void)handle; }
static uint64_t clock_clone(uint64_t handle) { return handle; }
static void clock_read(uint64_t handle, RustBuffer *reading, RustCallStatus *status) {
    (void)handle, (void)status;
    struct writer w = {.length = 0};
    put(&w, WALL, 8);
    put(&w, 5000, 8);
    put_text(&w, "17");
    put(&w, 1, 1); /* and what the network says */
    put(&w, WALL, 8);
    *reading = buffer(&w);
}

static const UniffiVTableCallbackInterfaceDeviceClock CLOCK = {clock_free, clock_clone, clock_read};

/* --- A service that hangs up. */

static void *hang_up(void *listener) {
    for (;;) {
        int connection = accept(*(int *)listener, NULL, NULL);
        if (connection < 0) return NULL;
        char first;
        recv(connection, &first, 1, 0);
        struct linger at_once = {1, 0};
        setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(connection);
    }
}

static int listen_somewhere(int *listener) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    *listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(*listener, (struct sockaddr *)&address, sizeof address) || listen(*listener, 8)) fail("a port is opened");
    getsockname(*listener, (struct sockaddr *)&address, &length);
    return ntohs(address.sin_port);
}

/* --- The story. */

static uint64_t vault_of(uint64_t code, const char *path) {
    RustCallStatus status = {0};
    uint64_t slot = FN(constructor_newslot_from_recovery_code)(CLONE(recoverycode, code), &status);
    succeeded(&status);
    struct writer slots = {.length = 0};
    put(&slots, 1, 4);
    put(&slots, slot, 8);
    uint64_t vault = await_object(FN(constructor_vault_create)(text(path), buffer(&slots)), &status);
    succeeded(&status);
    expect(1, "a vault is created");

    FN(method_vault_lock)(CLONE(vault, vault), &status);
    expect(FN(method_vault_is_locked)(CLONE(vault, vault), &status), "it locks");
    uint64_t other = FN(constructor_recoverycode_make_random)(&status);
    await_nothing(FN(method_vault_unlock_with_recovery_code)(CLONE(vault, vault), other), &status);
    failed_by(&status, "vault_wrong_key");
    expect(1, "another recovery code doesn't open it");
    status = (RustCallStatus){0};
    await_nothing(FN(method_vault_unlock_with_recovery_code)(CLONE(vault, vault), CLONE(recoverycode, code)), &status);
    succeeded(&status);
    expect(1, "its own does");

    await_object(FN(constructor_vault_open)(text("/nowhere/vault.db")), &status);
    failed_by(&status, "vault_missing");
    expect(1, "a vault that isn't there is said to be missing");
    return vault;
}

static void import_and_codes(uint64_t phone) {
    RustCallStatus status = {0};
    const char *link = "otpauth://totp/Example:ada?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Example\n";
    uint64_t import = FN(constructor_import_new)(&status);
    struct writer file = {.length = 0};
    put_text(&file, link);
    release(await_buffer(FN(method_import_add_file)(CLONE(import, import), buffer(&file), none(), none()), &status));
    succeeded(&status);
    uint64_t offer = FN(constructor_offer_parse)(text("otpauth://totp/Other:ada?secret=JBSWY3DPEHPK3PXP&issuer=Other"), &status);
    succeeded(&status);
    struct writer offers = {.length = 0};
    put(&offers, 1, 4);
    put(&offers, offer, 8);
    release(await_buffer(FN(method_authenticator_add)(CLONE(authenticator, phone), buffer(&offers)), &status));
    succeeded(&status);
    RustBuffer codes = await_buffer(FN(method_authenticator_codes)(CLONE(authenticator, phone), none()), &status);
    succeeded(&status);
    expect(contains(codes, "Other"), "an account is added, and has a code");
    release(codes);

    FN(constructor_offer_parse)(text("otpauth://totp/Example?secret=0189"), &status);
    expect(status.code == 1, "a secret that is none is refused");
}

static void enrol_with_nobody(uint64_t phone) {
    RustCallStatus status = {0};
    int listener;
    pthread_t service;
    char link[256];
    snprintf(link, sizeof link,
             "http://127.0.0.1:%d/enrol#t=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
             "&k=ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8",
             listen_somewhere(&listener));
    pthread_create(&service, NULL, hang_up, &listener);
    uint64_t offer = FN(constructor_offer_parse)(text(link), &status);
    succeeded(&status);
    struct writer device = {.length = 0};
    put_text(&device, "Ada's phone");
    put(&device, 1, 4); /* Android */
    put(&device, 0, 1); /* can't be woken */
    uint64_t future = FN(method_authenticator_enrol)(CLONE(authenticator, phone), offer, buffer(&device), none());
    release(await_buffer(future, &status));
    failed_by(&status, "network_interrupted");
    expect(1, "a service that hangs up is a failure of the network, and ends no process");
}

int main(int count, char **arguments) {
    if (count != 3) fail("usage: phone LIBRARY FOLDER");
    setvbuf(stdout, NULL, _IOLBF, 0);
    /* As ART does before it starts a thread. */
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);

    library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    if (!library) fail(dlerror());
    expect(F(ffi_countersign_ffi_uniffi_contract_version)() == 30, "the library is loaded, with UniFFI's contract 30");
    FN(init_callback_vtable_deviceclock)(&CLOCK);

    char path[4096];
    snprintf(path, sizeof path, "%s/vault.db", arguments[2]);
    RustCallStatus status = {0};
    uint64_t code = FN(constructor_recoverycode_make_random)(&status);
    uint64_t vault = vault_of(code, path);

    struct writer user_check = {.length = 0}, clock = {.length = 0};
    put(&user_check, 3, 4); /* by passphrase */
    put(&clock, 1, 1);
    put(&clock, 1, 8); /* some handle: uneven ones are the caller's */
    uint64_t phone = await_object(
        FN(constructor_authenticator_open_with_software_keys)(CLONE(vault, vault), buffer(&user_check), buffer(&clock), empty_list()),
        &status);
    succeeded(&status);
    RustBuffer time = FN(method_authenticator_clock_status)(CLONE(authenticator, phone), &status);
    uint64_t now = 0;
    for (int i = 0; i < 8; i++) now = now << 8 | time.data[i];
    expect(now == WALL, "it reads the phone's clock by a callback");
    release(time);

    import_and_codes(phone);
    enrol_with_nobody(phone);
    FN(free_authenticator)(phone, &status);
    FN(free_vault)(vault, &status);
    printf("  all of it was called through %s\n", arguments[1]);
    return 0;
}
