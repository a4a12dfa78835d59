"""TRITIUM_SHADER_DIR: a model on shaders of a folder, unchanged, changed, broken and missing."""
import os
import re
import shutil
import unittest

import program
from program import WithModel, tritium

SHADERS = os.path.join(os.path.dirname(__file__), "..", "..", "..", "shaders")


class ShaderDir(WithModel):
    def setUp(self):
        program.require("vulkan")
        self.shaders = self.path("my shaders")
        shutil.rmtree(self.shaders, ignore_errors=True)
        shutil.copytree(SHADERS, self.shaders)

    def edit(self, name, old, new):
        path = os.path.join(self.shaders, name)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertIn(old, text)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new, 1))

    def run_model(self, folder=None, **more):
        environment = dict(more)
        if folder is not None:
            environment["TRITIUM_SHADER_DIR"] = folder
        return tritium("run", self.model, "-p", "ab", "-n", 6, "--temp", 0, "--backend", "vulkan", "--json",
                       environment=environment)

    def tokens(self, *arguments, **more):
        code, out, err = self.run_model(*arguments, **more)
        self.assertEqual(code, 0, err)
        return re.search(r'"tokens":\s*\[[^]]*\]', out).group(), err

    def test_unchanged_shaders_give_the_same_tokens_and_none_is_compiled(self):
        tokens, _ = self.tokens()
        again, err = self.tokens(self.shaders, TRITIUM_GLSLC=self.path("no-compiler"))
        self.assertEqual(again, tokens)
        self.assertNotIn("was compiled", err)

    def test_a_changed_shader_is_used_and_named(self):
        tokens, _ = self.tokens()
        self.edit("embedding.comp", "void main() {", "void main() {\n  if (gl_NumWorkGroups.x > 0u) return;")
        changed, err = self.tokens(self.shaders)
        self.assertNotEqual(changed, tokens)
        self.assertEqual(re.findall(r"shader (\S+) was compiled", err), ["embedding"])
        self.assertEqual(self.tokens()[0], tokens)  # no cache kept what was tried

    def test_a_broken_shader_is_an_error_with_file_and_line(self):
        self.edit("embedding.comp", "void main() {", "void main() {\n  nonsense;")
        path = os.path.join(self.shaders, "embedding.comp")
        with open(path, encoding="utf-8") as file:
            line = file.read().split("\n").index("  nonsense;") + 1
        code, out, err = self.run_model(self.shaders)
        self.assertEqual((code, out), (2, ""))
        self.assertRegex(err, re.escape(path) + f":{line}: .*'nonsense'")

    def test_a_missing_folder_is_an_error(self):
        code, out, err = self.run_model(self.path("nowhere"))
        self.assertEqual((code, out), (2, ""))
        self.assertIn("nowhere: there is no such folder", err)

    def test_without_a_compiler_the_error_names_what_is_missing(self):
        self.edit("embedding.comp", "void main() {", "void main() {  // changed")
        code, out, err = self.run_model(self.shaders, PATH="")
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(err, r"embedding\.comp is to be compiled.*not in PATH.*apt install")


program.main()
