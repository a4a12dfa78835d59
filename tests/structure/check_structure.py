"""Holds the shape of the source tree: check_structure.py name_parity|include_rules|self_check [ROOT].

name_parity    every operation stands under one name in every room
include_rules  includes point one way; no file is too long; no unfinished work or absolute path is left in the sources
self_check     every rule finds what is wrong in a small bad tree (bad_trees.py)
"""
import pathlib
import re
import sys
import tempfile

import bad_trees

MAX_LINES = 500
TOPS = ("engine", "apps", "cpu_ref", "shaders", "tests", "cmake", "papers", "examples", "bindings")
SUFFIXES = (".c", ".cpp", ".h", ".hpp", ".comp", ".glsl", ".py", ".js", ".mjs", ".ts", ".cmake")
NAMES = ("CMakeLists.txt", "dev", "run")  # without a suffix, and .ci/run

# File or folder -> the first parts of project includes it may use. The longest match decides.
ALLOWED = {
    "engine/include": ["tritium"],
    "engine/base": ["base", "tritium"],
    "engine/tensor": ["tensor", "base", "tritium", "shaders/params", "shaders/lib/ternary.h",
                      "shaders/lib/packed.h", "shaders/lib/shadow_code.h"],
    "engine/ops": ["ops", "tensor", "base", "tritium/status.hpp", "tritium/log.hpp", "tritium/profile.hpp", "shaders/params"],
    "engine/cpu": ["cpu", "cpu_ref", "ops", "tensor", "base", "tritium", "shaders"],
    "engine/vulkan": ["vulkan", "ops", "tensor", "base", "tritium", "shaders"],
    # Within the backend, too, one way: device <- memory, pipelines <- commands; an operation sees the recorder alone.
    "engine/vulkan/device": ["vulkan/device", "vulkan/vulkan_backend.h", "vulkan/recorder.h", "vulkan/kernel.h", "base", "tritium"],
    "engine/vulkan/memory": ["vulkan/memory", "vulkan/device", "ops", "tensor", "base", "tritium"],
    "engine/vulkan/pipelines": ["vulkan/pipelines", "vulkan/device", "vulkan/kernel.h", "base", "tritium"],
    "engine/vulkan/commands": ["vulkan/commands", "vulkan/pipelines", "vulkan/memory", "vulkan/device", "vulkan/recorder.h",
                               "ops", "tensor", "base", "tritium"],
    "engine/vulkan/ops": ["vulkan/ops", "vulkan/recorder.h", "ops", "tensor", "base", "tritium", "shaders"],
    "engine/format": ["format", "tensor", "base", "tritium"],
    "engine/text": ["text", "tensor", "base", "tritium"],
    "engine/model_files": ["model_files", "text", "format", "tensor", "base", "tritium"],
    "engine/convert": ["convert", "model", "model_files", "format", "tensor", "base", "tritium"],
    "engine/artifact": ["artifact", "model", "format", "tensor", "base", "tritium"],
    "engine/experiment": ["experiment", "base", "tritium"],
    "engine/graph": ["graph", "ops", "tensor", "base", "tritium"],
    "engine/model": ["model", "graph", "ops", "tensor", "base", "tritium"],
    "engine/layers": ["layers", "model", "graph", "cpu_ref/reference_backend.h", "ops", "tensor", "base", "tritium"],
    "engine/train": ["train", "model", "graph", "model_files", "text", "format", "ops", "tensor", "base", "tritium",
                     "backends.h"],
    "engine/bench": ["bench", "cpu/cpu_backend.h", "vulkan/device_probe.h", "model", "ops", "tensor", "base", "tritium", "backends.h"],
    "engine/selftest": ["selftest", "ops", "tensor", "base", "tritium"],
    "engine/api": ["api", "model", "model_files", "text", "format", "selftest", "ops", "tensor", "base", "tritium", "backends.h",
                   "cpu_ref/reference_backend.h"],
    "engine/c_api": ["c_api", "base", "tritium"],
    "examples": [],
    "bindings/node": ["addon"],
    "apps/gpu_report": ["gpu_report", "vulkan/vulkan_backend.h", "vulkan/device/device_details.h", "vulkan/device_probe.h",
                          "cpu_ref/reference_backend.h", "train/description.h", "selftest", "model", "ops", "tensor",
                          "base", "tritium"],
    "apps/cli": ["cli", "tritium", "gpu_report/gpu_report.h", "server/server.h"],
    "apps/desktop": ["desktop", "tritium"],
    "apps/server": ["server", "tritium"],
    # What translates knows no model and no socket, what evaluates no HTTP and no JSON.
    "apps/server/openai": ["server/openai", "tritium/tritium.hpp", "tritium/status.hpp"],
    "apps/server/scheduler.h": ["server/prompt_cache.h", "server/token_queue.h", "tritium"],
    "apps/server/scheduler.cpp": ["server/scheduler.h", "tritium"],
    "apps": ["tritium"],  # what an application may use, and no more
    "engine/backends.h": ["ops/backend.h", "tritium"],
    "engine/backends.cpp": ["backends.h", "cpu/cpu_backend.h", "vulkan/vulkan_backend.h", "cpu_ref/reference_backend.h", "ops/timed_backend.h",
                            "base"],
    "engine": [],  # what is added to engine/ gets a rule of its own
    "cpu_ref": ["cpu_ref", "ops", "tensor", "base", "tritium", "shaders"],
    "shaders/params": ["types.h", "dtype.h", "merge_splits.h", "parameter_plane.h", "shadow.h"],
    "shaders/lib": ["lib", "portable.h", "random.h", "device_trits.h", "params", "../params", "grid.glsl", "parameter.glsl", "reduce.glsl", "rounding.h", "shadow.h", "shadow_code.h", "softmax.h", "ternary.h"],
    "shaders/probe": ["params/probe.h"],
    "shaders": ["lib", "params"],
}
# Angle-bracket includes that only some folders may use.
RESTRICTED = {
    r"^(vulkan|vk_video)/|^vk_": ["engine/vulkan", "tests/vulkan"],
    r"^CLI/": ["apps/cli"],
    r"^nlohmann/": ["apps/cli", "apps/server/openai", "engine/base/json.cpp", "engine/train", "apps/gpu_report", "apps/desktop/script.cpp", "tests/text"],
    r"^xxhash": ["engine/base/checksum.cpp"],
    r"^pcre2": ["engine/text/pattern.cpp"],
    r"^utf8proc": ["engine/text/unicode.cpp"],
    r"^zstd": ["engine/artifact/compress.cpp"],
    r"^glm/": ["shaders/lib"],
    r"^g(test|mock)/": ["tests"],
    r"^httplib": ["apps/server/http.cpp", "apps/server/limited_stream.h", "apps/server/CMakeLists.txt"],
    r"^node_api": ["bindings/node"],
    r"^imgui|^backends/imgui|^GLFW/": ["apps/desktop"],
    # What a system has of its own is behind an interface for all of them; tests try what one system does.
    r"^(unistd|fcntl|dlfcn|pthread|sched|poll|signal|dirent|spawn|termios|windows|io|psapi|bcrypt|shellapi)\.h|^(sys|linux|netinet)/|^netdb":
        ["engine/base/posix", "engine/base/windows", "engine/base/futex.h", "apps/cli/posix", "apps/cli/windows", "apps/server/posix", "examples",
         "tests"],
}
STANDARD_HEADER = re.compile(r"^[a-z_]+$|^stdint\.h$")  # what C has, for tritium.h
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
ABSOLUTE = re.compile(r"(?<![\w.}/-])/(?:home|work|root|mnt|tmp|Users)(?![\w.-])")


