"""Python's values for C, and back."""

from __future__ import annotations

import array
import ctypes
import functools
import importlib
import json
import os
import typing
from typing import Any, Callable, Dict, Iterable, Optional, Sequence, Type, TypeVar, Union

from ._call import call
from ._library import library
from .errors import BufferTooSmall

T = TypeVar("T")
Path = Union[str, bytes, "os.PathLike[str]"]


def text(value: Optional[str]) -> Optional[bytes]:
    """For what ends with a zero byte."""
    if value is None:
        return None
    if "\0" in value:
        raise ValueError(f"a zero byte would end {value!r}")
    return value.encode()


def path(value: Path) -> bytes:
    encoded = os.fsencode(value)
    if b"\0" in encoded:
        raise ValueError(f"a zero byte would end {value!r}")
    return encoded


def as_json(value: Any) -> Optional[str]:
    """JSON as it is, or of an object; paths may be in it."""
    return value if value is None or isinstance(value, str) else json.dumps(value, default=_path_text, allow_nan=False)


def _path_text(value: Any) -> str:
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    raise TypeError(f"{type(value).__name__} is nothing that JSON has")


def texts(values: Iterable[str]) -> Any:
    """An array of C strings."""
    if isinstance(values, str):
        values = (values,)
    encoded = [text(value) for value in values]
    return (ctypes.c_char_p * len(encoded))(*encoded)


def utf8(value: Union[str, bytes, bytearray, memoryview]) -> bytes:
    """A text, or bytes as they are. (bytes(5) would be five zero bytes.)"""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise TypeError(f"text must be str or bytes, not {type(value).__name__}")


def check_token(token: int) -> None:
    if not -2**31 <= token < 2**31:  # ctypes would cut it
        raise ValueError(f"{token} is no token: tokens are 32-bit numbers")


def ids(tokens: Sequence[int]) -> Any:
    for token in tokens:
        check_token(token)
    return (ctypes.c_int32 * len(tokens))(*tokens)


def assign(struct: Any, **values: Any) -> None:
    """Fields of a struct. ctypes would cut a number that is too large, silently."""
    for name, value in values.items():
        setattr(struct, name, value)
        kept = getattr(struct, name)
        if isinstance(value, int) and isinstance(kept, int) and kept != value:
            raise ValueError(f"{name} cannot be {value}: it is a number of {8 * getattr(type(struct), name).size} bits")


def options(kind: Type[Any]) -> Any:
    """Options with the library's defaults. `kind` is a struct of _abi whose name ends with Options."""
    made = kind()
    init = getattr(library, f"tritium_{kind.__name__[:-len('Options')].lower()}_options_init")
    init(ctypes.byref(made), ctypes.sizeof(made))
    return made


def sized(kind: Type[T]) -> T:
    """A struct to be filled in."""
    return kind(size=ctypes.sizeof(kind))  # type: ignore[arg-type, call-arg]


@functools.lru_cache(maxsize=None)
def _hints(kind: Any) -> Dict[str, Any]:
    return typing.get_type_hints(kind)


def record(kind: Type[T], struct: Any, **others: Any) -> T:
    """A NamedTuple of the fields that have its names; text is decoded, and flags are bool where the tuple says so."""
    values = {}
    for name, hint in _hints(typing.cast(Any, kind)).items():
        if name in others:
            values[name] = others[name]
            continue
        value = getattr(struct, name)
        if isinstance(value, bytes):
            value = value.decode("utf-8", "surrogateescape" if name == "path" else "replace")
        elif hint is bool:
            value = bool(value)
        values[name] = value
    return kind(**values)


def filled(element: Any, function: Callable[..., None], *arguments: Any) -> Any:
    """What a function writes to (…, buffer, capacity, needed), as a ctypes array: asked first, then made."""
    needed = ctypes.c_uint64()
    buffer: Any = (element * 0)()
    while True:
        try:
            call(function, *arguments, buffer, len(buffer), ctypes.byref(needed))
            return buffer
        except BufferTooSmall:
            buffer = (element * needed.value)()


def floats(count: int) -> Any:
    """A NumPy array where NumPy is there, else an array('f'); and the same memory for C."""
    try:
        numpy = importlib.import_module("numpy")
    except ImportError:
        made: Any = array.array("f", bytes(4 * count))
    else:
        made = numpy.empty(count, numpy.float32)
    return made, (ctypes.c_float * count).from_buffer(made) if count else None


def c_floats(values: Any) -> Any:
    """Any sequence of numbers, for C; float32 in one piece is copied at once."""
    try:
        view = memoryview(values)
        if view.format == "f" and view.contiguous and view.ndim == 1:
            return (ctypes.c_float * len(view)).from_buffer_copy(view)
    except TypeError:
        pass
    return (ctypes.c_float * len(values))(*values)


def out_handle(function: Callable[..., Any], *arguments: Any) -> int:
    """Of a function whose last argument but the error is where it writes a handle."""
    out = ctypes.c_void_p()
    call(function, *arguments, ctypes.byref(out))
    return out.value or 0
