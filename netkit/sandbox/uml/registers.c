/*
 * ptrace(2) for User-Mode Linux on a processor with AMX, loaded before the C library's.
 *
 * There a program has 11 008 bytes of registers.  User-Mode Linux keeps 2696 of them (arch/x86/um of Linux 6.1), which is all
 * that its programs can use: the rest is AMX's, and that has to be asked for.  But Linux takes the registers of a
 * traced program whole or not at all (xstateregs_set: EFAULT).  Here those bytes are put before the rest, which
 * is as every program begins.
 *
 * No header is included, so that a compiler suffices that has none: tcc.
 */
enum { PEEKTEXT = 1, PEEKUSER = 3, GETREGSET = 0x4204, SETREGSET = 0x4205, XSTATE = 0x202, SYS_PTRACE = 101 };

struct piece { /* iovec */
    void *bytes;
    unsigned long length;
};

extern long syscall(long number, ...);
extern void *memcpy(void *to, const void *from, unsigned long length);

long ptrace(long request, long process, long address, void *data)
{
    static char registers[1 << 16];
    static unsigned long size;
    struct piece whole = {registers, sizeof registers}, *given = data;
    long word, status;

    if (request >= PEEKTEXT && request <= PEEKUSER) {
        status = syscall(SYS_PTRACE, request, process, address, &word);
        return status < 0 ? status : word;
    }
    if (request == SETREGSET && address == XSTATE) {
        if (!size && syscall(SYS_PTRACE, GETREGSET, process, XSTATE, &whole) == 0)
            size = whole.length;
        if (size > given->length) {
            memcpy(registers, given->bytes, given->length);
            whole.length = size;
            data = &whole;
        }
    }
    return syscall(SYS_PTRACE, request, process, address, data);
}
