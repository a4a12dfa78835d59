// Any operation, as the dispatches that it takes.
#pragma once

#include "vulkan/ops/one_dispatch.h"

namespace tritium::vulkan {

// What the operations of several dispatches record: vulkan/ops/<op>.cpp, and those of a weight that is bound in
// windows: with_weight.cpp; and those that stand for several: fused.cpp. The others are rows of one_dispatch.h.
Status launch(Recorder& recorder, const Argmax& op);
Status launch(Recorder& recorder, const TopCandidates& op);
Status launch(Recorder& recorder, const Attention& op);
Status launch(Recorder& recorder, const Embedding& op);
Status launch(Recorder& recorder, const TernaryMatmul& op);
Status launch(Recorder& recorder, const TernaryMatmulF32& op);
Status launch(Recorder& recorder, const PackedMatmul& op);
Status launch(Recorder& recorder, const PackedMatmulF32& op);
Status launch(Recorder& recorder, const DenseMatmul& op);
Status launch(Recorder& recorder, const RmsNormBackward& op);
Status launch(Recorder& recorder, const TernaryMatmulBackward& op);
Status launch(Recorder& recorder, const DenseMatmulBackward& op);
Status launch(Recorder& recorder, const AttentionBackward& op);
Status launch(Recorder& recorder, const ScaleColumnsBackward& op);
Status launch(Recorder& recorder, const SumSquares& op);
Status launch(Recorder& recorder, const FactoredDirection& op);
Status launch(Recorder& recorder, const NormQkv& op);
Status launch(Recorder& recorder, const NormRouter& op);
Status launch(Recorder& recorder, const ExpertGateUp& op);
Status launch(Recorder& recorder, const ExpertDown& op);
Status launch(Recorder& recorder, const AttentionStep& op);
Status launch(Recorder& recorder, const MergeOutput& op);

template <typename Op>
Status record(Recorder& recorder, const Op& op) {
  if constexpr (requires { workgroups_of(op); }) {
    return launch_one(recorder, op);
  } else {
    return launch(recorder, op);
  }
}

}  // namespace tritium::vulkan
