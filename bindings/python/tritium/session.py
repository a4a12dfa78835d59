"""A conversation: a position and a KV cache."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, List, Mapping, Optional, Sequence, Union

from . import _abi
from ._abi import WhenFull
from ._call import Owned, call, interruptible
from ._library import library
from ._values import as_json, assign, filled, floats, ids, options, out_handle, text, texts
from .adapter import Adapter
from .cancel import CancelToken
from .generation import Generation, LogProbability, log_probabilities_of
from .sampler import SamplerOptions

if TYPE_CHECKING:
    from .model import Model

Prompt = Union[str, Sequence[int]]


class Session(Owned):
    """From Model.create_session(). One thread at a time; whatever fails leaves the position as it was."""

    def __init__(self, model: "Model", pointer: int) -> None:
        super().__init__(pointer, "session")
        self.model = model
        self._cancel = CancelToken()  # of calls that are given none: for Ctrl-C
        self._begun = 0  # generations; the last is the one it is at

    @property
    def position(self) -> int:
        """Tokens evaluated so far."""
        return int(self._ask("tritium_session_position"))

    @property
    def context(self) -> int:
        """How many there may be."""
        return int(self._ask("tritium_session_context"))

    def rewind(self, position: int = 0) -> None:
        """Forgets everything from `position` on, which must not lie ahead."""
        self._call("tritium_session_rewind", position)

    def fork(self) -> "Session":
        """Another session at the same position: what both go on with is their own."""
        def run() -> Session:
            with self._handle as pointer:
                return Session(self.model, out_handle(library.tritium_session_fork, pointer))

        return interruptible([], run)

    def save(self) -> bytes:
        """Its tokens and caches."""
        with self._handle as pointer:
            return bytes(filled(ctypes.c_char, library.tritium_session_save, pointer).raw)

    def restore(self, saved: Union[bytes, bytearray, memoryview]) -> None:
        """What was saved, of the same model, in place of what the session holds."""
        buffer = saved if isinstance(saved, bytes) else memoryview(saved).tobytes()
        self._call("tritium_session_restore", buffer, len(buffer))

    def feed(self, tokens: Prompt, *, cancel: Optional[CancelToken] = None) -> None:
        """Appends tokens."""
        cancel, array = cancel or self._cancel, self._tokens(tokens)
        pointer = cancel._pointer
        interruptible([cancel], lambda: self._call("tritium_session_feed", array, len(array), pointer))

    def logits(self) -> Any:
        """After the last token, model.info.vocab_size floats: a NumPy array where NumPy is there, else an array('f')."""
        values, memory = floats(self.model.info.vocab_size)
        self._call("tritium_session_logits", memory, len(values), None)
        return values

    def top(self, count: int) -> List[LogProbability]:
        """The most probable tokens after the last one, most probable first."""
        if not 0 < count <= self.model.info.vocab_size:
            raise ValueError(f"there are 1 to {self.model.info.vocab_size} most probable tokens, not {count}")
        rows = (_abi.LogProbability * count)()
        self._call("tritium_session_top", count, rows)
        return log_probabilities_of(rows)

    def generate(self, prompt: Optional[Prompt] = None, *, max_tokens: int = 128, sampler: Optional[SamplerOptions] = None,
                 stop: Union[str, Sequence[str]] = (), log_probabilities: int = 0, guess: int = 0,
                 grammar: Optional[str] = None, json_schema: Union[str, Mapping[str, Any], None] = None,
                 grammar_triggers: Union[str, Sequence[str]] = (), when_full: WhenFull = WhenFull.STOP, sinks: int = 4,
                 ignore_end: bool = False, experts: bool = False, cancel: Optional[CancelToken] = None) -> Generation:
        """Tokens after the prompt (None: after those before the position), as they come.

        A text that goes on at a position is without the beginning-of-text token. Leaving the loop leaves the session usable;
        any other call of the session ends the generation.

        stop: texts before which it ends. log_probabilities: of each token, and of so many most probable ones. guess: tokens
        guessed ahead at most, where the text repeats itself. grammar (GBNF) or json_schema: what the text must be, with
        grammar_triggers from one of these words on. experts: of each token, those that the layers chose.
        """
        cancel = cancel or self._cancel
        chosen = options(_abi.GenerateOptions)
        sampler_struct = (sampler or SamplerOptions())._struct()
        chosen.sampler, chosen.cancel = ctypes.pointer(sampler_struct), cancel._pointer
        assign(chosen, max_tokens=max_tokens, guess=guess, log_probabilities=log_probabilities, sinks=sinks)
        chosen.when_full, chosen.ignore_end, chosen.experts = when_full, ignore_end, experts
        chosen.stop = stops = texts(stop)
        chosen.n_stop = len(stops)
        chosen.grammar, chosen.json_schema = text(grammar), text(as_json(json_schema))
        chosen.grammar_triggers = triggers = texts(grammar_triggers)
        chosen.n_grammar_triggers = len(triggers)
        array = self._tokens(prompt if prompt is not None else ())
        with self._handle as pointer:
            call(library.tritium_session_begin, pointer, array, len(array), ctypes.byref(chosen))
        self._begun += 1
        return Generation(self, cancel, self._begun)

    def _tokens(self, prompt: Prompt) -> Any:
        if not isinstance(prompt, str):
            return ids(prompt)
        tokens = self.model.tokenize(prompt)
        if self.position > 0 and tokens[:1] == [self.model.begin_of_text]:
            del tokens[0]
        return ids(tokens)

    def attach(self, adapter: Adapter, strength: float = 1.0) -> None:
        """From here on tokens are evaluated with an adapter beside the weights, in place of the one before.

        What it adds is multiplied by `strength`. What was evaluated stays as it is: rewind() begins anew. Sessions of one
        create_sessions() share it: the last call counts for all.
        """
        with adapter._handle as pointer:
            self._call("tritium_session_attach", pointer, strength)

    def detach(self) -> None:
        """Without an adapter, that of Runtime.load() included."""
        self._call("tritium_session_attach", None, 1.0)
