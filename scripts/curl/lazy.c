/* libcurl for the linker: the functions that Foundation's URLSession calls, each of which loads the system's
   libcurl.so.4 with the first call of any of them.

   A release is linked statically with Foundation, which wants -lcurl. Linked to the real library, every start of the
   daemon would load it and forty others that it needs (3 ms, 6 MB), also where no agent ever speaks HTTP; and building
   would need libcurl's development package. scripts/build makes libcurl.a of this file.

   The three functions of variable arguments take one more argument, which is a pointer or an integer of at most 64
   bits: on the 64-bit systems that we run on both travel in the same register. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

_Static_assert(sizeof(void *) == 8 && sizeof(long) == 8, "a 64-bit system");

static void *library;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) { library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL); }

/* ArrobaHTTP looks whether the library is there before it makes a session, so that nobody comes here without it. */
static void *find(const char *name) {
  pthread_once(&once, load);
  void *found = library ? dlsym(library, name) : NULL;
  if (!found) {
    fprintf(stderr, "arroba: libcurl.so.4 has no %s\n", name);
    abort();
  }
  return found;
}

#define REAL(name, type) \
  static __typeof__(type) real; \
  if (!real) real = (__typeof__(type))find(#name)

#define FORWARD_0(result, name) \
  result name(void) { REAL(name, result (*)(void)); return real(); }
#define FORWARD_1(result, name, A) \
  result name(A a) { REAL(name, result (*)(A)); return real(a); }
#define FORWARD_2(result, name, A, B) \
  result name(A a, B b) { REAL(name, result (*)(A, B)); return real(a, b); }
#define FORWARD_3(result, name, A, B, C) \
  result name(A a, B b, C c) { REAL(name, result (*)(A, B, C)); return real(a, b, c); }
#define FORWARD_4(result, name, A, B, C, D) \
  result name(A a, B b, C c, D d) { REAL(name, result (*)(A, B, C, D)); return real(a, b, c, d); }
#define FORWARD_ANY(name) \
  int name(void *handle, int option, ...) { \
    REAL(name, int (*)(void *, int, ...)); \
    va_list rest; \
    va_start(rest, option); \
    void *argument = va_arg(rest, void *); \
    va_end(rest); \
    return real(handle, option, argument); \
  }

typedef const char *text;

FORWARD_1(int, curl_global_init, long)
FORWARD_0(char *, curl_version)
FORWARD_1(void *, curl_version_info, int)
FORWARD_0(void *, curl_easy_init)
FORWARD_ANY(curl_easy_setopt)
FORWARD_ANY(curl_easy_getinfo)
FORWARD_2(int, curl_easy_pause, void *, int)
FORWARD_1(text, curl_easy_strerror, int)
FORWARD_0(void *, curl_multi_init)
FORWARD_ANY(curl_multi_setopt)
FORWARD_2(int, curl_multi_add_handle, void *, void *)
FORWARD_2(int, curl_multi_remove_handle, void *, void *)
FORWARD_3(int, curl_multi_assign, void *, int, void *)
FORWARD_1(int, curl_multi_cleanup, void *)
FORWARD_2(void *, curl_multi_info_read, void *, int *)
FORWARD_4(int, curl_multi_socket_action, void *, int, int, int *)
FORWARD_2(void *, curl_slist_append, void *, text)
FORWARD_0(void *, curl_url)
FORWARD_4(int, curl_url_get, void *, int, char **, unsigned)
FORWARD_4(int, curl_url_set, void *, int, text, unsigned)

#define FORWARD_VOID(name) \
  void name(void *a) { REAL(name, void (*)(void *)); real(a); }

FORWARD_VOID(curl_easy_cleanup)
FORWARD_VOID(curl_free)
FORWARD_VOID(curl_slist_free_all)
