"""Sessions: what they evaluate, write and keep."""

import array
import gc
import json
import sys
import threading
import unittest
from unittest import mock

from support import ids, load, python

import tritium

PROMPT = [1, 70, 80]


class Sessions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = load()

    def setUp(self):
        self.session = self.model.create_session()

    def few(self, count=12, prompt=PROMPT, session=None, **options):
        return (session or self.session).generate(prompt, max_tokens=count, ignore_end=True, **options)

    def test_a_generation_is_iterated_over(self):
        generation = self.few()
        tokens = list(generation)
        self.assertEqual(len(tokens), 12)
        self.assertEqual("".join(map(str, tokens)), "".join(token.text for token in tokens))
        self.assertEqual((generation.result.tokens, generation.result.stop), (12, tritium.Stop.MAX_TOKENS))
        self.assertEqual(self.session.position, len(PROMPT) + 11)  # the last one is not evaluated yet
        self.assertEqual(list(generation), [])
        self.session.rewind()
        self.assertEqual(generation.result.tokens, 12)  # also when the session has gone on

    def test_numbers_beyond_32_bits_are_no_tokens(self):
        for number in (2**31, -2**31 - 1, 2**32 + PROMPT[0]):  # 32 bits of the last are one
            for evaluate in (self.session.feed, self.session.generate):
                with self.assertRaisesRegex(ValueError, "32-bit"):
                    evaluate([number])
        self.assertEqual(self.session.position, 0)

    def test_a_text_is_a_prompt_and_goes_on_without_another_beginning(self):
        first = self.few(prompt="Once")
        first.text()
        self.assertEqual(first.result.prompt_tokens, len(self.model.tokenize("Once")))
        second = self.few(prompt="upon")
        second.text()
        self.assertEqual(second.result.prompt_tokens, len(self.model.tokenize("upon")) - 1)

    def test_without_a_prompt_it_goes_on(self):
        self.session.feed(PROMPT)
        after = ids(self.few(prompt=None))
        self.session.rewind()
        self.assertEqual(after, ids(self.few()))

    def test_leaving_the_loop_leaves_the_session_usable(self):
        whole = ids(self.few())
        self.session.rewind()
        for count, token in enumerate(self.few(), 1):
            if count == 3:
                break
        position = self.session.position
        self.session.rewind()
        self.assertEqual(ids(self.few()), whole)
        self.assertEqual(position, len(PROMPT) + 2)

    def test_a_generation_is_ended_by_the_next_and_by_other_calls(self):
        first = self.few()
        next(first)
        self.session.rewind()
        with self.assertRaises(tritium.InvalidArgument):
            next(first)
        second, third = self.few(), self.few()
        with self.assertRaisesRegex(tritium.InvalidArgument, "another generation"):
            next(second)
        self.assertEqual(len(list(third)), 12)

    def test_numbers_that_do_not_fit_are_refused(self):
        with self.assertRaisesRegex(ValueError, "32-bit"):
            self.session.feed([1, 2**32 + 70])
        self.assertEqual(self.session.position, 0)
        with self.assertRaisesRegex(ValueError, "max_tokens cannot be"):
            self.few(count=2**64 + 2)
        with self.assertRaisesRegex(ValueError, "context cannot be"):
            self.model.create_session(context=2**64 + 8)

    def test_what_is_restored_is_bytes(self):
        for other in (5, "text"):  # bytes(5) is five zero bytes
            with self.assertRaises(TypeError):
                self.session.restore(other)

    def test_the_seed_decides(self):
        texts = []
        for seed in (1, 1, 2):
            self.session.rewind()
            texts.append(ids(self.few(sampler=tritium.SamplerOptions(seed=seed))))
        self.assertEqual(texts[0], texts[1])
        self.assertNotEqual(texts[0], texts[2])
        self.session.rewind()
        drawn = self.few(sampler=tritium.SamplerOptions(seed=None))
        tokens = ids(drawn)
        self.session.rewind()
        self.assertEqual(ids(self.few(sampler=tritium.SamplerOptions(seed=drawn.result.seed))), tokens)

    def test_log_probabilities_come_with_tokens(self):
        for token in self.few(log_probabilities=2, sampler=tritium.SamplerOptions(temperature=0)):
            first, second = token.most_probable
            self.assertEqual((first.token, first.log_probability), (token.id, token.log_probability))
            self.assertGreaterEqual(first.log_probability, second.log_probability)

    def test_experts_come_with_tokens(self):
        info = self.session.model.info
        for token in self.few(experts=True):
            self.assertEqual(len(token.experts), info.n_layers * info.n_experts_used)
            self.assertTrue(all(0 <= expert < info.n_experts for expert in token.experts))
        self.session.rewind()
        self.assertEqual(next(self.few()).experts, [])

    def test_stop_texts_end_it_and_are_not_in_it(self):
        text = self.few(30).text()
        stop = next(letter for letter in text[5:] if letter.isascii() and letter not in text[:5])
        self.session.rewind()
        generation = self.few(30, stop=["never in it", stop])
        self.assertEqual(generation.text(), text[: text.index(stop)])
        self.assertEqual((generation.result.stop, generation.result.stop_text), (tritium.Stop.TEXT, 1))
        self.session.rewind()
        self.assertEqual(self.few(30, stop=stop).text(), text[: text.index(stop)])

    def test_a_grammar_holds_the_text(self):
        text = self.session.generate(PROMPT, grammar='root ::= "<" [0-9]{3} ">"').text()
        self.assertRegex(text, r"^<\d\d\d>$")
        with self.assertRaisesRegex(tritium.InvalidArgument, "grammar"):
            self.session.generate(PROMPT, grammar="root ::= (")

    def test_a_json_schema_holds_the_text(self):
        schema = {"type": "object", "properties": {"n": {"enum": [1, 2]}}, "required": ["n"], "additionalProperties": False}
        self.assertIn(json.loads(self.session.generate(PROMPT, json_schema=schema).text())["n"], (1, 2))

    def test_logits_are_those_that_tokens_are_drawn_from(self):
        with self.assertRaises(tritium.InvalidArgument):
            self.session.logits()
        self.session.feed(PROMPT)
        logits = self.session.logits()
        self.assertEqual(len(logits), 259)
        best = max(range(259), key=lambda token: logits[token])
        self.assertEqual(self.session.top(1)[0].token, best)
        self.assertEqual(tritium.Sampler(tritium.SamplerOptions(temperature=0)).sample(logits), best)
        with mock.patch.dict(sys.modules, {"numpy": None}):
            self.assertIsInstance(self.session.logits(), array.array)
        with self.assertRaises(ValueError):
            self.session.top(0)

    def test_a_fork_and_a_saved_session_go_on_alike(self):
        self.session.feed(PROMPT)
        fork, saved = self.session.fork(), self.session.save()
        restored = self.model.create_session()
        restored.restore(bytearray(saved))
        self.assertEqual((fork.position, restored.position), (3, 3))
        expected = ids(self.few(prompt=None))
        self.assertEqual(ids(self.few(prompt=None, session=fork)), expected)
        self.assertEqual(ids(self.few(prompt=None, session=restored)), expected)
        with self.assertRaises(tritium.CorruptFile):
            restored.restore(saved[:-1] + bytes([saved[-1] ^ 1]))

    def test_each_keeps_alive_what_it_needs(self):
        session = load().create_session()
        gc.collect()
        self.assertEqual(len(list(self.few(session=session))), 12)
        session.model.close()
        self.assertEqual(len(list(self.few(prompt=[72], session=session))), 12)

    def test_what_nobody_has_is_released_at_once(self):
        session = self.model.create_session()
        list(self.few(session=session))
        handle = session._handle
        gc.disable()  # no cycle keeps it
        self.addCleanup(gc.enable)
        del session
        self.assertEqual(handle._pointer, 0)


