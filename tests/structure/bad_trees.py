"""A small good tree, and faults to plant in it: (file, its text, what the complaint must say)."""

GOOD = {
    "engine/ops/add.h": 'struct Add {\n  static constexpr std::string_view kName = "add";\n};\n',
    "engine/ops/all.h": "using AllOps = OpList<Add>;\n",
    "engine/include/tritium/tritium.hpp": '#include <string>\n#include "tritium/status.hpp"\n',
    "engine/backends.cpp": '#include "cpu/cpu_backend.h"\n#include "vulkan/vulkan_backend.h"\n',
    "apps/cli/run.cpp": "#include <CLI/CLI.hpp>\n#include <nlohmann/json.hpp>\n",
    "apps/cli/posix/system.cpp": "#include <poll.h>\n#include <unistd.h>\n",
    "engine/base/posix/memory.cpp": "#include <sys/mman.h>\n",
    "engine/base/windows/memory.cpp": "#include <windows.h>\n",
    "engine/vulkan/gpu.cpp": "#include <vulkan/vulkan_raii.hpp>\n",
    "engine/vulkan/device_probe.cpp": '.kernel = "read"\n',
    "shaders/probe/read.comp": '#include "params/probe.h"\n',
    "tests/vulkan/gpu_test.cpp": '#include <vulkan/vulkan.h>\n#include "vulkan/gpu.h"\n#include "cpu/cpu_backend.h"\n',
    "tests/ops/lines_test.cpp": "\n" * 500,
    "dev": "cp ../home/tmp x >/dev/null  # https://example.org/home/index\n",
}


def include(name, target, reason):
    return name, f"#include {target}\n", reason


def not_for(folder, target, name="x.cpp"):
    return include(f"{folder}/{name}", f'"{target}"', f"{folder} may include ")


INCLUDES = [
    not_for("engine/base", "tensor/shape.h"),
    not_for("engine/base", "ops/ops.h"),
    not_for("engine/tensor", "ops/tensor.h"),
    not_for("engine/tensor", "format/gguf.h"),
    not_for("engine/ops", "model/config.h"),
    not_for("engine/ops", "cpu_ref/operations.h"),
    not_for("engine/ops", "tritium/tritium.hpp"),
    not_for("engine/cpu", "vulkan/gpu.h"),
    not_for("engine/cpu", "model/config.h"),
    not_for("engine/vulkan", "cpu/kernels.h"),
    not_for("engine/vulkan", "cpu_ref/operations.h"),
    not_for("engine/vulkan", "model/layer.h"),
    not_for("engine/vulkan/device", "vulkan/memory/memory_pool.h"),
    not_for("engine/vulkan/memory", "vulkan/commands/submissions.h"),
    not_for("engine/vulkan/pipelines", "vulkan/memory/memory_pool.h"),
    not_for("engine/vulkan/commands", "vulkan/gpu.h"),
    not_for("engine/vulkan/ops", "vulkan/device/device.h"),
    not_for("engine/format", "model/config.h"),
    not_for("engine/format", "ops/backend.h"),
    not_for("engine/text", "format/gguf.h"),
    not_for("engine/model_files", "model/config.h"),
    not_for("engine/convert", "ops/backend.h"),
    not_for("engine/experiment", "train/run.h"),
    not_for("engine/c_api", "api/state.h"),
    not_for("examples", "api/state.h"),
    not_for("bindings/node", "c_api/call.h"),
    not_for("engine/experiment", "api/state.h"),
    not_for("engine/artifact", "convert/write_model.h"),
    not_for("engine/model", "format/gguf.h"),
    not_for("engine/model", "vulkan/gpu.h"),
    not_for("engine/model", "../vulkan/gpu.h"),
    not_for("engine/model", "api/state.h"),
    not_for("engine/model", "cpu_ref/operations.h"),
    not_for("engine/model", "train/data/batch.h"),
    not_for("engine/layers", "cpu_ref/host_memory.h"),
    not_for("engine/layers", "train/data/batch.h"),
    not_for("engine/train", "api/state.h"),
    not_for("engine/train", "vulkan/gpu.h"),
    not_for("engine/graph", "model/config.h"),
    not_for("engine/selftest", "model/config.h"),
    not_for("engine/selftest", "cpu/cpu_backend.h"),
    not_for("engine/bench", "cpu/kernels.h"),
    not_for("engine/bench", "cli/terminal.h"),
    not_for("engine/api", "vulkan/vulkan_backend.h"),
    not_for("engine/api", "cpu/cpu_backend.h"),
    not_for("engine/api", "cpu_ref/operations.h"),
    not_for("engine/api", "cli/terminal.h"),
    not_for("apps/gpu_report", "cpu/cpu_backend.h"),
    not_for("apps/gpu_report", "vulkan/gpu.h"),
    not_for("apps/gpu_report", "train/data/batch.h"),
    not_for("apps/gpu_report", "cli/terminal.h"),
    not_for("apps/desktop", "api/state.h"),
    not_for("apps/server", "cli/terminal.h"),
    not_for("apps/server", "api/state.h"),
    not_for("apps/server/openai", "server/scheduler.h"),
    include("apps/server/scheduler.h", '"server/openai/json.h"', "apps/server/scheduler.h may include "),
    include("apps/server/scheduler.cpp", '"server/http.h"', "apps/server/scheduler.cpp may include "),
    not_for("apps/cli", "server/http.h"),
    not_for("apps/cli", "gpu_report/report.h"),
    not_for("apps/cli", "model/config.h"),
    not_for("apps/cli", "base/format_text.h"),
    not_for("apps/cli", "backends.h"),
    not_for("apps", "api/state.h", "other/x.cpp"),
    not_for("engine/include", "base/log.h", "tritium/x.hpp"),
    not_for("engine", "vulkan/vulkan_backend.h"),
    not_for("cpu_ref", "cpu/kernels.h"),
    not_for("cpu_ref", "model/config.h"),
    not_for("shaders/params", "lib/ternary.h", "x.h"),
    not_for("shaders/lib", "ops/all.h", "x.h"),
    not_for("shaders/probe", "lib/ternary.h", "x.comp"),
    not_for("shaders", "cpu_ref/operations.h", "x.comp"),
    include("engine/backends.h", '"vulkan/vulkan_backend.h"', "engine/backends.h may include "),
    include("engine/backends.cpp", '"vulkan/gpu.h"', "engine/backends.cpp may include "),
    ("engine/other.cpp", GOOD["engine/backends.cpp"], "names two backends"),
    include("engine/api/x.cpp", "<vulkan/vulkan.h>", "belongs in engine/vulkan"),
    include("tests/ops/x.cpp", "<vulkan/vulkan.hpp>", "belongs in engine/vulkan"),
    include("engine/api/x.cpp", "<CLI/CLI.hpp>", "belongs in apps/cli"),
    include("engine/api/x.cpp", "<nlohmann/json.hpp>", "belongs in apps/cli"),
    include("engine/train/run.cpp", "<xxhash.h>", "belongs in engine/base/checksum.cpp"),
    include("engine/text/tokenizer.cpp", "<pcre2.h>", "belongs in engine/text/pattern.cpp"),
    include("engine/text/tokenizer.cpp", "<utf8proc.h>", "belongs in engine/text/unicode.cpp"),
    include("engine/artifact/pack.cpp", "<zstd.h>", "belongs in engine/artifact/compress.cpp"),
    include("cpu_ref/x.cpp", "<glm/vec2.hpp>", "belongs in shaders/lib"),
    include("engine/base/x.h", "<gtest/gtest.h>", "belongs in tests"),
    include("apps/server/routes.cpp", "<httplib.h>", "belongs in apps/server/http.cpp, apps/server/limited_stream.h"),
    include("apps/server/routes.cpp", "<netinet/tcp.h>", "belongs in engine/base/posix"),
    include("apps/server/routes.cpp", "<nlohmann/json.hpp>", "belongs in apps/cli"),
    include("engine/api/x.cpp", "<node_api.h>", "belongs in bindings/node"),
    include("apps/cli/chat.cpp", "<imgui.h>", "belongs in apps/desktop"),
    include("apps/cli/chat.cpp", "<GLFW/glfw3.h>", "belongs in apps/desktop"),
    include("engine/api/x.cpp", "<unistd.h>", "belongs in engine/base/posix"),
    include("engine/base/x.cpp", "<sys/mman.h>", "belongs in engine/base/posix"),
    include("apps/cli/run.cpp", "<windows.h>", "belongs in engine/base/posix"),
    include("cpu_ref/x.cpp", "<linux/futex.h>", "belongs in engine/base/posix"),
    include("engine/include/tritium/x.hpp", "<nlohmann/json.hpp>", "not the standard library"),
    include("engine/include/tritium/x.hpp", "<unistd.h>", "not the standard library"),
    include("engine/include/tritium/x.hpp", "<fmt.h>", "not the standard library"),
]


