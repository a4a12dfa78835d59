"""Each system call of a resumed run fails in turn (open, read, write, fsync, close, rename). Whatever fails: the program
ends with a message or goes on without, the output is the old file or the new one, nothing is left over, and the run can be
gone on with to the same bytes."""
import errno
import json
import os
import shutil
import subprocess

import program
from program import InFolder, tritium

LIBRARY = os.environ["TRITIUM_FAILING_CALLS"]
TRANSFORMER = {"architecture": "llama", "dim": 32, "layers": 1, "heads": 2, "ffn": 32, "context": 32}


class FailingCalls(InFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        text = cls.write("text.txt", "a mill stood by the river, and the miller knew the sound of the stone. " * 20)
        base = cls.path("model.gguf")
        common = ["--data", text, "--context", 32, "--batch", 2, "--threads", 1]
        code, _, err = tritium("train", "--transformer", cls.write("model.json", json.dumps(TRANSFORMER)), *common, "--steps", 2,
                               "-o", base)
        assert code == 0, err
        cls.run_folder, cls.output = cls.path("run"), cls.path("out.gguf")
        cls.arguments = ["finetune", base, *common, "--folder", cls.run_folder, "-o", cls.output, "--eval-every", 4,
                         "--log-every", 3, "--save-every", 3]
        code, _, err = tritium(*cls.arguments, "--steps", 6)
        assert code == 0, err
        cls.old = cls.content(cls.output)
        shutil.copytree(cls.run_folder, cls.path("before"))
        code, _, err = tritium(*cls.go_on())
        assert code == 0, err
        cls.new = cls.content(cls.output)

    @classmethod
    def go_on(cls):
        return [*cls.arguments, "--steps", 9, "--resume", "auto"]

    @staticmethod
    def content(path):
        with open(path, "rb") as file:
            return file.read()

    def start_over(self):
        shutil.rmtree(self.run_folder)
        shutil.copytree(self.path("before"), self.run_folder)
        self.write("out.gguf", self.old)

    def with_failing(self, kind, number, problem):
        """Exit code, stderr, and how many calls of the kind there were."""
        count = self.path("count")
        environment = {"LD_PRELOAD": LIBRARY, "FAILING_CALLS_KIND": kind, "FAILING_CALLS_AT": str(number),
                       "FAILING_CALLS_ERROR": str(problem), "FAILING_CALLS_COUNT": count}
        if problem == errno.ENOSPC:  # a disk stays full
            environment["FAILING_CALLS_ONWARDS"] = "yes"
        code, _, err = tritium(*self.go_on(), environment=environment)
        return code, err, int(self.content(count) or 0)

    def expect_nothing_lost(self, code, err):
        self.assertIn(code, (0, 1), err)
        output = self.content(self.output)
        if code == 0:
            self.assertEqual(output, self.new)
        else:
            self.assertIn("tritium: error: ", err)
            self.assertIn(output, (self.old, self.new))
        left = [name for _, _, names in os.walk(self.folder) for name in names if name.endswith(".tmp") or name == "run.lock"]
        self.assertEqual(left, [])
        if code == 0:
            return
        code, _, err = tritium(*self.go_on())
        self.assertEqual(code, 0, err)
        self.assertEqual(self.content(self.output), self.new)

    def test_of_a_resumed_run(self):
        tried = 0
        for kind, problem in (("open", errno.EIO), ("read", errno.EIO), ("write", errno.EIO), ("write", errno.ENOSPC),
                              ("fsync", errno.EIO), ("close", errno.EIO), ("rename", errno.EIO)):
            self.start_over()
            code, err, calls = self.with_failing(kind, 0, problem)
            self.assertEqual(code, 0, err)
            self.assertGreater(calls, 0)
            for number in range(1, calls + 1):
                with self.subTest(kind, number=number, error=errno.errorcode[problem]):
                    self.start_over()
                    code, err, _ = self.with_failing(kind, number, problem)
                    self.expect_nothing_lost(code, err)
                    tried += 1
        print(f"{tried} calls failed, one at a time")


program.main()
