"""embed: the vector of a text."""
import json
import math

import program
from program import WithModel, tritium

TEXT = "once upon a time"


class Embed(WithModel):
    def embed(self, *arguments):
        code, out, err = tritium("embed", self.model, *arguments, "--backend", "cpu", "--json")
        self.assertEqual(code, 0, err)
        return json.loads(out)

    def test_a_vector_has_the_width_of_the_model_and_length_1(self):
        result = self.embed("--text", TEXT)
        self.assertEqual(result["dim"], len(result["embedding"]))
        self.assertAlmostEqual(math.sqrt(sum(x * x for x in result["embedding"])), 1, places=5)
        self.assertEqual(result["embeddings"], [result["embedding"]])

    def test_equal_texts_are_equal_and_others_are_not(self):
        same, again, other = self.embed("--text", TEXT, "--text", TEXT, "--text", "a green hill")["embeddings"]
        self.assertEqual(same, again)
        self.assertLess(sum(a * b for a, b in zip(same, other)), 0.9999)

    def test_pooling_by_the_mean_counts_every_token(self):
        last = self.embed("--text", TEXT, "--pooling", "last")["embedding"]
        self.assertEqual(last, self.embed("--text", TEXT)["embedding"])
        mean = self.embed("--text", TEXT, "--pooling", "mean", "--raw")["embedding"]
        # Of one token (the beginning of a text) the mean is the last one.
        self.assertEqual(self.embed("--text", "", "--pooling", "mean")["embedding"],
                         self.embed("--text", "", "--pooling", "last")["embedding"])
        self.assertNotEqual([round(x, 4) for x in mean], [round(x, 4) for x in last])

    def test_lines_are_for_other_programs(self):
        code, out, err = tritium("embed", self.model, "--text", TEXT, "--text", "b", "--backend", "cpu")
        self.assertEqual(code, 0, err)
        lines = out.splitlines()
        self.assertEqual([len(line.split()) for line in lines], 2 * [len(self.embed("--text", TEXT)["embedding"])])

    def test_too_long_a_text_and_none_are_errors(self):
        code, _, err = tritium("embed", self.model, "--text", "x" * 5000, "--backend", "cpu")
        self.assertEqual(code, 2)
        self.assertIn("this model takes at most 512", err)
        code, _, err = tritium("embed", self.model)
        self.assertEqual(code, 2)
        self.assertIn("--text or --file", err)


if __name__ == "__main__":
    program.main()
