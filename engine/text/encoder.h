// What the kinds of vocabularies differ in: how text between special tokens becomes tokens.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "text/special_tokens.h"

namespace tritium {

class Encoder {
 public:
  virtual ~Encoder() = default;
  // Appends the tokens of all parts. May be called from several threads at once.
  virtual void encode(std::span<const TextPart> parts, std::vector<int32_t>& out) const = 0;
};

}  // namespace tritium
