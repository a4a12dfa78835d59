"""Hugging Face folders where a model is expected: training, adapters beside them, other ways to say the same."""
import json

import hf_folder
import program
from program import shared, tritium


class Folder(program.InFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hf = cls.path("hf")
        hf_folder.write(cls.hf)
        turns = [{"role": "user", "content": "ab?"}, {"role": "assistant", "content": "ba"}]
        cls.data = cls.write("chat.jsonl", (json.dumps({"messages": turns}) + "\n") * 60)

    def finetune(self, model, output, *more, steps=2, data=None):
        code, out, err = tritium("finetune", model, "--data", data or self.data, "--steps", steps, "--context", 32, "--batch", 2, "-o", output, *more)
        self.assertEqual(code, 0, err)
        return out + err

    def test_it_is_trained_into_a_file(self):
        output = self.path("tuned.gguf")
        self.finetune(self.hf, output)
        self.assertEqual(tritium("run", output, "-p", "ab", "-n", 2)[0], 0)

    def test_adapters_are_trained_beside_it_and_used_with_its_file_too(self):
        adapter, file = self.path("adapter.gguf"), self.path("hf.gguf")
        self.finetune(self.hf, adapter, "--mode", "lora")
        self.assertEqual(tritium("convert", self.hf, "-o", file)[0], 0)
        texts = [tritium("run", model, "--lora", adapter, "-p", "ab", "-n", 4, "--temp", 0, "--backend", "cpu")[:2] for model in (self.hf, file)]
        self.assertEqual(texts[0][0], 0)
        self.assertEqual(texts[0], texts[1])

    def test_scales_of_128_columns_are_the_trainers_logits_in_a_file_with_64(self):
        folder = self.path("groups")
        hf_folder.write(folder, hf_folder.QWEN3, group=128, dtype="F16")
        self.assertIn("its logits are within", self.finetune(folder, self.path("groups.gguf")))

    def test_codes_that_tip_over_between_such_groups_are_no_difference(self):
        lines = [{"messages": [{"role": "user", "content": f"What is 1 + {n}?"}, {"role": "assistant", "content": f"{n + 1}."}]} for n in (1, 2)]
        data = self.write("sums.jsonl", "".join(json.dumps(line) + "\n" for line in lines) * 64)
        self.finetune(shared("hf", "bonsai-qwen3"), self.path("bonsai.gguf"), data=data)  # they do after two steps

    def test_a_pointer_of_git_lfs_is_told_from_a_damaged_file(self):
        pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"
        hf_folder.write(self.path("lfs"))
        self.write("lfs/model.safetensors", pointer)
        for path in (self.path("lfs"), self.write("lfs.gguf", pointer)):
            self.fails(1, "pointer of Git LFS", "info", path)
        self.write("lfs/tokenizer.json", pointer)
        self.fails(1, "tokenizer.json: this is a pointer of Git LFS", "tokenize", self.path("lfs"), "--text", "a")


if __name__ == "__main__":
    program.main()
