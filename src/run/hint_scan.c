/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what a program said to clues: a line that holds a phrase of the table is
 * cut in the few ways in which programs write names. Every cut is only a clue,
 * so one too many does no harm.
 *
 * SECURITY: the text is hostile: any bytes, no end, no line ends. Nothing is
 * looked up here, and at most SL_MAX_CLUES leave.
 */
#include "run/hint.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SL_HINT_SIGN(phrase, kind)
#define SL_HINT_VERB(phrase, deed)
#define SL_HINT_WRITER(name, deed)
#define SL_HINT_SECRET(name)

static const struct {
	const char *phrase;
	enum sl_clue_kind kind;
} signs[] = {
#undef SL_HINT_SIGN
#define SL_HINT_SIGN(phrase, kind) { phrase, kind },
#include "run/hint.def"
#define SL_HINT_SIGN(phrase, kind)
#define SL_HINT_VERB(phrase, deed)
#define SL_HINT_WRITER(name, deed)
#define SL_HINT_SECRET(name)
};

static const struct {
	const char *phrase;
	enum sl_deed deed;
} verbs[] = {
#undef SL_HINT_VERB
#define SL_HINT_VERB(phrase, deed) { phrase, deed },
#include "run/hint.def"
};

/* Messages of one cause that name nothing, or something else. */
static const struct {
	const char *phrase, *place;
	enum sl_deed deed;
} known[] = {
	{ "_multiprocessing.SemLock(", "/dev/shm", SL_DEED_WRITE },
	{ "mount -t proc proc /proc", "/proc", SL_DEED_READ }, /* ps, top */
};

/* ------------------------------------------------ clues */

void sl_clues_fini(struct sl_clues *clues)
{
	for (size_t i = 0; i < clues->count; i++)
		free(clues->items[i].text);
	clues->count = 0;
}

static bool same(const struct sl_clue *a, const struct sl_clue *b,
		 const char *text, size_t len)
{
	if (a->kind != b->kind || a->deed != b->deed || a->port != b->port)
		return false;
	if (!a->text || !text)
		return !a->text && !text;
	return strlen(a->text) == len && memcmp(a->text, text, len) == 0;
}

void sl_clues_add(struct sl_clues *clues, struct sl_clue clue, const char *text,
		  size_t len)
{
	clue.text = NULL;
	if (text && (len == 0 || len >= PATH_MAX || memchr(text, '\0', len)))
		return;
	for (size_t i = 0; i < clues->count; i++)
		if (same(&clues->items[i], &clue, text, len))
			return;
	if (clues->count == SL_MAX_CLUES)
		return;
	if (text) {
		clue.text = strndup(text, len);
		if (!clue.text)
			return; /* a hint less */
	}
	clues->items[clues->count++] = clue;
}

/* ------------------------------------------------ slices of a line */

static size_t find(struct sl_str line, const char *phrase)
{
	size_t len = strlen(phrase);

	for (size_t i = 0; i + len <= line.len; i++)
		if (strncasecmp(line.ptr + i, phrase, len) == 0)
			return i;
	return SIZE_MAX;
}

static struct sl_str slice(struct sl_str line, size_t from, size_t to)
{
	return (struct sl_str){ line.ptr + from, to - from };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The bytes of a quote at @at, ' " ` or their typographic kin; 0: none. */
static size_t quote_at(struct sl_str text, size_t at)
{
	static const char *const marks[] = { "'",
					     "\"",
					     "`",
					     "\xe2\x80\x98",
					     "\xe2\x80\x99",
					     "\xe2\x80\x9c",
					     "\xe2\x80\x9d" };

	for (size_t i = 0; i < SL_ARRAY_LEN(marks); i++) {
		size_t len = strlen(marks[i]);

		if (text.len - at >= len &&
		    memcmp(text.ptr + at, marks[i], len) == 0)
			return len;
	}
	return 0;
}

/* Without blanks, punctuation and quotes around it. */
static struct sl_str strip(struct sl_str text)
{
	size_t n;

