#ifndef ARROBA_HOLD_H
#define ARROBA_HOLD_H
/* Stops one thread of another process, as a disk that hangs stops whoever writes to it; the others go on. Swift cannot
   see ptrace, whose arguments vary. The thread that holds must be the one that lets go. */
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>

/* 0, or why it cannot be held. */
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
#endif
