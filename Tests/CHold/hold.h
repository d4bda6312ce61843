#ifndef ARROBA_HOLD_H
#define ARROBA_HOLD_H
/* What a test does to another process and Swift cannot say: calls whose arguments vary, or that are GNU's own. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>

extern long syscall(long number, ...);

/* Stops one thread, as a disk that hangs stops whoever writes to it; the others go on. The thread that holds must be the
   one that lets go. Returns 0, or why it cannot be held. */
static inline int arroba_hold_thread(pid_t thread) {
  int status = 0;
  if (ptrace(PTRACE_SEIZE, thread, 0, 0) != 0) return errno;
  if (ptrace(PTRACE_INTERRUPT, thread, 0, 0) != 0) return errno;
  while (waitpid(thread, &status, __WALL) != thread) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

static inline int arroba_release_thread(pid_t thread) {
  return ptrace(PTRACE_DETACH, thread, 0, 0) == 0 ? 0 : errno;
}

/* The longest that files which the process writes may become (soft RLIMIT_FSIZE). Returns 0 or why not. */
static inline int arroba_limit_files(pid_t process, uint64_t bytes, uint64_t *before) {
  uint64_t limit[2];
  if (syscall(SYS_prlimit64, process, RLIMIT_FSIZE, 0, limit) != 0) return errno;
  *before = limit[0];
  limit[0] = bytes;
  return syscall(SYS_prlimit64, process, RLIMIT_FSIZE, limit, 0) == 0 ? 0 : errno;
}
#endif