class Together(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = load()

    def begun(self, sessions, count=8):
        return [session.generate([70 + i, 80], max_tokens=count + i, ignore_end=True) for i, session in enumerate(sessions)]

    def test_sessions_together_get_what_each_gets_alone(self):
        alone = [ids(generation) for generation in self.begun([self.model.create_session() for _ in range(3)])]
        sessions = self.model.create_sessions(3)
        got = [[], [], []]
        for index, token in tritium.together(self.begun(sessions)):
            got[index].append(token.id)
        self.assertEqual(got, alone)

    def test_what_fails_for_one_concerns_no_other(self):
        sessions = self.model.create_sessions(2)
        generations = self.begun(sessions)
        tritium.next_of_each(generations)
        sessions[0].rewind()
        tokens = tritium.next_of_each(generations)
        self.assertIsNone(tokens[0])
        self.assertIsInstance(generations[0].error, tritium.InvalidArgument)
        self.assertIsNotNone(tokens[1])
        with self.assertRaises(tritium.InvalidArgument):
            list(tritium.together(generations))
        self.assertEqual(generations[1].result.tokens, 9)

    def test_so_many_cannot_be_made(self):
        for count in (-1, 0, 1025):
            with self.assertRaises(tritium.InvalidArgument):
                self.model.create_sessions(count)


class Threads(unittest.TestCase):
    def test_a_session_under_way_refuses_another_thread_and_outlives_close(self):
        session = load("reference").create_session()
        refused, began = [], threading.Event()

        def feed():
            began.set()
            session.feed(PROMPT * 50)

        thread = threading.Thread(target=feed)
        thread.start()
        began.wait()
        while thread.is_alive() and not refused:
            try:
                session.rewind()
            except tritium.InvalidArgument as problem:
                refused.append(problem)
        session.close()
        thread.join()
        self.assertTrue(refused)
        with self.assertRaises(tritium.InvalidArgument):
            session.position

    def test_an_interpreter_that_ends_with_live_objects_ends_clean(self):
        program = """
import os, threading, time, tritium
model = tritium.Runtime("reference", log=lambda level, line: None).load(os.environ["MODEL"])
sessions = model.create_sessions(2) + [model.create_session()]
generation = sessions[0].generate([1, 70])
print(next(generation).id)
threading.Thread(target=sessions[2].feed, args=([1] * 500,), daemon=True).start()
time.sleep(0.05)
"""
        with python(program) as process:
            out, error = process.communicate(timeout=60)
        self.assertEqual((process.returncode, error), (0, ""))
        self.assertTrue(out.strip().isdigit())


if __name__ == "__main__":
    unittest.main()
