"""What the program tests share: the program, the test material, and reading its outputs. Python's standard library only."""
import ast
import json
import math
import os
import resource
import struct
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.environ["TRITIUM_PROGRAM"]
COMMAND = [PROGRAM]  # what tritium() starts
MAKE_MODEL = os.environ["TRITIUM_MAKE_MODEL"]
SHARED = os.environ.get("TRITIUM_SHARED", "../shared")
TERNARY_MOE = ["random-maple.tq2_0", "random-olmoe.tq2_0", "random-qwen3moe.tq2_0"]


def tritium(*arguments, environment=None, stdin=None, timeout=120, limits=None):
    """Exit code, stdout, stderr. limits: of the process, by resource."""
    def limit():
        for what, most in (limits or {}).items():
            resource.setrlimit(what, (most, most))
    done = subprocess.run([*COMMAND, *map(str, arguments)], input=stdin, capture_output=True, timeout=timeout,
                          env=dict(os.environ, **(environment or {})), preexec_fn=limit if limits else None)
    return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8", "replace")


def model(name):
    """Path of a shared model; skips the test where it is not there."""
    path = os.path.join(SHARED, "models", name + ".gguf")
    if not os.path.exists(path):
        raise unittest.SkipTest(f"needs {path}")
    return path


def shared(*parts):
    path = os.path.join(SHARED, *parts)
    if not os.path.exists(path):
        raise unittest.SkipTest(f"needs {path}")
    return path


def has_vulkan():
    return any(d["available"] for d in json.loads(tritium("devices", "--json")[1]) if d["backend"].startswith("vulkan"))


def require(backend):
    """Skips the test where no such device is available; only Vulkan may be missing."""
    if backend != "vulkan":
        return
    devices = [d for d in json.loads(tritium("devices", "--json")[1]) if d["backend"].startswith("vulkan")]
    if not any(d["available"] for d in devices):
        raise unittest.SkipTest("no vulkan device: " + ("; ".join(d["reason"] for d in devices) or "none is listed"))


def read_npy(path):
    """(shape, values) of a float32 file."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:6] == b"\x93NUMPY", path
    length = struct.unpack("<H", data[8:10])[0]
    header = ast.literal_eval(data[10:10 + length].decode())
    assert header["descr"] == "<f4" and not header["fortran_order"], header
    n = math.prod(header["shape"])
    assert len(data) == 10 + length + 4 * n, f"{path}: {len(data)} bytes do not hold {header['shape']}"
    values = struct.unpack_from(f"<{n}f", data, 10 + length)
    assert all(map(math.isfinite, values)), f"{path}: a value is not finite"
    return header["shape"], values


def relative_l2(expected, got):
    return math.sqrt(sum((e - g) ** 2 for e, g in zip(expected, got)) / sum(e * e for e in expected))


def log_sum_exp(values):
    top = max(values)
    return top + math.log(sum(math.exp(v - top) for v in values))


def mean_kl(shape, expected, got):
    """Mean over rows of KL(softmax(expected) || softmax(got))."""
    rows, width = shape
    total = 0.0
    for row in range(rows):
        e, g = (values[row * width:(row + 1) * width] for values in (expected, got))
        log_e, log_g = log_sum_exp(e), log_sum_exp(g)
        total += sum(math.exp(a - log_e) * ((a - log_e) - (b - log_g)) for a, b in zip(e, g))
    return total / rows


class InFolder(unittest.TestCase):
    """Tests that share a folder of their own."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    @classmethod
    def write(cls, name, content):
        """A file of a text or of bytes; gives its path."""
        with open(cls.path(name), "wb") as file:
            file.write(content.encode("utf-8") if isinstance(content, str) else content)
        return cls.path(name)

    def fails(self, code, part, *arguments, **options):
        got, out, err = tritium(*arguments, **options)
        self.assertEqual(got, code, err)
        self.assertIn(part, err)
        self.assertEqual(out, "")


class WithModel(InFolder):
    """With a generated model: byte vocabulary, context of 512 tokens."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.path("model.gguf")
        subprocess.run([MAKE_MODEL, cls.model], check=True)


def main():
    """Runs the script's tests. Exit code 77: nothing ran, every test said why it was skipped."""
    result = unittest.main(exit=False, argv=[sys.argv[0], "-v"]).result
    nothing_ran = bool(result.skipped) and len(result.skipped) >= result.testsRun
    sys.exit(1 if not result.wasSuccessful() or result.testsRun + len(result.skipped) == 0 else 77 if nothing_ran else 0)
