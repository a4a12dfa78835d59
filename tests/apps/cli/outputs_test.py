"""What the commands write: help, text, and figures as JSON that agree with each other."""
import json
import math
import os
import unittest

import program
from program import WithModel, tritium


class Help(unittest.TestCase):
    def test_every_command_has_help_with_an_example(self):
        for command in ("run", "eval", "logits", "info", "devices", "selftest", "bench"):
            code, out, _ = tritium(command, "--help")
            self.assertEqual(code, 0, command)
            self.assertIn("Example", out, command)

    def test_no_command_is_wrong_usage_and_says_which_there_are(self):
        code, out, err = tritium()
        self.assertEqual((code, out), (2, ""))
        self.assertRegex(err, "a command is missing; there are run, chat, .*help says more")

    def test_help_is_asked_for_in_either_way(self):
        for word, option in ((("help",), ("--help",)), (("help", "tokenizer", "train"), ("tokenizer", "train", "--help"))):
            self.assertEqual(tritium(*word), tritium(*option))
            self.assertEqual(tritium(*word)[0], 0)

    def test_the_version_is_told(self):
        code, out, _ = tritium("--version")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^tritium \d+\.\d+\.\d+")


def byte_tokens(text):
    """Ids of the generated model's vocabulary: beginning of text, then each byte; a space is U+2581, one stands before all."""
    return [1] + [3 + byte for byte in (" " + text).replace(" ", "\u2581").encode()]


