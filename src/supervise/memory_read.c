/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of /proc that memory.c adds up. */
#include "supervise/memory_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"

#define TEXT_BYTES 8192
#define LINE_BYTES 512
#define LINES_MOST 65536 /* of one process, some 2,500 mappings, at any rate */
#define SEGMENTS_MAX 65536
#define SEGMENT (1ull << 63) /* beside the inode numbers of others */

static uint64_t kilobytes(const char *text)
{
	return strtoull(text, NULL, 10) * 1024;
}

/* One file that fits: the kernel gives it in one piece. */
static ssize_t read_text(int32_t pid, const char *file, char text[TEXT_BYTES])
{
	char path[48];
	ssize_t n;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	else
		snprintf(path, sizeof(path), "/proc/%s", file);
	sl_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = read(fd, text, TEXT_BYTES - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return n;
}

/* SECURITY: in "status" the first line is a name that the task chose, escaped so
 * that it holds no newline: what stands at the start of a line is the kernel's. */
int sl_memory_read(int32_t pid, const char *file,
		   struct sl_memory_field *fields, size_t count)
{
	char text[TEXT_BYTES];
	ssize_t n = read_text(pid, file, text);
	char *line = text;

	if (n < 0)
		return (int)n;
	while (line && *line) {
		char *end = strchr(line, '\n');

		for (size_t i = 0; i < count; i++) {
			size_t len = strlen(fields[i].name);

			if (strncmp(line, fields[i].name, len) == 0)
				fields[i].bytes = kilobytes(line + len);
		}
		line = end ? end + 1 : NULL;
	}
	return 0;
}

/* ------------------------------------------------ mappings */

/* "7f..-7f.. rw-s 00000000 00:01 1234   /memfd:x (deleted)": the inode, or 0. */
static uint64_t inode_of(const char *line)
{
	uint64_t ino = 0;

	if (sscanf(line, "%*x-%*x %*s %*x %*x:%*x %" SCNu64, &ino) != 1)
		return 0;
	return ino;
}

struct mapping {
	bool held;
	uint64_t pss, anon;
};

static uint64_t overlap(const struct mapping *mapping)
{
	if (!mapping->held || mapping->pss < mapping->anon)
		return 0;
	return mapping->pss - mapping->anon;
}

/* SECURITY: what is not read any more counts as mapped and held, so twice: too
 * much, never too little. */
uint64_t sl_memory_mapped(const struct sl_memory *m,
			  const struct sl_memory_process *p)
{
	struct mapping mapping = { 0 };
	char path[32], line[LINE_BYTES];
	unsigned int lines = 0;
	uint64_t bytes = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps", p->tid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		if (++lines > LINES_MOST && sl_memory_spent(m))
			break;
		if (strncmp(line, "Pss:", 4) == 0) {
			mapping.pss = kilobytes(line + 4);
		} else if (strncmp(line, "Anonymous:", 10) == 0) {
			mapping.anon = kilobytes(line + 10);
		} else if (line[0] < 'A' || line[0] > 'Z') {
			bytes += overlap(&mapping);
			mapping = (struct mapping){ .held = sl_memory_is_held(
							    m, inode_of(line)) };
		}
	}
	fclose(file);
	return bytes + overlap(&mapping);
}

/* ------------------------------------------------ System V */

static bool knows_segment(const struct sl_memory *m, int32_t id)
{
	for (size_t i = 0; i < m->segment_count; i++)
		if (m->segments[i] == id)
			return true;
	return false;
}

static int add_segment(struct sl_memory *m, int32_t id)
{
	size_t room = m->segment_room ? 2 * m->segment_room : 64;
	int32_t *bigger;

	if (m->segment_count == SEGMENTS_MAX)
		return -ENOMEM;
	if (m->segment_count == m->segment_room) {
		bigger = realloc(m->segments, room * sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		m->segments = bigger;
		m->segment_room = room;
	}
	m->segments[m->segment_count++] = id;
	return 0;
}

/* What is attached shows in the processes that have it. */
int sl_memory_segments(struct sl_memory *m)
{
	uint64_t attached, resident, swapped;
	char line[LINE_BYTES];
	FILE *file = fopen("/proc/sysvipc/shm", "re");
	int32_t id, maker;
	int r = 0;

	if (!file)
		return sl_memory_not_gone(-errno) ? -errno : 0;
	while (r == 0 && fgets(line, sizeof(line), file)) {
		struct sl_memory_process *p;

		if (sscanf(line,
			   "%*d %d %*o %*u %d %*d %" SCNu64
			   " %*u %*u %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64,
			   &id, &maker, &attached, &resident, &swapped) != 5)
			continue;
		p = sl_memory_find(m->list, m->count, maker);
		if (p && !knows_segment(m, id))
			r = add_segment(m, id);
		if (r < 0 || attached || !m->count || !knows_segment(m, id))
			continue;
		/* Its maker may be gone: then it is the oldest one's. */
		r = sl_memory_hold(m, p ? p->pid : m->list[0].pid,
				   SEGMENT | (uint64_t)id, resident + swapped);
	}
	fclose(file);
	return r;
}
