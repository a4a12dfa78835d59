"""Opens a RenderDoc capture without a display and prints its dispatches with the labels they are in, one a line:

    model/layer0/attention/vkCmdDispatch(2, 1, 1) kernel=attention

PYTHONPATH=/usr/lib/python3/dist-packages /usr/bin/python3 open_capture.py FILE.rdc

Exit codes: 0 printed, 1 the capture cannot be opened, 2 wrong use, 77 the renderdoc module is missing (Debian 12:
apt install python3-renderdoc, for the system's own interpreter).
"""
import contextlib
import sys

try:
    import renderdoc as rd
except ImportError as problem:
    print(f"python module renderdoc is missing: {problem} (Debian 12: apt install python3-renderdoc)")
    sys.exit(77)


def fail(message):
    print(message)
    sys.exit(1)


def is_submission(label):
    """RenderDoc puts a level of its own around what each vkQueueSubmit runs."""
    return label.startswith("vkQueueSubmit")


def dispatches_of(controller):
    """(event, labels, call, kernel) of every dispatch, in order."""
    structured = controller.GetStructuredFile()
    names = {r.resourceId: r.name for r in controller.GetResources()}

    def walk(action, labels):
        name = action.GetName(structured)
        if action.flags & rd.ActionFlags.Dispatch:
            controller.SetFrameEvent(action.eventId, True)
            pipeline = controller.GetPipelineState().GetComputePipelineObject()
            x, y, z = action.dispatchDimension
            yield action.eventId, labels, f"{name.split('(')[0]}({x}, {y}, {z})", names.get(pipeline, "?")
        inner = labels + [name] if action.flags & rd.ActionFlags.PushMarker and not is_submission(name) else labels
        for child in action.children:
            yield from walk(child, inner)

    for root in controller.GetRootActions():
        yield from walk(root, [])


@contextlib.contextmanager
def opened(path):
    """A replay controller of the capture, until the end of the block."""
    rd.InitialiseReplay(rd.GlobalEnvironment(), [])
    capture = rd.OpenCaptureFile()
    if capture.OpenFile(path, "rdc", None) != rd.ResultCode.Succeeded:
        fail(f"{path}: not a capture that this RenderDoc can open")
    if capture.LocalReplaySupport() != rd.ReplaySupport.Supported:
        fail(f"{path}: cannot be replayed on this machine")
    result, controller = capture.OpenCapture(rd.ReplayOptions(), None)
    if result != rd.ResultCode.Succeeded:
        fail(f"{path}: replay failed: {result}")
    yield controller
    controller.Shutdown()
    capture.Shutdown()
    rd.ShutdownReplay()


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        sys.exit(2)
    with opened(sys.argv[1]) as controller:
        for _, labels, call, kernel in dispatches_of(controller):
            print("/".join(labels + [call]), f"kernel={kernel}")


if __name__ == "__main__":
    main()
