/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor of every launcher: a static program that clones, executes its
 * arguments (a path, no search) and passes the exit code on. Whatever a
 * sandbox costs beyond this row is its own doing.
 */
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc < 2)
		return 125;
	pid = vfork();
	if (pid == 0) {
		execve(argv[1], argv + 1, environ);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
