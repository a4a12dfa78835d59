#include "convert/opened.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "base/format_text.h"
#include "base/same_file.h"
#include "convert/chunks.h"
#include "convert/float_rows.h"
#include "convert/trit_facts.h"
#include "model_files/open_model.h"
#include "tensor/half.h"

namespace tritium {
namespace {

// Of those that hold a tensor exactly, the smallest is taken; of equal ones the first.
constexpr std::array kTernary = {StorageType::q1_0,  StorageType::tq1_0, StorageType::ptq1_0, StorageType::i2_s,
                                 StorageType::tq2_0, StorageType::pq2_0, StorageType::q2_0};

uint64_t size_of(StorageType type, const TensorInfo& info) {
  return storage_bytes(type, info.shape).ok() ? *storage_bytes(type, info.shape) : UINT64_MAX;
}

// F32 values that F16 or BF16 hold as well.
Result<StorageType> shortest_floats(const TensorMap& source, const TensorInfo& info, ThreadPool& pool) {
  const Result<std::unique_ptr<DenseRows>> rows = source.dense_rows(info.name);
  if (!rows.ok()) return rows.status();
  if ((*rows)->dtype() == DType::f16) return StorageType::f16;
  if ((*rows)->dtype() == DType::bf16) return StorageType::bf16;
  const Result<FloatRows> floats = FloatRows::open(source, info.name);
  if (!floats.ok()) return floats.status();
  struct Held {
    bool f16 = true, bf16 = true;
  };
  std::vector<Held> slots(static_cast<size_t>(pool.threads()));
  Held all;
  const Shape shape = floats->shape();
  const Status read = for_chunks(
      pool, shape[0] * shape[1], shape[2],
      [&](size_t slot, int64_t first, int64_t n) {
        std::vector<float> values(static_cast<size_t>(n * shape[2]));
        if (Status s = floats->read(first, n, values); !s.ok()) return s;
        Held held;
        for (const float v : values) {
          held.f16 &= f16_to_f32(f32_to_f16(v)) == v;
          held.bf16 &= bf16_to_f32(f32_to_bf16(v)) == v;
        }
        slots[slot] = held;
        return Status();
      },
      [&](size_t slot) {
        all.f16 &= slots[slot].f16;
        all.bf16 &= slots[slot].bf16;
        return Status();
      });
  if (!read.ok()) return read;
  return all.bf16 ? StorageType::bf16 : all.f16 ? StorageType::f16 : StorageType::f32;
}

// Exactly, if a type can; else with scales rounded to F16, where they are normal numbers.
std::optional<TensorJob> trits_job(const TensorInfo& info, const TritFacts& facts) {
  for (const bool rounded : {false, true}) {
    TensorJob best = {.info = &info, .encoding = Encoding::trits, .measured = rounded};
    uint64_t least = UINT64_MAX;
    for (const StorageType type : kTernary)
      if (why_not(facts, type, rounded).empty() && size_of(type, info) < least)
        least = size_of(type, info), best.type = type;
    if (rounded && !facts.normal_halves) break;
    if (rounded) best.note = "its scales are rounded to F16: no type here holds them exactly";
    if (least != UINT64_MAX) return best;
  }
  return std::nullopt;
}

}  // namespace

Result<OpenedSource> open_source(const std::string& input, const std::string& output) {
  const Result<std::vector<std::string>> files = files_of_model(input);
  if (!files.ok()) return files.status();
  std::vector<NamedFile> inputs;
  for (const std::string& file : *files) inputs.push_back({"the model", file});
  const NamedFile outputs[] = {{"the output", output}};
  if (Status s = check_outputs(outputs, inputs); !s.ok()) return s;
  Result<OpenedModel> opened = open_model(input);
  if (!opened.ok()) return opened.status();
  OpenedSource source;
  source.tensors = std::move(opened->tensors);
  source.warnings = std::move(opened->warnings);
  const Result<CheckedModel> model = CheckedModel::check(source.tensors);
  if (!model.ok()) return model.status();
  source.config = model->config();
  for (const TensorSpec& spec : tensor_specs(source.config)) source.roles[spec.name] = spec.role;
  return source;
}

Result<StorageType> type_named(const std::string& name) {
  std::string upper = name;
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const std::optional<StorageType> type = storage_type_of_name(upper);
  if (type && *type != StorageType::q2_0_group128) return *type;
  return error(StatusCode::invalid_argument, "type \"", name,
               "\" is not known; there are F32, F16, BF16, Q8_0, Q4_0, Q4_K, ",
               "Q6_K, TQ1_0, TQ2_0, I2_S, Q1_0, Q2_0, PQ2_0, PTQ1_0, STQ1_0");
}

Result<TensorJob> exact_job(const TensorMap& source, const TensorInfo& info, bool exact, ThreadPool& pool) {
  if (exact) return TensorJob{.info = &info, .type = StorageType::f32};
  std::string note;
  if (info.ternary) {
    const Result<std::unique_ptr<TernaryRows>> rows = source.ternary_rows(info.name);
    if (!rows.ok()) return rows.status();
    const Result<TritFacts> facts = read_facts(**rows, pool);
    if (!facts.ok() && facts.code() != StatusCode::unsupported) return facts.status();
    if (facts.ok())
      if (const std::optional<TensorJob> job = trits_job(info, *facts)) return *job;
    note = facts.ok() ? "no ternary type holds its scales and rows" : "not ternary: " + facts.message();
  }
  const Result<StorageType> type = shortest_floats(source, info, pool);
  if (!type.ok()) return type.status();
  return TensorJob{.info = &info, .type = *type, .note = std::move(note)};
}

Metadata metadata_of(Metadata metadata, const std::vector<TensorJob>& jobs) {
  constexpr std::pair<StorageType, int64_t> kFileTypes[] = {
      {StorageType::f32, 0},    {StorageType::f16, 1},   {StorageType::q4_0, 2},  {StorageType::q8_0, 7},
      {StorageType::q4_k, 14},  {StorageType::q6_k, 18}, {StorageType::bf16, 32}, {StorageType::tq1_0, 36},
      {StorageType::tq2_0, 37}, {StorageType::i2_s, 40},
  };
  std::map<StorageType, uint64_t> bytes;
  for (const TensorJob& job : jobs) bytes[job.type] += size_of(job.type, *job.info);
  const auto most = std::ranges::max_element(bytes, {}, [](const auto& b) { return b.second; });
  for (const auto& [type, number] : kFileTypes)
    if (most != bytes.end() && most->first == type) metadata.set("general.file_type", number);
  metadata.set("general.quantization_version", int64_t{2});
  return metadata;
}

Status Steps::add(int64_t n) {
  done_ += n;
  const double fraction = std::min(1.0, static_cast<double>(done_) / static_cast<double>(std::max<int64_t>(1, total_)));
  return !progress_ || progress_(fraction) ? Status() : cancelled_status("writing the model");
}

Result<WrittenModel> write_opened(OpenedSource opened, const std::string& output, const std::vector<TensorJob>& jobs,
                                  ThreadPool& pool, Steps& steps) {
  WrittenModel written;
  written.warnings = std::move(opened.warnings);
  Status done = write_model(
      output, *opened.tensors, metadata_of(opened.tensors->metadata(), jobs), jobs, pool,
      [&](int64_t n) { return steps.add(n); }, written);
  if (!done.ok()) return done;
  return written;
}

}  // namespace tritium
