// The texts of an experiment: what is learned and what is held out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tritium/status.hpp"

namespace tritium::experiment {

struct Texts {
  std::string train, valid;
};

// Of the files' texts one behind the other the end is held out: a tenth, cut where a line ends, of which no more than
// `valid_bytes` are kept. With held-out files of their own those are cut off behind as many bytes. invalid_argument: a
// part is too short to say anything.
Result<Texts> read_texts(const std::vector<std::string>& data, const std::vector<std::string>& valid_data,
                         int64_t valid_bytes);

// The first bytes of a text, whole characters of UTF-8 alone.
std::string_view first_bytes(std::string_view text, size_t bytes);

// A checksum of all bytes of the files, in their order. io_error names the file.
Result<uint64_t> checksum_of_files(const std::vector<std::string>& paths);

}  // namespace tritium::experiment
