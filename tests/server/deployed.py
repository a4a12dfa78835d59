"""apps/server/deploy/ for real, by hand and as root: the unit in a Debian that systemd-nspawn boots, the image in podman. On port 8080.

    debootstrap --include=systemd,systemd-sysv,dbus,libpcre2-8-0,libutf8proc2,libzstd1,libcpp-httplib0.11 bookworm FOLDER
    python3 tests/server/deployed.py --debian FOLDER Unit            # build/tritium, or --deb what ./dev package made
    podman build --format docker -t tritium -f apps/server/deploy/Containerfile .
    python3 tests/server/deployed.py --image tritium Container"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../apps/cli"))
os.environ.setdefault("TRITIUM_PROGRAM", "build/tritium")
os.environ.setdefault("TRITIUM_MAKE_MODEL", "build/tests/tools/make_model")
import program  # noqa: E402
from running_server import Server, WithServer  # noqa: E402

DEPLOY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../apps/server/deploy")
KEY = {"Authorization": "Bearer secret"}


class Deployed(Server):
    """What Server asks with, of a server that somebody else started."""

    def __init__(self):
        self.port = 8080

    def with_key(self, method, path, body=None):
        return self.ask(method, path, body, KEY)

    def says(self):
        body = {"messages": [{"role": "user", "content": "ping"}], "temperature": 0}
        return self.with_key("POST", "/v1/chat/completions", body)[1]["choices"][0]["message"]["content"]

    def create_job(self):
        body = {"model": "model", "training_file": "chat.jsonl", "seed": 1, "hyperparameters": {"batch_size": 4},
                "tritium": {"steps": 100000, "save_every": 20, "log_every": 10, "context": 64}}
        return self.with_key("POST", "/v1/fine_tuning/jobs", body)[1]["id"]

    def job(self, job):
        return self.with_key("GET", f"/v1/fine_tuning/jobs/{job}")[1]


def eventually(condition, seconds=120):
    for _ in range(seconds * 5):
        try:
            if condition():
                return
        except OSError:  # nobody listens
            pass
        time.sleep(0.2)
    raise AssertionError("it did not come about")


def has_come_to(server, job, step, resumed=0):
    now = server.job(job)["tritium"]
    return now["resumed"] == resumed and (now["progress"] or {"step": 0})["step"] > step


def text_of_unit():
    with open(os.path.join(DEPLOY, "tritium.service"), encoding="utf-8") as file:
        return file.read()


class Unit(WithServer):
    debian = deb = None

    @classmethod
    def setUpClass(cls):
        if not cls.debian:
            raise unittest.SkipTest("no --debian")
        super(WithServer, cls).setUpClass()
        cls.install()
        cls.boot()
        cls.server = Deployed()

    @classmethod
    def install(cls):
        """As the unit's comment tells an administrator."""
        for folder in ("var/lib/private/tritium", "var/lib/tritium", "var/cache/private/tritium", "etc/systemd/system/tritium.service.d"):
            shutil.rmtree(os.path.join(cls.debian, folder), ignore_errors=True)
        by_hand = ((program.PROGRAM, "usr/local/bin/tritium", 0o755), (os.path.join(DEPLOY, "tritium.service"), "etc/systemd/system/tritium.service", 0o644))
        if cls.deb:
            for _, target, _ in by_hand:
                pathlib.Path(cls.debian, target).unlink(missing_ok=True)
            package = shutil.copy(cls.deb, cls.debian)
            subprocess.run(["chroot", cls.debian, "dpkg", "-i", os.path.basename(package)], check=True, stdout=subprocess.DEVNULL)
            os.remove(package)
        for source, target, mode in (*(() if cls.deb else by_hand), (cls.train(), "srv/tritium/models/model.gguf", 0o644),
                                     (cls.path("chat.jsonl"), "srv/tritium/texts/chat.jsonl", 0o644), (cls.write("key", "secret\n"), "etc/tritium/key", 0o600)):
            target = os.path.join(cls.debian, target)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(source, target)
            os.chmod(target, mode)

    @classmethod
    def boot(cls):
        console = open(cls.path("console"), "wb")
        cls.addClassCleanup(console.close)
        cls.nspawn = subprocess.Popen(["systemd-nspawn", "-q", "-b", "-D", cls.debian, "--register=no", "--keep-unit", "--console=read-only"],
                                      stdout=console, stderr=console, stdin=subprocess.DEVNULL)
        cls.addClassCleanup(cls.nspawn.wait)
        cls.addClassCleanup(cls.nspawn.terminate)
        eventually(lambda: cls.inside("systemctl", "is-system-running")[1].strip() in ("running", "degraded"))

    @classmethod
    def inside(cls, *command):
        """Exit code, what it printed: in the Debian, as its root."""
        init = subprocess.run(["pgrep", "-P", str(cls.nspawn.pid)], capture_output=True, text=True).stdout.split()
        if not init:
            return 1, ""
        done = subprocess.run(["nsenter", "-t", init[0], "-m", "-u", "-i", "-p", "-C", "-r", "-w", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout

    def shown(self, what):
        return self.inside("systemctl", "show", "-P", what, "tritium")[1].strip()

    def options(self, *words, more=""):
        """`systemctl edit`: words behind those of the unit's command; none: the unit as it is."""
        folder = os.path.join(self.debian, "etc/systemd/system/tritium.service.d")
        shutil.rmtree(folder, ignore_errors=True)
        if words or more:
            os.makedirs(folder)
            with open(os.path.join(folder, "override.conf"), "w", encoding="utf-8") as file:
                file.write(f"[Service]\n{more}")
                if words:
                    file.write(f"ExecStart=\nExecStart=tritium serve {' '.join(words)} --api-key-file ${{CREDENTIALS_DIRECTORY}}/key\n")
        self.inside("systemctl", "daemon-reload")
        self.inside("systemctl", "reset-failed", "tritium")

    def setUp(self):
        self.inside("systemctl", "stop", "tritium")
        shutil.rmtree(os.path.join(self.debian, "var/lib/private/tritium"), ignore_errors=True)  # no job of another test runs first
        self.options()
        self.inside("systemctl", "enable", "tritium")  # and systemd remembers how it ended

    def start_unit(self):
        code, out = self.inside("systemctl", "start", "tritium")
        self.assertEqual(code, 0, out + self.inside("journalctl", "-u", "tritium", "-n", "20", "--no-pager")[1])

    def test_when_it_is_started_it_answers_who_has_the_key(self):
        self.start_unit()
        self.assertEqual(self.server.ask("GET", "/health")[0], 200)
        self.assertEqual(self.server.chat("ping")[0], 401)
        self.assertEqual(self.server.says(), "pong")

    def test_it_writes_where_it_must_alone(self):
        self.start_unit()
        main = self.shown("MainPID")
        _, status = self.inside("cat", f"/proc/{main}/status")
        for line in ("CapBnd:\t0000000000000000", "CapEff:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"):
            self.assertIn(line, status)
        user = status.split("\nUid:\t")[1].split()[0]
        self.assertNotEqual(user, "0")

        def may(command, path):
            return self.inside("nsenter", "-t", main, "-m", "-S", user, "-G", user, "sh", "-c", f"{command} {path}")[0] == 0
        roots = ("", "etc", "usr", "var", "var/lib", "var/lib/tritium", "home", "root", "opt", "run", "dev/shm", "srv/tritium/models", "srv/tritium/texts")
        self.assertEqual([root for root in roots if may(":>", f"/{root}/written")], [])
        self.assertEqual([root for root in ("var/lib/tritium/jobs", "var/cache/tritium", "tmp") if not may(":>", f"/{root}/written")], [])
        self.assertFalse(os.path.exists(os.path.join(self.debian, "tmp/written")))
        self.assertEqual([root for root in ("home", "root") if may("ls", f"/{root}")], [])
        self.assertEqual([may("cat", f"/{key}") for key in ("etc/tritium/key", "run/credentials/tritium.service/key")], [False, True])

    def test_what_is_killed_is_started_again_and_its_job_goes_on(self):
        self.start_unit()
        before, job = self.shown("MainPID"), self.server.create_job()
        eventually(lambda: has_come_to(self.server, job, 50))
        self.inside("kill", "-KILL", before)
        eventually(lambda: has_come_to(self.server, job, 50, resumed=1))
        self.assertNotEqual(self.shown("MainPID"), before)
        self.assertEqual(self.shown("NRestarts"), "1")

    def test_stopped_it_ends_with_0_and_its_job_goes_on_when_it_is_started(self):
        self.start_unit()
        job = self.server.create_job()
        eventually(lambda: has_come_to(self.server, job, 50))
        self.inside("systemctl", "stop", "tritium")
        self.assertEqual([self.shown(what) for what in ("ActiveState", "Result", "ExecMainCode", "ExecMainStatus")], ["inactive", "success", "1", "0"])
        self.start_unit()
        eventually(lambda: has_come_to(self.server, job, 50, resumed=1))

    def test_an_idle_model_is_parked_and_wakes(self):
        self.options("/srv/tritium/models/model.gguf", "--park-after", "1")
        self.start_unit()
        eventually(lambda: self.server.ask("GET", "/health")[1]["models"][0]["parked"])
        self.assertEqual(self.server.says(), "pong")

    def test_with_what_its_comment_says_it_finds_a_gpu(self):
        if not os.path.exists(os.path.join(self.debian, "usr/share/vulkan/icd.d/lvp_icd.x86_64.json")):
            self.skipTest("the Debian has no mesa-vulkan-drivers, libvulkan1 and udev")
        comment = "".join(re.findall(r"^#   (\w+=\w+\n)", text_of_unit(), re.M))
        self.options("/srv/tritium/models/model.gguf", "--backend", "vulkan", more=comment)
        self.start_unit()
        self.assertTrue(self.server.ask("GET", "/health")[1]["device"]["backend"].startswith("vulkan"))
        self.assertEqual(self.server.says(), "pong")
        self.inside("systemctl", "stop", "tritium")
        self.assertTrue(os.listdir(os.path.join(self.debian, "var/cache/private/tritium")), "no pipelines are kept")

    def test_wrong_options_are_not_tried_again(self):
        self.options("/srv/tritium/models/model.gguf", "--no-such-option")
        self.assertNotEqual(self.inside("systemctl", "start", "tritium")[0], 0)
        self.assertEqual([self.shown(what) for what in ("ActiveState", "ExecMainStatus", "NRestarts")], ["failed", "2", "0"])

    def test_a_model_that_is_not_there_is_given_up(self):
        self.options("/srv/tritium/models/none.gguf")
        code, out = self.inside("systemctl", "start", "tritium")
        self.assertNotEqual(code, 0, out)
        eventually(lambda: self.shown("ActiveState") == "failed")
        self.assertIn("none.gguf: cannot be read", self.inside("journalctl", "-u", "tritium", "-n", "40", "--no-pager")[1])

    def test_without_the_key_s_file_it_does_not_start(self):
        key = os.path.join(self.debian, "etc/tritium/key")
        os.rename(key, key + "s")
        try:
            self.assertNotEqual(self.inside("systemctl", "start", "tritium")[0], 0)
            self.assertEqual(self.shown("MainPID"), "0")
        finally:
            os.rename(key + "s", key)


class Container(WithServer):
    image = None

    @classmethod
    def setUpClass(cls):
        if not cls.image:
            raise unittest.SkipTest("no --image")
        super(WithServer, cls).setUpClass()
        os.chmod(cls.folder, 0o755)
        os.makedirs(cls.path("models"))
        for path in (cls.train(), cls.path("chat.jsonl")):
            shutil.copy(path, cls.path("models"))
        os.rename(cls.path("models/small.gguf"), cls.path("models/model.gguf"))
        cls.server = Deployed()

    def podman(self, *arguments):
        done = subprocess.run(["podman", *arguments], capture_output=True, text=True, timeout=300)
        return done.returncode, done.stdout.strip(), done.stderr

    def start_container(self):
        """As papers/server.md says it."""
        name = f"tritium-{os.getpid()}"
        code, _, err = self.podman("run", "-d", "--name", name, "--stop-timeout", "40", "-p", "127.0.0.1:8080:8080", "-v", f"{self.path('models')}:/models:ro",
                                   "-v", f"{name}:/jobs", "-e", "TRITIUM_API_KEY=secret", self.image, "/models/model.gguf", "--files", "/models", "--jobs", "/jobs")
        self.addCleanup(self.podman, "volume", "rm", "-f", name)
        self.addCleanup(self.podman, "rm", "-f", name)
        self.assertEqual(code, 0, err)
        eventually(lambda: self.server.ask("GET", "/health")[0] == 200)
        return name

    def test_without_a_key_it_does_not_start(self):
        code, _, err = self.podman("run", "--rm", "-v", f"{self.path('models')}:/models:ro", self.image, "/models/model.gguf")
        self.assertEqual(code, 2, err)
        self.assertIn("set TRITIUM_API_KEY", err)

    def test_it_answers_who_has_the_key(self):
        name = self.start_container()
        self.assertEqual(self.server.chat("ping")[0], 401)
        self.assertEqual(self.server.says(), "pong")
        self.assertEqual(self.podman("healthcheck", "run", name)[0], 0)
        self.assertEqual(self.podman("exec", name, "id", "-un")[1], "tritium")

    def test_stopped_it_ends_with_0_and_its_job_goes_on_however_it_ended(self):
        name = self.start_container()
        job = self.server.create_job()
        eventually(lambda: has_come_to(self.server, job, 50))
        self.podman("stop", name)
        self.assertEqual(self.podman("inspect", "-f", "{{.State.ExitCode}}", name)[1], "0")
        self.podman("start", name)
        eventually(lambda: has_come_to(self.server, job, 50, resumed=1))
        self.podman("kill", "-s", "KILL", name)
        self.assertEqual(self.podman("wait", name)[1], "137")
        self.podman("start", name)
        eventually(lambda: has_come_to(self.server, job, 50, resumed=2))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--debian", help="the folder of a Debian with systemd, which is written to")
    parser.add_argument("--image", help="the name of the image")
    parser.add_argument("--deb", help="installed there; without it build/tritium and the unit are copied")
    options, rest = parser.parse_known_args()
    Unit.debian, Unit.deb, Container.image = options.debian, options.deb, options.image
    unittest.main(argv=[sys.argv[0], "-v", *rest])


if __name__ == "__main__":
    main()
