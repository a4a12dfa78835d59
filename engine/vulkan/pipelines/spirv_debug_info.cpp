#include "vulkan/pipelines/spirv_debug_info.h"

#include <cstring>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "vulkan/pipelines/spirv_module.h"

namespace tritium::vulkan {
namespace {

using Words = std::vector<uint32_t>;

// SPIR-V specification, 3.52; beside those of spirv_module.h.
enum Op : uint32_t {
  source_continued = 2,
  source = 3,
  name = 5,
  member_name = 6,
  string = 7,
  line = 8,
  extension = 10,
  import = 11,
  ext_inst = 12,
  memory_model = 14,
  type_void = 19,
  type_bool = 20,
  function = 54,
  function_parameter = 55,
  function_end = 56,
  phi = 245,
  loop_merge = 246,
  selection_merge = 247,
  label = 248,
  no_line = 317,
};
enum Storage : uint32_t { workgroup_storage = 4, private_storage = 6, function_storage = 7 };

// NonSemantic.Shader.DebugInfo.100; numbers among the operands are ids of constants.
enum Debug : uint32_t {
  compilation_unit = 1,
  type_basic = 2,
  type_array = 5,
  type_vector = 6,
  type_function = 8,
  type_composite = 10,
  type_member = 11,
  global_variable = 18,
  debug_function = 20,
  debug_scope = 23,
  local_variable = 26,
  debug_declare = 28,
  expression = 31,
  debug_source = 35,
  function_definition = 101,
  debug_line = 103,
};
constexpr uint32_t kBoolean = 2, kFloat = 3, kSigned = 4, kUnsigned = 6;  // encodings of basic types
constexpr uint32_t kVersion = 1, kDwarf = 4, kGlsl = 2, kStructure = 1;
constexpr uint32_t kPublic = 3, kLocal = 4, kDefinition = 8;  // flags

struct Instruction {
  uint32_t opcode = 0;
  std::span<const uint32_t> all;  // with the word that has opcode and length
  uint32_t operand(size_t i) const { return i + 1 < all.size() ? all[i + 1] : 0; }
};

std::optional<std::vector<Instruction>> instructions_of(std::span<const uint32_t> words) {
  if (words.size() < spv::kHeaderWords || words[0] != spv::kMagic) return std::nullopt;
  std::vector<Instruction> found;
  for (size_t at = spv::kHeaderWords; at < words.size();) {
    const size_t length = words[at] >> 16;
    if (length == 0 || length > words.size() - at) return std::nullopt;
    found.push_back({words[at] & 0xffff, words.subspan(at, length)});
    at += length;
  }
  return found;
}

void add(Words& words, uint32_t opcode, std::span<const uint32_t> operands) {
  words.push_back(static_cast<uint32_t>(operands.size() + 1) << 16 | opcode);
  words.insert(words.end(), operands.begin(), operands.end());
}

// A literal string: four letters a word, a zero at the end.
std::string text_at(const Instruction& in, size_t operand) {
  if (operand + 1 >= in.all.size()) return {};
  const auto words = in.all.subspan(operand + 1);
  const std::string_view letters(reinterpret_cast<const char*>(words.data()), words.size_bytes());
  return std::string(letters.substr(0, letters.find('\0')));
}

void append(Words& words, std::string_view text) {
  const size_t before = words.size();
  words.resize(before + text.size() / 4 + 1);
  std::memcpy(words.data() + before, text.data(), text.size());
}

class Rewriter {
 public:
  Rewriter(std::span<const uint32_t> words, std::vector<Instruction> all)
      : header_(words.first(spv::kHeaderWords)), all_(std::move(all)), bound_(words[3]) {}

  Words run() {
    read();
    if (texts_.empty() || uint_ == 0 || void_ == 0) return {};
    describe();
    return write();
  }

 private:
  uint32_t new_id() { return bound_++; }
  void read();
  void describe();
  void describe_functions();
  void describe_variable(const Instruction& in, uint32_t function_scope);
  Words write();
  void write_in_function(const Instruction& in, Words& out);

