"""What a model file says in its metadata is used or refused, and an odd optional value costs only itself."""
import json
import os
import struct

import program
from program import WithModel, tritium


def string(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


U32, F32, STRING = 4, 6, 8


def value(kind, content):
    return struct.pack("<I", kind) + {U32: lambda v: struct.pack("<I", v), F32: lambda v: struct.pack("<f", v), STRING: string}[kind](content)


class Metadata(WithModel):
    def with_keys(self, name, **keys):
        """The model with more keys, "." written as "__": they stand first, filled up to the alignment of the tensors."""
        with open(self.model, "rb") as file:
            data = file.read()
        added = b"".join(string(key.replace("__", ".")) + value(*v) for key, v in keys.items())
        filled = string("general.description") + value(STRING, "")
        added += string("general.description") + value(STRING, "x" * (-(len(added) + len(filled)) % 32))
        count, = struct.unpack_from("<Q", data, 16)
        return self.write(name, data[:16] + struct.pack("<Q", count + len(keys) + 1) + added + data[24:])

    def logits(self, model):
        code, _, err = tritium("logits", model, "--tokens", "1 40 50 60 70 80", "-o", self.path("l.npy"), "--backend", "cpu")
        self.assertEqual(code, 0, err)
        return program.read_npy(self.path("l.npy"))[1]

    def run_greedy(self, model):
        code, out, err = tritium("run", model, "-p", "the", "-n", 6, "--temp", 0, "--json")
        self.assertEqual(code, 0, err)
        return json.loads(out), err

    def test_a_factor_of_the_rotation_without_a_type_counts(self):
        plain = self.logits(self.with_keys("plain.gguf"))
        linear = self.logits(self.with_keys("linear.gguf", maple__rope__scaling__type=(STRING, "linear"), maple__rope__scaling__factor=(F32, 4.0)))
        self.assertNotEqual(plain, linear)
        self.assertEqual(linear, self.logits(self.with_keys("untyped.gguf", maple__rope__scaling__factor=(F32, 4.0))))
        self.assertEqual(linear, self.logits(self.with_keys("integer.gguf", maple__rope__scaling__factor=(U32, 4))))
        self.assertEqual(linear, self.logits(self.with_keys("older.gguf", maple__rope__scale_linear=(F32, 4.0))))

    def test_what_is_not_implemented_is_refused_by_its_key(self):
        for key, content in (("maple.rope.scaling.attn_factor", (F32, 0.5)), ("maple.rope.unheard_of", (F32, 0.5)),
                             ("maple.attention.key_length_swa", (U32, 8)), ("maple.logit_scale", (F32, 0.5))):
            model = self.with_keys("refused.gguf", **{key.replace(".", "__"): content})
            for command in (["info", model], ["run", model, "-p", "x"],
                            ["finetune", model, "--data", self.write("t.txt", "a text " * 100), "--steps", "1", "--context", "16"]):
                self.fails(1, f"key {key} is ", *command)

    def test_an_unknown_key_is_a_warning(self):
        model = self.with_keys("unknown.gguf", maple__colour=(STRING, "red"))
        warning = "key maple.colour is not known here and is ignored"
        self.assertIn(f"tritium: warning: {model}: {warning}", self.run_greedy(model)[1])
        self.assertEqual(json.loads(tritium("info", model, "--json")[1])["warnings"], [warning])
        self.assertIn(warning, tritium("info", model)[1])
        self.assertEqual(json.loads(tritium("info", self.model, "--json")[1])["warnings"], [])

    def test_the_end_of_a_turn_ends_a_text(self):
        first = self.run_greedy(self.model)[0]["tokens"]
        for key in ("eot_token_id", "eom_token_id"):
            result, _ = self.run_greedy(self.with_keys("ends.gguf", **{"tokenizer__ggml__" + key: (U32, first[3])}))
            self.assertEqual(result["stop"], "end_of_text")
            self.assertEqual(result["tokens"], first[:first.index(first[3])])

    def test_an_odd_optional_id_costs_only_itself(self):
        result, err = self.run_greedy(self.with_keys("odd.gguf", tokenizer__ggml__eot_token_id=(U32, 4294967295)))
        self.assertEqual(result["tokens"], self.run_greedy(self.model)[0]["tokens"])
        self.assertIn("tokenizer.ggml.eot_token_id is 4294967295, the vocabulary has 259 tokens: it is taken for none", err)

    def test_a_part_of_a_model_says_what_it_is(self):
        model = self.with_keys("part-00001-of-00002.gguf", split__count=(U32, 2), split__no=(U32, 0))
        for command in (["info", model], ["run", model, "-p", "x"]):
            self.fails(1, "part-00002-of-00002.gguf: part 2 of 2 is missing; all parts must lie in one folder", *command)

    def test_a_pipe_for_a_model_is_refused_and_not_waited_for(self):
        pipe = self.path("pipe.gguf")
        os.mkfifo(pipe)
        self.fails(1, "not a regular file", "run", pipe, "-p", "x", timeout=20)
        self.fails(1, "not a regular file", "run", self.model, "-p", "x", "--lora", pipe, timeout=20)


program.main()
