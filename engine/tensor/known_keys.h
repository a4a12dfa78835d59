// Which metadata keys a program knows, as a table: each key is used, without meaning for what is computed, or not
// implemented and then refused unless its value says that it is not used. A key that no row names is unknown.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/metadata.h"
#include "tritium/status.hpp"

namespace tritium {

enum class KeyUse {
  used,     // read, with its own checks
  neutral,  // read by nothing, and nothing that is computed depends on it
  off,      // not implemented: refused unless the value is one of `off`, false, or an empty text
  same,     // not implemented apart from the key `same_as`, whose value it has to repeat
};

struct KnownKey {
  std::string_view name;  // ARCH stands for the architecture; * at the end for any rest
  KeyUse use = KeyUse::neutral;
  std::array<double, 2> off = {0, 0};
  std::string_view same_as = {};
  std::string_view meaning = "changes the computation";
};

// The row of `name`, in which the architecture is ARCH already: the one that names it exactly, else the first one with
// a * that fits; nullptr: unknown.
const KnownKey* find_key(std::span<const KnownKey> table, std::string_view name);

// "llama.rope.freq_base" -> "ARCH.rope.freq_base".
std::string general_name(std::string_view key, std::string_view architecture);

// Does the value say that what the key stands for is not used: false, "" or "none", or numbers of `off` only?
bool says_off(const MetadataValue& value, std::array<double, 2> off);

// unsupported, with the key and its value: the first key in a row `off` or `same` whose value asks for something.
Status refuse_keys(const Metadata& metadata, std::string_view architecture, std::span<const KnownKey> table);

// Keys that begin as one of `families` ("general.", "ARCH.") does, and that no row names.
std::vector<std::string> unknown_keys(const Metadata& metadata, std::string_view architecture,
                                      std::span<const KnownKey> table, std::span<const std::string_view> families);

// "keys llama.x, llama.y are not known here and are ignored"; "": there are none.
std::string ignored_keys(const std::vector<std::string>& unknown);

// A value as an error shows it: "8", "true", "\"yarn\"", "an array of 3".
std::string shown_value(const MetadataValue& value);

}  // namespace tritium
