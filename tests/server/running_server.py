"""A server in a process of its own, and HTTP to it. Python's standard library only."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading

import program

# Its calls are JSON between <tool_call> and </tool_call>.
CHAT_TEMPLATE = (
    "{%- if tools %}{{ 'tools: ' + (tools | tojson) + ', called as <tool_call></tool_call>\\n' }}{% endif %}"
    "{%- for m in messages %}{{ m.role + ': ' + (m.content or '') }}{% if not loop.last %}{{ '\\n' }}{% endif %}{% endfor %}"
    "{%- if add_generation_prompt %}{{ '\\nassistant: ' }}{% endif %}")


BACKEND = os.environ.get("TRITIUM_SERVER_BACKEND", "cpu")  # of servers that a test asks for no other


class Server:
    def __init__(self, *arguments, environment=None):
        command = [program.PROGRAM, "serve", "--port", "0", *([] if "--backend" in arguments else ["--backend", BACKEND]),
                   *([] if "--threads" in arguments else ["--threads", "1"]), *map(str, arguments)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, env=dict(os.environ, **(environment or {})))
        self.log, self.port = [], None
        for line in self.process.stderr:
            self.log.append(line.decode())
            match = re.search(r"listening on http://[^ ]*:(\d+) ", self.log[-1])
            if match:
                self.port = int(match.group(1))
                break
        assert self.port, "".join(self.log)
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()

    def read_log(self):
        for line in self.process.stderr:
            self.log.append(line.decode("utf-8", "replace"))

    def connect(self, timeout=60):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def socket(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def raw(self, data):
        """What comes back for some bytes, until the server closes."""
        with self.socket() as s:
            s.sendall(data)
            got = b""
            while part := s.recv(65536):
                got += part
            return got

    def ask(self, method, path, body=None, headers=None):
        """Status and JSON (or text), of a connection of its own."""
        connection = self.connect()
        try:
            data = body if body is None or isinstance(body, (bytes, str)) else json.dumps(body)
            connection.request(method, path, data, dict({"Connection": "close"}, **(headers or {})))
            answer = connection.getresponse()
            text = answer.read().decode()
            self.last_headers = dict(answer.getheaders())
            is_json = answer.getheader("Content-Type", "").startswith("application/json")
            return answer.status, json.loads(text) if is_json and text else text
        finally:
            connection.close()

    def post(self, path, **body):
        return self.ask("POST", path, body)

    def chat(self, *words, **options):
        messages = [{"role": "user", "content": word} for word in words]
        return self.post("/v1/chat/completions", **dict({"messages": messages, "temperature": 0}, **options))

    def stream(self, path, **body):
        """The data of each event; stops after `[DONE]` or the end."""
        connection = self.connect()
        try:
            connection.request("POST", path, json.dumps(dict(body, stream=True)))
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            assert answer.getheader("Content-Type") == "text/event-stream"
            events = []
            for line in answer:
                if line.startswith(b"data: "):
                    events.append(line[6:].strip().decode())
            return [event if event == "[DONE]" else json.loads(event) for event in events]
        finally:
            connection.close()

    def stop(self, number=signal.SIGTERM, timeout=60):
        self.process.send_signal(number)
        code = self.process.wait(timeout)
        self.reader.join(10)
        return code

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reader.join(10)
        self.process.stderr.close()


class WithServer(program.InFolder):
    """A model that repeats what it learned: pairs of a question and its answer; its own server for the class."""
    arguments = ()
    pairs = {"ping": "pong", "red": "green", "hi": "hello there, who are you"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.train()
        cls.server = cls.start(*cls.arguments)

    @classmethod
    def start(cls, *arguments, models=None, **options):
        program.require(BACKEND)
        server = Server(*(models or [f"small={cls.model}"]), *arguments, **options)
        cls.addClassCleanup(server.close)
        return server

    @classmethod
    def train(cls):
        shape = {"architecture": "llama", "dim": 48, "layers": 2, "heads": 3, "kv_heads": 3, "head_dim": 16, "ffn": 96, "context": 512}
        messages = [[{"role": "user", "content": q}, {"role": "assistant", "content": a}] for q, a in cls.pairs.items()]
        data = cls.write("chat.jsonl", "\n".join(json.dumps({"messages": m}) for m in messages * 20))
        path = cls.path("small.gguf")
        code, _, err = program.tritium("train", "--transformer", cls.write("shape.json", json.dumps(shape)), "--data", data, "--valid-data", data,
                                       "--chat-template", cls.write("chat.jinja", CHAT_TEMPLATE), "--mode", "full", "--steps", 150, "--batch", 4, "--context", 64,
                                       "--lr", "5e-3", "--eval-every", 150, "--threads", 1, "--backend", "cpu", "-o", path)
        assert code == 0, err
        return path
