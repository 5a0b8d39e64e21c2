# SPDX-License-Identifier: BSD-2-Clause
"""
Where a program's `syscall` may become `call *%rax`, which is as long (docs/rewritten-gate.md). The call writes its return address
into the 8 bytes below the stack pointer, where the System V ABI lets a function keep data: the red zone. A site is taken only
when it is proved, from the instructions that flow.py reached, that nobody reads these bytes any more:

    no pointer to below the stack pointer was made on any way to the site, and
    on every way from it they are written, or the function returns or calls, before anything reads them.

The same is asked of the arithmetic flags, RCX and R11, which the kernel's way back by the call spends otherwise than `syscall`.
What is not understood is a reason to keep the instruction; each site that is kept has one.
"""

import dataclasses

from . import decoder, flow

PAGE = 4096
SCRATCH = ("rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11")
NARROW = {}
for _letter in "abcd":
    for _name in (f"e{_letter}x", f"{_letter}x", f"{_letter}l", f"{_letter}h"):
        NARROW[_name] = f"r{_letter}x"
for _name in ("si", "di", "bp", "sp"):
    NARROW.update({f"e{_name}": f"r{_name}", _name: f"r{_name}", f"{_name}l": f"r{_name}"})
for _number in range(8, 16):
    NARROW.update({f"r{_number}{_end}": f"r{_number}" for _end in "dwb"})
# What sets all of the arithmetic flags, whatever its operands.
SETS_FLAGS = {"cmp", "test", "add", "sub", "and", "or", "xor", "neg"}

SLOT, FLAGS = "the 8 bytes below the stack pointer", "the flags"


class Unknown(Exception):
    """Something that the proof does not understand, and what."""


@dataclasses.dataclass(frozen=True)
class Stack:
    """What is known in front of an instruction. Offsets are from RSP at the function's start."""

    sp: int = 0
    pointers: tuple = ()        # ((register, offset), …): those that lead into the stack
    low: int = 0                # the lowest address that a pointer was made of
    number: int | None = None   # RAX, when it is a constant

    def at(self, register):
        return self.sp if register == "rsp" else dict(self.pointers).get(register)


@dataclasses.dataclass
class Site:
    """One `syscall`. `why` is empty when it may be rewritten, else the reason to keep it."""

    address: int
    offset: int                 # in the file
    function: int
    number: int | None = None
    why: str = ""


def wide(name):
    return NARROW.get(name, name)


class Memory:
    """A memory operand, as far as the stack is concerned: its offset, or None when it is somewhere else."""

    def __init__(self, insn, operand, state):
        base = insn.reg_name(operand.mem.base) if operand.mem.base else None
        index = insn.reg_name(operand.mem.index) if operand.mem.index else None
        self.size = operand.size
        self.offset = None
        if insn.reg_name(operand.mem.segment) in ("fs", "gs") if operand.mem.segment else False:
            return
        if base is not None and state.at(wide(base)) is not None:
            if index:
                raise Unknown("an array on the stack")
            self.offset = state.at(wide(base)) + operand.mem.disp
        elif index is not None and state.at(wide(index)) is not None:
            raise Unknown("an array on the stack")


class Insn:
    """An instruction with what the proof asks of it."""

    def __init__(self, capstone_insn):
        self.insn = insn = capstone_insn
        self.name = insn.mnemonic.split()[-1]
        self.operands = insn.operands
        reads, writes = insn.regs_access()
        self.reads = {wide(insn.reg_name(r)) for r in reads}
        self.writes = {wide(insn.reg_name(r)) for r in writes}

    def register(self, i):
        """The name of operand i when it is a register, as it is written; else None."""
        return self.insn.reg_name(self.operands[i].reg) if len(self.operands) > i and self.operands[i].type == 1 else None

    def immediate(self, i):
        return self.operands[i].imm if len(self.operands) > i and self.operands[i].type == 2 else None

    def memory(self, state):
        for operand in self.operands:
            if operand.type == 3:
                yield operand, Memory(self.insn, operand, state)

    def is_zeroing(self):
        """`xor %eax,%eax` reads nothing."""
        return self.name in ("xor", "sub", "pxor", "xorps") and len(self.operands) == 2 and self.register(0) is not None \
            and self.register(0) == self.register(1)


