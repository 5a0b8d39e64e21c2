/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plugin of QEMU's TCG (API version 1) that records what virtual CPUs do to one another: for each, stamped with the count of its
 * own instructions, when it has and gives back a lock, and when it reads or writes a line of the cache that another one refers to
 * too, and at least one writes. How long that takes on CPUs that run at the same time is told later (orchardlib/parallel.py):
 * here nothing has a price.
 *
 *	-plugin record.so,out=FILE
 *
 * Of the program: xchg %bx,%bx opens a window, xchg %cx,%cx closes it; in it a CPU takes part from xchg %dx,%dx until
 * xchg %si,%si. Of the kernel: the marks of include/arch/mark.h. For each window a line `window`, and for each CPU that took part
 *
 *	cpu NUMBER INSTRUCTIONS IDLE THREADS   instructions that it executed, without marks; how often it went to sleep; how many of
 *	                                       its threads took part at once
 *	L WHEN COST LINE LOCK SLEEPS PC    it has a lock, COST instructions after it wanted it; do waiters sleep?
 *	U WHEN 0 LINE LOCK SLEEPS PC       it gives it back
 *	R|W WHEN 0 LINE 0 0 PC             it reads or writes a line of 64 bytes
 *
 * Numbers are decimal, LINE (physical), LOCK (virtual) and PC hexadecimal. What a CPU does to a lock's own word, and while it
 * waits, is the lock's, and not recorded. For one virtual CPU at a time (-icount).
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <qemu-plugin.h>

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

#define CPUS_MAX 255
#define LINE_SHIFT 6
#define APPLICATION_END (UINT64_C(1) << 47)
#define MARK_INSTRUCTIONS 2
#define MARK_SHIFT 4 /* a mark and its address in one word: the address's upper bits are copies of one another */
#define MARK_BITS ((1 << MARK_SHIFT) - 1)

enum mark { MARK_WANT = 1, MARK_TAKEN, MARK_LEAVE, MARK_LEFT, MARK_KIND = 7, MARK_SLEEPS };

struct event {
	uint64_t when, until; /* instructions of its CPU before it; of the last reference that it stands for */
	uint64_t line;
	uint64_t lock;
	uint64_t pc;
	uint32_t cost;
	char what;
	bool sleeps;
};

struct cpu {
	uint64_t count;   /* its instructions, up to where another CPU had its turn */
	uint64_t marks;   /* of them, marks' */
	uint64_t began;   /* count, without marks, when it began to take part */
	uint64_t ended;
	uint64_t busy_with; /* the lock that it waits for, or gives back just now; 0 */
	uint64_t wanted_at;
	uint64_t idle;
	unsigned depth, most; /* threads of it that take part; at most */
	struct event *events;
	size_t nevents, room;
};

/* Of one line: the first CPU that referred to it, whether there is a second one, and whether one of them wrote. */
struct line {
	uint64_t number; /* + 1: 0 is an empty place */
	uint8_t cpu;
	bool shared, written;
};

/* Where an instruction stands that refers to what is marked: it comes behind the mark itself. */
#define MARKS_MAX (1u << 14)
#define MARK_SIZE 7

static struct {
	uint64_t address;
	int mark;
} marks[MARKS_MAX];

static struct cpu cpus[CPUS_MAX];
static uint64_t total, since; /* instructions of all; at the beginning of the turn of `turn` */
static unsigned turn;
static bool open_window;
static struct line *lines;
static size_t nlines, lines_room;
static FILE *out;

static void *grown(void *from, size_t bytes)
{
	void *room = realloc(from, bytes);

	if (!room) {
		fputs("record: no memory\n", stderr);
		exit(1);
	}
	return room;
}

static void has_turn(unsigned cpu)
{
	if (cpu == turn)
		return;
	cpus[turn].count += total - since;
	since = total;
	turn = cpu;
}

/* Of the CPU that has its turn: its instructions, without marks. */
static uint64_t now(void)
{
	return cpus[turn].count + (total - since) - cpus[turn].marks;
}

static struct line *line_of(uint64_t number)
{
	size_t at;

	if (2 * nlines >= lines_room) {
		struct line *old = lines;
		size_t n = lines_room;

		lines_room = n ? 2 * n : 1 << 16;
		lines = grown(NULL, lines_room * sizeof(*lines));
		memset(lines, 0, lines_room * sizeof(*lines));
		nlines = 0;
		for (size_t i = 0; i < n; i++)
			if (old[i].number)
				*line_of(old[i].number - 1) = old[i];
		free(old);
	}
	for (at = number * UINT64_C(0x9e3779b97f4a7c15) >> 20; ; at++) {
		struct line *l = &lines[at % lines_room];

		if (l->number == number + 1)
			return l;
		if (!l->number) {
			*l = (struct line){.number = number + 1, .cpu = (uint8_t)turn};
			nlines++;
			return l;
		}
	}
}

