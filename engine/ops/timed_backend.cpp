#include "ops/timed_backend.h"

#include <array>
#include <chrono>

#include "ops/operation_times.h"

namespace tritium {
namespace {

class TimedBackend final : public Each<TimedBackend, ForwardingBackend, AllOps> {
 public:
  explicit TimedBackend(std::unique_ptr<Backend> measured) : Each(std::move(measured)) {}

  std::vector<ProfileEntry> times() const { return times_.longest_first(); }

  template <typename Op>
  Status each(const Op& op) {
    const OpWork work = work_of(op, inner());
    const Clock::time_point begin = Clock::now();
    Status status = inner().run(op);
    if (status.ok()) status = wait();
    times_.add(Op::kName, std::chrono::duration<double>(Clock::now() - begin).count(), work);
    return status;
  }

 private:
  using Clock = std::chrono::steady_clock;

  // A download comes after everything that was recorded.
  Status wait() {
    if (!mark_) {
      Result<Tensor> mark = inner().allocate({1}, DType::f32, "mark");
      if (!mark.ok()) return mark.status();
      mark_ = *mark;
    }
    std::array<std::byte, 4> bytes{};
    return inner().download(mark_, bytes);
  }

  Tensor mark_;
  OperationTimes times_;
};

}  // namespace

std::unique_ptr<Backend> make_timed_backend(std::unique_ptr<Backend> measured) {
  return std::make_unique<TimedBackend>(std::move(measured));
}

std::vector<ProfileEntry> operation_times(const Backend& backend) {
  const auto* timed = dynamic_cast<const TimedBackend*>(&backend);
  return timed ? timed->times() : std::vector<ProfileEntry>();
}

}  // namespace tritium
