/* SPDX-License-Identifier: BSD-2-Clause */
/* A VGA in text mode: a cell is a character and its colours. Source: IBM VGA/XGA Technical Reference, CRT controller. */
#include "screen.h"

#include <arch/cpu.h>
#include <arch/pmap.h>

enum { CRTC_INDEX = 0x3d4, CRTC_DATA = 0x3d5 };
enum { CRTC_CURSOR_HIGH = 0x0e, CRTC_CURSOR_LOW = 0x0f };

#define GREY_ON_BLACK 0x0700

static volatile u16 *cell;     /* I after open */
static unsigned width;         /* I after open: cells from one row to the next */

static bool text_open(const struct boot_screen *place, unsigned *rows, unsigned *columns)
{
	cell = pmap_map_device(place->address, place->pitch * place->height);
	width = place->pitch / sizeof(*cell);
	*rows = place->height;
	*columns = MIN(place->width, width);
	return cell;
}

static void text_put(unsigned row, unsigned column, u8 character)
{
	cell[row * width + column] = GREY_ON_BLACK | character;
}

static void crtc_write(u8 reg, u8 value)
{
	outb(CRTC_INDEX, reg);
	outb(CRTC_DATA, value);
}

static void text_cursor(unsigned row, unsigned column, bool show)
{
	unsigned at = row * width + column;

	if (!show)
		return; /* it is the chip's, above all cells */
	crtc_write(CRTC_CURSOR_HIGH, (u8)(at >> 8));
	crtc_write(CRTC_CURSOR_LOW, (u8)at);
}

const struct screen_ops screen_text = { .open = text_open, .put = text_put, .cursor = text_cursor };