	while (text.len &&
	       (is_blank(*text.ptr) || *text.ptr == '(' || *text.ptr == '['))
		text = slice(text, 1, text.len);
	while (text.len && strchr(" \t:,;()[]", text.ptr[text.len - 1]))
		text.len--;
	n = text.len ? quote_at(text, 0) : 0;
	text = slice(text, n, text.len);
	if (text.len >= 3 && quote_at(text, text.len - 3) == 3)
		text.len -= 3;
	else if (text.len && quote_at(text, text.len - 1) == 1)
		text.len--;
	return text;
}

static void add(struct sl_clues *clues, struct sl_clue clue, struct sl_str text)
{
	sl_clues_add(clues, clue, text.ptr, text.len);
}

/* What stands between the last ": " before @end and @end. */
static struct sl_str segment_before(struct sl_str line, size_t end)
{
	size_t start;

	while (end > 0 && strchr(" \t:,;(", line.ptr[end - 1]))
		end--;
	for (start = end; start > 0; start--)
		if (start >= 2 && line.ptr[start - 2] == ':' &&
		    is_blank(line.ptr[start - 1]))
			break;
	return strip(slice(line, start, end));
}

/* ------------------------------------------------ names in a line */

static void add_quoted(struct sl_clues *clues, struct sl_clue clue,
		       struct sl_str line)
{
	for (size_t i = 0, n; i < line.len; i += n) {
		size_t end;

		n = quote_at(line, i);
		if (n == 0) {
			n = 1;
			continue;
		}
		for (end = i + n; end < line.len && !quote_at(line, end);)
			end++;
		if (end == line.len)
			return;
		add(clues, clue, slice(line, i + n, end));
		n = end - i + quote_at(line, end);
	}
}

/*
 * Every word from @from on that begins with a slash; with blanks, up to the
 * next ": ".
 */
static void add_paths(struct sl_clues *clues, struct sl_clue clue,
		      struct sl_str line, size_t from, size_t sign)
{
	for (size_t i = from; i < line.len; i++) {
		size_t word = i, end = i;

		if (line.ptr[i] != '/' || (i > 0 && !is_blank(line.ptr[i - 1]) &&
					   !strchr("'\"`(=[<", line.ptr[i - 1])))
			continue;
		while (word < line.len && !is_blank(line.ptr[word]))
			word++;
		while (end < line.len && (i > sign || end < sign) &&
		       !(line.ptr[end] == ':' &&
			 (end + 1 == line.len || is_blank(line.ptr[end + 1]))))
			end++;
		add(clues, clue, strip(slice(line, i, end)));
		add(clues, clue, strip(slice(line, i, word)));
		i = word;
	}
}

/* Behind "PROGRAM: ", which is no name of what was refused. */
static size_t behind_program(struct sl_str line)
{
	size_t end = 0;

	while (end < line.len && !is_blank(line.ptr[end]))
		end++;
	return end > 0 && line.ptr[end - 1] == ':' ? end : 0;
}

/* ": 'NAME'", ", open 'NAME'": what follows the sign is a name, not a word. */
static bool names_follow(struct sl_str line, size_t behind)
{
	if (behind == line.len || !strchr(":,", line.ptr[behind]))
		return false;
	while (behind < line.len && !quote_at(line, behind) &&
	       strchr(" ,:abcdefghijklmnopqrstuvwxyz", line.ptr[behind]))
		behind++;
	return behind < line.len && quote_at(line, behind);
}

/* What was refused though it is not there was to be made. */
static void add_new(struct sl_clues *clues, struct sl_clue clue,
		    struct sl_str object)
{
	clue.deed = SL_DEED_CREATE;
	add(clues, clue, object);
}

/*
 * The object of the verb that the line holds, if any; the phrase says on which
 * side of it that is. Sets the deed. Whether one was found.
 */
static bool scan_verb(struct sl_clues *clues, struct sl_clue *clue,
		      struct sl_str line, size_t sign)
{
	struct sl_str object;

