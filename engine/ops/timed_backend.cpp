#include "ops/timed_backend.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "ops/op_work.h"

namespace tritium {
namespace {

class TimedBackend final : public Each<TimedBackend, ForwardingBackend, AllOps> {
 public:
  explicit TimedBackend(std::unique_ptr<Backend> measured) : Each(std::move(measured)) {
    for (size_t i = 0; i < times_.size(); ++i) times_[i].operation = AllOps::kNames[i];
  }

  std::vector<ProfileEntry> times() const {
    std::vector<ProfileEntry> used;
    for (const ProfileEntry& t : times_)
      if (t.calls > 0) used.push_back(t);
    std::ranges::sort(used, [](const ProfileEntry& a, const ProfileEntry& b) { return a.seconds > b.seconds; });
    return used;
  }

  template <typename Op>
  Status each(const Op& op) {
    const OpWork work = work_of(op, inner());
    const Clock::time_point begin = Clock::now();
    Status status = inner().run(op);
    if (status.ok()) status = wait();
    ProfileEntry& t = *std::ranges::find(times_, Op::kName, &ProfileEntry::operation);
    ++t.calls;
    t.seconds += std::chrono::duration<double>(Clock::now() - begin).count();
    t.bytes += work.bytes;
    t.weight_bytes += work.weight_bytes;
    t.integer_operations += work.integer_operations;
    t.float_operations += work.float_operations;
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
  std::array<ProfileEntry, AllOps::kNames.size()> times_;
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