/*
 * An atomic operation reads and writes: one event. So is what consecutive instructions, or iterations of one, do to the same line:
 * nobody takes it away between.
 */
static bool joins(struct event *last, const struct event *e)
{
	if (last->line != e->line || last->lock || e->lock || e->when > last->until + 1)
		return false;
	if (last->what != e->what && e->when != last->when)
		return false;
	if (e->what == 'W')
		last->what = 'W';
	last->until = e->when;
	return true;
}

static void note(struct event e)
{
	struct cpu *c = &cpus[turn];

	if (c->nevents == c->room) {
		c->room = c->room ? 2 * c->room : 1 << 12;
		c->events = grown(c->events, c->room * sizeof(*c->events));
	}
	e.when = e.until = now() - c->began;
	if (c->nevents && joins(&c->events[c->nevents - 1], &e))
		return;
	c->events[c->nevents++] = e;
}

/* A lock is in a line that its takers write, whatever else is there. */
static void writes_lock(uint64_t line)
{
	struct line *l = line_of(line);

	l->shared |= l->cpu != turn;
	l->written = true;
}

/* What is marked stands at `address`, in `line`. */
static void marked(int mark, uint64_t address, uint64_t line, uint64_t pc)
{
	struct cpu *c = &cpus[turn];
	struct event e = {.line = line, .lock = address, .sleeps = mark & MARK_SLEEPS, .pc = pc};

	c->marks += MARK_INSTRUCTIONS;
	if (!open_window || !c->depth || (c->busy_with && c->busy_with != address))
		return;
	switch (mark & MARK_KIND) {
	case MARK_WANT:
		c->busy_with = address;
		c->wanted_at = now();
		break;
	case MARK_TAKEN:
		writes_lock(line);
		if (c->busy_with) {
			e.what = 'L';
			e.cost = (uint32_t)(now() - c->wanted_at);
			note(e);
		}
		c->busy_with = 0;
		break;
	case MARK_LEAVE:
		writes_lock(line);
		e.what = 'U';
		note(e);
		c->busy_with = address;
		break;
	case MARK_LEFT:
		c->busy_with = 0;
		break;
	}
}

/* Physical; 0 where there is no memory. */
static uint64_t line_at(qemu_plugin_meminfo_t info, uint64_t address)
{
	struct qemu_plugin_hwaddr *where = qemu_plugin_get_hwaddr(info, address);

	if (!where || qemu_plugin_hwaddr_is_io(where))
		return 0;
	return qemu_plugin_hwaddr_phys_addr(where) >> LINE_SHIFT << LINE_SHIFT;
}

static void referred(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *pc)
{
	struct cpu *c = &cpus[cpu];
	bool writes = qemu_plugin_mem_is_store(info);
	struct line *l;
	uint64_t line;

	has_turn(cpu);
	if (!open_window || !c->depth || c->busy_with)
		return;
	line = line_at(info, address);
	if (!line)
		return;
	l = line_of(line);
	l->shared |= l->cpu != cpu;
	l->written |= writes;
	note((struct event){.what = writes ? 'W' : 'R', .line = line, .pc = (uint64_t)pc});
}

static void refers_to_marked(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *packed)
{
	int64_t both = (int64_t)packed;

	has_turn(cpu);
	marked((int)(both & MARK_BITS), address, line_at(info, address), (uint64_t)(both >> MARK_SHIFT));
}

static void block_begins(unsigned cpu, void *unused)
{
	(void)unused;
	has_turn(cpu);
}

static void idles(qemu_plugin_id_t id, unsigned cpu)
{
	(void)id;
	if (open_window && cpus[cpu].depth && !cpus[cpu].busy_with)
		cpus[cpu].idle++;
}

static void window_opens(unsigned cpu, void *unused)
{
	(void)cpu, (void)unused;
	for (unsigned i = 0; i < CPUS_MAX; i++) {
		struct cpu *c = &cpus[i];

		c->depth = c->most = 0;
		c->busy_with = c->idle = 0;
		c->nevents = 0;
	}
	if (lines)
		memset(lines, 0, lines_room * sizeof(*lines));
	nlines = 0;
	open_window = true;
}