  uint32_t constant(uint32_t value) {
    uint32_t& id = constants_[value];
    if (id == 0) add(new_constants_, spv::constant, std::initializer_list<uint32_t>{uint_, id = new_id(), value});
    return id;
  }
  uint32_t string_id(std::string_view text) {
    uint32_t& id = strings_[std::string(text)];
    if (id == 0) {
      Words operands = {id = new_id()};
      append(operands, text);
      add(new_strings_, Op::string, operands);
    }
    return id;
  }
  uint32_t put(Words& out, uint32_t what, std::initializer_list<uint32_t> operands) {
    Words words = {void_, new_id(), set_, what};
    words.insert(words.end(), operands);
    add(out, Op::ext_inst, words);
    return words[1];
  }
  uint32_t source_of(uint32_t file) {
    const auto found = sources_.find(file);
    return found == sources_.end() ? sources_.begin()->second : found->second;
  }
  std::optional<uint32_t> debug_type(uint32_t type);
  std::optional<uint32_t> make_type(const Instruction& in);
  std::optional<uint32_t> make_struct(const Instruction& in);
  uint32_t basic(std::string_view name, uint32_t bits, uint32_t encoding) {
    return put(globals_, Debug::type_basic, {string_id(name), constant(bits), constant(encoding), constant(0)});
  }

