#!/usr/bin/env python3
"""Trains a small ternary chat model in some minutes, on conversations that it writes itself, and talks to it.

papers/chat.py [--minutes M] [--program build/tritium] [--folder FOLDER] [--model BASE.gguf]

With --model a model is fine-tuned by its own chat template, else a small one is trained from nothing.
"""
import argparse
import json
import pathlib
import random

import programs

SHAPE = {"architecture": "llama", "dim": 192, "layers": 4, "heads": 6, "kv_heads": 3, "head_dim": 32, "ffn": 512, "context": 512}
WORDS = "red green blue tree house river stone cloud bread light night water paper glass wind".split()
GREETINGS = {"Hello": "Hello! What can I do for you?", "Hi": "Hi! What can I do for you?", "Thank you": "You are welcome.", "Bye": "Good bye!"}


def turn(draw):
    kind = draw.randrange(4)
    if kind == 0:
        a, b = draw.randrange(10), draw.randrange(10)
        return f"What is {a} + {b}?", f"{a} + {b} is {a + b}."
    if kind == 1:
        word = draw.choice(WORDS)
        return f"Say {word} twice.", f"{word} {word}"
    if kind == 2:
        word = draw.choice(WORDS)
        return f"What does {word} begin with?", f"It begins with {word[0]}."
    return draw.choice(list(GREETINGS.items()))


def conversation(draw):
    messages = [{"role": "system", "content": "You are a small model."}] if draw.random() < 0.3 else []
    for _ in range(draw.randrange(1, 4)):
        asked, answer = turn(draw)
        messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]
    return {"messages": messages}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--program", default=programs.TRITIUM)
    parser.add_argument("--folder", default="chat")
    parser.add_argument("--model")
    options = parser.parse_args()
    folder = pathlib.Path(options.folder)
    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random(1)
    data, output = folder / "conversations.jsonl", folder / "chat.gguf"
    data.write_text("".join(json.dumps(conversation(draw)) + "\n" for _ in range(4000)), encoding="utf-8")
    common = ["--data", data, "--minutes", options.minutes, "-o", output, "--context", 256, "--batch", 8]
    if options.model:
        command = [options.program, "finetune", options.model, *common]
    else:
        (folder / "shape.json").write_text(json.dumps(SHAPE), encoding="utf-8")
        command = [options.program, "train", "--transformer", folder / "shape.json", "--chat-template", "lines", "--lr", "3e-3", *common]
    programs.shown(*command)
    for asked in ("Hello", "What is 3 + 4?", "Say river twice.", "What does stone begin with?"):
        answer = programs.output(options.program, "chat", output, "--temp", "0", "-n", "60", input=asked)
        print(f"> {asked}\n{answer}", end="")
    print(f"Go on with: {options.program} chat {output}")


if __name__ == "__main__":
    main()
