#include "vulkan/pipelines/spirv_declarations.h"

#include <optional>

#include "vulkan/pipelines/spirv_module.h"

namespace tritium::vulkan {
namespace {

using Words = std::vector<uint32_t>;

constexpr uint32_t kOpExtension = 10, kOpCapability = 17;
constexpr uint32_t kVersion14 = 0x00010400;  // float controls need no extension from here on
constexpr uint32_t kAliased = 20;            // a decoration

struct Control {
  bool FloatControls::*wanted;
  uint32_t capability, mode;
};
constexpr Control kControls[] = {{&FloatControls::keep_denormals, 4464, 4459},
                                 {&FloatControls::keep_zero_inf_nan, 4466, 4461},
                                 {&FloatControls::round_to_nearest_even, 4467, 4462}};

// Where things go: capabilities, extensions, …, the entry point, its execution modes, …, decorations, types, variables.
struct Places {
  size_t after_capabilities = spv::kHeaderWords;
  size_t after_entry_point = 0;
  size_t decorations = 0;
  uint32_t entry_point = 0;
  Words storage_buffers;  // ids of variables
};

std::optional<Places> places_in(std::span<const uint32_t> words) {
  if (words.size() < spv::kHeaderWords || words[0] != spv::kMagic) return std::nullopt;
  Places places;
  for (size_t at = spv::kHeaderWords; at < words.size();) {
    const size_t length = words[at] >> 16;
    if (length == 0 || length > words.size() - at) return std::nullopt;
    switch (words[at] & 0xffff) {
      case kOpCapability: places.after_capabilities = at + length; break;
      case spv::entry_point:
        if (length > 2) places.entry_point = words[at + 2], places.after_entry_point = at + length;
        break;
      case spv::decorate:
        if (places.decorations == 0) places.decorations = at;
        break;
      case spv::variable:
        if (length > 3 && words[at + 3] == spv::storage_buffer) places.storage_buffers.push_back(words[at + 2]);
        break;
      default: break;
    }
    at += length;
  }
  if (places.after_entry_point == 0) return std::nullopt;
  return places;
}

void add(Words& words, uint32_t opcode, std::initializer_list<uint32_t> operands) {
  words.push_back(static_cast<uint32_t>(operands.size() + 1) << 16 | opcode);
  words.insert(words.end(), operands);
}

void insert(Words& words, size_t at, const Words& more) {
  words.insert(words.begin() + static_cast<std::ptrdiff_t>(at), more.begin(), more.end());
}

}  // namespace

std::vector<uint32_t> with_float_controls(std::span<const uint32_t> words, const FloatControls& controls) {
  Words out(words.begin(), words.end());
  const std::optional<Places> places = places_in(words);
  if (!places || !controls.any()) return out;
  constexpr uint32_t kWidth = 32;
  Words capabilities, modes;
  for (const Control& c : kControls) {
    if (!(controls.*c.wanted)) continue;
    add(capabilities, kOpCapability, {c.capability});
    add(modes, spv::execution_mode, {places->entry_point, c.mode, kWidth});
  }
  // "SPV_KHR_float_controls", four letters a word.
  if (words[1] < kVersion14)
    add(capabilities, kOpExtension, {0x5f565053, 0x5f52484b, 0x616f6c66, 0x6f635f74, 0x6f72746e, 0x0000736c});
  insert(out, places->after_entry_point, modes);
  insert(out, places->after_capabilities, capabilities);
  return out;
}

std::vector<uint32_t> with_aliased_buffers(std::span<const uint32_t> words) {
  Words out(words.begin(), words.end());
  const std::optional<Places> places = places_in(words);
  if (!places || places->decorations == 0) return out;
  Words decorations;
  for (const uint32_t id : places->storage_buffers) add(decorations, spv::decorate, {id, kAliased});
  insert(out, places->decorations, decorations);
  return out;
}

}  // namespace tritium::vulkan
