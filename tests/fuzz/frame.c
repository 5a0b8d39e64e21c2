/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/frame.c: a stream of frames. Any bytes are one. */
#include "fuzz.h"

#include <lib/frame.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame_decoder decoder;
	size_t at = 0;

	frame_decoder_init(&decoder);
	while (size - at >= FRAME_HEADER_SIZE) {
		u16 len = frame_get_u16(data + at + 1);
		u8 again[FRAME_HEADER_SIZE];

		promise(frame_feed(&decoder, data[at]) == 0);
		promise(frame_feed(&decoder, data[at + 1]) == 0);
		promise(frame_feed(&decoder, data[at + 2]) == (FRAME_EVENT_HEADER | (len ? 0u : FRAME_EVENT_END)));
		promise(decoder.kind == data[at] && decoder.len == len);
		frame_encode(again, decoder.kind, decoder.len);
		for (unsigned i = 0; i < FRAME_HEADER_SIZE; i++)
			promise(again[i] == data[at + i]);
		at += FRAME_HEADER_SIZE;
		for (u16 i = 1; i <= len && at < size; i++) {
			promise(frame_feed(&decoder, data[at++]) == (FRAME_EVENT_PAYLOAD | (i == len ? FRAME_EVENT_END : 0u)));
			promise(decoder.got == i);
		}
	}
	return 0;
}
