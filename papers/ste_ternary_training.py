"""Every figure of ste_ternary_training.md: ste_ternary_training.py PROGRAM TEXT [--steps N] [--seeds N]

Trains the preset book-moe on TEXT (the last tenth held out) with the same batches in each of these ways, and prints a
Markdown table: full precision; ternary with FP32 shadows; with BF16 shadows rounded stochastically; rounded to nearest.
"""
import argparse
import json
import math
import statistics

from programs import count, output

COMMON = ["--preset", "book-moe", "--context", "128", "--batch", "16", "--lr", "3e-3", "--schedule", "wsd"]
WAYS = [("full precision", ["--mode", "full", "--f32-activations"]),
        ("ternary, FP32 shadows", ["--mode", "ste"]),
        ("ternary, BF16 shadows, stochastic rounding", ["--mode", "ste", "--shadow", "bf16"]),
        ("ternary, BF16 shadows, nearest rounding", ["--mode", "ste", "--shadow", "bf16", "--nearest-rounding"])]


def train(program, text, steps, seed, more):
    command = [program, "train", *COMMON, "--data", text, "--steps", str(steps), "--seed", str(seed), "--eval-every",
               str(steps), "--json", *more]
    return json.loads(output(*command))


def spread(values):
    text = f"{statistics.mean(values):.4f}"
    return text if len(values) == 1 else f"{text} ± {statistics.stdev(values):.4f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("text")
    parser.add_argument("--steps", type=count(1), default=1500)
    parser.add_argument("--seeds", type=count(1), default=1)
    options = parser.parse_args()
    print("| weights | held-out nats/byte | perplexity | against full precision | tokens/s |\n|---|---|---|---|---|")
    full = None
    for name, more in WAYS:
        runs = [train(options.program, options.text, options.steps, seed, more) for seed in range(options.seeds)]
        losses = [run["valid_loss"] for run in runs]
        mean = statistics.mean(losses)
        full = full or mean
        speed = statistics.mean(run["tokens_per_second"] for run in runs)
        print(f"| {name} | {spread(losses)} | {math.exp(mean):.3f} | {100 * (mean / full - 1):+.2f} % | {speed:,.0f} |",
              flush=True)


main()
