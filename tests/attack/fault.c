// SPDX-License-Identifier: Apache-2.0
// A library to preload (LD_PRELOAD) that makes calls fail on purpose: the N-th call of a kind that the program or any
// library of it makes, from main on, in all of its processes together.
//
//     ATTACK_COUNTS=FILE   where calls are counted and what happened is noted (struct notes); made by the harness
//     ATTACK_KIND=write    which kind fails; none: calls of all kinds are counted, and none fails
//     ATTACK_AT=12         the 12th call of that kind
//     ATTACK_STAY=1        and all later ones, as on a disk that stays full
//     ATTACK_ERRNO=28      with this errno
//     ATTACK_PATHS=FILE    where calls are counted: gets a number for the path of callers that led to each (struct paths)
//
// Memory and processes are taken at their functions, which libraries call by name, too. Calls of the system cannot be:
// libc's own streams and listings make them where no name is looked up. There a filter of the kernel (seccomp) stops
// each before it is made and sends SIGSYS, whose handler counts it, and makes it or says that it failed.
//
// A crash is noted with the module it happened in: the first on the stack that is not the C library.
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum kind {
    MEMORY,
    FORK,
    THREAD,
    OPEN,
    READ,
    WRITE,
    SYNC,
    RENAME,
    MKDIR,
    CLOSE,
    LOCK,
    CONTROL,
    STAT,
    LIST,
    REMOVE,
    PIPE,
    KINDS,
    NONE = KINDS
};

// The names are the harness's too (faults.py).
static const char *const kind_names[KINDS] = {"memory", "fork",   "thread", "open",  "read", "write",
                                              "sync",   "rename", "mkdir",  "close", "lock", "control",
                                              "stat",   "list",   "remove", "pipe"};

enum { FRAMES = 40, TRACE_SIZE = 3000 };

// The file ATTACK_COUNTS, shared by all processes of the program.
struct notes {
    int64_t count[KINDS];
    int64_t fired;          // how many calls have failed
    int64_t crashed;        // the first signal that ended a process
    char fault[TRACE_SIZE]; // "module+offset" of each caller of the first call that failed, one a line
    char crash[TRACE_SIZE]; // the same of the crash
    char crash_module[256]; // where it happened
};

// The file ATTACK_PATHS: calls of one number came the same way through the program.
enum { PATHS_MOST = 1 << 17 };
struct paths {
    uint64_t of[KINDS][PATHS_MOST];
};

static struct notes *notes;
static struct paths *paths;
static enum kind failing = NONE;
static long fail_at, fail_stays, fail_cause;
static int armed; // main has begun

// ------------------------------------------------------------------------------------------------- what happened

// "reff+1a2b3" a line, from the innermost caller out; returns the first module that is neither libc nor this one.
static const char *trace(char text[TRACE_SIZE], void *const *frames, int count) {
    const char *first = NULL;
    size_t used = 0;
    for (int i = 0; i < count && used < TRACE_SIZE; i++) {
        Dl_info about;
        if (!dladdr(frames[i], &about) || !about.dli_fname)
            continue;
        const char *slash = strrchr(about.dli_fname, '/'), *name = slash ? slash + 1 : about.dli_fname;
        used += (size_t)snprintf(text + used, TRACE_SIZE - used, "%s+%zx\n", name,
                                 (size_t)((char *)frames[i] - (char *)about.dli_fbase));
        if (!first && strncmp(name, "libc.so", 7) && strncmp(name, "ld-linux", 8) &&
            strncmp(name, "fault.so", 8))
            first = name;
    }
    return first ? first : "unknown";
}

// The program's own code: what libraries do below it is theirs, and comes to thousands of ways.
static uintptr_t own_begin, own_end;

static int find_own(struct dl_phdr_info *module, size_t size, void *unused) {
    (void)size, (void)unused;
    for (int i = 0; i < module->dlpi_phnum; i++)
        if (module->dlpi_phdr[i].p_type == PT_LOAD && module->dlpi_phdr[i].p_flags & PF_X) {
            own_begin = module->dlpi_addr + module->dlpi_phdr[i].p_vaddr;
            own_end = own_begin + module->dlpi_phdr[i].p_memsz;
        }
    return 1; // the first module is the program
}

static void note_path(enum kind kind, long number) {
    static _Thread_local int noting; // a trace may allocate
    void *frames[FRAMES];
    uint64_t hash = 1469598103934665603u; // FNV-1a
    if (noting || number > PATHS_MOST)
        return;
    noting = 1;
    for (int i = 2, count = backtrace(frames, FRAMES); i < count; i++)
        if ((uintptr_t)frames[i] >= own_begin && (uintptr_t)frames[i] < own_end)
            hash = (hash ^ (uint64_t)(uintptr_t)frames[i]) * 1099511628211u;
    noting = 0;
    paths->of[kind][number - 1] = hash;
}

