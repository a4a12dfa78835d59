"""The tables of finetuning.md: finetuning.py PROGRAM MODEL TEXT rates|modes

Fine-tunes MODEL (a ternary GGUF) on TEXT, whose last tenth is held out: with different learning rates of the trits, or in
different ways, with the same batches.
"""
import argparse
import json

from programs import output

RATES = [("as the rest, 1e-3", ["--ternary-lr", "0"])] + [(f"{rate} α", ["--ternary-lr", str(rate)])
                                                       for rate in (0.005, 0.02, 0.05, 0.1, 0.2)]
RATES = [(name, ["--steps", "80", "--batch", "32", *more]) for name, more in RATES]
WAYS = [("shadows FP32, AdamW", []),
        ("shadows BF16, 8-bit AdamW", ["--shadow", "bf16", "--adam-8bit"]),
        ("no shadows, 8-bit AdamW", ["--mode", "stochastic", "--adam-8bit"]),
        ("LoRA, rank 16, 3e-3", ["--mode", "lora", "--lr", "3e-3"]),
        ("shadows FP32, Muon", ["--optimizer", "muon"]),
        ("mean of the last 40 % (SWA)", ["--average", "swa"]),
        ("clipped at 2 α", ["--ste-clip", "2"]),
        ("trits frozen, the rest learns", ["--attention", "frozen", "--experts", "frozen"])]
WAYS = [(name, ["--steps", "150", *more]) for name, more in WAYS]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("text")
    parser.add_argument("table", choices=["rates", "modes"])
    options = parser.parse_args()
    print("| | held-out nats/token | bytes a weight |\n|---|---|---|")
    for name, more in RATES if options.table == "rates" else WAYS:
        command = [options.program, "finetune", options.model, "--data", options.text, "--json", *more]
        run = json.loads(output(*command))
        loss = run["valid_loss"] if run["average_valid_loss"] is None else run["average_valid_loss"]
        print(f"| {name} | {loss:.4f} | {run['bytes_per_weight']:.2f} |", flush=True)


main()
