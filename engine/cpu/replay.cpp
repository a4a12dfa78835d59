// A Program on this backend: a walk over its operations in which products that follow each other with one input are one
// loop of the threads, which is started once.
#include "cpu/backend.h"
#include "ops/program.h"

namespace tritium {
namespace {

class CpuReplay final : public Replay {
 public:
  CpuReplay(CpuBackend& backend, const Program& program) : backend_(backend), program_(program) {
    const auto& steps = program.steps();
    for (size_t first = 0, last; first < steps.size(); first = last) {
      last = first + 1;
      if (const auto* product = std::get_if<TernaryMatmul>(&steps[first].op))
        while (last < steps.size() && shares_input(*product, steps[last])) ++last;
      runs_.push_back({first, last});
    }
  }

  Status run() override {
    for (const auto& [first, last] : runs_) {
      if (cancelled()) return cancelled_status();
      if (Status s = run(first, last); !s.ok()) return s;
    }
    return Status();
  }

 private:
  struct Run {
    size_t first, last;  // steps
  };

  static bool shares_input(const TernaryMatmul& product, const Program::Step& step) {
    const auto* next = std::get_if<TernaryMatmul>(&step.op);
    return next && CpuBackend::same_input(product, *next);
  }

  Status run(size_t first, size_t last) {
    const auto& steps = program_.steps();
    if (last == first + 1) return std::visit([&](const auto& op) { return backend_.run(op); }, steps[first].op);
    products_.clear();
    for (size_t i = first; i < last; ++i) products_.push_back(&std::get<TernaryMatmul>(steps[i].op));
    return backend_.run_products(products_);
  }

  CpuBackend& backend_;
  const Program& program_;
  std::vector<Run> runs_;
  std::vector<const TernaryMatmul*> products_;  // memory of run()
};

}  // namespace

Result<std::unique_ptr<Replay>> CpuBackend::prepare(const Program& program) {
  return std::unique_ptr<Replay>(std::make_unique<CpuReplay>(*this, program));
}

}  // namespace tritium
