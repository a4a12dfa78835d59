"""Tokens as they come: of one session, or of several by one pass."""

from __future__ import annotations

import contextlib
import ctypes
from typing import TYPE_CHECKING, Any, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from . import _abi, errors
from ._abi import Status, Stop
from ._call import call, interruptible, message_of
from ._library import library
from ._values import record, sized
from .cancel import CancelToken

if TYPE_CHECKING:
    from .session import Session


class LogProbability(NamedTuple):
    token: int
    log_probability: float  # natural, of all tokens at temperature 1


class Token(NamedTuple):
    """str(token) is its text: whole characters that became complete with it; may be empty."""

    text: str
    id: int  # -1: text that was held back until the text ended
    log_probability: float  # these: with log_probabilities
    most_probable: List[LogProbability]
    experts: List[int]  # with experts: of each layer model.info.n_experts_used, for the token before it

    def __str__(self) -> str:
        return self.text


class Result(NamedTuple):
    """How a generation went."""

    stop: Stop
    stop_text: int  # which of the stop texts it was; -1: none
    seed: int  # the sampler's, also the one that was drawn
    tokens: int  # that were generated, also those of a stop text
    prompt_tokens: int
    guessed: int
    accepted: int
    seconds_to_first_token: float
    seconds: float
    tokens_per_second: float  # of the tokens after the first
    slides: int


def log_probabilities_of(rows: Any) -> List[LogProbability]:
    return [LogProbability(row.token, row.log_probability) for row in rows]


def _token_of(struct: Any) -> Token:
    text = ctypes.string_at(struct.text, struct.text_size).decode("utf-8", "replace") if struct.text_size else ""
    return Token(text, struct.id, struct.log_probability, log_probabilities_of(struct.most_probable[:struct.n_most_probable]),
                 struct.experts[:struct.n_experts])


class Generation(Iterator[Token]):
    """From Session.generate(): an iterator. `error` is what it failed by, where it failed."""

    def __init__(self, session: "Session", cancel: CancelToken, number: int) -> None:
        self.session, self._cancel, self._number = session, cancel, number
        self.error: Optional[BaseException] = None
        self._ended = False
        self._result: Optional[Result] = None

    def __next__(self) -> Token:
        if self._ended:
            raise StopIteration
        self._check_it_is_the_last()
        struct, more = sized(_abi.Token), ctypes.c_int32()

        def run() -> Optional[Token]:  # within one use: what the struct points to is the session's
            with self.session._handle as pointer:
                call(library.tritium_session_next, pointer, ctypes.byref(struct), ctypes.byref(more))
                return _token_of(struct) if more.value else None

        try:
            token = interruptible([self._cancel], run)
        except BaseException as problem:
            self._end(problem)
            raise
        if token is None:
            self._end(None)
            raise StopIteration
        return token

    def text(self) -> str:
        """All that is still to come."""
        return "".join(token.text for token in self)

    @property
    def result(self) -> Result:
        """How it went until now; after its end also when the session has gone on."""
        if self._result is not None:
            return self._result
        self._check_it_is_the_last()
        return self._ask_result()

    def _ask_result(self) -> Result:
        struct = sized(_abi.Generation)
        self.session._call("tritium_session_generation", ctypes.byref(struct))
        return record(Result, struct, stop=Stop(struct.stop))

    def _check_it_is_the_last(self) -> None:
        if self.session._begun != self._number:
            raise errors.InvalidArgument("the session has begun another generation, which has ended this one")

    def _end(self, problem: Optional[BaseException]) -> None:
        self._ended, self.error = True, problem
        if problem is None:
            self._result = self._ask_result()


def next_of_each(generations: Sequence[Generation]) -> List[Optional[Token]]:
    """The next token of each, None of those that have ended; of sessions of one create_sessions() by one pass.

    What fails for one, which its `error` is then, concerns no other.
    """
    going = [generation for generation in generations if not generation._ended]
    for generation in going:
        generation._check_it_is_the_last()
    if not going:
        return [None for _ in generations]
    count = len(going)
    structs = [sized(_abi.Token) for _ in going]
    places = (ctypes.c_void_p * count)(*(ctypes.addressof(struct) for struct in structs))
    more, outcomes = (ctypes.c_int32 * count)(), (ctypes.c_int32 * count)()

    def run() -> Tuple[List[Optional[Token]], str]:
        with contextlib.ExitStack() as uses:
            sessions = (ctypes.c_void_p * count)(*(uses.enter_context(one.session._handle) for one in going))
            room = call(library.tritium_sessions_next, sessions, count, places, more, outcomes)
            tokens = [_token_of(struct) if more[i] and not outcomes[i] else None for i, struct in enumerate(structs)]
        return tokens, message_of(room)

    try:
        tokens, message = interruptible([generation._cancel for generation in going], run)
    except BaseException as problem:
        for generation in going:
            generation._end(problem)
        raise
    for token, outcome, generation in zip(tokens, outcomes, going):
        if outcome:  # the message is that of the first
            generation._end(errors.of_status(outcome, message or errors.OF_STATUS[Status(outcome)].__doc__ or ""))
            message = ""
        elif token is None:
            generation._end(None)
    came = dict(zip(map(id, going), tokens))
    return [came.get(id(generation)) for generation in generations]


def together(generations: Sequence[Generation]) -> Iterator[Tuple[int, Token]]:
    """(index, token) as they come, until all have ended; then the first failure is raised."""
    while True:
        tokens = next_of_each(generations)
        yield from ((index, token) for index, token in enumerate(tokens) if token is not None)
        if all(generation._ended for generation in generations):
            break
    for generation in generations:
        if generation.error is not None:
            raise generation.error
