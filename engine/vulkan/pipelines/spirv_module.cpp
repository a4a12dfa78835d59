#include "vulkan/pipelines/spirv_module.h"

#include <algorithm>

#include "base/format_text.h"

namespace tritium::vulkan {

Result<SpirvModule> SpirvModule::parse(std::span<const uint32_t> words) {
  if (words.size() < spv::kHeaderWords || words[0] != spv::kMagic)
    return error(StatusCode::internal, "not a SPIR-V module (", words.size(), " words)");
  SpirvModule module;
  size_t at = spv::kHeaderWords;
  while (at < words.size()) {
    const uint32_t length = words[at] >> 16;
    if (length == 0 || length > words.size() - at)
      return error(StatusCode::internal, "SPIR-V ends inside the instruction at word ", at);
    module.read(words[at] & 0xffff, words.subspan(at + 1, length - 1));
    at += length;
  }
  return module;
}

void SpirvModule::read(uint32_t opcode, std::span<const uint32_t> operands) {
  const auto has = [&](size_t n) { return operands.size() >= n; };
  switch (opcode) {
    case spv::entry_point:
      ++entry_points_;
      if (has(1) && operands[0] == spv::kGlCompute) ++compute_entry_points_;
      break;
    case spv::execution_mode:
      if (has(5) && operands[1] == spv::kLocalSize) local_size_ = {operands[2], operands[3], operands[4]};
      break;
    case spv::execution_mode_id:
      if (has(5) && operands[1] == spv::kLocalSizeId) local_size_ids_ = {operands[2], operands[3], operands[4]};
      break;
    case spv::type_int:
    case spv::type_float:
    case spv::type_vector:
    case spv::type_array:
    case spv::type_runtime_array:
    case spv::type_struct:
    case spv::type_pointer:
      if (has(1)) definitions_[operands[0]] = {opcode, operands.subspan(1)};
      break;
    case spv::constant:
    case spv::constant_composite:
    case spv::spec_constant:
    case spv::spec_constant_composite:  // operands: result type, result id, values
      if (has(3)) definitions_[operands[1]] = {opcode, operands.subspan(2)};
      break;
    case spv::variable:
      if (has(3)) variables_.push_back({operands[1], operands[0], operands[2]});
      break;
    case spv::decorate:
      if (has(2)) decorations_[{operands[0], operands[1]}] = has(3) ? operands[2] : 0;
      break;
    case spv::member_decorate:
      if (has(3)) member_decorations_[{{operands[0], operands[1]}, operands[2]}] = has(4) ? operands[3] : 0;
      break;
    default: break;
  }
}

uint32_t SpirvModule::opcode(uint32_t id) const {
  const auto found = definitions_.find(id);
  return found == definitions_.end() ? 0 : found->second.opcode;
}

std::span<const uint32_t> SpirvModule::operands(uint32_t id) const {
  const auto found = definitions_.find(id);
  return found == definitions_.end() ? std::span<const uint32_t>() : found->second.operands;
}

std::optional<uint32_t> SpirvModule::decoration(uint32_t id, uint32_t decoration) const {
  const auto found = decorations_.find({id, decoration});
  return found == decorations_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<uint32_t> SpirvModule::member_decoration(uint32_t type, uint32_t member, uint32_t decoration) const {
  const auto found = member_decorations_.find({{type, member}, decoration});
  return found == member_decorations_.end() ? std::nullopt : std::optional(found->second);
}

uint32_t SpirvModule::constant_value(uint32_t id) const {
  const auto values = operands(id);
  return values.empty() ? 0 : values[0];
}

uint32_t SpirvModule::bytes_of_type(uint32_t type) const {
  const auto parts = operands(type);
  if (parts.empty()) return 0;
  switch (opcode(type)) {
    case spv::type_int:
    case spv::type_float: return parts[0] / 8;  // width in bits
    case spv::type_vector: return parts.size() < 2 ? 0 : bytes_of_type(parts[0]) * parts[1];
    case spv::type_array:
      if (parts.size() < 2) return 0;
      return decoration(type, spv::array_stride).value_or(bytes_of_type(parts[0])) * constant_value(parts[1]);
    case spv::type_struct: {
      uint32_t end = 0;
      for (uint32_t member = 0; member < parts.size(); ++member)
        end = std::max(end, member_decoration(type, member, spv::offset).value_or(0) + bytes_of_type(parts[member]));
      return end;
    }
    default: return 0;  // a runtime array has no size of its own
  }
}

std::optional<std::array<uint32_t, 3>> SpirvModule::local_size_ids() const {
  // The built-in takes precedence over execution modes (SPIR-V specification, BuiltIn WorkgroupSize).
  for (const auto& [key, value] : decorations_) {
    if (key.second != spv::built_in || value != spv::kWorkgroupSize) continue;
    const auto parts = operands(key.first);
    if (parts.size() == 3) return std::array{parts[0], parts[1], parts[2]};
  }
  return local_size_ids_;
}

}  // namespace tritium::vulkan
