"""A RenderDoc capture of one token of a mixture-of-experts model holds the named dispatches of every layer: of the first
token, whose commands are recorded in the capture, and of a later one, which runs them again.

model_capture_test.py TRITIUM MAKE_MODEL OPEN_CAPTURE [STEP_SHADER]: with the last, RenderDoc also steps through a kernel of it,
as it does in a program that was built with TRITIUM_SHADER_DEBUG. Uses ../shared's random-maple when it is there (TRITIUM_SHARED), else
a generated model. Exit code 77: skipped, with the reason.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

MOE_LAYER = {
    "attention": ["norm_qkv", "attention_step", "merge_output"],
    "ffn": ["norm_router", "expert_gate_up", "expert_down"],
}


def skip(reason):
    print("skipped: " + reason)
    sys.exit(77)


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def capture_of(program, model, token, file):
    """Captures that token; skips where there is no RenderDoc."""
    wrote = run(program, "run", model, "-p", "", "-n", token, "--temp", "0", "--backend", "vulkan", "--capture", file,
                "--capture-token", token)
    if "renderdoc" in wrote.stdout.lower() and wrote.returncode != 0:
        skip(wrote.stdout.strip())
    assert wrote.returncode == 0, wrote.stdout
    assert os.path.getsize(file) > 0


def lines_of(script, *arguments):
    """What a script says that needs RenderDoc's module: open_capture.py a dispatch a line, with the labels that it is in."""
    environment = dict(os.environ, PYTHONPATH="/usr/lib/python3/dist-packages")
    environment.pop("ENABLE_VULKAN_RENDERDOC_CAPTURE", None)
    opened = run("/usr/bin/python3", "-B", script, *arguments, env=environment)
    if opened.returncode == 77:
        skip(opened.stdout.strip())
    assert opened.returncode == 0, opened.stdout
    return opened.stdout


def check_layers(lines, n_layers):
    for layer in range(n_layers):
        for part, operations in MOE_LAYER.items():
            for operation in operations:
                pattern = rf"model/layer{layer}/{part}/{operation}/vkCmdDispatch.*kernel={operation}"
                assert re.search(pattern, lines), f"no {pattern} in:\n{lines}"
    assert re.search(r"model/head/.*kernel=(dense|ternary)_matmul", lines), lines


def main():
    program, make_model, open_capture, *step_shader = sys.argv[1:]
    devices = json.loads(run(program, "devices", "--json").stdout)
    if not any(d["available"] and d["backend"].startswith("vulkan") for d in devices):
        skip("no Vulkan device")
    with tempfile.TemporaryDirectory() as folder:
        model = os.path.join(os.environ.get("TRITIUM_SHARED", "../shared"), "models", "random-maple.tq2_0.gguf")
        if not os.path.exists(model):
            model = os.path.join(folder, "model.gguf")
            assert run(make_model, model).returncode == 0
        n_layers = json.loads(run(program, "info", model, "--json").stdout)["n_layers"]
        tokens = []
        for token in ("1", "3"):
            capture = os.path.join(folder, f"token{token}.rdc")
            capture_of(program, model, token, capture)
            tokens.append(lines_of(open_capture, capture))
            check_layers(tokens[-1], n_layers)
        assert tokens[0] == tokens[1], f"token 1:\n{tokens[0]}\ntoken 3:\n{tokens[1]}"
        if step_shader:
            steps = lines_of(step_shader[0], capture, "layer0/attention/attention_step")
            assert re.search(r"^attention_step\.comp:\d+ main .*\bposition=2\b", steps, re.MULTILINE), steps
        print(f"{len(tokens[1].splitlines())} dispatches in {n_layers} layers, of a token that is recorded and of one that is replayed")


main()
