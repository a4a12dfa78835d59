"""The GPU report: on a software driver it gets through every section, and whatever ends it, its files are there."""
import json
import os
import re
import signal
import subprocess
import time
import unittest

import program
from program import InFolder, require, tritium

# Section: what its data must have when it was not skipped.
SECTIONS = {
    "device": ["name", "driver", "limits", "features", "memory_heaps", "memory_types", "cooperative_matrices", "extensions"],
    "selftest": ["operations", "operations_tested"],
    "bandwidth": ["reads", "memory_gb_per_second"],
    "transfers": ["transfers"],
    "dispatch": ["submit_and_fence_median_us", "dispatches"],
    "arithmetic": ["multiply_adds"],
    "kernels": ["rows"],
    "fusions": ["pairs"],
    "maple_20b_a1b": ["layers_measured", "layers_of_model", "decode", "prompt"],
    "qwen3_30b_a3b": ["layers_measured", "layers_of_model", "decode", "prompt"],
    "bitnet_2b": ["layers_measured", "layers_of_model", "decode", "prompt"],
    "training_step": ["steps"],
}
GENEROUS = 150  # seconds for a budget of 6: another program may have the processors


class GpuReport(InFolder):
    def read(self, name):
        with open(os.path.join(self.path(name), "gpu-report.json"), encoding="utf-8") as file:
            document = json.load(file)
        with open(os.path.join(self.path(name), "gpu-report.md"), encoding="utf-8") as file:
            return document, file.read()

    def check_section(self, name, section):
        self.assertIn(section["state"], ("done", "partial", "skipped"), f"{name}: {section}")
        if section["state"] == "skipped":
            self.assertEqual(section["message"], "no time was left", name)
            return
        if section["state"] == "partial":
            self.assertTrue(section["message"], name)
            # On a busy machine nothing may have been reached.
            if "before it was loaded" in section["message"] or re.match(r"(\d+) of \1 rows were not", section["message"]):
                return
        for key in SECTIONS[name]:
            self.assertIn(key, section, name)

    def test_every_section_within_the_budget(self):
        require("vulkan")
        start = time.monotonic()
        code, out, err = tritium("gpu-report", "--out", self.path("all"), "--budget", "6s", timeout=GENEROUS)
        self.assertEqual(code, 0, err)
        self.assertLess(time.monotonic() - start, GENEROUS)
        document, text = self.read("all")
        self.assertEqual(out.split(), [self.path("all") + "/gpu-report.json", self.path("all") + "/gpu-report.md"])
        self.assertEqual(list(document["sections"]), list(SECTIONS))
        self.assertTrue(document["finished"])
        for name, section in document["sections"].items():
            self.check_section(name, section)
            self.assertIn(f"## {section['title']}", text)
        if document["software"]:
            self.assertIn("software driver: no GPU speed", document["note"])
            self.assertIn("software driver: no GPU speed", text)

    def test_chosen_sections_and_device(self):
        require("vulkan")
        devices = [d for d in json.loads(tritium("devices", "--json")[1]) if d["available"] and d["backend"].startswith("vulkan")]
        code, _, err = tritium("gpu-report", "--out", self.path("some"), "--budget", "1m", "--sections", "device,dispatch",
                               "--backend", devices[0]["backend"])
        self.assertEqual(code, 0, err)
        document, _ = self.read("some")
        self.assertEqual(list(document["sections"]), ["device", "dispatch"])
        self.assertEqual(document["backend"], devices[0]["backend"])
        self.assertEqual([s["state"] for s in document["sections"].values()], ["done", "done"])
        dispatches = {row["kind"] for row in document["sections"]["dispatch"]["dispatches"]}
        self.assertEqual(dispatches, {"dependent", "independent"})
        code, _, err = tritium("gpu-report", "--out", self.path("rest"), "--after", "dispatch", "--sections", "device,arithmetic")
        self.assertEqual(code, 0, err)
        self.assertEqual(list(self.read("rest")[0]["sections"]), ["arithmetic"])

    def test_ctrl_c_leaves_both_files(self):
        require("vulkan")
        process = subprocess.Popen([program.PROGRAM, "gpu-report", "--out", self.path("stopped"), "--budget", "300s"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        while not process.stderr.readline().startswith(b"device: "):
            pass
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=GENEROUS)
        self.assertEqual(process.returncode, 130, err)
        document, text = self.read("stopped")
        self.assertFalse(document["finished"])
        self.assertEqual(document["sections"]["device"]["state"], "done")
        self.assertEqual(document["sections"]["training_step"]["state"], "skipped")
        self.assertEqual(document["sections"]["training_step"]["message"], "interrupted")
        self.assertIn("interrupted", text)

    def test_without_a_device_it_says_what_was_looked_for(self):
        nothing = self.path("no-driver.json")
        code, _, err = tritium("gpu-report", "--out", self.path("none"), "--budget", "20s",
                               environment={"VK_DRIVER_FILES": nothing, "VK_ICD_FILENAMES": nothing})
        self.assertEqual(code, 1)
        self.assertIn("no device was measured", err)
        document, text = self.read("none")
        self.assertTrue(document["problem"])
        self.assertEqual(document["driver_search"]["environment"]["VK_DRIVER_FILES"], nothing)
        self.assertIn("libvulkan.so.1", document["driver_search"]["libraries"])
        self.assertTrue(all(s["state"] == "skipped" for s in document["sections"].values()))
        self.assertIn("no device", text)

    def test_wrong_options(self):
        for options, part in ((["--budget", "soon"], "is no time"), (["--budget", "0s"], "is no time"),
                              (["--backend", "cpu"], "not cpu"), (["--sections", "speed"], "no section"),
                              (["--device", "1", "--backend", "vulkan:0"], "different devices")):
            code, _, err = tritium("gpu-report", "--out", self.path("wrong"), *options)
            self.assertEqual(code, 2, err)
            self.assertIn(part, err)
        code, _, err = tritium("gpu-report", "--budget", "1s")
        self.assertEqual(code, 2, err)


if __name__ == "__main__":
    if not any(d["available"] and d["backend"].startswith("vulkan") for d in json.loads(tritium("devices", "--json")[1])):
        print("no Vulkan driver: what needs a device is skipped")
    program.main()
