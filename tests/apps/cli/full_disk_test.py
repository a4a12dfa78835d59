"""A disk that is full before, while and after something is learned: a small one of its own, where the system lets us mount it."""
import json
import os
import random
import shutil
import subprocess
import unittest

import program
from program import InFolder, tritium

TRANSFORMER = {"architecture": "llama", "dim": 64, "layers": 2, "heads": 2, "ffn": 64, "context": 64}


def with_disk(folder, kib, script, *arguments):
    """The script in a name space of its own, where `folder` is a disk of so many KiB; $1 and what follows are the arguments."""
    mounted = f'mount -t tmpfs -o size={kib}k none "$0" && cd "$0" || exit 99\n'
    return subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "bash", "-c", mounted + script, folder,
                           program.PROGRAM, *map(str, arguments)], capture_output=True, timeout=120)


# Until the disk is full the program holds still, so that it cannot be done before.
FILLED_MEANWHILE = """
    "$@" >/dev/null 2>err &
    until grep -q "step " err; do kill -0 $! || exit 98; sleep 0.01; done
    kill -STOP $!; cat /dev/zero >fill 2>/dev/null; kill -CONT $!
    wait $!; code=$?; cat err >&2
"""


class FullDisk(InFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not shutil.which("unshare") or with_disk(cls.folder, 64, "true").returncode != 0:
            raise unittest.SkipTest("no disk can be mounted here")
        draw = random.Random(4)
        cls.text = cls.write("text.txt", " ".join(draw.choice("abcdefgh") * draw.randint(1, 5) for _ in range(2000)) + "\n")
        cls.model, cls.disk = cls.path("model.gguf"), cls.path("disk")
        os.makedirs(cls.disk)
        cls.on = ["--data", cls.text, "--context", 32, "--batch", 2, "--threads", 1]
        code, _, err = tritium("train", "--transformer", cls.write("model.json", json.dumps(TRANSFORMER)), *cls.on, "--steps", 3,
                               "-o", cls.model)
        assert code == 0, err
        cls.kib = os.path.getsize(cls.model) // 1024 + 1
        code, _, err = tritium("finetune", cls.model, *cls.on, "--steps", 1, "--folder", cls.path("once"))
        assert code == 0, err
        cls.checkpoint_kib = os.path.getsize(os.path.join(cls.path("once"), "step-00000001.ckpt")) // 1024 + 1

    def finetune(self, *more):
        return ["finetune", self.model, *self.on, *more]

    def test_an_artifact_without_room_for_it_or_its_model_leaves_the_old_file(self):
        artifact = self.path("a.tpk")
        code, _, err = tritium("experiment", "pack", self.model, "-o", artifact, "--level", 1)
        assert code == 0, err
        kib = os.path.getsize(artifact) // 1024
        script = 'echo old >out; "$@"; code=$?; ls -A; cat out; exit $code'
        for command, size in ((["pack", self.model, "--level", 1], kib // 2), (["unpack", artifact], self.kib // 2)):
            done = with_disk(self.disk, size, script, "experiment", *command, "-o", "out")
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(b"No space left on device", done.stderr)
            self.assertEqual(done.stdout, b"out\nold\n")

    def test_an_output_without_room_is_known_before_the_training(self):
        done = with_disk(self.disk, self.kib // 2, 'echo old >o.gguf; "$@"; code=$?; ls -A; cat o.gguf; exit $code',
                         *self.finetune("--minutes", 60, "-o", "o.gguf"))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(b"o.gguf: no room for its ", done.stderr)
        self.assertIn(b" are free): No space left on device; make room", done.stderr)
        self.assertEqual(done.stdout, b"o.gguf\nold\n")

    def test_an_output_has_its_room_when_the_disk_fills_up_meanwhile(self):
        more = ["--steps", 300, "--log-every", 1, "-o"]
        code, _, err = tritium(*self.finetune(*more, self.path("expected.gguf")))
        self.assertEqual(code, 0, err)
        done = with_disk(self.disk, self.kib + 512, FILLED_MEANWHILE + 'cmp o.gguf "$0/../expected.gguf" && ls -A; exit $code',
                         *self.finetune(*more, "o.gguf"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, b"err\nfill\no.gguf\n")

    def test_a_folder_without_room_for_a_checkpoint_is_known_before_the_training(self):
        done = with_disk(self.disk, self.checkpoint_kib // 2, '"$@"', *self.finetune("--minutes", 60, "--folder", "run"))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(b"run: a checkpoint has ", done.stderr)
        self.assertIn(b"nothing could be saved", done.stderr)

    def test_a_folder_with_room_for_few_checkpoints_is_warned_of(self):
        done = with_disk(self.disk, 3 * self.checkpoint_kib, '"$@"', *self.finetune("--steps", 1, "--folder", "run"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"there may be no room for the 4 that will be written", done.stderr)

    def test_a_folder_that_fills_up_keeps_what_was_saved_and_goes_on_when_there_is_room(self):
        script = FILLED_MEANWHILE + """
            echo $code; ls -A run | grep -c tmp; rm fill
            "$@" --resume auto -o o.gguf >/dev/null; code=$?; cmp o.gguf "$0/../whole.gguf"; exit $code"""
        code, _, err = tritium(*self.finetune("--steps", 300, "-o", self.path("whole.gguf")))
        self.assertEqual(code, 0, err)
        done = with_disk(self.disk, 6 * self.checkpoint_kib + self.kib + 512, script,
                         *self.finetune("--steps", 300, "--log-every", 1, "--save-every", 1, "--folder", "run"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, b"1\n0\n")
        self.assertIn(b"ckpt: cannot write: No space left on device; earlier checkpoints are as they were", done.stderr)
        self.assertIn(b"going on after step ", done.stderr)


program.main()
