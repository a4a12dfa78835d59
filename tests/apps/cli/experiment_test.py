"""Golf and studies from the command line: figures, mismatches, resuming after kill -9, refusals, Ctrl-C, full disks."""
import json
import os
import random
import resource
import signal
import subprocess
import time

import program
from program import InFolder, tritium

PRESETS = ["int4-mlp-11l", "int4-mlp-int6-attn-12l", "ternary-unet", "ternary-moe"]
INTEGER_FAULTS = ["scale-floor", "export-clip", "bf16-input", "unquantised-validation", "prune-after", "scale-unrounded",
                  "projection-grid", "attention-after", "embedding-after", "average-after", "tail-rescored"]
STUDIES = {"ste-training": "valid_bpb", "quality-ceiling": "target_bpb", "expert-count": "valid_bpb",
           "parameter-golf": "exported_bpb", "three-way": "valid_bpb"}


def text_of(seed, words):
    draw = random.Random(seed)
    known = ["".join(draw.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(draw.randint(2, 8))) for _ in range(300)]
    return "\n".join(" ".join(draw.choice(known) for _ in range(9)) for _ in range(words // 9)) + "\n"


def lines_of(path):
    if not os.path.exists(path):
        return 0
    with open(path, "rb") as file:
        return file.read().count(b"\n")


class Experiments(InFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.text = cls.write("text.txt", text_of(1, 9000))
        cls.other = cls.write("other.txt", text_of(2, 9000))

    def golf(self, preset, *more, limits=None):
        return tritium("experiment", "golf", "--preset", preset, "--data", self.text, "--smoke", "--json", *more,
                       limits=limits)

    def study(self, name, folder, *more):
        source = ["--source", self.other] if name == "quality-ceiling" else []
        return ["experiment", "study", name, "--data", self.text, *source, "--smoke", "--json", "-o", folder, *more]


class Golf(Experiments):
    def test_the_exported_file_says_what_the_trainer_says(self):
        for preset in PRESETS:
            with self.subTest(preset):
                code, out, err = self.golf(preset)
                self.assertEqual(code, 0, err)
                result = json.loads(out)
                self.assertLessEqual(abs(result["gap_bpb"]), 1e-6)
                self.assertAlmostEqual(result["gap_bpb"], result["exported_bpb"] - result["valid_bpb"], 12)
                self.assertTrue(1 < result["valid_bpb"] < 10 and 1 < result["train_bpb"] < 10, result)
                self.assertEqual(result["fits"], result["artifact_bytes"] <= result["artifact_limit"])
                self.assertTrue(result["fits"], result)

    def test_files_are_kept_where_a_folder_is_named(self):
        folder = self.path("golf")
        code, out, err = self.golf("ternary-moe", "-o", folder)
        self.assertEqual(code, 0, err)
        self.assertEqual(os.path.getsize(os.path.join(folder, "model.tpk")), json.loads(out)["artifact_bytes"])
        back = self.path("back.gguf")
        self.assertEqual(tritium("experiment", "unpack", os.path.join(folder, "model.tpk"), "-o", back)[0], 0)
        with open(back, "rb") as one, open(os.path.join(folder, "model.gguf"), "rb") as other:
            self.assertEqual(one.read(), other.read())

    def test_texts_of_the_user_stay_as_they_are(self):
        folder = self.path("mine")
        os.mkdir(folder)
        for name in ("train.txt", "valid.txt", "vocabulary.gguf"):
            with open(self.text, "rb") as text, open(os.path.join(folder, name), "wb") as file:
                file.write(text.read())
        mine = os.path.join(folder, "train.txt")
        before = os.path.getsize(mine)
        for command in (["golf", "--preset", "ternary-moe"], ["study", "three-way", "--arm", "full-64", "--seeds", "1"]):
            code, _, err = tritium("experiment", *command, "--smoke", "--data", mine, "-o", folder)
            self.assertEqual(code, 0, err)
            self.assertEqual([os.path.getsize(os.path.join(folder, n)) for n in ("train.txt", "valid.txt")], [before, before])
            self.assertFalse([n for n in os.listdir(folder) if n.endswith(".work")])
        code, _, err = tritium("experiment", "golf", "--preset", "ternary-moe", "--smoke", "-o", folder, "--data",
                               os.path.join(folder, "vocabulary.gguf"))
        self.assertNotEqual(code, 0)
        self.assertIn("vocabulary.gguf", err)

    def test_the_same_seed_gives_the_same_figures(self):
        first, second = (json.loads(self.golf("int4-mlp-11l", "--seed", 3)[1]) for _ in range(2))
        for key in ("train_bpb", "valid_bpb", "exported_bpb", "artifact_bytes", "transformer", "settings"):
            self.assertEqual(first[key], second[key], key)

    def test_each_mismatch_has_its_cost(self):
        names = INTEGER_FAULTS
        code, out, err = self.golf("int4-mlp-11l", *(w for name in names for w in ("--mismatch", name)))
        self.assertEqual(code, 0, err)
        result = json.loads(out)
        costs = {m["name"]: m["cost_bpb"] for m in result["mismatches"]}
        self.assertEqual(list(costs), names)
        for name, cost in costs.items():
            self.assertNotEqual(cost, 0, name)
        clean = json.loads(self.golf("int4-mlp-11l")[1])
        self.assertEqual(clean["exported_bpb"], result["exported_bpb"])
        floor = next(m for m in result["mismatches"] if m["name"] == "scale-floor")
        self.assertAlmostEqual(floor["cost_bpb"], floor["exported_bpb"] - result["exported_bpb"], 12)

    def test_trits_that_are_quantised_twice_shrink(self):
        result = json.loads(self.golf("ternary-unet", "--mismatch", "requantise-twice")[1])
        self.assertNotEqual(result["mismatches"][0]["cost_bpb"], 0)
        for name, why in (("projection-grid", "has no projections"), ("attention-after", "has attention of trits")):
            code, _, err = self.golf("ternary-unet", "--mismatch", name)
            self.assertNotEqual(code, 0)
            self.assertIn(why, err)

    def test_wrong_input_is_refused_in_words(self):
        for words, expected in [(["--preset", "int3"], "there is no preset"), (["--mismatch", "none"], "there is no mismatch"),
                                (["--scale", "2"], "must be above 0"), (["--scale", "nan"], "must be above 0"),
                                (["--mismatch", "requantise-twice"], "is of trits"), (["--steps", "-1"], "at least 0"),
                                (["--data", self.path("missing")], "missing"),
                                (["--data", self.write("short.txt", "too short")], "at least 1000")]:
            with self.subTest(words):
                arguments = {"--preset": "int4-mlp-11l", "--data": self.text, **dict(zip(words[::2], words[1::2]))}
                smoke = [] if "--scale" in words else ["--smoke"]
                code, _, err = tritium("experiment", "golf", *smoke, *(w for pair in arguments.items() for w in pair))
                self.assertNotEqual(code, 0)
                self.assertIn(expected, err)

    def test_a_limit_on_the_size_of_files_is_an_error(self):
        code, _, err = self.golf("int4-mlp-11l", "-o", self.path("small"), limits={resource.RLIMIT_FSIZE: 20000})
        self.assertEqual(code, 1)
        self.assertIn("File too large", err)


class Studies(Experiments):
    def test_each_study_has_rows_a_table_and_a_picture(self):
        for name, figure in STUDIES.items():
            with self.subTest(name):
                folder = self.path(name)
                code, out, err = tritium(*self.study(name, folder), timeout=400)
                self.assertEqual(code, 0, err)
                result = json.loads(out)
                with open(os.path.join(folder, name + ".jsonl"), encoding="utf-8") as file:
                    rows = [json.loads(line) for line in file]
                self.assertEqual(len(rows), result["runs"])
                self.assertEqual(len({(r["arm"], r["seed"]) for r in rows}), len(rows))
                arms = [a["name"] for a in result["arms"]]
                self.assertEqual([r["arm"] for r in rows[:len(arms)]], arms, "all arms of the first seed come first")
                for arm in result["arms"]:
                    values = [r["figures"][figure] for r in rows if r["arm"] == arm["name"]]
                    self.assertAlmostEqual(arm["figures"][figure]["mean"], sum(values) / len(values), 12)
                    self.assertEqual(arm["figures"][figure]["n"], 2)
                for key in ("machine", "threads", "seconds", "settings", "identity"):
                    self.assertTrue(rows[0][key], key)
                with open(os.path.join(folder, name + ".svg"), encoding="utf-8") as file:
                    picture = file.read()
                self.assertTrue(picture.startswith("<svg") and all(arm in picture for arm in arms))

    def test_a_study_that_was_killed_gives_the_same_table(self):
        arms = [w for arm in ("full-64", "ternary-64", "int4-64") for w in ("--arm", arm)]
        whole, killed = self.path("whole"), self.path("killed")
        code, out, err = tritium(*self.study("three-way", whole, *arms))
        self.assertEqual(code, 0, err)
        rows = os.path.join(killed, "three-way.jsonl")
        process = subprocess.Popen([program.PROGRAM, *self.study("three-way", killed, *arms)],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while lines_of(rows) < 2:
            self.assertIsNone(process.poll())
            time.sleep(0.005)
        process.kill()
        process.wait()
        with open(rows, "ab") as file:
            file.write(b'{"study": "three-way", "arm": "full')  # as a process leaves it that was killed while it wrote
        code, _, err = tritium(*self.study("three-way", killed, *arms))
        self.assertIn("resume goes on", err)
        code, again, err = tritium(*self.study("three-way", killed, *arms, "--resume"))
        self.assertEqual(code, 0, err)
        self.assertGreaterEqual(json.loads(again)["runs_before"], 2)
        self.assertEqual(err.count("run "), 6 - json.loads(again)["runs_before"], err)

        def table(text):
            return [(a["name"], {k: v for k, v in a["figures"].items() if "per_second" not in k})
                    for a in json.loads(text)["arms"]]
        self.assertEqual(table(again), table(out))

    def test_two_studies_may_share_a_folder(self):
        alone, shared = self.path("alone"), self.path("shared")
        arms = {"three-way": ["--arm", "ternary-64"], "expert-count": ["--arm", "ternary-16"]}
        both = [subprocess.Popen([program.PROGRAM, *self.study(name, shared, *arms[name])], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE) for name in arms]
        for name, process in zip(arms, both):
            out, err = process.communicate(timeout=200)
            self.assertEqual(process.returncode, 0, err)
            figures = [json.loads(t)["arms"][0]["figures"]["valid_bpb"] for t in
                       (out, tritium(*self.study(name, alone, *arms[name]))[1])]
            self.assertEqual(*figures)

    def test_rows_of_other_options_are_other_runs(self):
        folder = self.path("others")
        arms = ["--arm", "full-64", "--seeds", "1"]
        self.assertEqual(tritium(*self.study("three-way", folder, *arms, "--steps", 3))[0], 0)
        result = json.loads(tritium(*self.study("three-way", folder, *arms, "--steps", 4, "--resume"))[1])
        self.assertEqual(result["runs_before"], 0)
        result = json.loads(tritium(*self.study("three-way", folder, *arms, "--steps", 3, "--resume"))[1])
        self.assertEqual(result["runs_before"], 1)

    def test_wrong_input_is_refused_in_words(self):
        for arguments, expected in [(self.study("four-way", self.path("w")), "there is no study"),
                                    (self.study("three-way", self.path("w"), "--arm", "x"), "has no arm"),
                                    (self.study("three-way", self.path("w"), "--source", self.text), "one text alone"),
                                    (self.study("three-way", self.path("w"), "--arm", "full-64", "--arm", "full-64"), "named twice"),
                                    (self.study("three-way", self.path("w"), "--scale", "0.5"), "sizes of its own"),
                                    (self.study("parameter-golf", self.path("w"), "--scale", "nan"), "must be above 0"),
                                    (self.study("three-way", self.path("w"), "--seeds", "-1"), "seeds are -1"),
                                    (self.study("three-way", self.path("w"), "--steps", 2, "--minutes", 1), "one of the two"),
                                    (self.study("three-way", self.text), "text.txt")]:
            with self.subTest(expected):
                code, _, err = tritium(*arguments)
                self.assertNotEqual(code, 0)
                self.assertIn(expected, err)

    def test_ctrl_c_ends_it_soon_and_keeps_the_rows(self):
        folder = self.path("stopped")
        process = subprocess.Popen([program.PROGRAM, *self.study("three-way", folder, "--steps", "100000", "--arm", "ternary-64")],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(2)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 130, err)
        self.assertLess(time.monotonic() - begun, 2)
        self.assertEqual(os.path.getsize(os.path.join(folder, "three-way.jsonl")), 0)


program.main()
