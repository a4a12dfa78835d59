"""An include that points the wrong way does not compile: visible_rooms.py COMPILER FOLDERS ROOT.

FOLDERS is a file that CMake writes: for each room a line "ROOM|FOLDER|FOLDER…", the include folders of its target (none
where it is not built). A room sees the rooms that its rule in check_structure.py names, perhaps what their headers include
in turn, and nothing else. Each public header compiles with the public folder alone.
"""
import pathlib
import subprocess
import sys

from check_structure import ALLOWED


def rule_of(room):
    """The rule for what a room's headers include."""
    places = ("engine/backends.h",) if room == "backends" else (room, f"engine/{room}", f"apps/{room}")
    return next(place for place in places if place in ALLOWED)


def named_by(rule):
    return {target.split("/")[0].removesuffix(".h") for target in ALLOWED[rule]} - {"tritium"}


def reachable(rooms):
    """The rooms, and those that their headers may include."""
    found, waiting = set(), list(rooms)
    while waiting:
        room = waiting.pop()
        if room not in found:
            found.add(room)
            # The headers of shaders/ include each other only.
            waiting += named_by(rule_of(room)) if room != "shaders" else []
    return found


def a_header_of_each_room(root):
    headers = {"backends": "backends.h", "shaders": "shaders/params/types.h"}
    for folder in [root / "cpu_ref", *(root / "engine").iterdir(), *(root / "apps").iterdir()]:
        found = sorted(folder.glob("*.h"))
        if found:
            headers[folder.name] = f"{folder.name}/{found[0].name}"
    return headers


def run(compiler, options, source):
    # Away from the sources: text from stdin finds what lies in the working folder.
    done = subprocess.run([compiler, "-std=c++20", "-x", "c++", *options, "-"], input=source, capture_output=True, text=True,
                          cwd=pathlib.Path(__file__).parent)
    return done.returncode == 0, done.stdout, done.stderr


def room_problems(compiler, room, folders, headers):
    options = [f"-I{folder}" for folder in folders]
    questions = [f'#if __has_include("{header}")\n{name}\n#endif\n' for name, header in headers.items()]
    ok, output, errors = run(compiler, ["-E", "-P", *options], "".join(questions))
    if not ok:
        return [f"{room}: {errors}"]
    seen = set(output.split())
    needed = named_by("engine/backends.cpp" if room == "backends" else rule_of(room)) | {room}
    # An application sees nothing through what it includes.
    allowed = needed if room == "cli" else reachable(needed)
    problems = [f"{room} does not see {other}: its target must link it" for other in needed - seen]
    problems += [f"{room} sees {other}: its target links, publicly, what check_structure.py does not allow"
                 for other in seen - allowed]
    for other in sorted(headers.keys() - allowed)[:1]:
        ok, _, errors = run(compiler, ["-fsyntax-only", *options], f'#include "{headers[other]}"\n')
        if ok or headers[other] not in errors:
            problems.append(f"{room}: #include \"{headers[other]}\" should not compile {errors}")
    return problems


def public_header_problems(compiler, folder):
    for header in sorted((folder / "tritium").iterdir()):
        ok, _, errors = run(compiler, ["-fsyntax-only", f"-I{folder}"], f'#include "tritium/{header.name}"\n')
        if not ok:
            yield f"tritium/{header.name} does not compile alone: {errors}"


def main():
    compiler, listed, root = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]).resolve()
    headers = a_header_of_each_room(root)
    problems = list(public_header_problems(compiler, root / "engine/include"))
    lines = [line.split("|") for line in listed.read_text(encoding="utf-8").splitlines() if line]
    for room, *folders in lines:
        problems += room_problems(compiler, room, folders, headers) if folders else []
    untried = headers.keys() - {line[0] for line in lines} - {"shaders"}
    problems += [f"{room}: tests/structure/CMakeLists.txt does not list it" for room in untried]
    print("\n".join(problems) or f"{len(lines)} rooms see what they may and no more")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
