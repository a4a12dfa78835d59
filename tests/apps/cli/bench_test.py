"""tritium bench without a file, and the fractions of run --profile."""
import json
import re
import resource
import signal
import subprocess
import time

import program
from program import tritium

QUICK = r"^product/2048x512/n=(1|32)$"


class Rows(program.InFolder):
    def measured(self, *arguments, **options):
        code, out, err = tritium("bench", "--json", "--rounds", 1, *arguments, **options)
        self.assertEqual(code, 0, err)
        return json.loads(out)

    def test_json_has_this_shape(self):
        result = self.measured("--filter", QUICK, "--threads", "1,2")
        self.assertEqual(list(sorted(result)), ["limits", "machine", "rows"])
        for row in result["rows"]:
            self.assertEqual(sorted(row), ["fraction_of_limit", "gb_s", "gop_s", "n", "name", "threads", "tokens_s"])
            self.assertGreater(row["gb_s"], 0)
            self.assertGreater(row["gop_s"], 0)
            self.assertGreater(row["fraction_of_limit"], 0)
            self.assertIsNone(row["tokens_s"])
        self.assertEqual([(row["name"], row["threads"], row["n"]) for row in result["rows"]],
                         [(f"product/2048x512/n={n}", threads, n) for n in (1, 32) for threads in (1, 2)])
        limits = {(limit["name"], limit["threads"]): limit for limit in result["limits"]}
        self.assertEqual(len(limits), len(result["limits"]))
        for threads in (1, 2):
            self.assertGreater(limits["read memory", threads]["gb_s"], 0)
            self.assertGreater(limits["int8 dot", threads]["gop_s"], 0)
            self.assertGreater(limits["float fma", threads]["gop_s"], 0)
            self.assertIsNone(limits["int8 dot", threads]["bytes"])
        self.assertIn(result["machine"]["rung"], result["machine"]["rungs"])
        self.assertEqual(result["machine"]["left_out"], [])

    def test_people_get_a_table(self):
        code, out, err = tritium("bench", "--filter", QUICK, "--threads", 1, "--rounds", 1)
        self.assertEqual(code, 0, err)
        self.assertEqual(len(re.findall(r"^product/2048x512/n=\d+ +1 ", out, re.MULTILINE)), 2, out)
        self.assertRegex(out, r"(?m)^read memory +1 +[\d.]+ *$")

    def test_a_rung_can_be_forced(self):
        rungs = self.measured("--filter", QUICK, "--threads", 1)["machine"]["rungs"]
        for how in ({"arguments": ["--rung", rungs[-1]]}, {"environment": {"TRITIUM_CPU_RUNG": rungs[-1]}},
                    {"environment": {"TRITIUM_SIMD": rungs[-1]}}):
            result = self.measured("--filter", "^product/2048x512/n=1$", "--threads", 1, *how.get("arguments", []),
                                   environment=how.get("environment"))
            self.assertEqual(result["machine"]["rung"], rungs[-1], how)

    def test_a_rung_that_is_none_is_an_error_that_lists_them(self):
        said = "the rung \"mmx\" (TRITIUM_CPU_RUNG, or --rung of bench) is none of this kind of processor's; there are "
        self.fails(2, said, "bench", "--filter", QUICK, "--rung", "mmx")
        self.fails(2, said, "selftest", "--backend", "cpu", environment={"TRITIUM_CPU_RUNG": "mmx"})
        code, out, err = tritium("devices", "--json", environment={"TRITIUM_CPU_RUNG": "mmx"})
        self.assertEqual(code, 0, err)
        cpu = next(device for device in json.loads(out) if device["backend"] == "cpu")
        self.assertFalse(cpu["available"])
        self.assertIn(said, cpu["reason"])

    def test_a_filter_that_chooses_nothing_is_an_error(self):
        self.fails(2, "chooses none of the rows", "bench", "--filter", "nothing of that name")
        self.fails(2, "no regular expression", "bench", "--filter", "(")

    def test_threads_out_of_range_are_an_error(self):
        self.fails(2, "--threads", "bench", "--threads", "1,-2")
        self.fails(2, "--threads", "bench", "--threads", "one")

    def test_what_does_not_fit_is_left_out_and_said(self):
        limits = {resource.RLIMIT_AS: 1 << 30}
        result = self.measured("--filter", "^model/Maple|" + QUICK, "--threads", 1, limits=limits)
        self.assertEqual([row["n"] for row in result["rows"]], [1, 32])
        self.assertEqual([left["name"] for left in result["machine"]["left_out"]], ["model/Maple-20B-A1B"])
        self.assertIn("MiB are free", result["machine"]["left_out"][0]["reason"])

    def interrupted(self, *arguments, until):
        """What is printed after a Ctrl-C that comes late enough for `until`, however busy the machine is."""
        for after in (0.8, 3, 10, 30):
            process = subprocess.Popen([program.PROGRAM, "bench", "--threads", "1", *arguments], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
            time.sleep(after)
            asked = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
            self.assertLess(time.monotonic() - asked, 1, err)  # 0.2 s, on a machine that others use
            self.assertEqual(process.returncode, 130, err)
            if until(out):
                break
        return out

    def test_ctrl_c_prints_what_was_measured(self):
        quick = ["--rounds", "1000", "--filter", QUICK]
        out = self.interrupted("--json", *quick, until=lambda out: len(json.loads(out)["rows"]) == 2)
        self.assertEqual([row["n"] for row in json.loads(out)["rows"]], [1, 32])
        out = self.interrupted(*quick, until=lambda out: b"n=32" in out)
        self.assertIn(b"product/2048x512/n=32", out)

    def test_ctrl_c_ends_the_making_of_a_model(self):
        self.assertEqual(json.loads(self.interrupted("--json", "--filter", "^model/OLMoE", until=bool))["rows"], [])

    def test_help_says_what_a_fraction_is(self):
        code, out, err = tritium("bench", "--help")
        self.assertEqual(code, 0, err)
        for part in ("read bandwidth", "peak of int8 dot products", "--filter", "--rung", "--rounds"):
            self.assertIn(part, out)


class Profile(program.WithModel):
    def test_operations_have_rates_and_fractions(self):
        code, out, err = tritium("run", self.model, "--tokens", " ".join(["7"] * 40), "-n", 4, "--temp", 0, "--backend", "cpu",
                                 "--threads", 1, "--profile", "--json")
        self.assertEqual(code, 0, err)
        rows = {row["operation"]: row for row in json.loads(out)["profile"]}
        for row in rows.values():
            self.assertEqual(sorted(row), ["calls", "fraction_of_limit", "gb_s", "gop_s", "operation", "seconds"])
            self.assertGreater(row["gb_s"], 0)
        self.assertGreater(rows["ternary_matmul"]["gop_s"], 0)
        self.assertIsNone(rows["rms_norm"]["gop_s"])
        for name in ("ternary_matmul", "attention", "rms_norm"):
            self.assertGreater(rows[name]["fraction_of_limit"], 0)
        self.assertRegex(err, r"ternary_matmul .* GB/s .* Gop/s .* of the limit")

    def test_other_backends_have_no_limit(self):
        code, out, err = tritium("run", self.model, "--tokens", "7 8", "-n", 1, "--temp", 0, "--backend", "reference", "--profile",
                                 "--json")
        self.assertEqual(code, 0, err)
        for row in json.loads(out)["profile"]:
            self.assertIsNone(row["fraction_of_limit"])

    def test_bench_of_a_file_has_fractions(self):
        code, out, err = tritium("bench", self.model, "--backend", "cpu,reference", "--prompt", 8, "--decode", 8, "--repeats", 1,
                                 "--threads", "1,2", "--json")
        self.assertEqual(code, 0, err)
        rows = json.loads(out)
        self.assertEqual([(row["backend"], row["threads"]) for row in rows],
                         [("cpu", 1), ("reference", 1), ("cpu", 2), ("reference", 2)])
        for row in rows:
            if row["backend"] == "cpu":
                self.assertGreater(row["fraction_of_limit"], 0)
                self.assertGreater(row["prompt_fraction_of_limit"], 0)
            else:
                self.assertIsNone(row["fraction_of_limit"])
            self.assertGreater(row["bytes_a_token"], 0)
            self.assertEqual((row["prompt"], row["decode"]), (8, 8))

    def test_more_tokens_of_a_file_than_its_context_are_an_error(self):
        self.fails(2, "a prompt of 100000 and 64 further tokens are more than the model's context", "bench", self.model, "--prompt",
                   100000, "--decode", 64)

    def test_options_of_rows_are_not_for_files(self):
        self.fails(2, "--filter", "bench", self.model, "--filter", "x")


program.main()
