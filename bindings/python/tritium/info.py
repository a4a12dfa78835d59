"""What a model file holds."""

from __future__ import annotations

import ctypes
from typing import Any, List, NamedTuple, Tuple

from . import _abi
from ._call import Handle, call
from ._library import library
from ._values import record, sized


class Memory(NamedTuple):
    """What it takes to run it: weights + kv * tokens of context + work for each session."""

    backend: str
    weight_bytes: int
    kv_bytes_per_token: int
    work_bytes: int


class Tensor(NamedTuple):
    name: str
    type: str  # as in the file: "TQ2_0"
    shape: Tuple[int, ...]  # outermost first
    bytes: int


class Info(NamedTuple):
    path: str
    architecture: str  # "maple"
    name: str  # the model's own
    tokenizer_problem: str  # why there is none, when the file has one that is not supported
    has_tokenizer: bool
    vocab_size: int
    dim: int
    n_layers: int
    n_heads: int  # these three: the largest of any layer
    n_kv_heads: int
    head_dim: int
    n_experts: int  # 0: dense
    n_experts_used: int
    context_length: int
    parameters: int
    active_parameters: int  # that one token uses
    ternary_parameters: int
    active_ternary_parameters: int
    token_weight_bytes: int  # that are read for one token, as the CPU keeps them
    memory: List[Memory]
    tensors: List[Tensor]
    warnings: List[str]  # what of the file is ignored or unusable, though the model works

    @classmethod
    def _take(cls, pointer: int) -> "Info":
        """Of a tritium_info, which is released."""
        handle = Handle(pointer, library.tritium_info_release)
        try:
            return cls._read(pointer)
        finally:
            handle.close()

    @classmethod
    def _read(cls, pointer: int) -> "Info":
        facts = sized(_abi.Facts)
        call(library.tritium_info_facts, pointer, ctypes.byref(facts))

        def each(function: Any, kind: Any, count: int) -> Any:
            for index in range(count):
                struct = sized(kind)
                call(function, pointer, index, ctypes.byref(struct))
                yield struct

        memory = [record(Memory, m) for m in each(library.tritium_info_memory, _abi.Memory, facts.n_memory)]
        tensors = [record(Tensor, t, shape=tuple(t.shape[:t.n_dims]))
                   for t in each(library.tritium_info_tensor, _abi.Tensor, facts.n_tensors)]
        warnings = [library.tritium_info_warning(pointer, i).decode("utf-8", "replace") for i in range(facts.n_warnings)]
        return record(cls, facts, memory=memory, tensors=tensors, warnings=warnings)
