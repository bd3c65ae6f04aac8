/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What we expect of GCC and Clang: cleanup attributes, ownership helpers,
 * printf checking. Included by everything; includes only libc.
 */
#ifndef SL_BASE_COMPILER_H
#define SL_BASE_COMPILER_H

#include <stdlib.h>
#include <unistd.h>

#define SL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define SL_UNUSED __attribute__((unused))
#define SL_MUST_CHECK __attribute__((warn_unused_result))
#define SL_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define SL_MIN(a, b) ((a) < (b) ? (a) : (b))
#define SL_MAX(a, b) ((a) > (b) ? (a) : (b))

static inline void sl_cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void sl_cleanup_close(const int *fd)
{
	/* Closed once and never retried: on Linux the number is gone even after
	 * EINTR. */
	if (*fd >= 0)
		close(*fd);
}

/* Owned memory / owned descriptor of this scope; always initialise. */
#define sl_autofree __attribute__((cleanup(sl_cleanup_free)))
#define sl_autoclose __attribute__((cleanup(sl_cleanup_close)))

/*
 * SL_AUTO(sl_policy) p = NULL;  expects  sl_policy_free(struct sl_policy *)
 * and SL_DEFINE_AUTO(sl_policy, sl_policy_free) after its declaration.
 */
#define SL_DEFINE_AUTO(type, free_fn)                       \
	static inline void type##_autofree(struct type **p) \
	{                                                   \
		if (*p)                                     \
			free_fn(*p);                        \
	}                                                   \
	struct sl_require_semicolon
#define SL_AUTO(type) __attribute__((cleanup(type##_autofree))) struct type *

/* Ownership moves out of the variable, visibly. */
static inline int sl_take_fd(int *fd)
{
	int r = *fd;

	*fd = -1;
	return r;
}

#define sl_take_ptr(pp)                            \
	({                                         \
		__typeof__(pp) sl_p_ = (pp);       \
		__typeof__(*sl_p_) sl_v_ = *sl_p_; \
		*sl_p_ = NULL;                     \
		sl_v_;                             \
	})

#endif
