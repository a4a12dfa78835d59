"""The pictures of debugging_kernels.md: RenderDoc's window with a kernel of a capture, stopped at a line, on a display of its own.

debugging_kernels.py FILE.rdc LABELS FILE:LINE OUT.png [--thread X,Y,Z] [--crop WxH+X+Y]

Needs (Debian 12): renderdoc, xvfb, xdotool, imagemagick. LABELS as for tests/vulkan/step_shader.py. Within RenderDoc this file runs
again, there with `pyrenderdoc`.
"""
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time

SCREEN = "1500x900"
SETTINGS = {"rdocConfigData": 1, "Analytics_TotalOptOut": True, "CheckUpdate_AllowChecks": False}


def in_renderdoc(wanted):
    """Opens the capture, goes to the dispatch, and runs one invocation to the line."""
    import qrenderdoc
    import renderdoc as rd

    pyrenderdoc.LoadCapture(wanted["file"], rd.ReplayOptions(), wanted["file"], False, True)
    structured = pyrenderdoc.GetStructuredFile()

    def find(actions, labels):
        for action in actions:
            name = action.GetName(structured)
            if action.flags & rd.ActionFlags.Dispatch and "/".join(labels).endswith(wanted["labels"]):
                return action.eventId
            inner = find(action.children, labels + [name])
            if inner:
                return inner
        return None

    event = find(pyrenderdoc.CurRootActions(), [])
    pyrenderdoc.SetEventID([], event, event, False)
    state = pyrenderdoc.CurPipelineState()
    reflection = state.GetShaderReflection(rd.ShaderStage.Compute)
    traces = []
    pyrenderdoc.Replay().BlockInvoke(lambda c: traces.append(c.DebugThread((0, 0, 0), tuple(wanted["thread"]))))
    files = [file.filename for file in reflection.debugInfo.files]
    name, line = wanted["line"].split(":")
    viewer = pyrenderdoc.DebugShader(state.GetBindpointMapping(rd.ShaderStage.Compute), reflection,
                                     state.GetComputePipelineObject(), traces[0], wanted["labels"])
    pyrenderdoc.AddDockWindow(viewer.Widget(), qrenderdoc.DockReference.MainToolArea, None)
    stops = [info.instruction for info in traces[0].instInfo
             if info.lineInfo.lineStart == int(line) and files[info.lineInfo.fileIndex].endswith(name)]
    viewer.ToggleBreakpointOnInstruction(min(stops))
    viewer.RunForward()


@contextlib.contextmanager
def running(*command, **options):
    """The program runs until the end of the block."""
    process = subprocess.Popen(command, **options)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def take_picture(file, crop, environment):
    seconds = float(os.environ.get("TRITIUM_PICTURE_SECONDS", "30"))
    time.sleep(seconds / 2)
    subprocess.run(["xdotool", "search", "--onlyvisible", "--name", "RenderDoc", "windowmove", "0", "0", "windowsize",
                    *SCREEN.split("x")], env=environment, check=True)
    time.sleep(seconds / 2)
    subprocess.run(["import", "-window", "root", *crop, "+dither", "-colors", "16", "-strip", "PNG8:" + file],
                   env=environment, check=True)


def main():
    options = dict(zip(("file", "labels", "line", "out"), sys.argv[1:5]), thread=[0, 0, 0])
    crop = []
    for name, value in zip(sys.argv[5::2], sys.argv[6::2]):
        if name == "--thread":
            options["thread"] = [int(n) for n in value.split(",")]
        if name == "--crop":
            crop = ["-crop", value, "+repage"]
    options["file"] = os.path.abspath(options["file"])
    with tempfile.TemporaryDirectory() as home:
        os.makedirs(os.path.join(home, ".local/share/qrenderdoc"))
        with open(os.path.join(home, ".local/share/qrenderdoc/UI.config"), "w", encoding="utf-8") as file:
            json.dump(SETTINGS, file)
        environment = dict(os.environ, HOME=home, DISPLAY=":83", TRITIUM_PICTURE=json.dumps(options))
        with running("Xvfb", ":83", "-screen", "0", SCREEN + "x24"):
            time.sleep(2)
            with running("qrenderdoc", "--ui-python", os.path.abspath(__file__), env=environment):
                take_picture(options["out"], crop, environment)


if "pyrenderdoc" in globals():
    in_renderdoc(json.loads(os.environ["TRITIUM_PICTURE"]))
elif __name__ == "__main__":
    main()
