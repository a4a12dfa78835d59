// Any bytes as a safetensors file: what is accepted covers the file.
#include "format/safetensors.h"
#include "tests/fuzz/input.h"

void tritium::fuzz::try_input(std::string_view bytes) {
  const MemoryFile memory(bytes);
  const auto file = InputFile::open_regular(memory.path());
  if (!file.ok()) return;
  const auto header = parse_safetensors_header(*file);
  if (!header.ok()) return;
  uint64_t covered = 0;
  for (const SafetensorsTensor& t : header->tensors) {
    require(t.offset + t.bytes <= bytes.size(), "a tensor lies within its file");
    covered += t.bytes;
  }
  require(covered < bytes.size(), "tensors do not share bytes");
}
