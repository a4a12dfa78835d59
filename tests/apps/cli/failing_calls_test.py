"""Each system call of a command fails in turn: open, read, write, fsync, rename and the rest. Whatever fails: the program ends
with a message or does the right thing, what it writes is the old file or the new one, nothing is left over, and a run can be gone
on with to the same bytes. `--all` tries every call of every command; without it a spread of them, and all of a resumed run."""
import errno
import json
import os
import shutil
import sys
import tempfile
import unittest

import program
from program import InFolder, tritium

LIBRARY = os.environ["TRITIUM_FAILING_CALLS"]
ALL = "--all" in sys.argv[1:]
TRANSFORMER = {"architecture": "llama", "dim": 32, "layers": 1, "heads": 2, "ffn": 32, "context": 32}
ONWARDS = 1
# Kind of call, its error, and every which call after the first one fails, too: a disk stays full.
KINDS = [("open", errno.EIO, 0), ("read", errno.EIO, 0), ("write", errno.EIO, 0), ("write", errno.ENOSPC, ONWARDS),
         ("fsync", errno.EIO, 0), ("close", errno.EIO, 0), ("rename", errno.EIO, 0), ("stat", errno.EIO, 0), ("lock", errno.EIO, 0),
         ("lock", errno.ENOLCK, ONWARDS), ("truncate", errno.EIO, 0), ("unlink", errno.EIO, 0), ("mkdir", errno.EIO, 0),
         ("reserve", errno.ENOSPC, 0), ("reserve", errno.EOPNOTSUPP, 0), ("map", errno.ENOMEM, 0)]
# What is tried is what the program does about errors, not the disk: in memory nothing waits for it.
if os.access("/dev/shm", os.W_OK):
    tempfile.tempdir = "/dev/shm"
INTERRUPTED = ["open", "read", "write", "fsync", "close", "lock", "truncate", "reserve"]


def content(path):
    with open(path, "rb") as file:
        return file.read()


class Command:
    """A command that works in a folder of its own, which is as `before` each time it starts."""

    def __init__(self, folder, arguments, output="", resumes=False, environment=None):
        self.folder, self.arguments, self.resumes = folder, list(map(str, arguments)), resumes
        self.output = output and os.path.join(folder, output)
        self.before = folder + ".before"
        self.environment = environment or {}
        os.makedirs(folder, exist_ok=True)
        shutil.copytree(folder, self.before)
        self.old = content(self.output) if output and os.path.exists(self.output) else None
        self.names = self.names_now()
        code, self.said, err = tritium(*self.arguments, environment=self.environment)
        assert code == 0, err
        self.new = content(self.output) if output else None
        self.names |= self.names_now()

    def start_over(self):
        shutil.rmtree(self.folder)
        shutil.copytree(self.before, self.folder)

    def names_now(self):
        return {os.path.join(folder, name) for folder, _, names in os.walk(self.folder) for name in names}

    def with_failing(self, under, kind, number, problem, every):
        """Exit code, stdout, stderr, and how many calls of the kind there were."""
        count = self.before + ".count"
        environment = {"LD_PRELOAD": LIBRARY, "FAILING_CALLS_UNDER": under, "FAILING_CALLS_KIND": kind,
                       "FAILING_CALLS_AT": str(number), "FAILING_CALLS_EVERY": str(every), "FAILING_CALLS_ERROR": str(problem),
                       "FAILING_CALLS_COUNT": count, **self.environment}
        code, out, err = tritium(*self.arguments, environment=environment)
        return code, out, err, int(content(count) or 0)


def spread(calls, most):
    """Numbers of calls to try: all, or the first, the last and some between."""
    if calls <= most:
        return range(1, calls + 1)
    return sorted({1 + round(i * (calls - 1) / max(most - 1, 1)) for i in range(most)})