// Counts a call; 1 if it is to fail.
static int counts(enum kind kind) {
    if (!__atomic_load_n(&armed, __ATOMIC_RELAXED))
        return 0;
    long number = (long)__atomic_add_fetch(&notes->count[kind], 1, __ATOMIC_RELAXED);
    if (paths)
        note_path(kind, number);
    if (kind != failing || number < fail_at || (number > fail_at && !fail_stays))
        return 0;
    if (__atomic_add_fetch(&notes->fired, 1, __ATOMIC_RELAXED) == 1) {
        static _Thread_local int tracing; // what a trace allocates is not counted
        void *frames[FRAMES];
        if (!tracing) {
            tracing = 1;
            __atomic_store_n(&armed, 0, __ATOMIC_RELAXED);
            trace(notes->fault, frames, backtrace(frames, FRAMES));
            __atomic_store_n(&armed, 1, __ATOMIC_RELAXED);
            tracing = 0;
        }
    }
    errno = (int)fail_cause;
    return 1;
}

static void on_crash(int signal_number) {
    void *frames[FRAMES];
    int64_t none = 0;
    __atomic_store_n(&armed, 0, __ATOMIC_RELAXED);
    if (__atomic_compare_exchange_n(&notes->crashed, &none, signal_number, 0, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED))
        snprintf(notes->crash_module, sizeof notes->crash_module, "%s",
                 trace(notes->crash, frames, backtrace(frames, FRAMES)));
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

// ------------------------------------------------------------------------------------------- memory, processes

// NOLINTBEGIN(bugprone-reserved-identifier): the C library's names for its own
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
// NOLINTEND(bugprone-reserved-identifier)

void *malloc(size_t size) {
    return counts(MEMORY) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    return counts(MEMORY) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    return counts(MEMORY) ? NULL : __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size) {
    return counts(MEMORY) ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    return counts(MEMORY) ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    void *made = counts(MEMORY) ? NULL : __libc_memalign(alignment, size);
    if (made)
        *block = made;
    return made ? 0 : ENOMEM;
}

pid_t fork(void) {
    static pid_t (*real)(void);
    if (!real)
        real = (pid_t(*)(void))dlsym(RTLD_NEXT, "fork");
    return counts(FORK) ? -1 : real();
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *argument) {
    static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    if (!real)
        real = (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))dlsym(
            RTLD_NEXT, "pthread_create");
    return counts(THREAD) ? (int)fail_cause : real(thread, attributes, start, argument);
}

// The kernel's filter outlives an exec, the handler does not. The program starts itself anew only for its speed, and
// goes on where it cannot.
int execv(const char *path, char *const arguments[]) {
    (void)path, (void)arguments;
    errno = EACCES;
    return -1;
}

// -------------------------------------------------------------------------------------------- calls of the system

static const struct {
    int number;
    enum kind kind;
} calls[] = {
    {SYS_open, OPEN},       {SYS_openat, OPEN},     {SYS_creat, OPEN},       {SYS_read, READ},
    {SYS_pread64, READ},    {SYS_readv, READ},      {SYS_write, WRITE},      {SYS_pwrite64, WRITE},
    {SYS_writev, WRITE},    {SYS_ftruncate, WRITE}, {SYS_fsync, SYNC},       {SYS_fdatasync, SYNC},
    {SYS_rename, RENAME},   {SYS_renameat, RENAME}, {SYS_renameat2, RENAME}, {SYS_mkdir, MKDIR},
    {SYS_mkdirat, MKDIR},   {SYS_close, CLOSE},     {SYS_flock, LOCK},       {SYS_fcntl, CONTROL},
    {SYS_stat, STAT},       {SYS_lstat, STAT},      {SYS_fstat, STAT},       {SYS_newfstatat, STAT},
    {SYS_statx, STAT},      {SYS_access, STAT},     {SYS_faccessat, STAT},   {SYS_faccessat2, STAT},
    {SYS_getdents64, LIST}, {SYS_unlink, REMOVE},   {SYS_unlinkat, REMOVE},  {SYS_rmdir, REMOVE},
    {SYS_pipe, PIPE},       {SYS_pipe2, PIPE},
};
enum { CALLS = sizeof calls / sizeof *calls };

// Makes the call; the filter lets those pass that come back to attack_returns.
long attack_call(long number, long a, long b, long c, long d, long e, long f);
extern const char attack_returns[];
__asm__(".text\n.globl attack_call\n.hidden attack_call\n.type attack_call, @function\n"
        ".globl attack_returns\n.hidden attack_returns\n"
        "attack_call:\n"
        "  mov %rdi, %rax\n  mov %rsi, %rdi\n  mov %rdx, %rsi\n  mov %rcx, %rdx\n"
        "  mov %r8, %r10\n  mov %r9, %r8\n  mov 8(%rsp), %r9\n"
        "  syscall\n"
        "attack_returns:\n"
        "  ret\n.size attack_call, . - attack_call\n");

