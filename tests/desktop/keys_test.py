"""Keys, as the X server sends them (xdotool)."""
import shutil
import subprocess
import unittest

import driven
from driven import MEET


def press(*chord):
    """Holds the keys for some frames, as a person does."""
    down = [word for key in chord for word in ("keydown", key)]
    up = [word for key in reversed(chord) for word in ("keyup", key)]
    return lambda: subprocess.run(["xdotool", *down, "sleep", "0.1", *up, "sleep", "0.2"], check=True)


def enter(text):
    return lambda: subprocess.run(["xdotool", "type", "--delay", "40", text], check=True)


@unittest.skipUnless(shutil.which("xdotool"), "needs xdotool")
class Keys(driven.DrivenTest):
    def press(self, lines, *acts):
        return self.drive("set max_tokens 4000", "frames 10", *lines, acts=acts)

    def test_enter_sends_and_the_next_message_can_be_typed(self):
        report = self.press([MEET, MEET, "tokens 2", MEET, "stop", "idle"], enter("Hello"), press("Return"), enter("and"))
        self.assertEqual((report["chat"][0], report["draft"]), ("Hello", "and"))

    def test_shift_enter_is_a_new_line(self):
        report = self.press([MEET, MEET, MEET], enter("one"), press("shift", "Return"), enter("two"))
        self.assertEqual((report["draft"], report["chat"]), ("one\ntwo", []))

    def test_ctrl_enter_is_a_new_line(self):
        report = self.press([MEET, MEET, MEET], enter("one"), press("ctrl", "Return"), enter("two"))
        self.assertEqual((report["draft"], report["chat"]), ("one\ntwo", []))

    def test_escape_stops_an_answer_and_leaves_the_draft(self):
        # The reference takes its time for an answer.
        report = self.press(["device reference", "idle", "set temperature 0", "send Hello", "frames 10", MEET, MEET, "idle", MEET], enter("next"), press("Escape"), enter(" one"))
        self.assertEqual((report["ended"], report["draft"]), ("stopped", "next one"))

    def test_ctrl_o_goes_to_the_path_of_the_model(self):
        report = self.press([MEET, MEET, MEET, MEET, "idle"], press("ctrl", "o"), press("ctrl", "a"), enter("absent.gguf"), press("Return"))
        self.assertEqual(report["path"], "absent.gguf")
        self.assertIn("absent.gguf", report["error"])

    def test_ctrl_e_edits_the_last_message_and_enter_sends_it(self):
        report = self.press(["send Hello", "tokens 2", "stop", "idle", MEET, MEET, MEET, "tokens 2", "stop", "idle"],
                            press("ctrl", "e"), enter(" there"), press("Return"))
        self.assertEqual((report["chat"][0], len(report["chat"])), ("Hello there", 2))

    def test_escape_leaves_an_edit(self):
        report = self.press(["send Hello", "tokens 2", "stop", "idle", MEET, MEET, MEET, "frames 4"],
                            press("ctrl", "e"), enter(" there"), press("Escape"))
        self.assertEqual((report["chat"][0], report["draft"]), ("Hello", ""))

    def test_ctrl_r_answers_again(self):
        report = self.press(["set max_tokens 5", "send Hello", "idle", MEET, "idle"], press("ctrl", "r"))
        self.assertEqual((len(report["chat"]), len(report["asked"])), (2, 2))

    def test_ctrl_n_begins_anew(self):
        self.assertEqual(self.press(["send Hello", "tokens 2", "stop", "idle", MEET], press("ctrl", "n"))["chat"], [])


if __name__ == "__main__":
    driven.main()
