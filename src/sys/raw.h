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

#define sl_raw0(nr) sl_raw6((nr), 0, 0, 0, 0, 0, 0)
#define sl_raw1(nr, a) sl_raw6((nr), (long)(a), 0, 0, 0, 0, 0)
#define sl_raw2(nr, a, b) sl_raw6((nr), (long)(a), (long)(b), 0, 0, 0, 0)
#define sl_raw3(nr, a, b, c) \
	sl_raw6((nr), (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define sl_raw4(nr, a, b, c, d) \
	sl_raw6((nr), (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define sl_raw5(nr, a, b, c, d, e)                                   \
	sl_raw6((nr), (long)(a), (long)(b), (long)(c), (long)(d), \
		(long)(e), 0)

#endif
