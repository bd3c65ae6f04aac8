/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bare system calls: no errno, no cancellation, no libc lock. The only way into
 * the kernel for code that shares its memory with another process (guardian,
 * child before exec). Returns the kernel's value: negative errno on failure.
 */
#ifndef SL_SYS_RAW_H
#define SL_SYS_RAW_H

#if defined(__x86_64__)

static inline __attribute__((always_inline)) long
sl_raw6(long nr, long a, long b, long c, long d, long e, long f)
{
	long ret;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
			   "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

#elif defined(__aarch64__)

static inline __attribute__((always_inline)) long
sl_raw6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory", "cc");
	return x0;
}

#else
#error "sandlock runs on x86_64 and aarch64"
#endif

/*
 * clone(2) onto a stack of the caller's making: the new task runs fn(arg) and
 * ends with what it returns. @stack_top is 16-byte aligned. ptid receives the
 * pidfd under CLONE_PIDFD; ctid is the CLONE_CHILD_CLEARTID word.
 */
static inline long sl_raw_clone(unsigned long flags, void *stack_top, int *ptid,
				unsigned int *ctid, int (*fn)(void *), void *arg)
{
	void **sp = (void **)stack_top - 2;

	sp[0] = (void *)fn;
	sp[1] = arg;
#if defined(__x86_64__)
	long ret;
	register long r10 __asm__("r10") = (long)ctid;
	register long r8 __asm__("r8") = 0;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "pop %%rax\n\t"
			 "pop %%rdi\n\t"
			 "call *%%rax\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov $231, %%eax\n\t" /* exit_group */
			 "syscall\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(ret)
			 : "a"(56L), "D"(flags), "S"(sp), "d"(ptid), "r"(r10),
			   "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
#else
	register long x8 __asm__("x8") = 220;
	register long x0 __asm__("x0") = (long)flags;
	register long x1 __asm__("x1") = (long)sp;
	register long x2 __asm__("x2") = (long)ptid;
	register long x3 __asm__("x3") = 0;
	register long x4 __asm__("x4") = (long)ctid;

	__asm__ volatile("svc #0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "ldp x1, x0, [sp], #16\n\t"
			 "blr x1\n\t"
			 "mov x8, #94\n\t" /* exit_group */
			 "svc #0\n\t"
			 "brk #0\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
			 : "memory", "cc");
	return x0;
#endif
}

#define sl_raw0(nr) sl_raw6((nr), 0, 0, 0, 0, 0, 0)
#define sl_raw1(nr, a) sl_raw6((nr), (long)(a), 0, 0, 0, 0, 0)
#define sl_raw2(nr, a, b) sl_raw6((nr), (long)(a), (long)(b), 0, 0, 0, 0)
#define sl_raw3(nr, a, b, c) \
	sl_raw6((nr), (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define sl_raw4(nr, a, b, c, d) \
	sl_raw6((nr), (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define sl_raw5(nr, a, b, c, d, e) \
	sl_raw6((nr), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)

#endif
