// Rules -> GBNF that parse_gbnf() reads as the same texts.
#pragma once

#include <string>

#include "text/grammar/rules.h"

namespace tritium::grammar {

// The rules that `root` needs, under names of their own. Throws Failure: it has more bytes than parse_gbnf() reads.
std::string write_gbnf(const Rules& rules, uint32_t root);

}  // namespace tritium::grammar