static enum kind kind_of(long number, const long long *registers) {
    if ((number == SYS_write || number == SYS_writev) && registers[REG_RDI] == STDERR_FILENO)
        return NONE; // else the message that is waited for would be lost
    if (number == SYS_fcntl && (registers[REG_RSI] == F_SETLK || registers[REG_RSI] == F_SETLKW))
        return LOCK;
    for (int i = 0; i < CALLS; i++)
        if (calls[i].number == number)
            return calls[i].kind;
    return NONE;
}

static void on_call(int signal_number, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    int kept = errno;
    long number = info->si_syscall, result = 0;
    enum kind kind = kind_of(number, registers);
    int fails = kind != NONE && counts(kind);
    (void)signal_number;
    if (!fails || number == SYS_close) // a descriptor whose close fails is closed all the same
        result = attack_call(number, registers[REG_RDI], registers[REG_RSI], registers[REG_RDX],
                             registers[REG_R10], registers[REG_R8], registers[REG_R9]);
    registers[REG_RAX] = fails ? -fail_cause : result;
    errno = kept;
}

static void refuse(const char *what) {
    fprintf(stderr, "fault.so: %s: %s\n", what, strerror(errno));
    _exit(99); // the harness takes it for "cannot be done here"
}

// Takes the calls of the kind that fails, or of all kinds where they are only counted.
static void filter_calls(void) {
    enum { HEAD = 6 };
    struct sock_filter program[HEAD + CALLS + 2];
    unsigned short used = 0, taken = 0;
    uint64_t back = (uint64_t)(uintptr_t)attack_returns;
    for (int i = 0; i < CALLS; i++)
        taken += failing == NONE || calls[i].kind == failing || (failing == LOCK && calls[i].kind == CONTROL);
    if (!taken)
        return;
    program[used++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                                   offsetof(struct seccomp_data, instruction_pointer));
    program[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)back, 0, 3);
    program[used++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                                   offsetof(struct seccomp_data, instruction_pointer) + 4);
    program[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(back >> 32), 0, 1);
    program[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    program[used++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int i = 0; i < CALLS; i++)
        if (failing == NONE || calls[i].kind == failing || (failing == LOCK && calls[i].kind == CONTROL))
            program[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                                           (uint32_t)calls[i].number, taken--, 0);
    program[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    program[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    const struct sigaction action = {.sa_sigaction = on_call,
                                     .sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART};
    const struct sock_fprog whole = {used, program};
    if (sigaction(SIGSYS, &action, NULL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &whole))
        refuse("the kernel takes no filter");
}

// ------------------------------------------------------------------------------------------------- the beginning

static long number_from(const char *name) {
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : 0;
}

// A file of the harness, shared between processes.
static void *shared_file(const char *variable, size_t size) {
    const char *path = getenv(variable);
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *start = file < 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (start == MAP_FAILED)
        refuse(variable);
    close(file);
    return start;
}

static void prepare(void) {
    static char stack[1 << 16];
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
    const char *kind = getenv("ATTACK_KIND");
    void *frames[2];
    notes = shared_file("ATTACK_COUNTS", sizeof *notes);
    dl_iterate_phdr(find_own, NULL);
    if (getenv("ATTACK_PATHS"))
        paths = shared_file("ATTACK_PATHS", sizeof *paths);
    for (int i = 0; kind && i < KINDS; i++)
        if (!strcmp(kind, kind_names[i]))
            failing = (enum kind)i;
    fail_at = number_from("ATTACK_AT");
    fail_stays = number_from("ATTACK_STAY");
    fail_cause = number_from("ATTACK_ERRNO");
    backtrace(frames, 2); // loads what it needs now
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        sigaction(crashes[i], &(struct sigaction){.sa_handler = on_crash, .sa_flags = SA_ONSTACK}, NULL);
    filter_calls();
}

static int (*program_main)(int, char **, char **);

static int main_with_faults(int argc, char **argv, char **environment) {
    prepare();
    __atomic_store_n(&armed, 1, __ATOMIC_RELAXED);
    return program_main(argc, argv, environment);
}

// Starts main, as the C library's function of this name: faults begin there, not in the loader.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
int __libc_start_main(int (*main_function)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*loader_fini)(void), void *stack_end) {
    int (*real)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void),
                void *) =
        (int (*)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void),
                 void *))dlsym(RTLD_NEXT, "__libc_start_main");
    program_main = main_function;
    return real(main_with_faults, argc, argv, init, fini, loader_fini, stack_end);
}
