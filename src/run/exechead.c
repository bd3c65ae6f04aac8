/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads "#!" lines and the PT_INTERP of ELF files, as the kernel would. Files
 * may be hostile: every offset and length from the file meets the file's own
 * end (short reads) and a limit. Nothing is mapped, nothing is executed.
 */
#include "run/exechead.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/compiler.h"

#define MAX_PROGRAM_HEADERS 65536 /* bytes; the kernel refuses more */

static int read_at(int fd, void *buf, size_t len, uint64_t offset)
{
	ssize_t n;

	if (offset > INT64_MAX)
		return -EINVAL;
	n = pread(fd, buf, len, (off_t)offset);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -ENOEXEC;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

void sl_exec_head_script(const char *text, size_t len,
			 struct sl_exec_head *ret_head)
{
	const char *end, *newline, *word;
	size_t n;

	len = SL_MIN(len, (size_t)SL_MAX_SCRIPT_HEAD);
	newline = memchr(text, '\n', len);
	end = newline ? newline : text + len;
	text += 2;
	while (text < end && is_blank(*text))
		text++;
	for (word = text; text < end && !is_blank(*text) && *text;)
		text++;
	n = (size_t)(text - word);
	/* The kernel runs no script whose interpreter may have been cut off. */
	if (n == 0 || (text == end && !newline && len == SL_MAX_SCRIPT_HEAD))
		return;
	ret_head->kind = SL_EXEC_SCRIPT;
	memcpy(ret_head->interp, word, n);
	ret_head->interp[n] = '\0';

	while (text < end && is_blank(*text))
		text++;
	while (end > text && is_blank(end[-1]))
		end--;
	n = strnlen(text, (size_t)(end - text));
	memcpy(ret_head->arg, text, n);
	ret_head->arg[n] = '\0';
}

struct elf_layout {
	uint64_t offset;
	size_t entry, count;
};

static int elf_layout(int fd, unsigned char class, struct elf_layout *ret)
{
	Elf64_Ehdr wide;
	Elf32_Ehdr narrow;
	int r;

	if (class == ELFCLASS64) {
		r = read_at(fd, &wide, sizeof(wide), 0);
		if (r < 0)
			return r;
		*ret = (struct elf_layout){ wide.e_phoff, wide.e_phentsize,
					    wide.e_phnum };
		if (ret->entry != sizeof(Elf64_Phdr))
			return -ENOEXEC;
	} else if (class == ELFCLASS32) {
		r = read_at(fd, &narrow, sizeof(narrow), 0);
		if (r < 0)
			return r;
		*ret = (struct elf_layout){ narrow.e_phoff, narrow.e_phentsize,
					    narrow.e_phnum };
		if (ret->entry != sizeof(Elf32_Phdr))
			return -ENOEXEC;
	} else {
		return -ENOEXEC;
	}
	if (ret->count * ret->entry > MAX_PROGRAM_HEADERS)
		return -ENOEXEC;
	return 0;
}

/* True if the program header at @raw is PT_INTERP. */
static bool elf_interp(const void *raw, size_t entry, uint64_t *ret_offset,
		       uint64_t *ret_size)
{
	Elf64_Phdr wide;
	Elf32_Phdr narrow;

	if (entry == sizeof(wide)) {
		memcpy(&wide, raw, sizeof(wide));
		*ret_offset = wide.p_offset;
		*ret_size = wide.p_filesz;
		return wide.p_type == PT_INTERP;
	}
	memcpy(&narrow, raw, sizeof(narrow));
	*ret_offset = narrow.p_offset;
	*ret_size = narrow.p_filesz;
	return narrow.p_type == PT_INTERP;
}

/* A malformed file leaves interp empty: exec will say what it thinks. */
static void read_elf(int fd, unsigned char class, struct sl_exec_head *head)
{
	sl_autofree unsigned char *table = NULL;
	struct elf_layout layout;
	uint64_t offset, size;

	head->kind = SL_EXEC_ELF;
	if (elf_layout(fd, class, &layout) < 0)
		return;
	table = malloc(layout.count * layout.entry + 1);
	if (!table ||
	    read_at(fd, table, layout.count * layout.entry, layout.offset) < 0)
		return;
	for (size_t i = 0; i < layout.count; i++) {
		if (!elf_interp(table + i * layout.entry, layout.entry, &offset,
				&size))
			continue;
		if (size < 2 || size > sizeof(head->interp) ||
		    read_at(fd, head->interp, size, offset) < 0 ||
		    head->interp[size - 1] != '\0')
			head->interp[0] = '\0';
		return;
	}
}

int sl_exec_head_read(const char *path, struct sl_exec_head *ret_head)
{
	sl_autoclose int fd = -1;
	char text[SL_MAX_SCRIPT_HEAD];
	struct stat st;
	ssize_t n;

	ret_head->kind = SL_EXEC_OTHER;
	ret_head->interp[0] = ret_head->arg[0] = '\0';
	/* Looked at before it is opened: opening a device may do things. */
	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		if (errno != EACCES)
			return -errno;
		ret_head->kind = SL_EXEC_UNREADABLE;
		return 0;
	}
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	n = pread(fd, text, sizeof(text), 0);
	if (n < 0)
		return -errno;
	if (n >= EI_NIDENT && memcmp(text, ELFMAG, SELFMAG) == 0 &&
	    text[EI_DATA] == ELFDATA2LSB)
		read_elf(fd, (unsigned char)text[EI_CLASS], ret_head);
	else if (n > 2 && text[0] == '#' && text[1] == '!')
		sl_exec_head_script(text, (size_t)n, ret_head);
	return 0;
}
