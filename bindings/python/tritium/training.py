"""Training and fine-tuning, a whole run or step by step, described as `tritium train --config` takes it."""

from __future__ import annotations

import ctypes
from typing import Any, Callable, Mapping, NamedTuple, Optional, Union

from . import _abi
from ._abi import TrainStop
from ._call import Owned, call, callback, interruptible
from ._library import library
from ._values import Path, as_json, options, out_handle, path, record, sized
from .cancel import CancelToken
from .runtime import Logger, log_callback

Config = Union[str, Mapping[str, Any]]


class TrainPlan(NamedTuple):
    """What a run would need."""

    parameters: int
    active_parameters: int
    ternary_parameters: int
    memory_bytes: int
    available_bytes: int  # 0: unknown
    fitting_bytes: int  # 0: it fits as it is, or nothing would help; else what "fit": true would need
    train_tokens: int
    valid_tokens: int
    steps: int  # 0: until the minutes are over


class TrainProgress(NamedTuple):
    step: int
    steps: int  # in all, as far as it is known
    train_loss: float  # nats a token, mean since the last report
    valid_loss: float  # these two: NaN where the held-out text was not looked at
    bits_per_byte: float
    learning_rate: float
    gradient_norm: float
    tokens_per_second: float
    seconds: float
    seconds_left: float


class TrainReport(NamedTuple):
    stop: TrainStop
    step: int
    exported_step: int  # after an early stop that of the best checkpoint, where there is a folder
    train_loss: float  # nats a token, mean of the last steps; NaN when no step was taken
    valid_loss: float  # of exported_step
    bits_per_byte: float
    first_valid_loss: float
    seconds: float
    tokens_per_second: float
    export_difference: float  # largest |logit of the file - logit of the trainer|
    packed_bytes: int  # of the exported tensors


def train_plan(config: Config) -> TrainPlan:
    """Reads data and model headers."""
    encoded, struct = (as_json(config) or "").encode(), sized(_abi.TrainPlan)
    interruptible([], lambda: call(library.tritium_train_make_plan, encoded, len(encoded), ctypes.byref(struct)))
    return record(TrainPlan, struct)


def train(config: Config, *, progress: Optional[Callable[[TrainProgress], Any]] = None, cancel: Optional[CancelToken] = None,
          log: Optional[Logger] = None) -> TrainReport:
    """Trains, with checkpoints in the config's "folder" and the model in its "output". Paths may be os.PathLike.

    progress(TrainProgress) may return False: the run saves a checkpoint and stops, as it does for `cancel`. Ctrl-C does the
    same, and raises KeyboardInterrupt.
    """
    cancel = cancel or CancelToken()
    chosen = options(_abi.TrainOptions)

    def report(_: Any, now: Any) -> Any:
        return progress(record(TrainProgress, now.contents)) if progress else None

    chosen.progress = callback(_abi.OnTrainProgress, report if progress else None)
    chosen.cancel, chosen.log = cancel._pointer, log_callback(log)
    encoded, struct = (as_json(config) or "").encode(), sized(_abi.TrainReport)
    interruptible([cancel], lambda: call(library.tritium_train, encoded, len(encoded), ctypes.byref(chosen),
                                         ctypes.byref(struct)))
    return record(TrainReport, struct, stop=TrainStop(struct.stop))


class Trainer(Owned):
    """A run whose steps the application takes: train() is step() until it has ended, then export().

    The config says how long the run is, by which rates follow their schedule, and what happens along the way (evaluations, early
    stop, checkpoints and log in its "folder"). One thread at a time. It has its device and its folder until it is closed.
    """

    def __init__(self, config: Config, *, cancel: Optional[CancelToken] = None, log: Optional[Logger] = None) -> None:
        """Up to the first step, the first look at the held-out text included."""
        cancel = cancel or CancelToken()
        chosen = options(_abi.TrainOptions)
        self._log = log_callback(log)  # as long as the handle
        chosen.cancel, chosen.log = cancel._pointer, self._log
        encoded = (as_json(config) or "").encode()
        super().__init__(interruptible([cancel], lambda: out_handle(library.tritium_trainer_create, encoded, len(encoded),
                                                                    ctypes.byref(chosen))), "trainer")

    def step(self, count: int = 1, *, cancel: Optional[CancelToken] = None) -> TrainProgress:
        """Steps, fewer where the run ends, none where it has: means of these, NaN without any.

        Cancelled: steps that were taken before stay, and one that was cut short was not taken.
        """
        if not isinstance(count, int):
            raise TypeError(f"count is an int, not {type(count).__name__}")
        if not 1 <= count < 2**63:  # ctypes would cut it
            raise ValueError(f"count is {count} steps, must be 1 or more, and below 2**63")
        return self._progress("tritium_trainer_step", cancel, count)

    @property
    def ended(self) -> bool:
        """Its steps, epochs or minutes are over, or early_stop has ended it."""
        return bool(self._ask("tritium_trainer_has_ended"))

    def evaluate(self, *, cancel: Optional[CancelToken] = None) -> TrainProgress:
        """Where it is, with valid_loss and bits_per_byte of all held-out text."""
        return self._progress("tritium_trainer_evaluate", cancel)

    def save(self, file: Optional[Path] = None) -> None:
        """A checkpoint, for the config's "resume"; None: in the run's folder."""
        encoded = None if file is None else path(file)
        interruptible([], lambda: self._call("tritium_trainer_save", encoded))

    def export(self, file: Optional[Path] = None, *, cancel: Optional[CancelToken] = None) -> TrainReport:
        """The model as train() would leave it now (None: in the config's "output"). Training can go on."""
        cancel, encoded, struct = cancel or CancelToken(), None if file is None else path(file), sized(_abi.TrainReport)
        pointer = cancel._pointer
        interruptible([cancel], lambda: self._call("tritium_trainer_export", encoded, pointer, ctypes.byref(struct)))
        return record(TrainReport, struct, stop=TrainStop(struct.stop))

    def _progress(self, name: str, cancel: Optional[CancelToken], *arguments: Any) -> TrainProgress:
        cancel, struct = cancel or CancelToken(), sized(_abi.TrainProgress)
        pointer = cancel._pointer
        interruptible([cancel], lambda: self._call(name, *arguments, pointer, ctypes.byref(struct)))
        return record(TrainProgress, struct)