static void part_begins(unsigned cpu, void *unused)
{
	struct cpu *c = &cpus[cpu];

	(void)unused;
	has_turn(cpu);
	if (!open_window)
		return;
	if (!c->most)
		c->began = now();
	if (++c->depth > c->most)
		c->most = c->depth;
}

static void part_ends(unsigned cpu, void *unused)
{
	struct cpu *c = &cpus[cpu];

	(void)unused;
	has_turn(cpu);
	if (open_window && c->depth && --c->depth == 0)
		c->ended = now() - 1; /* without the instruction that ends it */
}

/* Lines that one CPU alone refers to, or nobody writes, cost nothing. */
static void write_events(const struct cpu *c)
{
	for (size_t i = 0; i < c->nevents; i++) {
		const struct event *e = &c->events[i];
		const struct line *l = e->lock ? NULL : line_of(e->line);

		if (!l || (l->shared && l->written))
			fprintf(out, "%c %" PRIu64 " %" PRIu32 " %" PRIx64 " %" PRIx64 " %d %" PRIx64 "\n", e->what, e->when, e->cost,
				e->line, e->lock, e->sleeps, e->pc);
	}
}

static void window_closes(unsigned cpu, void *unused)
{
	(void)cpu, (void)unused;
	if (!open_window)
		return;
	open_window = false;
	fputs("window\n", out);
	for (unsigned i = 0; i < CPUS_MAX; i++) {
		struct cpu *c = &cpus[i];

		if (!c->most)
			continue;
		fprintf(out, "cpu %u %" PRIu64 " %" PRIu64 " %u\n", i, c->depth ? 0 : c->ended - c->began, c->idle, c->most);
		write_events(c);
	}
	fflush(out);
}

static const struct {
	uint8_t second_byte;
	qemu_plugin_vcpu_udata_cb_t call;
} of_program[] = {{0xdb, window_opens}, {0xc9, window_closes}, {0xd2, part_begins}, {0xf6, part_ends}};

/* Is it one of the program's? */
static bool of_a_window(struct qemu_plugin_insn *insn, uint64_t address)
{
	const uint8_t *bytes = qemu_plugin_insn_data(insn);

	if (address >= APPLICATION_END || qemu_plugin_insn_size(insn) != 3 || bytes[0] != 0x66 || bytes[1] != 0x87)
		return false;
	for (size_t i = 0; i < sizeof(of_program) / sizeof(*of_program); i++) {
		if (bytes[2] != of_program[i].second_byte)
			continue;
		qemu_plugin_register_vcpu_insn_exec_cb(insn, of_program[i].call, QEMU_PLUGIN_CB_NO_REGS, NULL);
		return true;
	}
	return false;
}

/* The kind of a kernel's mark, or 0. */
static int mark_of(struct qemu_plugin_insn *insn)
{
	const uint8_t *bytes = qemu_plugin_insn_data(insn);

	if (qemu_plugin_insn_size(insn) != 7 || bytes[0] != 0x0f || bytes[1] != 0x1f || bytes[2] != 0x80)
		return 0;
	return memcmp(&bytes[4], "ARK", 3) ? 0 : bytes[3];
}

static unsigned mark_place(uint64_t address)
{
	unsigned at = (unsigned)(address * UINT64_C(0x9e3779b97f4a7c15) >> 40) % MARKS_MAX;

	for (unsigned steps = 0; marks[at].address && marks[at].address != address; at = (at + 1) % MARKS_MAX) {
		if (++steps == MARKS_MAX) {
			fputs("record: more marks than there is room for\n", stderr);
			exit(1);
		}
	}
	return at;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block_begins, QEMU_PLUGIN_CB_NO_REGS, NULL);
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);
		int mark = mark_of(insn);
		unsigned at = mark_place(mark ? address + MARK_SIZE : address);

		qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &total, 1);
		if (of_a_window(insn, address))
			continue;
		if (mark) {
			marks[at].address = address + MARK_SIZE;
			marks[at].mark = mark;
		} else if (marks[at].mark) {
			qemu_plugin_register_vcpu_mem_cb(insn, refers_to_marked, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW,
							 (void *)(address << MARK_SHIFT | (uint64_t)marks[at].mark));
		} else {
			qemu_plugin_register_vcpu_mem_cb(insn, referred, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, (void *)address);
		}
	}
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++)
		if (!strncmp(argv[i], "out=", 4))
			out = fopen(argv[i] + 4, "w");
	if (!out) {
		fputs("record: out=FILE is missing, or cannot be written\n", stderr);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_vcpu_idle_cb(id, idles);
	return 0;
}
