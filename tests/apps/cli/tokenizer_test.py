"""tokenizer train: a vocabulary from a text, and what uses it."""
import json
import math
import os

import program
from program import InFolder, tritium

TEXT = "".join(f" A mill stood by the river {i};\n\nthe miller's  daughter sang.\t" for i in range(300))


class TokenizerTrain(InFolder):
    def train(self, *arguments, stdin=None):
        code, out, err = tritium("tokenizer", "train", *arguments, "--json", stdin=stdin)
        self.assertEqual(code, 0, err)
        return json.loads(out)

    def ids(self, vocabulary, path):
        code, out, err = tritium("tokenize", vocabulary, "--file", path, "--json")
        self.assertEqual(code, 0, err)
        return json.loads(out)["ids"]

    def test_a_text_becomes_fewer_tokens_and_comes_back(self):
        text, vocabulary = self.write("text.txt", TEXT), self.path("vocab.gguf")
        report = self.train(text, "--vocab", 310, "-o", vocabulary)
        ids = self.ids(vocabulary, text)
        self.assertEqual((report["vocab_size"], report["bytes"], report["tokens"]), (310, len(TEXT), len(ids)))
        self.assertAlmostEqual(report["bytes_per_token"], len(TEXT) / len(ids))
        self.assertGreater(report["bytes_per_token"], 1.5)
        self.assertGreater(report["seconds"], 0)
        self.assertEqual(tritium("detokenize", vocabulary, "--tokens", ",".join(map(str, ids)))[1], TEXT)

    def test_text_for_people_and_from_standard_input(self):
        code, out, err = tritium("tokenizer", "train", "-", "--vocab", 300, "-o", self.path("piped.gguf"), stdin=TEXT.encode())
        self.assertEqual(code, 0, err)
        self.assertIn(f"300 tokens", out)
        self.assertIn(f"{len(TEXT)} bytes of text become", out)
        self.train(self.write("text.txt", TEXT), "--vocab", 300, "-o", self.path("read.gguf"))
        with open(self.path("piped.gguf"), "rb") as one, open(self.path("read.gguf"), "rb") as other:
            self.assertEqual(one.read(), other.read())

    def test_bits_per_byte_are_those_of_the_text(self):
        text, vocabulary, model = self.write("text.txt", TEXT), self.path("vocab.gguf"), self.path("model.gguf")
        tokens = self.train(text, "--vocab", 310, "-o", vocabulary)["tokens"]
        shape = self.write("shape.json", json.dumps({"architecture": "llama", "dim": 32, "layers": 1, "heads": 2, "ffn": 32,
                                                     "context": 64}))
        code, out, err = tritium("train", "--transformer", shape, "--tokenizer", vocabulary, "--data", text, "--valid-data", text,
                                 "--steps", 3, "--context", 32, "--batch", 4, "--threads", 1, "-o", model, "--json")
        self.assertEqual(code, 0, err)
        trained = json.loads(out)
        self.assertAlmostEqual(trained["bits_per_byte"], trained["valid_loss"] * tokens / math.log(2) / len(TEXT), delta=1e-9)
        code, out, err = tritium("eval", model, "--text", text, "--json")
        self.assertEqual(code, 0, err)
        evaluated = json.loads(out)
        self.assertEqual((evaluated["tokens"], evaluated["bytes"]), (tokens, len(TEXT)))
        code, out, err = tritium("run", model, "-p", "A mill", "-n", 4, "--temp", 0)
        self.assertEqual(code, 0, err)

    def test_bytes_that_are_not_utf8_are_counted(self):
        text = self.write("latin1.txt", (TEXT + "M\xfchle").encode("latin-1"))
        code, _, err = tritium("tokenizer", "train", text, "--vocab", 300, "-o", self.path("latin1.gguf"))
        self.assertEqual(code, 0, err)
        self.assertIn("warning: 1 bytes of the text are not UTF-8", err)

    def test_rare_characters_are_bytes_as_far_as_the_coverage_says(self):
        text = self.write("rare.txt", TEXT + "日本語")
        self.assertEqual(self.train(text, "--vocab", 310, "-o", self.path("v.gguf"))["uncovered_characters"], 3)
        all_of_them = self.train(text, "--vocab", 310, "-o", self.path("v.gguf"), "--character-coverage", 1)
        self.assertEqual(all_of_them["uncovered_characters"], 0)

    def test_what_is_wrong_is_said(self):
        text, output = self.write("text.txt", TEXT), self.path("wrong.gguf")
        self.fails(2, "is too small: 3 control tokens, 256 bytes and ", "tokenizer", "train", text, "--vocab", 260, "-o", output)
        self.fails(2, "has use for ", "tokenizer", "train", self.write("short.txt", "ab ab"), "-o", output)
        self.fails(1, "the file is empty", "tokenizer", "train", self.write("empty.txt", ""), "-o", output)
        self.fails(1, "none.txt: no such file", "tokenizer", "train", self.path("none.txt"), "-o", output)
        self.fails(2, "character coverage is 2", "tokenizer", "train", text, "-o", output, "--character-coverage", 2)
        self.fails(2, "text.txt", "tokenizer", "train", text, "-o", text)
        self.fails(1, "no/such/folder", "tokenizer", "train", text, "-o", self.path("no/such/folder/v.gguf"))
        self.fails(2, "--output is required", "tokenizer", "train", text)
        self.fails(2, "subcommand is required", "tokenizer")
        self.assertFalse(os.path.exists(output))


if __name__ == "__main__":
    program.main()
