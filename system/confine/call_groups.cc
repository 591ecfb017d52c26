#include "system/confine/call_groups.h"

#include <array>

namespace ravelin::system {
namespace {

using namespace std::string_view_literals;

constexpr std::array kEveryProcess{
    // memory
    "brk"sv, "munmap"sv, "mremap"sv, "madvise"sv, "mlock"sv, "mlock2"sv, "munlock"sv, "msync"sv,
    // threads
    "futex"sv, "set_robust_list"sv, "rseq"sv, "set_tid_address"sv, "sched_yield"sv,
    "sched_getaffinity"sv, "membarrier"sv, "gettid"sv, "getcpu"sv, "exit"sv, "exit_group"sv,
    // time
    "clock_gettime"sv, "clock_getres"sv, "clock_nanosleep"sv, "nanosleep"sv, "gettimeofday"sv,
    "time"sv, "timerfd_create"sv, "timerfd_settime"sv, "timerfd_gettime"sv, "setitimer"sv,
    "alarm"sv,
    // signals
    "rt_sigaction"sv, "rt_sigprocmask"sv, "rt_sigreturn"sv, "rt_sigtimedwait"sv, "rt_sigpending"sv,
    "rt_sigsuspend"sv, "sigaltstack"sv, "signalfd4"sv, "restart_syscall"sv, "pause"sv,
    // itself
    "getpid"sv, "getppid"sv, "getpgrp"sv, "getuid"sv, "geteuid"sv, "getgid"sv, "getegid"sv,
    "getgroups"sv, "getresuid"sv, "getresgid"sv, "getrlimit"sv, "getrusage"sv, "times"sv,
    "getpriority"sv, "uname"sv, "sysinfo"sv, "getrandom"sv, "capget"sv, "getcwd"sv, "umask"sv,
    // waiting
    "poll"sv, "ppoll"sv, "select"sv, "pselect6"sv, "epoll_create1"sv, "epoll_ctl"sv, "epoll_wait"sv,
    "epoll_pwait"sv, "epoll_pwait2"sv, "eventfd2"sv,
    // descriptors
    "read"sv, "readv"sv, "pread64"sv, "preadv"sv, "write"sv, "writev"sv, "pwrite64"sv, "pwritev"sv,
    "lseek"sv, "close"sv, "close_range"sv, "dup"sv, "dup2"sv, "dup3"sv, "pipe"sv, "pipe2"sv,
    "fstat"sv, "sendfile"sv, "splice"sv,
    // memory files: what processes hand each other beside messages
    "memfd_create"sv, "ftruncate"sv};

constexpr std::array kReadFiles{"open"sv, "openat"sv, "access"sv, "faccessat"sv, "faccessat2"sv,
                                "stat"sv, "lstat"sv, "newfstatat"sv, "statx"sv, "readlink"sv,
                                "readlinkat"sv, "getdents64"sv, "statfs"sv, "fstatfs"sv,
                                "fadvise64"sv, "readahead"sv, "flock"sv, "chdir"sv, "fchdir"sv,
                                // watched, not asked again and again
                                "inotify_init1"sv, "inotify_add_watch"sv, "inotify_rm_watch"sv};

// Not truncate(2) by name: Landlock before ABI 3 does not look at it.
constexpr std::array kWriteFiles{
    "fallocate"sv, "fsync"sv,     "fdatasync"sv, "sync_file_range"sv, "syncfs"sv,    "rename"sv,
    "renameat"sv,  "renameat2"sv, "unlink"sv,    "unlinkat"sv,        "mkdir"sv,     "mkdirat"sv,
    "rmdir"sv,     "link"sv,      "linkat"sv,    "symlink"sv,         "symlinkat"sv, "chmod"sv,
    "fchmod"sv,    "fchmodat"sv,  "utimensat"sv, "copy_file_range"sv};

constexpr std::array kOnSockets{"accept"sv,     "accept4"sv,  "getsockname"sv, "getpeername"sv,
                                "getsockopt"sv, "shutdown"sv, "sendto"sv,      "sendmsg"sv,
                                "sendmmsg"sv,   "recvfrom"sv, "recvmsg"sv,     "recvmmsg"sv,
                                "listen"sv};

constexpr std::array kOpenSockets{"bind"sv, "connect"sv};

constexpr std::array kChildren{"wait4"sv, "waitid"sv, "setsid"sv, "setpgid"sv};

constexpr std::array kSanitizers{"mincore"sv,     "tkill"sv,
                                 "ptrace"sv,      "wait4"sv,
                                 "personality"sv, "clone"sv,
                                 "prctl"sv,       "mmap"sv,
                                 "mprotect"sv,    "prlimit64"sv,
                                 "tgkill"sv,      "kill"sv,
                                 "arch_prctl"sv,  "process_vm_readv"sv,
                                 "setrlimit"sv,   "socketpair"sv,
                                 "getdents"sv};

constexpr std::array kNever{
    // other processes
    "ptrace"sv, "process_vm_readv"sv, "process_vm_writev"sv, "process_madvise"sv, "pidfd_getfd"sv,
    "kcmp"sv,
    // what the file system is made of
    "mount"sv, "umount2"sv, "pivot_root"sv, "fsopen"sv, "fsconfig"sv, "fsmount"sv, "fspick"sv,
    "move_mount"sv, "open_tree"sv, "mount_setattr"sv, "open_by_handle_at"sv, "swapon"sv,
    "swapoff"sv, "quotactl"sv, "quotactl_fd"sv, "acct"sv, "fanotify_init"sv, "uselib"sv,
    // namespaces
    "unshare"sv, "setns"sv,
    // the kernel itself
    "init_module"sv, "finit_module"sv, "delete_module"sv, "kexec_load"sv, "kexec_file_load"sv,
    "reboot"sv, "syslog"sv, "settimeofday"sv, "clock_settime"sv, "adjtimex"sv, "clock_adjtime"sv,
    "sethostname"sv, "setdomainname"sv, "vhangup"sv, "lookup_dcookie"sv, "nfsservctl"sv,
    // interfaces that have been the way in
    "bpf"sv, "perf_event_open"sv, "userfaultfd"sv, "io_uring_setup"sv, "io_uring_enter"sv,
    "io_uring_register"sv, "keyctl"sv, "add_key"sv, "request_key"sv, "modify_ldt"sv, "iopl"sv,
    "ioperm"sv, "remap_file_pages"sv, "vmsplice"sv, "move_pages"sv, "migrate_pages"sv};

constexpr std::array kEndedFor{"execve"sv,          "execveat"sv,         "setuid"sv,
                               "setgid"sv,          "setreuid"sv,         "setregid"sv,
                               "setresuid"sv,       "setresgid"sv,        "setfsuid"sv,
                               "setfsgid"sv,        "setgroups"sv,        "capset"sv,
                               "chroot"sv,          "personality"sv,      "name_to_handle_at"sv,
                               "pkey_mprotect"sv,   "seccomp"sv,          "pidfd_send_signal"sv,
                               "rt_sigqueueinfo"sv, "rt_tgsigqueueinfo"sv};

}  // namespace

Calls calls_of_every_process() {
  return kEveryProcess;
}

Calls calls_to_read_files() {
  return kReadFiles;
}

Calls calls_to_write_files() {
  return kWriteFiles;
}

Calls calls_on_sockets() {
  return kOnSockets;
}

Calls calls_to_open_sockets() {
  return kOpenSockets;
}

Calls calls_for_children() {
  return kChildren;
}

Calls calls_of_sanitizers() {
  return kSanitizers;
}

Calls calls_never_made() {
  return kNever;
}

Calls calls_ended_for() {
  return kEndedFor;
}

}  // namespace ravelin::system
