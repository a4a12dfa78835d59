"""How the scripts of this folder start programs: a failure ends the script with what the program said."""
import argparse
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TRITIUM = os.path.join(ROOT, "build/tritium")


def started(command, **how):
    """The finished process of a command, with its output as text."""
    command = [str(word) for word in command]
    try:
        return subprocess.run(command, **({"capture_output": True, "text": True} | how))
    except OSError as problem:
        hint = {"tritium": "; ./dev build makes it", "make_bench_model": "; ninja -C build make_bench_model makes it"}
        sys.exit(f"{command[0]} cannot be run: {problem.strerror}{hint.get(os.path.basename(command[0]), '')}")


def output(*command, **how):
    """What a command prints."""
    done = started(command, **how)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip() or "it says nothing"
        sys.exit(f"{' '.join(str(word) for word in command)}\nfailed with {done.returncode}: {said}")
    return done.stdout


def shown(*command):
    """Lets a command print where this script does."""
    done = started(command, capture_output=False)
    if done.returncode != 0:
        sys.exit(done.returncode)


def count(least):
    """An integer of a command line, from `least` up."""
    def parse(text):
        if not text.lstrip("-").isdigit() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text} is no integer from {least} up")
        return int(text)
    return parse
