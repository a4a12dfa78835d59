"""Training: a run from a dictionary."""

import math
import pathlib
import unittest

from support import FOLDER, MODEL, load, logits_anew

import tritium

CONFIG = {"model": MODEL, "text": "the quick brown fox " * 75, "steps": 2, "context": 16, "batch": 2}


class Training(unittest.TestCase):
    def test_a_model_is_tuned_and_can_be_loaded(self):
        output = FOLDER / "tuned.gguf"
        reports = []
        report = tritium.train({**CONFIG, "output": output}, progress=reports.append)
        self.assertEqual((report.stop, report.step), (tritium.TrainStop.FINISHED, 2))
        self.assertTrue(math.isfinite(report.train_loss) and report.packed_bytes > 0)
        self.assertTrue(reports and isinstance(reports[-1], tritium.TrainProgress) and reports[-1].step == 2)
        self.assertEqual(tritium.load(output, "cpu").info.dim, 256)

    def test_a_plan_says_what_it_would_need(self):
        plan = tritium.train_plan(CONFIG)
        self.assertEqual(plan.steps, 2)
        self.assertTrue(plan.memory_bytes > 0 and plan.train_tokens > 0)

    def test_a_wrong_name_is_said(self):
        with self.assertRaisesRegex(tritium.InvalidArgument, "stepz"):
            tritium.train_plan({**CONFIG, "stepz": 1})

    def test_false_ends_it(self):
        report = tritium.train({**CONFIG, "steps": 500, "eval_every": 1, "output": FOLDER / "ended.gguf"}, progress=lambda now: now.step < 1)
        self.assertEqual(report.stop, tritium.TrainStop.INTERRUPTED)
        self.assertLess(report.step, 500)

    def test_what_progress_raises_comes_out(self):
        def fail(now):
            raise KeyError(now.step)

        with self.assertRaises(KeyError):
            tritium.train({**CONFIG, "output": FOLDER / "failed.gguf"}, progress=fail)

    def test_a_set_token_ends_it_before_it_has_learned(self):
        cancel = tritium.CancelToken()
        cancel.set()
        with self.assertRaises(tritium.Cancelled):
            tritium.train({**CONFIG, "output": FOLDER / "none.gguf"}, cancel=cancel)
        self.assertFalse(pathlib.Path(FOLDER / "none.gguf").exists())

    def test_steps_are_taken_one_by_one_beside_a_session(self):
        session = load().create_session()
        session.feed([1, 70, 80])
        before = list(session.logits())
        output = FOLDER / "stepped.gguf"
        with tritium.Trainer({**CONFIG, "steps": 3}) as trainer:
            first = trainer.step()
            self.assertEqual((first.step, first.steps), (1, 3))
            self.assertTrue(math.isfinite(first.train_loss))
            self.assertEqual(logits_anew(session), before)
            self.assertTrue(math.isfinite(trainer.evaluate().valid_loss))
            self.assertFalse(trainer.ended)
            self.assertEqual(trainer.step(5).step, 3)
            self.assertTrue(trainer.ended)
            trainer.save(FOLDER / "stepped.ckpt")
            self.assertEqual(trainer.export(output).stop, tritium.TrainStop.FINISHED)
        self.assertTrue((FOLDER / "stepped.ckpt").exists())
        self.assertEqual(tritium.load(output, "cpu").info.dim, 256)

    def test_a_cancelled_step_is_taken_again(self):
        cancel, lines = tritium.CancelToken(), []
        trainer = tritium.Trainer(CONFIG, log=lambda level, line: lines.append(line))
        cancel.set()
        with self.assertRaises(tritium.Cancelled):
            trainer.step(cancel=cancel)
        cancel.clear()
        self.assertEqual(trainer.step(cancel=cancel).step, 1)
        with self.assertRaises(tritium.InvalidArgument):
            trainer.save()
        trainer.close()
        with self.assertRaisesRegex(tritium.InvalidArgument, "closed"):
            trainer.step()

    def test_a_number_of_steps_that_cannot_be_takes_none(self):
        with tritium.Trainer(CONFIG) as trainer:
            for count in (0, -1, 2**63, 2**64 + 1, -2**64 + 1):  # 64 bits of the last two are one
                with self.assertRaisesRegex(ValueError, "1 or more"):
                    trainer.step(count)
            for count in (1.0, "1", None):
                with self.assertRaisesRegex(TypeError, "count is an int"):
                    trainer.step(count)
            self.assertEqual(trainer.step().step, 1)


if __name__ == "__main__":
    unittest.main()
