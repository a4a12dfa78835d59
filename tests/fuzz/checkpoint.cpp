// A checkpoint in which some bytes are others, with the checksum of what it then is: a damaged one is refused before.
#include "train/checkpoint.h"
#include "base/checksum.h"
#include "base/input_file.h"
#include "tests/fuzz/input.h"
#include "tests/support/temporary_folder.h"
#include "tests/train/training_model.h"

namespace tritium::fuzz {
namespace {

constexpr size_t kHeader = 16;  // magic and the header's length
constexpr const char* kSmallMoe =
    R"({"architecture": "qwen3moe", "dim": 8, "layers": 1, "heads": 1, "ffn": 8, "experts": 2, "top_k": 1, "context": 16})";

TrainingModel& model() {
  static TrainingModel one(*training_backend_of("cpu", 1), kSmallMoe, {.feed_forward = WeightMode::stochastic},
                           {.kind = OptimizerKind::sgd});
  return one;
}

std::string written() {
  const TemporaryFolder folder;
  const std::string path = folder.file("run.ckpt");
  require(write_checkpoint(path, *model().backend, *model().model, {.step = 5, .options = "{}"}).ok(), "it is written");
  const Result<InputFile> file = InputFile::open_regular(path);
  require(file.ok(), "it is read");
  std::string bytes(file->size(), '\0');
  require(file->read_at(0, std::as_writable_bytes(std::span(bytes))).ok(), "it is read");
  return bytes;
}

void change_bytes(std::string& bytes, Choices& choices) {
  for (uint8_t n = choices.take<uint8_t>() % 8; n > 0 && !bytes.empty(); --n)
    bytes[choices.take<uint16_t>() % bytes.size()] = choices.take<char>();
  if (choices.take<uint8_t>() % 4 == 0) bytes.resize(choices.take<uint16_t>() % (bytes.size() + 1));
}

// Another text at a place of the header, whose length stays true.
void change_header(std::string& bytes, Choices& choices) {
  uint64_t length = 0;
  std::memcpy(&length, bytes.data() + 8, sizeof length);
  std::string header = bytes.substr(kHeader, length);
  for (uint8_t n = 1 + choices.take<uint8_t>() % 4; n > 0; --n) {
    const size_t at = choices.below(header.size() + 1);
    header.replace(at, choices.take<uint8_t>() % 16, choices.short_text());
  }
  bytes.replace(kHeader, length, header);
  length = header.size();
  std::memcpy(bytes.data() + 8, &length, sizeof length);
}

void write_checksum(std::string& bytes) {
  if (bytes.size() < sizeof(uint64_t)) return;
  const size_t n = bytes.size() - sizeof(uint64_t);
  const uint64_t sum = checksum_of(std::as_bytes(std::span(bytes).first(n)));
  std::memcpy(bytes.data() + n, &sum, sizeof sum);
}

}  // namespace

void try_input(std::string_view input) {
  static const std::string whole = written();
  Choices choices(input);
  std::string bytes = whole;
  const uint8_t kind = choices.take<uint8_t>(), how = kind % 4;
  if (how == 0) bytes = choices.rest();
  if (how & 1) change_header(bytes, choices);
  if (how & 2) change_bytes(bytes, choices);
  if (choices.take<uint8_t>() != 1) write_checksum(bytes);
  const MemoryFile file(bytes);
  if (kind >= 0xE0) (void)training::peek_checkpoint(file.path());
  const Result<training::CheckpointState> state =
      training::read_checkpoint(file.path(), *model().backend, *model().model);
  if (!state.ok()) return;
  require(state->step >= 0, "a step is a number of steps");
  for (const training::BitLinear* p : model().model->parameters())
    require(p->values(*model().backend).ok(), "weights that were read are there");
}

}  // namespace tritium::fuzz
