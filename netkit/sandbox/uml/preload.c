/*
 * What User-Mode Linux gets instead of some functions of the C library (LD_PRELOAD of ld.so(8)).
 *
 * The programs inside are processes of the machine outside which User-Mode Linux traces: each of their system calls
 * stops, and is carried out inside.  Once nobody traces them they would be programs of the machine.  So whatever
 * User-Mode Linux starts ends with it:
 *
 *   ptrace       whom it traces is killed when it ends (PTRACE_O_EXITKILL of ptrace(2));
 *   clone, fork  what it starts is killed when it ends (PR_SET_PDEATHSIG of prctl(2)), from its first moment on;
 *   kill         a program inside that makes a system call of the machine is killed (seccomp(2)): a second wall.
 *                A traced one never gets as far as the filter, which costs it nothing.
 *
 * open64 tells when descriptors become few.  And ptrace gives back all registers of a processor with AMX: see there.
 *
 * No header is included, so that a compiler suffices that has none: tcc.
 */
typedef unsigned short u16;
typedef unsigned char u8;
typedef unsigned int u32;

extern long syscall(long number, ...);
extern void *memcpy(void *to, const void *from, unsigned long length);
extern int __clone(int (*main)(void *), void *stack, int flags, void *argument);
extern int __fork(void);
extern int __open64(const char *path, int flags, ...);
extern int *__errno_location(void);
extern char *getenv(const char *name);
extern int atoi(const char *text);

enum { /* system calls of x86-64 */
    WRITE = 1, MMAP = 9, MPROTECT = 10, MUNMAP = 11, SIGACTION = 13, GETPID = 39, CLONE = 56, EXIT = 60, KILL = 62,
    GETTIMEOFDAY = 96, PTRACE = 101, GETPPID = 110, MODIFY_LDT = 154, PRCTL = 157, TIME = 201,
    PRLIMIT = 302, GETCPU = 309, SECCOMP = 317
};
enum { SIGKILL = 9, SIGSEGV = 11, SIGSTOP = 19 };

/* ---- ptrace ---------------------------------------------------------------------------------------------------- */

enum { TRACEME = 0, PEEKTEXT = 1, PEEKUSER = 3, OLDSETOPTIONS = 21, SETOPTIONS = 0x4200, GETREGSET = 0x4204, SETREGSET };
enum { XSTATE = 0x202, EXITKILL = 1 << 20 };

struct piece { /* iovec */
    void *bytes;
    unsigned long length;
};

/*
 * On a processor with AMX a program has 11 008 bytes of registers.  User-Mode Linux keeps 2696 of them (arch/x86/um of
 * Linux 6.1), which is all that its programs can use: the rest is AMX's, and that has to be asked for.  But Linux
 * takes the registers of a traced program whole or not at all (xstateregs_set: EFAULT).  Here those bytes are put
 * before the rest, which is as every program begins.
 */
static long set_registers(long process, struct piece *given)
{
    static char registers[1 << 16];
    static unsigned long size;
    struct piece whole = {registers, sizeof registers};

    if (!size && syscall(PTRACE, GETREGSET, process, XSTATE, &whole) == 0)
        size = whole.length;
    if (size <= given->length)
        return syscall(PTRACE, SETREGSET, process, XSTATE, given);
    memcpy(registers, given->bytes, given->length);
    whole.length = size;
    return syscall(PTRACE, SETREGSET, process, XSTATE, &whole);
}

long ptrace(long request, long process, long address, void *data)
{
    long word, status;

    if (request >= PEEKTEXT && request <= PEEKUSER) {
        status = syscall(PTRACE, request, process, address, &word);
        return status < 0 ? status : word;
    }
    if (request == SETREGSET && address == XSTATE)
        return set_registers(process, data);
    if (request == SETOPTIONS || request == OLDSETOPTIONS)
        data = (void *)((long)data | EXITKILL);
    return syscall(PTRACE, request, process, address, data);
}

/* ---- clone and fork -------------------------------------------------------------------------------------------- */

enum { SET_PDEATHSIG = 1, CLONE_PARENT = 0x8000 };

struct start { /* what a new process is to run, and whose child it is */
    int (*main)(void *);
    void *argument;
    long parent;
};