def source_files(root):
    """Each file once, with its name below the root."""
    paths = [root / "dev", root / "CMakeLists.txt", root / ".ci/run"]
    for top in TOPS:
        paths += sorted((root / top).rglob("*"))
    for path in paths:
        if path.is_file() and (path.suffix in SUFFIXES or path.name in NAMES):
            yield path, path.relative_to(root).as_posix()


def within(name, places):
    return any(name == place or name.startswith(place + "/") for place in places)


def rule_for(name):
    places = [place for place in ALLOWED if within(name, [place])]
    return max(places, key=len) if places else None


def include_problems(name, text):
    rule = rule_for(name)
    for line_number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not match:
            continue
        kind, target = match.groups()
        where = f"{name}:{line_number}"
        if kind == '"' and rule is not None and not within(target, ALLOWED[rule]):
            yield f"{where}: includes \"{target}\"; {rule} may include {', '.join(ALLOWED[rule]) or 'nothing'}"
        for pattern, folders in RESTRICTED.items():
            if kind == "<" and re.match(pattern, target) and not within(name, folders):
                yield f"{where}: includes <{target}>, which belongs in {', '.join(folders)}"
        if name.startswith("engine/include/") and kind == "<" and not STANDARD_HEADER.match(target):
            yield f"{where}: a public header includes <{target}>, which is not the standard library"
    if name.startswith("engine/") and name != "engine/backends.cpp":
        if re.search(r'#\s*include "cpu/', text) and re.search(r'#\s*include "vulkan/', text):
            yield f"{name}: names two backends; only engine/backends.cpp does"


def include_rules(root):
    problems = []
    for path, name in source_files(root):
        text = path.read_text(encoding="utf-8")
        lines = len(text.splitlines())
        if lines > MAX_LINES:
            problems.append(f"{name}: {lines} lines, at most {MAX_LINES}: where is the seam?")
        problems += include_problems(name, text)
        if name.startswith("tests/structure/"):
            continue  # these files spell out what is looked for
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
    "a test": "tests/ops/{}_test.cpp",
}


def room_file(pattern, operation):
    # The reference of a gradient stands beside that of the function.
    return pattern.format(operation.removesuffix("_backward") if pattern.startswith("cpu_ref/") else operation)