class Outputs(WithModel):
    def test_json_of_a_run_holds_what_was_written(self):
        code, out, _ = tritium("run", self.model, "-p", "hello", "-n", 5, "--temp", 0, "--json")
        self.assertEqual(code, 0)
        result = json.loads(out)
        self.assertEqual(len(result["tokens"]), 5)
        self.assertEqual(result["stop"], "max_tokens")
        self.assertEqual(result["prompt_tokens"], 9)  # beginning of text, U+2581 before the first word in bytes, "hello"
        for key in ("text", "guessed", "accepted", "seconds_to_first_token", "tokens_per_second", "backend"):
            self.assertIn(key, result)

    def test_characters_of_several_tokens_are_whole_in_json(self):
        beyond_ascii = 0
        for seed in range(10):
            arguments = ["run", self.model, "-p", "", "-n", 300, "--temp", 4, "--seed", seed, "--threads", 1]
            written = json.loads(tritium(*arguments, "--json")[1])
            whole = bytes(token - 3 for token in written["tokens"] if token >= 3).decode("utf-8", "ignore").replace("\u2581", " ")
            text = written["text"].replace("\ufffd", "")
            self.assertEqual(text.lstrip(" "), whole.lstrip(" "))
            self.assertEqual(tritium(*arguments)[1], written["text"] + "\n")
            beyond_ascii += sum(ord(character) > 127 for character in text)
        self.assertGreater(beyond_ascii, 10)

    def test_the_prompt_can_come_from_stdin(self):
        same = [tritium("run", self.model, "-p", p, "-n", 5, "--temp", 0, "--json", stdin=s)[1]
                for p, s in (("hello", None), ("-", b"hello"))]
        self.assertEqual(*(json.loads(out)["tokens"] for out in same))

    def test_the_same_seed_writes_the_same_and_another_does_not(self):
        def run(seed):
            return json.loads(tritium("run", self.model, "-p", "", "-n", 20, "--seed", seed, "--json")[1])["tokens"]
        self.assertEqual(run(3), run(3))
        self.assertNotEqual(run(3), run(4))

    def test_info_is_json(self):
        info = json.loads(tritium("info", self.model, "--json")[1])
        self.assertEqual((info["architecture"], info["n_experts"], info["n_layers"]), ("maple", 8, 4))
        self.assertEqual([m["backend"] for m in info["memory"]], ["reference", "cpu", "vulkan"])
        for memory in info["memory"]:
            self.assertTrue(all(memory[key] > 0 for key in ("weight_bytes", "kv_bytes_per_token", "work_bytes")), memory)
        self.assertLess(sum(t["bytes"] for t in info["tensors"]), os.path.getsize(self.model))
        self.assertLess(info["active_parameters"], info["parameters"])

    def test_info_lists_the_tensors_when_asked(self):
        names = [t["name"] for t in json.loads(tritium("info", self.model, "--json")[1])["tensors"]]
        self.assertEqual([n for n in names if n in tritium("info", self.model, "--tensors")[1]], names)
        self.assertNotIn(names[0], tritium("info", self.model)[1])

    def test_devices_is_json_and_auto_takes_exactly_one(self):
        devices = json.loads(tritium("devices", "--json")[1])
        for device in devices:
            self.assertLessEqual({"backend", "description", "driver", "available", "reason", "software", "auto", "memory_bytes",
                                  "features"}, device.keys())
            self.assertNotEqual(device["available"], bool(device["reason"]), device)
        self.assertLessEqual({"reference", "cpu"}, {d["backend"] for d in devices})
        chosen = [d for d in devices if d["auto"]]
        self.assertEqual([(d["available"], d["software"]) for d in chosen], [(True, False)])

    def test_a_profile_names_the_operations_of_the_run_and_changes_no_token(self):
        arguments = ("run", self.model, "-p", "hello", "-n", 5, "--temp", 0, "--json")
        code, out, err = tritium(*arguments, "--profile")
        self.assertEqual(code, 0, err)
        result, plain = json.loads(out), json.loads(tritium(*arguments)[1])
        self.assertNotIn("profile", plain)
        self.assertEqual(result["tokens"], plain["tokens"])
        calls = {entry["operation"]: entry["calls"] for entry in result["profile"]}
        self.assertEqual(calls["argmax"], 5)  # one a token: the prompt fits one batch
        self.assertEqual(calls["attention"], 5 * 4)  # layers
        times = [entry["seconds"] for entry in result["profile"]]
        self.assertEqual(times, sorted(times, reverse=True))
        for operation in calls:
            self.assertIn(operation + " ", err)

    def test_bench_of_a_model_is_json(self):
        code, out, err = tritium("bench", self.model, "--backend", "cpu,reference", "--prompt", 8, "--decode", 8, "--repeats", 1,
                                 "--json")
        self.assertEqual(code, 0, err)
        results = json.loads(out)
        self.assertEqual([r["backend"] for r in results], ["cpu", "reference"])
        for result in results:
            self.assertGreater(result["prompt_tokens_per_second"], 0)
            self.assertGreater(result["decode_tokens_per_second"], 0)
        self.assertEqual(results[0]["decode_ratio_to_first_backend"], 1)

    def test_the_number_of_threads_does_not_change_the_text(self):
        texts = [tritium("run", self.model, "-p", "hello", "-n", 40, "--temp", 0, "--threads", n)[1] for n in (1, 2, 5)]
        self.assertGreater(len(texts[0]), 1)
        self.assertEqual(texts, texts[:1] * 3)

    def test_what_streams_is_what_json_holds(self):
        streamed = tritium("run", self.model, "-p", "hello", "-n", 40, "--temp", 0)[1]
        self.assertEqual(streamed, json.loads(tritium("run", self.model, "-p", "hello", "-n", 40, "--temp", 0, "--json")[1])["text"]
                         + "\n")

    def test_tokens_continue_as_the_text_that_they_spell(self):
        same = [json.loads(tritium("run", self.model, option, value, "-n", 8, "--temp", 0, "--json")[1])["tokens"]
                for option, value in (("-p", "hello"), ("--tokens", " ".join(map(str, byte_tokens("hello")))))]
        self.assertEqual(*same)

    def test_nothing_but_the_text_comes_on_stdout(self):
        code, out, err = tritium("run", self.model, "-p", "", "-n", 3, "--temp", 0, "-v")
        self.assertEqual(code, 0)
        self.assertNotIn("tokens/s", out)
        self.assertIn("tokens/s", err)

    def test_every_window_and_stride_scores_every_token_once(self):
        text = b"It was the best of times, it was the worst of times. " * 3
        path = self.write("text.txt", text)
        for window, stride in ((8, 3), (32, 31), (32, 16), (512, 256)):
            code, out, err = tritium("eval", self.model, "--text", path, "--window", window, "--stride", stride, "--json")
            self.assertEqual(code, 0, err)
            result = json.loads(out)
            self.assertEqual(result["bytes"], len(text))
            # Bytes; a space, also the one before the first word, is U+2581 in three. The first token is not scored.
            self.assertEqual(result["tokens"], len(text) + 2 * text.count(b" ") + 3)
            self.assertAlmostEqual(result["perplexity"], math.exp(result["nll"]), delta=1e-6 * result["perplexity"])
            bits = result["nll"] * result["tokens"] / math.log(2) / result["bytes"]
            self.assertAlmostEqual(result["bits_per_byte"], bits, delta=1e-9 * bits)

    def test_perplexity_is_that_of_the_logits(self):
        text = b"It was the best of times, it was the worst of times."
        tokens = byte_tokens(text.decode())
        code, _, err = tritium("logits", self.model, "--tokens", " ".join(map(str, tokens)), "-o", self.path("text.npy"))
        self.assertEqual(code, 0, err)
        (rows, width), logits = program.read_npy(self.path("text.npy"))
        self.assertEqual(rows, len(tokens))
        nll = 0.0
        for row, following in enumerate(tokens[1:]):
            values = logits[row * width:(row + 1) * width]
            nll += program.log_sum_exp(values) - values[following]
        got = json.loads(tritium("eval", self.model, "--text", self.write("one.txt", text), "--json")[1])
        self.assertAlmostEqual(got["nll"], nll / (len(tokens) - 1), delta=1e-5)

    def test_eval_reads_stdin(self):
        text = b"It was the best of times"
        figures = [json.loads(tritium("eval", self.model, "--text", path, "--json", stdin=text)[1])
                   for path in ("-", self.write("stdin.txt", text))]
        self.assertEqual(*figures)

    def test_selftest_of_the_cpu_passes(self):
        code, out, _ = tritium("selftest", "--backend", "cpu", "--json")
        self.assertEqual(code, 0)
        report = json.loads(out)
        self.assertTrue(report["passed"])
        rungs = [report["rung"]] + [other["rung"] for other in report["other_rungs"]]
        _, out, _ = tritium("bench", "--filter", "product/2560x6912/n=1$", "--threads", "1", "--rounds", "1", "--json")
        self.assertEqual(rungs, json.loads(out)["machine"]["rungs"])
        self.assertTrue(all(other["passed"] and other["operations"] for other in report["other_rungs"]))

    def test_selftest_of_a_named_rung_is_of_that_alone(self):
        code, out, _ = tritium("selftest", "--backend", "cpu", "--json", environment={"TRITIUM_CPU_RUNG": "portable"})
        report = json.loads(out)
        self.assertEqual((code, report["rung"], report["other_rungs"]), (0, "portable", []))


program.main()
