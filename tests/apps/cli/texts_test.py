"""One reader of texts for all commands: what a file holds counts, not its name."""
import json
import os
import subprocess
import threading

import program
from program import WithModel, tritium

MARK = b"\xef\xbb\xbf"
TEXT = b"the cat sat on the mat, and it was all there was to say"
RECORDS = [{"text": "the cat sat"}, {"instruction": "Greet.", "input": "", "output": "Good day"},
           {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]}]


class Texts(WithModel):
    def eval(self, path, stdin=None):
        code, out, err = tritium("eval", self.model, "--text", path, "--json", stdin=stdin)
        self.assertEqual(code, 0, err)
        return json.loads(out)

    def prompt(self, stdin):
        code, out, err = tritium("run", self.model, "-p", "-", "-n", 4, "--temp", 0, "--json", stdin=stdin)
        self.assertEqual(code, 0, err)
        return {key: json.loads(out)[key] for key in ("tokens", "prompt_tokens")}

    def train(self, data, **options):
        return tritium("finetune", self.model, "--data", data, "--steps", 1, "--batch", 1, "--context", 16, "--threads", 1, "--backend", "cpu",
                       **options)

    def test_a_byte_order_mark_is_no_text(self):
        self.assertEqual(self.eval(self.write("a.txt", MARK + TEXT)), self.eval(self.write("b.txt", TEXT)))
        self.assertEqual(self.eval("-", MARK + TEXT), self.eval("-", TEXT))
        self.assertEqual(self.prompt(MARK + TEXT), self.prompt(TEXT))
        prompts = [tritium("run", self.model, "-p", text, "-n", 4, "--temp", 0)[1] for text in ("\ufeffthe cat", "the cat")]
        self.assertEqual(*prompts)

    def test_records_are_the_same_text_in_every_layout(self):
        lines = "\n".join(map(json.dumps, RECORDS))
        expected = self.eval(self.write("plain", "the cat sat\nuser: Greet.\nassistant: Good day\nuser: Hi\nassistant: Hello"))
        for name, text in (("a.jsonl", lines), ("a.ndjson", lines), ("a.txt", lines), ("a", json.dumps(RECORDS)),
                           ("a.json", json.dumps(RECORDS, indent=2)), ("a.json", json.dumps(RECORDS))):
            with self.subTest(name):
                self.assertEqual(self.eval(self.write(name, text)), expected)
                code, _, err = self.train(self.write(name, text))
                self.assertEqual(code, 0, err)
        self.assertEqual(self.eval("-", lines.encode()), expected)

    def test_what_is_no_text_is_refused_by_every_command(self):
        wide = "the cat".encode("utf-16")
        for data, part in ((wide, "this is UTF-16; save it as UTF-8"), (wide[2:], "it looks like UTF-16"), (b"a\0b", "byte 1 of the text is 0"),
                           (b"\x1f\x8b\x08\x00", "compressed by gzip")):
            path = self.write("no.txt", data)
            self.fails(1, part, "eval", self.model, "--text", path)
            self.fails(1, part, "run", self.model, "-p", "-", stdin=data)
            code, _, err = self.train(path)
            self.assertEqual(code, 1)
            self.assertIn(f"{path}: ", err)
            self.assertIn(part, err)
        for name, text, part in (("no.json", '{"a": 1}', "line 1: has neither"), ("no.txt", '\n[{"a": 1}]', "line 2, record 1: has neither"),
                                 ("no.csv", "a,b\n", "tables are not read"), ("no.jsonl", '{"text": "a", "b": ' + "[" * 100000, "nested deeper")):
            path = self.write(name, text)
            self.fails(1, part, "eval", self.model, "--text", path)
            code, _, err = self.train(path)
            self.assertEqual(code, 1)
            self.assertIn(part, err)

    def test_a_prompt_may_be_json(self):
        self.assertGreater(self.prompt(b'{"a": 1}')["prompt_tokens"], 8)

    def test_a_pipe_is_read_where_once_is_enough(self):
        pipe = self.path("pipe")
        os.mkfifo(pipe)
        process = subprocess.Popen([program.PROGRAM, "eval", self.model, "--text", pipe, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said = process.stderr.readline()  # nobody writes yet
        self.assertIn(b"waiting for text from " + pipe.encode(), said)

        def write():
            with open(pipe, "wb") as file:
                file.write(TEXT)
        writer = threading.Thread(target=write)
        writer.start()
        out, err = process.communicate(timeout=60)
        writer.join()
        self.assertEqual(process.returncode, 0, err)
        self.assertEqual(json.loads(out), self.eval(self.write("same.txt", TEXT)))
        for data in (pipe, "-"):
            code, _, err = self.train(data, timeout=20)
            self.assertEqual(code, 1)
            self.assertIn(f"{data}: training reads its texts more than once", err)

    def test_names_need_not_be_utf8(self):
        path = self.write(os.fsdecode(b"t\xff.txt"), TEXT)
        self.assertEqual(self.eval(path), self.eval("-", TEXT))
        missing = os.fsdecode(b"none\xff.txt")
        code, _, err = tritium("eval", self.model, "--text", missing)
        self.assertEqual(code, 1)
        self.assertIn("none\\xff.txt: cannot be read", err)


program.main()
