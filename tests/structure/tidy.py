#!/usr/bin/env python3
"""clang-tidy over all sources of the rooms, many files of a folder as one translation unit.

Nearly all of clang-tidy's time goes into the headers of the standard library, again for each file: so the files of a folder
that are compiled alike are included by one. Files whose names in anonymous namespaces clash are taken out and looked at
together in a next unit, or alone.

    tidy.py BUILD [JOBS]     BUILD: a folder with compile_commands.json. Ends with 1 where something was found.
"""

import collections
import concurrent.futures
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOST_FILES = 24  # of a unit
ROOMS = ("apps/*.cpp", "engine/*.cpp", "cpu_ref/*.cpp", "bindings/*.cpp")
# Vulkan's C++ headers take a minute a file; the kernels' instruction sets need their own flags.
LEFT_OUT = re.compile(r"engine/(vulkan/((device|memory|pipelines|commands)/)?[a-z_]+\.cpp|cpu/isa/)")
NOT_COMPILED = "[clang-diagnostic-error]"


def flags_of(command):
    """What clang needs to read a file as it is compiled: macros, include folders, the language."""
    words, flags = shlex.split(command), []
    for word, after in zip(words, [*words[1:], ""]):
        if word == "-isystem":
            flags += [word, after]
        elif word.startswith(("-I", "-D", "-std=")):
            flags.append(word)
    return tuple(flags)


def units(build):
    """Lists of files of one folder with equal flags, and the flags."""
    commands = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        commands[pathlib.Path(entry["directory"], entry["file"]).resolve()] = entry["command"]
    listed = subprocess.run(["git", "ls-files", *ROOMS], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    alike = collections.defaultdict(list)
    for name in listed.split():
        path = ROOT / name
        if not LEFT_OUT.match(name) and path in commands:
            alike[path.parent, flags_of(commands[path])].append(path)
    for (_, flags), files in alike.items():
        count = -(-len(files) // MOST_FILES)
        for first in range(count):
            yield files[first::count], flags


def clashing(output, files):
    """The files that do not compile behind the others: those that the errors name, but never the first."""
    named = {line.split(":", 1)[0] for line in output.splitlines() if NOT_COMPILED in line}
    return [file for file in files[1:] if str(file) in named]


def look_at(files, flags):
    """What clang-tidy says of the files, or nothing."""
    with tempfile.NamedTemporaryFile("w", prefix="unit", suffix=".cpp") as unit:
        unit.write("".join(f'#include "{file}"  // NOLINT(bugprone-suspicious-include)\n' for file in files))
        unit.flush()
        words = ["clang-tidy", "--quiet", f"--config-file={ROOT / '.clang-tidy'}", unit.name, "--", *flags]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    if NOT_COMPILED in done.stdout and len(files) > 1:
        apart = clashing(done.stdout, files) or files[len(files) // 2:]
        rest = [file for file in files if file not in apart]
        return look_at(rest, flags) + look_at(apart, flags)
    return done.stdout if done.returncode else ""


def main(build, jobs):
    status = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for found in pool.map(lambda unit: look_at(*unit), units(build)):
            if found:
                print(found.strip(), flush=True)
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
