#!/usr/bin/env python3
"""What decoding, prompts and training keep beside other busy processes.

    ./dev build && papers/contention.py                      beside 0, 1 and 3 busy processes
    papers/contention.py --busy 0 2 --rounds 5 --program build/tritium

Starts processes that do nothing but count, one round for each number of them, and measures rows of `tritium bench` in each. Prints
tokens/s with one thread and with all (medians), and for all threads
  x alone    times what one thread gives beside the same processes: 0.9 is wanted beside one process less than there are cores,
  x share    times a fair share: the quiet machine's speed x threads / (threads + processes), or all of it while cores are free;
             0.8 is wanted.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict

from programs import TRITIUM, count, output

ROWS = "model/MoE-A/(decode$|prompt)|train/dense"


def busy(n):
    return [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(n)]


def measure(program, threads, rows):
    text = output(program, "bench", "--filter", rows, "--threads", f"1,{threads}", "--rounds", "1", "--json")
    speeds = {(row["name"], row["threads"]): row["tokens_s"] for row in json.loads(text)["rows"] if row["tokens_s"]}
    return speeds or sys.exit(f"--filter {rows}: none of the rows has tokens/s (models and training have)")


def main():
    cores = len(os.sched_getaffinity(0))
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--program", default=TRITIUM)
    options.add_argument("--busy", type=count(0), nargs="+", default=[0, 1, 3], help="numbers of busy processes")
    options.add_argument("--threads", type=count(1), default=cores)
    options.add_argument("--rounds", type=count(1), default=3)
    options.add_argument("--filter", default=ROWS)
    o = options.parse_args()
    figures = defaultdict(list)
    for _ in range(o.rounds):
        for n in o.busy:
            others = busy(n)
            try:
                for (name, threads), speed in measure(o.program, o.threads, o.filter).items():
                    figures[name, n, threads].append(speed)
            finally:
                for process in others:
                    process.kill()
                    process.wait()
    median = {key: statistics.median(values) for key, values in figures.items()}
    print(f"{'row':30} {'busy':>4} {'1 thread':>9} {f'{o.threads} threads':>10} {'x alone':>8} {'x share':>8}")
    for name in dict.fromkeys(key[0] for key in median):
        for n in o.busy:
            alone, together = median[name, n, 1], median[name, n, o.threads]
            share = min(1.0, cores / (o.threads + n))
            quiet = median.get((name, 0, o.threads))
            kept = f"{together / (quiet * share):8.2f}" if quiet else f"{'':8}"
            print(f"{name:30} {n:4} {alone:9.1f} {together:10.1f} {together / alone:8.2f} {kept}")


if __name__ == "__main__":
    main()
