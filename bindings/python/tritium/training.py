"""Training and fine-tuning: the whole run, described as `tritium train --config` takes it."""

from __future__ import annotations

import ctypes
from typing import Any, Callable, Mapping, NamedTuple, Optional, Union

from . import _abi
from ._abi import TrainStop
from ._call import call, callback, interruptible
from ._library import library
from ._values import as_json, options, record, sized
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
