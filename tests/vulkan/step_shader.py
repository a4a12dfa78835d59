"""Steps one invocation of a kernel in a RenderDoc capture through its GLSL, without a display: each line that it comes to, and
the variables that the line before it changed.

PYTHONPATH=/usr/lib/python3/dist-packages /usr/bin/python3 step_shader.py FILE.rdc LABELS [--group X,Y,Z] [--thread X,Y,Z]
    [--lines FIRST-LAST]

LABELS: the end of the place that open_capture.py prints: layer0/attention/attention_step. The program was built with
-DTRITIUM_SHADER_DEBUG=ON: without it, lines are there and variables are not. Exit codes as open_capture.py's.
"""
import argparse
import os
import sys

from open_capture import dispatches_of, fail, opened, rd


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("file")
    parser.add_argument("labels")
    for name in ("--group", "--thread"):
        parser.add_argument(name, default="0,0,0", type=lambda text: tuple(int(n) for n in text.split(",")))
    parser.add_argument("--lines", default="1-100000", type=lambda text: tuple(int(n) for n in text.split("-")))
    return parser.parse_args()


UNWRITTEN = 0xCCCCCCCC  # what the debugger fills variables with


def numbers(variable):
    """A ShaderVariable's elements, in order; none where nothing was written yet."""
    count = variable.rows * variable.columns
    if UNWRITTEN in variable.value.u32v[:count]:
        return []
    kinds = {rd.VarType.Float: "f32v", rd.VarType.SInt: "s32v", rd.VarType.UInt: "u32v", rd.VarType.Bool: "u32v"}
    values = list(getattr(variable.value, kinds.get(variable.type, "u32v"))[:count])
    return [bool(v) for v in values] if variable.type == rd.VarType.Bool else values


def written(values):
    texts = [f"{v:.6g}" if isinstance(v, float) else str(v) for v in values]
    return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"


def leaves(variable):
    """(name, ShaderVariable) of what has values of its own."""
    if not variable.members:
        yield variable.name, variable
    for member in variable.members:
        yield from leaves(member)


class Invocation:
    """What it is at: the source's variables by the debugger's."""

    def __init__(self, controller, trace, reflection):
        self.controller, self.trace = controller, trace
        self.files = [file.filename for file in reflection.debugInfo.files]
        self.info = {info.instruction: info for info in trace.instInfo}
        self.values = {}

    def source_values(self, info):
        found = {}
        for source in info.sourceVars:
            parts = [self.values.get(part.name, [])[part.component:part.component + 1] for part in source.variables]
            if parts and all(parts):
                found[source.name] = written([part[0] for part in parts])
        return found

    def steps(self):
        """(file, line, function, variables) of each place that it comes to."""
        while states := self.controller.ContinueDebug(self.trace.debugger):
            for state in states:
                for change in state.changes:
                    for name, variable in leaves(change.after):
                        self.values[name] = numbers(variable)
                info = self.info.get(state.nextInstruction)
                if info and info.lineInfo.lineStart > 0:
                    file = self.files[max(info.lineInfo.fileIndex, 0)]
                    yield file, info.lineInfo.lineStart, state.callstack[-1], self.source_values(info)


def main():
    options = arguments()
    with opened(options.file) as controller:
        found = [event for event, labels, _, _ in dispatches_of(controller) if "/".join(labels).endswith(options.labels)]
        if not found:
            fail(f"{options.file}: no dispatch is in {options.labels}")
        controller.SetFrameEvent(found[0], True)
        reflection = controller.GetPipelineState().GetShaderReflection(rd.ShaderStage.Compute)
        trace = controller.DebugThread(options.group, options.thread)
        if trace.debugger is None:
            fail(f"{options.file}: RenderDoc cannot step through this kernel: {reflection.debugInfo.debugStatus}")
        before, shown = None, {}
        for file, line, function, values in Invocation(controller, trace, reflection).steps():
            if (file, line) == before:
                continue
            before = (file, line)
            changed = {name: value for name, value in values.items() if shown.get((function, name)) != value}
            shown.update({(function, name): value for name, value in changed.items()})
            if options.lines[0] <= line <= options.lines[1]:
                print(f"{os.path.basename(file)}:{line} {function}", *(f"{n}={v}" for n, v in changed.items()))
        controller.FreeTrace(trace)


if __name__ == "__main__":
    main()
