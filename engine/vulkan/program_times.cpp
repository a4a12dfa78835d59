#include "vulkan/program_times.h"

namespace tritium::vulkan {
namespace {

// Positions are there before the run, ids of experts are not: as if all were different.
template <typename Op>
OpWork work_before_run(const Op& op, Backend& backend) {
  if constexpr (requires { op.window; }) return work_of(op, backend);
  return most_work_of(op);
}

}  // namespace

class ProgramTimes::TimedReplay final : public Replay {
 public:
  TimedReplay(ProgramTimes& times, std::shared_ptr<const RecordedCommands> commands, const Program& program)
      : times_(times), commands_(std::move(commands)), program_(program) {}
  Status run() override { return times_.run(commands_, program_); }

 private:
  ProgramTimes& times_;
  std::shared_ptr<const RecordedCommands> commands_;
  const Program& program_;
};

std::unique_ptr<Replay> ProgramTimes::replay(std::shared_ptr<const RecordedCommands> commands, const Program& program) {
  return std::make_unique<TimedReplay>(*this, std::move(commands), program);
}

Status ProgramTimes::run(const std::shared_ptr<const RecordedCommands>& commands, const Program& program) {
  if (Status s = settle(); !s.ok()) return s;
  const DeviceWork before = gpu_.work();
  Run run = {.commands = commands, .work = {}};
  for (const Program::Step& step : program.steps())
    std::visit([&](const auto& op) { run.work.emplace_back(op.kName, work_before_run(op, backend_)); }, step.op);
  gpu_.set_work(before);
  last_ = std::move(run);
  return gpu_.run(commands);
}

Status ProgramTimes::settle() {
  if (!last_) return Status();
  const Run run = *std::exchange(last_, std::nullopt);
  const DeviceWork before = gpu_.work();
  if (Status s = gpu_.finish(); !s.ok()) return s;
  DeviceWork counted = gpu_.work();
  counted.submits = before.submits, counted.waits = before.waits;
  gpu_.set_work(counted);
  const Result<std::vector<double>> marks = gpu_.marks(*run.commands);
  if (!marks.ok()) return marks.status();
  for (size_t i = 0; i < run.work.size(); ++i)
    times_.add(run.work[i].first, (*marks)[i + 1] - (*marks)[i], run.work[i].second);
  return Status();
}

}  // namespace tritium::vulkan
