/* SPDX-License-Identifier: BSD-2-Clause */
/* test_frame.c - what is encoded comes out again, and any bytes at all are a sequence of frames. */
#include "test.h"

#include <lib/frame.h>

#define STREAM 200000

static void test_header(void **state __maybe_unused)
{
	u8 header[FRAME_HEADER_SIZE];
	u8 number[4];

	frame_encode(header, FRAME_HELLO, 0x1234);
	assert_memory_equal(header, "\x05\x34\x12", 3);
	frame_put_u32(number, 0x89abcdef);
	assert_memory_equal(number, "\xef\xcd\xab\x89", 4);
	assert_int_equal(frame_get_u32(number), 0x89abcdef);
	assert_int_equal(frame_get_u16(number + 1), 0xabcd);
}

/* Random frames, one behind the other: kinds, lengths and payloads come back in order. */
static void test_round_trip(void **state __maybe_unused)
{
	static u8 stream[STREAM + FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX];
	struct frame_decoder decoder;
	size_t at = 0, size = 0;

	while (size < STREAM) {
		static const u16 lens[] = {0, 1, 2, 255, 256, 257, 1000, FRAME_PAYLOAD_MAX};
		u16 len = lens[random_below(ARRAY_SIZE(lens))];

		frame_encode(stream + size, (u8)random_next(), len);
		size += FRAME_HEADER_SIZE;
		for (u16 i = 0; i < len; i++)
			stream[size++] = (u8)random_next();
	}
	frame_decoder_init(&decoder);
	while (at < size) {
		const u8 *header = stream + at;
		u16 len = frame_get_u16(header + 1);

		assert_int_equal(frame_feed(&decoder, header[0]), 0);
		assert_int_equal(frame_feed(&decoder, header[1]), 0);
		assert_int_equal(frame_feed(&decoder, header[2]),
				 FRAME_EVENT_HEADER | (len ? 0 : FRAME_EVENT_END));
		assert_int_equal(decoder.kind, header[0]);
		assert_int_equal(decoder.len, len);
		at += FRAME_HEADER_SIZE;
		for (u16 i = 0; i < len; i++) {
			unsigned event = frame_feed(&decoder, stream[at++]);

			assert_int_equal(event, FRAME_EVENT_PAYLOAD |
						    (i + 1 == len ? FRAME_EVENT_END : 0));
			assert_int_equal(decoder.got, i + 1);
			assert_int_equal(decoder.kind, header[0]);
		}
	}
	assert_int_equal(at, size);
}

TEST_MAIN("frame", TEST(test_header), TEST(test_round_trip))
