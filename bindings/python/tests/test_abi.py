"""The package's declarations are those of the recorded ABI: a drift of either fails."""

import ctypes
import dataclasses
import re
import struct
import unittest

from support import ROOT

import tritium
from tritium import _abi
from tritium._library import library
from tritium._values import options

RECORDED = (ROOT / "tests/c_api/abi.txt").read_text(encoding="utf-8")
C_NAMES = {kind: "tritium" + re.sub("[A-Z]", lambda upper: "_" + upper[0].lower(), kind.__name__) for kind in _abi.STRUCTS}
SCALARS = {"int32_t": ctypes.c_int32, "int64_t": ctypes.c_int64, "uint32_t": ctypes.c_uint32, "uint64_t": ctypes.c_uint64,
           "double": ctypes.c_double, "tritium_status": ctypes.c_int32, "void": None}
CALLBACKS = {"tritium_log": _abi.Log, "tritium_progress": _abi.Progress, "tritium_on_train_progress": _abi.OnTrainProgress}


def is_pointer(kind):
    return kind is not None and ctypes.sizeof(kind) == ctypes.sizeof(ctypes.c_void_p) and kind not in SCALARS.values()


def is_of_c(kind, declared):
    """Is a ctypes type what C declares? "const float* logits", "int32_t token"; a result has no name."""
    if "*" in declared or re.match(r"(const )?tritium_(on_token|log|progress)\b", declared):
        return is_pointer(kind)
    return kind is SCALARS[declared.split()[0]]


class Abi(unittest.TestCase):
    @unittest.skipUnless(struct.calcsize("P") == 8, "the record is of 64 bits")
    def test_structs_are_laid_out_as_recorded(self):
        recorded = [line for line in RECORDED.splitlines() if line.startswith(("struct ", "field "))]
        ours = []
        for kind, name in C_NAMES.items():
            ours.append(f"struct {name}: {ctypes.sizeof(kind)} bytes, aligned to {ctypes.alignment(kind)}")
            ours += [f"field {name}.{field}: {getattr(kind, field).size} bytes at {getattr(kind, field).offset}"
                     for field, _ in kind._fields_]
        self.assertEqual(sorted(ours), sorted(recorded))

    def test_enums_have_the_recorded_values(self):
        recorded = dict(re.findall(r"^enum (\w+) = (-?\d+)$", RECORDED, flags=re.M))
        ours = {prefix + member.name: str(member.value) for prefix, enum in _abi.ENUMS.items() for member in enum}
        self.assertEqual(ours, recorded)

    def test_functions_have_the_recorded_parameters(self):
        declared = re.findall(r"^declared (?!typedef)(.*?)(\w+)\((.*)\)$", RECORDED, flags=re.M)
        self.assertEqual(set(_abi.FUNCTIONS), {name for _, name, _ in declared} - {"tritium_cancel"})
        for result, name, parameters in declared:
            ours_result, ours = _abi.FUNCTIONS[name]
            words = [] if parameters == "void" else parameters.split(", ")
            self.assertEqual(len(ours), len(words), name)
            self.assertTrue(is_of_c(ours_result, result.strip()), f"{name} returns {result}")
            for kind, word in zip(ours, words):
                self.assertTrue(is_of_c(kind, word), f"{name}: {word}")

    def test_callbacks_have_the_recorded_parameters(self):
        for result, name, parameters in re.findall(r"^declared typedef (\w+) \(\*(\w+)\)\((.*)\)$", RECORDED, flags=re.M):
            if name not in CALLBACKS:
                continue  # generations are iterated over
            kind, words = CALLBACKS[name], parameters.split(", ")
            self.assertTrue(is_of_c(kind._restype_, result), name)
            self.assertEqual(len(kind._argtypes_), len(words), name)
            self.assertTrue(all(map(is_of_c, kind._argtypes_, words)), name)

    def test_versions_are_the_librarys(self):
        self.assertEqual(tritium.__version__, library.tritium_version_string().decode())
        self.assertIn(f"soname {_abi.SONAME}\n", RECORDED + "\n")

    def test_every_status_has_its_exception_and_name(self):
        for status in tritium.Status:
            self.assertEqual(library.tritium_status_name(status).decode(), status.name.lower())
            if status:
                self.assertIs(tritium.errors.OF_STATUS[status].status, status)

    def test_defaults_of_sampling_are_the_librarys(self):
        ours, theirs = tritium.SamplerOptions()._struct(), options(_abi.SamplerOptions)
        for field in dataclasses.fields(tritium.SamplerOptions):
            if field.name not in ("dry_sequence_breakers", "logit_bias"):
                self.assertEqual(getattr(ours, field.name), getattr(theirs, field.name), field.name)

    def test_defaults_of_generations_are_the_librarys(self):
        import inspect

        theirs = options(_abi.GenerateOptions)
        for name, parameter in inspect.signature(tritium.Session.generate).parameters.items():
            if parameter.kind is parameter.KEYWORD_ONLY and isinstance(parameter.default, int):
                self.assertEqual(parameter.default, getattr(theirs, name), name)


if __name__ == "__main__":
    unittest.main()
