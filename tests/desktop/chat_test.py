"""Opening models and talking with them."""
import subprocess

import driven
import program
from driven import drive, train_model

# Thinks, then says it.
TEMPLATE = ("{%- for m in messages %}{{ m.role + ': ' }}{% if m.reasoning_content %}{{ '<think>' + m.reasoning_content + '</think>' }}{% endif %}"
            "{{ m.content }}{% if not loop.last %}{{ '\\n' }}{% endif %}{% endfor %}{%- if add_generation_prompt %}{{ '\\nassistant: ' }}{% endif %}")
SMALL = {"architecture": "qwen3moe", "dim": 64, "layers": 2, "heads": 2, "kv_heads": 2, "head_dim": 32, "ffn": 64, "experts": 2, "top_k": 1, "context": 192}


class Models(driven.DrivenTest):
    def test_another_device_answers(self):
        report = self.drive("device reference", "idle", "send Hello", "tokens 2", "stop", "idle")
        self.assertEqual(report["backend"], "reference")
        self.assertEqual(len(report["chat"]), 2)

    def test_a_file_that_is_not_there_is_said(self):
        self.assertIn("absent.gguf", drive(self.folder, "open absent.gguf", "idle")["error"])

    def test_a_dropped_model_is_opened(self):
        report = drive(self.folder, f"drop {self.model}", "idle")
        self.assertEqual((report["path"], report["loaded"], report["error"]), (self.model, True, ""))

    def test_a_file_dropped_on_the_training_is_its_text(self):
        report = self.drive("tab 2", "frames 2", f"drop {self.text}")
        self.assertEqual((report["path"], report["training"]["text"]), (self.model, self.text))


class Answers(driven.DrivenTest):
    def test_a_message_is_answered(self):
        report = self.drive("send Hello", "idle")
        self.assertEqual(report["chat"][0], "Hello")
        self.assertGreater(len(report["chat"][1]), 0)

    def test_what_an_answer_had_when_it_was_stopped_stays(self):
        report = self.drive("device reference", "idle", "set temperature 0", "send Hello", "tokens 3", "stop", "idle")
        self.assertEqual((report["error"], report["ended"]), ("", "stopped"))
        self.assertEqual(len(report["chat"]), 2)
        self.assertGreater(len(report["chat"][1]), 0)

    def test_what_is_stopped_before_its_first_token_can_be_asked_again(self):
        # Where the reference evaluates hundreds of tokens for minutes.
        lines = ["device reference", "idle", "send " + "words " * 300, "frames 3", "stop", "idle"]
        report = self.drive(*lines)
        self.assertEqual((report["error"], len(report["chat"])), ("stopped", 1))
        report = self.drive(*lines, "device cpu", "idle", "again", "tokens 2", "stop", "idle")
        self.assertEqual((report["error"], len(report["chat"])), ("", 2))

    def test_an_answer_that_reached_its_length_says_so(self):
        report = self.drive("set max_tokens 3", "send Hello", "idle")
        self.assertIn("longest", report["ended"])

    def test_again_puts_another_answer_in_the_place_of_the_last(self):
        lines = ["set max_tokens 20", "send Hello", "idle"]
        first = self.drive(*lines)["chat"]
        second = self.drive(*lines, "again", "idle")["chat"]
        self.assertEqual((len(second), second[0]), (2, "Hello"))
        self.assertNotEqual(second[1], first[1])

    def test_an_edited_turn_replaces_what_followed_it(self):
        report = self.drive("set max_tokens 5", "send One", "idle", "send Two", "idle", "send Three", "idle",
                            "edit 2", "frames 4", "send Four", "idle")
        self.assertEqual(report["chat"][0::2], ["One", "Four"])
        self.assertEqual(len(report["chat"]), 4)

    def test_an_edit_that_is_left_changes_nothing(self):
        report = self.drive("set max_tokens 5", "send One", "idle", "send Two", "idle", "draft half a thought",
                            "edit 0", "frames 4", "escape", "frames 4")
        self.assertEqual(report["chat"][0::2], ["One", "Two"])
        self.assertEqual(report["draft"], "half a thought")

    def test_a_new_conversation_is_empty(self):
        self.assertEqual(self.drive("send Hello", "tokens 2", "stop", "idle", "new")["chat"], [])


class WithoutTemplate(driven.DrivenTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.path("plain.gguf")
        subprocess.run([program.MAKE_MODEL, cls.model], check=True)

    def test_a_model_goes_on_with_all_that_was_written(self):
        asked = self.drive("set max_tokens 8", "send Once upon", "idle", "send a time", "idle")["asked"]
        self.assertGreater(asked[1]["prompt"], asked[0]["prompt"] + len("a time"))
        self.assertLessEqual(asked[1]["new"], asked[1]["prompt"] - asked[0]["prompt"])


class Thoughts(driven.DrivenTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "reasoning_content": "A greeting.", "content": "Good day"}]
        cls.model = train_model(cls.folder, "thinks", SMALL, TEMPLATE, messages, "--mode", "full", "--steps", 80, "--lr", 1e-2)

    def test_thoughts_are_kept_apart_from_the_answer(self):
        report = self.drive("set temperature 0", "set max_tokens 60", "send Hi", "idle", "frames 4", f"shot {self.path('thoughts.ppm')}")
        self.assertEqual((report["thoughts"], report["chat"]), (["", "A greeting."], ["Hi", "Good day"]))

    def test_of_a_turn_only_what_is_new_is_evaluated(self):
        asked = self.drive("set temperature 0", "set max_tokens 60", "send Hi", "idle", "send Hi", "idle")["asked"]
        self.assertEqual(asked[0]["new"], asked[0]["prompt"])
        # "\nuser: Hi\nassistant: ", of which a vocabulary of bytes makes a token a letter, and the answer's last token.
        self.assertLess(asked[1]["new"], asked[1]["prompt"] - asked[0]["prompt"])

    def test_an_answer_again_evaluates_one_token(self):
        asked = self.drive("set max_tokens 8", "send Hi", "idle", "again", "idle")["asked"]
        self.assertEqual((asked[1]["prompt"], asked[1]["new"]), (asked[0]["prompt"], 1))

    def test_after_an_edit_what_both_texts_begin_with_stays(self):
        asked = self.drive("set max_tokens 8", "send One and some more", "idle", "edit 0", "frames 4", "send One and some less", "idle")["asked"]
        self.assertEqual(asked[1]["prompt"], asked[0]["prompt"])
        self.assertEqual(asked[1]["new"], len("less\nassistant: "))

    def test_the_oldest_turns_are_left_out_where_the_context_is_too_short(self):
        report = self.drive("set max_tokens 8", *[line for n in range(4) for line in (f"send {n}: " + "words " * 8, "idle")])
        self.assertEqual((report["error"], len(report["chat"])), ("", 8))
        self.assertGreater(report["left_out"], 0)
        self.assertLessEqual(report["asked"][-1]["prompt"], 192 - 8)


if __name__ == "__main__":
    driven.main()
