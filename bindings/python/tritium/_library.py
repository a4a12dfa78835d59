"""Finds the shared library and gives its functions their types."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import pathlib
from typing import Iterator

from . import _abi

VARIABLE = "TRITIUM_LIBRARY"


def candidates() -> Iterator[str]:
    """Where it may be, the first that can be loaded is taken. What the variable names is taken or nothing."""
    named = os.environ.get(VARIABLE)
    if named:
        yield named
        return
    beside = pathlib.Path(__file__).parent
    yield from (str(beside / name) for name in (_abi.SONAME, "libtritium.so") if (beside / name).exists())
    yield _abi.SONAME
    found = ctypes.util.find_library("tritium")
    if found:
        yield found


def load() -> ctypes.CDLL:
    tried = []
    for name in candidates():
        try:
            library = ctypes.CDLL(name)
        except OSError as problem:
            tried.append(f"{name}: {problem}")
            continue
        try:
            for function, (result, parameters) in _abi.FUNCTIONS.items():
                entry = getattr(library, function)
                entry.restype, entry.argtypes = result, parameters
        except AttributeError as problem:
            raise ImportError(f"{name} is another version of tritium than {_abi.__version__}, which this package is for: "
                              f"{problem}") from None
        version = library.tritium_version_string().decode()
        if version.split(".")[:2] != _abi.__version__.split(".")[:2]:  # before 1.0 a minor version is another interface
            raise ImportError(f"{name} is tritium {version}, and this package is for {_abi.__version__}")
        return library
    raise ImportError("tritium's shared library was not found: install it, or let " + VARIABLE +
                      " name libtritium.so. Tried: " + "; ".join(tried))


library = load()
