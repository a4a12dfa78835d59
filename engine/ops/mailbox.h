// Mailbox: integers that a device leaves for the host, which reads them without a copy while later work goes on.
//
//   mailbox = *backend.make_mailbox(n);  ops(NextToken{…, .ring = mailbox->slots()});
//   post = *mailbox->post();  … more work …  id = *mailbox->read(post, slot);
//
// Thread rule: as for the Backend that made it, which outlives it.
#pragma once

#include <cstdint>
#include <span>

#include "ops/tensor.h"
#include "tritium/status.hpp"

namespace tritium {

class Backend;

class Mailbox {
 public:
  explicit Mailbox(Tensor slots) : slots_(std::move(slots)) {}
  virtual ~Mailbox() = default;

  const Tensor& slots() const { return slots_; }  // i32 [n], for operations to write
  // Sends off what was recorded so far; the number is what its results are read by.
  virtual Result<uint64_t> post() = 0;
  // Waits until that has run, and reads the slots from `first` on. Whoever lets it be overwritten reads what came last.
  virtual Status read(uint64_t post, int64_t first, std::span<int32_t> values) = 0;

 private:
  Tensor slots_;
};

}  // namespace tritium
