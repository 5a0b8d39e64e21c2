/* SPDX-License-Identifier: BSD-2-Clause */
/* The battery-backed clock of a PC: what the date is, once, at boot. Source: Motorola MC146818A data sheet. */
#include <arch/cpu.h>
#include <arch/machine.h>
#include <lib/string.h>

enum { CMOS_INDEX = 0x70, CMOS_DATA = 0x71 };
enum { RTC_SECONDS, RTC_MINUTES, RTC_HOURS, RTC_DAY, RTC_MONTH, RTC_YEAR, RTC_FIELDS };

static const u8 field_register[RTC_FIELDS] = { 0x00, 0x02, 0x04, 0x07, 0x08, 0x09 };

#define RTC_STATUS_A 0x0a
#define RTC_STATUS_B 0x0b
#define A_UPDATE_IN_PROGRESS BIT(7)
#define B_24_HOURS BIT(1)
#define B_BINARY BIT(2)
#define HOUR_PM 0x80

static u8 cmos_read(u8 reg)
{
	outb(CMOS_INDEX, reg);
	return inb(CMOS_DATA);
}

static void fields_read(u8 field[RTC_FIELDS])
{
	/* An update takes 2 ms at most; a clock that never ends one is read as it is. */
	for (unsigned i = 0; i < 10000 && cmos_read(RTC_STATUS_A) & A_UPDATE_IN_PROGRESS; i++)
		cpu_pause();
	for (unsigned i = 0; i < RTC_FIELDS; i++)
		field[i] = cmos_read(field_register[i]);
}

static u8 from_bcd(u8 v)
{
	return (u8)((v >> 4) * 10 + (v & 15));
}

static void fields_decode(u8 field[RTC_FIELDS], u8 status_b)
{
	bool pm = field[RTC_HOURS] & HOUR_PM;

	field[RTC_HOURS] &= (u8)~HOUR_PM;
	if (!(status_b & B_BINARY))
		for (unsigned i = 0; i < RTC_FIELDS; i++)
			field[i] = from_bcd(field[i]);
	if (!(status_b & B_24_HOURS))
		field[RTC_HOURS] = (u8)(field[RTC_HOURS] % 12 + (pm ? 12 : 0));
}

/* Days from 1970-01-01; months counted from March, so that the leap day ends a year. Gregorian. */
static u64 days_since_1970(u64 year, u64 month, u64 day)
{
	u64 y = month > 2 ? year : year - 1;
	u64 m = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

u64 arch_rtc_seconds(void)
{
	u8 field[RTC_FIELDS], again[RTC_FIELDS];
	u64 year;

	/* Twice the same: no update fell in between. */
	fields_read(again);
	for (unsigned i = 0; i < 10; i++) {
		memcpy(field, again, sizeof(field));
		fields_read(again);
		if (!memcmp(field, again, sizeof(field)))
			break;
	}
	fields_decode(field, cmos_read(RTC_STATUS_B));
	if (field[RTC_MONTH] < 1 || field[RTC_MONTH] > 12 || field[RTC_DAY] < 1)
		return 0;
	year = field[RTC_YEAR] + (field[RTC_YEAR] < 70 ? 2000ul : 1900ul);
	return ((days_since_1970(year, field[RTC_MONTH], field[RTC_DAY]) * 24 + field[RTC_HOURS]) * 60 +
		field[RTC_MINUTES]) * 60 + field[RTC_SECONDS];
}
