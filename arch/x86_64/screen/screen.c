/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text on the screen that the boot loader left, for a person who looks: kernel messages and what the console's terminal
 * prints. Printable ASCII; of escape sequences nothing is drawn, of other characters one '?'. What is shown is kept in
 * `cells`, so that scrolling draws only cells that change: memory of a screen is slow to read.
 *
 * Any context. Once a panic has begun no lock is taken, as in core/printk.c.
 */
#include "screen.h"

#include <arch/machine.h>
#include <core/panic.h>
#include <core/printk.h>
#include <core/spinlock.h>
#include <lib/string.h>

#define ROWS_MAX 135
#define COLUMNS_MAX 240
#define TAB 8

enum escape { PLAIN, ESCAPE, SEQUENCE };

static const struct screen_ops *ops;          /* I after arch_screen_init(); NULL: no screen */
static unsigned rows, columns;                /* I after arch_screen_init() */
static struct spinlock lock = SPINLOCK_INIT("screen"); /* (i) all below */
static u8 cells[ROWS_MAX][COLUMNS_MAX];
static unsigned row, column;                  /* of the next character; column may be one too far */
static enum escape escape;

static void set_cell(unsigned r, unsigned c, u8 character)
{
	if (cells[r][c] == character)
		return;
	cells[r][c] = character;
	ops->put(r, c, character);
}

static void scroll(void)
{
	for (unsigned r = 0; r + 1 < rows; r++)
		for (unsigned c = 0; c < columns; c++)
			set_cell(r, c, cells[r + 1][c]);
	for (unsigned c = 0; c < columns; c++)
		set_cell(rows - 1, c, ' ');
}

static void new_line(void)
{
	column = 0;
	if (row + 1 < rows)
		row++;
	else
		scroll();
}

static void put_visible(u8 character)
{
	if (column == columns)
		new_line();
	set_cell(row, column++, character);
}

/* ESC [ ... letter, and ESC with one character. True: it was part of one. */
static bool in_escape(u8 byte)
{
	if (escape == PLAIN && byte != 0x1b)
		return false;
	if (escape == PLAIN)
		escape = ESCAPE;
	else if (escape == ESCAPE)
		escape = byte == '[' ? SEQUENCE : PLAIN;
	else if (byte >= 0x40 && byte <= 0x7e)
		escape = PLAIN;
	return true;
}

static void put(u8 byte)
{
	if (in_escape(byte))
		return;
	switch (byte) {
	case '\n':
		new_line();
		break;
	case '\r':
		column = 0;
		break;
	case '\b':
		column -= column > 0;
		break;
	case '\t':
		do
			put_visible(' ');
		while (column % TAB);
		break;
	default:
		if (byte >= 0x20 && byte < 0x7f)
			put_visible(byte);
		else if (byte >= 0xc0) /* the first byte of a character in UTF-8 */
			put_visible('?');
	}
}

void arch_screen_write(const char *bytes, size_t n)
{
	u64 flags;
	bool locked;

	if (!ops)
		return;
	flags = irq_save();
	locked = __atomic_load_n(&panic_cpu, __ATOMIC_ACQUIRE) < 0;
	if (locked)
		spin_lock(&lock);
	ops->cursor(row, MIN(column, columns - 1), false);
	while (n--)
		put((u8)*bytes++);
	ops->cursor(row, MIN(column, columns - 1), true);
	if (locked)
		spin_unlock(&lock);
	irq_restore(flags);
}

void arch_screen_init(void)
{
	const struct boot_screen *place = &bootinfo.screen;
	const struct screen_ops *kind = place->kind == SCREEN_TEXT ? &screen_text : &screen_pixels;

	if (place->kind == SCREEN_NONE)
		return;
	if (!kind->open(place, &rows, &columns) || !rows || !columns) {
		pr_warn("screen: %ux%u of %u bits at %#lx is of no known form", place->width, place->height, place->bits,
			place->address);
		return;
	}
	rows = MIN(rows, ROWS_MAX);
	columns = MIN(columns, COLUMNS_MAX);
	ops = kind;
	for (unsigned r = 0; r < rows; r++)
		for (unsigned c = 0; c < columns; c++)
			set_cell(r, c, ' ');
}
