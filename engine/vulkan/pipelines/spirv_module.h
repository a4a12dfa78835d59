// SpirvModule: the declarations of a SPIR-V module that reflection asks about, indexed by result id.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "tritium/status.hpp"

namespace tritium::vulkan {

// Numbers of the SPIR-V specification, section 3.
namespace spv {
inline constexpr uint32_t kMagic = 0x07230203;
inline constexpr uint32_t kHeaderWords = 5;
enum Op : uint32_t {
  entry_point = 15,
  execution_mode = 16,
  type_int = 21,
  type_float = 22,
  type_vector = 23,
  type_array = 28,
  type_runtime_array = 29,
  type_struct = 30,
  type_pointer = 32,
  constant = 43,
  constant_composite = 44,
  spec_constant = 50,
  spec_constant_composite = 51,
  variable = 59,
  decorate = 71,
  member_decorate = 72,
  execution_mode_id = 331,
};
enum Decoration : uint32_t {
  spec_id = 1,
  array_stride = 6,
  built_in = 11,
  non_writable = 24,
  non_readable = 25,
  binding = 33,
  descriptor_set = 34,
  offset = 35,
};
enum StorageClass : uint32_t { uniform_constant = 0, uniform = 2, push_constant = 9, storage_buffer = 12 };
inline constexpr uint32_t kGlCompute = 5;
inline constexpr uint32_t kLocalSize = 17;
inline constexpr uint32_t kLocalSizeId = 38;
inline constexpr uint32_t kWorkgroupSize = 25;  // BuiltIn
}  // namespace spv

struct SpirvVariable {
  uint32_t id = 0;
  uint32_t pointer_type = 0;
  uint32_t storage_class = 0;
};

class SpirvModule {
 public:
  static Result<SpirvModule> parse(std::span<const uint32_t> words);

  // Operands of the type or constant `id` without its result id; empty when there is none.
  uint32_t opcode(uint32_t id) const;
  std::span<const uint32_t> operands(uint32_t id) const;
  // The first literal of a decoration (0 when it has none); none when `id` lacks it.
  std::optional<uint32_t> decoration(uint32_t id, uint32_t decoration) const;
  std::optional<uint32_t> member_decoration(uint32_t type, uint32_t member, uint32_t decoration) const;
  // Bytes a value of this type takes in memory, by its explicit layout.
  uint32_t bytes_of_type(uint32_t type) const;
  // Value of a constant, or the default of a specialisation constant.
  uint32_t constant_value(uint32_t id) const;

  std::span<const SpirvVariable> variables() const { return variables_; }
  int compute_entry_points() const { return compute_entry_points_; }
  int entry_points() const { return entry_points_; }
  // Literals of LocalSize, when declared.
  std::optional<std::array<uint32_t, 3>> local_size() const { return local_size_; }
  // Constants that give the local size, when it is declared by ids (LocalSizeId or the WorkgroupSize
  // built-in).
  std::optional<std::array<uint32_t, 3>> local_size_ids() const;

 private:
  struct Definition {
    uint32_t opcode = 0;
    std::span<const uint32_t> operands;
  };

  void read(uint32_t opcode, std::span<const uint32_t> operands);

  std::map<uint32_t, Definition> definitions_;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> decorations_;                              // (id, decoration)
  std::map<std::pair<std::pair<uint32_t, uint32_t>, uint32_t>, uint32_t> member_decorations_;  // ((id, member), …)
  std::vector<SpirvVariable> variables_;
  int entry_points_ = 0;
  int compute_entry_points_ = 0;
  std::optional<std::array<uint32_t, 3>> local_size_;
  std::optional<std::array<uint32_t, 3>> local_size_ids_;
};

}  // namespace tritium::vulkan
