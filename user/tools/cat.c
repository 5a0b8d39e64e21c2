/* SPDX-License-Identifier: BSD-2-Clause */
/* cat [FILE...]: copies files, or stdin, to stdout, byte for byte. "-" is stdin. */
#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void copy(int fd, const char *name)
{
	static char buffer[65536];
	ssize_t got, put;

	while ((got = read(fd, buffer, sizeof(buffer))) > 0)
		for (char *at = buffer; got > 0; at += put, got -= put)
			if ((put = write(STDOUT_FILENO, at, got)) < 0)
				err(1, "write");
	if (got < 0)
		err(1, "%s", name);
}

int main(int argc, char **argv)
{
	if (argc == 1)
		copy(STDIN_FILENO, "stdin");
	for (int i = 1; i < argc; i++) {
		int fd = strcmp(argv[i], "-") ? open(argv[i], O_RDONLY) : STDIN_FILENO;

		if (fd < 0)
			err(1, "%s", argv[i]);
		copy(fd, argv[i]);
		if (fd != STDIN_FILENO)
			close(fd);
	}
	return 0;
}
