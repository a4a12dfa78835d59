"""Devices, runtimes, models, and what they say of themselves and of texts."""

import array
import json
import math
import pathlib
import sys
import unittest
from unittest import mock

from support import FOLDER, MODEL, TEMPLATE, load

import tritium


class Runtimes(unittest.TestCase):
    def test_devices_are_listed(self):
        devices = {device.backend: device for device in tritium.devices()}
        self.assertTrue(devices["cpu"].available and devices["reference"].available)
        self.assertIs(type(devices["cpu"].available), bool)

    def test_a_runtime_says_what_it_is_and_why(self):
        with tritium.Runtime("cpu", threads=1) as runtime:
            self.assertEqual(runtime.backend, "cpu")
            self.assertIn("cpu", runtime.reason)

    def test_what_is_closed_says_so(self):
        runtime = tritium.Runtime("cpu")
        runtime.close()
        runtime.close()
        with self.assertRaisesRegex(tritium.InvalidArgument, "closed"):
            runtime.load(MODEL)

    def test_a_failure_has_the_class_of_its_status(self):
        with self.assertRaises(tritium.InvalidArgument) as raised:
            tritium.Runtime("abacus")
        self.assertIsInstance(raised.exception, ValueError)
        self.assertIn("abacus", str(raised.exception))
        with self.assertRaisesRegex(tritium.NotFound, "no such file"):
            tritium.inspect("no such file")
        damaged = FOLDER / "damaged.gguf"
        damaged.write_bytes(MODEL.read_bytes()[: 1 << 20])
        with self.assertRaisesRegex(tritium.CorruptFile, "damaged.gguf"):
            tritium.load(damaged, "cpu")

    def test_a_long_message_is_whole(self):
        name = "é" * 1200
        with self.assertRaises(tritium.InvalidArgument) as raised:
            tritium.Runtime(name)
        self.assertIn(name, str(raised.exception))

    def test_a_zero_byte_does_not_cut_a_name(self):
        with self.assertRaisesRegex(ValueError, "zero byte"):
            tritium.Runtime("cpu\0x")
        with self.assertRaisesRegex(ValueError, "zero byte"):
            tritium.inspect("model\0.gguf")


class Callbacks(unittest.TestCase):
    def test_progress_of_a_load_rises_to_its_end(self):
        seen = []
        load(progress=seen.append)
        self.assertEqual(seen, sorted(seen))
        self.assertTrue(seen and 0 <= seen[0] and seen[-1] <= 1)

    def test_false_ends_a_load(self):
        with self.assertRaises(tritium.Cancelled):
            load(progress=lambda fraction: False)

    def test_what_a_callback_raises_comes_out_of_the_call(self):
        with self.assertRaises(ZeroDivisionError):
            load(progress=lambda fraction: 1 / 0)
        load()  # and is forgotten

    def test_the_log_has_its_lines_and_what_it_raises_comes_out(self):
        lines = []
        model = tritium.Runtime("cpu", log=lambda level, line: lines.append((level, line))).load(MODEL)
        self.assertTrue(lines)
        self.assertTrue(all(isinstance(level, tritium.LogLevel) and line for level, line in lines))
        del model
        broken = mock.Mock(side_effect=KeyError("log"))
        with self.assertRaises(KeyError):
            tritium.Runtime("cpu", log=broken).load(MODEL)


