#include "train/checkpoint.h"
#include "base/checksum.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/atomic_file.h"
#include "base/cancel.h"
#include "base/checked_math.h"
#include "base/format_text.h"
#include "base/input_file.h"
#include "train/json_text.h"
#include "train/limits.h"

namespace tritium::training {
namespace {

constexpr std::string_view kMagic = "TRITIUMC";
constexpr uint64_t kAlign = 64, kChecksumBytes = 8;
constexpr uint64_t kVersion = 2;
constexpr uint64_t kMostHeader = uint64_t{64} << 20;

// One tensor or packed weight of the run, under a name of its own.
struct Item {
  std::string name;
  Tensor tensor;  // or
  BitLinear* packed = nullptr;
  BitLinear* codes = nullptr;  // whose shadow's codes the tensor has: their step goes with them

  uint64_t bytes() const {
    if (!packed) return static_cast<uint64_t>(tensor.bytes());
    const Weight& w = packed->packed;
    const int64_t rows = w.n_matrices * w.rows;
    return static_cast<uint64_t>(rows * w.row_stride / 4 + rows * packed->groups_per_row() * 4);
  }
};

std::vector<Item> items_of(Transformer& model) {
  std::vector<Item> items;
  const auto add = [&](const std::string& name, const Tensor& tensor) {
    if (tensor) items.push_back({name, tensor});
  };
  for (BitLinear* p : model.parameters()) {
    if (p->trains() && p->shadow.data)
      items.push_back({p->name + ".shadow", p->shadow.data, nullptr, p->shadow.dtype == DType::i8 ? p : nullptr});
    add(p->name + ".average", p->average);
    add(p->name + ".m", p->m);
    add(p->name + ".v", p->v);
    add(p->name + ".m_scales", p->m_scales);
    add(p->name + ".v_scales", p->v_scales);
    add(p->name + ".row_squares", p->row_squares);
    add(p->name + ".col_squares", p->col_squares);
    if (p->ternary() && p->trains()) items.push_back({p->name + ".trits", {}, p});
  }
  size_t index = 0;
  for (const auto& quantizer : model.quantizers()) {
    if (!quantizer->kept()) continue;
    add(join("alpha.", index), quantizer->alpha());
    add(join("bound.", index), quantizer->bound());
    ++index;
  }
  return items;
}

Status read_item(const Item& item, Backend& backend, std::vector<std::byte>& out) {
  out.resize(item.bytes());
  if (!item.packed) return backend.download(item.tensor, out);
  const Result<TernaryMatrix> trits = backend.download_weight(item.packed->packed);
  if (!trits.ok()) return trits.status();
  std::memcpy(out.data(), trits->words().data(), trits->words().size_bytes());
  std::memcpy(out.data() + trits->words().size_bytes(), trits->scales().data(), trits->scales().size_bytes());
  return Status();
}

// Weights that are no numbers are nothing to go on from, and must not take the place of a checkpoint that is.
Status check_values(const Item& item, std::span<const std::byte> bytes) {
  if (!item.name.ends_with(".shadow") && !item.name.ends_with(".average")) return Status();
  if (item.codes && std::ranges::find(bytes, std::byte{0x80}) != bytes.end())
    return error(StatusCode::corrupt_file, item.name, " holds the code -128, the least is -127");
  const auto all_finite = [bytes]<typename Bits>(Bits exponent) {
    for (size_t at = 0; at + sizeof(Bits) <= bytes.size(); at += sizeof(Bits)) {
      Bits bits = 0;
      std::memcpy(&bits, bytes.data() + at, sizeof bits);
      if ((bits & exponent) == exponent) return false;
    }
    return true;
  };
  constexpr uint32_t kExponentOfF32 = 0x7F800000;
  constexpr uint16_t kExponentOfBf16 = 0x7F80;
  const bool finite = item.tensor.dtype == DType::bf16  ? all_finite(kExponentOfBf16)
                      : item.tensor.dtype == DType::f32 ? all_finite(kExponentOfF32)
                                                        : true;
  return finite ? Status() : error(StatusCode::corrupt_file, item.name, " holds a value that is not finite");
}

// Trits are -1, 0 and 1, and scales numbers.
Status check_trits(const Item& item, std::span<const std::byte> bytes) {
  const auto refuse = [&item](auto... what) { return error(StatusCode::corrupt_file, item.name, " ", what...); };
  const int64_t n_rows = item.packed->packed.n_matrices * item.packed->rows;
  std::vector<float> scales(static_cast<size_t>(n_rows * item.packed->groups_per_row()));
  std::vector<uint32_t> words((bytes.size() - scales.size() * sizeof(float)) / sizeof(uint32_t));
  std::memcpy(words.data(), bytes.data(), words.size() * sizeof(uint32_t));
  std::memcpy(scales.data(), bytes.data() + words.size() * sizeof(uint32_t), scales.size() * sizeof(float));
  constexpr uint32_t kLowBits = 0x55555555;
  for (const uint32_t word : words)
    if ((word & (word >> 1) & kLowBits) != 0) return refuse("holds the code 3, which is no trit");
  for (const float scale : scales)
    if (!std::isfinite(scale)) return refuse("has a scale that is ", scale);
  return Status();
}

Status check_item(const Item& item, std::span<const std::byte> bytes) {
  return item.packed ? check_trits(item, bytes) : check_values(item, bytes);
}

Status write_item(const Item& item, Backend& backend, std::span<const std::byte> bytes, float code_step) {
  if (item.codes) item.codes->shadow.code_step = code_step;
  if (!item.packed) return backend.upload(item.tensor, bytes);
  BitLinear& layer = *item.packed;
  const auto granularity = layer.group_size > 0 ? ScaleGranularity::group : ScaleGranularity::row;
  TernaryMatrix trits(layer.packed.n_matrices, layer.rows, layer.cols, granularity, layer.group_size);
  std::memcpy(trits.words().data(), bytes.data(), trits.words().size_bytes());
  std::memcpy(trits.scales().data(), bytes.data() + trits.words().size_bytes(), trits.scales().size_bytes());
  Result<Weight> weight = backend.upload_weight(trits, layer.name);
  if (weight.ok()) layer.packed = *weight;
  return weight.status();
}

nlohmann::json number_or_null(double value) { return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(); }

std::string header_of(const std::vector<Item>& items, const CheckpointState& state) {
  nlohmann::json tensors = nlohmann::json::array();
  uint64_t offset = 0;  // from the end of the header
  for (const Item& item : items) {
    tensors.push_back({{"name", item.name}, {"offset", offset}, {"bytes", item.bytes()}});
    if (item.codes) tensors.back()["code_step"] = item.codes->shadow.code_step;
    offset += round_up(item.bytes(), kAlign);
  }
  return nlohmann::json{{"version", kVersion},
                        {"run", state.identity.run},
                        {"model", state.identity.model},
                        {"step", state.step},
                        {"best_valid_loss", number_or_null(state.best_valid_loss)},
                        {"evaluations_since_best", state.evaluations_since_best},
                        {"seconds", state.seconds},
                        {"averaged_steps", state.averaged_steps},
                        {"options", state.options},
                        {"experts", state.experts},
                        {"bytes", offset},
                        {"tensors", tensors}}
      .dump();
}

// A number from 0 up; none when the key is missing or holds something else.
std::optional<uint64_t> number_of(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<uint64_t>();
}

enum class Look { header, all };

// Bytes of a file.
struct Part {
  uint64_t offset = 0, bytes = 0;
  float code_step = 0.0f;  // of a shadow's codes
};

struct Opened {
  InputFile file;
  nlohmann::json header;
  Part tensors;
};

Result<uint64_t> checksum_of(const InputFile& file, uint64_t n_bytes) {
  constexpr uint64_t kAtOnce = uint64_t{1} << 20;
  std::vector<std::byte> some;
  Checksum sum;
  for (uint64_t done = 0; done < n_bytes; done += some.size()) {
    check_cancelled();
    some.resize(std::min(kAtOnce, n_bytes - done));
    if (Status s = file.read_at(done, some); !s.ok()) return s;
    sum.add(some);
  }
  return sum.value();
}

Result<Opened> open(const std::string& path, Look look) {
  Result<InputFile> file = InputFile::open_regular(path);
  if (!file.ok()) return file.status();
  const uint64_t size = file->size();
  const auto damaged = [&](auto... what) {
    return error(StatusCode::corrupt_file, path, ": not a complete checkpoint of tritium: ", what...);
  };
  std::array<std::byte, 16> start = {};
  if (size < start.size()) return damaged("no header");
  if (Status s = file->read_at(0, start); !s.ok()) return s;
  if (std::memcmp(start.data(), kMagic.data(), kMagic.size()) != 0) return damaged("no header");
  uint64_t length = 0;
  std::memcpy(&length, start.data() + 8, 8);
  if (length > size - 16) return damaged("its header is ", length, " bytes, the file ", size);
  if (length > kMostHeader) return damaged("its header is ", length, " bytes, at most ", kMostHeader, " are read");
  std::string text(length, '\0');
  if (Status s = file->read_at(16, std::as_writable_bytes(std::span(text))); !s.ok()) return s;
  Result<nlohmann::json> header = parse_object("the header", text);
  if (!header.ok()) return damaged(header.message());
  const std::optional<uint64_t> version = number_of(*header, "version");
  if (version && *version > kVersion)
    return error(StatusCode::unsupported, path, ": a checkpoint of version ", *version, ", this program knows up to ",
                 kVersion, "; a newer one is needed");
  const uint64_t data = round_up(16 + length, kAlign), end = version == kVersion ? kChecksumBytes : 0;
  const std::optional<uint64_t> tensors = number_of(*header, "bytes");
  if (!tensors) return damaged("its header does not say how many bytes the tensors have");
  // The header may say anything: subtracted from what is there, it cannot wrap.
  if (data > size || end > size - data || *tensors != size - data - end)
    return damaged(size, " bytes, its header says ", data, " + ", *tensors, " + ", end);
  if (look == Look::all && end > 0) {
    uint64_t written = 0;
    if (Status s = file->read_at(size - end, std::as_writable_bytes(std::span(&written, 1))); !s.ok()) return s;
    const Result<uint64_t> sum = checksum_of(*file, size - end);
    if (!sum.ok()) return sum.status();
    if (*sum != written) return damaged("its bytes are not those that were written (the checksum differs)");
  }
  return Opened{*std::move(file), *std::move(header), {data, *tensors}};
}

Result<CheckpointState> state_of(const std::string& path, const nlohmann::json& header) {
  CheckpointState state;
  const auto best = header.find("best_valid_loss");
  state.best_valid_loss = best != header.end() && best->is_number() ? best->get<double>() : INFINITY;
  state.seconds = header.value("seconds", 0.0);
  state.options = header.value("options", std::string());
  state.experts = header.value("experts", ExpertOrder());
  state.identity = {header.value("run", std::string()), header.value("model", std::string())};
  for (const auto& [key, field] : {std::pair{"step", &state.step},
                                   {"evaluations_since_best", &state.evaluations_since_best},
                                   {"averaged_steps", &state.averaged_steps}}) {
    const std::optional<uint64_t> value = number_of(header, key);
    if (!value || *value > static_cast<uint64_t>(kMostSteps))
      return error(StatusCode::corrupt_file, path, ": the checkpoint's header is damaged: ", key,
                   " must be an integer from 0 to ", kMostSteps);
    *field = static_cast<int64_t>(*value);
  }
  if (!(state.seconds >= 0) || !std::isfinite(state.seconds))
    return error(StatusCode::corrupt_file, path, ": the checkpoint's header is damaged: seconds is ", state.seconds,
                 ", must not be negative");
  return state;
}

// JSON of a damaged file may hold anything: its library's exceptions end here.
template <typename F>
auto guarded(const std::string& path, const F& f) -> decltype(f()) {
  try {
    return f();
  } catch (const nlohmann::json::exception& problem) {
    return error(StatusCode::corrupt_file, path, ": the checkpoint's header is damaged: ", problem.what());
  }
}

// Where the bytes of each tensor are, by its name.
Result<std::map<std::string, Part>> tensors_of(const std::string& path, const Opened& opened) {
  const Part all = opened.tensors;
  std::map<std::string, Part> stored;
  for (const auto& tensor : opened.header.at("tensors")) {
    const auto name = tensor.at("name").get<std::string>();
    const std::optional<uint64_t> offset = number_of(tensor, "offset"), size = number_of(tensor, "bytes");
    if (!offset || !size || *offset > all.bytes || *size > all.bytes - *offset)
      return error(StatusCode::corrupt_file, path, ": ", name, " does not lie within the file");
    stored[name] = {all.offset + *offset, *size, tensor.value("code_step", 0.0f)};
  }
  return stored;
}

// Weights that have learned and do not any more would begin anew, unseen.
Status check_takers(const std::string& path, const std::map<std::string, Part>& stored,
                    const std::vector<Item>& items) {
  constexpr std::string_view kShadow = ".shadow";
  for (const auto& [name, part] : stored)
    if (name.ends_with(kShadow) && std::ranges::find(items, name, &Item::name) == items.end())
      return error(
          StatusCode::invalid_argument, path, ": ", name.substr(0, name.size() - kShadow.size()),
          " has learned in this run, and with these options it is frozen: what it learned would be lost; go on "
          "with it as it was, or fine-tune the run's result");
  return Status();
}

Result<std::vector<std::byte>> bytes_of(const Item& item, const InputFile& file, const Part& part) {
  std::vector<std::byte> bytes(part.bytes);
  if (Status s = file.read_at(part.offset, bytes); !s.ok()) return s;
  if (Status s = check_item(item, bytes); !s.ok()) return s.within(file.path());
  return bytes;
}

// The header, where nothing of it, or of the whole file, is damaged.
Result<CheckpointState> look_at(const std::string& path, Look look) {
  return guarded(path, [&]() -> Result<CheckpointState> {
    const Result<Opened> opened = open(path, look);
    if (!opened.ok()) return opened.status();
    return state_of(path, opened->header);
  });
}

uint64_t bytes_before_tensors(const std::string& header) { return round_up(16 + header.size(), kAlign); }

}  // namespace

uint64_t checkpoint_bytes(Transformer& model, const CheckpointState& state) {
  const std::vector<Item> items = items_of(model);
  uint64_t bytes = bytes_before_tensors(header_of(items, state)) + kChecksumBytes;
  for (const Item& item : items) bytes += round_up(item.bytes(), kAlign);
  return bytes;
}

Status write_checkpoint(const std::string& path, Backend& backend, Transformer& model, const CheckpointState& state) {
  const std::vector<Item> items = items_of(model);
  const std::string header = header_of(items, state);
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file.ok()) return file.status();
  Checksum sum;
  const auto write = [&](std::span<const std::byte> bytes) {
    sum.add(bytes);
    return file->write(bytes);
  };
  std::vector<std::byte> bytes(bytes_before_tensors(header));
  const uint64_t length = header.size();
  std::memcpy(bytes.data(), kMagic.data(), kMagic.size());
  std::memcpy(bytes.data() + 8, &length, 8);
  std::memcpy(bytes.data() + 16, header.data(), header.size());
  Status status = write(bytes);
  for (const Item& item : items) {
    if (!status.ok()) return status;
    if (status = read_item(item, backend, bytes); !status.ok()) return status;
    if (status = check_item(item, bytes); !status.ok()) return status.within(path + " is not written");
    bytes.resize(round_up(bytes.size(), kAlign));
    status = write(bytes);
  }
  const uint64_t checksum = sum.value();
  if (status.ok()) status = file->write(std::as_bytes(std::span(&checksum, 1)));
  return status.ok() ? file->commit() : status;
}

