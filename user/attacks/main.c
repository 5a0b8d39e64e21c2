/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attacks NAME...: tries one attack after the other. Where there are processes each is one, beside a neighbour that works
 * on and a victim, this process, whose memory must stay as it is; else it is this program itself, and one NAME.
 *
 *	try NAME
 *	saw NAME WORD text			from the attack, if it lives to say it
 *	end NAME exit:N|signal:N neighbour=works|lost|none kernel=whole|changed victim=whole|changed|none
 *
 * KERNEL_SYMBOLS in the environment holds `name=address,...`, as everyone knows them who has the kernel's file. On Linux they
 * come from /proc/kallsyms, which root may read. ATTACKED_NAME is what uname(2) calls the machine, and the kernel's canary.
 */
#include "attacks.h"

#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <time.h>

#include "user/neighbour.h"

#define PATIENCE_S 30
#define DEADLINE_S 15 /* for a share of the neighbour's work: emulated, on a busy machine */

static const char *name = "";

void saw(const char *word, const char *format, ...)
{
	va_list arguments;

	printf("saw %s %s ", name, word);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	fflush(stdout);
}

void saw_error(const char *call)
{
	saw("refused", "%s: %s", call, strerror(errno));
}

uintptr_t kernel_symbol(const char *symbol)
{
	const char *at = getenv("KERNEL_SYMBOLS");
	size_t length = strlen(symbol);

	for (; at && *at; at += *at == ',') {
		if (!strncmp(at, symbol, length) && at[length] == '=')
			return strtoul(at + length + 1, NULL, 16);
		at += strcspn(at, ",");
	}
	return 0xffffffff81000000; /* where Linux's text is when nothing moves it */
}

/* The same of Linux, once. */
static void read_kallsyms(void)
{
	static const struct {
		const char *theirs, *ours;
	} names[] = {{"_text", "text"}, {"init_uts_ns", "data"}, {"memcpy", "copy"}, {"panic", "panic"},
		     {"entry_SYSCALL_64", "gate"}};
	char line[256], symbol[128], text[512] = "direct=ffff888000000000,";
	FILE *file = getenv("KERNEL_SYMBOLS") ? NULL : fopen("/proc/kallsyms", "r");
	unsigned long address;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx %*c %127s", &address, symbol) != 2)
			continue;
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (!strcmp(symbol, names[i].theirs) && address)
				snprintf(text + strlen(text), 64, "%s=%lx,", names[i].ours, address);
	}
	if (file)
		fclose(file);
	setenv("KERNEL_SYMBOLS", text, 0);
}

bool have_victim(struct victim *v)
{
	const char *text = getenv("VICTIM");

	if (text && sscanf(text, "%lx %d %d", &v->page, &v->pid, &v->neighbour) == 3)
		return true;
	saw("nobody", "there is no other process");
	return false;
}

/* Without it this is no guest of tools/orchard attack: here are attacks on whatever machine it is. */
static const char *first_name(void)
{
	const char *first = getenv("ATTACKED_NAME");

	must(first);
	return first;
}

bool kernel_changed(void)
{
	struct utsname u;

	return uname(&u) || strcmp(u.nodename, first_name()) != 0;
}

/* NULL: prints all names. */
static bool run(const char *which)
{
	static const struct attack *const all[] = {memory_attacks, privileged_attacks, call_attacks, server_attacks,
						   hog_attacks};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (const struct attack *a = all[i]; a->name; a++) {
			if (!which)
				puts(a->name);
			if (!which || strcmp(a->name, which))
				continue;
			name = a->name;
			a->run();
			return true;
		}
	return !which;
}

/* Until the attack has ended: its wait status. Whether the neighbour kept its deadline all the while. */
static int watch(pid_t pid, struct neighbour *neighbour, bool *works)
{
	time_t start = time(NULL);
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		time_t now = time(NULL);

		*works = *works && neighbour_works(neighbour, 20) && time(NULL) - now <= DEADLINE_S;
		if (!*works)
			usleep(10000);
		if (now - start > PATIENCE_S)
			kill(pid, SIGKILL);
	}
	time_t now = time(NULL);

	*works = *works && neighbour_works(neighbour, 600) && time(NULL) - now <= DEADLINE_S;
	return status;
}

static void print_end(int status, const char *neighbour, const char *victim)
{
	printf("end %s %s:%d neighbour=%s kernel=%s victim=%s\n", name, WIFSIGNALED(status) ? "signal" : "exit",
	       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), neighbour,
	       kernel_changed() ? "changed" : "whole", victim);
	fflush(stdout);
}

static void beside_others(const char *which)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), text[64];
	struct neighbour neighbour;
	bool works = true;

	must(page != MAP_FAILED);
	strcpy(page, MARK);
	neighbour_start(&neighbour);
	snprintf(text, sizeof(text), "%lx %d %d", (unsigned long)page, getpid(), neighbour.pid);
	setenv("VICTIM", text, 1);

	pid_t pid = spawn_self("attack", which);

	must(pid > 0);
	int status = watch(pid, &neighbour, &works);

	kill(-pid, SIGKILL); /* what else it has started */
	while (waitpid(-pid, NULL, 0) > 0)
		;
	name = which;
	print_end(status, works ? "works" : "lost", strcmp(page, MARK) ? "changed" : "whole");
	kill(neighbour.pid, SIGKILL);
	waitpid(neighbour.pid, NULL, 0);
	close(neighbour.from);
	munmap(page, PAGE);
}

int main(int argc, char **argv)
{
	if (argc > 1 && neighbour_main(argv[1]))
		return 1;
	if (argc > 2 && !strcmp(argv[1], "attack")) {
		while (!strcmp(argv[2], "sleep")) /* part of a bomb */
			pause();
		setpgid(0, 0);
		return !run(argv[2]);
	}
	if (argc == 2 && !strcmp(argv[1], "list"))
		return !run(NULL);
	if (kernel_changed()) {
		puts("this is no guest that may be attacked: uname says another name than ATTACKED_NAME");
		return 1;
	}
	read_kallsyms();
	for (int i = 1; i < argc; i++) {
		printf("try %s\n", argv[i]);
		fflush(stdout);
		if (!kernel_is("proc", "one")) {
			beside_others(argv[i]);
			continue;
		}
		if (!run(argv[i]))
			return 1;
		print_end(0, "none", "none");
	}
	return 0;
}
