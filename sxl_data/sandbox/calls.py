"""The system calls that a program may make, by number: an allow-list, so what a new kernel adds is out.

The numbers after a name are those of x86-64 and arm64, `-` where a machine has no such call; from the kernel's own
headers (asm/unistd_64.h, asm-generic/unistd.h), where they never change. Left out on purpose: keyrings, io_uring,
userfaultfd, bpf, perf, ptrace and its kin, every call that mounts or makes a name space, memfd_create, splice and
vmsplice, System V and POSIX message queues, modules, clocks to set. clone3 is out because its flags lie in memory,
where no filter can see them: the C library falls back to clone.
"""

from __future__ import annotations

Numbers = dict[str, tuple[int | None, int | None]]


def _table(text: str) -> Numbers:
    """Name → (number on x86-64, number on arm64) of ``name number number, …``; ``-`` is None."""
    rows = (entry.split() for entry in text.split(","))
    return {name: (_number(x86), _number(arm)) for name, x86, arm in rows}


def _number(text: str) -> int | None:
    return None if text == "-" else int(text)


# Files by descriptor or path; which paths can be opened is for the mounts or Landlock to say.
FILES = _table("""
read 0 63, write 1 64, pread64 17 67, pwrite64 18 68, readv 19 65, writev 20 66, preadv 295 69, pwritev 296 70,
preadv2 327 286, pwritev2 328 287, open 2 -, openat 257 56, openat2 437 437, creat 85 -, close 3 57,
close_range 436 436, lseek 8 62, stat 4 -, lstat 6 -, fstat 5 80, newfstatat 262 79, statx 332 291, access 21 -,
faccessat 269 48, faccessat2 439 439, readlink 89 -, readlinkat 267 78, getdents 78 -, getdents64 217 61,
getcwd 79 17, chdir 80 49, fchdir 81 50, mkdir 83 -, mkdirat 258 34, rmdir 84 -, unlink 87 -, unlinkat 263 35,
rename 82 -, renameat 264 38, renameat2 316 276, link 86 -, linkat 265 37, symlink 88 -, symlinkat 266 36,
mknod 133 -, mknodat 259 33, ftruncate 77 46, fallocate 285 47, fchmod 91 52, umask 95 166, dup 32 23, dup2 33 -,
dup3 292 24, fcntl 72 25, flock 73 32, fsync 74 82, fdatasync 75 83, sync_file_range 277 84, fadvise64 221 223,
readahead 187 213, sendfile 40 71, copy_file_range 326 285, statfs 137 43, fstatfs 138 44, fgetxattr 193 10,
flistxattr 196 13, ioctl 16 29
""")

# Waiting, pipes and local sockets; `seccomp` narrows socket and socketpair.
CHANNELS = _table("""
pipe 22 -, pipe2 293 59, poll 7 -, ppoll 271 73, select 23 -, pselect6 270 72, epoll_create 213 -,
epoll_create1 291 20, epoll_ctl 233 21, epoll_wait 232 -, epoll_pwait 281 22, epoll_pwait2 441 441, eventfd 284 -,
eventfd2 290 19, socket 41 198, socketpair 53 199, bind 49 200, listen 50 201, accept 43 202, accept4 288 242,
connect 42 203, shutdown 48 210, sendto 44 206, recvfrom 45 207, sendmsg 46 211, recvmsg 47 212, sendmmsg 307 269,
recvmmsg 299 243, getsockname 51 204, getpeername 52 205, getsockopt 55 209, setsockopt 54 208
""")

# Memory. No memfd_create and no System V shared memory: what they hold belongs to no process, so no count finds it.
MEMORY = _table("""
brk 12 214, mmap 9 222, munmap 11 215, mremap 25 216, mprotect 10 226, madvise 28 233, msync 26 227, mincore 27 232,
mlock 149 228, munlock 150 229, membarrier 324 283, pkey_mprotect 329 288, pkey_alloc 330 289, pkey_free 331 290
""")

# Processes, threads and signals; `seccomp` narrows those that name a process.
PROCESSES = _table("""
clone 56 220, fork 57 -, vfork 58 -, execve 59 221, exit 60 93, exit_group 231 94, wait4 61 260, waitid 247 95,
set_tid_address 218 96, set_robust_list 273 99, get_robust_list 274 100, futex 202 98, rseq 334 293,
arch_prctl 158 -, prctl 157 167, kill 62 129, tkill 200 130, tgkill 234 131, rt_sigaction 13 134,
rt_sigprocmask 14 135, rt_sigreturn 15 139, rt_sigpending 127 136, rt_sigtimedwait 128 137, rt_sigsuspend 130 133,
sigaltstack 131 132, pause 34 -, restart_syscall 219 128, signalfd 282 -, signalfd4 289 74, sched_yield 24 124,
sched_getaffinity 204 123, sched_setaffinity 203 122, sched_getparam 143 121, sched_getscheduler 145 120,
sched_get_priority_max 146 125, sched_get_priority_min 147 126, setpriority 141 140, getpriority 140 141,
setsid 112 157, getsid 124 156, setpgid 109 154, getpgid 121 155, getpgrp 111 -, prlimit64 302 261,
getrlimit 97 163, setrlimit 160 164, getrusage 98 165, pidfd_open 434 434
""")

# Who and when it is.
CLOCKS = _table("""
getpid 39 172, getppid 110 173, gettid 186 178, getuid 102 174, geteuid 107 175, getgid 104 176, getegid 108 177,
getresuid 118 148, getresgid 120 150, getgroups 115 158, capget 125 90, uname 63 160, sysinfo 99 179, times 100 153,
time 201 -, gettimeofday 96 169, clock_gettime 228 113, clock_getres 229 114, clock_nanosleep 230 115,
nanosleep 35 101, alarm 37 -, getitimer 36 102, setitimer 38 103, timer_create 222 107, timer_settime 223 110,
timer_gettime 224 108, timer_getoverrun 225 109, timer_delete 226 111, timerfd_create 283 85,
timerfd_settime 286 86, timerfd_gettime 287 87, getrandom 318 278, getcpu 309 168
""")

# What Landlock does not mediate: attributes by path. Only where mounts hide the user's files.
PATHS = _table("""
chmod 90 -, fchmodat 268 53, chown 92 -, lchown 94 -, fchown 93 55, fchownat 260 54, utime 132 -, utimes 235 -,
futimesat 261 -, utimensat 280 88, truncate 76 45, setxattr 188 5, lsetxattr 189 6, fsetxattr 190 7,
getxattr 191 8, lgetxattr 192 9, listxattr 194 11, llistxattr 195 12, removexattr 197 14
""")
