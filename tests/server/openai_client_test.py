"""OpenAI's own client for Node.js drives tritium serve: chat, streams, tools, JSON schemas, embeddings, errors.

Needs Node.js 20 and the npm package openai; `./dev peers` fetches it."""
import json
import os
import shutil
import subprocess
import unittest

import program
from running_server import WithServer

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.environ.get("TRITIUM_PEERS", "")


class Client(WithServer):
    @classmethod
    def setUpClass(cls):
        if not os.path.isdir(os.path.join(PEERS, "node_modules", "openai")) or not shutil.which("node"):
            raise unittest.SkipTest("OpenAI's client is not there; ./dev peers fetches it")
        super(WithServer, cls).setUpClass()
        cls.model = cls.train()
        os.mkdir(cls.path("texts"))
        cls.server = cls.start("--api-key", "secret", "--files", cls.path("texts"), "--jobs", cls.path("jobs"))
        done = subprocess.run(["node", os.path.join(HERE, "openai_client.mjs"), PEERS, f"http://127.0.0.1:{cls.server.port}"],
                              capture_output=True, timeout=300)
        assert done.returncode == 0, done.stderr.decode()
        cls.got = json.loads(done.stdout)

    def test_chat_and_streams(self):
        self.assertEqual(self.got["models"], ["small"])
        self.assertEqual(self.got["chat"], "pong")
        self.assertEqual("".join(self.got["pieces"]), self.pairs["hi"])
        self.assertGreater(self.got["usage"]["completion_tokens"], 10)
        self.assertTrue(self.got["completion"])

    def test_tools_and_schemas(self):
        self.assertEqual((self.got["call"]["name"], self.got["finish"]), ("weather", "tool_calls"))
        self.assertIn(json.loads(self.got["call"]["arguments"])["city"], ("Oslo", "Rome"))
        self.assertIn(self.got["answered"], ("stop", "length"))
        self.assertIn(self.got["json"]["city"], ("Oslo", "Rome"))

    def test_embeddings(self):
        self.assertEqual(len(self.got["embedding"]), 48)
        for a, b in zip(self.got["embedding"], self.got["floats"]):
            self.assertAlmostEqual(a, b, places=6)

    def test_responses(self):
        self.assertEqual(self.got["response"], "pong")
        self.assertEqual((self.got["events"][0], self.got["events"][-1]), ("response.created", "response.completed"))

    def test_errors_are_of_its_classes(self):
        errors = self.got["errors"]
        self.assertEqual((errors["model"]["class"], errors["model"]["code"]), ("NotFoundError", "model_not_found"))
        self.assertEqual((errors["temperature"]["class"], errors["temperature"]["param"]), ("BadRequestError", "temperature"))
        self.assertEqual(errors["key"]["class"], "AuthenticationError")
        self.assertTrue(self.got["aborted"])
        self.assertEqual(self.got["jobs"], 0)


if __name__ == "__main__":
    program.main()
