"""The C ABI of tritium.h and training.h, written once: enums, structs, callbacks, functions.

tests/test_abi.py holds every size, offset, value and parameter here to the recorded ABI (tests/c_api/abi.txt).
"""

from __future__ import annotations

import enum
from ctypes import CFUNCTYPE, POINTER, Structure, c_char, c_char_p, c_double, c_float, c_int32, c_int64, c_uint32, c_uint64, c_void_p
from typing import Any, Dict, List, Tuple

__version__ = "0.1.0"  # of the headers
SONAME = "libtritium.so.0.1"
RANDOM_SEED = 2**64 - 1


class Status(enum.IntEnum):
    OK = 0
    INVALID_ARGUMENT = 1
    NOT_FOUND = 2
    CORRUPT_FILE = 3
    UNSUPPORTED = 4
    OUT_OF_MEMORY = 5
    IO_ERROR = 6
    DEVICE_ERROR = 7
    CANCELLED = 8
    INTERNAL = 9
    BUFFER_TOO_SMALL = 10


class LogLevel(enum.IntEnum):
    DEBUG = 0
    INFO = 1
    WARNING = 2
    ERROR = 3


class Layout(enum.IntEnum):
    """How the CPU keeps trits: the faster one, 2 bits, or 1.6 bits."""

    AUTOMATIC = 0
    TWO_BIT = 1
    BASE3 = 2


class Activations(enum.IntEnum):
    INT8 = 0
    INT8_BLOCK = 1
    F32 = 2


class KvCache(enum.IntEnum):
    F16 = 0
    INT8 = 1
    F32 = 2


class Pooling(enum.IntEnum):
    OF_MODEL = 0
    LAST = 1
    MEAN = 2


class Stop(enum.IntEnum):
    """Why a generation ended."""

    END_OF_TEXT = 0
    MAX_TOKENS = 1
    CONTEXT_FULL = 2
    CANCELLED = 3
    TEXT = 4


class WhenFull(enum.IntEnum):
    """What becomes of a generation that the context has no more room for."""

    STOP = 0
    ERROR = 1
    SLIDE = 2


class TrainStop(enum.IntEnum):
    FINISHED = 0
    INTERRUPTED = 1
    EARLY = 2


# Prefix of the C names -> the enum.
ENUMS = {"TRITIUM_": Status, "TRITIUM_LOG_": LogLevel, "TRITIUM_LAYOUT_": Layout, "TRITIUM_ACTIVATIONS_": Activations,
         "TRITIUM_KV_": KvCache, "TRITIUM_POOLING_": Pooling, "TRITIUM_STOP_": Stop, "TRITIUM_WHEN_FULL_": WhenFull,
         "TRITIUM_TRAIN_": TrainStop}

# ---- structs: TrainPlan is tritium_train_plan ----


class Error(Structure):
    _fields_ = [("size", c_uint64), ("message_size", c_uint64), ("status", c_int32), ("message", c_char * 1004)]


class ErrorRoom(Error):
    """A message may go on beyond the struct."""

    _fields_ = [("more", c_char * 3072)]


class Device(Structure):
    _fields_ = [("size", c_uint64), ("backend", c_char_p), ("description", c_char_p), ("driver", c_char_p),
                ("reason", c_char_p), ("features", POINTER(c_char_p)), ("n_features", c_uint64), ("memory_bytes", c_uint64),
                ("available", c_int32), ("software", c_int32), ("chosen_by_auto", c_int32), ("reserved", c_int32)]


Log = CFUNCTYPE(None, c_void_p, c_int32, c_void_p, c_uint64)


class RuntimeOptions(Structure):
    _fields_ = [("size", c_uint64), ("backend", c_char_p), ("log", Log), ("log_data", c_void_p), ("threads", c_int32),
                ("pin", c_int32), ("layout", c_int32), ("strict", c_int32)]


