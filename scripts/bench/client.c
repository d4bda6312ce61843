/* Clients of Arroba's terminal lane, or with "-" for the session of the copier's bare socket.
     client drain SOCKET SESSION TOTAL   types a byte, takes output until that offset; prints seconds, bytes, skipped
     client take SOCKET SESSION          attaches, takes and drops output until its stdin ends (view)
     client stall SOCKET SESSION         attaches and never reads, until its stdin ends (view)
     client paste SOCKET SESSION BYTES   types that much once the program said "ready"; prints seconds and its "done"
     client attach SOCKET SESSION        a copying client on this terminal, as plain as can be
     client create SOCKET N WORKSPACE    creates N sessions one after another on one connection; prints microseconds each
*/
#include "common.h"

static unsigned char buffer[1 << 20 | 4096];
static size_t have, at;
static int sock, bare;

static int more(void) {
  if (at > 0) memmove(buffer, buffer + at, have - at), have -= at, at = 0;
  ssize_t n = read(sock, buffer + have, sizeof buffer - have);
  if (n <= 0) return 0;
  have += (size_t)n;
  return 1;
}

static char *line(void) {
  static char text[1 << 20];
  for (;;) {
    unsigned char *end = memchr(buffer + at, '\n', have - at);
    if (end) {
      size_t n = (size_t)(end - buffer) - at;
      memcpy(text, buffer + at, n);
      text[n] = 0;
      at += n + 1;
      return text;
    }
    if (!more()) fail("the daemon hung up");
  }
}

static char *ask(const char *request) {
  write_all(sock, request, strlen(request));
  for (;;) {
    char *answer = line();
    if (strstr(answer, "\"method\":")) continue;  // a heartbeat
    if (strstr(answer, "\"error\":{")) {
      fprintf(stderr, "%s→ %s\n", request, answer);
      exit(1);
    }
    return answer;
  }
}

static void greet(const char *path) {
  sock = connect_to(path);
  ask("{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"hello\",\"params\":{\"protocol\":1,\"client\":{\"name\":\"bench\",\"version\":\"1\"}}}\n");
}

static uint64_t attach(const char *path, const char *session, const char *mode) {
  bare = !strcmp(session, "-");
  if (bare) {
    sock = connect_to(path);
    return 0;
  }
  greet(path);
  char request[512];
  struct winsize size = {24, 80, 0, 0};
  ioctl(0, TIOCGWINSZ, &size);
  if (size.ws_col == 0) size.ws_col = 80, size.ws_row = 24;
  sprintf(request, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"terminal.attach\",\"params\":{\"session\":\"%s\",\"cols\":%d,\"rows\":%d,\"mode\":\"%s\"}}\n",
    session, size.ws_col, size.ws_row, mode);
  char *offset = strstr(ask(request), "\"offset\":");
  return offset ? strtoull(offset + 9, NULL, 10) : 0;
}

static void type(const void *bytes, size_t count) {
  unsigned char head[5] = {'I', (unsigned char)(count >> 24), (unsigned char)(count >> 16), (unsigned char)(count >> 8), (unsigned char)count};
  static unsigned char both[(64 << 10) + 5];
  if (bare) return write_all(sock, bytes, count);
  memcpy(both, head, 5);
  memcpy(both + 5, bytes, count);
  write_all(sock, both, count + 5);
}

/* The next piece of output; S tells its offset. Returns its type ('O', 'S', 'X', …), 0 at the end. A frame's payload
   is given out in the pieces that it comes in. */
static uint32_t left_in_frame;
static int kind;
static int next(unsigned char **bytes, size_t *count) {
  for (;;) {
    if (bare) {
      if (at == have && !more()) return 0;
      *bytes = buffer + at, *count = have - at, at = have;
      return 'O';
    }
    if (left_in_frame == 0) {
      while (have - at < 5)
        if (!more()) return 0;
      kind = buffer[at];
      left_in_frame = (uint32_t)buffer[at + 1] << 24 | (uint32_t)buffer[at + 2] << 16 | (uint32_t)buffer[at + 3] << 8 | buffer[at + 4];
      at += 5;
      if (kind == 'S' || kind == 'X' || kind == 'N')
        while (have - at < left_in_frame)
          if (!more()) return 0;
      if (left_in_frame == 0) {
        *bytes = buffer, *count = 0;
        return kind;
      }
    }
    if (at == have && !more()) return 0;
    size_t n = have - at < left_in_frame ? have - at : left_in_frame;
    *bytes = buffer + at, *count = n;
    at += n;
    left_in_frame -= (uint32_t)n;
    return kind;
  }
}

