"""Small Hugging Face folders with random weights. Python's standard library only."""
import json
import os
import random
import struct

LLAMA = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 128, "num_hidden_layers": 2,
         "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 256, "vocab_size": 260,
         "max_position_embeddings": 128, "rms_norm_eps": 1e-6, "hidden_act": "silu", "rope_theta": 10000.0,
         "tie_word_embeddings": False, "torch_dtype": "float32"}
QWEN3 = {**LLAMA, "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "head_dim": 32}


def byte_characters():
    """The characters that stand for the bytes of byte-level vocabularies."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    return [chr(b) if b in plain else chr(256 + others.index(b)) for b in range(256)]


def tokenizer(**changes):
    """All bytes, two merges, and three special tokens: a vocabulary of 260."""
    tokens = byte_characters() + ["ab"]
    return {"model": {"type": "BPE", "vocab": {token: i for i, token in enumerate(tokens)}, "merges": [["a", "b"]]},
            "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True},
            "added_tokens": [{"id": 257 + i, "content": text, "special": True}
                             for i, text in enumerate(["<s>", "<|im_start|>", "<|im_end|>"])], **changes}


TOKENIZER_CONFIG = {"bos_token": "<s>", "eos_token": "<|im_end|>",
                    "chat_template": "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
                                     "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"}


def shapes_of(config):
    """Name → shape of a dense model's tensors."""
    dim, ff = config["hidden_size"], config["intermediate_size"]
    heads, kv = config["num_attention_heads"], config.get("num_key_value_heads") or config["num_attention_heads"]
    head_dim = config.get("head_dim") or dim // heads
    shapes = {"model.embed_tokens.weight": [config["vocab_size"], dim], "model.norm.weight": [dim]}
    if not config.get("tie_word_embeddings"):
        shapes["lm_head.weight"] = [config["vocab_size"], dim]
    for i in range(config["num_hidden_layers"]):
        layer = f"model.layers.{i}."
        shapes.update({layer + "input_layernorm.weight": [dim], layer + "post_attention_layernorm.weight": [dim],
                       layer + "self_attn.q_proj.weight": [heads * head_dim, dim], layer + "self_attn.k_proj.weight": [kv * head_dim, dim],
                       layer + "self_attn.v_proj.weight": [kv * head_dim, dim], layer + "self_attn.o_proj.weight": [dim, heads * head_dim],
                       layer + "mlp.gate_proj.weight": [ff, dim], layer + "mlp.up_proj.weight": [ff, dim],
                       layer + "mlp.down_proj.weight": [dim, ff]})
        if config["architectures"] == ["Qwen3ForCausalLM"]:
            shapes.update({layer + "self_attn.q_norm.weight": [head_dim], layer + "self_attn.k_norm.weight": [head_dim]})
    return shapes


def size_of(shape):
    n = 1
    for length in shape:
        n *= length
    return n


def random_values(shapes, group=0, seed=1):
    """Norms near 1, embedding and head of floats, the rest trits: with one magnitude a row, or a group of columns."""
    draw = random.Random(seed)
    tensors = {}
    for name, shape in shapes.items():
        n = size_of(shape)
        if len(shape) == 1:
            values = [1 + draw.randrange(-8, 9) / 64 for _ in range(n)]
        elif "embed" in name or "lm_head" in name:
            values = [draw.randrange(-64, 65) / 256 for _ in range(n)]
        else:
            every, values = group or shape[-1], []
            for _ in range(n // every):
                size = draw.randrange(8, 16) / 128
                values += [size * draw.randrange(-1, 2) for _ in range(every)]
        tensors[name] = (shape, values)
    return tensors


def encoded(values, dtype):
    if dtype == "BF16":
        return b"".join(struct.pack("<f", v)[2:] for v in values)
    return struct.pack(f"<{len(values)}{ {'F16': 'e', 'F32': 'f', 'F64': 'd', 'I8': 'b', 'U8': 'B'}[dtype]}", *values)


def write_safetensors(path, tensors, dtype="F32"):
    """tensors: name → (shape, values) or (shape, values, dtype)."""
    header, data = {}, b""
    for name, (shape, values, *own) in tensors.items():
        bytes_ = encoded(values, own[0] if own else dtype)
        header[name] = {"dtype": own[0] if own else dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(bytes_)]}
        data += bytes_
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def write(folder, config=LLAMA, tensors=None, dtype="F32", vocabulary=True, group=0):
    """A folder that runs; returns its tensors."""
    os.makedirs(folder, exist_ok=True)
    tensors = tensors or random_values(shapes_of(config), group)
    files = {"config.json": config}
    if vocabulary:
        files.update({"tokenizer.json": tokenizer(), "tokenizer_config.json": TOKENIZER_CONFIG})
    for name, value in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            json.dump(value, file)
    write_safetensors(os.path.join(folder, "model.safetensors"), tensors, dtype)
    return tensors
