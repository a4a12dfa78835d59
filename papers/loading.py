"""Loading and running a model of Maple-20B's size, beside llama.cpp where that is at hand (./dev peers fetches it).

    ./dev build && ninja -C build make_bench_model
    papers/loading.py FOLDER [--threads 2 1] [--rounds 3]

FOLDER gets two models of 5.6 GB with random weights, in the shape and types of Maple-20B-A1B: one named maple, one named
qwen3moe, which llama.cpp knows. The table (Markdown) says the best of the rounds, in which the programs take turns.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import time

import programs
from programs import ROOT, count

PROMPT, DECODED = 512, 64


def run(*command):
    """Seconds, resident memory at most, and what was printed."""
    begin = time.monotonic()
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except OSError as problem:
        sys.exit(f"{command[0]} cannot be run: {problem.strerror}; ./dev build makes tritium")
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)}: {text}")
    return time.monotonic() - begin, usage.ru_maxrss * 1024, text


def tritium(program, model, threads, *options):
    """A start with a prompt of one token is the load; then a prompt and a text."""
    common = [program, "run", model, "--backend", "cpu", "--threads", str(threads), "--temp", "0", "--context", "1024", *options]
    load, _, _ = run(*common, "--tokens", "1", "-n", "1")
    _, rss, text = run(*common, "--tokens", " ".join(str(1000 + i) for i in range(PROMPT)), "-n", str(DECODED))
    first, rate = re.search(r"first after ([\d.]+) s, then ([\d.]+) tokens/s", text).groups()
    return {"load": load, "prompt": float(first), "decode": float(rate), "rss": rss}


def llama_cpp(model, threads):
    folder = os.path.join(ROOT, ".cache/peers")
    if not os.path.isdir(os.path.join(folder, "node_modules")):
        return None
    _, _, text = run("node", os.path.join(ROOT, "papers/loading.mjs"), folder, model, str(threads), str(PROMPT), str(DECODED))
    return json.loads(text.splitlines()[-1])


def best(rounds):
    rounds = [r for r in rounds if r]
    if not rounds:
        return None
    return {key: (max if key == "decode" else min)(r[key] for r in rounds) for key in rounds[0]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--threads", type=count(1), nargs="+", default=[2, 1])
    parser.add_argument("--rounds", type=count(1), default=3)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--beside", help="another build of tritium, to compare with")
    arguments = parser.parse_args()
    program = os.path.join(arguments.build, "tritium")
    models = {}
    for name in ("maple", "qwen3moe"):
        models[name] = os.path.join(arguments.folder, name + ".gguf")
        if not os.path.exists(models[name]):
            programs.output(os.path.join(arguments.build, "tests/tools/make_bench_model"), models[name], "Maple-20B-A1B", name)
    print(f"| {'program':24} | model | threads | load, s | prompt of {PROMPT}, s | tokens/s | resident, GB |\n|---|---|---|---|---|---|---|")
    for threads in arguments.threads:
        rows = {("tritium", m): lambda m=m: tritium(program, models[m], threads) for m in models}
        rows["tritium --cache", "maple"] = lambda: tritium(program, models["maple"], threads, "--cache=" + arguments.folder)
        if arguments.beside:
            rows[arguments.beside, "maple"] = lambda: tritium(arguments.beside, models["maple"], threads)
        rows["llama.cpp", "qwen3moe"] = lambda: llama_cpp(models["qwen3moe"], threads)
        measured = {row: [] for row in rows}
        for _ in range(arguments.rounds):
            for row, measure in rows.items():
                measured[row].append(measure())
        for (name, model), rounds in measured.items():
            if result := best(rounds):
                print(f"| {name:24} | {model} | {threads} | {result['load']:.2f} | {result['prompt']:.2f} | "
                      f"{result['decode']:.1f} | {result['rss'] / 1e9:.2f} |", flush=True)


main()
