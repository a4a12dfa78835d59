"""What pip makes of the folder, without a network."""

import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from support import FOLDER, MODEL, PACKAGE

PROGRAM = f"""
import tritium
print(tritium.__file__)
print(len(list(tritium.load({str(MODEL)!r}, "cpu").create_session().generate([1, 70], max_tokens=4, ignore_end=True))))
"""


@unittest.skipUnless(importlib.util.find_spec("ensurepip"), "venv is not there (Debian: python3-venv)")
class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.venv = FOLDER / "venv"
        done = subprocess.run([sys.executable, "-m", "venv", cls.venv], capture_output=True, text=True)
        if done.returncode:
            raise unittest.SkipTest(f"venv: {done.stdout}{done.stderr}")

    def run_python(self, *words, **environment):
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "TRITIUM_LIBRARY")}
        done = subprocess.run([self.venv / "bin/python", *words], cwd=FOLDER, env={**kept, "PIP_NO_INDEX": "1", **environment},
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def pip(self, *words):
        self.run_python("-m", "pip", "--disable-pip-version-check", *words)

    def check_it_works(self, folder, **environment):
        place, tokens = self.run_python("-c", PROGRAM, **environment).splitlines()
        self.assertTrue(pathlib.Path(place).is_relative_to(folder), place)
        self.assertEqual(tokens, "4")

    def test_the_folder_is_installed_with_its_types(self):
        self.pip("install", PACKAGE)
        self.check_it_works(self.venv, TRITIUM_LIBRARY=os.environ["TRITIUM_LIBRARY"])
        self.assertTrue(list(self.venv.glob("lib/*/site-packages/tritium/py.typed")))
        self.pip("uninstall", "-y", "tritium")
        self.assertFalse(list(self.venv.glob("lib/*/site-packages/tritium*")))

    def test_a_wheel_may_bring_the_library(self):
        with tempfile.TemporaryDirectory() as folder:
            self.pip("wheel", PACKAGE, "--wheel-dir", folder, "--config-settings", f"library={os.environ['TRITIUM_LIBRARY']}")
            (wheel,) = pathlib.Path(folder).iterdir()
            self.assertNotIn("-any", wheel.name)
            self.pip("install", wheel)
        self.check_it_works(self.venv)
        self.pip("uninstall", "-y", "tritium")

    def test_a_library_that_is_not_there_is_named(self):
        words = ("-m", "pip", "--disable-pip-version-check", "wheel", PACKAGE, "--config-settings", "library=build/libtritium.so")
        done = subprocess.run([self.venv / "bin/python", *words], cwd=FOLDER, env={**os.environ, "PIP_NO_INDEX": "1"},
                              capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("library=build/libtritium.so: there is no ", done.stdout + done.stderr)

    def test_it_may_stay_where_it_is(self):
        self.pip("install", "--editable", PACKAGE)
        self.check_it_works(PACKAGE, TRITIUM_LIBRARY=os.environ["TRITIUM_LIBRARY"])
        self.pip("uninstall", "-y", "tritium")

    def test_without_the_library_the_import_says_what_to_do(self):
        done = subprocess.run([sys.executable, "-c", "import tritium"], capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": str(PACKAGE), "TRITIUM_LIBRARY": "no/libtritium.so"})
        self.assertRegex(done.stderr, r"ImportError: .*TRITIUM_LIBRARY.*no/libtritium\.so")


if __name__ == "__main__":
    unittest.main()
