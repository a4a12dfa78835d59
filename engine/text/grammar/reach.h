// Which states of a draft a rule gets to, and so which rules may be empty, fit any text at all, or begin with
// themselves. One walk from all first states at once; a call is passed when its rule was found to end.
#pragma once

#include <cstdint>
#include <vector>

#include "text/grammar/draft.h"

namespace tritium::grammar {

struct Reach {
  enum class Through : uint8_t { empty_steps, all_steps };

  static Reach make(const Draft& draft, Through through);

  std::vector<bool> states;  // got to from the first state of their rule
  std::vector<bool> rules;   // that end: with empty steps alone they may be empty, with all of them some text fits
};

// Rules each of which may begin with the next, and the last with the first; none where there are no such rules.
std::vector<uint32_t> left_recursion(const Draft& draft, const Reach& empty);

}  // namespace tritium::grammar