static void drain(uint64_t offset, uint64_t total) {
  uint64_t start = offset, skipped = 0, taken = 0;
  unsigned repaints = 0;
  double begun = 0;
  type("g", 1);
  while (offset < start + total) {
    unsigned char *bytes;
    size_t count;
    int what = next(&bytes, &count);
    if (!what || what == 'X') break;
    if (what == 'S') {
      uint64_t to = 0;
      for (int i = 0; i < 8; i++) to = to << 8 | bytes[i];
      skipped += to - offset;
      offset = to;
      repaints++;
    } else if (what == 'O') {
      if (begun == 0) begun = now_us();
      offset += count;
      taken += count;
    }
  }
  printf("{\"seconds\":%.6f,\"bytes\":%llu,\"skipped\":%llu,\"repaints\":%u,\"taken\":%llu}\n", (now_us() - begun) / 1e6,
    (unsigned long long)(offset - start), (unsigned long long)skipped, repaints, (unsigned long long)taken);
}

static void wait_for_words(const char *words, char *answer, size_t room) {
  static char seen[1 << 16];
  static size_t used;
  for (;;) {
    seen[used] = 0;
    char *found = strstr(seen, words);
    // A repaint has no line ends; only the answer's end matters.
    char *end = found && answer ? strchr(found, '\n') : found;
    if (end) {
      size_t n = (size_t)(end - found);
      if (answer) memcpy(answer, found, n < room ? n : room - 1), answer[n < room ? n : room - 1] = 0;
      return;
    }
    unsigned char *bytes;
    size_t count;
    int what = next(&bytes, &count);
    if (!what || what == 'X') fail("the output ended before its time");
    if (what != 'O' && what != 'S') continue;
    if (used + count > sizeof seen - 1) used = 0;
    memcpy(seen + used, bytes, count);
    for (size_t i = used; i < used + count; i++)
      if (!seen[i]) seen[i] = '.';
    used += count;
  }
}

static void paste(size_t total) {
  char answer[64] = "";
  unsigned char *text = malloc(total);
  uint32_t sum = 1;
  for (size_t i = 0; i < total; i++) text[i] = (unsigned char)(' ' + i * 7 % 95), sum = sum * 31 + text[i];
  wait_for_words("ready", NULL, 0);
  double begun = now_us();
  pid_t writer = fork();  // so that output is taken meanwhile
  if (writer == 0) {
    for (size_t i = 0; i < total; i += 32768) type(text + i, total - i < 32768 ? total - i : 32768);
    _exit(0);
  }
  wait_for_words("done", answer, sizeof answer);
  double seconds = (now_us() - begun) / 1e6;
  char want[64];
  sprintf(want, "done %08x", sum);
  kill(writer, SIGKILL);
  printf("{\"seconds\":%.6f,\"whole\":%s}\n", seconds, strncmp(answer, want, strlen(want)) ? "false" : "true");
}

static void relay(void) {
  make_raw(0);
  struct pollfd p[2] = {{0, POLLIN, 0}, {sock, POLLIN, 0}};
  for (;;) {
    if (at == have && poll(p, 2, -1) < 0) break;
    if (p[0].revents) {
      char keys[4096];
      ssize_t n = read(0, keys, sizeof keys);
      if (n <= 0) break;
      type(keys, (size_t)n);
    }
    if (p[1].revents || at < have) {
      unsigned char *bytes;
      size_t count;
      int what = next(&bytes, &count);
      if (!what || what == 'X') break;
      if (what == 'S') bytes += 8, count -= 8;
      if (what == 'S' || what == 'O') write_all(1, bytes, count);
      p[0].revents = 0;
    }
  }
}

static void until_input_ends(int takes) {
  struct pollfd p[2] = {{0, POLLIN, 0}, {takes ? sock : -1, POLLIN, 0}};
  while (poll(p, 2, -1) >= 0) {
    if (p[0].revents) return;
    if (p[1].revents && read(sock, buffer, sizeof buffer) <= 0) return;
  }
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  signal(SIGPIPE, SIG_IGN);
  const char *mode = argv[1];
  if (!strcmp(mode, "drain")) {
    drain(attach(argv[2], argv[3], "drive"), strtoull(argv[4], NULL, 10));
  } else if (!strcmp(mode, "take") || !strcmp(mode, "stall")) {
    attach(argv[2], argv[3], "view");
    printf("attached\n");
    fflush(stdout);
    until_input_ends(mode[0] == 't');
  } else if (!strcmp(mode, "paste")) {
    attach(argv[2], argv[3], "drive");
    paste(strtoull(argv[4], NULL, 10));
  } else if (!strcmp(mode, "attach")) {
    attach(argv[2], argv[3], "drive");
    relay();
  } else if (!strcmp(mode, "create")) {
    greet(argv[2]);
    for (int i = 0; i < atoi(argv[3]); i++) {
      char request[1024];
      sprintf(request, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"session.create\",\"params\":{\"workspace\":\"%s\",\"agents\":[{\"provider\":\"terminal\",\"argv\":[\"sleep\",\"100000\"]}]}}\n", i + 2, argv[4]);
      double begun = now_us();
      ask(request);
      printf("%.1f\n", now_us() - begun);
    }
  } else {
    return 2;
  }
  return 0;
}
