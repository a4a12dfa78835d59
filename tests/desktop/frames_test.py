"""Frames while a model loads, and pictures at every size."""
import contextlib
import ctypes
import os
import subprocess
import sys

import driven
from driven import drive

MAKE_BENCH_MODEL = os.environ["TRITIUM_MAKE_BENCH_MODEL"]


def picture(path):
    """Width, height and the number of colours of a PPM file."""
    with open(path, "rb") as file:
        assert file.readline() == b"P6\n"
        width, height = map(int, file.readline().split())
        file.readline()
        pixels = file.read()
    assert len(pixels) == 3 * width * height
    return width, height, len({pixels[i:i + 3] for i in range(0, len(pixels), 3)})


@contextlib.contextmanager
def screen_resources(text):
    """What desktops tell programs of a screen, as `xrdb` sets it: GLFW takes the scale of a monitor from it."""
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XDefaultRootWindow.restype = x11.XInternAtom.restype = ctypes.c_ulong
    display = ctypes.c_void_p(x11.XOpenDisplay(None))
    root = ctypes.c_ulong(x11.XDefaultRootWindow(display))
    resources = ctypes.c_ulong(x11.XInternAtom(display, b"RESOURCE_MANAGER", False))
    string, replace = ctypes.c_ulong(31), 0  # Xatom.h: XA_STRING; X.h: PropModeReplace
    x11.XChangeProperty(display, root, resources, string, 8, replace, text.encode(), len(text))
    x11.XSync(display, False)
    try:
        yield
    finally:
        x11.XDeleteProperty(display, root, resources)
        x11.XCloseDisplay(display)


class Loading(driven.DrivenTest):
    """260 MB, of which the processors but one have something to do."""
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.large = cls.path("large.gguf")
        subprocess.run([MAKE_BENCH_MODEL, cls.large, "MoE-A", "qwen3moe", "8"], check=True)

    def test_frames_show_how_far_a_load_is(self):
        report = drive(self.folder, "phase loading", f"open {self.large}", "idle", "phase loaded")
        self.assertEqual((report["error"], report["loaded"]), ("", True))
        # A window that waited for the load would show one of them at most.
        self.assertGreater(len([fraction for fraction in report["loading_seen"] if 0 < fraction < 1]), 3)
        print("while loading:", report["phases"]["loading"], file=sys.stderr)

    def test_a_load_is_cancelled_and_another_model_opened(self):
        report = drive(self.folder, f"open {self.large}", "loading", "escape", "idle")
        self.assertEqual((report["error"], report["loaded"]), ("stopped", False))
        report = drive(self.folder, f"open {self.large}", "loading", "escape", f"open {self.model}", "idle")
        self.assertEqual((report["error"], report["path"], report["loaded"]), ("", self.model, True))

    def test_closing_the_window_ends_a_load(self):
        self.assertFalse(drive(self.folder, f"open {self.large}", "loading", "quit")["loaded"])


class Sizes(driven.DrivenTest):
    def test_every_view_is_drawn_at_every_size(self):
        lines = ["send Hello", "tokens 30", "stop", "idle", f"text {self.text}", f"output {self.path('seen.gguf')}", "set steps 10", "set context 64",
                 "frames 2", "planned", "train", "idle", "edit 0"]
        shots = []
        for width, height in ((480, 360), (960, 640), (1400, 900)):
            for theme in ("dark", "light"):
                for tab in range(3):
                    shots.append((self.path(f"{width}-{theme}-{tab}.ppm"), width, height))
                    lines += [f"size {width} {height}", f"theme {theme}", f"tab {tab}", "frames 6", f"shot {shots[-1][0]}"]
        self.drive(*lines)
        for path, width, height in shots:
            with self.subTest(path=path):
                seen_width, seen_height, colours = picture(path)
                self.assertEqual((seen_width, seen_height), (width, height))
                self.assertGreater(colours, 20)

    def test_letters_and_window_follow_a_given_scale(self):
        usual, larger = self.drive("frames 2"), self.drive("frames 2", f"shot {self.path('scale-2.ppm')}", arguments=["--scale", "2"])
        self.assertEqual((usual["scale"], larger["scale"]), (1, 2))
        self.assertEqual(larger["letters"], 2 * usual["letters"])
        self.assertEqual(picture(self.path("scale-2.ppm"))[:2], (1920, 1280))

    def test_letters_and_window_follow_the_monitor(self):
        usual = self.drive("frames 2")
        with screen_resources("Xft.dpi: 192"):
            larger = self.drive("frames 2", f"shot {self.path('dense.ppm')}")
        self.assertEqual((usual["scale"], larger["scale"]), (1, 2))
        self.assertEqual(larger["letters"], 2 * usual["letters"])
        self.assertEqual(picture(self.path("dense.ppm"))[:2], (1920, 1280))

    def test_letters_follow_when_the_window_comes_to_another_monitor(self):
        usual, larger = self.drive("frames 2"), self.drive("scale 1.5", "frames 4", f"shot {self.path('moved.ppm')}")
        self.assertAlmostEqual(larger["letters"] / usual["letters"], 1.5, delta=0.05)  # whole pixels
        self.assertGreater(picture(self.path("moved.ppm"))[2], 20)


if __name__ == "__main__":
    driven.main()
