"""Which operations of a token run as one on a Vulkan device: as asked for, or as measured once and kept beside the cache of
pipelines. The text is the same, whatever runs."""
import json
import os
import subprocess

import program
from program import InFolder, tritium

NAMES = ("norm_qkv", "attention_step", "merge_output", "norm_router", "norm_rows", "expert_gate_up", "expert_down")


class Fusions(InFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        program.require("vulkan")
        cls.model = cls.path("maple.gguf")
        subprocess.run([program.MAKE_MODEL, cls.model, "maple"], check=True)

    def run_tokens(self, fusion=None, cache="cache", model=None, n=8):
        environment = {"XDG_CACHE_HOME": self.path(cache)}
        if fusion is not None:
            environment["TRITIUM_VULKAN_FUSION"] = fusion
        code, out, err = tritium("run", model or self.model, "--tokens", "1 5", "-n", n, "--temp", 0, "--backend", "vulkan", "--json",
                                 "--profile", environment=environment)
        self.assertEqual(code, 0, err)
        written = json.loads(out)
        return written["tokens"], written["fusions"]

    def test_what_is_asked_for_runs(self):
        tokens, fusions = self.run_tokens("1")
        self.assertEqual({f["operation"] for f in fusions}, set(NAMES) - {"norm_rows"})  # its head is of trits
        self.assertEqual({(f["fused"], f["reason"]) for f in fusions}, {(True, "asked for")})
        for asked in ("0", "norm_qkv,expert_down"):
            others, fusions = self.run_tokens(asked)
            self.assertEqual(others, tokens)
            for fusion in fusions:
                self.assertEqual(fusion["fused"], fusion["operation"] in asked.split(","), fusion)
                self.assertEqual(fusion["reason"], "asked for")
        self.assertFalse([name for name in os.listdir(self.path("cache/tritium")) if name.startswith("fusions")])

    def test_what_was_measured_is_kept(self):
        """How much a start measures is a question of time; nothing is measured twice."""
        tokens, _ = self.run_tokens("1", n=4)
        times = {}
        for _ in range(4):
            others, fusions = self.run_tokens(cache="measured", n=4)
            self.assertEqual(others, tokens)
            for fusion in fusions:
                now = (fusion["fused_us"], fusion["simple_us"])
                if fusion["reason"] == "measured":
                    self.assertNotIn(fusion["shape"], times)
                    self.assertGreater(min(now), 0)
                    times[fusion["shape"]] = now
                elif fusion["reason"] == "kept":
                    self.assertEqual(now, times[fusion["shape"]])
                    self.assertEqual(fusion["fused"], now[1] > 0.97 * now[0])
                else:
                    self.assertEqual((fusion["reason"], fusion["fused"], now), ("not measured", True, (None, None)))

    def test_a_damaged_file_is_measured_anew(self):
        self.run_tokens(cache="damaged", n=4)
        folder = self.path("damaged/tritium")
        file, = (os.path.join(folder, name) for name in os.listdir(folder) if name.startswith("fusions"))
        with open(file, "r+b") as there:
            there.seek(90)
            there.write(b"#")
        _, fusions = self.run_tokens(cache="damaged", n=4)
        self.assertEqual({f["reason"] for f in fusions} & {"kept"}, set())

    def test_a_name_that_is_none(self):
        code, _, err = tritium("run", self.model, "--tokens", "1", "-n", 1, "--backend", "vulkan",
                               environment={"TRITIUM_VULKAN_FUSION": "norm_qkv,norm"})
        self.assertEqual(code, 2, err)
        self.assertIn('there is no fusion "norm"', err)
        for name in NAMES:
            self.assertIn(name, err)

    def test_a_trained_model_writes_the_same_without_any_one_of_them(self):
        model = program.model("tinystories-bitnet-3m.tq2_0")
        expected, fusions = self.run_tokens("1", model=model, n=12)
        there = {f["operation"] for f in fusions}
        self.assertEqual(there, {"norm_qkv", "attention_step", "merge_output", "norm_rows", "expert_down"})
        for name in sorted(there):
            tokens, _ = self.run_tokens(",".join(n for n in NAMES if n != name), model=model, n=12)
            self.assertEqual(tokens, expected, "without " + name)


program.main()