def step(insn, state):
    """The state behind an instruction."""
    pointers, sp, low, number = dict(state.pointers), state.sp, state.low, state.number
    name = insn.name
    memory = [place for _, place in insn.memory(state)]
    if "rax" in insn.writes:
        number = None

    def derive(register, offset):
        nonlocal sp, low
        if register == "rsp":
            sp = offset
        else:
            pointers[register] = offset
            low = min(low, offset)

    def drop(registers):
        for register in registers:
            pointers.pop(register, None)

    target, source = insn.register(0), insn.register(1)
    into = wide(target) if target else None
    if name in ("push", "pop") and insn.operands[0].size != 8:
        raise Unknown(f"a {name} of {insn.operands[0].size} bytes")
    if name == "push":
        sp -= 8
        if target and state.at(into) is not None:
            low = min(low, state.at(into))
        elif insn.immediate(0) is not None:
            pass
    elif name == "pop":
        sp += 8
        drop([into])
        if into == "rsp":
            raise Unknown("the stack pointer is popped")
    elif name == "call":
        drop(SCRATCH)
        number = None
    elif name == "syscall":     # Capstone does not say what it writes
        drop(("rax", "rcx", "r11"))
        number = None
    elif name == "leave":
        if "rbp" not in pointers:
            raise Unknown("a leave without a frame")
        sp = pointers.pop("rbp") + 8
    elif name in ("mov", "movabs") and target:
        found = state.at(wide(source)) if source and insn.operands[0].size == 8 else None
        if into == "rsp" and found is None:
            raise Unknown("the stack is changed")
        drop([into])
        if found is not None:
            derive(into, found)
        value = insn.immediate(1)
        if into == "rax" and value is not None and insn.operands[0].size >= 4:
            number = value & (0xffffffff if insn.operands[0].size == 4 else 0xffffffffffffffff)
    elif name == "mov" and source and insn.operands[0].type == 3:
        if state.at(wide(source)) is not None:
            low = min(low, state.at(wide(source)))
    elif name == "lea":
        drop([into])
        if memory[0].offset is not None:
            derive(into, memory[0].offset)
        elif into == "rsp":
            raise Unknown("the stack is changed")
    elif name in ("add", "sub") and target and state.at(into) is not None:
        value = insn.immediate(1)
        if value is None or insn.operands[0].size != 8:
            raise Unknown("the stack is changed by what is in a register")
        derive(into, state.at(into) + (value if name == "add" else -value))
    elif name in ("cmp", "test"):
        pass
    else:
        explicit = {wide(insn.insn.reg_name(o.reg)) for o in insn.operands if o.type == 1}
        if not insn.is_zeroing():
            for register in explicit & insn.reads:
                if state.at(register) is not None:
                    raise Unknown(f"{name} of a stack address")
        if "rsp" in explicit and "rsp" in insn.writes:
            raise Unknown("the stack is changed")
        if into == "rax" and insn.is_zeroing():
            number = 0
        if name == "enter":
            raise Unknown("enter")
        drop(insn.writes - {"rsp"})
    return Stack(sp, tuple(sorted(pointers.items())), low, number)


def merge(a, b):
    if a.sp != b.sp:
        raise Unknown("the stack pointer depends on the way")
    one, other = dict(a.pointers), dict(b.pointers)
    if one.get("rbp") != other.get("rbp"):
        raise Unknown("the frame pointer depends on the way")
    same = tuple(sorted((r, k) for r, k in one.items() if other.get(r) == k))
    return Stack(a.sp, same, min(a.low, b.low), a.number if a.number == b.number else None)


