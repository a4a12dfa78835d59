"""Runs and trains ternary language models.

    import tritium
    session = tritium.load("model.gguf").create_session()
    for token in session.generate("Once upon a time", max_tokens=60):
        print(token, end="", flush=True)

Runtime (a device) -> Model (weights, shared) -> Session (a conversation) -> Generation (an iterator of tokens). Each keeps
alive what it needs. A session or sampler is used by one thread at a time, all else by any. The interpreter's lock is given up
during calls; Ctrl-C ends what is under way; exceptions of callbacks come out of the call that made them.
"""

from ._abi import Activations, KvCache, Layout, LogLevel, Pooling, Status, Stop, TrainStop, WhenFull, __version__
from .adapter import Adapter
from .cancel import CancelToken
from .chat import Chat, Reply, ReplyStream
from .errors import (BufferTooSmall, Cancelled, CorruptFile, DeviceError, Error, Internal, InvalidArgument, IoError, NotFound,
                     OutOfMemory, Unsupported)
from .generation import Generation, LogProbability, Result, Token, next_of_each, together
from .info import Info, Memory, Tensor
from .model import Model
from .runtime import Device, Runtime, devices, inspect, load
from .sampler import Sampler, SamplerOptions
from .session import Session
from .training import Trainer, TrainPlan, TrainProgress, TrainReport, train, train_plan

__all__ = [
    "Activations", "Adapter", "BufferTooSmall", "CancelToken", "Cancelled", "Chat", "CorruptFile", "Device", "DeviceError", "Error",
    "Generation", "Info", "Internal", "InvalidArgument", "IoError", "KvCache", "Layout", "LogLevel", "LogProbability", "Memory",
    "Model", "NotFound", "OutOfMemory", "Pooling", "Reply", "ReplyStream", "Result", "Runtime", "Sampler", "SamplerOptions",
    "Session", "Status", "Stop", "Tensor", "Token", "TrainPlan", "TrainProgress", "TrainReport", "TrainStop", "Trainer",
    "Unsupported", "WhenFull", "__version__", "devices", "inspect", "load", "next_of_each", "together", "train", "train_plan",
]
