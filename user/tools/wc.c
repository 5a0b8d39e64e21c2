/* SPDX-License-Identifier: BSD-2-Clause */
/* wc [-l|-w|-c]: counts lines, words and bytes of stdin; all three without an option. */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static unsigned char buffer[65536];
	long lines = 0, words = 0, bytes = 0;
	int in_word = 0;
	ssize_t got;

	if (argc > 2 ||
	    (argc == 2 && strcmp(argv[1], "-l") && strcmp(argv[1], "-w") && strcmp(argv[1], "-c")))
		errx(2, "usage: wc [-l|-w|-c]");
	while ((got = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0) {
		bytes += got;
		for (ssize_t i = 0; i < got; i++) {
			lines += buffer[i] == '\n';
			words += !isspace(buffer[i]) && !in_word;
			in_word = !isspace(buffer[i]);
		}
	}
	if (got < 0)
		err(1, "read");
	if (argc == 1)
		printf("%ld %ld %ld\n", lines, words, bytes);
	else
		printf("%ld\n", argv[1][1] == 'l' ? lines : argv[1][1] == 'w' ? words : bytes);
	return 0;
}
