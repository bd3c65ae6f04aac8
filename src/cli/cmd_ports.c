// SPDX-License-Identifier: Apache-2.0
/*
 * `sandlock ports NAME`: which ports a sandbox with --port-remap has bound, and
 * where they are for everybody else.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "json.h"
#include "style.h"

/* Of the one sandbox that there is. */
static bool port_at(const sandlock_listing *listing, size_t index,
		    sandlock_port *ret_port)
{
	memset(ret_port, 0, sizeof(*ret_port));
	ret_port->size = sizeof(*ret_port);
	return sandlock_listing_port(listing, 0, index, ret_port) == 0;
}

static int add_row(struct cli_table *table, const sandlock_port *port,
		   sandlock_error *err)
{
	char inside[12], outside[12];
	const struct cli_cell row[] = {
		{ port->protocol, CLI_STYLE_NONE },
		{ port->address, CLI_STYLE_NONE },
		{ inside, CLI_STYLE_NAME },
		{ outside, CLI_STYLE_NAME },
	};

	snprintf(inside, sizeof(inside), "%u", port->port);
	snprintf(outside, sizeof(outside), "%u", port->real);
	return cli_table_add(table, row, err);
}

static int print_table(const sandlock_listing *listing, sandlock_error *err)
{
	static const char *const headings[] = { "PROTOCOL", "ADDRESS", "PORT",
						"OUTSIDE" };
	struct cli_table table = { .columns = CLI_LEN(headings),
				   .headings = headings };
	sandlock_port port;
	size_t count = 0;
	int r = 0;

	while (r == 0 && port_at(listing, count, &port)) {
		r = add_row(&table, &port, err);
		count++;
	}
	if (r == 0 && count > 0)
		cli_table_print(&table);
	else if (r == 0 && cli_width(STDOUT_FILENO) > 0)
		puts("It has bound no port, or runs without --port-remap.");
	cli_table_fini(&table);
	return r;
}

void cli_json_ports(struct cli_json *json, const sandlock_listing *listing)
{
	sandlock_port port;

	cli_json_open(json, "ports", '[');
	for (size_t i = 0; port_at(listing, i, &port); i++) {
		cli_json_open(json, NULL, '{');
		cli_json_string(json, "protocol", port.protocol);
		cli_json_string(json, "address", port.address);
		cli_json_number(json, "port", port.port);
		cli_json_number(json, "real", port.real);
		cli_json_close(json);
	}
	cli_json_close(json);
}

static void print_json(const sandlock_listing *listing, const char *name)
{
	struct cli_json json = { .out = stdout };

	cli_json_open(&json, NULL, '{');
	cli_json_string(&json, "name", name);
	cli_json_ports(&json, listing);
	cli_json_close(&json);
}

void cli_help_ports(void)
{
	cli_put(CLI_STYLE_HEADING, "Examples:");
	puts("\n"
	     "  sandlock run --name web --port-remap --net-allow-bind 8000 -- "
	     "\\\n"
	     "      python3 -m http.server 8000\n"
	     "  sandlock ports web            tcp  0.0.0.0  8000  41807\n"
	     "  sandlock ports --json web     for a program\n"
	     "\n"
	     "PORT is what the sandbox bound, OUTSIDE what it is for everybody "
	     "else: the\nsame, unless somebody had it already.");
}

int cli_cmd_ports(int argc, char **argv)
{
	sandlock_listing *listing = NULL;
	sandlock_error err = { 0 };
	bool json = false;
	int r;

	for (int i = 1; i < argc; i++)
		if (cli_is_help(argv[i]))
			return cli_help_command(cli_command_find("ports"));
	r = cli_take_formats(argc, argv, &json, NULL, &err);
	if (r >= 0 && r != 2)
		r = cli_fail(&err, -EINVAL,
			     "usage: sandlock ports [--json] NAME");
	if (r >= 0)
		r = sandlock_ports(argv[1], &listing, &err);
	if (r == 0 && json)
		print_json(listing, argv[1]);
	else if (r == 0)
		r = print_table(listing, &err);
	sandlock_listing_free(listing);
	return r < 0 ? cli_report(&err) : cli_finish_stdout();
}
