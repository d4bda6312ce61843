/* What the benchmark's programs share: time, terminals, sockets, Arroba's frames. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static inline void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static inline double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static inline void sleep_until_us(double when) {
  double left = when - now_us();
  if (left <= 0) return;
  struct timespec t = {(time_t)(left / 1e6), (long)((left - (long)(left / 1e6) * 1e6) * 1e3)};
  nanosleep(&t, NULL);
}

static inline void write_all(int fd, const void *bytes, size_t count) {
  const char *at = bytes;
  while (count > 0) {
    ssize_t n = write(fd, at, count);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      struct pollfd p = {fd, POLLOUT, 0};
      poll(&p, 1, -1);
      continue;
    }
    if (n < 0) fail("write");
    at += n;
    count -= (size_t)n;
  }
}

static inline void make_raw(int fd) {
  struct termios t;
  if (tcgetattr(fd, &t) != 0) fail("tcgetattr");
  cfmakeraw(&t);
  tcsetattr(fd, TCSANOW, &t);
}

static inline void set_nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

/* Starts argv on a new terminal of that size; its master comes back. */
static inline int start_on_terminal(char **argv, int columns, int rows, pid_t *child) {
  struct winsize size = {(unsigned short)rows, (unsigned short)columns, 0, 0};
  int master;
  *child = forkpty(&master, NULL, NULL, &size);
  if (*child < 0) fail("forkpty");
  if (*child == 0) {
    setenv("TERM", "xterm-256color", 1);
    execvp(argv[0], argv);
    fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
  }
  fcntl(master, F_SETFD, FD_CLOEXEC);
  return master;
}

static inline int connect_to(const char *path) {
  int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  strncpy(a.sun_path, path, sizeof a.sun_path - 1);
  if (s < 0 || connect(s, (struct sockaddr *)&a, sizeof a) != 0) fail(path);
  return s;
}

static inline int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

/* p in 0...1 of sorted values. */
static inline double quantile(const double *sorted, size_t count, double p) {
  if (count == 0) return 0;
  size_t i = (size_t)(p * (double)(count - 1) + 0.5);
  return sorted[i];
}