	for (size_t i = 0; i < SL_ARRAY_LEN(verbs); i++) {
		const char *phrase = verbs[i].phrase;
		size_t at = find(line, phrase), len = strlen(phrase);

		if (at == SIZE_MAX)
			continue;
		clue->deed = verbs[i].deed;
		if (phrase[0] == ':')
			object = segment_before(line, at);
		else if (at + len < sign && phrase[len - 1] == ' ')
			object = strip(slice(line, at + len, sign));
		else
			return false;
		add(clues, *clue, object);
		if (clue->deed == SL_DEED_ANY)
			add_new(clues, *clue, object);
		return true;
	}
	return false;
}

/* Behind "SCRIPT: line 7: " of bash, which names where it was, not what; or 0. */
static size_t behind_script(struct sl_str line, size_t sign)
{
	static const char word[] = ": line ";
	size_t at = find(line, word), end;

	if (at == SIZE_MAX)
		return 0;
	at += sizeof(word) - 1;
	end = at;
	while (end < line.len && isdigit((unsigned char)line.ptr[end]))
		end++;
	if (end == at || end + 2 > sign || line.ptr[end] != ':' ||
	    line.ptr[end + 1] != ' ')
		return 0;
	return end + 2;
}

static void scan_file(struct sl_clues *clues, struct sl_clue clue,
		      struct sl_str line, size_t sign, size_t sign_len)
{
	size_t script = behind_script(line, sign), from = 0;
	struct sl_str object;

	line = slice(line, script, line.len);
	sign -= script;
	object = segment_before(line, sign);
	/* Nothing else between: a redirection. */
	if (script && object.len && object.ptr == line.ptr && *object.ptr != '/')
		add_new(clues, clue, object);
	/* With a verb in it the segment would be the name of nothing. */
	if (scan_verb(clues, &clue, line, sign))
		from = behind_program(line);
	else
		add(clues, clue, object);
	if (clue.deed == SL_DEED_ANY && object.len && *object.ptr == '/')
		add_new(clues, clue, object);
	add_quoted(clues, clue, line);
	if (clue.deed == SL_DEED_ANY && names_follow(line, sign + sign_len)) {
		clue.deed = SL_DEED_CREATE;
		add_quoted(clues, clue, slice(line, sign, line.len));
		clue.deed = SL_DEED_ANY;
	}
	add_paths(clues, clue, line, from, sign);
}

/* ------------------------------------------------ ports, names */

/* The number at @at, with nothing like a name behind it. 0: none. */
static uint16_t port_at(struct sl_str line, size_t at)
{
	unsigned int port = 0;
	size_t i = at;

	for (; i < line.len && isdigit((unsigned char)line.ptr[i]); i++) {
		port = port * 10 + (unsigned int)(line.ptr[i] - '0');
		if (port > UINT16_MAX)
			return 0;
	}
	if (i < line.len && (isalnum((unsigned char)line.ptr[i])))
		return 0;
	return (uint16_t)port;
}

static bool is_of_host(char c)
{
	return isalnum((unsigned char)c) || strchr(".-_:", c);
}

/* What may be a host, a name or an address, in front of @end; or nothing. */
static struct sl_str host_before(struct sl_str line, size_t end)
{
	size_t start;

