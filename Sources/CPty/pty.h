#ifndef ARROBA_PTY_H
#define ARROBA_PTY_H
/* The calls that Swift cannot make itself: what must run between fork and exec, function-like macros (CMSG_*),
   and GNU-only calls, declared by hand because _GNU_SOURCE changes types that module Glibc has already defined. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

extern int accept4(int fd, struct sockaddr *restrict addr, socklen_t *restrict len, int flags);
extern int dup3(int from, int to, int flags);
extern int memfd_create(const char *name, unsigned int flags);
extern int pipe2(int ends[2], int flags);
extern long syscall(long number, ...);

/* What a child is born with. argv and envp are built by the parent; path is absolute. */
struct arroba_birth {
  const char *path;
  char *const *argv;
  char *const *envp;
  const char *directory;
  uint16_t columns, rows;
  struct rlimit files; /* RLIMIT_NOFILE as the user had it */
};

/* Only async-signal-safe calls from here to exec: no Swift runs in the child. */
static inline void arroba_child_reset(const struct arroba_birth *birth, pid_t parent) {
  /* By the kernel's own call: the C library's refuses 32 and 33, which posix_spawn leaves ignored in its children.
     All zero is the default action, whatever the order of the fields. */
  const unsigned long action[8] = {0};
  for (int number = 1; number < 65; number++) (void)syscall(SYS_rt_sigaction, number, action, NULL, 8);
  sigset_t none;
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
  (void)syscall(SYS_setpriority, 0, 0, 0);
  if (birth->files.rlim_max > 0) (void)setrlimit(RLIMIT_NOFILE, &birth->files);
  /* A child whose supervisor is gone has no terminal and no reader any more. */
  (void)prctl(PR_SET_PDEATHSIG, SIGHUP, 0, 0, 0);
  if (getppid() != parent) (void)raise(SIGHUP);
}

static inline void arroba_child_exec(const struct arroba_birth *birth, int report, pid_t parent) {
  int failure[2] = {0, 0}; /* stage, errno */
  int report_at = 3;
  if (report != report_at) {
    if (dup3(report, report_at, O_CLOEXEC) < 0) _exit(127);
  }
  (void)syscall(SYS_close_range, 4u, ~0u, 0u);
  if (birth->directory && chdir(birth->directory) != 0) {
    failure[0] = 1;
    failure[1] = errno;
    (void)!write(report_at, failure, sizeof failure);
    _exit(127);
  }
  arroba_child_reset(birth, parent);
  (void)execve(birth->path, birth->argv, birth->envp);
  failure[0] = 2;
  failure[1] = errno;
  (void)!write(report_at, failure, sizeof failure);
  _exit(127);
}

/* Where a terminal's line editing erases whole UTF-8 characters; nobody has used another encoding for years. */
static inline void arroba_child_terminal(void) {
  struct termios mode;
  if (tcgetattr(0, &mode) != 0) return;
  mode.c_iflag |= IUTF8;
  (void)tcsetattr(0, TCSANOW, &mode);
}

/* A dead network file system must not hold up everybody else's child. */
#define ARROBA_LONGEST_BIRTH_MS 3000

/* Waits until the child has become its program or has said why not. Returns 0, or the failed stage (1 the
   directory, 2 exec, 3 too slow) with its errno in *why; a child that failed is reaped here, one that was too
   slow is killed and left to the caller's waitpid loop. */
static inline int arroba_await_exec(pid_t pid, int report, int *why) {
  int failure[2] = {0, 0};
  struct pollfd wanted = {report, POLLIN, 0};
  ssize_t got;
  int ready;
  do { ready = poll(&wanted, 1, ARROBA_LONGEST_BIRTH_MS); } while (ready < 0 && errno == EINTR);
  if (ready == 0) {
    close(report);
    (void)kill(pid, SIGKILL);
    *why = ETIMEDOUT;
    return 3;
  }
  do { got = read(report, failure, sizeof failure); } while (got < 0 && errno == EINTR);
  close(report);
  if (got != (ssize_t)sizeof failure) return 0;
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
  *why = failure[1];
  return failure[0];
}

/* A child on a new terminal (forkpty(3)). Returns its pid with *primary the terminal's own end (non-blocking,
   close-on-exec), or -errno; *stage and *why tell of a program that could not be started. */
