"""Fine-tuning in the window."""
import os
import sys

import driven
from driven import drive


class Training(driven.DrivenTest):
    def settings(self, *lines, output="tuned.gguf"):
        return [f"text {self.text}", f"output {self.path(output)}", "set batch 4", "set context 64", *lines]

    def train(self, *lines, output):
        return self.drive(*self.settings(*lines, output=output), "frames 2", "planned", "train", "idle")

    def test_the_model_suggests_settings(self):
        training = self.drive()["training"]
        self.assertEqual((training["context"], training["batch"]), (256, 8))
        self.assertEqual(training["output"], self.model.replace(".gguf", "-tuned.gguf"))

    def test_fine_tuning_lowers_the_loss_and_writes_the_model(self):
        report = self.train("set steps 20", output="tuned.gguf")["training"]
        self.assertEqual((report["error"], len(report["losses"])), ("", 20))
        self.assertLess(report["losses"][-1], report["losses"][0])
        self.assertTrue(drive(self.folder, f"open {report['written']}", "idle")["loaded"])

    def test_fine_tuning_is_stopped_and_saved(self):
        report = self.drive(*self.settings("set steps 100000", output="stopped.gguf"), "frames 2", "planned", "train", "reports 3", "save", "idle")
        self.assertEqual(report["training"]["error"], "")
        self.assertLess(len(report["training"]["losses"]), 100000)
        self.assertTrue(os.path.exists(self.path("stopped.gguf")))

    def test_the_plan_follows_the_settings(self):
        def need(*changed):
            return self.drive(*self.settings(), "frames 2", "planned", *changed, "frames 2", "planned")["training"]["plan"]
        usual = need()
        self.assertGreater(usual["memory_bytes"], 0)
        self.assertEqual(need("set steps 7")["steps"], 7)
        for change, compare in (("set context 128", self.assertGreater), ("set batch 8", self.assertGreater), ("set learns 3", self.assertLess),
                                ("set learns 2", self.assertLess), ("set experts 1", self.assertLess)):
            with self.subTest(change=change):
                compare(need(change)["memory_bytes"], usual["memory_bytes"])

    def test_frames_are_drawn_while_it_trains(self):
        report = self.drive(*self.settings("set steps 20", output="framed.gguf"), "frames 2", "planned", "phase training", "train", "idle", "phase trained")
        self.assertGreater(report["phases"]["training"]["count"], 3)  # a window that waited would draw one
        print("while training:", report["phases"]["training"], file=sys.stderr)

    def test_every_choice_of_weights_trains_and_is_written(self):
        for learns, name in enumerate(("everything", "feed_forward", "attention", "adapters")):
            with self.subTest(name=name):
                report = self.train(f"set learns {learns}", "set steps 2", output=name + ".gguf")["training"]
                self.assertEqual((report["error"], len(report["losses"])), ("", 2))
                self.assertTrue(os.path.exists(self.path(name + ".gguf")))

    def test_experts_in_turn_train(self):
        report = self.train("set experts 2", "set n_experts 2", "set steps 2", output="rotated.gguf")["training"]
        self.assertEqual((report["error"], len(report["losses"])), ("", 2))

    def test_a_plan_that_cannot_be_made_says_why(self):
        report = self.drive("text absent.txt", f"output {self.path('none.gguf')}", "frames 2", "planned")["training"]
        self.assertIn("absent.txt", report["error"])

    def test_nothing_is_trained_without_a_plan_of_these_settings(self):
        report = self.drive(*self.settings("set steps 2", output="early.gguf"), "frames 2", "planned", "set steps 3", "train", "idle")["training"]
        self.assertEqual(report["losses"], [])


if __name__ == "__main__":
    driven.main()