static void end_with(long parent)
{
    syscall(PRCTL, SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (syscall(GETPPID) != parent)
        syscall(EXIT, 1);
}

static int begin(void *place)
{
    struct start start = *(struct start *)place;

    end_with(start.parent);
    return start.main(start.argument);
}

int clone(int (*main)(void *), void *stack, int flags, void *argument)
{
    struct start *start = (struct start *)((unsigned long)stack & -16UL) - 1;

    start->main = main;
    start->argument = argument;
    start->parent = syscall(flags & CLONE_PARENT ? GETPPID : GETPID);
    return __clone(begin, start, flags, start);
}

int fork(void)
{
    long parent = syscall(GETPID);
    int child = __fork();

    if (child == 0)
        end_with(parent);
    return child;
}

/* ---- open64 ---------------------------------------------------------------------------------------------------- */

enum { NOFILE = 7, EMFILE = 24 };

/*
 * Tell the keeper of a new descriptor if few are left: Linux gives the lowest one that is free.  From half of what is
 * allowed on, each sixteenth more is told, and again when it comes after some were free.
 */
static void tell(int file)
{
    static unsigned long limit[2];
    static int next, step, notices;
    const char *variable;
    int error = *__errno_location();

    if (!limit[0]) {
        syscall(PRLIMIT, 0, NOFILE, 0, limit);
        step = limit[0] / 16 + 1;
        variable = getenv("NETKIT_NOTICES");
        notices = variable ? atoi(variable) : -1;
    }
    if (next > file + 2 * step)
        next = file + step;
    if (next < limit[0] / 2)
        next = limit[0] / 2;
    if (file < 0 && error == EMFILE)
        next = file = limit[0];
    if (file >= next) {
        syscall(WRITE, notices, &file, sizeof file);
        next = file + step;
    }
    *__errno_location() = error;
}

int open64(const char *path, int flags, int mode)
{
    int file = __open64(path, flags, mode);

    tell(file);
    return file;
}

/* ---- kill ------------------------------------------------------------------------------------------------------ */

enum { SET_NO_NEW_PRIVS = 38, SET_FILTER = 1, SPECULATES = 4 };
enum { NUMBER = 0, ARCHITECTURE = 4, PLACE = 8, FIRST = 16, SECOND = 24, X86_64 = 0xC000003E }; /* seccomp_data */
enum { LOADS = 0x20, EQUALS = 0x15, AND = 0x54, RETURN = 0x06 }; /* linux/bpf_common.h */
enum { END_PROCESS = 0x80000000, ALLOW = 0x7FFF0000 };

struct step { /* sock_filter */
    u16 code;
    u8 if_true, if_false;
    u32 value;
};

struct action { /* the kernel's own, not that of the C library */
    unsigned long handler, flags, restorer, mask;
};

#define LOAD(what) {LOADS, 0, 0, what}
#define GOOD {RETURN, 0, 0, ALLOW}
#define ALLOWED(value) {EQUALS, 0, 1, value}, GOOD
#define DEMANDED(value) {EQUALS, 1, 0, value}, {RETURN, 0, 0, END_PROCESS}

/*
 * What a process that is to become a program inside may ask the machine for.  Anywhere: who it is, by which
 * User-Mode Linux replaces calls where it cannot leave them out; the time, at the old fixed address (vsyscall); and
 * to stop itself, which it does next.  In its stub, a page of code that User-Mode Linux mapped into it: what that
 * does for User-Mode Linux, which is to map memory and to copy the process.
 */
static void confine(long self, unsigned long stub)
{
    struct step steps[] = {
        LOAD(ARCHITECTURE), DEMANDED(X86_64),
        LOAD(NUMBER), ALLOWED(GETPID), ALLOWED(GETTIMEOFDAY), ALLOWED(TIME), ALLOWED(GETCPU),
        {EQUALS, 0, 7, KILL}, /* else leave the next line out */
        LOAD(FIRST), DEMANDED(self), LOAD(SECOND), DEMANDED(SIGSTOP), GOOD,
        LOAD(PLACE + 4), DEMANDED(stub >> 32),
        LOAD(PLACE), {AND, 0, 0, 0xFFFFF000}, DEMANDED(stub & 0xFFFFF000),
        LOAD(NUMBER), ALLOWED(MMAP), ALLOWED(MPROTECT), ALLOWED(MUNMAP), ALLOWED(MODIFY_LDT),
        ALLOWED(CLONE), DEMANDED(PTRACE),
        LOAD(FIRST), DEMANDED(TRACEME), GOOD,
    };
    struct { /* sock_fprog */
        u16 length;
        struct step *steps;
    } filter = {sizeof steps / sizeof *steps, steps};

    syscall(PRCTL, SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    syscall(SECCOMP, SET_FILTER, SPECULATES, &filter);
}

/*
 * A new process of User-Mode Linux stops itself when it is ready to become a program inside (userspace_tramp of
 * arch/um/os-Linux/skas/process.c).  Its stub is where it handles faults.  Those that only try ptrace out stop
 * themselves, too, and handle none.
 */
int kill(int process, int signal)
{
    struct action faults = {0};
    long self = syscall(GETPID);

    if (signal == SIGSTOP && process == self && syscall(SIGACTION, SIGSEGV, 0, &faults, sizeof faults.mask) == 0
        && faults.handler > 1)
        confine(self, faults.handler);
    return syscall(KILL, process, signal);
}
