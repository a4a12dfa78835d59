"""The window's own thread calls nothing of the library: of the objects that it is made of, only those of the threads that load, answer and train may name its functions."""
import os
import re
import subprocess
import unittest

THREADS = ("model_thread.cpp", "training_thread.cpp")  # used by Worker's thread alone (apps/desktop/worker.h)


def library_functions(path):
    """Functions of the library that an object asks for; types in headers are none."""
    symbols = subprocess.run([os.environ["TRITIUM_NM"], "-C", "--undefined-only", path], capture_output=True, check=True, text=True).stdout
    return re.findall(r"^ +[Uw] (tritium::(?!desktop::).*)$", symbols, re.MULTILINE)


class UiThread(unittest.TestCase):
    def setUp(self):
        self.objects = os.environ["TRITIUM_OBJECTS"].split("|")

    def test_what_draws_calls_nothing_of_the_library(self):
        for path in self.objects:
            if not any(name in path for name in THREADS):
                with self.subTest(object=os.path.basename(path)):
                    self.assertEqual(library_functions(path), [])

    def test_what_loads_and_trains_is_seen_to_call_it(self):
        for name in THREADS:
            path, = [path for path in self.objects if name in path]
            self.assertNotEqual(library_functions(path), [])


if __name__ == "__main__":
    unittest.main()