class Facts(Structure):
    _fields_ = [("size", c_uint64), ("path", c_char_p), ("architecture", c_char_p), ("name", c_char_p),
                ("tokenizer_problem", c_char_p), ("vocab_size", c_int64), ("dim", c_int64), ("n_layers", c_int64),
                ("n_heads", c_int64), ("n_kv_heads", c_int64), ("head_dim", c_int64), ("n_experts", c_int64),
                ("n_experts_used", c_int64), ("context_length", c_int64), ("parameters", c_uint64),
                ("active_parameters", c_uint64), ("ternary_parameters", c_uint64), ("active_ternary_parameters", c_uint64),
                ("token_weight_bytes", c_uint64), ("n_tensors", c_uint64), ("n_warnings", c_uint64), ("n_memory", c_uint64),
                ("has_tokenizer", c_int32), ("reserved", c_int32)]


class Memory(Structure):
    _fields_ = [("size", c_uint64), ("backend", c_char_p), ("weight_bytes", c_uint64), ("kv_bytes_per_token", c_uint64),
                ("work_bytes", c_uint64)]


class Tensor(Structure):
    _fields_ = [("size", c_uint64), ("name", c_char_p), ("type", c_char_p), ("shape", POINTER(c_int64)),
                ("n_dims", c_uint64), ("bytes", c_uint64)]


Progress = CFUNCTYPE(c_int32, c_void_p, c_double)


class LoadOptions(Structure):
    _fields_ = [("size", c_uint64), ("progress", Progress), ("progress_data", c_void_p), ("cancel", c_void_p),
                ("adapter", c_char_p), ("adapter_strength", c_double), ("tokenizer_pre", c_char_p), ("cache", c_char_p),
                ("i2s_interleave_64", c_int32), ("reserved", c_int32)]


class ChatOptions(Structure):
    _fields_ = [("size", c_uint64), ("tools", c_char_p), ("variables", c_char_p), ("now", c_char_p),
                ("chat_template", c_char_p), ("template_name", c_char_p), ("no_generation_prompt", c_int32),
                ("control_tokens_in_messages", c_int32)]


class ReplyPart(Structure):
    _fields_ = [("size", c_uint64), ("content", c_void_p), ("content_size", c_uint64), ("reasoning_content", c_void_p),
                ("reasoning_content_size", c_uint64), ("tool_calls", c_void_p), ("tool_calls_size", c_uint64)]


class EmbeddingOptions(Structure):
    _fields_ = [("size", c_uint64), ("cancel", c_void_p), ("pooling", c_int32), ("not_normalized", c_int32),
                ("activations", c_int32), ("kv", c_int32)]


class LogitBias(Structure):
    _fields_ = [("token", c_int32), ("bias", c_float)]


class SamplerOptions(Structure):
    _fields_ = [("size", c_uint64), ("seed", c_uint64), ("top_k", c_int64), ("temperature", c_float), ("top_p", c_float),
                ("min_p", c_float), ("typical_p", c_float), ("top_n_sigma", c_float), ("xtc_probability", c_float),
                ("xtc_threshold", c_float), ("repeat_penalty", c_float), ("frequency_penalty", c_float),
                ("presence_penalty", c_float), ("penalty_last_n", c_int64), ("dry_multiplier", c_float), ("dry_base", c_float),
                ("dry_allowed_length", c_int64), ("dry_penalty_last_n", c_int64),
                ("dry_sequence_breakers", POINTER(c_char_p)), ("n_dry_sequence_breakers", c_uint64),
                ("logit_bias", POINTER(LogitBias)), ("n_logit_bias", c_uint64), ("mirostat", c_int32),
                ("mirostat_tau", c_float), ("mirostat_eta", c_float), ("reserved", c_float)]


class SessionOptions(Structure):
    _fields_ = [("size", c_uint64), ("cancel", c_void_p), ("context", c_int64), ("batch", c_int64), ("activations", c_int32),
                ("kv", c_int32)]


class LogProbability(Structure):
    _fields_ = [("log_probability", c_double), ("token", c_int32), ("reserved", c_int32)]


class GenerateOptions(Structure):
    _fields_ = [("size", c_uint64), ("sampler", POINTER(SamplerOptions)), ("cancel", c_void_p), ("max_tokens", c_int64),
                ("guess", c_int64), ("stop", POINTER(c_char_p)), ("n_stop", c_uint64), ("log_probabilities", c_int64),
                ("sinks", c_int64), ("when_full", c_int32), ("ignore_end", c_int32), ("grammar", c_char_p),
                ("json_schema", c_char_p), ("grammar_triggers", POINTER(c_char_p)), ("n_grammar_triggers", c_uint64),
                ("experts", c_int32), ("reserved", c_int32)]


