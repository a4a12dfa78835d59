#!/usr/bin/env python3
"""What attention adds to a decoded token after a long context, beside what reading its keys and values takes.

    ./dev build && papers/attention.py
    papers/attention.py --threads 1 --rounds 9 --program build/tritium

Measures the rows model/MoE-A/decode of `tritium bench` with and without context, in turn. Prints medians of the rounds:
  MB         keys and values that a token reads
  read       GB/s from memory, measured beside the row
  predicted  ms: MB / read
  measured   ms: the token's time less that of one without context
  ratio      measured / predicted: 0.8 to 1.2 is wanted
"""
import argparse
import json
import statistics
from collections import defaultdict

from programs import TRITIUM, count, output

WITHOUT = "model/MoE-A/decode"


def measure(program, threads):
    text = output(program, "bench", "--filter", f"^{WITHOUT}", "--threads", threads, "--rounds", "1", "--json")
    return {(row["name"], row["threads"]): row for row in json.loads(text)["rows"]}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--program", default=TRITIUM)
    options.add_argument("--threads", default="1,2")
    options.add_argument("--rounds", type=count(1), default=5)
    o = options.parse_args()
    figures = defaultdict(list)
    for _ in range(o.rounds):
        rows = measure(o.program, o.threads)
        for (name, threads), row in rows.items():
            if name == WITHOUT:
                continue
            without = rows[WITHOUT, threads]
            mb = 1e3 * (row["gb_s"] / row["tokens_s"] - without["gb_s"] / without["tokens_s"])
            read = row["gb_s"] / row["fraction_of_limit"]
            measured = 1e3 / row["tokens_s"] - 1e3 / without["tokens_s"]
            figures[name, threads].append((mb, read, mb / read, measured, measured * read / mb))
    print(f"{'row':30} {'threads':>7} {'MB':>7} {'read':>6} {'predicted':>9} {'measured':>8} {'ratio':>6}")
    for (name, threads), rounds in figures.items():
        mb, read, predicted, measured, ratio = (statistics.median(column) for column in zip(*rounds))
        print(f"{name:30} {threads:7} {mb:7.1f} {read:6.1f} {predicted:9.2f} {measured:8.2f} {ratio:6.2f}")


if __name__ == "__main__":
    main()
