/* Makes the k-th write, fsync or rename below a folder fail with an errno of choice. Preloaded (Linux). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char root[4096];
static long armed_call = -1, armed_at = -1, armed_errno, counts[3], hits;

void fault_arm(const char *folder, long call, long at, long number) {
  snprintf(root, sizeof root, "%s", folder);
  armed_call = call; armed_at = at; armed_errno = number; hits = 0;
  counts[0] = counts[1] = counts[2] = 0;
}
long fault_count(long call) { return counts[call]; }
long fault_hits(void) { return hits; }

static int strikes(long call, const char *path) {
  if (!root[0] || strncmp(path, root, strlen(root))) return 0;
  long now = counts[call]++;
  if (call != armed_call || now != armed_at) return 0;
  hits++; errno = (int)armed_errno;
  return 1;
}
static int strikes_fd(long call, int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n < 0) return 0;
  path[n] = 0;
  return strikes(call, path);
}
ssize_t write(int fd, const void *data, size_t size) {
  static ssize_t (*real)(int, const void *, size_t);
  if (!real) real = dlsym(RTLD_NEXT, "write");
  return root[0] && strikes_fd(0, fd) ? -1 : real(fd, data, size);
}
int fsync(int fd) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fsync");
  return root[0] && strikes_fd(1, fd) ? -1 : real(fd);
}
int rename(const char *from, const char *to) {
  static int (*real)(const char *, const char *);
  if (!real) real = dlsym(RTLD_NEXT, "rename");
  return strikes(2, to) ? -1 : real(from, to);
}
