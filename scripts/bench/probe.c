/* Measures from outside, as a person would see it: it owns the terminal that the measured client runs on.
     probe echo COUNT GAPUS -- ARGV…   types a byte every GAPUS, waits until it comes back; prints µs each
     probe first WORDS -- ARGV…        from exec of the client until its terminal has shown WORDS; prints µs
     probe hold -- ARGV…               takes and drops what the client shows until stdin ends
     probe time ROUNDS -- ARGV…        from fork to exit, output dropped; prints µs each */
#include "common.h"

static pid_t child;
static int master;

static void end(void) {
  kill(child, SIGHUP);
  close(master);
  for (int i = 0; i < 50 && waitpid(child, NULL, WNOHANG) == 0; i++) usleep(10000);
  kill(child, SIGKILL);
}

static void settle(int quiet_ms) {
  char b[65536];
  struct pollfd p = {master, POLLIN, 0};
  while (poll(&p, 1, quiet_ms) > 0)
    if (read(master, b, sizeof b) <= 0) fail("the client ended");
}

/* Waits until `byte` has come. What the client draws besides does not matter. */
static int come(char byte, int limit_ms) {
  char b[65536];
  for (;;) {
    struct pollfd p = {master, POLLIN, 0};
    if (poll(&p, 1, limit_ms) <= 0) return 0;
    ssize_t n = read(master, b, sizeof b);
    if (n <= 0) fail("the client ended");
    if (memchr(b, byte, (size_t)n)) return 1;
  }
}

static void echo(int count, double gap) {
  settle(700);
  // Letters that no escape sequence of the peers' redraws is made of ends in; a lost one is an error, not a sample.
  const char keys[] = "QZVWXY";
  double next = now_us();
  for (int i = 0; i < count + 50; i++) {
    next += gap;
    if (next < now_us()) next = now_us() + gap;
    sleep_until_us(next);
    char key = keys[i % 6];
    double begun = now_us();
    write_all(master, &key, 1);
    if (!come(key, 3000)) {
      fprintf(stderr, "no echo of key %d\n", i);
      end();
      exit(1);
    }
    if (i >= 50) printf("%.1f\n", now_us() - begun);
  }
}

static double first(const char *words) {
  static char seen[1 << 20];
  size_t used = 0;
  for (;;) {
    struct pollfd p = {master, POLLIN, 0};
    if (poll(&p, 1, 5000) <= 0) return -1;
    ssize_t n = read(master, seen + used, sizeof seen - 1 - used);
    if (n <= 0) return -1;
    used += (size_t)n;
    if (memmem(seen, used, words, strlen(words))) return now_us();
    if (used > sizeof seen / 2) memmove(seen, seen + used - 4096, 4096), used = 4096;
  }
}

int main(int argc, char **argv) {
  int dashes = 1;
  while (dashes < argc && strcmp(argv[dashes], "--")) dashes++;
  if (argc < 3 || dashes + 1 >= argc) return 2;
  char **command = argv + dashes + 1;
  const char *mode = argv[1];
  if (!strcmp(mode, "time")) {
    for (int i = 0; i < atoi(argv[2]); i++) {
      double begun = now_us();
      pid_t pid = vfork();
      if (pid == 0) {
        int none = open("/dev/null", O_RDWR);
        dup2(none, 0), dup2(none, 1);
        execvp(command[0], command);
        _exit(127);
      }
      int status;
      waitpid(pid, &status, 0);
      double took = now_us() - begun;
      if (status != 0) {
        fprintf(stderr, "%s: status %x\n", command[0], status);
        return 1;
      }
      printf("%.1f\n", took);
    }
    return 0;
  }
  double begun = now_us();
  master = start_on_terminal(command, 80, 24, &child);
  if (!strcmp(mode, "echo")) {
    echo(atoi(argv[2]), atof(argv[3]));
  } else if (!strcmp(mode, "first")) {
    double then = first(argv[2]);
    if (then < 0) {
      fprintf(stderr, "the words never came\n");
      end();
      return 1;
    }
    printf("%.1f\n", then - begun);
  } else if (!strcmp(mode, "hold")) {
    char b[65536];
    struct pollfd p[2] = {{0, POLLIN, 0}, {master, POLLIN, 0}};
    while (poll(p, 2, -1) > 0 && !p[0].revents)
      if (read(master, b, sizeof b) <= 0) break;
  }
  end();
  return 0;
}