def name_parity(root):
    named = {}  # operation -> its struct
    composed = set()  # operations that stand for several, and are defined by them
    problems = []
    for path in sorted((root / "engine/ops").glob("*.h")):
        text = path.read_text(encoding="utf-8")
        for struct, operation in re.findall(r'struct (\w+) \{\n  static constexpr std::string_view kName = "(\w+)"', text):
            named[operation] = struct
            if "kComposed" in text:
                composed.add(operation)
            if path.stem != operation:
                problems.append(f"engine/ops/{path.name}: {operation} belongs in a file of its name")
    if not named:
        problems.append("engine/ops: no operation is named")
    the_list = (root / "engine/ops/all.h").read_text(encoding="utf-8")
    listed = re.search(r"using AllOps\s*=\s*OpList<([\w,\s]*)>;", the_list)
    listed = set(re.findall(r"\w+", listed.group(1))) if listed else set()
    for operation, struct in named.items():
        if struct not in listed:
            problems.append(f"{operation}: {struct} is not in AllOps (engine/ops/all.h)")
        for room, pattern in ROOMS.items():
            if operation in composed and pattern.startswith("cpu_ref/"):
                continue
            name = room_file(pattern, operation)
            if not (root / name).exists():
                problems.append(f"{operation}: {room} is missing ({name})")
    for struct in sorted(listed - set(named.values())):
        problems.append(f"engine/ops/all.h: {struct} is no operation of engine/ops")
    for shader in sorted((root / "shaders").glob("*.comp")):
        # "ternary_matmul.coopmat.comp" is another path of ternary_matmul.
        if shader.name.split(".")[0] not in named:
            problems.append(f"shaders/{shader.name}: no operation has that name")
    return problems + [*probe_problems(root), *second_definitions(root)]


def probe_problems(root):
    """Kernels that measure a device are no operations: they lie apart, and the probe launches every one of them."""
    probe = root / "engine/vulkan/device_probe.cpp"
    launched = re.findall(r'\.kernel = "(\w+)"', probe.read_text(encoding="utf-8")) if probe.exists() else []
    kernels = [path.name.split(".")[0] for path in sorted((root / "shaders/probe").glob("*.comp"))]
    return ([f"shaders/probe/{name}.comp: engine/vulkan/device_probe.cpp does not launch it"
             for name in kernels if name not in launched] +
            [f"engine/vulkan/device_probe.cpp: {name} is no kernel of shaders/probe" for name in launched if name not in kernels])


def second_definitions(root):
    """Two classes of one full name are one to the linker: a destructor of the one would be run on the other."""
    first = {}
    for path, name in source_files(root):
        if path.suffix not in {".h", ".hpp", ".cpp"} or not within(name, ["engine", "apps"]) or "/windows/" in name:
            continue
        spaces = []
        for line in path.read_text(encoding="utf-8").splitlines():
            opened = re.match(r"(?:inline )?namespace ?([\w:]*) ?\{", line)
            defined = re.match(r"(?:class|struct) (\w+)(?: final)?(?: :[^;]*)? ?\{", line)
            if opened:
                spaces.append(opened.group(1) or None)
            elif line.startswith("}  // namespace") and spaces:
                spaces.pop()
            elif defined and None not in spaces:
                full = "::".join([*spaces, defined.group(1)])
                if first.setdefault(full, name) != name:
                    yield f"{name}: {full} is defined in {first[full]}, too"


def write(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def faults_noticed(root, check, faults):
    """Plants each fault (name, text, part of the complaint) in a good tree; yields what `check` did not notice."""
    for name, text, expected in faults:
        path = root / name
        before = path.read_text(encoding="utf-8") if path.exists() else None
        write(root, name, text)
        found = check(root)
        if not any(expected in p for p in found):
            yield f"{name}: not noticed: {expected} ({found})"
        path.unlink()
        if before is not None:
            write(root, name, before)


def self_check():
    """A good tree is accepted, each fault of a bad one is reported, and no rule is without a fault that it finds."""
    tried = {rule_for(name) for name, _, expected in bad_trees.INCLUDES if " may include " in expected}
    failures = [f"bad_trees.py tries no forbidden include in {place}" for place in ALLOWED if place not in tried]
    for pattern in RESTRICTED:
        if not any(re.search("<" + pattern[1:].replace("|^", "|<"), text) for _, text, _ in bad_trees.INCLUDES):
            failures.append(f"bad_trees.py tries no forbidden {pattern}")
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        rooms = [room_file(pattern, "add") for pattern in ROOMS.values()]
        for name, text in {**bad_trees.GOOD, **dict.fromkeys(rooms, "\n")}.items():
            write(root, name, text)
        failures += [f"a good tree is refused: {p}" for p in include_rules(root) + name_parity(root)]
        failures += faults_noticed(root, include_rules, bad_trees.INCLUDES + bad_trees.contents(MAX_LINES))
        failures += faults_noticed(root, name_parity, bad_trees.NAMES)
        for name in rooms:
            (root / name).unlink()
            if not any(name in p for p in name_parity(root)):
                failures.append(f"{name} is missing, not noticed")
            write(root, name, "\n")
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


if __name__ == "__main__":
    sys.exit(main())
