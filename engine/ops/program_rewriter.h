// ProgramRewriter: a Program's steps, who reads and writes what between them, and replacing several by one.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "ops/fuse.h"

namespace tritium {

class ProgramRewriter {
 public:
  ProgramRewriter(Program& program, const FusionLimits& limits, const WantsFusion& wants)
      : program_(program), limits_(limits), wants_(wants), steps_(program.steps()), gone_(steps_.size()) {
    for (size_t i = 0; i < steps_.size(); ++i) std::visit([&](const auto& op) { note(op, i); }, steps_[i].op);
  }

  // Steps keep their numbers until they are taken.
  size_t size() const { return steps_.size(); }
  std::vector<Program::Step> take() {
    std::vector<Program::Step> left;
    for (size_t i = 0; i < steps_.size(); ++i)
      if (!gone_[i]) left.push_back(std::move(steps_[i]));
    return left;
  }

  const FusionLimits& limits() const { return limits_; }
  Tensor temporary(const Shape& shape) { return program_.temporary(shape, DType::f32); }

  template <typename Op>
  const Op* at(size_t step) const {
    return gone_[step] ? nullptr : std::get_if<Op>(&steps_[step].op);
  }

  template <typename Op>
  void note(const Op& op, size_t step) {
    each_tensor(op, [&](Role role, const Tensor& tensor) {
      Uses& uses = uses_[tensor.buffer.get()];
      const auto add = [step](std::vector<size_t>& steps) {
        steps.insert(std::ranges::upper_bound(steps, step), step);
      };
      if (role == Role::input || role == Role::in_out) add(uses.readers);
      if (role != Role::input) add(uses.writers);
    });
  }

  void forget(size_t step) {
    std::visit(
        [&](const auto& op) {
          each_tensor(op, [&](Role, const Tensor& tensor) {
            Uses& uses = uses_[tensor.buffer.get()];
            for (std::vector<size_t>* steps : {&uses.readers, &uses.writers}) std::erase(*steps, step);
          });
        },
        steps_[step].op);
    gone_[step] = true;
  }

  template <typename Op>
  void put(size_t step, const Op& op) {
    steps_[step].op = op;
    gone_[step] = false;
    note(op, step);
  }

  const std::vector<size_t>& readers(const Tensor& tensor) { return uses_[tensor.buffer.get()].readers; }
  const std::vector<size_t>& writers(const Tensor& tensor) { return uses_[tensor.buffer.get()].writers; }

  // The one step that writes a temporary, if it is such an operation.
  template <typename Op>
  std::optional<size_t> made_by(const Tensor& tensor) {
    const std::vector<size_t>& by = writers(tensor);
    if (!dynamic_cast<const Temporary*>(tensor.buffer.get()) || by.size() != 1) return std::nullopt;
    return at<Op>(by.front()) ? std::optional(by.front()) : std::nullopt;
  }

  bool read_by(const Tensor& tensor, std::initializer_list<size_t> steps) {
    return std::ranges::is_permutation(readers(tensor), steps);
  }

  // Whether a kernel can take it.
  template <typename Op>
  bool fits(const Op& op) const {
    int64_t tensors = 0;
    bool small = true;
    Op::visit(op, [&](Role, const auto&, auto... scales) { tensors += 1 + static_cast<int64_t>(sizeof...(scales)); });
    each_tensor(
        op, [&](Role, const Tensor& t) { small = small && static_cast<uint64_t>(t.bytes()) <= limits_.tensor_bytes; });
    return small && tensors <= limits_.tensors && op.check().ok();
  }

  // Read after the run.
  bool kept(const Temporary& temporary) const { return program_.lifetimes()[temporary.index].last >= steps_.size(); }

  // Whether nobody but the steps sees what they write and `op` does not: what the program keeps is seen.
  template <typename Op>
  bool hides_nothing(const std::vector<size_t>& steps, const Op& op) {
    bool hidden = true;
    const auto look = [&](Role role, const Tensor& tensor) {
      if (role == Role::input) return;
      bool written = false;
      each_tensor(op, [&](Role, const Tensor& t) { written = written || t.buffer == tensor.buffer; });
      const auto* temporary = dynamic_cast<const Temporary*>(tensor.buffer.get());
      const bool own =
          std::ranges::all_of(readers(tensor), [&](size_t i) { return std::ranges::binary_search(steps, i); });
      hidden = hidden && (written || (temporary && own && !kept(*temporary)));
    };
    for (const size_t i : steps) std::visit([&](const auto& part) { each_tensor(part, look); }, steps_[i].op);
    return hidden;
  }

  // Whether it is to be done that operations take the place of the sorted steps; the first of them has a name.
  template <typename Op, typename... More>
  bool wanted(const std::vector<size_t>& replaced, const Op& op, const More&... more) const {
    if (!wants_) return true;
    Fusion fusion = {.name = Op::kName, .fused = {op, more...}, .simple = {}};
    for (const size_t i : replaced) fusion.simple.push_back(steps_[i].op);
    return wants_(fusion);
  }

  // Puts an operation in the place of several steps, where one of them was; false where that would change what others
  // see, where a kernel could not take it, or where it is not wanted.
  template <typename Op>
  bool replace(std::vector<size_t> replaced, const Op& op) {
    std::ranges::sort(replaced);
    if (!fits(op) || !hides_nothing(replaced, op)) return false;
    const auto place = std::ranges::find_if(replaced, [&](size_t step) { return may_meet_at(replaced, step); });
    if (place == replaced.end() || !wanted(replaced, op)) return false;
    const size_t at = *place;
    for (const size_t i : replaced) forget(i);
    put(at, op);
    steps_[at].place = steps_[replaced.back()].place;  // the labels of what it is for: the product, mostly
    return true;
  }

  // Whether the sorted steps may all be done at `place`: those that they pass on their way have nothing to do with
  // them.
  bool may_meet_at(const std::vector<size_t>& steps, size_t place) const {
    return std::ranges::all_of(steps, [&](size_t step) {
      for (size_t i = std::min(step, place) + 1; i < std::max(step, place); ++i)
        if (!gone_[i] && !std::ranges::binary_search(steps, i) && !apart(i, step)) return false;
      return true;
    });
  }

  // Whether it is all the same which of two steps comes first.
  bool apart(size_t one, size_t other) const {
    bool touch = false;
    const auto each = [this](size_t step, const auto& f) {
      std::visit([&](const auto& op) { each_tensor(op, f); }, steps_[step].op);
    };
    each(one, [&](Role role, const Tensor& tensor) {
      each(other, [&](Role other_role, const Tensor& t) {
        touch = touch || (t.buffer == tensor.buffer && (role != Role::input || other_role != Role::input));
      });
    });
    return !touch;
  }

 private:
  struct Uses {
    std::vector<size_t> readers, writers;  // steps
  };

  Program& program_;
  FusionLimits limits_;
  const WantsFusion& wants_;
  std::vector<Program::Step> steps_;
  std::vector<bool> gone_;  // of steps: it became a part of another
  std::map<const Buffer*, Uses> uses_;
};

}  // namespace tritium
