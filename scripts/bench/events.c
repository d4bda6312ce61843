/* Clients that follow the events of one session.
     events stamps SOCKET SESSION   prints "start US" and "delta US" for each stamp of the scripted agent, until its prompt ends
     events text SOCKET SESSION     takes numbers that count from 0 on, in additions, until its prompt ends; prints seconds, events, numbers
     events take SOCKET SESSION     takes and drops them, until its stdin ends
   Each says "following" when it does. */
#include "common.h"

static char *buffer;
static size_t room = 1 << 20, have, at;
static int sock;

static int more(void) {
  if (at > 0) memmove(buffer, buffer + at, have - at), have -= at, at = 0;
  if (have == room) {
    buffer = realloc(buffer, room *= 2);
    if (!buffer) fail("realloc");
  }
  ssize_t n = read(sock, buffer + have, room - have);
  if (n <= 0) return 0;
  have += (size_t)n;
  return 1;
}

/* The next line, ended by a zero; it lasts until the next call. */
static char *line(void) {
  size_t looked = at;
  for (;;) {
    char *end = memchr(buffer + looked, '\n', have - looked);
    if (end) {
      char *text = buffer + at;
      *end = 0;
      at = (size_t)(end - buffer) + 1;
      return text;
    }
    size_t unseen = have - at;
    if (!more()) fail("the daemon hung up");
    looked = at + unseen;
  }
}

static void ask(const char *request) {
  write_all(sock, request, strlen(request));
  for (;;) {
    char *answer = line();
    if (strstr(answer, "\"method\":")) continue;
    if (!strstr(answer, "\"error\":{")) return;
    fprintf(stderr, "%s→ %s\n", request, answer);
    exit(1);
  }
}

static int is_kind(const char *event, const char *kind) {
  char words[64];
  snprintf(words, sizeof words, "\"kind\":\"%s", kind);
  return strstr(event, words) != NULL;
}

static int is_end(const char *event) {
  return is_kind(event, "prompt.completed") || is_kind(event, "prompt.failed") || is_kind(event, "prompt.cancelled") ||
    is_kind(event, "prompt.interrupted");
}

/* What a line was read at is what counts, and not when its turn comes. */
static void stamps(void) {
  for (;;) {
    int is_new = memchr(buffer + at, '\n', have - at) == NULL;
    char *event = line();
    static double read_at;
    if (is_new) read_at = now_us();
    if (is_end(event)) return;
    int is_start = is_kind(event, "item.started"), is_delta = is_kind(event, "item.delta");
    if (!is_start && !is_delta) continue;
    const char *mark = is_start ? "@start " : "@delta ";
    for (char *stamp = event; (stamp = strstr(stamp, mark)); stamp += 7)
      printf("%s %.1f\n", is_start ? "start" : "delta", read_at - strtod(stamp + 7, NULL));
  }
}

static void text(void) {
  unsigned long next = 0, events = 0, wrong = 0;
  double begun = 0, last = 0;
  char *event;
  while (!is_end(event = line())) {
    // An item begins with the first addition to it.
    if (!is_kind(event, "item.delta") && !is_kind(event, "item.started")) continue;
    last = now_us();
    if (begun == 0) begun = last;
    events++;
    char *words = strstr(event, "\"text\":\"");
    for (char *number = words ? words + 8 : event + strlen(event); *number >= '0' && *number <= '9';) {
      if (strtoul(number, &number, 10) != next++) wrong++;
      if (*number == ' ') number++;
    }
  }
  printf("{\"seconds\":%.6f,\"events\":%lu,\"numbers\":%lu,\"wrong\":%lu}\n", (last - begun) / 1e6, events, next, wrong);
}

static void take(void) {
  struct pollfd p[2] = {{0, POLLIN, 0}, {sock, POLLIN, 0}};
  while (poll(p, 2, -1) >= 0) {
    if (p[0].revents) return;
    if (p[1].revents && read(sock, buffer, room) <= 0) return;
  }
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  buffer = malloc(room);
  if (!buffer) fail("malloc");
  sock = connect_to(argv[2]);
  ask("{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"hello\",\"params\":{\"protocol\":1,\"client\":{\"name\":\"bench\",\"version\":\"1\"}}}\n");
  char request[512];
  snprintf(request, sizeof request,
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"events.subscribe\",\"params\":{\"after\":\"now\",\"session\":\"%s\"}}\n", argv[3]);
  ask(request);
  printf("following\n");
  fflush(stdout);
  if (!strcmp(argv[1], "stamps")) stamps();
  else if (!strcmp(argv[1], "text")) text();
  else if (!strcmp(argv[1], "take")) take();
  else return 2;
  return 0;
}
