/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the text (screen.c) and the two kinds of screens. */
#ifndef SCREEN_SCREEN_H
#define SCREEN_SCREEN_H

#include <arch/boot.h>
#include <lib/types.h>

#define FONT_FIRST 0x20
#define FONT_GLYPHS 95       /* printable ASCII */
#define FONT_WIDTH 8
#define FONT_HEIGHT 16

/* What a kind of screen can do. Calls come under the screen's lock; rows and columns are within its size. */
struct screen_ops {
	/* Maps it; how many rows and columns it has. False: it is not of a form we know. */
	bool (*open)(const struct boot_screen *place, unsigned *rows, unsigned *columns);
	void (*put)(unsigned row, unsigned column, u8 character); /* printable ASCII */
	/* Takes the cursor away before cells change there, or shows it. */
	void (*cursor)(unsigned row, unsigned column, bool show);
};

extern const struct screen_ops screen_text, screen_pixels;

/* Made at build time from a font of Debian's; one row of pixels in a byte, the left one in its highest bit. */
extern const u8 screen_font[FONT_GLYPHS][FONT_HEIGHT];

#endif
