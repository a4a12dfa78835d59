"""tritium eval from outside: scores of a text, and scores of one that is learned on the way."""
import json
import resource
import signal
import subprocess
import time

import program
from program import WithModel, tritium

SENTENCE = "a mill stood by the river, and the wheel turned; "


class Evaluations(WithModel):
    def setUp(self):
        self.text = self.write("text.txt", SENTENCE * 12)

    def figures(self, *arguments):
        code, out, err = tritium("eval", self.model, "--text", self.text, "--window", 32, "--stride", 16, "--json", *arguments)
        self.assertEqual(code, 0, err)
        return json.loads(out)

    def test_figures_are_of_every_token_and_byte(self):
        figures = self.figures()
        self.assertEqual(figures["bytes"], len(SENTENCE * 12))
        self.assertEqual(figures["loss"], figures["nll"])
        self.assertAlmostEqual(figures["bits_per_byte"], figures["nll"] * figures["tokens"] / 0.6931471805599453 / figures["bytes"], 9)
        self.assertNotIn("ttt", figures)

    def test_learning_at_a_rate_of_0_gives_the_score_without_it(self):
        plain = self.figures("--kv", "f32", "--activations", "f32", "--backend", "cpu")
        learned = self.figures("--ttt", "--ttt-lr", 0, "--activations", "f32", "--backend", "cpu")
        self.assertAlmostEqual(learned["bits_per_byte"], plain["bits_per_byte"], delta=1e-6)
        self.assertEqual((learned["tokens"], learned["bytes"]), (plain["tokens"], plain["bytes"]))

    def test_learning_says_what_it_did_and_what_it_was_worth(self):
        figures = self.figures("--ttt", "--ttt-lr", "0.1", "--ttt-chunk", 100, "--ttt-epochs", 2, "--ttt-batch", 2,
                               "--ttt-baseline", "--backend", "cpu")
        self.assertLess(figures["bits_per_byte"], figures["baseline"]["bits_per_byte"])
        ttt = figures["ttt"]
        self.assertEqual(figures["chunks"], len(ttt["chunks"]))
        self.assertEqual(ttt["hash_checks"], figures["chunks"])
        self.assertEqual(ttt["first_chunk"], ttt["chunks"][0])
        self.assertEqual(sum(chunk["tokens"] for chunk in ttt["chunks"]), figures["tokens"])
        self.assertEqual(sum(chunk["updates"] for chunk in ttt["chunks"]), ttt["updates"])
        self.assertEqual(ttt["chunks"][-1]["updates"], 0)
        self.assertEqual(len({chunk["weights"] for chunk in ttt["chunks"]}), figures["chunks"])
        self.assertEqual((ttt["epochs"], ttt["batch"], ttt["learns"], ttt["window"], ttt["stride"]), (2, 2, "all", 32, 16))

    def test_what_is_learned_is_gone_at_the_end(self):
        with open(self.model, "rb") as file:
            before = file.read()
        first = self.figures("--ttt", "--ttt-lr", "0.1", "--ttt-chunk", 100, "--backend", "cpu")
        second = self.figures("--ttt", "--ttt-lr", "0.1", "--ttt-chunk", 100, "--backend", "cpu")
        with open(self.model, "rb") as file:
            self.assertEqual(file.read(), before)
        for figures in (first, second):
            del figures["ttt"]["seconds"]
        self.assertEqual(first, second)

    def test_a_part_of_the_weights_learns(self):
        weights = {}
        for part in ("all", "attention", "feed_forward", "norms"):
            figures = self.figures("--ttt", "--ttt-lr", "0.1", "--ttt-chunk", 200, "--ttt-train", part, "--backend", "cpu")
            self.assertEqual(figures["ttt"]["learns"], part)
            weights[part] = [chunk["weights"] for chunk in figures["ttt"]["chunks"]]
        self.assertEqual(len({chunks[1] for chunks in weights.values()}), 4)

    def test_people_are_told_the_same(self):
        code, out, err = tritium("eval", self.model, "--text", self.text, "--window", 32, "--ttt", "--ttt-baseline", "--backend", "cpu")
        self.assertEqual(code, 0, err)
        self.assertRegex(out, r"^nll \d.*bits/byte \d.*\nwithout learning: nll .*\n\d+ chunks of \d+ tokens, \d+ updates; weights unchanged")

    def test_what_does_not_go_together_is_said(self):
        base = ["eval", self.model, "--text", self.text]
        self.fails(2, "--ttt-epochs requires --ttt", *base, "--ttt-epochs", 2)
        self.fails(2, "excludes", *base, "--ttt", "--kv", "int8")
        self.fails(2, "excludes", *base, "--ttt", "--lora", "adapter.gguf")
        self.fails(2, '"most" is not known; take all, attention, feed_forward or norms', *base, "--ttt", "--ttt-train", "most")
        self.fails(2, "epochs is 0, must be 1 or more", *base, "--ttt", "--ttt-epochs", 0)
        self.fails(1, "take int8 or f32", *base, "--ttt", "--activations", "int8-block")
        for more in ([], ["--ttt"]):
            self.fails(2, "stride is 64, must be 1 to 31", *base, "--window", 32, "--stride", 64, *more)
            self.fails(2, "window is 1000, must be 2 to 512", *base, "--window", 1000, *more)

    def test_memory_that_is_not_there_is_said_with_what_needs_less(self):
        code, out, err = tritium("eval", self.model, "--text", self.text, "--ttt", "--window", 512, "--ttt-batch", 512, "--threads", 1,
                                 "--backend", "cpu", limits={resource.RLIMIT_DATA: 24 << 20})
        self.assertEqual((code, out), (1, ""), err)
        self.assertRegex(err, r"test-time training needs about \d+ MiB \(.*\), \d+ MiB are free; a smaller window")

    def test_ctrl_c_ends_learning_soon(self):
        long = self.write("long.txt", SENTENCE * 2000)
        for backend in ("reference", "cpu"):  # Vulkan finishes what was submitted, in training, too: seconds in software
            for moment in (0.3, 1.0):
                process = subprocess.Popen([program.PROGRAM, "eval", self.model, "--text", long, "--window", "128", "--ttt",
                                            "--ttt-chunk", "512", "--backend", backend], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                time.sleep(moment)
                asked = time.monotonic()
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=30)
                self.assertLess(time.monotonic() - asked, 1, backend)  # 0.2 s, on a machine that others use
                self.assertEqual(out, b"")
                self.assertIn(process.returncode, (130, -signal.SIGINT), err)


program.main()
