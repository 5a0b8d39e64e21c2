/* SPDX-License-Identifier: BSD-2-Clause */
/* frame.c - the frames of docs/protocol.md, byte by byte. Pure; the caller locks the decoder. */
#include <lib/frame.h>

void frame_put_u16(u8 *at, u16 value)
{
	at[0] = (u8)value;
	at[1] = (u8)(value >> 8);
}

void frame_put_u32(u8 *at, u32 value)
{
	frame_put_u16(at, (u16)value);
	frame_put_u16(at + 2, (u16)(value >> 16));
}

u16 frame_get_u16(const u8 *at)
{
	return (u16)(at[0] | at[1] << 8);
}

u32 frame_get_u32(const u8 *at)
{
	return frame_get_u16(at) | (u32)frame_get_u16(at + 2) << 16;
}

void frame_encode(u8 header[FRAME_HEADER_SIZE], u8 kind, u16 len)
{
	header[0] = kind;
	frame_put_u16(header + 1, len);
}

void frame_decoder_init(struct frame_decoder *decoder)
{
	*decoder = (struct frame_decoder){0};
}

/* After the frame's last byte, the next one is a header again. */
static unsigned end_if_complete(struct frame_decoder *decoder)
{
	if (decoder->got < decoder->len)
		return 0;
	decoder->header = 0;
	return FRAME_EVENT_END;
}

unsigned frame_feed(struct frame_decoder *decoder, u8 byte)
{
	switch (decoder->header) {
	case 0:
		decoder->kind = byte;
		decoder->len = 0;
		decoder->got = 0;
		decoder->header = 1;
		return 0;
	case 1:
		decoder->len = byte;
		decoder->header = 2;
		return 0;
	case 2:
		decoder->len |= (u16)(byte << 8);
		decoder->header = FRAME_HEADER_SIZE;
		return FRAME_EVENT_HEADER | end_if_complete(decoder);
	default:
		decoder->got++;
		return FRAME_EVENT_PAYLOAD | end_if_complete(decoder);
	}
}
