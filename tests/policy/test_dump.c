/* SPDX-License-Identifier: Apache-2.0 */
/* A dump parses back to an equal policy, whatever the bytes. */
#include "helpers.h"
#include "policy/value.h"

#include "policy/presets.h"
#include "policy/profile.h"

static void expect_equal(const struct sl_policy *a, const struct sl_policy *b,
			 const char *dump)
{
	for (int k = 0; k < SL_KEY_COUNT; k++) {
		const struct sl_key_info *info = sl_key_info((enum sl_key)k);
		const struct sl_value *x = sl_policy_get(a, info->id);
		const struct sl_value *y = sl_policy_get(b, info->id);

		CASE(x->set == y->set && x->count == y->count, dump);
		if (x->count != y->count)
			continue;
		for (size_t i = 0; i < x->count; i++) {
			const struct sl_item *p = &x->items[i];
			const struct sl_item *q = &y->items[i];

			CASE(p->num == q->num, dump);
			CASE(p->optional == q->optional, dump);
			/* A number may be spelled anew. */
			CASE(info->type == SL_TYPE_INT ||
				     info->type == SL_TYPE_CORES ||
				     info->type == SL_TYPE_USER ||
				     strcmp(p->text, q->text) == 0,
			     dump);
		}
	}
}

static void round_trip(const struct sl_policy *policy)
{
	SL_AUTO(sl_policy) back = policy_new();
	sl_autofree char *text = NULL, *again = NULL;
	struct sl_error err = { 0 };

	ASSERT_EQ(sl_policy_dump(policy, &text, &err), 0);
	if (sl_profile_parse(back, text, strlen(text), "dump", &err) < 0)
		th_fail(__FILE__, __LINE__, "%s in:\n%s", err.msg, text);
	expect_equal(policy, back, text);
	ASSERT_EQ(sl_policy_dump(back, &again, &err), 0);
	EXPECT_STREQ(again, text);
}

TEST(schema_order_on_single_lines)
{
	SL_AUTO(sl_policy) policy = policy_new();
	sl_autofree char *text = NULL;

	set_ok(policy, SL_KEY_DISABLE, "NET-TCP");
	set_ok(policy, SL_KEY_TIMEOUT, "1.5s");
	set_ok(policy, SL_KEY_KILL_AFTER, "2");
	set_ok(policy, SL_KEY_OPEN_FILES, "64");
	set_ok(policy, SL_KEY_GPU, "ALL");
	set_ok(policy, SL_KEY_CPU_CORES, "0,2");
	set_ok(policy, SL_KEY_NET_ALLOW_BIND, "80,8000-8010");
	set_ok(policy, SL_KEY_FS_READ, "/a");
	set_ok(policy, SL_KEY_FS_READ, "?/b \"$x\\");
	set_ok(policy, SL_KEY_USER, "1:2");
	set_ok(policy, SL_KEY_ENV, "A=1");
	set_ok(policy, SL_KEY_ENV, "B C=$2");
	set_ok(policy, SL_KEY_NO_RANDOMIZE_MEMORY, "true");
	set_ok(policy, SL_KEY_CLEAN_ENV, "false");
	ASSERT_EQ(sl_policy_dump(policy, &text, NULL), 0);
	EXPECT_STREQ(text, "[determinism]\n"
			   "no_randomize_memory = true\n"
			   "\n[program]\n"
			   "env = { \"A\" = \"1\", \"B C\" = \"$$2\" }\n"
			   "clean_env = false\n"
			   "uid = 1\ngid = 2\n"
			   "\n[filesystem]\n"
			   "read = [\"/a\", \"?/b \\\"$$x\\\\\"]\n"
			   "\n[network]\n"
			   "allow_bind = [80, \"8000-8010\"]\n"
			   "\n[limits]\n"
			   "timeout = \"1.5s\"\n"
			   "kill_after = 2\n"
			   "open_files = 64\n"
			   "cpu_cores = [0, 2]\n"
			   "gpu_devices = [\"all\"]\n"
			   "\n[protections]\n"
			   "disable = [\"net-tcp\"]\n");
	round_trip(policy);
}

TEST(nothing_is_the_empty_text)
{
	SL_AUTO(sl_policy) policy = policy_new();
	sl_autofree char *text = NULL;

	ASSERT_EQ(sl_policy_dump(policy, &text, NULL), 0);
	EXPECT_STREQ(text, "");
}