static inline pid_t arroba_fork_terminal(const struct arroba_birth *birth, int *primary, int *stage, int *why) {
  int report[2];
  *stage = 0;
  *why = 0;
  if (pipe2(report, O_CLOEXEC) != 0) return -errno;
  struct winsize size = {.ws_row = birth->rows, .ws_col = birth->columns};
  sigset_t all, old;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &old);
  pid_t parent = getpid();
  pid_t pid = forkpty(primary, NULL, NULL, &size);
  if (pid == 0) {
    arroba_child_terminal();
    arroba_child_exec(birth, report[1], parent);
  }
  int failed = errno;
  sigprocmask(SIG_SETMASK, &old, NULL);
  close(report[1]);
  if (pid < 0) {
    close(report[0]);
    return -failed;
  }
  *stage = arroba_await_exec(pid, report[0], why);
  if (*stage != 0) {
    close(*primary);
    *primary = -1;
    return pid;
  }
  (void)fcntl(*primary, F_SETFD, FD_CLOEXEC);
  (void)fcntl(*primary, F_SETFL, fcntl(*primary, F_GETFL) | O_NONBLOCK);
  return pid;
}

/* A child on three pipes in a process group of its own. ends: our ends of its input, output and error stream,
   close-on-exec; the two that we read are non-blocking, and so is the one that we write. */
static inline pid_t arroba_fork_pipes(const struct arroba_birth *birth, int ends[3], int *stage, int *why) {
  int report[2], in[2], out[2], err[2];
  *stage = 0;
  *why = 0;
  if (pipe2(report, O_CLOEXEC) != 0) return -errno;
  if (pipe2(in, O_CLOEXEC) != 0) { int e = errno; close(report[0]); close(report[1]); return -e; }
  if (pipe2(out, O_CLOEXEC) != 0) {
    int e = errno; close(report[0]); close(report[1]); close(in[0]); close(in[1]); return -e;
  }
  if (pipe2(err, O_CLOEXEC) != 0) {
    int e = errno; close(report[0]); close(report[1]); close(in[0]); close(in[1]); close(out[0]); close(out[1]);
    return -e;
  }
  sigset_t all, old;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &old);
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid == 0) {
    (void)setsid();
    /* Numbers above any of ours first, so that no dup2 overwrites an end that is still needed. */
    int a = fcntl(in[0], F_DUPFD, 64), b = fcntl(out[1], F_DUPFD, 64), c = fcntl(err[1], F_DUPFD, 64);
    int r = fcntl(report[1], F_DUPFD_CLOEXEC, 64);
    if (a < 0 || b < 0 || c < 0 || r < 0) _exit(127);
    if (dup2(a, 0) < 0 || dup2(b, 1) < 0 || dup2(c, 2) < 0) _exit(127);
    arroba_child_exec(birth, r, parent);
  }
  int failed = errno;
  sigprocmask(SIG_SETMASK, &old, NULL);
  close(report[1]);
  close(in[0]);
  close(out[1]);
  close(err[1]);
  ends[0] = in[1];
  ends[1] = out[0];
  ends[2] = err[0];
  if (pid < 0) {
    close(report[0]);
    for (int i = 0; i < 3; i++) close(ends[i]);
    return -failed;
  }
  *stage = arroba_await_exec(pid, report[0], why);
  if (*stage != 0) {
    for (int i = 0; i < 3; i++) { close(ends[i]); ends[i] = -1; }
    return pid;
  }
  for (int i = 0; i < 3; i++) (void)fcntl(ends[i], F_SETFL, fcntl(ends[i], F_GETFL) | O_NONBLOCK);
  return pid;
}

static inline int arroba_set_size(int terminal, uint16_t columns, uint16_t rows) {
  struct winsize size = {.ws_row = rows, .ws_col = columns};
  return ioctl(terminal, TIOCSWINSZ, &size);
}

static inline int arroba_get_size(int terminal, uint16_t *columns, uint16_t *rows) {
  struct winsize size;
  if (ioctl(terminal, TIOCGWINSZ, &size) != 0) return -1;
  *columns = size.ws_col;
  *rows = size.ws_row;
  return 0;
}

static inline int arroba_foreground_group(int terminal) {
  pid_t group = 0;
  return ioctl(terminal, TIOCGPGRP, &group) == 0 ? (int)group : -1;
}

#define ARROBA_MAX_PASSED 16

