/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plugin of QEMU's TCG (API version 1) that counts, for each instruction of the guest by its address, how often it was
 * executed and how often it referred to memory, inside the windows that user/bench opens (xchg %bx,%bx) and closes
 * (xchg %cx,%cx). Which part of a system call an address belongs to is decided later, by orchardlib/parts.py: here nothing
 * is left out, and nothing is known of the kernel.
 *
 *	-plugin count.so,out=FILE
 *
 * writes for each window a line `window`, then a line `ADDRESS INSTRUCTIONS REFERENCES` (hexadecimal, decimal, decimal) for
 * each address that was executed in it. Counted are instructions, not translation blocks: a block that is left in its middle
 * would be counted whole. For one virtual CPU at a time (-icount): the counters are no atomics. A REP string instruction
 * counts once for each iteration, as it does for -icount.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <qemu-plugin.h>

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

/* Of one address. The addresses of the counters are in the translated code: a place never moves. */
struct place {
	uint64_t address;
	uint64_t instructions;
	uint64_t references;
	struct place *next_in_bucket;
	struct place *next;
};

#define BUCKETS (1u << 16)
#define APPLICATION_END (UINT64_C(1) << 47)

static const uint8_t opens[] = {0x66, 0x87, 0xdb}, closes[] = {0x66, 0x87, 0xc9};

static struct place *buckets[BUCKETS];
static struct place *places;
static int open_window;
static FILE *out;

static struct place *place_of(uint64_t address)
{
	struct place **bucket = &buckets[(address ^ address >> 16) % BUCKETS];
	struct place *p;

	for (p = *bucket; p; p = p->next_in_bucket)
		if (p->address == address)
			return p;
	p = calloc(1, sizeof(*p));
	if (!p) {
		fputs("count: no memory\n", stderr);
		exit(1);
	}
	p->address = address;
	p->next_in_bucket = *bucket;
	p->next = places;
	*bucket = places = p;
	return p;
}

static void window_open(unsigned cpu, void *unused)
{
	(void)cpu, (void)unused;
	for (struct place *p = places; p; p = p->next)
		p->instructions = p->references = 0;
	open_window = 1;
}

static void window_close(unsigned cpu, void *unused)
{
	(void)cpu, (void)unused;
	if (!open_window)
		return;
	open_window = 0;
	fputs("window\n", out);
	for (struct place *p = places; p; p = p->next)
		if (p->instructions)
			fprintf(out, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n", p->address, p->instructions, p->references);
	fflush(out);
}

static int reads(struct qemu_plugin_insn *insn, uint64_t address, const uint8_t mark[3])
{
	return address < APPLICATION_END && qemu_plugin_insn_size(insn) == 3 && !memcmp(qemu_plugin_insn_data(insn), mark, 3);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);
		struct place *p;

		if (reads(insn, address, opens)) {
			qemu_plugin_register_vcpu_insn_exec_cb(insn, window_open, QEMU_PLUGIN_CB_NO_REGS, NULL);
			continue;
		}
		if (reads(insn, address, closes)) {
			qemu_plugin_register_vcpu_insn_exec_cb(insn, window_close, QEMU_PLUGIN_CB_NO_REGS, NULL);
			continue;
		}
		p = place_of(address);
		qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &p->instructions, 1);
		qemu_plugin_register_vcpu_mem_inline(insn, QEMU_PLUGIN_MEM_RW, QEMU_PLUGIN_INLINE_ADD_U64, &p->references, 1);
	}
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++)
		if (!strncmp(argv[i], "out=", 4))
			out = fopen(argv[i] + 4, "w");
	if (!out) {
		fputs("count: out=FILE is missing, or cannot be written\n", stderr);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
