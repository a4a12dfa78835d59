"""Holds the C ABI: abi.py --library LIB [--compiler CC] [--write].

What programs were compiled with is recorded: the shared library's symbols with their versions, its soname, and of the
headers every function's declaration, every enum's value, every struct's size and the place of its fields, as the compiler
lays them out. --write renews the record.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

HEADERS = ("tritium/status.h", "tritium/chat.h", "tritium/tritium.h", "tritium/training.h")
# The C and C++ run time; text needs the two others (papers/library.md).
NEEDED = re.compile(r"^(libstdc\+\+|libc\+\+|libc\+\+abi|libunwind|libgcc_s|libm|libc|ld-linux.*|libdl|libpthread|libpcre2-8|libutf8proc)\.so")
HOW = """
Lines with - are what programs were compiled with: without them these programs break, which before 1.0 takes another minor
version, and then another major one. Structs may grow at their end, in padding that is named `reserved`, and functions and
enum values may be added. What is meant is recorded by ./dev abi --write.
"""


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)


def one_line(text):
    return re.sub(r"\s+", " ", text).strip()


def declared(text):
    """Functions, enum constants, and the fields of each struct."""
    functions = [one_line(f) for f in re.findall(r"\bTRITIUM_API\s+([^;{#]+);", text)]
    constants = [c for body in re.findall(r"\benum\s*\{(.*?)\}", text, flags=re.S) for c in re.findall(r"(\w+)\s*=", body)]
    structs = {}
    for name, body in re.findall(r"typedef struct (\w+) \{(.*?)\} \1;", text, flags=re.S):
        structs[name] = [re.search(r"(\w+)(\[\w+\])?$", one_line(field)).group(1) for field in body.split(";") if field.strip()]
    callbacks = [one_line(c) for c in re.findall(r"(typedef [^;{]*\(\*\w+\)[^;]*);", text)]
    return functions + callbacks, constants, structs


def layout(compiler, include, constants, structs):
    """What the compiler makes of the headers."""
    lines = ["#include <stddef.h>", "#include <stdio.h>"] + [f"#include <{h}>" for h in HEADERS] + ["int main(void) {"]
    lines += [f'printf("enum {c} = %lld\\n", (long long){c});' for c in constants]
    for name, fields in structs.items():
        lines.append(f'printf("struct {name}: %zu bytes, aligned to %zu\\n", sizeof({name}), _Alignof({name}));')
        lines += [f'printf("field {name}.{f}: %zu bytes at %zu\\n", sizeof((({name}*)0)->{f}), offsetof({name}, {f}));'
                  for f in fields]
    lines.append("return 0; }")
    with tempfile.TemporaryDirectory() as folder:
        source, program = pathlib.Path(folder, "layout.c"), pathlib.Path(folder, "layout")
        source.write_text("\n".join(lines), encoding="utf-8")
        subprocess.run([compiler, "-std=c11", "-I", include, source, "-o", program], check=True)
        return subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()


def holes(lines):
    """Padding without a name: nothing says what a program has there."""
    end, struct, size = 0, "", 0
    for line in [*lines, "struct end: 0 bytes, aligned to 1"]:
        if found := re.match(r"struct (\w+): (\d+) bytes", line):
            if end != size:
                yield f"{struct} has {size - end} bytes of padding at its end: name them"
            struct, size, end = found.group(1), int(found.group(2)), 0
        elif found := re.match(r"field (\S+): (\d+) bytes at (\d+)", line):
            if int(found.group(3)) != end:
                yield f"there is padding before {found.group(1)}: name it"
            end = int(found.group(3)) + int(found.group(2))


def of_library(library):
    symbols = subprocess.run(["nm", "-D", "--defined-only", "--with-symbol-versions", library], check=True,
                             capture_output=True, text=True).stdout.splitlines()
    dynamic = subprocess.run(["readelf", "-d", library], check=True, capture_output=True, text=True).stdout
    lines = [f"symbol {' '.join(line.split()[1:])}" for line in symbols if " A " not in line]  # A: the version itself
    lines += [f"soname {name}" for name in re.findall(r"SONAME.*\[(.*)\]", dynamic)]
    return lines, re.findall(r"NEEDED.*\[(.*)\]", dynamic)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", required=True)
    parser.add_argument("--compiler", default="cc")
    parser.add_argument("--write", action="store_true")
    o = parser.parse_args()
    here = pathlib.Path(__file__).parent
    include, recorded = here / "../../engine/include", here / "abi.txt"
    text = "\n".join(without_comments(pathlib.Path(include, h).read_text(encoding="utf-8")) for h in HEADERS)
    functions, constants, structs = declared(text)
    in_library, needed = of_library(o.library)
    laid_out = layout(o.compiler, include, constants, structs)
    now = [f"declared {f}" for f in functions] + laid_out + in_library
    problems = list(holes(laid_out))
    problems += [f"the library needs {name}, which nothing argues for" for name in needed if not NEEDED.match(name)]
    names = {re.search(r"(\w+)\(", f).group(1) for f in functions if not f.startswith("typedef")}
    shown = {line.split()[-1].split("@")[0] for line in in_library if line.startswith("symbol")}
    problems += [f"{name} is declared, and not in the library" for name in sorted(names - shown)]
    problems += [f"{name} is in the library, and not declared" for name in sorted(shown - names)]
    if o.write and not problems:
        recorded.write_text("\n".join(now) + "\n", encoding="utf-8")
    before = recorded.read_text(encoding="utf-8").splitlines() if recorded.exists() else []
    changed = [f"- {line}" for line in before if line not in now] + [f"+ {line}" for line in now if line not in before]
    for line in problems + changed:
        print(line)
    if changed:
        print(HOW)
    print(f"{len(names)} functions, {len(structs)} structs, {len(constants)} constants; needs {', '.join(sorted(needed))}")
    return 1 if problems or changed else 0


if __name__ == "__main__":
    sys.exit(main())
