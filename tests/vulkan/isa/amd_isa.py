"""Counts what stands in the machine code of AMD GPUs, as Mesa's driver prints it.

Code is looked at in the order in which it is printed, not in that in which it runs: the blocks of a loop one after another,
whatever is branched over.
"""
import re
from typing import NamedTuple

LABEL = re.compile(r"(\w+):$")
REPEATED = re.compile(r"\(then repeated (\d+) times\)")
# Products of 32-bit integers take a quarter of the rate of other instructions; those of 24 bits do not.
MULTIPLY = re.compile(r"v_(mul_lo_[iu]32|mul_hi_[iu]32|mad_u64_u32|mad_i64_i32)")
DOT = re.compile(r"v_dot\d")
FMA = re.compile(r"v_(dual_|pk_)?(fma|fmac|fmaak|fmamk|mac|madak|madmk|mad)_(legacy_)?f(16|32)")
LOAD = re.compile(r"(?:buffer|global|flat)_load_(\w+)")
STORE = re.compile(r"(?:buffer|global|flat)_(?:store|atomic)_")
SCALAR_LOAD = re.compile(r"s_(buffer_)?load_")
BRANCH = re.compile(r"s_(cbranch_\w+|branch)$")
# As gfx11 and as earlier ones call them.
WIDTHS = {"u8": 8, "i8": 8, "ubyte": 8, "sbyte": 8, "d16_u8": 8, "d16_i8": 8, "u16": 16, "i16": 16, "ushort": 16, "sshort": 16,
          "d16_b16": 16, "short_d16": 16, "b32": 32, "dword": 32, "b64": 64, "dwordx2": 64, "b96": 96, "dwordx3": 96,
          "b128": 128, "dwordx4": 128}


class Instruction(NamedTuple):
    name: str
    operands: str

    def load_width(self):
        """Bits a lane; None: no load from memory."""
        match = LOAD.match(self.name)
        return WIDTHS[match.group(1)] if match else None

    def wait(self):
        """How many loads may be left after it; None: it does not wait for loads."""
        if self.name != "s_waitcnt":
            return None
        match = re.search(r"vmcnt\((\d+)\)", self.operands)
        if match:
            return int(match.group(1))
        return None if "cnt(" in self.operands else 0  # a bare number stands for all counters


class Code(NamedTuple):
    instructions: list
    labels: dict  # name -> the position of what follows


class Loop(NamedTuple):
    first: int
    last: int  # the branch back

    def contains(self, other):
        return self.first <= other.first and other.last <= self.last and self != other


def parse(text):
    instructions, labels = [], {}
    for line in text.splitlines():
        line = line.split(";")[0].strip()
        if not line:
            continue
        label, repeated = LABEL.match(line), REPEATED.match(line)
        if label:
            labels[label.group(1)] = len(instructions)
        elif repeated:
            instructions += [instructions[-1]] * int(repeated.group(1))
        else:
            name, _, operands = line.partition(" ")
            instructions.append(Instruction(re.sub(r"_(e32|e64|dpp|sdwa)$", "", name), operands.strip()))
    return Code(instructions, labels)


def loops(code):
    """A loop lies between a label and the last branch back to it."""
    ends = {}
    for at, instruction in enumerate(code.instructions):
        target = code.labels.get(instruction.operands) if BRANCH.match(instruction.name) else None
        if target is not None and target <= at:
            ends[target] = at
    return [Loop(first, last) for first, last in ends.items()]


def innermost(all_loops):
    return [a for a in all_loops if not any(a.contains(b) for b in all_loops)]


def main_loop(code):
    """The longest one that has no other within; None: there is no loop."""
    return max(innermost(loops(code)), key=lambda loop: loop.last - loop.first, default=None)


def body(code, loop):
    return code.instructions[loop.first:loop.last + 1]


def count(instructions, pattern):
    return sum(1 for i in instructions if pattern.match(i.name))


def loads_by_width(instructions):
    widths = {}
    for i in instructions:
        width = i.load_width()
        if width is not None:
            widths[width] = widths.get(width, 0) + 1
    return widths


def loads_before_first_wait(instructions):
    n = 0
    for i in instructions:
        if i.wait() is not None:
            break
        n += i.load_width() is not None
    return n


def loads_in_flight(instructions, stores_are_waited_for, rounds=1):
    """How many loads there are at most that nothing has waited for yet. They end in order, and before gfx10 stores with them."""
    waiting, most = [], 0
    for i in list(instructions) * rounds:
        if i.load_width() is not None:
            waiting.append("load")
        elif stores_are_waited_for and STORE.match(i.name):
            waiting.append("store")
        left = i.wait()
        if left is not None:
            waiting = waiting[max(0, len(waiting) - left):]
        most = max(most, waiting.count("load"))
    return most


def multiplies_beside_dots(code):
    """Products of 32-bit integers in the smallest loops around dot products, or in all where no loop is; None: no dots."""
    around = set()
    for at, instruction in enumerate(code.instructions):
        if DOT.match(instruction.name):
            holding = [loop for loop in loops(code) if loop.first <= at <= loop.last] or [Loop(0, len(code.instructions) - 1)]
            around.add(min(holding, key=lambda loop: loop.last - loop.first))
    return sum(count(body(code, loop), MULTIPLY) for loop in around) if around else None


def counts(text, stores_are_waited_for):
    """Of a kernel: name -> number. What is said of its loop is said of main_loop()."""
    code = parse(text)
    everything = code.instructions
    widths = loads_by_width(everything)
    loop = main_loop(code)
    inside = body(code, loop) if loop else []
    return {
        "dot": count(everything, DOT),
        "mul32": count(everything, MULTIPLY),
        "fma": count(everything, FMA),
        "load8": widths.get(8, 0),
        "load16": widths.get(16, 0),
        "load32": widths.get(32, 0),
        "load64": widths.get(64, 0) + widths.get(96, 0),
        "load128": widths.get(128, 0),
        "scalar_loads": count(everything, SCALAR_LOAD),
        "before_wait": loads_before_first_wait(everything),
        "loop": len(inside),
        "loop_dot": count(inside, DOT),
        "loop_mul32": count(inside, MULTIPLY),
        "loop_fma": count(inside, FMA),
        "in_flight": loads_in_flight(inside, stores_are_waited_for, rounds=2),
        "mul32_beside_dots": multiplies_beside_dots(code),
    }