class Proof:
    """Of the sites of one group of functions."""

    def __init__(self, code, starts):
        self.code = code
        self.functions = [code.functions[start] for start in starts]
        self.reached = {at: size for function in self.functions for at, size in function.reached.items()}
        self.insns = {}
        self.states = {}
        jumped = {start for function in self.functions for start in function.jumps}
        if any(function.tangled for function in self.functions):
            raise Unknown("instructions that share bytes")
        if any(function.indirect for function in self.functions):
            raise Unknown("a jump to where nobody knows")
        todo = [(function.start, Stack()) for function in self.functions if function.start not in jumped]
        while todo:
            at, state = todo.pop()
            old = self.states.get(at)
            state = merge(old, state) if old else state
            if state == old:
                continue
            self.states[at] = state
            after = step(self.insn(at), state)
            todo += [(place, after) for place in self.successors(at)]

    def insn(self, at):
        if at not in self.insns:
            if at not in self.reached:
                raise Unknown("the way leads out of what is known")
            segment = self.code.segment_of(at)
            offset = at - segment.start
            self.insns[at] = Insn(decoder.full(segment.data[offset:offset + self.reached[at]], at))
        return self.insns[at]

    def successors(self, at):
        """Within the group; what leaves it leads nowhere."""
        insn, after = self.insn(at), at + self.reached[at]
        name = insn.name
        if name in flow.ENDS or name.startswith(("ret", "iret")):
            return []
        if name == "call":
            return [after] if after in self.reached else []
        if not name.startswith(("j", "loop", "xbegin")):
            return [after]
        target = decoder.target(insn.insn.op_str)
        inside = [target] if target in self.reached else []
        return inside if name == "jmp" else [*inside, after]

    def judge(self, site):
        state = self.states.get(site.address)
        if state is None:
            raise Unknown("the way to it is not known")
        site.number = state.number
        if state.low < state.sp:
            raise Unknown("a pointer to below the stack pointer")
        if site.address % PAGE == PAGE - 1:
            raise Unknown("it lies in two pages")
        if state.number is not None and state.number >= PAGE:
            raise Unknown("its number is beyond page zero")
        slot = state.sp - 8
        live = frozenset((SLOT, FLAGS, "rcx", "r11"))
        todo, seen = [(at, live) for at in self.successors(site.address)], set()
        while todo:
            at, live = todo.pop()
            if (at, live) in seen:
                continue
            seen.add((at, live))
            left = frozenset(self.read_or_written(at, slot, live))
            if left:
                todo += [(place, left) for place in self.successors(at)]

    def read_or_written(self, at, slot, live):
        """What of `live` may still be read behind the instruction at `at`; Unknown when it reads some of it."""
        insn, state = self.insn(at), self.states.get(at)
        if state is None:
            raise Unknown("the way from it is not known")
        name = insn.name
        left = set(live)
        if name.startswith("ret") and state.sp != 0:
            raise Unknown("a return to what was pushed")
        self._slot(insn, state, slot, left)
        if "rflags" in insn.reads and FLAGS in left:
            raise Unknown(f"{name} reads {FLAGS}")
        for register in ("rcx", "r11"):
            if register in left and register in insn.reads and name != "call" and not insn.is_zeroing():
                raise Unknown(f"{name} reads {register}")
        if name == "call" or name.startswith("ret"):
            left -= {FLAGS, "rcx", "r11"}
        if name in SETS_FLAGS:
            left.discard(FLAGS)
        for operand in insn.operands:
            if operand.type == 1 and operand.size >= 4 and operand.access & 2:
                left.discard(wide(insn.insn.reg_name(operand.reg)))
        if name == "syscall":
            left -= {"rcx", "r11"}
        if name.startswith("j") and not self._stays(insn):
            if name != "jmp" or state.sp != 0:
                raise Unknown("a jump out of the function")
            return set()
        return set() if name in flow.ENDS or name.startswith("ret") else left

    def _stays(self, insn):
        return decoder.target(insn.insn.op_str) in self.reached

    def _slot(self, insn, state, slot, left):
        """The 8 bytes from `slot` on."""
        if SLOT not in left:
            return
        name = insn.name
        written = False
        for operand, memory in insn.memory(state):
            if memory.offset is None:
                continue
            if name == "lea":
                if memory.offset < slot + 8:
                    raise Unknown(f"lea points to {SLOT}")
                continue
            if memory.offset + memory.size <= slot or memory.offset >= slot + 8:
                continue
            if name != "mov" or operand is not insn.operands[0]:
                raise Unknown(f"{name} reads {SLOT}")   # or writes it, but Capstone errs about some
            written = memory.offset <= slot and memory.offset + memory.size >= slot + 8
        if name in ("mov", "add", "sub") and insn.register(0) not in (None, "rsp") and insn.operands[0].size == 8:
            after = step(insn, state)
            if after.low < min(state.low, slot + 8):
                raise Unknown(f"{name} makes a pointer to {SLOT}")
        if name in ("pop", "leave") or name.startswith("ret"):
            read = state.at("rbp") if name == "leave" else state.sp
            if read is not None and slot - 8 < read < slot + 8:
                raise Unknown(f"{name} reads {SLOT}")
        if name == "push":
            written = written or state.sp - 8 == slot
        if name == "call" and state.sp >= slot + 8 or name.startswith("ret") and state.sp >= slot:
            written = True      # what lies below is the callee's, or nobody's
        if written:
            left.discard(SLOT)


def find(data):
    """The Sites of an ELF program's bytes, by address, and how often 0f 05 was seen where no instruction was proved to begin."""
    code = flow.Flow(data)
    groups = code.groups()
    proofs, sites = {}, []
    for address in sorted(code.syscalls):
        segment, function = code.segment_of(address), code.function_of(address)
        site = Site(address, address - segment.start + segment.offset, function.start)
        group = tuple(sorted(groups.get(function.start, [function.start])))
        try:
            if group not in proofs:
                proofs[group] = _prove(code, group)
            if isinstance(proofs[group], Unknown):
                raise proofs[group]
            proofs[group].judge(site)
        except Unknown as unknown:
            site.why = str(unknown)
        sites.append(site)
    return sites, sum(segment.data.count(b"\x0f\x05") for segment in code.segments) - len(sites)


def _prove(code, group):
    try:
        return Proof(code, group)
    except Unknown as unknown:
        return unknown
