#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Which `syscall` may become a call, by programs of a few lines of assembler whose answer is known. TAP; run by prove."""

import contextlib
import hashlib
import io
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
import tap  # noqa: E402
from orchardlib import cli, sidecar, sites  # noqa: E402
from tap import error_of, test  # noqa: E402

WORK = tempfile.TemporaryDirectory()
START = "\t.text\n\t.globl _start\n\t.type _start, @function\n_start:\n"
BELOW = "the 8 bytes below the stack pointer"


def program(code, *flags):
    """The bytes of the program that this assembler is."""
    source, out = Path(WORK.name) / "p.S", Path(WORK.name) / "p"
    source.write_text(START + code + "\n\t.size _start, . - _start\n", encoding="ascii")
    subprocess.run(["gcc", "-nostdlib", "-static", *flags, "-Wl,-z,noexecstack", "-o", str(out), str(source)], check=True)
    return out.read_bytes()


def answers(code, *flags):
    """What becomes of each syscall that was found: "" or why not; and how many more 0f 05 there are."""
    found, other = sites.find(program(code, *flags))
    return [site.why for site in found], other


def kept(code, why):
    got, _ = answers(code)
    assert len(got) == 1 and why in got[0], got


def rewritten(code, count=1):
    got, _ = answers(code)
    assert got == [""] * count, got


@test
def plain_ones_are_rewritten():
    rewritten("mov $39, %eax; syscall; ret")
    rewritten("mov $39, %eax; syscall; mov $110, %eax; syscall; ret", 2)
    rewritten("sub $24, %rsp; mov %rdi, (%rsp); mov %rsp, %rdi; mov $0, %eax; syscall; mov (%rsp), %rax; add $24, %rsp; ret")
    rewritten("push %rbp; mov %rsp, %rbp; sub $32, %rsp; lea -16(%rbp), %rsi; mov $228, %eax; syscall; mov -16(%rbp), %rax; "
              "leave; ret")


@test
def data_in_the_red_zone_is_kept():
    kept("mov %rdi, -8(%rsp); mov $39, %eax; syscall; mov -8(%rsp), %rax; ret", f"reads {BELOW}")
    kept("mov %edi, -4(%rsp); mov $39, %eax; syscall; mov -4(%rsp), %eax; ret", f"reads {BELOW}")
    kept("movups %xmm0, -16(%rsp); mov $39, %eax; syscall; movups -16(%rsp), %xmm0; ret", f"reads {BELOW}")
    kept("push %rbp; mov %rsp, %rbp; mov %rdi, -8(%rbp); mov $39, %eax; syscall; mov -8(%rbp), %rax; pop %rbp; ret",
         f"reads {BELOW}")
    kept("mov %rdi, -8(%rsp); mov $39, %eax; syscall; test %eax, %eax; js 1f; xor %eax, %eax; ret; 1: mov -8(%rsp), %rax; ret",
         f"reads {BELOW}")


@test
def red_zone_data_above_or_written_anew_is_no_reason():
    rewritten("mov %rdi, -16(%rsp); mov $39, %eax; syscall; mov -16(%rsp), %rax; ret")
    rewritten("mov %rdi, -8(%rsp); mov $39, %eax; syscall; mov %rax, -8(%rsp); mov -8(%rsp), %rax; ret")
    rewritten("mov $39, %eax; syscall; push %rax; pop %rdx; ret")
    kept("mov %rdi, -8(%rsp); mov $39, %eax; syscall; mov %eax, -8(%rsp); mov -8(%rsp), %rax; ret", f"reads {BELOW}")


@test
def pointers_into_the_red_zone_are_kept():
    kept("lea -16(%rsp), %rsi; mov $228, %eax; syscall; ret", "a pointer to below the stack pointer")
    kept("mov %rsp, %rsi; sub $8, %rsi; mov $228, %eax; syscall; ret", "a pointer to below the stack pointer")
    kept("mov $39, %eax; syscall; lea -8(%rsp), %rdi; mov (%rdi), %rax; ret", f"lea points to {BELOW}")
    kept("mov $39, %eax; syscall; mov %rsp, %rdi; sub $8, %rdi; mov (%rdi), %rax; ret", f"makes a pointer to {BELOW}")
    kept("sub $24, %rsp; mov %rsp, %rdi; add $24, %rsp; mov $39, %eax; syscall; mov (%rdi), %rax; ret",
         "a pointer to below the stack pointer")


@test
def what_is_not_understood_is_kept():
    kept("mov %rdi, -64(%rsp, %rax, 8); mov $39, %eax; syscall; ret", "an array on the stack")
    kept("mov %rsp, %rax; and $-16, %rsp; mov $39, %eax; syscall; mov %rax, %rsp; ret", "of a stack address")
    kept("mov $39, %eax; syscall; jmp *%rdi", "a jump to where nobody knows")
    kept("test %edi, %edi; je 1f; push %rax; 1: mov $39, %eax; syscall; ret", "the stack pointer depends on the way")
    kept("mov $39, %eax; syscall; push %rdi; ret", "a return to what was pushed")
    kept("mov $70000, %eax; syscall; ret", "its number is beyond page zero")


