/* Fills memory with a pattern, waits for an answer from 127.0.0.1:9001, then looks at all of it and changes mappings in
 * every way that the kernel tells a server of lazy pages about, several of them at once. Says "right", or what was not. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, WORDS = PAGE / 8, LARGE = 16384, SMALL = 1024, SPARSE = 64, READERS = 2, ROUNDS = 30 };

static uint64_t mark(uint64_t area, uint64_t page) { return (area << 56) + (page + 1) * 0x9e3779b97f4a7c15u / 256; }

static uint64_t *map(size_t pages) {
  uint64_t *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) exit(3);
  return at;
}

static void fill(uint64_t *page, uint64_t value) {
  for (int word = 0; word < WORDS; word++) page[word] = value;
}

static void check(const char *what, const uint64_t *page, uint64_t value, uint64_t number) {
  for (int word = 0; word < WORDS; word++)
    if (page[word] != value) {
      printf("%s: page %lu has %lx in word %d, not %lx\n", what, number, page[word], word, value);
      fflush(stdout);
      _exit(1);
    }
}

static uint64_t *filled(uint64_t area, size_t pages) {
  uint64_t *at = map(pages);
  for (size_t page = 0; page < pages; page++) fill(at + page * WORDS, mark(area, page));
  return at;
}

static void check_all(const char *what, const uint64_t *at, uint64_t area, size_t from, size_t to) {
  for (size_t page = from; page < to; page++) check(what, at + page * WORDS, mark(area, page), page);
}

static void check_zeros(const char *what, const uint64_t *at, size_t from, size_t to) {
  for (size_t page = from; page < to; page++) check(what, at + page * WORDS, 0, page);
}

static uint64_t *large;
static volatile int over;

static void *read_large(void *seed) {
  unsigned state = (unsigned)(uintptr_t)seed;
  while (!over) {
    size_t page = (size_t)rand_r(&state) % LARGE;
    check("read at random", large + page * WORDS, mark(1, page), page);
  }
  return NULL;
}

static void wait_for_answer(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9001)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  static const char request[] = "GET /held HTTP/1.1\r\nHost: pod\r\n\r\n";
  char answer[256];
  if (connect(fd, (struct sockaddr *)&address, sizeof address) || write(fd, request, sizeof request - 1) < 0) exit(4);
  if (read(fd, answer, sizeof answer) <= 0) exit(5);
  close(fd);
}

static void in_child(int (*run)(size_t), size_t argument) {
  pid_t pid = fork();
  if (pid < 0) exit(6);
  if (pid == 0) _exit(run(argument));
  int status;
  if (waitpid(pid, &status, 0) != pid || status != 0) {
    printf("a child ended with %x\n", status);
    fflush(stdout);
    _exit(1);
  }
}

static int look(size_t page) {
  check_all("read by a child", large, 1, page, page + 4);
  return 0;
}

static int drop(size_t page) {
  check_all("read by a child", large, 1, page, page + 64);
  madvise(large + page * WORDS, 64 * PAGE, MADV_DONTNEED);
  check_zeros("dropped by a child", large, page, page + 64);
  return 0;
}

static int start_another(size_t unused) {
  (void)unused;
  execl("/bin/true", "true", (char *)NULL);
  return 9;
}

int main(void) {
  large = filled(1, LARGE);
  uint64_t *moved = filled(2, SMALL), *emptied = filled(3, SMALL), *given_back = filled(4, SMALL),
           *rewritten = filled(5, SMALL), *sparse = map(LARGE), *many = filled(6, SMALL);
  for (size_t page = 0; page < LARGE; page += SPARSE) fill(sparse + page * WORDS, mark(7, page));
  puts("filled");
  fflush(stdout);
  wait_for_answer();

  pthread_t readers[READERS];
  for (uintptr_t reader = 0; reader < READERS; reader++)
    pthread_create(&readers[reader], NULL, read_large, (void *)(reader + 1));

  madvise(emptied, SMALL / 2 * PAGE, MADV_DONTNEED);
  check_zeros("emptied", emptied, 0, SMALL / 2);
  check_all("beside what was emptied", emptied, 3, SMALL / 2, SMALL);

  for (size_t page = 0; page < SMALL; page++) fill(rewritten + page * WORDS, mark(8, page));
  madvise(rewritten, SMALL * PAGE, MADV_FREE);
  for (size_t page = 0; page < SMALL; page++)
    if (rewritten[page * WORDS] != 0) check("rewritten and given up", rewritten + page * WORDS, mark(8, page), page);

  munmap(given_back, SMALL * PAGE);
  uint64_t *again = mmap(given_back, SMALL * PAGE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (again == given_back) check_zeros("mapped anew", again, 0, SMALL);

  moved = mremap(moved, SMALL * PAGE, 2 * SMALL * PAGE, MREMAP_MAYMOVE);
  check_all("moved", moved, 2, 0, SMALL / 2);
  check_zeros("grown", moved, SMALL, 2 * SMALL);
  uint64_t *place = map(2 * SMALL);
  for (int round = 0; round < ROUNDS; round++) {
    moved = mremap(moved, 2 * SMALL * PAGE, 2 * SMALL * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place);
    place = map(2 * SMALL);
    size_t page = SMALL / 2 + (size_t)round;
    check_all("moved again", moved, 2, page, page + 1);
    madvise(many + (size_t)round * 16 * WORDS, 8 * PAGE, MADV_DONTNEED);
    check_zeros("emptied while others read", many, (size_t)round * 16, (size_t)round * 16 + 8);
    in_child(look, (size_t)round * 400);
    in_child(drop, (size_t)round * 400 + 200);
    in_child(start_another, 0);
  }
  check_all("moved at last", moved, 2, 0, SMALL);
  for (int round = 0; round < ROUNDS; round++)
    check_all("beside what was emptied while others read", many, 6, (size_t)round * 16 + 8, (size_t)round * 16 + 16);

  for (size_t page = 0; page < LARGE; page++) {
    check("sparse", sparse + page * WORDS, page % SPARSE == 0 ? mark(7, page) : 0, page);
    if (page % 3 == 0) fill(sparse + page * WORDS, mark(9, page));
  }
  for (size_t page = 0; page < LARGE; page += 3) check("written", sparse + page * WORDS, mark(9, page), page);

  check_all("after all", large, 1, 0, LARGE);
  over = 1;
  for (int reader = 0; reader < READERS; reader++) pthread_join(readers[reader], NULL);
  puts("right");
  return 0;
}
