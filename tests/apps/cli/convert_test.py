"""Folders and other types of tensors, from the command line: convert, quantize, gguf-diff."""
import json
import os
import resource
import signal
import struct
import subprocess
import time

import program
from program import tritium


def write_folder(folder, dim, n_layers, vocabulary=64):
    """A Qwen3 whose BF16 weights are all zero: as large as is wanted, and hardly anything on the disk."""
    os.mkdir(folder)
    ff = 4 * dim
    config = {"architectures": ["Qwen3ForCausalLM"], "hidden_size": dim, "num_hidden_layers": n_layers, "head_dim": 64,
              "num_attention_heads": dim // 64, "num_key_value_heads": dim // 64, "intermediate_size": ff,
              "vocab_size": vocabulary, "max_position_embeddings": 64, "rms_norm_eps": 1e-6, "hidden_act": "silu"}
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(config, file)
    shapes = {"model.embed_tokens": [vocabulary, dim], "lm_head": [vocabulary, dim], "model.norm": [dim]}
    for i in range(n_layers):
        layer = f"model.layers.{i}."
        shapes.update({layer + "input_layernorm": [dim], layer + "post_attention_layernorm": [dim],
                       layer + "self_attn.q_norm": [64], layer + "self_attn.k_norm": [64],
                       layer + "mlp.gate_proj": [ff, dim], layer + "mlp.up_proj": [ff, dim], layer + "mlp.down_proj": [dim, ff]})
        shapes.update({f"{layer}self_attn.{name}_proj": [dim, dim] for name in "qkvo"})
    header, end = {}, 0
    for name, shape in shapes.items():
        size = 2 * shape[0] * (shape[1] if len(shape) == 2 else 1)
        header[name + ".weight"] = {"dtype": "BF16", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    with open(os.path.join(folder, "model.safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)
    return end


class Convert(program.WithModel):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hf = cls.path("hf")
        write_folder(cls.hf, 256, 2)

    def test_a_folder_becomes_a_file_that_runs(self):
        out_file = self.path("out.gguf")
        code, out, err = tritium("convert", self.hf, "-o", out_file, "--json")
        self.assertEqual(code, 0, err)
        written = json.loads(out)
        self.assertEqual(written["bytes"], os.path.getsize(out_file))
        self.assertEqual({t["type"] for t in written["tensors"]}, {"F32", "TQ1_0"})
        code, out, err = tritium("info", out_file, "--json")
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(out)["architecture"], "qwen3")
        self.assertEqual(tritium("info", self.hf, "--json")[0], 0)

    def test_a_folder_that_is_not_there_and_a_file_without_a_name(self):
        self.fails(1, "none: cannot be read: No such file", "convert", self.path("none"), "-o", self.path("x.gguf"))
        self.fails(2, "the output has no name", "convert", self.hf, "-o", "")

    def test_types_are_changed_and_what_differs_is_said(self):
        small = self.path("small.gguf")
        code, out, err = tritium("quantize", self.model, "-o", small, "--experts", "tq1_0", "--head", "q6_k", "--embedding", "q8_0")
        self.assertEqual(code, 0, err)
        self.assertIn("-> TQ1_0", out)
        self.assertIn("-> Q6_K", out)
        code, out, err = tritium("gguf-diff", self.model, small, "--json")
        self.assertEqual(code, 1, err)
        difference = json.loads(out)
        self.assertEqual({t["name"] for t in difference["tensors"] if t["kind"] == "values"}, {"output.weight", "token_embd.weight"})
        self.assertEqual(tritium("gguf-diff", small, small)[0], 0)
        self.assertIn("0 differ", tritium("gguf-diff", small, small)[1])

    def test_rows_of_floats_that_are_trits_already_are_not_changed_by_rounding(self):
        floats, trits = self.path("floats.gguf"), self.path("trits.gguf")
        self.assertEqual(tritium("quantize", self.model, "-o", floats, "--experts", "f32")[0], 0)
        code, out, err = tritium("quantize", floats, "-o", trits, "--experts", "tq1_0", "--absmean", "--json")
        self.assertEqual(code, 0, err)
        rounded = [t for t in json.loads(out)["tensors"] if t["type"] == "TQ1_0"]
        self.assertTrue(rounded and all(t["relative_error"] == 0 for t in rounded), rounded)

    def test_what_makes_no_sense_is_wrong_usage(self):
        self.fails(2, "router: TQ2_0 makes no sense here", "quantize", self.model, "-o", self.path("x"), "--router", "tq2_0")
        self.fails(2, "no type is chosen", "quantize", self.model, "-o", self.path("x"))
        self.fails(2, "is no folder", "convert", self.model, "-o", self.path("x"))
        self.fails(1, "config.json: is missing", "convert", self.folder, "-o", self.path("x"))
        self.assertFalse(os.path.exists(self.path("x")))

    def test_memory_does_not_grow_with_the_model(self):
        large = self.path("large")
        size = write_folder(large, 2048, 6)
        limit = 320 << 20
        self.assertGreater(size, 1.8 * limit)
        code, _, err = tritium("convert", large, "-o", self.path("large.gguf"), limits={resource.RLIMIT_DATA: limit}, timeout=500)
        self.assertEqual(code, 0, err)

    def test_killed_in_the_middle_it_leaves_nothing_under_the_name(self):
        medium, out_file = self.path("medium"), self.path("medium.gguf")
        write_folder(medium, 2048, 3)
        running = subprocess.Popen([program.PROGRAM, "convert", medium, "-o", out_file], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        deadline = time.time() + 60
        while time.time() < deadline and not any(name.startswith("medium.gguf") or ".medium.gguf" in name for name in os.listdir(self.folder)):
            time.sleep(0.005)
        running.send_signal(signal.SIGKILL)
        self.assertEqual(running.wait(), -signal.SIGKILL)
        self.assertFalse(os.path.exists(out_file))

    def test_a_type_that_is_not_there(self):
        self.fails(2, 'type "tq3" is not known; there are F32', "convert", self.hf, "-o", self.path("x"), "--type", "tq3")


if __name__ == "__main__":
    program.main()