class FailingCalls(InFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = os.path.realpath(cls.folder)
        cls.text = cls.write("text.txt", "a mill stood by the river, and the miller knew the sound of the stone. " * 20)
        cls.base, cls.adapter = cls.path("model.gguf"), cls.path("adapter.gguf")
        cls.common = ["--data", cls.text, "--context", 32, "--batch", 2, "--threads", 1]
        cls.transformer = ["--transformer", cls.write("model.json", json.dumps(TRANSFORMER))]
        cls.succeeds("train", *cls.transformer, *cls.common, "--steps", 2, "-o", cls.base)
        cls.succeeds("finetune", cls.base, *cls.common, "--mode", "lora", "--steps", 2, "-o", cls.adapter)

    @staticmethod
    def succeeds(*arguments):
        code, _, err = tritium(*arguments)
        assert code == 0, err

    def work(self, name, **files):
        folder = self.path(name)
        os.makedirs(folder)
        for file, old in files.items():
            self.write(os.path.join(name, file.replace("_", ".")), old)
        return folder

    def expect_nothing_lost(self, command, code, out, err, kind):
        self.assertIn(code, (0, 1), err)
        output = content(command.output) if command.output and os.path.exists(command.output) else None
        if code == 0:
            self.assertEqual(output, command.new)
            if not command.output:
                self.assertEqual(out, command.said)
        else:
            self.assertIn("tritium: error: ", err)
            self.assertIn(output, (command.old, command.new))
            self.assertTrue(command.said.startswith(out) or command.output, out)
        if kind != "unlink":
            self.assertLessEqual(command.names_now(), command.names)
        if code == 1 and command.resumes:
            code, _, err = tritium(*command.arguments)
            self.assertEqual(code, 0, err)
            self.assertEqual(content(command.output), command.new)

    def try_all(self, name, command, under=None, kinds=tuple(KINDS), in_full=(), most=3, harmless=False, wanted=("open", "read")):
        """Fails calls below `under`, of each kind at most so many where not all are tried. `wanted`: kinds of which there must be
        some; `harmless`: none must be noticed."""
        under = under or self.folder
        tried, failed = 0, 0
        for kind, problem, every in kinds:
            command.start_over()
            code, _, err, calls = command.with_failing(under, kind, 0, problem, 0)
            self.assertEqual(code, 0, err)
            self.assertFalse(calls == 0 and kind in wanted, kind)
            self.assertFalse(calls > 0 and kind == "map", "a file is mapped")
            for number in spread(calls, calls if ALL or kind in in_full else most):
                with self.subTest(name, kind=kind, number=number, error=errno.errorcode[problem]):
                    command.start_over()
                    code, out, err, _ = command.with_failing(under, kind, number, problem, every)
                    if harmless or problem == errno.EOPNOTSUPP:
                        self.assertEqual(code, 0, err)
                    self.expect_nothing_lost(command, code, out, err, kind)
                    tried, failed = tried + 1, failed + (code != 0)
        interrupted = self.interrupt_all(name, command, under) if most > 1 or ALL else 0
        print(f"{name}: {tried} calls failed, one at a time: {failed} ended with a message, {tried - failed} did no harm; "
              f"{interrupted} were interrupted")

    def interrupt_all(self, name, command, under):
        """EINTR: every second call, so that each is made again; the result is the undisturbed one."""
        interrupted = 0
        for kind in INTERRUPTED:
            for first in (1, 2):
                with self.subTest(name, kind=kind, first=first, error="EINTR"):
                    command.start_over()
                    code, out, err, calls = command.with_failing(under, kind, first, errno.EINTR, 2)
                    self.assertEqual(code, 0, err)
                    self.expect_nothing_lost(command, code, out, err, kind)
                    interrupted += max(0, calls - first + 2) // 2
        return interrupted

    def test_of_a_resumed_run(self):
        folder = self.path("resumed")
        arguments = ["finetune", self.base, *self.common, "--folder", os.path.join(folder, "run"), "-o",
                     os.path.join(folder, "out.gguf"), "--eval-every", 4, "--log-every", 3, "--save-every", 3]
        self.succeeds(*arguments, "--steps", 6)
        command = Command(folder, [*arguments, "--steps", 9, "--resume", "auto"], "out.gguf", resumes=True)
        in_full = ("open", "read", "write", "fsync", "close", "rename")
        self.try_all("a resumed run", command, in_full=in_full, wanted=(*in_full, "stat", "lock", "unlink", "reserve"))

    def test_of_a_new_run(self):
        folder = self.work("new")
        command = Command(folder, ["train", *self.transformer, *self.common, "--folder", os.path.join(folder, "run"), "-o",
                                   os.path.join(folder, "out.gguf"), "--steps", 4, "--save-every", 2, "--eval-every", 4,
                                   "--resume", "auto"], "out.gguf", resumes=True)
        self.try_all("a new run", command, wanted=("open", "read", "write", "fsync", "rename", "mkdir"))

    def test_of_an_export(self):
        for name, mode in (("a model", "ste"), ("an adapter", "lora")):
            folder = self.work(mode, out_gguf="a good file")
            command = Command(folder, ["finetune", self.base, *self.common, "--mode", mode, "--steps", 1, "-o",
                                       os.path.join(folder, "out.gguf")], "out.gguf")
            self.try_all("the export of " + name, command, wanted=("open", "read", "write", "fsync", "rename", "reserve"))

    def test_of_a_model_that_is_read(self):
        folder = self.work("read")
        on = ["--backend", "cpu", "--threads", 1]
        for name, arguments in (("run", ["run", self.base, "--lora", self.adapter, "-p", "a mill", "-n", 8, "--temp", 0, *on]),
                                ("eval", ["eval", self.base, "--text", self.text, *on]), ("info", ["info", self.base]),
                                ("tokenize", ["tokenize", self.base, "--file", self.text])):
            self.try_all(name, Command(os.path.join(folder, name), arguments))

    def test_of_logits(self):
        folder = self.work("logits", out_npy="a good file")
        command = Command(folder, ["logits", self.base, "--tokens", "5 6 7", "-o", os.path.join(folder, "out.npy"), "--backend",
                                   "cpu"], "out.npy")
        self.try_all("logits", command, wanted=("open", "read", "write", "fsync", "rename"))

    def test_of_artifacts(self):
        folder = self.work("pack", a_tpk="a good file")
        command = Command(folder, ["experiment", "pack", self.base, "-o", os.path.join(folder, "a.tpk"), "--level", 1], "a.tpk")
        self.try_all("pack", command, wanted=("open", "read", "write", "fsync", "rename"))
        packed = self.path("packed.tpk")
        self.succeeds("experiment", "pack", self.base, "-o", packed, "--level", 1)
        folder = self.work("unpack", out_gguf="a good file")
        command = Command(folder, ["experiment", "unpack", packed, "-o", os.path.join(folder, "out.gguf")], "out.gguf")
        self.try_all("unpack", command, wanted=("open", "read", "write", "fsync", "rename", "reserve"))

    def test_of_a_folder_that_cannot_be_flushed(self):
        """The new file is there, and that it may go with a loss of power is said; some file systems never flush folders."""
        folder = self.work("flushed", out_npy="a good file")
        command = Command(folder, ["logits", self.base, "--tokens", "5 6 7", "-o", os.path.join(folder, "out.npy"), "--backend",
                                   "cpu"], "out.npy")
        for problem, expected, said in ((errno.EIO, 1, "is written, but its folder cannot be flushed"), (errno.EINVAL, 0, "")):
            command.start_over()
            code, _, err, calls = command.with_failing(self.folder, "fsync", 2, problem, 0)
            self.assertEqual((code, calls), (expected, 2), err)
            self.assertIn(said, err)
            self.assertEqual(content(command.output), command.new)

    def test_of_a_gpu_report(self):
        """Which is written after every section: whatever fails, its files are whole."""
        if not ALL or not program.has_vulkan():
            raise unittest.SkipTest("only with --all and a vulkan device")
        folder = self.work("report")
        command = Command(folder, ["gpu-report", "--out", folder, "--budget", "1s"])
        tried, failed = 0, 0
        for kind, problem, every in KINDS[:1] + KINDS[2:5] + KINDS[6:7]:
            for number in range(1, command.with_failing(folder, kind, 0, problem, 0)[3] + 1):
                with self.subTest("gpu-report", kind=kind, number=number, error=errno.errorcode[problem]):
                    command.start_over()
                    code, _, err, _ = command.with_failing(folder, kind, number, problem, every)
                    self.assertIn(code, (0, 1), err)
                    self.assertIn("" if code == 0 else "tritium: error: ", err)
                    self.assertLessEqual(command.names_now(), command.names)
                    for path in command.names_now():
                        if path.endswith(".json"):
                            json.loads(content(path))
                    tried, failed = tried + 1, failed + (code != 0)
        print(f"a GPU report: {tried} calls failed, one at a time: {failed} ended with a message, {tried - failed} did no harm")

    def test_of_the_cache_of_pipelines(self):
        """What only saves time never fails a command, whether it is read or written."""
        if not program.has_vulkan():
            raise unittest.SkipTest("no vulkan device")
        for name in ("written", "read"):
            folder = self.work("cache." + name)
            arguments = ["run", self.base, "-p", "a mill", "-n", 1, "--temp", 0, "--backend", "vulkan"]
            environment = {"XDG_CACHE_HOME": folder, "MESA_SHADER_CACHE_DISABLE": "true"}
            if name == "read":
                self.assertEqual(tritium(*arguments, environment=environment)[0], 0)
            command = Command(folder, arguments, environment=environment)
            # A software driver takes a second to begin.
            few = [("read", errno.EIO, ONWARDS)] if name == "read" else [("write", errno.ENOSPC, ONWARDS), ("fsync", errno.EIO, 0)]
            # Beside it the validation layer keeps a file of its own, and reads it without end where reading fails.
            ours = os.path.join(folder, "tritium")
            self.try_all(f"a cache that is {name}", command, under=ours, kinds=KINDS if ALL else few, harmless=True,
                         most=1, wanted=("read",) if name == "read" else ("write", "fsync"))


program.main()
