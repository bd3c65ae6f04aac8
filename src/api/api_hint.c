/* SPDX-License-Identifier: Apache-2.0 */
/* Hints: argument checks and the public structs, then run/hint. */
#include <errno.h>
#include <string.h>

#include "api/internal.h"
#include "run/hint.h"

struct sandlock_explanation; /* is a struct sl_explain */

_Static_assert((int)SANDLOCK_HINT_MESSAGE == (int)SL_HINT_MESSAGE, "sources");
_Static_assert((int)SANDLOCK_HINT_COMMAND == (int)SL_HINT_COMMAND, "sources");

static int bad(struct sl_error *err, const char *what)
{
	return sl_err(err, -EINVAL, SL_STAGE_CHECK, "%s", what);
}

/* What is unknown here must be zero, what is missing there is zero. */
static int read_options(const sandlock_hint_options *options,
			struct sl_hint_input *ret, struct sl_error *err)
{
	const unsigned char *raw = (const unsigned char *)options;
	sandlock_hint_options o = { 0 };

	if (!options || options->size < sizeof(o) ||
	    options->size > SL_API_MAX_STRUCT)
		return bad(err, "options is NULL or options.size is not set");
	memcpy(&o, options, sizeof(o));
	for (size_t i = sizeof(o); i < options->size; i++)
		if (raw[i])
			return bad(err, "options ask for what this version of "
					"the library does not know");
	if (o.reserved)
		return bad(err, "options.reserved is not 0");
	if (!o.message && o.message_len)
		return bad(err, "options.message is NULL, but not its length");
	*ret = (struct sl_hint_input){ .message = o.message,
				       .len = o.message_len,
				       .status = o.exit_status };
	return 0;
}

int sandlock_explanation_hint(sandlock_explanation *explanation,
			      const sandlock_hint_options *options, size_t index,
			      sandlock_hint *ret_hint, sandlock_error *err)
{
	struct sl_explain *ex = (struct sl_explain *)explanation;
	struct sl_error *e = sl_api_error(err);
	struct sl_hint_input input;
	const struct sl_hint *hint;
	sandlock_hint h = { 0 };
	int r;

	if (!explanation || !ret_hint)
		return bad(e, "explanation or ret_hint is NULL");
	if (ret_hint->size < offsetof(sandlock_hint, source))
		return bad(e, "ret_hint.size is not set");
	r = read_options(options, &input, e);
	if (r == 0 && index == 0)
		r = sl_hints_make(ex, &input, e);
	if (r < 0)
		return r;
	hint = sl_hints_at(ex, index);
	if (!hint)
		return -ERANGE;
	h.size = ret_hint->size;
	h.text = hint->text;
	h.object = hint->object;
	h.access = hint->access;
	h.fix = hint->fix;
	h.fix_key = hint->fix_key;
	h.fix_value = hint->fix_value;
	h.source = (uint32_t)hint->source;
	memcpy(ret_hint, &h, SL_MIN(h.size, sizeof(h)));
	return 0;
}
