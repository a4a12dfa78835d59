"""A small Qwen3 with an RMS norm before each projection, as BitNet-Embedding has it: its folder, and what it computes, in double
precision."""
import math
import random

import folders

DIM, LAYERS, HEADS, KV_HEADS, HEAD_DIM, FF, EPS, BASE = 32, 2, 2, 1, 16, 48, 1e-6, 1e6
CONFIG = {"architectures": ["Qwen3Model"], "model_type": "qwen3", "hidden_size": DIM, "num_hidden_layers": LAYERS,
          "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS, "head_dim": HEAD_DIM, "intermediate_size": FF,
          "vocab_size": 257, "max_position_embeddings": 64, "rms_norm_eps": EPS, "rope_theta": BASE, "hidden_act": "silu",
          "tie_word_embeddings": True}
PROJECTIONS = {"self_attn.q_proj": (HEADS * HEAD_DIM, DIM), "self_attn.k_proj": (KV_HEADS * HEAD_DIM, DIM),
               "self_attn.v_proj": (KV_HEADS * HEAD_DIM, DIM), "self_attn.o_proj": (DIM, HEADS * HEAD_DIM),
               "mlp.gate_proj": (FF, DIM), "mlp.up_proj": (FF, DIM), "mlp.down_proj": (DIM, FF)}


def random_tensors():
    draw = random.Random(11)

    def norm(n):
        return [n], [folders.bf16(draw.uniform(0.5, 1.5)) for _ in range(n)]

    def matrix(rows, cols, size):
        return [rows, cols], [folders.bf16(draw.gauss(0, size)) for _ in range(rows * cols)]
    tensors = {"embed_tokens.weight": matrix(257, DIM, 1), "norm.weight": norm(DIM)}
    for i in range(LAYERS):
        layer = f"layers.{i}."
        for name, n in {"input_layernorm": DIM, "post_attention_layernorm": DIM, "self_attn.q_norm": HEAD_DIM,
                        "self_attn.k_norm": HEAD_DIM}.items():
            tensors[f"{layer}{name}.weight"] = norm(n)
        for name, (rows, cols) in PROJECTIONS.items():
            tensors[f"{layer}{name}.weight"] = matrix(rows, cols, 0.2)
            tensors[f"{layer}{name}.norm.weight"] = norm(cols)
    return tensors


class Oracle:
    """frequencies: of the pairs of a head that are rotated; magnitude: of their cosines and sines."""

    def __init__(self, tensors, frequencies=None, magnitude=1):
        self.frequencies = frequencies or [BASE ** (-2 * i / HEAD_DIM) for i in range(HEAD_DIM // 2)]
        self.magnitude = magnitude
        self.tensors = {name: values for name, (_, values) in tensors.items()}
        for name, (shape, values) in tensors.items():
            if "_proj." in name and len(shape) == 2:
                mean = sum(map(abs, values)) / len(values)
                self.tensors[name] = [mean * max(-1, min(1, round(v / mean))) for v in values]

    def norm(self, name, x):
        size = math.sqrt(sum(v * v for v in x) / len(x) + EPS)
        return [v / size * w for v, w in zip(x, self.tensors[name + ".weight"])]

    def project(self, name, x):
        x, w = self.norm(name + ".norm", x), self.tensors[name + ".weight"]
        return [sum(a * b for a, b in zip(x, w[r:r + len(x)])) for r in range(0, len(w), len(x))]

    def heads(self, name, x, position, norm=None):
        values = self.project(name, x)
        heads = [values[i:i + HEAD_DIM] for i in range(0, len(values), HEAD_DIM)]
        if norm is None:
            return heads
        turned, half = [], len(self.frequencies)
        turns = [(self.magnitude * math.cos(position * f), self.magnitude * math.sin(position * f)) for f in self.frequencies]
        for head in (self.norm(norm, head) for head in heads):
            turned.append([head[i] * c - head[i + half] * s for i, (c, s) in enumerate(turns)] +
                          [head[i + half] * c + head[i] * s for i, (c, s) in enumerate(turns)] + head[2 * half:])
        return turned

    def attention(self, layer, rows):
        normed = [self.norm(layer + "input_layernorm", x) for x in rows]
        q, k = ([self.heads(f"{layer}self_attn.{name}_proj", x, i, f"{layer}self_attn.{name}_norm") for i, x in enumerate(normed)]
                for name in "qk")
        v = [self.heads(layer + "self_attn.v_proj", x, i) for i, x in enumerate(normed)]
        out = []
        for i, x in enumerate(rows):
            mixed = []
            for h in range(HEADS):
                g = h * KV_HEADS // HEADS
                scores = [sum(a * b for a, b in zip(q[i][h], k[j][g])) / math.sqrt(HEAD_DIM) for j in range(i + 1)]
                weights = [math.exp(s - max(scores)) for s in scores]
                mixed += [sum(w * v[j][g][d] for j, w in enumerate(weights)) / sum(weights) for d in range(HEAD_DIM)]
            out.append([a + b for a, b in zip(x, self.project(layer + "self_attn.o_proj", mixed))])
        return out

    def feed_forward(self, layer, x):
        normed = self.norm(layer + "post_attention_layernorm", x)
        gate, up = (self.project(f"{layer}mlp.{name}_proj", normed) for name in ("gate", "up"))
        inner = [g / (1 + math.exp(-g)) * u for g, u in zip(gate, up)]
        return [a + b for a, b in zip(x, self.project(layer + "mlp.down_proj", inner))]

    def hidden(self, tokens):
        rows = [self.tensors["embed_tokens.weight"][t * DIM:(t + 1) * DIM] for t in tokens]
        for i in range(LAYERS):
            rows = [self.feed_forward(f"layers.{i}.", x) for x in self.attention(f"layers.{i}.", rows)]
        return [self.norm("norm", x) for x in rows]
