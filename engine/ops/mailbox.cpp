// The Mailbox of a backend whose operations run in the caller's thread: a tensor that is downloaded.
#include "ops/mailbox.h"

#include <algorithm>
#include <vector>

#include "ops/backend.h"

namespace tritium {
namespace {

class HostMailbox final : public Mailbox {
 public:
  HostMailbox(Backend& backend, const Tensor& slots) : Mailbox(slots), backend_(backend) {}

  Result<uint64_t> post() override {
    if (Status s = backend_.submit(); !s.ok()) return s;
    return ++posts_;
  }

  Status read(uint64_t /*post*/, int64_t first, std::span<int32_t> values) override {
    std::vector<int32_t> all(static_cast<size_t>(slots().elements()));
    if (Status s = backend_.download(slots(), std::as_writable_bytes(std::span(all))); !s.ok()) return s;
    const auto wanted = std::span(all).subspan(static_cast<size_t>(first), values.size());
    std::copy(wanted.begin(), wanted.end(), values.begin());
    return Status();
  }

 private:
  Backend& backend_;
  uint64_t posts_ = 0;
};

}  // namespace

Result<std::unique_ptr<Mailbox>> Backend::make_mailbox(int64_t n) {
  Result<Tensor> slots = allocate({n}, DType::i32, "mailbox");
  if (!slots.ok()) return slots.status();
  return std::unique_ptr<Mailbox>(std::make_unique<HostMailbox>(*this, *slots));
}

}  // namespace tritium