class Token(Structure):
    _fields_ = [("size", c_uint64), ("text", c_void_p), ("text_size", c_uint64), ("log_probability", c_double),
                ("most_probable", POINTER(LogProbability)), ("n_most_probable", c_uint64), ("id", c_int32),
                ("reserved", c_int32), ("experts", POINTER(c_int32)), ("n_experts", c_uint64)]


class Generation(Structure):
    _fields_ = [("size", c_uint64), ("seed", c_uint64), ("tokens", c_int64), ("prompt_tokens", c_int64), ("guessed", c_int64),
                ("accepted", c_int64), ("seconds_to_first_token", c_double), ("seconds", c_double),
                ("tokens_per_second", c_double), ("slides", c_int64), ("stop", c_int32), ("stop_text", c_int32)]


class TrainPlan(Structure):
    _fields_ = [("size", c_uint64), ("parameters", c_uint64), ("active_parameters", c_uint64), ("ternary_parameters", c_uint64),
                ("memory_bytes", c_uint64), ("available_bytes", c_uint64), ("fitting_bytes", c_uint64),
                ("train_tokens", c_int64), ("valid_tokens", c_int64), ("steps", c_int64)]


class TrainProgress(Structure):
    _fields_ = [("size", c_uint64), ("step", c_int64), ("steps", c_int64), ("train_loss", c_double), ("valid_loss", c_double),
                ("bits_per_byte", c_double), ("learning_rate", c_double), ("gradient_norm", c_double),
                ("tokens_per_second", c_double), ("seconds", c_double), ("seconds_left", c_double)]


OnTrainProgress = CFUNCTYPE(c_int32, c_void_p, POINTER(TrainProgress))


class TrainOptions(Structure):
    _fields_ = [("size", c_uint64), ("progress", OnTrainProgress), ("progress_data", c_void_p), ("cancel", c_void_p),
                ("log", Log), ("log_data", c_void_p)]


class TrainReport(Structure):
    _fields_ = [("size", c_uint64), ("step", c_int64), ("exported_step", c_int64), ("train_loss", c_double),
                ("valid_loss", c_double), ("bits_per_byte", c_double), ("first_valid_loss", c_double), ("seconds", c_double),
                ("tokens_per_second", c_double), ("export_difference", c_double), ("packed_bytes", c_uint64),
                ("stop", c_int32), ("reserved", c_int32)]


STRUCTS = (Error, Device, RuntimeOptions, Facts, Memory, Tensor, LoadOptions, ChatOptions, ReplyPart, EmbeddingOptions,
           LogitBias, SamplerOptions, SessionOptions, LogProbability, GenerateOptions, Token, Generation, TrainPlan, TrainProgress,
           TrainOptions, TrainReport)

# ---- functions ----

_handle, _out, _array, _options, _size = c_void_p, POINTER(c_void_p), c_void_p, c_void_p, c_uint64
_needed = POINTER(c_uint64)

