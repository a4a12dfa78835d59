// What is done to a text before it is split, step by step, as vocabularies of Hugging Face folders say it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tritium/status.hpp"

namespace tritium {

class Normalizer {
 public:
  // Steps, each a name and what it needs after colons: "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents",
  // "Strip:left", "Strip:right", "Prepend:TEXT", "Replace:LENGTH:FROM TO" (the first LENGTH bytes are what is
  // replaced). unsupported: another one.
  static Result<Normalizer> make(std::vector<std::string> steps);
  static std::string replace_step(std::string_view from, std::string_view to);

  bool empty() const { return steps_.empty(); }
  std::string operator()(std::string_view text) const;

 private:
  std::vector<std::string> steps_;
};

}  // namespace tritium
