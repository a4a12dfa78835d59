"""How fast PyTorch trains the model of a tritium preset on the CPU: torch_training.py [options]; one line of JSON.

The same transformer as engine/training (qwen3moe: grouped queries, RMSNorm of each head of q and k, rotary embedding,
SwiGLU experts with renormalised top-k weights, load balance and z-loss), the same batch, AdamW and global clipping.
--mode ste fakes the quantisation as a PyTorch user would: absmean ternary weights and int8 activations with the detach
trick in every forward pass. Compare with: tritium train --preset tiny-moe --context 128 --batch 16 --json
Exit code 77: PyTorch is not installed.
"""
import argparse
import json
import math
import sys
import time

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    print("PyTorch is not installed", file=sys.stderr)
    sys.exit(77)


def ternary(w):
    """alpha * trit, gradient straight to w; one alpha for the whole stack."""
    alpha = w.detach().abs().mean()
    return w + (alpha * (w / alpha).round().clamp(-1, 1) - w).detach()


def int8(x):
    scale = x.detach().abs().amax(-1, keepdim=True).clamp(min=1e-30) / 127
    return x + ((x / scale).round().clamp(-127, 127) * scale - x).detach()


def rms_norm(x, weight):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * weight


class Model(torch.nn.Module):
    def __init__(self, o):
        super().__init__()
        self.o = o
        self.norms = torch.nn.ParameterDict()
        self.weights = torch.nn.ParameterDict()
        self.matrix("embedding", o.vocab, o.dim)
        self.matrix("output", o.vocab, o.dim)
        self.norm("output", o.dim)
        for i in range(o.layers):
            for name, rows in (("q", o.heads * o.head_dim), ("k", o.kv_heads * o.head_dim), ("v", o.kv_heads * o.head_dim)):
                self.matrix(f"{name}{i}", rows, o.dim)
            self.matrix(f"o{i}", o.dim, o.heads * o.head_dim)
            self.matrix(f"router{i}", o.experts, o.dim)
            self.matrix(f"gate{i}", o.experts, o.ffn, o.dim)
            self.matrix(f"up{i}", o.experts, o.ffn, o.dim)
            self.matrix(f"down{i}", o.experts, o.dim, o.ffn)
            for name, dim in (("attn", o.dim), ("ffn", o.dim), ("q", o.head_dim), ("k", o.head_dim)):
                self.norm(f"{name}{i}", dim)
        angles = torch.outer(torch.arange(o.context).float(),
                             10000.0 ** (-torch.arange(0, o.head_dim, 2).float() / o.head_dim))
        self.cos, self.sin = angles.cos()[None, :, None], angles.sin()[None, :, None]
        self.mask = torch.full((o.context, o.context), -math.inf).triu(1)

    def matrix(self, name, *shape):
        self.weights[name] = torch.nn.Parameter(torch.randn(*shape) / math.sqrt(shape[-1]))

    def norm(self, name, dim):
        self.norms[name] = torch.nn.Parameter(torch.ones(dim))

    def weight(self, name):
        return ternary(self.weights[name]) if self.o.mode == "ste" else self.weights[name]

    def input(self, x):
        return int8(x) if self.o.mode == "ste" else x

    def rope(self, x):
        a, b = x.chunk(2, -1)
        return torch.cat((a * self.cos - b * self.sin, a * self.sin + b * self.cos), -1)

    def attention(self, x, i):
        o = self.o
        b, t, _ = x.shape
        x = self.input(x)
        q, k, v = (F.linear(x, self.weight(f"{n}{i}")).view(b, t, -1, o.head_dim) for n in "qkv")
        q, k = self.rope(rms_norm(q, self.norms[f"q{i}"])), self.rope(rms_norm(k, self.norms[f"k{i}"]))
        k, v = (y.repeat_interleave(o.heads // o.kv_heads, 2) for y in (k, v))
        scores = q.transpose(1, 2) @ k.permute(0, 2, 3, 1) / math.sqrt(o.head_dim) + self.mask
        y = (scores.softmax(-1) @ v.transpose(1, 2)).transpose(1, 2).reshape(b, t, -1)
        return F.linear(self.input(y), self.weight(f"o{i}"))

    def mixture(self, x, i):
        """Tokens sorted by expert, one product a matrix and expert: on a CPU faster than a dense batch of all experts."""
        o = self.o
        logits = F.linear(x, self.weights[f"router{i}"])
        p = logits.softmax(-1)
        top, ids = p.topk(o.top_k, -1)
        gates = (top / top.sum(-1, keepdim=True)).flatten()
        order = ids.flatten().argsort(stable=True)
        counts = torch.bincount(ids.flatten(), minlength=o.experts)
        rows = self.input(x)[order // o.top_k]
        gate, up, down = (self.weight(f"{n}{i}") for n in ("gate", "up", "down"))
        out = [F.linear(self.input(F.silu(F.linear(r, gate[e])) * F.linear(r, up[e])), down[e])
               for e, r in enumerate(rows.split(counts.tolist()))]
        y = torch.zeros_like(x).index_add(0, order // o.top_k, torch.cat(out) * gates[order, None])
        balance = o.experts * (counts / counts.sum() * p.mean(0)).sum()
        return y, 0.01 * balance + 1e-3 * logits.logsumexp(-1).pow(2).mean()

    def loss(self, tokens, targets):
        x = self.weights["embedding"][tokens]
        extra = 0
        for i in range(self.o.layers):
            x = x + self.attention(rms_norm(x, self.norms[f"attn{i}"]), i)
            y, loss = self.mixture(rms_norm(x, self.norms[f"ffn{i}"]).flatten(0, 1), i)
            x = x + y.view_as(x)
            extra = extra + loss
        logits = F.linear(rms_norm(x, self.norms["output"]), self.weights["output"])
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten()), extra


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in dict(dim=128, layers=4, heads=4, kv_heads=2, head_dim=32, ffn=128, experts=8, top_k=2, vocab=259,
                            context=128, batch=16, steps=30, warmup_steps=5, threads=2, seed=0).items():
        parser.add_argument("--" + name.replace("_", "-"), type=int, default=value)
    parser.add_argument("--mode", choices=("ste", "full"), default="ste")
    parser.add_argument("--data", help="text file; without one, random bytes")
    parser.add_argument("--lr", type=float, default=1e-3)
    o = parser.parse_args()
    torch.set_num_threads(o.threads)
    torch.manual_seed(o.seed)
    data = torch.frombuffer(bytearray(open(o.data, "rb").read()), dtype=torch.uint8).long() if o.data else torch.randint(
        0, 256, (1 << 20,))
    model = Model(o)
    adam = torch.optim.AdamW(model.parameters(), lr=o.lr, betas=(0.9, 0.95), weight_decay=0, foreach=True)
    losses, began = [], time.perf_counter()
    for step in range(o.warmup_steps + o.steps):
        if step == o.warmup_steps:
            began = time.perf_counter()
        at = torch.randint(0, len(data) - o.context - 1, (o.batch,))
        windows = torch.stack([data[a:a + o.context + 1] for a in at.tolist()])
        loss, extra = model.loss(windows[:, :-1], windows[:, 1:])
        (loss + extra).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        adam.zero_grad(set_to_none=True)
        losses.append(loss.item())
    seconds = (time.perf_counter() - began) / o.steps
    print(json.dumps({"framework": "pytorch " + torch.__version__, "mode": o.mode, "threads": o.threads,
                      "tokens_per_second": o.batch * o.context / seconds, "seconds_per_step": seconds,
                      "first_loss": losses[0], "last_loss": losses[-1],
                      "parameters": sum(p.numel() for p in model.parameters())}))


main()
