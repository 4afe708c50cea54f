/*
 * limit_start - a program's first and last instruction and its system calls, without a C library where we know the machine. For seal-limit
 * alone.
 *
 * source  System V ABI, AMD64 supplement 3.4.1 (the stack at entry), AArch64 likewise; Linux syscall(2)
 */
#ifndef OPENPGP_LIMIT_START_H
#define OPENPGP_LIMIT_START_H

#include <elf.h>
#include <stddef.h>
#include <sys/syscall.h>

#define CANNOT_START 127

void limit(char **argv, const char *self);

#if defined(LIMIT_BARE) && defined(__x86_64__)

static inline long call(long number, long a, long b, long c, long d)
{
    long result;
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
}

__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall begin\n");

#elif defined(LIMIT_BARE) && defined(__aarch64__)

static inline long call(long number, long a, long b, long c, long d)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}

__asm__(".globl _start\n_start:\n\tmov x0, sp\n\tbl begin\n");

#else

#include <sys/auxv.h>
#include <unistd.h>

#define call syscall

int main(int argc, char **argv)
{
    const char *self = (const char *)getauxval(AT_EXECFN);
    if (argc > 0 && self != NULL)
        limit(argv, self);
    return CANNOT_START;
}

#endif

#ifdef LIMIT_BARE

/* The stack holds the number of arguments, these, the environment, and what the kernel says besides: pairs of type and value. */
void begin(long *stack);
__attribute__((used)) void begin(long *stack)
{
    char **argv = (char **)(stack + 1);
    long *at = stack + 1 + stack[0] + 1;
    while (*at++ != 0)
        ;
    for (; at[0] != AT_NULL; at += 2)
        if (at[0] == AT_EXECFN)
            limit(argv, (const char *)at[1]);
    (void)call(SYS_exit_group, CANNOT_START, 0, 0, 0);
    __builtin_unreachable();
}

#endif
#endif