def contents(max_lines):
    too_long = "\n" * (max_lines + 1)
    paths = ['open("/home/me/model");', "cd /work/tree", 'MODEL=/tmp/model', "at = '/tmp'", "include(/root/x.cmake)"]
    return (
        [(name, too_long, f"{name}: {max_lines + 1} lines")
         for name in ("engine/ops/x.cpp", "engine/ops/x.h", "engine/include/tritium/x.hpp", "shaders/x.comp",
                      "shaders/lib/x.glsl", "tests/apps/cli/x.py", "bindings/node/x.js", "cmake/x.cmake", "dev", "tests/CMakeLists.txt")]
        + [("cpu_ref/x.cpp", f"// {word}: later\n", "cpu_ref/x.cpp:1: unfinished") for word in ("TODO", "FIXME", "XXX", "HACK")]
        + [("dev", "# TODO\n", "dev:1: unfinished")]
        + [("tests/x.cpp", f"\n{line}\n", "tests/x.cpp:2: an absolute path") for line in paths]
    )


NAMES = [
    ("shaders/unknown.comp", "\n", "shaders/unknown.comp: no operation"),
    ("shaders/unknown.coopmat.comp", "\n", "shaders/unknown.coopmat.comp: no operation"),
    ("shaders/probe/unknown.comp", "\n", "shaders/probe/unknown.comp: engine/vulkan/device_probe.cpp does not launch it"),
    ("engine/vulkan/device_probe.cpp", '.kernel = "read"\n.kernel = "write"\n', "write is no kernel of shaders/probe"),
    ("engine/ops/all.h", "using AllOps = OpList<>;\n", "Add is not in AllOps"),
    ("engine/ops/all.h", "using AllOps = OpList<Add, Sub>;\n", "Sub is no operation"),
    ("engine/ops/add.h", "\n", "no operation is named"),
    ("engine/ops/add.h", GOOD["engine/ops/add.h"].replace("add", "sub"), "sub belongs in a file of its name"),
    ("engine/text/words.h", "struct Add {\n};\n", "engine/text/words.h: Add is defined in engine/ops/add.h, too"),
    ("engine/ops/sub.h", GOOD["engine/ops/add.h"].replace("add", "sub").replace("Add", "Sub"), "sub: a test is missing"),
]
