"""A model: its vocabulary, its chat template, vectors of texts, and the sessions that run it."""

from __future__ import annotations

import ctypes
import datetime
import json
from typing import TYPE_CHECKING, Any, List, Mapping, Optional, Sequence, Union

from . import _abi
from ._abi import Activations, KvCache, Pooling
from ._call import Owned, call, interruptible
from ._library import library
from ._values import Path, as_json, assign, filled, floats, ids, options, out_handle, path, utf8
from .adapter import Adapter
from .cancel import CancelToken
from .chat import Chat, Reply, ReplyStream, Tools, Variables, chat_options
from .info import Info
from .session import Session

if TYPE_CHECKING:
    from .runtime import Runtime

Text = Union[str, bytes]


class Model(Owned):
    """Weights on a device, from Runtime.load(). Any number of sessions share them; any thread may use it."""

    def __init__(self, runtime: "Runtime", pointer: int) -> None:
        super().__init__(pointer, "model")
        self.runtime = runtime
        self._info: Optional[Info] = None

    @property
    def info(self) -> Info:
        if self._info is None:
            with self._handle as pointer:
                self._info = Info._take(out_handle(library.tritium_model_info, pointer))
        return self._info

    # ---- text ----

    def tokenize(self, text: Text) -> List[int]:
        """Token ids, the beginning-of-text token first when the model wants one. Text never becomes a control token."""
        encoded = utf8(text)
        with self._handle as pointer:
            return list(filled(ctypes.c_int32, library.tritium_tokenize, pointer, encoded, len(encoded)))

    def detokenize(self, tokens: Sequence[int]) -> str:
        """What is not UTF-8 becomes U+FFFD."""
        with self._handle as pointer:
            return str(filled(ctypes.c_char, library.tritium_detokenize, pointer, ids(tokens), len(tokens)).raw, "utf-8")

    @property
    def begin_of_text(self) -> int:
        """An id; -1: none."""
        return int(self._ask("tritium_begin_of_text"))

    @property
    def end_of_text(self) -> int:
        """An id; -1: none."""
        return int(self._ask("tritium_end_of_text"))

    @property
    def has_chat_template(self) -> bool:
        return bool(self._ask("tritium_has_chat_template"))

    def format_chat(self, messages: Union[str, Sequence[Mapping[str, Any]]], *,
                    tools: Tools = None, variables: Variables = None,
                    now: Union[str, datetime.datetime, None] = None, chat_template: Optional[str] = None,
                    template_name: Optional[str] = None, generation_prompt: bool = True,
                    control_tokens_in_messages: bool = False) -> Chat:
        """Messages ({"role", "content"}; or JSON) by the model's template, or the Jinja text that is given.

        variables: what the template shall know besides, as {"enable_thinking": False}. now: what it takes for the time.
        """
        chosen = chat_options(tools, variables, now, chat_template, template_name, generation_prompt)
        chosen.control_tokens_in_messages = control_tokens_in_messages
        encoded = (as_json(messages if isinstance(messages, str) else list(messages)) or "").encode()
        nothing = (None, 0, None)
        with self._handle as pointer:
            start = (pointer, encoded, len(encoded), ctypes.byref(chosen))

            def write_tokens(*buffer: Any) -> Any:
                return library.tritium_format_chat(*start, *nothing, *buffer)

            def write_text(*arguments: Any) -> Any:
                return library.tritium_format_chat(*start, *arguments[:3], *nothing, arguments[3])

            calls = json.loads(filled(ctypes.c_char, library.tritium_tool_grammar, *start).raw)
            return Chat(filled(ctypes.c_char, write_text).raw.decode(), list(filled(ctypes.c_int32, write_tokens)),
                        calls["grammar"], tuple(calls["triggers"]))

    def parse_reply(self, reply: Union[str, Sequence[int]], *, tools: Tools = None, variables: Variables = None,
                    chat_template: Optional[str] = None, template_name: Optional[str] = None,
                    generation_prompt: bool = True) -> Reply:
        """What the model wrote after format_chat() with these options: text, or its tokens.

        Formats whose marks are control tokens (Mistral, Llama, LFM2, DeepSeek, Granite) need the tokens: no text has them.
        """
        chosen = ctypes.byref(chat_options(tools, variables, None, chat_template, template_name, generation_prompt))
        with self._handle as pointer:
            if isinstance(reply, str):
                encoded = reply.encode()
                written = filled(ctypes.c_char, library.tritium_parse_reply, pointer, encoded, len(encoded), chosen)
            else:
                written = filled(ctypes.c_char, library.tritium_parse_reply_tokens, pointer, ids(reply), len(reply), chosen)
        return Reply(**json.loads(written.raw))

    def reply_stream(self, *, tools: Tools = None, variables: Variables = None, chat_template: Optional[str] = None,
                     template_name: Optional[str] = None, generation_prompt: bool = True) -> ReplyStream:
        """The same while it is generated: append() text or tokens as they come, then finish()."""
        chosen = ctypes.byref(chat_options(tools, variables, None, chat_template, template_name, generation_prompt))
        with self._handle as pointer:
            return ReplyStream(out_handle(library.tritium_reply_stream_create, pointer, chosen))

    def embed(self, text: Text, *, pooling: Pooling = Pooling.OF_MODEL, normalized: bool = True,
              activations: Activations = Activations.INT8, kv: KvCache = KvCache.F16,
              cancel: Optional[CancelToken] = None) -> Any:
        """What a text means to the model: info.dim floats, as a NumPy array where NumPy is there."""
        cancel = cancel or CancelToken()
        encoded = utf8(text)
        chosen = options(_abi.EmbeddingOptions)
        chosen.cancel, chosen.pooling, chosen.not_normalized = cancel._pointer, pooling, not normalized
        chosen.activations, chosen.kv = activations, kv
        values, memory = floats(self.info.dim)

        def run() -> None:
            self._call("tritium_embed", encoded, len(encoded), ctypes.byref(chosen), memory, len(values), None)

        interruptible([cancel], run)
        return values

    # ---- sessions ----

    def create_session(self, *, context: int = 0, batch: int = 0, activations: Activations = Activations.INT8,
                       kv: KvCache = KvCache.F16) -> Session:
        """A conversation of its own. context: tokens its KV cache holds; 0: the model's, at most 4096."""
        cancel, chosen = CancelToken(), _session_options(context, batch, activations, kv)
        chosen.cancel = cancel._pointer

        def run() -> Session:
            with self._handle as pointer:
                return Session(self, out_handle(library.tritium_session_create, pointer, ctypes.byref(chosen)))

        return interruptible([cancel], run)

    def create_sessions(self, count: int, *, context: int = 0, batch: int = 0, activations: Activations = Activations.INT8,
                        kv: KvCache = KvCache.F16) -> List[Session]:
        """Sessions whose next tokens together() evaluates by one pass, which reads the weights once for all of them."""
        cancel, chosen = CancelToken(), _session_options(context, batch, activations, kv)
        chosen.cancel = cancel._pointer

        def run() -> List[Session]:
            out = (ctypes.c_void_p * max(count, 0))()
            with self._handle as pointer:
                call(library.tritium_sessions_create, pointer, ctypes.byref(chosen), max(count, 0),
                     ctypes.cast(out, ctypes.POINTER(ctypes.c_void_p)))
            return [Session(self, handle or 0) for handle in out]

        return interruptible([cancel], run)

    # ---- memory, adapters ----

    def park(self) -> None:
        """The weights leave the memory; sessions keep their caches, adapters their matrices.

        They come back with the next token, or by unpark(), from the files, which must be there and unchanged: this looks before
        it lets go. It waits for an evaluation that is under way.
        """
        interruptible([], lambda: self._call("tritium_model_park"))

    def unpark(self, *, cancel: Optional[CancelToken] = None) -> None:
        """Brings the weights back before they are needed. Nothing happens where they are there."""
        cancel = cancel or CancelToken()
        pointer = cancel._pointer
        interruptible([cancel], lambda: self._call("tritium_model_unpark", pointer))

    @property
    def parked(self) -> bool:
        """Are the weights away? Waits for nobody."""
        return bool(self._ask("tritium_model_is_parked"))

    def load_adapter(self, file: Path, *, cancel: Optional[CancelToken] = None) -> Adapter:
        """A LoRA adapter, a GGUF file, for Session.attach() of this model's sessions."""
        cancel = cancel or CancelToken()
        start = (path(file), cancel._pointer)

        def run() -> Adapter:
            with self._handle as pointer:
                return Adapter(self, out_handle(library.tritium_adapter_load, pointer, *start))

        return interruptible([cancel], run)


def _session_options(context: int, batch: int, activations: Activations, kv: KvCache) -> Any:
    chosen = options(_abi.SessionOptions)
    assign(chosen, context=context, batch=batch, activations=activations, kv=kv)
    return chosen
