/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay.c - stands in for libFuzzer where it is missing: `TARGET RUNS FILE...` gives each file to the target, then RUNS damaged
 * copies of them, which are the same ones each time.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lib/rand.h>

#define INPUT_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t state = 1;

static uint64_t below(uint64_t n)
{
	return splitmix64(&state) % n;
}

static size_t read_file(const char *path, uint8_t *data)
{
	FILE *file = fopen(path, "rb");
	size_t n;

	if (!file) {
		perror(path);
		exit(2);
	}
	n = fread(data, 1, INPUT_MAX, file);
	fclose(file);
	return n;
}

/* Some bytes become others, go, or come twice. */
static size_t damage(uint8_t *data, size_t size)
{
	static const uint8_t odd[] = {0, 1, 0x7f, 0x80, 0xff, '0', '9', 'f', '%', '=', '"', '/', ' '};

	for (uint64_t changes = 1 + below(4); changes && size; changes--) {
		size_t at = below(size), n = 1 + below(size - at);

		switch (below(5)) {
		case 0:
			data[at] = (uint8_t)splitmix64(&state);
			break;
		case 1:
			data[at] = odd[below(sizeof(odd))];
			break;
		case 2:
			data[at] ^= (uint8_t)(1 << below(8));
			break;
		case 3:
			memmove(data + at, data + at + n, size - at - n);
			size -= n;
			break;
		case 4:
			if (size + n > INPUT_MAX)
				break;
			memmove(data + at + n, data + at, size - at);
			size += n;
			break;
		}
	}
	return size;
}

int main(int argc, char **argv)
{
	static uint8_t data[INPUT_MAX];
	long runs = argc > 2 ? atol(argv[1]) : 0;

	for (int i = 2; i < argc; i++)
		LLVMFuzzerTestOneInput(data, read_file(argv[i], data));
	for (long run = 0; run < runs; run++) {
		size_t size = read_file(argv[2 + run % (argc - 2)], data);

		LLVMFuzzerTestOneInput(data, damage(data, size));
	}
	printf("%d files, %ld runs\n", argc > 2 ? argc - 2 : 0, runs);
	return argc > 2 ? 0 : 2;
}
