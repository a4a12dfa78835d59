#include "tensor/known_keys.h"

#include <algorithm>

#include "base/format_text.h"

namespace tritium {
namespace {

constexpr std::string_view kArch = "ARCH";

template <typename T>
constexpr bool is_vector = false;
template <typename T>
constexpr bool is_vector<std::vector<T>> = true;

bool off_scalar(bool value, std::array<double, 2> off) { return !value || off[0] == 1.0 || off[1] == 1.0; }
bool off_scalar(const std::string& value, std::array<double, 2>) { return value.empty() || value == "none"; }
template <typename Number>
bool off_scalar(Number value, std::array<double, 2> off) {
  const auto number = static_cast<double>(value);
  return number == off[0] || number == off[1];
}

Status refusal(const std::string& key, const MetadataValue& value, const std::string& problem) {
  return error(StatusCode::unsupported, "key ", key, " is ", shown_value(value), ": it ", problem,
               ", which is not implemented");
}

}  // namespace

const KnownKey* find_key(std::span<const KnownKey> table, std::string_view name) {
  if (const auto exact = std::ranges::find(table, name, &KnownKey::name); exact != table.end()) return &*exact;
  const auto fits = [&](const KnownKey& row) {
    return row.name.ends_with('*') && name.starts_with(row.name.substr(0, row.name.size() - 1));
  };
  const auto pattern = std::ranges::find_if(table, fits);
  return pattern == table.end() ? nullptr : &*pattern;
}

std::string general_name(std::string_view key, std::string_view architecture) {
  const bool of_model =
      !architecture.empty() && key.starts_with(architecture) && key.substr(architecture.size()).starts_with('.');
  return of_model ? std::string(kArch) + std::string(key.substr(architecture.size())) : std::string(key);
}

bool says_off(const MetadataValue& value, std::array<double, 2> off) {
  return std::visit(
      [&](const auto& v) {
        if constexpr (is_vector<std::decay_t<decltype(v)>>)
          return std::all_of(v.begin(), v.end(), [&](const auto& one) { return off_scalar(one, off); });
        else
          return off_scalar(v, off);
      },
      static_cast<const MetadataVariant&>(value));
}

Status refuse_keys(const Metadata& metadata, std::string_view architecture, std::span<const KnownKey> table) {
  for (const auto& [key, value] : metadata.values()) {
    const KnownKey* row = find_key(table, general_name(key, architecture));
    if (!row) continue;
    if (row->use == KeyUse::off && !says_off(value, row->off)) return refusal(key, value, std::string(row->meaning));
    if (row->use != KeyUse::same) continue;
    const std::string original = row->same_as.starts_with(kArch)
                                     ? std::string(architecture) + std::string(row->same_as.substr(kArch.size()))
                                     : std::string(row->same_as);
    const auto number = metadata.real(key), expected = metadata.real(original);
    const MetadataValue* whole = metadata.find(original);
    const bool alike = number ? number == expected : whole && *whole == value;
    if (!alike) return refusal(key, value, join("differs from ", original, whole ? "" : ", which is missing"));
  }
  return Status();
}

std::vector<std::string> unknown_keys(const Metadata& metadata, std::string_view architecture,
                                      std::span<const KnownKey> table, std::span<const std::string_view> families) {
  std::vector<std::string> unknown;
  for (const auto& [key, value] : metadata.values()) {
    const std::string name = general_name(key, architecture);
    const auto begins = [&](std::string_view family) { return name.starts_with(family); };
    if (std::ranges::any_of(families, begins) && !find_key(table, name)) unknown.push_back(key);
  }
  return unknown;
}

std::string ignored_keys(const std::vector<std::string>& unknown) {
  if (unknown.empty()) return {};
  constexpr size_t kMost = 8;
  std::string text = unknown.size() > 1 ? "keys " : "key ";
  for (size_t i = 0; i < std::min(kMost, unknown.size()); ++i) text += (i > 0 ? ", " : "") + unknown[i];
  if (unknown.size() > kMost) text += join(" and ", unknown.size() - kMost, " more");
  return text + (unknown.size() > 1 ? " are not known here and are ignored" : " is not known here and is ignored");
}

std::string shown_value(const MetadataValue& value) {
  return std::visit(
      [](const auto& v) -> std::string {
        using T = std::decay_t<decltype(v)>;
        constexpr size_t kLongest = 40;
        if constexpr (std::is_same_v<T, bool>)
          return v ? "true" : "false";
        else if constexpr (std::is_same_v<T, std::string>)
          return '"' + (v.size() > kLongest ? v.substr(0, kLongest) + "…" : v) + '"';
        else if constexpr (is_vector<T>)
          return join("an array of ", v.size());
        else
          return join(v);
      },
      static_cast<const MetadataVariant&>(value));
}

}  // namespace tritium
