"""Adapters that sessions take on and off."""

import math
import unittest

from support import FOLDER, MODEL, load, logits_anew

import tritium

FILE = FOLDER / "adapter.gguf"
CONFIG = {"model": MODEL, "text": "the quick brown fox " * 75, "steps": 2, "context": 16, "batch": 2, "learning_rate": 0.05,
          "attention": "lora", "feed_forward": "lora", "embedding": "frozen", "head": "frozen", "norms": "frozen",
          "routers": "frozen", "lora_rank": 2, "export_type": "adapter", "output": FILE}


class Adapters(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        tritium.train(CONFIG)
        cls.model = load()
        cls.adapter = cls.model.load_adapter(FILE)
        cls.plain = logits_anew(cls.model.create_session())

    def setUp(self):
        self.session = self.model.create_session()

    def test_a_session_takes_one_on_and_off(self):
        self.session.attach(self.adapter)
        adapted = logits_anew(self.session)
        self.assertNotEqual(adapted, self.plain)
        self.assertEqual(adapted, logits_anew(load(adapter=FILE).create_session()))
        self.session.detach()
        self.assertEqual(logits_anew(self.session), self.plain)

    def test_what_it_adds_is_multiplied_by_its_strength(self):
        self.session.attach(self.adapter, strength=0.5)
        self.assertEqual(logits_anew(self.session), logits_anew(load(adapter=FILE, adapter_strength=0.5).create_session()))

    def test_that_of_the_load_is_taken_off_too(self):
        session = load(adapter=FILE).create_session()
        session.detach()
        self.assertEqual(logits_anew(session), self.plain)

    def test_each_session_has_its_own_and_keeps_it(self):
        with self.model.load_adapter(FILE) as adapter:
            self.session.attach(adapter)
        self.assertNotEqual(logits_anew(self.session), self.plain)
        self.assertEqual(logits_anew(self.model.create_session()), self.plain)
        self.assertNotEqual(logits_anew(self.session.fork()), self.plain)

    def test_what_was_evaluated_stays(self):
        self.session.feed([1, 70])
        self.session.attach(self.adapter)
        self.assertEqual(self.session.position, 2)

    def test_a_generation_ends_with_it(self):
        generation = self.session.generate([1, 70], max_tokens=8, ignore_end=True)
        next(generation)
        self.session.attach(self.adapter)
        with self.assertRaises(tritium.InvalidArgument):
            next(generation)

    def test_an_adapter_knows_its_model_and_keeps_it(self):
        adapter = load().load_adapter(FILE)
        adapter.model.create_session().attach(adapter)

    def test_those_that_do_not_belong_here_are_refused(self):
        with self.assertRaisesRegex(tritium.InvalidArgument, "another model"):
            self.session.attach(load().load_adapter(FILE))
        with self.assertRaisesRegex(tritium.InvalidArgument, "strength"):
            self.session.attach(self.adapter, math.nan)
        with self.assertRaisesRegex(tritium.NotFound, "no such file"):
            self.model.load_adapter("no such file")
        with self.assertRaisesRegex(tritium.InvalidArgument, "not a LoRA adapter"):
            self.model.load_adapter(MODEL)
        self.assertEqual(logits_anew(self.session), self.plain)

    def test_what_is_closed_says_so(self):
        adapter = self.model.load_adapter(FILE)
        adapter.close()
        with self.assertRaisesRegex(tritium.InvalidArgument, "closed"):
            self.session.attach(adapter)

    def test_a_load_ends(self):
        cancel = tritium.CancelToken()
        cancel.set()
        with self.assertRaises(tritium.Cancelled):
            self.model.load_adapter(FILE, cancel=cancel)


if __name__ == "__main__":
    unittest.main()