class Models(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = load()

    def test_its_facts_are_those_of_the_file(self):
        info = self.model.info
        self.assertEqual((info.architecture, info.dim, info.n_layers, info.n_experts, info.context_length),
                         ("maple", 256, 4, 8, 512))
        self.assertIs(info.has_tokenizer, True)
        self.assertEqual(info.path, str(MODEL))
        self.assertEqual({memory.backend for memory in info.memory}, {"reference", "cpu", "vulkan"})
        self.assertEqual(info.tensors[0].shape[-1] % 64, 0)
        self.assertEqual(tritium.inspect(pathlib.Path(MODEL)).tensors, info.tensors)

    def test_text_becomes_tokens_and_comes_back(self):
        tokens = self.model.tokenize("a\0b,😀")
        self.assertEqual(tokens[0], self.model.begin_of_text)
        self.assertTrue(self.model.detokenize(tokens).endswith("a\0b,😀"))
        self.assertEqual(self.model.tokenize("a\0b,😀".encode()), tokens)
        self.assertIn("\ufffd", self.model.detokenize(self.model.tokenize(b"\xff")))
        self.assertGreaterEqual(self.model.end_of_text, 0)
        with self.assertRaises(tritium.InvalidArgument):
            self.model.detokenize([1 << 30])

    def test_a_conversation_is_formatted(self):
        self.assertFalse(self.model.has_chat_template)
        messages = [{"role": "user", "content": "hi"}]
        with self.assertRaises(tritium.NotFound):
            self.model.format_chat(messages)
        chat = self.model.format_chat(messages, chat_template=TEMPLATE)
        self.assertEqual(chat.text, "<user>hi<assistant>")
        self.assertEqual(chat.tokens, self.model.tokenize(chat.text))
        self.assertEqual(self.model.format_chat(json.dumps(messages), chat_template=TEMPLATE), chat)
        self.assertEqual(self.model.format_chat(messages, chat_template=TEMPLATE, generation_prompt=False).text, "<user>hi")
        known = self.model.format_chat(messages, chat_template="{{ mood }}{{ tools[0].name }}", variables={"mood": "calm "},
                                       tools=[{"name": "look"}])
        self.assertEqual(known.text, "calm look")

    def test_a_reply_is_taken_apart(self):
        tools = [{"name": "look", "parameters": {"type": "object", "properties": {"at": {"type": "string"}}}}]
        known = {"chat_template": "{# </think> <tool_call></tool_call> #}", "tools": tools}
        written = '<think>t</think>Ja.\n<tool_call>\n{"name": "look", "arguments": {"at": "Zürich"}}\n</tool_call>'
        reply = self.model.parse_reply(written, **known)
        self.assertEqual((reply.content, reply.reasoning_content), ("Ja.", "t"))
        self.assertEqual(reply.tool_calls, [{"type": "function", "function": {"name": "look", "arguments": {"at": "Zürich"}}}])
        tokens = self.model.tokenize('<tool_call>{"name":"look","arguments":{"at":"Zürich"}}')
        self.assertEqual(self.model.parse_reply(tokens, **known).tool_calls, reply.tool_calls)
        self.assertEqual(self.model.parse_reply("<tool_call>"), tritium.Reply("<tool_call>", "", []))
        chat = self.model.format_chat([], **known)
        self.assertEqual(chat.tool_grammar_triggers, ("<tool_call>",))
        self.assertIn("root ::= ", chat.tool_grammar)
        held = self.model.create_session().generate([1, 70], max_tokens=3, grammar=chat.tool_grammar,
                                                    grammar_triggers=chat.tool_grammar_triggers)
        self.assertIsInstance(held.text(), str)

    def tokens_of(self, text):
        """Without the beginning of a text, and a space, which bytes do not bring back."""
        return self.model.tokenize(text)[4:]

    def test_a_reply_is_taken_apart_as_it_comes(self):
        known = {"chat_template": "{# </think> <tool_call></tool_call> #}"}
        written = '<think>nü</think>Ja.\n<tool_call>\n{"name":"look","arguments":{"at":"Zürich"}}\n</tool_call>'
        for pieces in (written, [written[at:at + 7] for at in range(0, len(written), 7)], self.tokens_of(written)):
            stream = self.model.reply_stream(**known)
            parts = [stream.append(piece) for piece in pieces] + [stream.finish()]
            whole = tritium.Reply("".join(part.content for part in parts), "".join(part.reasoning_content for part in parts),
                                  [call for part in parts for call in part.tool_calls])
            self.assertEqual(whole, self.model.parse_reply(written, **known))
            with self.assertRaises(tritium.InvalidArgument):
                stream.append("more")

    def test_what_is_no_text_is_refused(self):
        for other in (5, [1, 2], None):  # of which bytes() makes zero bytes, or these two
            for call in (self.model.tokenize, self.model.embed):
                with self.assertRaisesRegex(TypeError, "text must be str or bytes"):
                    call(other)

    def test_a_token_id_of_more_than_32_bits_is_refused(self):
        for token in (2**32 + 70, -(2**40)):
            with self.assertRaisesRegex(ValueError, "32-bit"):
                self.model.detokenize([token])

    def test_what_json_has_not_is_named(self):
        with self.assertRaisesRegex(TypeError, "bytes is nothing that JSON has"):
            self.model.format_chat([{"role": "user", "content": b"x"}], chat_template=TEMPLATE)

    def test_what_is_no_token_is_no_piece_of_a_reply(self):
        stream = self.model.reply_stream(chat_template="{# #}")
        for number in (2**31, -2**31 - 1, 2**32 + self.tokens_of("a")[0]):  # 32 bits of the last are one
            with self.assertRaisesRegex(ValueError, "32-bit"):
                stream.append(number)
        with self.assertRaises(tritium.InvalidArgument):
            stream.append(-1)
        for piece in (b"a", 1.0, None):
            with self.assertRaisesRegex(TypeError, "a str or an int"):
                stream.append(piece)
        self.assertEqual(stream.append("a").content + stream.finish().content, "a")

    def test_a_text_has_a_vector_of_length_one(self):
        vector = self.model.embed("red", pooling=tritium.Pooling.MEAN)
        self.assertEqual(len(vector), 256)
        self.assertAlmostEqual(math.fsum(float(value) ** 2 for value in vector), 1, places=3)
        longer = self.model.embed("red", pooling=tritium.Pooling.MEAN, normalized=False)
        self.assertNotAlmostEqual(math.fsum(float(value) ** 2 for value in longer), 1, places=3)

    def test_without_numpy_vectors_are_arrays(self):
        with mock.patch.dict(sys.modules, {"numpy": None}):
            vector = self.model.embed("red")
        self.assertIsInstance(vector, array.array)
        self.assertEqual(list(vector), list(self.model.embed("red")))

    def test_with_numpy_vectors_are_its_own(self):
        try:
            import numpy
        except ImportError:
            self.skipTest("NumPy is not there")
        vector = self.model.embed("red")
        self.assertEqual((type(vector), vector.dtype), (numpy.ndarray, numpy.float32))


class Samplers(unittest.TestCase):
    def test_a_token_is_drawn_from_any_floats(self):
        sampler = tritium.Sampler(tritium.SamplerOptions(temperature=0))
        for logits in ([0.0, 3.0, 1.0], array.array("f", [0, 3, 1]), array.array("d", [0, 3, 1])):
            self.assertEqual(sampler.sample(logits), 1)

    def test_a_bias_and_a_penalty_change_the_choice(self):
        biased = tritium.Sampler(tritium.SamplerOptions(temperature=0, logit_bias={1: -math.inf}))
        self.assertEqual(biased.sample([0, 3, 1]), 2)
        penalised = tritium.Sampler(tritium.SamplerOptions(temperature=0, presence_penalty=5))
        penalised.accept(1)
        self.assertEqual(penalised.sample([0, 3, 1]), 2)

    def test_options_that_cannot_be_are_refused(self):
        with self.assertRaises(tritium.InvalidArgument):
            tritium.Sampler(tritium.SamplerOptions(top_p=-1))
        with self.assertRaisesRegex(ValueError, "top_k cannot be 18446744073709551616: it is a number of 64 bits"):
            tritium.Sampler(tritium.SamplerOptions(top_k=2**64))
        with self.assertRaisesRegex(ValueError, "32-bit"):
            tritium.Sampler(tritium.SamplerOptions(logit_bias={2**32 + 5: 1}))

    def test_a_single_sequence_breaker_may_be_longer_than_a_character(self):
        options = tritium.SamplerOptions(dry_multiplier=1, dry_sequence_breakers="a longer one" * 100)
        self.assertEqual(options._struct().n_dry_sequence_breakers, 1)


if __name__ == "__main__":
    unittest.main()
