"""run_example.py NAME PROGRAM MODEL: a program of examples/ runs as it is, in a folder that has a model and a text."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BOOK = "the quick brown fox jumps over the lazy dog. " * 100
# What its stdout, any bytes, has; nothing goes to stderr.
WRITES = {
    "generate": rb".",
    "chat": rb"(?s).\n.+\n$",
    "cancel": rb"after \d+ tokens: cancelled\n$",
    "adapter": rb"held-out loss \d+\.\d+ -> \d+\.\d+\n.",
}


def main(name, program, model):
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(model, pathlib.Path(folder, "model.gguf"))
        pathlib.Path(folder, "book.txt").write_text(BOOK, encoding="utf-8")
        done = subprocess.run([program], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True)
    print(done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), f"ended with {done.returncode}", sep="\n")
    return 0 if done.returncode == 0 and not done.stderr and re.search(WRITES[name], done.stdout) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
