"""Models whose weights leave the memory and come back, and those that come by descriptor."""

import os
import shutil
import threading
import time
import unittest

from support import FOLDER, MODEL, load, logits_anew

import tritium


class Parking(unittest.TestCase):
    def setUp(self):
        self.model = load()
        self.session = self.model.create_session()
        self.expected = logits_anew(self.session)

    def test_the_weights_come_back_with_the_next_token(self):
        self.model.park()
        self.assertIs(self.model.parked, True)
        self.assertEqual(logits_anew(self.session), self.expected)
        self.assertIs(self.model.parked, False)

    def test_they_come_back_when_they_are_asked_to(self):
        self.model.park()
        self.model.park()
        self.model.unpark()
        self.model.unpark()
        self.assertIs(self.model.parked, False)

    def test_coming_back_can_be_ended(self):
        cancel = tritium.CancelToken()
        cancel.set()
        self.model.park()
        with self.assertRaises(tritium.Cancelled):
            self.model.unpark(cancel=cancel)
        self.assertIs(self.model.parked, True)
        self.assertEqual(logits_anew(self.session), self.expected)

    def test_weights_that_would_not_come_back_stay(self):
        copy = FOLDER / "away.gguf"
        shutil.copy(MODEL, copy)
        model = tritium.load(copy, "cpu")
        copy.unlink()
        with self.assertRaisesRegex(tritium.NotFound, "the weights stay"):
            model.park()
        self.assertEqual(logits_anew(model.create_session()), self.expected)

    def test_asking_waits_for_no_evaluation(self):
        model = load("reference")
        session = model.create_session()
        thread = threading.Thread(target=session.feed, args=([3 + i % 256 for i in range(500)],))  # a second
        thread.start()
        asked = 0
        while thread.is_alive():
            self.assertIs(model.parked, False)
            asked += 1
            time.sleep(0.001)
        self.assertGreater(asked, 50)


class Descriptors(unittest.TestCase):
    def setUp(self):
        self.runtime = tritium.Runtime("cpu")
        self.expected = logits_anew(load().create_session())

    def test_a_file_is_enough_also_when_it_has_no_name_any_more(self):
        copy = FOLDER / "unnamed.gguf"
        shutil.copy(MODEL, copy)
        with open(copy, "rb") as file:
            copy.unlink()
            model = self.runtime.load_descriptor(file)
        session = model.create_session()
        self.assertEqual(logits_anew(session), self.expected)
        model.park()
        self.assertEqual(logits_anew(session), self.expected)

    def test_a_number_is_a_descriptor(self):
        descriptor = os.open(MODEL, os.O_RDONLY)
        self.addCleanup(os.close, descriptor)
        seen = []
        model = self.runtime.load_descriptor(descriptor, progress=seen.append)
        self.assertTrue(seen)
        self.assertEqual(model.info.path, f"descriptor {descriptor}")

    def test_what_cannot_be_read_is_refused(self):
        with self.assertRaises(tritium.IoError):
            self.runtime.load_descriptor(-1)
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        with self.assertRaisesRegex(tritium.IoError, "not a regular file"):
            self.runtime.load_descriptor(reader)

    def test_false_ends_it(self):
        with open(MODEL, "rb") as file, self.assertRaises(tritium.Cancelled):
            self.runtime.load_descriptor(file, progress=lambda fraction: False)


if __name__ == "__main__":
    unittest.main()