Result<CheckpointState> peek_checkpoint(const std::string& path) { return look_at(path, Look::header); }
Result<CheckpointState> verify_checkpoint(const std::string& path) { return look_at(path, Look::all); }

Result<CheckpointState> read_checkpoint(const std::string& path, Backend& backend, Transformer& model) {
  return guarded(path, [&]() -> Result<CheckpointState> {
    const Result<Opened> opened = open(path, Look::all);
    if (!opened.ok()) return opened.status();
    // What is wrong in the file is known before the model is touched.
    Result<CheckpointState> state = state_of(path, opened->header);
    if (!state.ok()) return state;
    const auto stored = tensors_of(path, *opened);
    if (!stored.ok()) return stored.status();
    const std::vector<Item> items = items_of(model);
    if (Status s = check_takers(path, *stored, items); !s.ok()) return s;
    for (const Item& item : items) {
      const auto found = stored->find(item.name);
      if (found == stored->end() || found->second.bytes != item.bytes())
        return error(StatusCode::invalid_argument, path, ": ", item.name, " needs ", item.bytes(),
                     " bytes, the checkpoint ",
                     found == stored->end() ? std::string("has none") : join("has ", found->second.bytes),
                     "; it was made with other options or another model");
      if (const float step = found->second.code_step; item.codes && !(step > 0.0f && std::isfinite(step)))
        return error(StatusCode::corrupt_file, path, ": ", item.name, " has codes of step ", step,
                     ", which must be above 0");
      if (const auto bytes = bytes_of(item, opened->file, found->second); !bytes.ok()) return bytes.status();
    }
    for (const Item& item : items) {
      const Part& part = stored->at(item.name);
      const auto bytes = bytes_of(item, opened->file, part);
      if (!bytes.ok()) return bytes.status();
      if (Status s = write_item(item, backend, *bytes, part.code_step); !s.ok()) return s;
    }
    return state;
  });
}

std::string checkpoint_name(int64_t step) {
  std::string digits = std::to_string(step);
  return "step-" + std::string(digits.size() < 8 ? 8 - digits.size() : 0, '0') + digits + ".ckpt";
}

bool is_checkpoint_name(std::string_view name) {
  return name == kBestCheckpoint || (name.starts_with("step-") && name.ends_with(".ckpt"));
}

}  // namespace tritium::training
