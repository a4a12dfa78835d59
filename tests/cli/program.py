"""What the program tests share: the program, the test material, and reading its outputs. Python's standard library only."""
import ast
import json
import math
import os
import struct
import subprocess
import sys
import unittest

PROGRAM = os.environ["TRITIUM_PROGRAM"]
MAKE_MODEL = os.environ["TRITIUM_MAKE_MODEL"]
SHARED = os.environ.get("TRITIUM_SHARED", "../shared")
TERNARY_MOE = ["random-maple.tq2_0", "random-olmoe.tq2_0", "random-qwen3moe.tq2_0"]


def tritium(*arguments, environment=None, stdin=None, timeout=120):
    """Exit code, stdout, stderr."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, timeout=timeout,
                          env=dict(os.environ, **(environment or {})))
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


def backends():
    """Backends that can run here."""
    _, out, _ = tritium("devices", "--json")
    return [d["backend"] for d in json.loads(out) if d["available"]]


def require(backend):
    """Skips the test where the backend cannot run."""
    if not any(b.split(":")[0] == backend for b in backends()):
        raise unittest.SkipTest(f"no {backend} device here")


def read_npy(path):
    """(shape, values) of a float32 file."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:6] == b"\x93NUMPY", path
    length = struct.unpack("<H", data[8:10])[0]
    header = ast.literal_eval(data[10:10 + length].decode())
    assert header["descr"] == "<f4" and not header["fortran_order"], header
    n = math.prod(header["shape"])
    return header["shape"], struct.unpack(f"<{n}f", data[10 + length:10 + length + 4 * n])


def relative_l2(expected, got):
    return math.sqrt(sum((e - g) ** 2 for e, g in zip(expected, got)) / sum(e * e for e in expected))


def mean_kl(shape, expected, got):
    """Mean over rows of KL(softmax(expected) || softmax(got))."""
    rows, width = shape
    total = 0.0
    for row in range(rows):
        e, g = (values[row * width:(row + 1) * width] for values in (expected, got))
        log_e, log_g = (max(v) + math.log(sum(math.exp(x - max(v)) for x in v)) for v in (e, g))
        total += sum(math.exp(a - log_e) * ((a - log_e) - (b - log_g)) for a, b in zip(e, g))
    return total / rows


def main():
    result = unittest.main(exit=False, argv=[sys.argv[0], "-v"]).result
    everything_skipped = result.testsRun > 0 and len(result.skipped) == result.testsRun
    sys.exit(77 if everything_skipped else 0 if result.wasSuccessful() else 1)