TEST(what_toml_cannot_hold_is_named)
{
	static const char *const bad[] = {
		"/\xff",
		"/\xc0\xaf",
		"/\xed\xa0\x80",
		"/\xf4\x90\x80\x80",
		"/\xe2\x82",
		"/\x80",
		"/\xf0\x80\x80\xaf",
		"/\xe0\x80\xaf",
		"~/x",
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(bad); i++) {
		SL_AUTO(sl_policy) policy = policy_new();
		struct sl_error err = { 0 };
		char *text = NULL;

		set_ok(policy, SL_KEY_FS_WRITE, bad[i]);
		CASE(sl_policy_dump(policy, &text, &err) == -EILSEQ, bad[i]);
		CASE(strstr(err.msg, "filesystem.write: '") != NULL, err.msg);
		CASE(text == NULL, bad[i]);
	}
}

static uint32_t random_of(uint32_t *state, uint32_t below)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 8) % below;
}

/* Text of awkward characters, never empty, valid UTF-8. */
static const char *awkward(uint32_t *state, char buf[static 64])
{
	static const char *const atoms[] = {
		"a",
		"/",
		"$",
		"\"",
		"\\",
		"\n",
		"\t",
		"\x7f",
		"\x01",
		"\xc3\xa9",
		" ",
		"'",
		"#",
		"=",
		"\xe2\x82\xac",
		"\xf0\x9f\x98\x80",
		"{",
		"}",
		"[",
		"]",
		",",
		"?",
	};
	uint32_t count = 1 + random_of(state, 8);

	snprintf(buf, 64, "/");
	while (count--) {
		size_t n = strlen(buf);

		snprintf(buf + n, 64 - n, "%s",
			 atoms[random_of(state, SL_ARRAY_LEN(atoms))]);
	}
	return buf;
}

static void set_random(struct sl_policy *policy, enum sl_key key, uint32_t *state)
{
	static const char *const texts[] = {
		[SL_TYPE_BOOL] = "true",
		[SL_TYPE_INT] = "17",
		[SL_TYPE_SIZE] = "1.5 G",
		[SL_TYPE_DURATION] = " 007 ",
		[SL_TYPE_USER] = "4294967294:0",
		[SL_TYPE_PORTS] = "1,20-30 , 65535",
		[SL_TYPE_NETRULES] = "tcp://:80, 443",
		[SL_TYPE_PROTECTIONS] = "Signal-Scope",
		[SL_TYPE_SYSCALLS] = "sysv_ipc",
		[SL_TYPE_CORES] = "3, 0,3",
		[SL_TYPE_GPUS] = "7,all",
	};
	enum sl_type type = sl_key_info(key)->type;
	char buf[64], pair[80];

	if (type == SL_TYPE_ENV) {
		snprintf(pair, sizeof(pair), "K%u%s=%s", random_of(state, 3),
			 random_of(state, 2) ? " \"$${x" : "",
			 awkward(state, buf));
		set_ok(policy, key, pair);
	} else if (type < SL_ARRAY_LEN(texts) && texts[type]) {
		set_ok(policy, key, texts[type]);
	} else if (sl_key_carves(key)) {
		set_ok(policy, key,
		       random_of(state, 2) ? "?/**/*_\"\xc3\xa9[!]$]" : "$A '?");
	} else if (key == SL_KEY_SCRUB_ENV) {
		set_ok(policy, key, random_of(state, 2) ? "*_\"\xc3\xa9?" : "$A");
	} else {
		awkward(state, buf);
		snprintf(pair, sizeof(pair), "%s%s",
			 type == SL_TYPE_PATHS && random_of(state, 2) ? "?" : "",
			 buf);
		set_ok(policy, key, pair);
	}
}

TEST(random_policies_come_back)
{
	uint32_t state = 20240607;

	for (int round = 0; round < 500; round++) {
		SL_AUTO(sl_policy) policy = policy_new();
		uint32_t count = random_of(&state, 12);

		while (count--) {
			uint32_t k = random_of(&state, SL_KEY_COUNT);
			const struct sl_key_info *info =
				sl_key_info((enum sl_key)k);

			if (!(info->flags & (SL_KF_LATER | SL_KF_RUN)))
				set_random(policy, info->id, &state);
		}
		round_trip(policy);
	}
}

TEST(the_presets_come_back)
{
	const char *name;

	for (size_t i = 0; (name = sl_preset_name(i)); i++) {
		SL_AUTO(sl_policy) policy = policy_new();
		struct sl_error err = { 0 };

		ASSERT_EQ(sl_profile_load(policy, name, &err), 0);
		round_trip(policy);
	}
}
