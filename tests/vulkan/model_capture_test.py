"""A RenderDoc capture of one token of a mixture-of-experts model holds the named dispatches of every layer.

model_capture_test.py TRITIUM MAKE_MODEL OPEN_CAPTURE. Uses ../shared's random-maple when it is there (TRITIUM_SHARED), else
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


def main():
    program, make_model, open_capture = sys.argv[1:4]
    devices = json.loads(run(program, "devices", "--json").stdout)
    if not any(d["available"] and d["backend"].startswith("vulkan") for d in devices):
        skip("no Vulkan device")
    with tempfile.TemporaryDirectory() as folder:
        model = os.path.join(os.environ.get("TRITIUM_SHARED", "../shared"), "models", "random-maple.tq2_0.gguf")
        if not os.path.exists(model):
            model = os.path.join(folder, "model.gguf")
            assert run(make_model, model).returncode == 0
        capture = os.path.join(folder, "token.rdc")
        wrote = run(program, "run", model, "-p", "", "-n", "1", "--temp", "0", "--backend", "vulkan", "--capture", capture)
        if "renderdoc" in wrote.stdout.lower() and wrote.returncode != 0:
            skip(wrote.stdout.strip())
        assert wrote.returncode == 0, wrote.stdout
        assert os.path.getsize(capture) > 0

        environment = dict(os.environ, PYTHONPATH="/usr/lib/python3/dist-packages")
        environment.pop("ENABLE_VULKAN_RENDERDOC_CAPTURE", None)
        opened = run("/usr/bin/python3", open_capture, capture, env=environment)
        if opened.returncode == 77:
            skip(opened.stdout.strip())
        assert opened.returncode == 0, opened.stdout
        n_layers = json.loads(run(program, "info", model, "--json").stdout)["n_layers"]
        for layer in range(n_layers):
            for part, operations in MOE_LAYER.items():
                for operation in operations:
                    pattern = rf"model/layer{layer}/{part}/{operation}/vkCmdDispatch.*kernel={operation}"
                    assert re.search(pattern, opened.stdout), f"no {pattern} in:\n{opened.stdout}"
        assert re.search(r"model/head/.*kernel=(dense|ternary)_matmul", opened.stdout), opened.stdout
        print(f"{len(opened.stdout.splitlines())} dispatches in {n_layers} layers")


main()