	while (end > 0 &&
	       (is_blank(line.ptr[end - 1]) || line.ptr[end - 1] == '|'))
		end--; /* wget: |127.0.0.1|:80 */
	if (end > 0 && line.ptr[end - 1] == ']')
		end--;
	for (start = end; start > 0 && line.ptr[start - 1] &&
			  is_of_host(line.ptr[start - 1]);)
		start--;
	return slice(line, start, end);
}

/* "HOST port 22", "/dev/tcp/HOST/22", else the last "HOST:22". */
static uint16_t find_port(struct sl_str line, struct sl_str *ret_host)
{
	size_t at = find(line, "port "), end;
	uint16_t port = at == SIZE_MAX ? 0 : port_at(line, at + 5);

	if (port)
		*ret_host = host_before(line, at);
	at = find(line, "/dev/tcp/");
	if (port == 0 && at != SIZE_MAX) {
		for (end = at += 9; end < line.len && line.ptr[end] != '/';)
			end++;
		if (end < line.len)
			port = port_at(line, end + 1);
		*ret_host = slice(line, at, end);
	}
	for (size_t i = line.len; port == 0 && i > 1; i--)
		if (line.ptr[i - 2] == ':') {
			port = port_at(line, i - 1);
			*ret_host = host_before(line, i - 2);
		}
	return port;
}

static void scan_program(struct sl_clues *clues, struct sl_clue clue,
			 struct sl_str line, size_t sign, size_t sign_len)
{
	size_t behind = sign + sign_len;

	if (behind < line.len && line.ptr[behind] == ':') /* zsh */
		add(clues, clue, strip(slice(line, behind + 1, line.len)));
	else
		add(clues, clue, segment_before(line, sign));
}

static void scan_line(struct sl_clues *clues, struct sl_str line)
{
	struct sl_clue clue = { .source = SL_HINT_MESSAGE };
	struct sl_str host = { NULL, 0 };
	size_t sign = SIZE_MAX, i;

	for (i = 0; i < SL_ARRAY_LEN(known); i++)
		if (find(line, known[i].phrase) != SIZE_MAX) {
			clue.deed = known[i].deed;
			sl_clues_add(clues, clue, known[i].place,
				     strlen(known[i].place));
			return;
		}
	for (i = 0; i < SL_ARRAY_LEN(signs); i++) {
		sign = find(line, signs[i].phrase);
		if (sign != SIZE_MAX)
			break;
	}
	if (sign == SIZE_MAX)
		return;
	clue.kind = signs[i].kind;
	switch (clue.kind) {
	case SL_CLUE_FILE:
		scan_file(clues, clue, line, sign, strlen(signs[i].phrase));
		break;
	case SL_CLUE_PROGRAM:
		scan_program(clues, clue, line, sign, strlen(signs[i].phrase));
		break;
	case SL_CLUE_LIBRARY:
		add(clues, clue, segment_before(line, sign));
		break;
	case SL_CLUE_CONNECT:
		clue.port = find_port(line, &host);
		if (clue.port)
			sl_clues_add(clues, clue, host.len ? host.ptr : NULL,
				     host.len);
		break;
	case SL_CLUE_BIND:
	case SL_CLUE_TAKEN:
		clue.port = find_port(line, &host);
		sl_clues_add(clues, clue, NULL, 0);
		break;
	case SL_CLUE_LOOKUP:
	case SL_CLUE_SOCKET:
		sl_clues_add(clues, clue, NULL, 0);
		break;
	}
}

void sl_clues_of_message(struct sl_clues *clues, const char *text, size_t len)
{
	const char *first = text;
	size_t end;

	if (len > SL_MAX_HINT_BYTES) {
		/* What is left of a line that was cut would be another name. */
		text += len - SL_MAX_HINT_BYTES;
		len = SL_MAX_HINT_BYTES;
		first = memchr(text, '\n', len);
		if (!first)
			return;
		len -= (size_t)(first - text);
	}
	for (end = len; end > 0;) {
		size_t start = end;

		while (start > 0 && !strchr("\n\r", first[start - 1]))
			start--; /* strchr: NUL ends a line as well */
		if (start < end)
			scan_line(clues, slice((struct sl_str){ first, len },
					       start, end));
		end = start > 0 ? start - 1 : 0;
	}
}
