"""Conversations as a model was trained to continue them, and what it wrote."""

from __future__ import annotations

import ctypes
import datetime
import json
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from . import _abi
from ._call import Owned
from ._values import as_json, check_token, options, sized, text

Tools = Union[str, Sequence[Mapping[str, Any]], None]
Variables = Union[str, Mapping[str, Any], None]


class Chat(NamedTuple):
    """A conversation as the model was trained to continue it."""

    text: str
    tokens: List[int]
    # For generate(grammar=, grammar_triggers=): holds it to calls of the tools; "": none, or no JSON between marks.
    tool_grammar: str = ""
    tool_grammar_triggers: Tuple[str, ...] = ()


class Reply(NamedTuple):
    """What a model wrote, taken apart as its template says; or a part of it, as it comes."""

    content: str
    reasoning_content: str
    tool_calls: List[Dict[str, Any]]  # {"type": "function", "function": {"name", "arguments": {…}}}, perhaps with "id"


class ReplyStream(Owned):
    """From Model.reply_stream(): each call gives what became certain with it, and all together is parse_reply()'s.

    One thread at a time.
    """

    def __init__(self, pointer: int) -> None:
        super().__init__(pointer, "reply_stream")

    def append(self, piece: Union[str, int]) -> Reply:
        """A piece of the text, or a token in place of its text, for marks that are control tokens."""
        if isinstance(piece, int):
            check_token(piece)
            return self._part("tritium_reply_stream_append_token", piece)
        if not isinstance(piece, str):
            raise TypeError(f"a piece is a str or an int, not {type(piece).__name__}")
        encoded = piece.encode()
        return self._part("tritium_reply_stream_append", encoded, len(encoded))

    def finish(self) -> Reply:
        """What was held back; nothing can be appended any more."""
        return self._part("tritium_reply_stream_finish")

    def _part(self, name: str, *arguments: Any) -> Reply:
        part = sized(_abi.ReplyPart)
        self._call(name, *arguments, ctypes.byref(part))
        calls = _text_at(part.tool_calls, part.tool_calls_size)
        return Reply(_text_at(part.content, part.content_size), _text_at(part.reasoning_content, part.reasoning_content_size),
                     json.loads(calls) if calls else [])


def _text_at(address: int, size: int) -> str:
    return ctypes.string_at(address, size).decode("utf-8", "replace")


def chat_options(tools: Tools, variables: Variables, now: Union[str, datetime.datetime, None], chat_template: Optional[str],
                 template_name: Optional[str], generation_prompt: bool) -> Any:
    chosen = options(_abi.ChatOptions)
    chosen.tools, chosen.variables, chosen.chat_template = text(as_json(tools)), text(as_json(variables)), text(chat_template)
    chosen.now = text(now.strftime("%Y-%m-%dT%H:%M:%S") if isinstance(now, datetime.datetime) else now)
    chosen.template_name, chosen.no_generation_prompt = text(template_name), not generation_prompt
    return chosen
