// Heads of integers in blocks, from memory.
#include "base/format_text.h"
#include "bench/case_tensors.h"
#include "bench/rows.h"

namespace tritium::bench {
namespace {

constexpr int64_t kVocabulary = 128256, kDim = 2560;  // BitNet-2B's

Result<std::vector<Row>> make_heads(std::span<Lane> lanes, DType dtype, const std::vector<RowName>& names) {
  CaseTensors tensors(*lanes.front().backend);
  const Weight weight = tensors.packed({1, kVocabulary, kDim}, dtype);
  std::vector<Row> rows;
  for (const RowName& name : names) {
    const CaseTensors::Quantized x = tensors.quantized(name.n, kDim);
    const Tensor y = tensors.zeros({name.n, kVocabulary});
    if (Status s = tensors.finish(); !s.ok()) return s;
    const auto bytes = static_cast<double>(weight.data.bytes() + weight.scales.bytes());
    const Work work = {.bytes = bytes,
                       .operations = 2.0 * static_cast<double>(name.n * kVocabulary * kDim),
                       .read_again = static_cast<uint64_t>(bytes)};
    rows.push_back({name, work, [=](Lane& lane) {
                      Ops ops(*lane.backend);
                      return median_seconds([&] {
                        ops(PackedMatmul{.q = x.q, .scales = x.scales, .weight = weight, .expert_ids = {}, .y = y});
                        return ops.finish();
                      });
                    }});
  }
  return rows;
}

}  // namespace

void add_heads(std::vector<Family>& families) {
  for (const DType dtype : {DType::q8_0, DType::q4_k, DType::q6_k, DType::q4_0}) {
    Family family = {.name = join("head/", name_of(dtype), " ", kVocabulary, "x", kDim),
                     .rows = {},
                     .bytes = static_cast<uint64_t>(bytes_of(dtype, kVocabulary * kDim) + 16 * kVocabulary * 4),
                     .make = {}};
    for (const int64_t n : {1, 2, 4, 8}) family.rows.push_back({join(family.name, "/n=", n), n});
    family.make = [dtype, names = family.rows](std::span<Lane> lanes) { return make_heads(lanes, dtype, names); };
    families.push_back(std::move(family));
  }
}

}  // namespace tritium::bench
