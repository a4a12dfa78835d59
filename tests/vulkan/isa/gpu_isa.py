"""What the compiler of Mesa's AMD driver makes of every kernel, without a GPU: gpu_isa.py PROGRAM TABLE GLSLC [OPTIONS].

PROGRAM is build/tests/vulkan/isa/gpu_isa, TABLE papers/rows/gpu_isa.tsv, GLSLC the compiler that the kernels were built with.
Without options: checks the bounds, and compares with the table. That of another Mesa or glslc is not compared with.
  --write              renews the table
  --code PATTERN       prints the machine code of the kernels of that name instead ("ternary_matmul/32.1.4.64", "attention*")
  --family FAMILY      of that family (gfx1100)
Exit code 77: skipped, with the reason.
"""
import argparse
import glob
import json
import os
import pathlib
import subprocess
import sys
from fnmatch import fnmatchcase

import isa_table

MANIFESTS = ("/usr/share/vulkan/icd.d/radeon_icd*.json", "/usr/local/share/vulkan/icd.d/radeon_icd*.json",
             "/etc/vulkan/icd.d/radeon_icd*.json")
RENEW = "./dev gpu-isa --write renews papers/rows/gpu_isa.tsv; say in the commit why it is worth it"


def skip(reason):
    print("skipped: " + reason)
    sys.exit(77)


def manifest():
    found = [path for pattern in MANIFESTS for path in sorted(glob.glob(pattern))]
    if not found:
        skip("Mesa's AMD driver is not installed (Debian: apt install mesa-vulkan-drivers)")
    return found[0]


def compiled(program, family):
    """(what the driver says of itself, its kernels)"""
    driver = manifest()
    environment = dict(os.environ, RADV_FORCE_FAMILY=family, VK_DRIVER_FILES=driver, VK_ICD_FILENAMES=driver)
    environment.pop("TRITIUM_VALIDATION", None)
    done = subprocess.run([program], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode == 77:
        skip(done.stderr.strip())
    if done.returncode != 0:
        sys.exit(f"{program} on {family}: exit code {done.returncode}\n{done.stderr}")
    device, *kernels = [json.loads(line) for line in done.stdout.splitlines()]
    if not device["device"].startswith("Null hardware"):
        skip(f"{device['driver']} compiles for {device['device']}, not for {family}: Mesa 26 no longer has RADV_FORCE_FAMILY")
    if not all("s_endpgm" in kernel["isa"] for kernel in kernels):
        skip(f"{device['driver']} does not show machine code of {family}")
    untold = [name for name in isa_table.STATISTICS.values() if name not in kernels[0]["statistics"]]
    if untold:
        skip(f"{device['driver']} does not tell {', '.join(untold)}")
    return device["driver"], kernels


def version_of(glslc):
    said = subprocess.run([glslc, "--version"], stdout=subprocess.PIPE, text=True).stdout
    return said.splitlines()[0].split()[1] if said else "unknown"


def print_code(program, family, pattern):
    _, kernels = compiled(program, family)
    named = {isa_table.key_of(kernel): kernel for kernel in kernels}
    wanted = [name for name in named if fnmatchcase(name, pattern) or name.split("/")[0] == pattern]
    if not wanted:
        sys.exit(f"there is no kernel {pattern}; there are {', '.join(sorted(named))}")
    for name in wanted:
        kernel = named[name]
        print(f"---- {name} on {family}: {kernel['first_use']}")
        print("     " + ", ".join(f"{k} {v}" for k, v in kernel["statistics"].items() if not k.lower().endswith("hash")))
        print(kernel["isa"])


def report(title, lines):
    if lines:
        print(title)
        print("".join(f"  {line}\n" for line in lines), end="")


def compare(table, made_by, rows):
    """Whether the numbers of the table are kept."""
    if not table.exists():
        print(f"{table} is not there. {RENEW}")
        return False
    made_before, before = isa_table.read(table.read_text(encoding="utf-8"))
    if made_before != made_by:
        print(f"Not compared with the table, which was made by {made_before}; this is {made_by}")
        return True
    found = isa_table.differences(before, rows)
    report("Otherwise than in the table:", [d.text for d in found if not d.worse])
    report("Not in the table, or worse than there:", [d.text for d in found if d.worse])
    if found:
        print(RENEW)
    else:
        print(f"As in the table: {len(rows)} rows")
    return not any(d.worse for d in found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("table", type=pathlib.Path)
    parser.add_argument("glslc")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--code")
    parser.add_argument("--family", default="gfx1100", choices=isa_table.FAMILIES)
    options = parser.parse_args()
    if options.code:
        print_code(options.program, options.family, options.code)
        return
    rows = []
    for family in isa_table.FAMILIES:
        driver, kernels = compiled(options.program, family)
        rows += [isa_table.row_of(kernel, family) for kernel in kernels]
    made_by = f"{driver}, glslc {version_of(options.glslc)}"
    print(f"{len(rows) // len(isa_table.FAMILIES)} kernels on {', '.join(isa_table.FAMILIES)}, by {made_by}")
    broken = isa_table.broken_bounds(rows)
    report("Bounds that are not kept:", broken)
    report("Bounds that are kept by now:", isa_table.kept_now(rows))
    if options.write:
        options.table.write_text(isa_table.text_of(rows, made_by), encoding="utf-8")
        kept = True
    else:
        kept = compare(options.table, made_by, rows)
    sys.exit(1 if broken or not kept else 0)


main()
