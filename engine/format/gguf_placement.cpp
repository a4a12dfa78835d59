// Where the tensors of a GGUF file lie, checked against each other and against the file.
#include <algorithm>
#include <optional>
#include <set>

#include "base/checked_math.h"
#include "base/format_text.h"
#include "format/gguf_header.h"

namespace tritium {
namespace {

// A tensor and the bytes from its beginning to the next one's, or to the end of the file. They must be its size and
// padding below the alignment: this is what tells layouts with the same id apart, and ids that other programs use for
// something else.
struct Place {
  GgufTensorHeader* tensor = nullptr;
  const GgufTensorHeader* next = nullptr;
  uint64_t available = 0;
  uint64_t alignment = 0;

  bool fits(uint64_t bytes) const {
    return bytes <= available && round_up(bytes, alignment) == round_up(available, alignment);
  }
};

// The layouts that share id 42.
struct Layout {
  StorageType type;
  const char* name;  // in messages
};
constexpr Layout kLayouts[] = {
    {StorageType::q2_0, "group 64"}, {StorageType::q2_0_group128, "group 128"}, {StorageType::stq1_0, "STQ1_0"}};

std::optional<uint64_t> bytes_in(StorageType type, const GgufTensorHeader& t) {
  const Result<uint64_t> bytes = storage_bytes(type, t.shape);
  return bytes.ok() ? std::optional(*bytes) : std::nullopt;
}

std::vector<StorageType> fitting_layouts(const Place& p) {
  std::vector<StorageType> fitting;
  for (const Layout& layout : kLayouts)
    if (const auto bytes = bytes_in(layout.type, *p.tensor); bytes && p.fits(*bytes)) fitting.push_back(layout.type);
  return fitting;
}

// Tensors of 2048 elements and more have different sizes in these layouts, with an alignment of 32. Smaller ones follow
// the larger ones where all of those agree; else, and where nothing can tell, id 42 means groups of 64.
void choose_layouts(std::vector<Place>& places) {
  std::set<StorageType> certain;
  for (const Place& p : places) {
    if (p.tensor->type != StorageType::q2_0) continue;
    if (const auto fitting = fitting_layouts(p); fitting.size() == 1) certain.insert(fitting.front());
  }
  for (Place& p : places) {
    if (p.tensor->type != StorageType::q2_0) continue;
    const std::vector<StorageType> fitting = fitting_layouts(p);
    if (fitting.empty()) continue;
    const bool follows = certain.size() == 1 && std::ranges::find(fitting, *certain.begin()) != fitting.end();
    p.tensor->type = follows ? *certain.begin() : fitting.front();
    p.tensor->bytes = *bytes_in(p.tensor->type, *p.tensor);
  }
}

// "18432 bytes expected for Q2_0 [64,1024] group 64, or 17408 for group 128, or 10752 for STQ1_0".
std::string expectation(const GgufTensorHeader& t) {
  std::string shape;
  for (int64_t d : t.shape) shape += (shape.empty() ? "" : ",") + std::to_string(d);
  std::string text = join(t.bytes, " bytes expected for ", traits_of(t.type).name, " [", shape, "]");
  if (t.type != StorageType::q2_0) return text;
  text += " group 64";
  for (const Layout& layout : kLayouts)
    if (const auto bytes = bytes_in(layout.type, t); bytes && layout.type != StorageType::q2_0)
      text += join(", or ", *bytes, " for ", layout.name);
  return text;
}

Status check_size(const Place& p) {
  const GgufTensorHeader& t = *p.tensor;
  const bool shared_id = t.type == StorageType::q2_0;
  if (p.fits(t.bytes)) return Status();
  if (!p.next && !shared_id && t.bytes <= p.available) return Status();  // more may follow the last tensor
  std::string reason = "the type may be another program's";
  if (t.bytes > p.available)
    reason = p.next ? join("it overlaps ", p.next->name, ", or ", reason) : "the file is cut off, or " + reason;
  return error(StatusCode::corrupt_file, t.name, ": ", expectation(t), ", file has ", p.available, ": ", reason);
}

}  // namespace

Status place_tensors(std::vector<GgufTensorHeader>& tensors, uint64_t header_end, uint64_t file_size,
                     uint64_t alignment) {
  const uint64_t data_start = round_up(header_end, alignment);
  std::vector<Place> places;
  for (GgufTensorHeader& t : tensors) {
    if (t.offset % alignment != 0)
      return error(StatusCode::corrupt_file, t.name, ": offset ", t.offset, " is not a multiple of the alignment ",
                   alignment);
    const auto start = checked_add(data_start, t.offset);
    if (!start || *start > file_size)
      return error(StatusCode::corrupt_file, t.name, ": offset ", t.offset, " lies outside the file of ", file_size,
                   " bytes: the file is damaged or cut off");
    t.offset = *start;
    places.push_back({.tensor = &t, .alignment = alignment});
  }
  std::ranges::stable_sort(places, {}, [](const Place& p) { return p.tensor->offset; });
  for (size_t i = 0; i < places.size(); ++i) {
    if (i + 1 < places.size()) places[i].next = places[i + 1].tensor;
    places[i].available = (places[i].next ? places[i].next->offset : file_size) - places[i].tensor->offset;
  }
  choose_layouts(places);
  for (const Place& p : places)
    if (Status status = check_size(p); !status.ok()) return status;
  return Status();
}

}  // namespace tritium
