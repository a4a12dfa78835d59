"""Holds the shape of the source tree: check_structure.py name_parity|include_rules|self_check [ROOT].

name_parity    every operation stands under one name in every room
include_rules  includes point one way; no file is too long; no unfinished work or absolute path is left in the sources
self_check     the rules find what is wrong in a small bad tree
"""
import pathlib
import re
import sys
import tempfile

MAX_LINES = 500
SOURCES = (".cpp", ".h", ".hpp", ".comp", ".glsl", ".py", ".cmake")

# Folder -> the first parts of project includes it may use. The longest matching folder decides.
ALLOWED = {
    "engine/include": ["tritium"],
    "engine/base": ["base", "tritium"],
    "engine/tensor": ["tensor", "base", "tritium", "shaders/params"],
    "engine/ops": ["ops", "tensor", "base", "tritium", "shaders/params"],
    "engine/simd": ["simd", "cpu_ref", "ops", "tensor", "base", "tritium", "shaders"],
    "engine/vulkan": ["vulkan", "ops", "tensor", "base", "tritium", "shaders"],
    "engine/format": ["format", "tensor", "base", "tritium"],
    "engine/tokenizer": ["tokenizer", "tensor", "base", "tritium"],
    "engine/model": ["model", "ops", "tensor", "base", "tritium"],
    "engine/selftest": ["selftest", "ops", "tensor", "base", "tritium"],
    "engine/runtime": ["runtime", "model", "tokenizer", "format", "selftest", "ops", "tensor", "base", "tritium", "backends.h",
                       "cpu_ref/reference_backend.h"],
    "engine/cli": ["cli", "tritium"],
    "engine": ["backends.h", "simd/cpu_backend.h", "vulkan/vulkan_backend.h", "cpu_ref/reference_backend.h", "base", "ops",
               "tritium"],
    "cpu_ref": ["cpu_ref", "ops", "tensor", "base", "tritium", "shaders"],
    "shaders/params": ["types.h"],
}
# Angle-bracket includes that only some folders may use.
RESTRICTED = {
    r"^vulkan/": ["engine/vulkan", "tests/vulkan"],
    r"^CLI/": ["engine/cli"],
    r"^nlohmann/": ["engine/cli"],
    r"^glm/": ["shaders/lib"],
    r"^benchmark/": ["tests/bench"],
    r"^gtest/": ["tests"],
}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
ABSOLUTE = re.compile(r"""["'\s(](/(?:home|work|root|mnt|tmp|Users)/)""")


def source_files(root):
    for top in ("engine", "cpu_ref", "shaders", "tests", "cmake"):
        for path in sorted((root / top).rglob("*")):
            if path.is_file() and path.suffix in SOURCES:
                yield path, path.relative_to(root).as_posix()


def rule_for(name):
    folders = [f for f in ALLOWED if name.startswith(f + "/")]
    return ALLOWED[max(folders, key=len)] if folders else None


def include_problems(name, text):
    allowed = rule_for(name)
    for line_number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not match:
            continue
        kind, target = match.groups()
        where = f"{name}:{line_number}"
        if kind == '"' and allowed is not None:
            fine = any(target == a or target.startswith(a + "/") for a in allowed)
            if not fine:
                yield f"{where}: includes \"{target}\"; this folder may include {', '.join(allowed)}"
        for pattern, folders in RESTRICTED.items():
            if kind == "<" and re.match(pattern, target) and not any(name.startswith(f + "/") for f in folders):
                yield f"{where}: includes <{target}>, which belongs in {', '.join(folders)}"
        if name.startswith("engine/include/") and kind == "<" and "/" in target:
            yield f"{where}: a public header includes <{target}>, which is not the standard library"


def include_rules(root):
    problems = []
    for path, name in source_files(root):
        text = path.read_text(encoding="utf-8")
        lines = text.count("\n")
        if lines > MAX_LINES:
            problems.append(f"{name}: {lines} lines, at most {MAX_LINES}: where is the seam?")
        if name.endswith(".h") and name.startswith("shaders/lib/"):
            text_for_includes = "\n".join(l for l in text.splitlines() if '"portable.h"' not in l and "../params" not in l)
        else:
            text_for_includes = text
        problems += include_problems(name, text_for_includes)
        if name.startswith("tests/structure/"):
            continue  # this file spells out what it looks for
        for number, line in enumerate(text.splitlines(), 1):
            if UNFINISHED.search(line):
                problems.append(f"{name}:{number}: unfinished work: {line.strip()}")
            if ABSOLUTE.search(line):
                problems.append(f"{name}:{number}: an absolute path: {line.strip()}")
    return problems


