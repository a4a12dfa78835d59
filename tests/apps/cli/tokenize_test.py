"""tokenize and detokenize, which need a vocabulary and no model."""
import hashlib
import json
import os

import program
from program import WithModel, shared, tritium

TOKENIZER = {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "Ġ": 3, "Ġab": 4}, "merges": ["a b", "Ġ ab"]},
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True},
             "added_tokens": [{"id": 5, "content": "<s>", "special": True}]}
CONFIG = {"bos_token": "<s>", "add_bos_token": True}


class Tokenize(WithModel):
    def ids(self, *arguments, stdin=None):
        code, out, err = tritium("tokenize", *arguments, "--json", stdin=stdin)
        self.assertEqual(code, 0, err)
        self.assertEqual(list(json.loads(out)), ["ids"])
        return json.loads(out)["ids"]

    def folder_with_tokenizer(self):
        os.makedirs(self.path("vocabulary"), exist_ok=True)
        for name, value in (("tokenizer.json", TOKENIZER), ("tokenizer_config.json", CONFIG)):
            self.write(os.path.join("vocabulary", name), json.dumps(value).encode())
        return self.path("vocabulary")

    def test_ids_of_a_text_alone_and_with_what_the_model_adds(self):
        folder = self.folder_with_tokenizer()
        for place in (folder, os.path.join(folder, "tokenizer.json")):
            self.assertEqual(self.ids(place, "--text", "ab ab"), [2, 4])
            self.assertEqual(self.ids(place, "--text", "ab", "--bos"), [5, 2])
            self.assertEqual(self.ids(place, "--text", "a<s>", "--special"), [0, 5])
            self.assertNotIn(5, self.ids(place, "--text", "a<s>"))
            self.assertEqual(self.ids(place, "--text", ""), [])
        self.assertEqual(tritium("tokenize", folder, "--text", "ab ab")[1], "2 4\n")

    def test_files_and_standard_input_are_read_byte_by_byte(self):
        folder = self.folder_with_tokenizer()
        text = self.write("text.txt", b"ab ab\0\xff")
        self.assertEqual(self.ids(folder, "--file", text), [2, 4])  # no token stands for the others
        self.assertEqual(self.ids(folder, "--file", "-", stdin=b"ab ab"), [2, 4])

    def test_a_model_of_pieces(self):
        ids = self.ids(self.model, "--text", "ab")
        code, out, _ = tritium("detokenize", self.model, "--tokens", ",".join(map(str, ids)), "--json")
        self.assertEqual((code, json.loads(out)), (0, {"text": "\u2581ab"}))  # it has no piece for a space

    def test_text_comes_back(self):
        folder = self.folder_with_tokenizer()
        self.assertEqual(tritium("detokenize", folder, "--tokens", "5,2 4")[1], "ab ab")
        self.assertEqual(tritium("detokenize", folder, "--tokens", "5,2 4", "--special")[1], "<s>ab ab")
        self.assertEqual(tritium("detokenize", folder, "--tokens", "")[1], "")

    def test_what_is_wrong_is_said(self):
        folder = self.folder_with_tokenizer()
        self.fails(2, "--text or --file", "tokenize", folder)
        self.fails(2, "excludes", "tokenize", folder, "--text", "a", "--file", "b")
        self.fails(1, "none.txt: cannot be read: No such file", "tokenize", folder, "--file", self.path("none.txt"))
        self.fails(1, "Is a directory", "tokenize", folder, "--file", folder)
        self.fails(1, "no tokenizer.json", "tokenize", self.folder, "--text", "a")
        self.fails(2, "--pre is \"x\"", "tokenize", folder, "--pre", "x", "--text", "a")
        self.fails(2, "the vocabulary has ids 0 to 5", "detokenize", folder, "--tokens", "6")
        self.fails(2, "is not a token id", "detokenize", folder, "--tokens", "a")

    # Converters name a vocabulary by what it makes of one text.
    def test_vocabularies_have_the_ids_by_which_converters_know_them(self):
        with open(shared("tokenizers", "pre_ids.json"), encoding="utf-8") as file:
            known = json.load(file)
        text = self.write("known.txt", known["text"].encode())
        for name, pre in {"llama-bpe": "llama-bpe", "qwen2": "qwen2", "gpt-2": "gpt-2", "falcon": "falcon",
                          "starcoder": "starcoder"}.items():
            ids = self.ids(shared("tokenizers", f"ggml-vocab-{name}.gguf"), "--file", text, "--bos", "--special")
            self.assertEqual(known["pre"].get(hashlib.sha256(str(ids).encode()).hexdigest()), pre)


if __name__ == "__main__":
    program.main()
