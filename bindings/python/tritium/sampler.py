"""How tokens are drawn."""

from __future__ import annotations

import ctypes
import dataclasses
from typing import Any, Mapping, Optional, Sequence, Union

from . import _abi
from ._call import Owned
from ._library import library
from ._values import assign, c_floats, ids, options, out_handle, texts


@dataclasses.dataclass(frozen=True)
class SamplerOptions:
    """In the order of papers/generating.md; the defaults are the library's."""

    seed: Optional[int] = 0  # same seed, same tokens (on one device); None: another one each time
    top_k: int = 40  # 0: all
    temperature: float = 0.8  # 0: always the most probable token
    top_p: float = 0.95  # 1: all
    min_p: float = 0.05  # 0: all
    typical_p: float = 1  # 1: all
    top_n_sigma: float = 0  # 0: all
    xtc_probability: float = 0  # 0: never
    xtc_threshold: float = 0.1
    repeat_penalty: float = 1  # 1: nothing
    frequency_penalty: float = 0
    presence_penalty: float = 0
    penalty_last_n: int = 64  # -1: all; 0: none
    dry_multiplier: float = 0  # 0: nothing
    dry_base: float = 1.75
    dry_allowed_length: int = 2
    dry_penalty_last_n: int = -1  # -1: all; 0: none
    dry_sequence_breakers: Union[str, Sequence[str], None] = None  # None: newline, colon, quotation mark, asterisk
    logit_bias: Optional[Mapping[int, float]] = None  # added to a token's logit; -inf forbids it
    mirostat: int = 0  # 0: no; 1, 2
    mirostat_tau: float = 5
    mirostat_eta: float = 0.1

    def _struct(self) -> Any:
        chosen = options(_abi.SamplerOptions)
        for field in dataclasses.fields(self):
            if field.name not in ("seed", "dry_sequence_breakers", "logit_bias"):
                assign(chosen, **{field.name: getattr(self, field.name)})
        chosen.seed = _abi.RANDOM_SEED if self.seed is None else self.seed
        if self.dry_sequence_breakers is not None:
            chosen.dry_sequence_breakers = breakers = texts(self.dry_sequence_breakers)
            chosen.n_dry_sequence_breakers = len(breakers)
        if self.logit_bias:
            tokens = ids(list(self.logit_bias))
            rows = [_abi.LogitBias(token, bias) for token, bias in zip(tokens, self.logit_bias.values())]
            chosen.logit_bias, chosen.n_logit_bias = (_abi.LogitBias * len(rows))(*rows), len(rows)
        return chosen


class Sampler(Owned):
    """Draws tokens from logits that the caller has. One thread at a time."""

    def __init__(self, sampler: Optional[SamplerOptions] = None) -> None:
        chosen = (sampler or SamplerOptions())._struct()
        super().__init__(out_handle(library.tritium_sampler_create, ctypes.byref(chosen)), "sampler")

    def sample(self, logits: Any) -> int:
        """A token, from a sequence of floats; float32 arrays are fastest."""
        values, token = c_floats(logits), ctypes.c_int32()
        self._call("tritium_sampler_sample", values, len(values), ctypes.byref(token))
        return token.value

    def accept(self, token: int) -> None:
        """The text goes on with this token, of the prompt or sampled: for penalties, DRY and mirostat."""
        self._call("tritium_sampler_accept", ids((token,))[0])
