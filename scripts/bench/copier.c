/* The yardstick: runs a program on a terminal and does nothing but copy between that and one client of a Unix socket.
     copier SOCKET ARGV… */
#include "common.h"
#include <sys/epoll.h>

static char out[1 << 16], in[1 << 16];

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  signal(SIGPIPE, SIG_IGN);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  snprintf(a.sun_path, sizeof a.sun_path, "%s.new", argv[1]);
  if (bind(listener, (struct sockaddr *)&a, sizeof a) != 0 || listen(listener, 8) != 0) fail("listen");
  rename(a.sun_path, argv[1]);  // it is there once it listens
  pid_t child;
  int master = start_on_terminal(argv + 2, 80, 24, &child);
  int client = accept(listener, NULL, NULL);
  set_nonblocking(master);
  set_nonblocking(client);
  size_t out_from = 0, out_to = 0, in_from = 0, in_to = 0;
  int e = epoll_create1(0), master_ended = 0;
  uint32_t want_m = EPOLLIN, want_c = EPOLLIN;
  struct epoll_event em = {want_m, {.fd = master}}, ec = {want_c, {.fd = client}};
  epoll_ctl(e, EPOLL_CTL_ADD, master, &em);
  epoll_ctl(e, EPOLL_CTL_ADD, client, &ec);
  while (!(master_ended && out_from == out_to)) {
    struct epoll_event events[2];
    int n = epoll_wait(e, events, 2, -1);
    for (int i = 0; i < n; i++) {
      if (events[i].data.fd == client && (events[i].events & (EPOLLIN | EPOLLHUP)) && in_from == in_to) {
        ssize_t got = read(client, in, sizeof in);
        if (got == 0) goto end;
        if (got > 0) in_from = 0, in_to = (size_t)got;
      }
      if (events[i].data.fd == master && (events[i].events & (EPOLLIN | EPOLLHUP)) && out_from == out_to) {
        out_from = out_to = 0;
        while (out_to < sizeof out) {
          ssize_t got = read(master, out + out_to, sizeof out - out_to);
          if (got > 0) out_to += (size_t)got;
          else if (got < 0 && errno == EAGAIN) break;
          else { master_ended = 1; break; }
          if (got < 2048) break;
        }
      }
    }
    if (in_from < in_to) {
      ssize_t put = write(master, in + in_from, in_to - in_from);
      if (put > 0) in_from += (size_t)put;
    }
    if (out_from < out_to) {
      ssize_t put = write(client, out + out_from, out_to - out_from);
      if (put > 0) out_from += (size_t)put;
      else if (errno != EAGAIN) goto end;
    }
    uint32_t m = (out_from == out_to && !master_ended ? EPOLLIN : 0) | (in_from < in_to ? EPOLLOUT : 0);
    uint32_t c = (in_from == in_to ? EPOLLIN : 0) | (out_from < out_to ? EPOLLOUT : 0);
    if (master_ended) epoll_ctl(e, EPOLL_CTL_DEL, master, NULL);
    else if (m != want_m) em.events = want_m = m, epoll_ctl(e, EPOLL_CTL_MOD, master, &em);
    if (c != want_c) ec.events = want_c = c, epoll_ctl(e, EPOLL_CTL_MOD, client, &ec);
  }
end:
  close(client);
  kill(child, SIGKILL);
  return 0;
}
