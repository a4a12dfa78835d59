#include "tensor/metadata.h"

#include <cmath>
#include <limits>

namespace tritium {

const MetadataValue* Metadata::find(const std::string& key) const {
  const auto it = values_.find(key);
  return it == values_.end() ? nullptr : &it->second;
}

namespace {

template <typename T>
const T* get(const Metadata& metadata, const std::string& key) {
  const MetadataValue* value = metadata.find(key);
  return value ? std::get_if<T>(value) : nullptr;
}

}  // namespace

std::optional<int64_t> Metadata::integer(const std::string& key) const {
  if (const auto* v = get<int64_t>(*this, key)) return *v;
  if (const auto* v = get<bool>(*this, key)) return *v ? 1 : 0;
  if (const auto* v = get<uint64_t>(*this, key); v && *v <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
    return static_cast<int64_t>(*v);
  constexpr double kExact = 0x1p53;  // below it every integer is a double of its own
  if (const auto* v = get<double>(*this, key); v && std::abs(*v) < kExact && std::trunc(*v) == *v)
    return static_cast<int64_t>(*v);
  return std::nullopt;
}

std::optional<double> Metadata::real(const std::string& key) const {
  if (const auto* v = get<double>(*this, key)) return *v;
  if (const auto* v = get<uint64_t>(*this, key)) return static_cast<double>(*v);
  if (const auto v = integer(key)) return static_cast<double>(*v);
  return std::nullopt;
}

std::optional<bool> Metadata::boolean(const std::string& key) const {
  if (const auto* v = get<bool>(*this, key)) return *v;
  if (const auto* v = get<int64_t>(*this, key); v && (*v == 0 || *v == 1)) return *v == 1;
  return std::nullopt;
}

const std::string* Metadata::text(const std::string& key) const { return get<std::string>(*this, key); }
const std::vector<std::string>* Metadata::texts(const std::string& key) const {
  return get<std::vector<std::string>>(*this, key);
}
const std::vector<bool>* Metadata::booleans(const std::string& key) const { return get<std::vector<bool>>(*this, key); }
const std::vector<int64_t>* Metadata::integers(const std::string& key) const {
  return get<std::vector<int64_t>>(*this, key);
}
const std::vector<double>* Metadata::reals(const std::string& key) const {
  return get<std::vector<double>>(*this, key);
}

}  // namespace tritium