# A function that can fail: its parameters before the tritium_error*.
_CALLS: Dict[str, List[Any]] = {
    "tritium_cancel_create": [_out],
    "tritium_devices_list": [_out],
    "tritium_devices_get": [_handle, _size, POINTER(Device)],
    "tritium_runtime_create": [_options, _out],
    "tritium_inspect": [c_char_p, _out],
    "tritium_info_facts": [_handle, POINTER(Facts)],
    "tritium_info_memory": [_handle, _size, POINTER(Memory)],
    "tritium_info_tensor": [_handle, _size, POINTER(Tensor)],
    "tritium_model_load": [_handle, c_char_p, _options, _out],
    "tritium_model_load_descriptor": [_handle, c_int32, _options, _out],
    "tritium_model_park": [_handle],
    "tritium_model_unpark": [_handle, c_void_p],
    "tritium_model_info": [_handle, _out],
    "tritium_adapter_load": [_handle, c_char_p, c_void_p, _out],
    "tritium_tokenize": [_handle, c_char_p, _size, _array, _size, _needed],
    "tritium_detokenize": [_handle, _array, _size, _array, _size, _needed],
    "tritium_format_chat": [_handle, c_char_p, _size, _options, _array, _size, _needed, _array, _size, _needed],
    "tritium_tool_grammar": [_handle, c_char_p, _size, _options, _array, _size, _needed],
    "tritium_parse_reply": [_handle, c_char_p, _size, _options, _array, _size, _needed],
    "tritium_parse_reply_tokens": [_handle, _array, _size, _options, _array, _size, _needed],
    "tritium_reply_stream_create": [_handle, _options, _out],
    "tritium_reply_stream_append": [_handle, c_char_p, _size, POINTER(ReplyPart)],
    "tritium_reply_stream_append_token": [_handle, c_int32, POINTER(ReplyPart)],
    "tritium_reply_stream_finish": [_handle, POINTER(ReplyPart)],
    "tritium_embed": [_handle, c_char_p, _size, _options, _array, _size, _needed],
    "tritium_sampler_create": [_options, _out],
    "tritium_sampler_sample": [_handle, _array, _size, POINTER(c_int32)],
    "tritium_sampler_accept": [_handle, c_int32],
    "tritium_session_create": [_handle, _options, _out],
    "tritium_sessions_create": [_handle, _options, _size, _out],
    "tritium_session_rewind": [_handle, c_int64],
    "tritium_session_attach": [_handle, c_void_p, c_double],
    "tritium_session_fork": [_handle, _out],
    "tritium_session_save": [_handle, _array, _size, _needed],
    "tritium_session_restore": [_handle, _array, _size],
    "tritium_session_feed": [_handle, _array, _size, c_void_p],
    "tritium_session_logits": [_handle, _array, _size, _needed],
    "tritium_session_top": [_handle, _size, _array],
    "tritium_session_generate": [_handle, _array, _size, _options, c_void_p, c_void_p, c_void_p],
    "tritium_session_begin": [_handle, _array, _size, _options],
    "tritium_session_next": [_handle, POINTER(Token), POINTER(c_int32)],
    "tritium_session_generation": [_handle, POINTER(Generation)],
    "tritium_sessions_next": [_array, _size, _array, _array, _array],
    "tritium_train_make_plan": [c_char_p, _size, POINTER(TrainPlan)],
    "tritium_train": [c_char_p, _size, _options, POINTER(TrainReport)],
    "tritium_trainer_create": [c_char_p, _size, _options, _out],
    "tritium_trainer_step": [_handle, c_int64, c_void_p, POINTER(TrainProgress)],
    "tritium_trainer_evaluate": [_handle, c_void_p, POINTER(TrainProgress)],
    "tritium_trainer_save": [_handle, c_char_p],
    "tritium_trainer_export": [_handle, c_char_p, c_void_p, POINTER(TrainReport)],
}
# Result and parameters.
FUNCTIONS: Dict[str, Tuple[Any, List[Any]]] = {
    "tritium_status_name": (c_char_p, [c_int32]),
    "tritium_version": (c_uint32, []),
    "tritium_version_string": (c_char_p, []),
    "tritium_cancel_set": (None, [_handle]),
    "tritium_cancel_clear": (None, [_handle]),
    "tritium_cancel_is_set": (c_int32, [_handle]),
    "tritium_devices_count": (c_uint64, [_handle]),
    "tritium_runtime_backend": (c_char_p, [_handle]),
    "tritium_runtime_reason": (c_char_p, [_handle]),
    "tritium_info_warning": (c_char_p, [_handle, _size]),
    "tritium_model_is_parked": (c_int32, [_handle]),
    "tritium_begin_of_text": (c_int32, [_handle]),
    "tritium_end_of_text": (c_int32, [_handle]),
    "tritium_has_chat_template": (c_int32, [_handle]),
    "tritium_session_position": (c_int64, [_handle]),
    "tritium_session_context": (c_int64, [_handle]),
    "tritium_trainer_has_ended": (c_int32, [_handle]),
}
FUNCTIONS.update({name: (c_int32, [*parameters, POINTER(Error)]) for name, parameters in _CALLS.items()})
FUNCTIONS.update({f"tritium_{kind}_release": (None, [_handle])
                  for kind in ("cancel", "devices", "runtime", "info", "model", "adapter", "reply_stream", "sampler",
                               "session", "trainer")})
FUNCTIONS.update({f"tritium_{kind}_options_init": (None, [_options, _size])
                  for kind in ("runtime", "load", "chat", "embedding", "sampler", "session", "generate", "train")})
