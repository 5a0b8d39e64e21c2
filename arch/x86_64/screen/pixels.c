/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A linear framebuffer with a byte for each of three colours, in pixels of three bytes or of four, as GRUB leaves it under
 * UEFI. Grey and black are the same in every order of the colours.
 */
#include "screen.h"

#include <arch/pmap.h>

#define COLOURS 3
#define GREY 0xaa

static volatile u8 *base;      /* I after open */
static unsigned pitch, step;   /* I after open: bytes from one row of pixels to the next, and from one pixel */
static bool cursor_shown;      /* the screen's lock */

static bool pixels_open(const struct boot_screen *place, unsigned *rows, unsigned *columns)
{
	step = place->bits / 8;
	pitch = place->pitch;
	if ((step != COLOURS && step != COLOURS + 1) || pitch / step < place->width)
		return false;
	base = pmap_map_device(place->address, (u64)pitch * place->height);
	*rows = place->height / FONT_HEIGHT;
	*columns = place->width / FONT_WIDTH;
	return base;
}

/* The first byte of row `y` of a cell. */
static volatile u8 *cell_row(unsigned row, unsigned column, unsigned y)
{
	return base + (row * FONT_HEIGHT + y) * (size_t)pitch + column * FONT_WIDTH * step;
}

static void pixels_put(unsigned row, unsigned column, u8 character)
{
	const u8 *glyph = screen_font[character - FONT_FIRST];

	for (unsigned y = 0; y < FONT_HEIGHT; y++) {
		volatile u8 *pixel = cell_row(row, column, y);

		for (unsigned x = 0; x < FONT_WIDTH; x++, pixel += step)
			for (unsigned colour = 0; colour < COLOURS; colour++)
				pixel[colour] = glyph[y] & 0x80 >> x ? GREY : 0;
	}
}

/* A line under the cell, by turning pixels over: twice, and it is gone. */
static void pixels_cursor(unsigned row, unsigned column, bool show)
{
	volatile u8 *pixel = cell_row(row, column, FONT_HEIGHT - 1);

	if (show == cursor_shown)
		return;
	cursor_shown = show;
	for (unsigned x = 0; x < FONT_WIDTH; x++, pixel += step)
		for (unsigned colour = 0; colour < COLOURS; colour++)
			pixel[colour] ^= GREY;
}

const struct screen_ops screen_pixels = { .open = pixels_open, .put = pixels_put, .cursor = pixels_cursor };
