/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frame.h - the frames of the stream port: one kind byte, two length bytes, payload.
 *
 * docs/protocol.md is the contract; this is its only coding in C, for the kernel's stream driver
 * and the agent that plays the guest on Linux. No state outside the decoder.
 */
#ifndef LIB_FRAME_H
#define LIB_FRAME_H

#include <lib/types.h>

#define FRAME_HEADER_SIZE 3
#define FRAME_PAYLOAD_MAX 65535

enum frame_to_host {
	FRAME_STDOUT = 0x01,
	FRAME_STDERR = 0x02,
	FRAME_EXIT = 0x03,    /* u32 little endian: the wait status */
	FRAME_STATS = 0x04,   /* key=value lines */
	FRAME_HELLO = 0x05,   /* "orchard 1 NAME\n" */
	FRAME_REFUSAL = 0x06, /* one line */
};

enum frame_to_guest {
	FRAME_STDIN = 0x01,
	FRAME_STDIN_EOF = 0x02,
	FRAME_WINSIZE = 0x03, /* u16 rows, u16 columns, little endian */
};

/* What frame_feed found at one byte; several may hold at once. */
enum frame_event {
	FRAME_EVENT_HEADER = 1,	 /* kind and len are known */
	FRAME_EVENT_PAYLOAD = 2, /* the byte is the payload's byte number got - 1 */
	FRAME_EVENT_END = 4,	 /* the frame is complete */
};

struct frame_decoder {
	u8 kind;
	u8 header; /* bytes of the header read */
	u16 len;   /* of the payload */
	u16 got;   /* payload bytes read */
};

void frame_encode(u8 header[FRAME_HEADER_SIZE], u8 kind, u16 len);

void frame_decoder_init(struct frame_decoder *decoder);

/* Takes the next byte of the stream; returns FRAME_EVENT_ bits, 0 inside a header. Never fails:
 * every byte string is a sequence of frames; the caller judges kinds. kind and len stay valid until
 * the byte after FRAME_EVENT_END. */
unsigned frame_feed(struct frame_decoder *decoder, u8 byte);

/* Little-endian payload fields, at any alignment. */
void frame_put_u16(u8 *at, u16 value);
void frame_put_u32(u8 *at, u32 value);
u16 frame_get_u16(const u8 *at);
u32 frame_get_u32(const u8 *at);

#endif
