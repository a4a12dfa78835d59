"""What the program finds around it: closed descriptors, links, names that are not UTF-8, files that would command a terminal."""
import errno
import json
import os
import pty
import re
import resource
import subprocess

import program
from program import WithModel, tritium

ESCAPE = b"\x1b"


def on_a_terminal(*arguments, stream="stdout"):
    """Exit code and what a terminal gets to see of one stream."""
    ours, theirs = pty.openpty()
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: theirs}
    process = subprocess.Popen([program.PROGRAM, *arguments], **streams)
    os.close(theirs)
    seen = b""
    try:
        while part := os.read(ours, 4096):
            seen += part
    except OSError as problem:
        if problem.errno != errno.EIO:  # the other end is closed
            raise
    os.close(ours)
    return process.wait(timeout=60), seen.replace(b"\r\n", b"\n")


class Surroundings(WithModel):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        transformer = {"architecture": "bitnet", "dim": 32, "layers": 1, "heads": 2, "ffn": 32, "context": 16}
        cls.transformer = cls.write("transformer.json", json.dumps(transformer))
        cls.text = cls.write("text.txt", "a mill stood by the river, " * 100)

    def training(self, *more, data=None, steps=4):
        return ["train", "--transformer", self.transformer, "--data", data or self.text, "--context", "16", "--batch", "2", "--steps",
                str(steps), "--threads", "1", "--backend", "cpu", *more]

    def in_a_shell(self, script, *arguments):
        """`script` runs the program as "$@", in the folder of the tests."""
        return subprocess.run(["sh", "-c", script, "sh", program.PROGRAM, *arguments], cwd=self.folder, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def test_a_stack_of_256_kb_is_enough_for_every_rung(self):
        rungs = [device for device in json.loads(tritium("devices", "--json")[1]) if device["backend"] == "cpu"][0]["features"]
        names = next(feature for feature in rungs if feature.startswith("rungs: ")).removeprefix("rungs: ").split()
        tokens = " ".join(str(token) for token in range(1, 40))
        for rung in names:
            for command in (["run", self.model, "--tokens", tokens, "-n", 2, "--threads", 2, "--backend", "cpu"],
                            ["run", self.model, "--tokens", tokens, "-n", 2, "--threads", 1, "--backend", "cpu", "--activations", "f32"],
                            self.training()):
                code, _, err = tritium(*command, environment={"TRITIUM_CPU_RUNG": rung}, limits={resource.RLIMIT_STACK: 256 << 10})
                self.assertEqual(code, 0, f"{rung}, {command[0]}: {err}")

    def test_a_message_about_a_file_commands_no_terminal(self):
        role = "\x1b[2J\x1b]0;x\x07\u009b"
        data = self.write("roles.jsonl", json.dumps({"messages": [{"role": role, "content": "x"}]}))
        done = subprocess.run([program.PROGRAM, *self.training(data=data)], capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn(rb'role "\x1b[2J\x1b]0;x\x07\xc2\x9b" is unknown', done.stderr)

    def test_names_in_a_model_command_no_terminal(self):
        with open(self.model, "rb") as file:
            data = file.read()
        self.assertIn(b"random maple", data)
        model = self.write("named.gguf", data.replace(b"random maple", b"\x1b[2Jm\x7f\xc3\xa4\xff \t "))
        code, out, err = tritium("info", model)
        self.assertEqual(code, 0, err)
        self.assertIn('"\\x1b[2Jm\\x7fä\\xff \t "', out)

    def test_what_a_model_writes_commands_no_terminal_and_is_whole_for_a_program(self):
        for seed in range(50):
            arguments = ["run", self.model, "-p", "", "-n", "300", "--temp", "4", "--seed", str(seed), "--threads", "1"]
            raw = subprocess.run([program.PROGRAM, *arguments], capture_output=True, timeout=60).stdout
            if ESCAPE not in raw:
                continue
            code, seen = on_a_terminal(*arguments)
            self.assertEqual(code, 0)
            self.assertNotIn(ESCAPE, seen)
            self.assertEqual(seen.count(b"\\x1b"), raw.count(ESCAPE))
            return
        self.fail("the model never wrote an escape")

    def test_names_need_not_be_utf8(self):
        name = os.fsdecode(b"t\xff.txt")
        with open(self.text, "rb") as file:
            data = self.write(name, file.read())
        folder, output = self.path(os.fsdecode(b"run\xff")), self.path(os.fsdecode(b"model\xff.gguf"))
        code, out, err = tritium(*self.training("--folder", folder, "-o", output, "--json", data=data))
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(out)["step"], 4)
        self.assertTrue(os.path.exists(os.path.join(folder, "step-00000004.ckpt")))
        code, out, err = tritium(*self.training("--folder", folder, "--resume", "auto", "--json", data=data, steps=6))
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(out)["step"], 6)
        code, out, err = tritium("bench", output, "--prompt", 4, "--decode", 4, "--repeats", 1, "--json")
        self.assertEqual(code, 0, err)
        self.assertEqual(len(json.loads(out)), 1)

    def test_a_value_that_is_not_utf8_is_refused_by_its_option(self):
        code, _, err = tritium(*self.training("--schedule", os.fsdecode(b"\xff")))
        self.assertEqual(code, 2, err)
        self.assertIn('training option "schedule"', err)

    def test_an_output_follows_no_link_that_lies_where_it_is_written(self):
        victim = self.write("victim", "V")
        done = self.in_a_shell('ln -s victim o.npy.$$.tmp; exec "$@"', "logits", self.model, "--tokens", "1", "-o", "o.npy")
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(victim, encoding="utf-8") as file:
            self.assertEqual(file.read(), "V")
        self.assertFalse(os.path.islink(self.path("o.npy")))
        self.assertEqual(program.read_npy(self.path("o.npy"))[0], (1, 259))

    def test_an_output_keeps_the_permissions_and_the_links_of_what_it_replaces(self):
        secret = self.write("secret.npy", "old")
        os.chmod(secret, 0o600)
        os.symlink("secret.npy", self.path("link.npy"))
        code, _, err = tritium("logits", self.model, "--tokens", "1", "-o", self.path("link.npy"))
        self.assertEqual(code, 0, err)
        self.assertTrue(os.path.islink(self.path("link.npy")))
        self.assertEqual(os.stat(secret).st_mode & 0o777, 0o600)
        self.assertEqual(program.read_npy(secret)[0], (1, 259))

    def test_closed_outputs_do_not_become_a_file_of_the_run(self):
        for folder, closed in (("closed", ">&- 2>&-"), ("alone", "<&- >&- 2>&-")):
            arguments = self.training("--folder", folder, "-o", folder + ".gguf", "--log-every", "1", "--eval-every", "1")
            done = self.in_a_shell('exec "$@" ' + closed, *arguments)
            self.assertEqual(done.returncode, 0)  # all that was made is in files
            with open(self.path(folder + "/log.jsonl"), encoding="utf-8") as file:
                self.assertEqual([json.loads(line)["step"] for line in file], [1, 2, 3, 4])
            self.assertTrue(os.path.exists(self.path(folder + "/step-00000004.ckpt")))
            self.assertEqual(tritium("run", self.path(folder + ".gguf"), "-p", "a", "-n", 1)[0], 0)
        done = self.in_a_shell('exec "$@" <&- 2>&-', *self.training("--folder", "mute", "--eval-every", "1"))
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"done after step 4", done.stdout)
        with open(self.path("mute/log.jsonl"), encoding="utf-8") as file:
            self.assertEqual([json.loads(line)["step"] for line in file], [1, 2, 3, 4])

    def test_a_training_run_whose_result_is_nowhere_fails_without_a_stdout(self):
        done = self.in_a_shell('exec "$@" >&-', *self.training())
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"standard output: Bad file descriptor", done.stderr)

    def test_what_does_not_fit_on_a_full_disk_is_a_failure(self):
        for arguments in (["--help"], ["--version"], ["run", "--help"], ["train", "--list-options"], ["devices"], ["info", self.model],
                          ["run", self.model, "-p", "a", "-n", "2"], self.training()):
            with self.subTest(arguments):
                done = self.in_a_shell('exec "$@" >/dev/full', *arguments)
                self.assertEqual(done.returncode, 1)
                self.assertIn(b"standard output: No space left on device", done.stderr)

    def test_an_evaluation_shows_how_far_it_is(self):
        text = self.write("window.txt", "a mill by the river " * 20)  # one window
        code, seen = on_a_terminal("eval", self.model, "--text", text, "--threads", "1", stream="stderr")
        self.assertEqual(code, 0)
        shown = [int(part) for part in re.findall(rb"evaluating \[[#.]+\] +([0-9]+) %", seen)]
        self.assertGreater(len(shown), 4, seen)
        self.assertEqual(shown, sorted(shown))

    def test_a_long_evaluation_says_in_a_log_how_far_it_is(self):
        text = self.write("long.txt", "a mill by the river " * 100000)
        arguments = ["eval", self.model, "--text", text, "--threads", "1", "--backend", "reference"]
        with subprocess.Popen([program.PROGRAM, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            line = process.stderr.readline()
            process.kill()
        self.assertRegex(line, rb"^evaluating: [0-9]+ %\n$")

    def test_a_closed_stdout_is_said(self):
        done = self.in_a_shell('exec "$@" >&-', "devices")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"standard output: Bad file descriptor", done.stderr)

    def test_a_checkpoint_that_is_passed_over_is_named(self):
        run = self.path("passed")
        code, _, err = tritium(*self.training("--folder", run, "--save-every", "2"))
        self.assertEqual(code, 0, err)
        newest = os.path.join(run, "step-00000004.ckpt")
        os.truncate(newest, os.path.getsize(newest) - 1)
        code, _, err = tritium(*self.training("--folder", run, "--resume", "auto", steps=6))
        self.assertEqual(code, 0, err)
        self.assertIn("warning: passed over: " + newest, err)

    def test_a_run_of_which_no_checkpoint_can_be_read_is_not_begun_anew(self):
        run = self.path("lost")
        code, _, err = tritium(*self.training("--folder", run))
        self.assertEqual(code, 0, err)
        for name in os.listdir(run):
            if name.endswith(".ckpt"):
                os.truncate(os.path.join(run, name), 100)
        with open(os.path.join(run, "log.csv"), "rb") as file:
            log = file.read()
        self.fails(1, "none of its checkpoints can be read", *self.training("--folder", run, "--resume", "auto"))
        with open(os.path.join(run, "log.csv"), "rb") as file:
            self.assertEqual(file.read(), log)


program.main()