@test
def flags_and_registers_that_are_read_behind_are_kept():
    kept("cmp %rdi, %rsi; mov $39, %eax; syscall; je 1f; ret; 1: ret", "reads the flags")
    kept("mov $39, %eax; syscall; adc %rdi, %rax; ret", "reads the flags")
    kept("mov $39, %eax; syscall; mov %rcx, %rax; ret", "reads rcx")
    kept("mov $39, %eax; syscall; mov %r11, %rax; ret", "reads r11")
    rewritten("mov $39, %eax; syscall; xor %ecx, %ecx; test %eax, %eax; je 1f; mov %rcx, %rax; 1: ret")


@test
def data_is_never_code():
    assert answers("mov $39, %eax; syscall; jmp 1f; .byte 0x0f, 0x05; 1: ret") == ([""], 1)
    assert answers("mov $0x050f, %eax; ret; .byte 0x0f, 0x05") == ([], 2)
    assert answers("call 1f; .byte 0x0f, 0x05; 1: pop %rax; ret") == ([], 1)
    # Nobody comes back from f, so what stands behind the call may be anything.
    assert answers("call f; .byte 0x0f, 0x05; ret; .size _start, . - _start; .type f, @function; f: mov $60, %eax; syscall; hlt; "
                   ".size f, . - f; .type g, @function; g: ret") == ([""], 1)
    assert answers("ret; .byte 0xb8; .byte 0x0f, 0x05, 0, 0; ret") == ([], 1)


@test
def a_call_that_comes_back_is_passed():
    assert answers("call f; mov $39, %eax; syscall; ret; .size _start, . - _start; "
                   ".type f, @function; f: ret; .size f, . - f") == ([""], 0)


@test
def instructions_that_share_bytes_are_kept():
    # The jump leads behind the lock prefix, as old libraries do.
    kept("test %edi, %edi; je 1f+1; 1: lock incl (%rsi); mov $39, %eax; syscall; ret", "instructions that share bytes")


@test
def a_site_in_two_pages_is_kept():
    kept("\t.p2align 12\n\t.fill 4090, 1, 0x90\n\tmov $39, %eax; syscall; ret", "it lies in two pages")


@test
def a_part_set_aside_knows_what_its_function_did():
    aside = "ret; .size _start, . - _start; .type part, @function; " \
            "part: mov $39, %eax; syscall; mov (%rsi), %rax; ret; .size part, . - part"
    kept("lea -8(%rsp), %rsi; jmp part; " + aside, "a pointer to below the stack pointer")
    kept("push %rax; jmp part; " + aside, "a return to what was pushed")
    rewritten("jmp part; " + aside)
    rewritten("call part; " + aside)


@test
def a_stripped_program_is_known_by_its_frames():
    code = "\t.cfi_startproc\n mov $39, %eax; call f; ret\n\t.cfi_endproc\n" \
           "\t.skip 64, 0x90\nf:\n\t.cfi_startproc\n\tmov $39, %eax; syscall; ret\n\t.cfi_endproc"
    assert answers(code, "-Wl,-s") == ([""], 0)


@test
def programs_that_are_damaged_have_one_line():
    data = program("mov $39, %eax; syscall; ret")
    assert "cut off" in error_of(sites.find, data[:100])
    name = Path(WORK.name) / "text"
    name.write_text("no program", encoding="ascii")
    assert "not an x86-64 ELF program" in error_of(sidecar.main, cli.parse(["rewrite", str(name)]))
    assert "No such file" in error_of(sidecar.main, cli.parse(["rewrite", str(name) + "x"]))


@test
def the_sidecar_names_the_file_and_its_offsets():
    data = program("mov $39, %eax; syscall; mov %rdi, -8(%rsp); mov $39, %eax; syscall; mov -8(%rsp), %rax; ret")
    digest = hashlib.sha256(data).hexdigest()
    found, _ = sites.find(data)
    first, second, *rest = sidecar.encode(digest, len(data), found).splitlines()
    assert first == f"file {digest} {len(data)} 1 1" and not rest, first
    assert data[int(second, 16):int(second, 16) + 2] == b"\x0f\x05"


@test
def the_command_shows_both_counts_and_why():
    path = Path(WORK.name) / "shown"
    path.write_bytes(program("mov $39, %eax; syscall; lea -8(%rsp), %rsi; mov $228, %eax; syscall; ret"))
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        sidecar.main(cli.parse(["rewrite", str(path), "-v"]))
    text = out.getvalue()
    assert "kept 2" in text and "rewritten 0" in text, text
    assert f"lea points to {BELOW}" in text and "a pointer to below the stack pointer" in text, text
    assert "  228  " in text, text


if __name__ == "__main__":
    sys.exit(tap.main())