ROOMS = {
    "its parameters": "shaders/params/{}.h",
    "a shader": "shaders/{}.comp",
    "a reference": "cpu_ref/{}.cpp",
    "the cpu backend": "engine/simd/{}.cpp",
    "a Vulkan launcher": "engine/vulkan/ops/{}.cpp",
    "a test": "tests/ops/{}_test.cpp",
}


def name_parity(root):
    args = (root / "engine/ops/args.h").read_text(encoding="utf-8")
    backend = (root / "engine/ops/backend.h").read_text(encoding="utf-8")
    operations = re.findall(r'kName = "(\w+)"', args)
    problems = [] if operations else ["engine/ops/args.h: no operation is named"]
    for operation in operations:
        for room, pattern in ROOMS.items():
            if not (root / pattern.format(operation)).exists():
                problems.append(f"{operation}: {room} is missing ({pattern.format(operation)})")
        if not re.search(rf"virtual Status {operation}\(.*\) = 0;", backend):
            problems.append(f"{operation}: no pure virtual method of that name in engine/ops/backend.h")
    for shader in sorted((root / "shaders").glob("*.comp")):
        # "ternary_matmul.coopmat.comp" is another path of ternary_matmul.
        if shader.name.split(".")[0].removesuffix("_backward") not in operations:
            problems.append(f"shaders/{shader.name}: no operation has that name")
    return problems


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def self_check():
    """Each fault of a bad tree must be reported, and a good tree must not."""
    good = {
        "engine/ops/args.h": 'constexpr auto kName = "add";\n',
        "engine/ops/backend.h": "  virtual Status add(const AddArgs&) = 0;\n",
        "engine/include/tritium/tritium.hpp": "#include <string>\n",
        **{pattern.format("add"): "\n" for pattern in ROOMS.values()},
    }
    faults = {
        include_rules: {
            "engine/model/layer.cpp": ('#include "vulkan/gpu.h"\n', "may include"),
            "engine/cli/run.cpp": ('#include "model/config.h"\n', "may include"),
            "engine/base/x.cpp": ('#include "ops/ops.h"\n', "may include"),
            "engine/runtime/x.cpp": ("#include <vulkan/vulkan.h>\n", "belongs in engine/vulkan"),
            "engine/include/tritium/x.hpp": ("#include <nlohmann/json.hpp>\n", "not the standard library"),
            "engine/ops/long.cpp": ("\n" * (MAX_LINES + 1), "lines, at most"),
            "cpu_ref/todo.cpp": ("// TO" + "DO: later\n", "unfinished"),
            "tests/x.cpp": ('open("' + "/ho" + 'me/me/model");\n', "absolute path"),
        },
        name_parity: {"shaders/unknown.comp": ("\n", "no operation has that name")},
    }
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        write(root, good)
        failures = [f"a good tree is refused: {p}" for p in include_rules(root) + name_parity(root)]
        for check, cases in faults.items():
            for name, (text, expected) in cases.items():
                write(root, {name: text})
                found = check(root)
                if not any(name in p and expected in p for p in found):
                    failures.append(f"{name}: not noticed ({found})")
                (root / name).unlink()
        for pattern in ROOMS.values():
            name = pattern.format("add")
            (root / name).unlink()
            if not any(name in p for p in name_parity(root)):
                failures.append(f"{name} is missing, not noticed")
            write(root, {name: "\n"})
    return failures


def main():
    root = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else ".")
    checks = {"name_parity": lambda: name_parity(root), "include_rules": lambda: include_rules(root), "self_check": self_check}
    if len(sys.argv) < 2 or sys.argv[1] not in checks:
        print(__doc__)
        return 2
    problems = checks[sys.argv[1]]()
    print("\n".join(problems) or "nothing to complain about")
    return 1 if problems else 0


sys.exit(main())
