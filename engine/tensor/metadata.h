// Metadata: the typed key/value pairs of a model file, detached from the file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tritium {

// Integers of every width are int64 or (above its range) uint64; floats are double. Arrays likewise.
using MetadataVariant = std::variant<bool, int64_t, uint64_t, double, std::string, std::vector<bool>,
                                     std::vector<int64_t>, std::vector<double>, std::vector<std::string>>;

// Copies go through a temporary: where the copy of an alternative runs out of memory, libstdc++ 12 would destroy an
// alternative that is not there.
struct MetadataValue : MetadataVariant {
  using MetadataVariant::MetadataVariant;
  MetadataValue() = default;
  // NOLINTNEXTLINE(bugprone-copy-constructor-init): it is what must not be called
  MetadataValue(const MetadataValue& other) : MetadataVariant() { *this = other; }
  MetadataValue(MetadataValue&&) noexcept = default;
  MetadataValue& operator=(const MetadataValue& other) {
    std::visit([this](auto value) { MetadataVariant::operator=(std::move(value)); },
               static_cast<const MetadataVariant&>(other));
    return *this;
  }
  MetadataValue& operator=(MetadataValue&&) noexcept = default;
};

class Metadata {
 public:
  void set(const std::string& key, MetadataValue value) { values_[key] = std::move(value); }
  bool contains(const std::string& key) const { return values_.count(key) > 0; }
  const MetadataValue* find(const std::string& key) const;
  const std::map<std::string, MetadataValue>& values() const { return values_; }

  // nullopt: absent, or of a kind that would lose something. Integers: also bool, whole floats; bool: also 0, 1.
  std::optional<int64_t> integer(const std::string& key) const;
  std::optional<double> real(const std::string& key) const;
  std::optional<bool> boolean(const std::string& key) const;
  const std::string* text(const std::string& key) const;
  const std::vector<std::string>* texts(const std::string& key) const;
  const std::vector<bool>* booleans(const std::string& key) const;
  const std::vector<int64_t>* integers(const std::string& key) const;
  const std::vector<double>* reals(const std::string& key) const;

 private:
  std::map<std::string, MetadataValue> values_;
};

}  // namespace tritium
