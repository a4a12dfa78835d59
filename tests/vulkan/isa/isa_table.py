"""The table of papers/rows/gpu_isa.tsv: rows from what the driver tells, bounds that they must keep, comparison with the
rows of before."""
from fnmatch import fnmatchcase
from typing import Callable, NamedTuple

import amd_isa

# family -> whether waiting for loads is waiting for stores, too (before gfx10)
FAMILIES = {"gfx1100": False, "navi21": False, "vega20": True}

STATISTICS = {"vgprs": "VGPRs", "sgprs": "SGPRs", "spilled_vgprs": "Spilled VGPRs", "spilled_sgprs": "Spilled SGPRs",
              "scratch": "Scratch size", "lds": "LDS size", "waves": "Subgroups per SIMD", "instructions": "Instructions",
              "inverse_throughput": "Inverse Throughput"}
NUMBERS = (*STATISTICS, "dot", "mul32", "fma", "load8", "load16", "load32", "load64", "load128", "scalar_loads", "before_wait",
           "loop", "loop_dot", "loop_mul32", "loop_fma", "in_flight", "mul32_beside_dots")
COLUMNS = ("kernel", "family", *NUMBERS, "first_use")
# A number that moves so is worse, and is not taken over without a word: +1 where less is better, -1 where more is.
WORSE = {"vgprs": 1, "spilled_vgprs": 1, "spilled_sgprs": 1, "scratch": 1, "lds": 1, "waves": -1, "mul32": 1, "in_flight": -1,
         "mul32_beside_dots": 1, "inverse_throughput": 1}
# An estimate of the compiler's, which moves with every instruction.
ROOM = {"inverse_throughput": 1.1}


class Bound(NamedTuple):
    what: str
    holds: Callable  # row -> bool
    shown: tuple  # the numbers that it is about
    kernels: tuple  # patterns of row["kernel"]; the "*" of constants that do not matter
    unless: tuple = ()  # patterns of those that do not keep it yet

    def asks(self, kernel):
        return any(fnmatchcase(kernel, p) for p in self.kernels) and not any(fnmatchcase(kernel, p) for p in self.unless)


def in_registers(row):
    return row["spilled_vgprs"] == row["spilled_sgprs"] == row["scratch"] == 0


def dots_alone(row):
    return row["dot"] > 0 and row["mul32_beside_dots"] == 0


def four_in_flight(row):
    return row["in_flight"] >= 4


# What a kernel must keep on every family. A new rung joins with a pattern; constants stand behind the slash, and the second
# one of a product is its tile: 1 in decoding.
BOUNDS = (
    Bound("no register is spilled to memory", in_registers, ("spilled_vgprs", "spilled_sgprs", "scratch"), ("*",)),
    Bound("products are dot products: no 32-bit multiply in their loop", dots_alone, ("dot", "mul32_beside_dots"), ("*.dot/*",)),
    Bound("at least 4 loads are in flight in the main loop", four_in_flight, ("in_flight",),
          ("ternary_matmul.dot/*", "ternary_matmul/*.1.*", "ternary_matmul_f32/*.1.*", "packed_matmul.dot/*", "packed_matmul/*.1.*",
           "packed_matmul_f32/*.1.*", "dense_matmul/*.1.*", "attention_step/*"),
          # A step of 16 or 32 columns is one or two loads of activations. Of fused operations (norm_qkv, expert_down, …) the
          # longest loop may be that of their input, not the product's.
          unless=("ternary_matmul/*.1.1.16.*", "ternary_matmul/*.1.1.32.*", "ternary_matmul.dot/*.1.1.16.*",
                  "ternary_matmul.dot/*.1.1.32.*")),
)


def key_of(kernel):
    """"ternary_matmul/32.1.4.64", "add/-", "add/-.aliased" """
    constants = ".".join(str(c) for c in kernel["constants"]) or "-"
    return f"{kernel['kernel']}/{constants}" + (".aliased" if kernel["aliased"] else "")


def row_of(kernel, family):
    row = {"kernel": key_of(kernel), "family": family, "first_use": kernel["first_use"]}
    row |= {name: kernel["statistics"][theirs] for name, theirs in STATISTICS.items()}
    return row | amd_isa.counts(kernel["isa"], FAMILIES[family])


def in_order(rows):
    return sorted(rows, key=lambda row: (row["kernel"], list(FAMILIES).index(row["family"])))


def text_of(rows, made_by):
    lines = [f"# {made_by}", "\t".join(COLUMNS)]
    lines += ["\t".join("-" if row[c] is None else str(row[c]) for c in COLUMNS) for row in in_order(rows)]
    return "\n".join(lines) + "\n"


def read(text):
    """(made_by, rows)"""
    lines = text.splitlines()
    names = lines[1].split("\t")
    rows = [dict(zip(names, line.split("\t"))) for line in lines[2:]]
    for row in rows:
        row |= {name: None if row[name] == "-" else int(row[name]) for name in NUMBERS if name in row}
    return lines[0].removeprefix("# "), rows


def broken_bounds(rows, bounds=BOUNDS):
    return [f"{row['kernel']} on {row['family']}: {bound.what}, but {', '.join(f'{n} is {row[n]}' for n in bound.shown)}"
            for bound in bounds for row in in_order(rows) if bound.asks(row["kernel"]) and not bound.holds(row)]


def kept_now(rows, bounds=BOUNDS):
    """Exceptions that are none any more: all their rows keep the bound."""
    found = []
    for bound in bounds:
        for pattern in bound.unless:
            rows_of_it = [row for row in rows if fnmatchcase(row["kernel"], pattern)]
            if rows_of_it and all(bound.holds(row) for row in rows_of_it):
                found.append(f"{pattern}: {bound.what}, by now: take it out of the exceptions")
    return found


class Difference(NamedTuple):
    text: str
    worse: bool


def is_worse(name, before, now):
    if name not in WORSE or before is None or now is None or before == now:
        return False
    return now > before * ROOM.get(name, 1) if WORSE[name] > 0 else now < before


def differences(before, now):
    """What rows of two tables have, one without the other, and the numbers that moved."""
    old = {(row["kernel"], row["family"]): row for row in before}
    new = {(row["kernel"], row["family"]): row for row in now}
    found = [Difference(f"{kernel} on {family} is not in the table", True) for kernel, family in new if (kernel, family) not in old]
    found += [Difference(f"{kernel} on {family} is in the table alone", True) for kernel, family in old if (kernel, family) not in new]
    for key in new:
        moved = [name for name in NUMBERS if key in old and old[key].get(name) != new[key][name]]
        if moved:
            worse = [name for name in moved if is_worse(name, old[key].get(name), new[key][name])]
            text = ", ".join(f"{name} {old[key].get(name)} -> {new[key][name]}" + (" (worse)" if name in worse else "")
                             for name in moved)
            found.append(Difference(f"{key[0]} on {key[1]}: {text}", bool(worse)))
    return found
