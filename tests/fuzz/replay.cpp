// A target without a fuzzer: TARGET FOLDER tries every file of a folder, each also cut short and with some of its bits
// turned. What fuzzers found stays found, with any compiler.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/input.h"

namespace {

uint64_t next(uint64_t& state) {  // Steele et al. 2014, SplitMix64
  uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

int try_variants(const std::string& bytes) {
  constexpr int kVariants = 30;
  uint64_t state = bytes.size();
  tritium::fuzz::try_input(bytes);
  for (int i = 0; i < kVariants && !bytes.empty(); ++i) {
    std::string changed = bytes;
    for (uint64_t turn = next(state) % 4; turn > 0; --turn) {
      const uint64_t random = next(state);
      changed[random % changed.size()] ^= static_cast<char>(1u << (random >> 61));
    }
    if (i % 3 == 0) changed.resize(next(state) % changed.size());
    tritium::fuzz::try_input(changed);
  }
  return 1 + kVariants;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || !std::filesystem::is_directory(argv[1])) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  int n = 0;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    std::ifstream file(entry.path(), std::ios::binary);
    n += try_variants({std::istreambuf_iterator<char>(file), {}});
  }
  std::printf("%d inputs\n", n);
  return n > 0 ? 0 : 1;
}