  std::span<const uint32_t> header_;
  std::vector<Instruction> all_;
  uint32_t bound_;
  // What the module says.
  std::map<uint32_t, std::string> names_, files_, texts_;  // texts by the id of the file's name
  std::map<std::pair<uint32_t, uint32_t>, std::string> member_names_;
  std::map<uint32_t, Instruction> types_;
  std::map<uint32_t, uint32_t> constants_;        // id by value, of type uint
  std::map<uint32_t, uint32_t> constant_values_;  // value by id
  uint32_t uint_ = 0, void_ = 0;
  // What is said of it.
  uint32_t set_ = 0, unit_ = 0, no_operations_ = 0;
  Words new_constants_, new_strings_, globals_;
  std::map<std::string, uint32_t, std::less<>> strings_;
  std::map<uint32_t, uint32_t> sources_;  // by the id of the file's name
  std::map<uint32_t, std::optional<uint32_t>> debug_types_;
  std::map<uint32_t, uint32_t> functions_;                                       // DebugFunction by OpFunction
  std::map<uint32_t, std::vector<std::pair<uint32_t, uint32_t>>> declarations_;  // by OpFunction: local, variable
  // While it is written.
  uint32_t function_ = 0, last_opcode_ = 0, file_ = 0, line_ = 0;
  bool first_block_ = false, block_begins_ = false, line_pending_ = false;
};

void Rewriter::read() {
  uint32_t text_of = 0;
  for (const Instruction& in : all_) {
    switch (in.opcode) {
      case Op::string: files_[in.operand(0)] = text_at(in, 1); break;
      case Op::source:
        text_of = in.operand(2);
        if (text_of != 0) texts_[text_of] = text_at(in, 3);
        break;
      case Op::source_continued:
        if (text_of != 0) texts_[text_of] += text_at(in, 0);
        break;
      case Op::name: names_[in.operand(0)] = text_at(in, 1); break;
      case Op::member_name: member_names_[{in.operand(0), in.operand(1)}] = text_at(in, 2); break;
      case Op::type_void: void_ = in.operand(0); break;
      case spv::type_int:
        if (in.operand(1) == 32 && in.operand(2) == 0) uint_ = in.operand(0);
        [[fallthrough]];
      case Op::type_bool:
      case spv::type_float:
      case spv::type_vector:
      case spv::type_array:
      case spv::type_struct:
      case spv::type_pointer: types_[in.operand(0)] = in; break;
      case spv::constant:
        constant_values_[in.operand(1)] = in.operand(2);
        if (in.operand(0) == uint_) constants_[in.operand(2)] = in.operand(1);
        break;
      default: break;
    }
  }
}

void Rewriter::describe() {
  set_ = new_id();
  for (auto& [file, text] : texts_) {
    // glslang (11) spoils what is not ASCII.
    for (char& c : text)
      if (static_cast<unsigned char>(c) >= 128) c = '?';
    sources_[file] = put(globals_, Debug::debug_source, {file, string_id(text)});
  }
  unit_ = put(globals_, Debug::compilation_unit,
              {constant(kVersion), constant(kDwarf), sources_.begin()->second, constant(kGlsl)});
  no_operations_ = put(globals_, Debug::expression, {});
  describe_functions();
}

void Rewriter::describe_functions() {
  uint32_t file = 0, line = 0, within = 0;
  for (const Instruction& in : all_) {
    if (in.opcode == Op::line) {
      file = in.operand(0), line = in.operand(1);
      constant(line);
    } else if (in.opcode == Op::function) {
      within = in.operand(1);
      const std::string& mangled = names_[within];
      const uint32_t name = string_id(mangled.substr(0, mangled.find('(')));
      const uint32_t type = put(globals_, Debug::type_function, {constant(kPublic), void_});
      functions_[within] = put(
          globals_, Debug::debug_function,
          {name, type, source_of(file), constant(line), constant(0), unit_, name, constant(kPublic), constant(line)});
    } else if (in.opcode == Op::function_parameter || in.opcode == spv::variable) {
      describe_variable(in, within);
    }
  }
}

// Of an OpVariable or OpFunctionParameter: type of the pointer, id.
void Rewriter::describe_variable(const Instruction& in, uint32_t within) {
  const auto pointer = types_.find(in.operand(0));
  if (pointer == types_.end() || pointer->second.opcode != spv::type_pointer) return;
  const uint32_t storage = pointer->second.operand(1), id = in.operand(1);
  const bool local = storage == function_storage && within != 0;
  const bool global = storage == workgroup_storage || storage == private_storage;
  const std::string& name = names_[id];
  if (!(local || global) || name.empty()) return;
  const std::optional<uint32_t> type = debug_type(pointer->second.operand(2));
  if (!type) return;
  const uint32_t source = sources_.begin()->second, zero = constant(0);
  if (global) {
    put(globals_, Debug::global_variable,
        {string_id(name), *type, source, zero, zero, unit_, string_id(name), id, constant(kDefinition)});
    return;
  }
  const uint32_t variable = put(globals_, Debug::local_variable,
                                {string_id(name), *type, source, zero, zero, functions_[within], constant(kLocal)});
  declarations_[within].emplace_back(variable, id);
}

std::optional<uint32_t> Rewriter::debug_type(uint32_t type) {
  if (const auto known = debug_types_.find(type); known != debug_types_.end()) return known->second;
  const auto found = types_.find(type);
  const std::optional<uint32_t> made = found == types_.end() ? std::nullopt : make_type(found->second);
  return debug_types_[type] = made;
}

std::optional<uint32_t> Rewriter::make_type(const Instruction& in) {
  switch (in.opcode) {
    case Op::type_bool: return basic("bool", 32, kBoolean);
    case spv::type_int:
      return in.operand(2) == 0 ? basic("uint", in.operand(1), kUnsigned) : basic("int", in.operand(1), kSigned);
    case spv::type_float: return basic("float", in.operand(1), kFloat);
    case spv::type_vector:
      if (const auto element = debug_type(in.operand(1)))
        return put(globals_, Debug::type_vector, {*element, constant(in.operand(2))});
      return std::nullopt;
    case spv::type_array: {
      const auto length = constant_values_.find(in.operand(2));
      const auto element = debug_type(in.operand(1));
      if (!element || length == constant_values_.end()) return std::nullopt;  // a length that is specialised
      return put(globals_, Debug::type_array, {*element, constant(length->second)});
    }
    case spv::type_struct: return make_struct(in);
    default: return std::nullopt;
  }
}

std::optional<uint32_t> Rewriter::make_struct(const Instruction& in) {
  const uint32_t source = sources_.begin()->second, zero = constant(0), name = string_id(names_[in.operand(0)]);
  Words operands = {void_, 0,    set_, Debug::type_composite, name, constant(kStructure), source, zero, zero,
                    unit_, name, zero, constant(kPublic)};
  for (uint32_t i = 0; i + 2 < in.all.size(); ++i) {
    const auto type = debug_type(in.operand(i + 1));
    if (!type) return std::nullopt;
    operands.push_back(
        put(globals_, Debug::type_member,
            {string_id(member_names_[{in.operand(0), i}]), *type, source, zero, zero, zero, zero, constant(kPublic)}));
  }
  add(globals_, Op::ext_inst, (operands[1] = new_id(), operands));
  return operands[1];
}

Words Rewriter::write() {
  Words out(header_.begin(), header_.end());
  bool imported = false, named = false, described = false;
  for (const Instruction& in : all_) {
    if (!imported && (in.opcode == Op::import || in.opcode == Op::memory_model)) {
      Words text;
      append(text, "SPV_KHR_non_semantic_info");
      add(out, Op::extension, text);
      text = {set_};
      append(text, "NonSemantic.Shader.DebugInfo.100");
      add(out, Op::import, text);
      imported = true;
    }
    if (!named && in.opcode == Op::source) {
      out.insert(out.end(), new_strings_.begin(), new_strings_.end());
      named = true;
    }
    if (!described && in.opcode == Op::function) {
      out.insert(out.end(), new_constants_.begin(), new_constants_.end());
      out.insert(out.end(), globals_.begin(), globals_.end());
      described = true;
    }
    switch (in.opcode) {
      case Op::source:
      case Op::source_continued:
      case Op::no_line: continue;
      case Op::line: file_ = in.operand(0), line_ = in.operand(1), line_pending_ = true; continue;
      case Op::function: function_ = in.operand(1), first_block_ = true; break;
      case Op::function_end: function_ = 0; break;
      default: break;
    }
    write_in_function(in, out);
    out.insert(out.end(), in.all.begin(), in.all.end());
    last_opcode_ = in.opcode;
    if (in.opcode == Op::label) block_begins_ = true;
  }
  out[3] = bound_;
  return out;
}

// What stands before an instruction: scope and declarations at the beginning of a block, and a line where it is
// another. Variables and phis come first in a block, and nothing comes between a merge and its branch.
void Rewriter::write_in_function(const Instruction& in, Words& out) {
  if (function_ == 0 || in.opcode == Op::function || in.opcode == Op::function_parameter || in.opcode == Op::label ||
      in.opcode == spv::variable || in.opcode == Op::phi)
    return;
  const uint32_t function = functions_[function_];
  const bool begins = std::exchange(block_begins_, false);
  if (begins && first_block_) put(out, Debug::function_definition, {function, function_});
  if (begins) put(out, Debug::debug_scope, {function});
  const bool merged = last_opcode_ == Op::loop_merge || last_opcode_ == Op::selection_merge;
  if ((begins || line_pending_) && file_ != 0 && !merged) {
    const uint32_t line = constant(line_), zero = constant(0);
    put(out, Debug::debug_line, {source_of(file_), line, line, zero, zero});
    line_pending_ = false;
  }
  if (begins && std::exchange(first_block_, false))
    for (const auto& [local, variable] : declarations_[function_])
      put(out, Debug::debug_declare, {local, variable, no_operations_});
}

}  // namespace

std::vector<uint32_t> with_debug_info(std::span<const uint32_t> words) {
  std::optional<std::vector<Instruction>> instructions = instructions_of(words);
  Words out;
  if (instructions) out = Rewriter(words, *std::move(instructions)).run();
  return out.empty() ? Words(words.begin(), words.end()) : out;
}

}  // namespace tritium::vulkan
