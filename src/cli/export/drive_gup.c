// SPDX-License-Identifier: MIT
//
// The program that `pxdfuzz export --as=c` writes. The tool embeds this file.
// It replaces this comment by one about the case, and the constants between the
// two marks by those of the case.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

#define BATCH 16
// A page that was moved or swapped out also sends gup_fast to the slow path; a
// page table does so each time.
#define ROUNDS 5

// Mapped pages. All are written before they are protected.
struct area {
  uint64_t address;
  size_t pages;
  int protection;
  const char *what;
};

// BEGIN OF THE CASE
// The machine that the case is of.
static const char case_space[] = "s390/3";
static const char case_machine[] = "s390x";
static const size_t page_size = 4096;

// What is mapped.
static const struct area areas[] = {
    {0x10000000000, 1, PROT_READ | PROT_WRITE, "the case"},
    {0x1007fff8000, 7, PROT_READ | PROT_WRITE, "a neighbour"},
    {0x1007ffff000, 2, PROT_READ | PROT_WRITE, "the case"},
    {0x10080001000, 7, PROT_READ | PROT_WRITE, "a neighbour"},
    {0, 0, 0, NULL},
};

// Where gup_fast is driven, in batches of 16 pages.
static const uint64_t drive_start = 0x1007fff8000;
static const size_t drive_pages = 16;
// The pud boundary that is crossed.
static const uint64_t border = 0x10080000000;
// A page of PROT_NONE that gup_fast is to refuse; 0 for none.
static const uint64_t refused = 0x0;
// Why nothing is driven, or nothing.
static const char idle[] = "";

// END OF THE CASE

enum { RIGHT = 0, WRONG = 1, UNKNOWN = 2 };

// Function tracing, in a separate instance: it affects no other trace.

// gup_fast as a whole, under its names in different versions.
// gup_fast_fallback() is one of them: it contains the fast walk.
static const char *const fast_names[] = {
    "get_user_pages_fast",
    "internal_get_user_pages_fast",
    "gup_fast_fallback",
    NULL,
};
// Functions that run only for pages that the fast walk did not return. Version
// and compiler decide which of them a kernel has and does not inline.
static const char *const slow_names[] = {
    "__gup_longterm_locked",
    "__gup_longterm_unlocked",
    "get_user_pages_unlocked",
    "__get_user_pages_unlocked",
    "__get_user_pages_locked",
    "__get_user_pages",
    "faultin_page",
    "follow_page_mask",
    NULL,
};

static char trace_folder[128];   // "" without a trace
static char trace_problem[256];  // why there is no trace
static char *trace_text;         // its content
static const size_t trace_room = 1 << 20;

struct seen {
  int fast;       // whether gup_fast was called
  char slow[64];  // the first function of the slow path, or ""
};

// 0, or an error number.
static int trace_write(const char *file, int flags, const char *text) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", trace_folder, file);
  const int fd = open(path, O_WRONLY | O_CLOEXEC | flags);
  if (fd < 0) return errno;
  const ssize_t written = write(fd, text, strlen(text));
  const int error = written < 0 ? errno : 0;
  close(fd);
  return error;
}

static void trace_close(void) {
  if (trace_folder[0] == '\0') return;
  trace_write("tracing_on", O_TRUNC, "0");
  trace_write("current_tracer", O_TRUNC, "nop");
  rmdir(trace_folder);
  trace_folder[0] = '\0';
}

static void trace_give_up(const char *what, int error) {
  snprintf(trace_problem, sizeof trace_problem, "%s: %s", what,
           error != 0 ? strerror(error) : "none of the functions is known");
  trace_close();
}

// How many of the functions can be traced here.
static int trace_add(const char *const *names) {
  int known = 0;
  for (; *names != NULL; ++names) {
    char part[80];  // a part that the compiler split off, such as name.part.0
    snprintf(part, sizeof part, "%s.*", *names);
    if (trace_write("set_ftrace_filter", O_APPEND, *names) == 0) {
      ++known;
    } else if (trace_write("set_ftrace_filter", O_APPEND, part) == 0) {
      ++known;
    }
  }
  return known;
}