static inline ssize_t arroba_send_descriptors(int socket, const void *bytes, size_t count, const int *passed, int passed_count) {
  struct iovec part = {(void *)bytes, count};
  union { char room[CMSG_SPACE(sizeof(int) * ARROBA_MAX_PASSED)]; struct cmsghdr align; } control;
  if (passed_count < 0 || passed_count > ARROBA_MAX_PASSED || count == 0) { errno = EINVAL; return -1; }
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (passed_count > 0) {
    memset(&control, 0, sizeof control);
    message.msg_control = control.room;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)passed_count);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)passed_count);
    memcpy(CMSG_DATA(header), passed, sizeof(int) * (size_t)passed_count);
  }
  ssize_t sent;
  do { sent = sendmsg(socket, &message, MSG_NOSIGNAL); } while (sent < 0 && errno == EINTR);
  return sent;
}

static inline ssize_t arroba_receive_descriptors(int socket, void *bytes, size_t room, int *passed, int most, int *passed_count) {
  struct iovec part = {bytes, room};
  union { char room[CMSG_SPACE(sizeof(int) * ARROBA_MAX_PASSED)]; struct cmsghdr align; } control;
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.room;
  message.msg_controllen = sizeof control.room;
  *passed_count = 0;
  ssize_t got;
  do { got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC); } while (got < 0 && errno == EINTR);
  if (got < 0) return got;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    int count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    for (int i = 0; i < count; i++) {
      int descriptor;
      memcpy(&descriptor, CMSG_DATA(header) + (size_t)i * sizeof(int), sizeof descriptor);
      if (*passed_count < most) passed[(*passed_count)++] = descriptor;
      else close(descriptor);
    }
  }
  return got;
}

/* Moves bytes between a pipe and something else within the kernel, never waiting (splice(2)). */
static inline ssize_t arroba_splice(int from, int to, size_t count) {
  ssize_t moved;
  do { moved = syscall(SYS_splice, from, NULL, to, NULL, count, 3u); } while (moved < 0 && errno == EINTR);
  return moved;
}
/* How many bytes a pipe may hold (F_SETPIPE_SZ, F_GETPIPE_SZ); answers how many it may then. */
static inline int arroba_widen_pipe(int pipe, int bytes) {
  (void)fcntl(pipe, 1031, bytes);
  return fcntl(pipe, 1032);
}

static inline int arroba_peer(int socket, int *pid, uint32_t *uid) {
  struct { int pid; uint32_t uid, gid; } credentials = {0, 0, 0};
  socklen_t length = sizeof credentials;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return -1;
  *pid = credentials.pid;
  *uid = credentials.uid;
  return 0;
}

/* Asks the scheduler for short turns for this thread: it gets the same share, but in smaller pieces and so sooner (a
   request since Linux 6.12; an older kernel ignores or refuses it, and nothing is lost). Nanoseconds, from 100,000 on. */
static inline int arroba_take_short_turns(unsigned long long nanoseconds) {
  struct {
    unsigned int size, policy;
    unsigned long long flags;
    int nice;
    unsigned int priority;
    unsigned long long runtime, deadline, period;
  } attributes;
  memset(&attributes, 0, sizeof attributes);
  if (syscall(SYS_sched_getattr, 0, &attributes, (unsigned int)sizeof attributes, 0u) != 0) return -1;
  attributes.size = sizeof attributes;
  attributes.runtime = nanoseconds;
  return (int)syscall(SYS_sched_setattr, 0, &attributes, 0u);
}

static inline int arroba_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }
static inline int arroba_open_pid(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
static inline int arroba_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }
/* Closes descriptors, those from first to last, which need not be open. */
static inline int arroba_close_range(unsigned first, unsigned last) {
  return (int)syscall(SYS_close_range, first, last, 0u);
}
/* Another process's descriptor, for those that may trace it (pidfd_getfd(2)). */
static inline int arroba_take_descriptor(int pidfd, int number) {
  return (int)syscall(SYS_pidfd_getfd, pidfd, number, 0u);
}
static inline char *const *arroba_environment(void) {
  extern char **environ;
  return environ;
}
static inline int arroba_exited(int status) { return WIFEXITED(status); }
static inline int arroba_exit_code(int status) { return WEXITSTATUS(status); }
static inline int arroba_exit_signal(int status) { return WTERMSIG(status); }
#endif
