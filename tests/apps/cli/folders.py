"""Small Hugging Face folders, written with Python's standard library: BF16 tensors, and a tokenizer of bytes."""
import json
import os
import struct


def bf16(value):
    """The nearest value that BF16 holds."""
    bits = struct.unpack("<I", struct.pack("<f", value))[0]
    bits = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16 << 16
    return struct.unpack("<f", struct.pack("<I", bits))[0]


def write_safetensors(path, tensors):
    """tensors: name -> (shape, values that BF16 holds)."""
    header, data = {}, bytearray()
    for name, (shape, values) in tensors.items():
        begin = len(data)
        data += b"".join(struct.pack("<f", v)[2:] for v in values)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def byte_tokenizer():
    """tokenizer.json whose token of id b is the byte b; 256 ends a text."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters, others = {b: chr(b) for b in plain}, 0
    for b in range(256):
        if b not in letters:
            letters[b] = chr(256 + others)
            others += 1
    return {"version": "1.0", "normalizer": None, "post_processor": None, "decoder": {"type": "ByteLevel"},
            "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True},
            "added_tokens": [{"id": 256, "content": "<|endoftext|>", "special": True, "single_word": False, "lstrip": False,
                              "rstrip": False, "normalized": False}],
            "model": {"type": "BPE", "vocab": {letters[b]: b for b in range(256)}, "merges": []}}


def write_folder(folder, config, tensors, others=None):
    """others: more JSON files, by their path in the folder."""
    files = {"config.json": config, "tokenizer.json": byte_tokenizer(), **(others or {})}
    for name, content in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            json.dump(content, file)
    write_safetensors(os.path.join(folder, "model.safetensors"), tensors)