static void trace_open(void) {
  static const char *const roots[] = {
      "/sys/kernel/tracing/instances",
      "/sys/kernel/debug/tracing/instances",
  };
  int error = ENOENT;
  for (size_t i = 0; i < 2 && trace_folder[0] == '\0'; ++i) {
    snprintf(trace_folder, sizeof trace_folder, "%s/gup-%ld", roots[i],
             (long)getpid());
    if (mkdir(trace_folder, 0700) == 0) continue;
    if (i == 0 || errno != ENOENT) error = errno;
    trace_folder[0] = '\0';
  }
  if (trace_folder[0] == '\0') {
    trace_give_up("no trace in /sys/kernel/tracing", error);
    return;
  }
  char pid[32];
  snprintf(pid, sizeof pid, "%ld", (long)getpid());
  trace_text = malloc(trace_room);
  trace_write("tracing_on", O_TRUNC, "0");
  if (trace_text == NULL) {
    trace_give_up("memory for the trace", ENOMEM);
  } else if (trace_add(fast_names) == 0) {
    trace_give_up("set_ftrace_filter, gup_fast", 0);
  } else if (trace_add(slow_names) == 0) {
    trace_give_up("set_ftrace_filter, the slow path", 0);
  } else if ((error = trace_write("set_ftrace_pid", O_TRUNC, pid)) != 0) {
    trace_give_up("set_ftrace_pid", error);
  } else if ((error = trace_write("current_tracer", O_TRUNC, "function")) !=
             0) {
    trace_give_up("the function tracer", error);
  }
}

static int is_one_of(const char *name, size_t length,
                     const char *const *names) {
  for (; *names != NULL; ++names) {
    if (strlen(*names) == length && memcmp(*names, name, length) == 0) {
      return 1;
    }
  }
  return 0;
}

static void trace_start(void) {
  if (trace_folder[0] == '\0') return;
  trace_write("trace", O_TRUNC, "");
  trace_write("tracing_on", O_TRUNC, "1");
}

// Reads lines such as "... 12.345: __get_user_pages <-__gup_longterm_locked".
static struct seen trace_stop(void) {
  struct seen seen = {0, ""};
  if (trace_folder[0] == '\0') return seen;
  trace_write("tracing_on", O_TRUNC, "0");
  char path[256];
  snprintf(path, sizeof path, "%s/trace", trace_folder);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return seen;
  size_t size = 0;
  ssize_t got;
  while (size + 1 < trace_room &&
         (got = read(fd, trace_text + size, trace_room - 1 - size)) > 0) {
    size += (size_t)got;
  }
  close(fd);
  trace_text[size] = '\0';
  for (char *arrow = trace_text; (arrow = strstr(arrow, " <-")) != NULL;
       arrow += 3) {
    const char *name = arrow;
    while (name > trace_text && name[-1] != ' ') --name;
    size_t length = (size_t)(arrow - name);
    const char *const dot = memchr(name, '.', length);
    if (dot != NULL) length = (size_t)(dot - name);
    if (is_one_of(name, length, fast_names)) seen.fast = 1;
    if (seen.slow[0] == '\0' && is_one_of(name, length, slow_names)) {
      snprintf(seen.slow, sizeof seen.slow, "%.*s", (int)length, name);
    }
  }
  return seen;
}

