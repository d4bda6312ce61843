/* The programs that run inside the terminals.
     child echo                 raw; writes each byte back
     child lines BYTES [color]  waits for a byte, then writes lines of 80 columns; exits
     child forever              writes such lines until it is ended
     child sink BYTES [SLEEPMS] raw; says "ready", sleeps, reads that much, says "done CHECKSUM" */
#include "common.h"

static char block[1 << 16];

static size_t fill(int color) {
  size_t used = 0;
  for (int n = 0;; n++) {
    char line[256];
    size_t length = 0;
    if (color) {
      static const char *words[] = {"src/kernel", "passed", "  warning:", "42", "if (state)", "0x7f3a", "/usr/lib", "done"};
      int width = 0;
      for (int w = 0; width < 72; w++) {
        const char *word = words[(n + w) % 8];
        length += (size_t)sprintf(line + length, "\033[%d;%dm%s\033[0m ", w % 2, 31 + (n + w) % 7, word);
        width += (int)strlen(word) + 1;
      }
      line[length++] = '\n';
    } else {
      for (; length < 79; length++) line[length] = (char)(' ' + 1 + (n * 7 + (int)length) % 93);
      line[length++] = '\n';
    }
    if (used + length > sizeof block) return used;
    memcpy(block + used, line, length);
    used += length;
  }
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "";
  if (!strcmp(mode, "echo")) {
    make_raw(0);
    write_all(1, "ready\r\n", 7);
    char b[4096];
    for (ssize_t n; (n = read(0, b, sizeof b)) > 0;) write_all(1, b, (size_t)n);
    return 0;
  }
  if (!strcmp(mode, "lines") || !strcmp(mode, "forever")) {
    long left = argc > 2 ? atol(argv[2]) : 0;
    size_t size = fill(argc > 3);
    if (left > 0) {
      struct termios t;
      tcgetattr(0, &t);
      t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
      tcsetattr(0, TCSANOW, &t);
      char b;
      if (read(0, &b, 1) != 1) return 1;
    }
    int endless = left == 0;
    while (endless || left > 0) {
      size_t n = !endless && left < (long)size ? (size_t)left : size;
      write_all(1, block, n);
      left -= (long)n;
    }
    return 0;
  }
  if (!strcmp(mode, "sink")) {
    long left = atol(argv[2]);
    make_raw(0);
    write_all(1, "ready\r\n", 7);
    if (argc > 3) usleep((useconds_t)atol(argv[3]) * 1000);
    uint32_t sum = 1;
    static unsigned char b[1 << 16];
    while (left > 0) {
      ssize_t n = read(0, b, sizeof b);
      if (n <= 0) return 1;
      for (ssize_t i = 0; i < n; i++) sum = sum * 31 + b[i];
      left -= n;
    }
    char words[64];
    write_all(1, words, (size_t)sprintf(words, "done %08x\r\n", sum));
    pause();
  }
  fprintf(stderr, "usage: child echo|lines|forever|sink …\n");
  return 2;
}
