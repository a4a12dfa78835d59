// What fused operations (kComposed) are made of: the same by the simple ones, on any backend. It is their definition,
// and how backends without a kernel of their own run them.
#pragma once

#include "ops/backend.h"

namespace tritium {

Status compose(Backend& backend, const NormQkv& op);
Status compose(Backend& backend, const NormRouter& op);
Status compose(Backend& backend, const NormRows& op);
Status compose(Backend& backend, const ExpertGateUp& op);
Status compose(Backend& backend, const ExpertDown& op);
Status compose(Backend& backend, const MergeOutput& op);

template <typename Op>
inline constexpr bool kIsComposed = requires {
  Op::kComposed;
};

}  // namespace tritium
