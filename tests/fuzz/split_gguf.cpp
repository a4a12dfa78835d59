// A model in two GGUF files: any bytes as the first, which has the metadata, beside a second as it should be. The first
// byte says of which model that is; without more bytes the first is as it should be, too.
#include "tests/fuzz/file_folder.h"
#include "tests/fuzz/model_file.h"
#include "tests/fuzz/use_model.h"

namespace tritium::fuzz {
namespace {

struct Parts {
  std::string first, second;
};

template <typename T>
std::string number(uint32_t kind, T value) {
  std::string bytes(sizeof kind + sizeof value, '\0');
  std::memcpy(bytes.data(), &kind, sizeof kind);
  std::memcpy(bytes.data() + sizeof kind, &value, sizeof value);
  return bytes;
}

// Tensors `from` to `to`, with their data.
std::string part_of(const ModelFile& whole, uint16_t part, size_t from, size_t to) {
  constexpr uint32_t kU16 = 2, kI32 = 5;
  ModelFile file;
  if (part == 0) file.keys = whole.keys;
  file.keys.push_back({"split.no", number<uint16_t>(kU16, part)});
  file.keys.push_back({"split.count", number<uint16_t>(kU16, 2)});
  file.keys.push_back({"split.tensors.count", number(kI32, static_cast<int32_t>(whole.tensors.size()))});
  for (size_t i = from; i < to; ++i) {
    RawTensor tensor = whole.tensors[i];
    const uint64_t end = i + 1 < whole.tensors.size() ? whole.tensors[i + 1].offset : whole.data.size();
    const std::string data = whole.data.substr(tensor.offset, end - tensor.offset);
    tensor.offset = file.data.size();
    file.data += data;
    file.tensors.push_back(std::move(tensor));
  }
  return file.bytes();
}

Parts split(const ModelFile& whole) {
  const size_t half = whole.tensors.size() / 2;
  return {part_of(whole, 0, 0, half), part_of(whole, 1, half, whole.tensors.size())};
}

const Parts& base(size_t which) {
  static const Parts parts[] = {split(small_model("llama", false)), split(small_model("qwen3moe", true))};
  return parts[which % std::size(parts)];
}

}  // namespace

void try_input(std::string_view bytes) {
  static const FileFolder folder;
  Choices choices(bytes);
  const uint8_t which = choices.take<uint8_t>();
  const Parts& parts = base(which);
  const bool whole = choices.empty();
  folder.write("m-00001-of-00002.gguf", whole ? std::string_view(parts.first) : choices.rest());
  folder.write("m-00002-of-00002.gguf", parts.second);
  const std::string part = folder.file(which & 2 ? "m-00002-of-00002.gguf" : "m-00001-of-00002.gguf");
  require(use_model(part, (which & 4) != 0) || !whole, "an unchanged model can be used");
}

}  // namespace tritium::fuzz
