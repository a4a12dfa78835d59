#include "vulkan/pipelines/spirv_reflection.h"

#include "base/format_text.h"
#include "vulkan/pipelines/spirv_module.h"

namespace tritium::vulkan {
namespace {

constexpr uint32_t kMostBindings = 32;  // far above any kernel: a larger number is a mistake in a layout(binding)

// readonly and writeonly are decorations of the variable or of every member of its block.
bool decorated(const SpirvModule& module, uint32_t variable, uint32_t block, uint32_t decoration) {
  if (module.decoration(variable, decoration)) return true;
  const auto members = module.operands(block);
  for (uint32_t member = 0; member < members.size(); ++member)
    if (!module.member_decoration(block, member, decoration)) return false;
  return !members.empty();
}

Status add_storage_buffer(const SpirvModule& module, const SpirvVariable& variable, uint32_t block,
                          ReflectedShader& shader) {
  const auto binding = module.decoration(variable.id, spv::binding);
  if (!binding || *binding >= kMostBindings || module.decoration(variable.id, spv::descriptor_set).value_or(0) != 0)
    return error(StatusCode::internal, "storage buffers must be in set 0 with a binding below ", kMostBindings);
  if (module.opcode(block) != spv::type_struct)
    return error(StatusCode::internal, "binding ", *binding, " is an array of buffers");
  if (shader.bindings.size() <= *binding) shader.bindings.resize(*binding + 1);
  // Two views of one binding (uint[] and uvec4[]): it is readonly when both are.
  ReflectedBinding& seen = shader.bindings[*binding];
  seen.used = true;
  seen.readonly = seen.readonly && decorated(module, variable.id, block, spv::non_writable);
  seen.writeonly = seen.writeonly && decorated(module, variable.id, block, spv::non_readable);
  return Status();
}

void read_local_size(const SpirvModule& module, ReflectedShader& shader) {
  if (module.local_size()) shader.local_size = *module.local_size();
  const auto ids = module.local_size_ids();
  if (!ids) return;
  for (size_t i = 0; i < 3; ++i) {
    shader.local_size[i] = module.constant_value((*ids)[i]);
    shader.local_size_constants[i] = module.decoration((*ids)[i], spv::spec_id);
  }
}

}  // namespace

Result<ReflectedShader> reflect_spirv(std::span<const uint32_t> words) {
  Result<SpirvModule> module = SpirvModule::parse(words);
  if (!module.ok()) return module.status();
  if (module->entry_points() != 1 || module->compute_entry_points() != 1)
    return error(StatusCode::internal, "one compute entry point expected, the module has ", module->entry_points(),
                 " entry points");
  ReflectedShader shader;
  for (const SpirvVariable& variable : module->variables()) {
    const auto pointer = module->operands(variable.pointer_type);  // storage class, pointee
    const uint32_t pointee = pointer.size() < 2 ? 0 : pointer[1];
    switch (variable.storage_class) {
      case spv::storage_buffer:
        if (Status s = add_storage_buffer(*module, variable, pointee, shader); !s.ok()) return s;
        break;
      case spv::push_constant: shader.push_constant_bytes = module->bytes_of_type(pointee); break;
      case spv::uniform:
      case spv::uniform_constant:
        return error(StatusCode::internal, "kernels may use storage buffers and push constants only");
      default: break;
    }
  }
  read_local_size(*module, shader);
  return shader;
}

}  // namespace tritium::vulkan