// Says how it ended, and ends.
static _Noreturn void finish(int code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static _Noreturn void finish(int code, const char *format, ...) {
  trace_close();
  va_list values;
  va_start(values, format);
  vprintf(format, values);
  va_end(values);
  printf("\n");
  exit(code);
}

// The content of a page: its own address, then words that no other page has.
static uint64_t pattern(uint64_t page, size_t word) {
  if (word == 0) return page;
  uint64_t mixed = page + word * 0x9e3779b97f4a7c15;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

static void *pointer(uint64_t address) { return (void *)(uintptr_t)address; }

static void map_areas(void) {
  for (const struct area *area = areas; area->what != NULL; ++area) {
    const size_t bytes = area->pages * page_size;
    if ((uint64_t)(uintptr_t)area->address != area->address) {
      finish(UNKNOWN, "cannot be tried here: 0x%llx is no address",
             (unsigned long long)area->address);
    }
    void *const got =
        mmap(pointer(area->address), bytes, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (got != pointer(area->address)) {
      finish(UNKNOWN, "cannot be tried here: mmap of 0x%llx (%s) failed: %s",
             (unsigned long long)area->address, area->what,
             got == MAP_FAILED ? strerror(errno) : "it is taken");
    }
    // Small pages, as the case has them.
    madvise(got, bytes, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < bytes / sizeof(uint64_t); ++i) {
      const size_t words = page_size / sizeof(uint64_t);
      ((uint64_t *)got)[i] =
          pattern(area->address + i / words * page_size, i % words);
    }
    if (mprotect(got, bytes, area->protection) != 0) {
      finish(UNKNOWN, "cannot be tried here: mprotect of 0x%llx failed: %s",
             (unsigned long long)area->address, strerror(errno));
    }
  }
}

// The page that has these bytes, or 0.
static uint64_t page_with(const unsigned char *bytes) {
  uint64_t first;
  memcpy(&first, bytes, sizeof first);
  for (const struct area *area = areas; area->what != NULL; ++area) {
    if (first >= area->address &&
        first - area->address < area->pages * page_size &&
        (first - area->address) % page_size == 0) {
      return first;
    }
  }
  return 0;
}

static int ends[2];            // of a pipe
static unsigned char *buffer;  // BATCH pages

static void open_pipe(void) {
  buffer = malloc(BATCH * page_size);
  if (buffer == NULL || pipe2(ends, O_CLOEXEC) != 0) {
    finish(UNKNOWN, "cannot be tried here: pipe: %s", strerror(errno));
  }
  // A pipe holds 16 pages unless its user has too many of them.
  if (fcntl(ends[1], F_SETPIPE_SZ, (int)(BATCH * page_size)) < 0) {
    finish(UNKNOWN, "cannot be tried here: F_SETPIPE_SZ: %s", strerror(errno));
  }
}

// Makes gup_fast collect `pages` pages: vmsplice() puts the pages themselves
// into the pipe, SPLICE_F_GIFT or not, and takes up to 16 of them in one call
// of get_user_pages_fast(). Returns the number of bytes, now in `buffer`, or a
// negative error number.
static ssize_t collect(uint64_t address, size_t pages, struct seen *seen) {
  const struct iovec all = {pointer(address), pages * page_size};
  trace_start();
  const ssize_t spliced = vmsplice(ends[1], &all, 1, SPLICE_F_NONBLOCK);
  const int error = errno;
  *seen = trace_stop();
  if (spliced < 0) return -error;
  for (ssize_t have = 0; have < spliced;) {
    const ssize_t got = read(ends[0], buffer + have, (size_t)(spliced - have));
    if (got <= 0) {
      finish(UNKNOWN, "cannot be tried here: reading the pipe: %s",
             strerror(errno));
    }
    have += got;
  }
  return spliced;
}

static void expect_bytes(uint64_t address, size_t pages) {
  for (size_t page = 0; page < pages; ++page) {
    const unsigned char *const got = buffer + page * page_size;
    const uint64_t at = address + page * page_size;
    for (size_t i = 0; i < page_size; ++i) {
      const uint64_t word = pattern(at, i / sizeof word);
      unsigned char expected[sizeof word];
      memcpy(expected, &word, sizeof word);
      if (got[i] == expected[i % sizeof word]) continue;
      const uint64_t other = page_with(got);
      if (other != 0 && other != at) {
        printf("the page returned for 0x%llx is the one at 0x%llx\n",
               (unsigned long long)at, (unsigned long long)other);
      }
      finish(WRONG,
             "wrong byte: page 0x%llx, offset %zu: expected 0x%02x, got 0x%02x",
             (unsigned long long)at, i, expected[i % sizeof word], got[i]);
    }
  }
}

// How often gup_fast took the slow path for these pages, out of ROUNDS; `slow`
// gets a function of that path. Ends the program at a wrong byte.
static int fallbacks(uint64_t address, size_t pages, struct seen *slow) {
  int count = 0;
  for (int round = 0; round < ROUNDS; ++round) {
    // The fast walk takes only present pages: touch each page.
    for (size_t page = 0; page < pages; ++page) {
      (void)*(volatile char *)pointer(address + page * page_size);
    }
    struct seen seen;
    const ssize_t got = collect(address, pages, &seen);
    if (got != (ssize_t)(pages * page_size)) {
      finish(UNKNOWN, "cannot be tried here: vmsplice of 0x%llx gave %s",
             (unsigned long long)address,
             got < 0 ? strerror((int)-got) : "too few bytes");
    }
    expect_bytes(address, pages);
    if (trace_folder[0] != '\0' && !seen.fast) {
      trace_give_up("gup_fast is not in the trace", ENODATA);
    }
    if (seen.slow[0] == '\0') continue;
    *slow = seen;
    ++count;
  }
  return count;
}

// A trace that misses a fallback that must happen, or shows one that must not,
// is worthless. Test it far from the case: with one page that was never
// touched, which the fast walk cannot return, and with one that was touched.
static void try_trace(void) {
  if (trace_folder[0] == '\0') return;
  unsigned char *const two = mmap(NULL, 2 * page_size, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (two == MAP_FAILED) {
    trace_give_up("a page to try the trace with", errno);
    return;
  }
  madvise(two, 2 * page_size, MADV_NOHUGEPAGE);
  two[0] = 1;
  struct seen touched;
  struct seen untouched;
  if (collect((uintptr_t)two, 1, &touched) <= 0 ||
      collect((uintptr_t)two + page_size, 1, &untouched) <= 0) {
    trace_give_up("vmsplice of a page to try the trace with", EFAULT);
  } else if (!touched.fast || !untouched.fast) {
    trace_give_up("gup_fast is not in the trace", ENODATA);
  } else if (touched.slow[0] != '\0' || untouched.slow[0] == '\0') {
    trace_give_up("the trace does not show the slow path", ENODATA);
  } else {
    printf("trace: a page never touched goes to %s, one touched does not\n",
           untouched.slow);
  }
  munmap(two, 2 * page_size);
}

static void drive(uint64_t address, size_t pages) {
  struct seen slow = {0, ""};
  const int count = fallbacks(address, pages, &slow);
  const uint64_t end = address + pages * page_size;
  const int crosses = address < border && border < end;
  printf("0x%llx to 0x%llx%s: bytes right", (unsigned long long)address,
         (unsigned long long)end, crosses ? ", across the border" : "");
  if (trace_folder[0] == '\0') {
    printf("\n");
    return;
  }
  printf(", slow path in %d of %d rounds\n", count, ROUNDS);
  if (count == 0) return;
  if (count < ROUNDS) {
    finish(UNKNOWN,
           "fallback now and then, in %d of %d rounds (%s): not of the tables "
           "alone, so this run shows nothing about the walk",
           count, ROUNDS, slow.slow);
  }
  if (crosses) {
    struct seen unused;
    const size_t before = (size_t)((border - address) / page_size);
    const int parts = fallbacks(address, before, &unused) +
                      fallbacks(border, pages - before, &unused);
    printf("the parts before and behind the border: slow path %d times\n",
           parts);
  }
  finish(WRONG,
         "fallback: gup_fast took the slow path (%s) for the batch 0x%llx to "
         "0x%llx, each time",
         slow.slow, (unsigned long long)address, (unsigned long long)end);
}

static void try_refused(void) {
  struct seen seen;
  if (collect(refused, 1, &seen) > 0) {
    finish(WRONG, "wrong page: gup_fast returned 0x%llx, which is PROT_NONE",
           (unsigned long long)refused);
  }
  printf("0x%llx, which is PROT_NONE: refused\n", (unsigned long long)refused);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  struct utsname machine;
  if (uname(&machine) == 0) {
    printf("Linux %s on %s; the case is of %s\n", machine.release,
           machine.machine, case_space);
    if (strcmp(machine.machine, case_machine) != 0) {
      printf(
          "note: what is folded there may not be folded on this "
          "machine\n");
    }
  }
  if (idle[0] != '\0') {
    finish(UNKNOWN, "cannot be tried here: %s", idle);
  }
  if (sysconf(_SC_PAGESIZE) != (long)page_size) {
    finish(UNKNOWN,
           "cannot be tried here: pages have %ld bytes, those of the case %zu",
           sysconf(_SC_PAGESIZE), page_size);
  }
  map_areas();
  open_pipe();
  trace_open();
  try_trace();
  for (size_t i = 0; i < drive_pages; i += BATCH) {
    const size_t left = drive_pages - i;
    drive(drive_start + i * page_size, left < BATCH ? left : BATCH);
  }
  if (refused != 0) try_refused();
  if (trace_folder[0] == '\0') {
    finish(UNKNOWN,
           "contents were right; the trace cannot be read (%s), so this run "
           "shows nothing about the walk",
           trace_problem);
  }
  finish(RIGHT, "no wrong byte and no fallback");
}
