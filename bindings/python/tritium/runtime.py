"""Devices, and the runtime that opens one."""

from __future__ import annotations

import ctypes
from typing import Any, Callable, List, NamedTuple, Optional, Protocol, Union

from . import _abi
from ._abi import Layout, LogLevel
from ._call import Handle, Owned, call, callback, interruptible
from ._library import library
from ._values import Path, options, out_handle, path, record, sized, text
from .cancel import CancelToken
from .info import Info
from .model import Model

Logger = Callable[[LogLevel, str], Any]


class HasDescriptor(Protocol):
    def fileno(self) -> int: ...


def log_callback(log: Optional[Logger]) -> Any:
    def write(_: Any, level: int, line: int, size: int) -> None:
        if log is not None:
            log(LogLevel(level), ctypes.string_at(line, size).decode("utf-8", "replace"))

    return callback(_abi.Log, write if log is not None else None)


class Device(NamedTuple):
    backend: str  # what Runtime takes
    description: str
    driver: str
    reason: str  # why it is not available
    features: List[str]
    memory_bytes: int  # 0: unknown
    available: bool
    software: bool  # a Vulkan driver that runs on the CPU: never chosen by "auto"
    chosen_by_auto: bool


def devices() -> List[Device]:
    """Every backend and device, also those that cannot be used."""
    listed = Handle(out_handle(library.tritium_devices_list), library.tritium_devices_release)
    found = []
    try:
        with listed as pointer:
            for index in range(library.tritium_devices_count(pointer)):
                device = sized(_abi.Device)
                call(library.tritium_devices_get, pointer, index, ctypes.byref(device))
                features = [device.features[i].decode() for i in range(device.n_features)]
                found.append(record(Device, device, features=features))
    finally:
        listed.close()
    return found


class Runtime(Owned):
    """A device, opened: "auto" takes a real GPU, else the CPU; or "reference", "cpu", "vulkan", "vulkan:INDEX".

    threads, pin, layout: of the CPU. strict: without a real GPU "auto" is an error. `log(level, line)` is called on the
    thread of whichever call has something to say.
    """

    def __init__(self, backend: str = "auto", *, threads: int = 0, pin: bool = False, layout: Layout = Layout.AUTOMATIC,
                 strict: bool = False, log: Optional[Logger] = None) -> None:
        chosen = options(_abi.RuntimeOptions)
        chosen.backend, chosen.threads, chosen.pin, chosen.layout = text(backend), threads, pin, layout
        chosen.strict = strict
        self._log = chosen.log = log_callback(log)  # kept: models and sessions keep this object
        made = interruptible([], lambda: out_handle(library.tritium_runtime_create, ctypes.byref(chosen)))
        super().__init__(made, "runtime")

    @property
    def backend(self) -> str:
        return str(self._ask("tritium_runtime_backend"), "utf-8")

    @property
    def reason(self) -> str:
        """Why this backend was chosen."""
        return str(self._ask("tritium_runtime_reason"), "utf-8")

    def load(self, file: Path, *, progress: Optional[Callable[[float], Any]] = None, cancel: Optional[CancelToken] = None,
             adapter: Optional[Path] = None, adapter_strength: float = 1, tokenizer_pre: Optional[str] = None,
             cache: Union[Path, bool, None] = None, i2s_interleave_64: bool = False) -> Model:
        """A model from a GGUF file, any part of a split one, or a Hugging Face folder.

        progress(fraction) may return False to end the load. adapter: a GGUF file of LoRA adapters, for sessions that attach()
        no other. cache: where laid out weights are kept for the next process: True for the usual folder.
        """
        cancel = cancel or CancelToken()
        chosen = _load_options(progress, cancel, adapter, adapter_strength, tokenizer_pre, i2s_interleave_64)
        chosen.cache = b"auto" if cache is True else path(cache) if cache else None
        return interruptible([cancel], lambda: self._load(library.tritium_model_load, path(file), chosen))

    def load_descriptor(self, descriptor: Union[int, HasDescriptor], *, progress: Optional[Callable[[float], Any]] = None,
                        cancel: Optional[CancelToken] = None, adapter: Optional[Path] = None, adapter_strength: float = 1,
                        tokenizer_pre: Optional[str] = None, i2s_interleave_64: bool = False) -> Model:
        """A model from a GGUF file in one part that is open for reading, where it may not be opened by a path.

        A descriptor, or what has one (`open(…, "rb")`), which may be closed afterwards: the model keeps a duplicate.
        """
        cancel = cancel or CancelToken()
        number = descriptor if isinstance(descriptor, int) else descriptor.fileno()
        chosen = _load_options(progress, cancel, adapter, adapter_strength, tokenizer_pre, i2s_interleave_64)
        return interruptible([cancel], lambda: self._load(library.tritium_model_load_descriptor, number, chosen))

    def _load(self, function: Callable[..., Any], source: Union[bytes, int], chosen: Any) -> Model:
        with self._handle as pointer:
            return Model(self, out_handle(function, pointer, source, ctypes.byref(chosen)))


def _load_options(progress: Optional[Callable[[float], Any]], cancel: CancelToken, adapter: Optional[Path],
                  adapter_strength: float, tokenizer_pre: Optional[str], i2s_interleave_64: bool) -> Any:
    chosen = options(_abi.LoadOptions)

    def report(_: Any, fraction: float) -> Any:
        return progress(fraction) if progress else None

    chosen.progress = callback(_abi.Progress, report if progress else None)
    chosen.cancel, chosen.adapter_strength, chosen.i2s_interleave_64 = cancel._pointer, adapter_strength, i2s_interleave_64
    chosen.adapter = None if adapter is None else path(adapter)
    chosen.tokenizer_pre = text(tokenizer_pre)
    return chosen


def load(file: Path, backend: str = "auto") -> Model:
    """A model on a runtime of its own: Runtime(backend).load(file)."""
    return Runtime(backend).load(file)


def inspect(file: Path) -> Info:
    """What a model's headers say, checked, without its weights."""
    return interruptible([], lambda: Info._take(out_handle(library.tritium_inspect, path(file))))
