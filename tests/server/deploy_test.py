"""apps/server/deploy/ as far as it can be looked at anywhere; deployed.py starts it for real."""
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import unittest

import program
from running_server import WithServer

DEPLOY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../apps/server/deploy")
ROOT = os.path.join(DEPLOY, "../../..")


def text_of(name):
    with open(os.path.join(DEPLOY, name), encoding="utf-8") as file:
        return file.read().replace("\\\n", "")


class Supervisor(WithServer):
    def told(self, name):
        """What a server says to the socket of that name: when it answers, and after SIGTERM."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
            supervisor.bind(name)
            supervisor.settimeout(60)
            server = self.start(environment={"NOTIFY_SOCKET": name.replace("\0", "@")})
            ready = supervisor.recv(100)
            self.assertEqual(server.ask("GET", "/health")[0], 200)
            server.process.send_signal(signal.SIGTERM)
            return ready, supervisor.recv(100), server.process.wait(60)

    def test_it_is_told_when_the_server_answers_and_when_it_ends(self):
        self.assertEqual(self.told(self.path("notify")), (b"READY=1", b"STOPPING=1", 0))

    @unittest.skipUnless(os.path.exists("/proc/self"), "abstract names are Linux's")
    def test_its_socket_may_have_an_abstract_name(self):
        self.assertEqual(self.told(f"\0tritium-test-{os.getpid()}"), (b"READY=1", b"STOPPING=1", 0))

    def test_a_server_whose_supervisor_is_gone_serves_and_says_so(self):
        for place, problem in ((self.path("nobody"), "No such file"), ("relative", "is no address"), ("/" + "x" * 200, "is no address")):
            server = self.start(environment={"NOTIFY_SOCKET": place})
            self.assertEqual(server.ask("GET", "/health")[0], 200)
            self.assertEqual(server.stop(), 0)
            self.assertIn(f'the supervisor is not told: NOTIFY_SOCKET "{place}"', "".join(server.log))
            self.assertIn(problem, "".join(server.log))


class Unit(WithServer):
    def test_its_command_is_one(self):
        self.write("key", "secret\n")
        for folder in ("texts", "jobs"):
            os.makedirs(self.path(folder))
        places = {"${CREDENTIALS_DIRECTORY}/key": self.path("key"), "${STATE_DIRECTORY}": self.path("jobs"), "/srv/tritium/texts": self.path("texts"),
                  "/srv/tritium/models/model.gguf": f"model={self.model}"}
        command = re.search(r"^ExecStart=tritium serve (.*)", text_of("tritium.service"), re.M).group(1)
        words = [places.pop(word, word) for word in shlex.split(command)]
        self.assertEqual(places, {}, "the unit names it no more")
        port = words.index("--port")
        del words[port:port + 2]  # start() takes one that is free
        server = self.start(*words[1:], models=words[:1])
        self.assertEqual(server.chat("ping")[0], 401)
        status, answer = server.ask("GET", "/v1/fine_tuning/jobs", headers={"Authorization": "Bearer secret"})
        self.assertEqual((status, answer["data"]), (200, []))

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not there")
    def test_systemd_understands_it(self):
        unit = self.write("tritium.service", text_of("tritium.service").replace("ExecStart=tritium ", f"ExecStart={os.path.abspath(program.PROGRAM)} "))
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=60)
        of_it = [line for line in done.stderr.splitlines() if "tritium" in line]  # other units of the machine are looked at, too
        self.assertEqual((done.returncode, of_it), (0, []), done.stderr)


class Container(program.InFolder):
    def serve(self, *arguments, environment=None):
        """The container's program, with one for tritium that says its arguments."""
        os.makedirs(self.path("bin"), exist_ok=True)
        os.chmod(self.write("bin/tritium", "#!/bin/sh\nfor word; do echo \"$word\"; done\n"), 0o755)
        done = subprocess.run(["sh", os.path.join(DEPLOY, "serve.sh"), *arguments], capture_output=True, text=True, timeout=60,
                              env={"PATH": self.path("bin") + ":" + os.environ["PATH"], **(environment or {})})
        return done.returncode, done.stdout.splitlines(), done.stderr

    def test_its_program_wants_a_key(self):
        for environment in ({}, {"TRITIUM_API_KEY": ""}):
            code, out, err = self.serve("model.gguf", environment=environment)
            self.assertEqual((code, out), (2, []))
            self.assertIn("set TRITIUM_API_KEY", err)

    def test_a_key_may_come_in_three_ways(self):
        listening = ["serve", "--host", "0.0.0.0", "--port", "8080"]
        self.assertEqual(self.serve("a b.gguf", environment={"TRITIUM_API_KEY": "k"}), (0, [*listening, "a b.gguf"], ""))
        for words in (["--api-key", "k"], ["--api-key=k"], ["--api-key-file", "key"]):
            self.assertEqual(self.serve("model.gguf", *words), (0, [*listening, "model.gguf", *words], ""))

    def test_its_image_copies_what_is_there(self):
        copied = re.findall(r"^COPY (?!--from)(.*) \S+$", text_of("Containerfile"), re.M)
        self.assertTrue(copied)
        for name in " ".join(copied).split():
            self.assertTrue(os.path.exists(os.path.join(ROOT, name)), name)

    def test_its_image_has_each_folder_that_the_build_reads(self):
        with open(os.path.join(ROOT, "CMakeLists.txt"), encoding="utf-8") as file:
            always = file.read().split("if(TRITIUM_TESTS)")[0]
        copied = re.findall(r"^COPY (\w+) /source/\1$", text_of("Containerfile"), re.M)
        self.assertLessEqual(set(re.findall(r"add_subdirectory\((\w+)\)", always)) | {"cmake", "shaders"}, set(copied))


if __name__ == "__main__":
    program.main()
