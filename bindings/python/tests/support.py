"""What the tests share: a small random model, and programs that run apart.

TRITIUM_LIBRARY names the library, TRITIUM_MAKE_MODEL the program that writes the model.
"""

import atexit
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import tritium

ROOT = pathlib.Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "bindings/python"
TEMPLATE = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"

FOLDER = pathlib.Path(tempfile.mkdtemp())
atexit.register(shutil.rmtree, FOLDER)
MODEL = FOLDER / "model.gguf"
subprocess.run([os.environ["TRITIUM_MAKE_MODEL"], MODEL], check=True)


def load(backend="cpu", **options):
    return tritium.Runtime(backend).load(MODEL, **options)


def ids(tokens):
    return [token.id for token in tokens]


def logits_anew(session):
    """After the same few tokens, from the session's beginning."""
    session.rewind()
    session.feed([1, 70, 80])
    return list(session.logits())


@contextlib.contextmanager
def python(program):
    """A program in an interpreter of its own, which finds the package."""
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE), "PYTHONDONTWRITEBYTECODE": "1", "MODEL": str(MODEL)}
    with subprocess.Popen([sys.executable, "-c", program], env=environment, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()
