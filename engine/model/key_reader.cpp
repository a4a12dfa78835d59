#include "model/key_reader.h"

#include <algorithm>

#include "base/format_text.h"

namespace tritium {

void KeyReader::require(bool condition, const std::string& key, const std::string& problem) {
  if (!condition && status_.ok()) status_ = Status(StatusCode::corrupt_file, "key " + prefix_ + key + " " + problem);
}

int64_t KeyReader::integer(const std::string& key, int64_t low, int64_t high) {
  require(has(key), key, "is missing");
  return integer_or(key, low, low, high);
}

int64_t KeyReader::integer_or(const std::string& key, int64_t fallback, int64_t low, int64_t high) {
  if (!has(key)) {
    require(fallback >= low && fallback <= high, key,
            join("is missing, and what is taken instead is ", fallback, ", must be ", low, " to ", high));
    return std::clamp(fallback, low, high);
  }
  std::optional<int64_t> value = metadata_.integer(prefix_ + key);
  if (const auto* all = metadata_.integers(prefix_ + key); !value && all && !all->empty())
    if (std::ranges::all_of(*all, [&](int64_t v) { return v == all->front(); })) value = all->front();
  require(value.has_value(), key, "must be one integer (values that differ between layers are not supported)");
  if (!value) return fallback;
  require(*value >= low && *value <= high, key, join("is ", *value, ", must be ", low, " to ", high));
  return std::clamp(*value, low, high);
}

std::vector<int64_t> KeyReader::integers(const std::string& key, int64_t n_layers, int64_t low, int64_t high) {
  require(has(key), key, "is missing");
  return integers_or(key, std::vector<int64_t>(static_cast<size_t>(n_layers), low), low, high);
}

std::vector<int64_t> KeyReader::integers_or(const std::string& key, const std::vector<int64_t>& fallbacks, int64_t low,
                                            int64_t high) {
  const size_t n = fallbacks.size();
  const auto* all = metadata_.integers(prefix_ + key);
  std::vector<int64_t> values;
  if (!has(key) || metadata_.integer(prefix_ + key)) {
    for (int64_t fallback : fallbacks) values.push_back(integer_or(key, fallback, low, high));
    return values;
  }
  require(all != nullptr, key, join("must be an integer, or an array of one for each of the ", n, " layers"));
  if (all)
    require(all->size() == n, key, join("has ", all->size(), " values, must have one for each of the ", n, " layers"));
  const bool complete = all && all->size() == n;
  for (size_t i = 0; i < n; ++i) {
    const int64_t value = complete ? (*all)[i] : low;
    require(value >= low && value <= high, key, join("is ", value, " for layer ", i, ", must be ", low, " to ", high));
    values.push_back(std::clamp(value, low, high));
  }
  return values;
}

std::vector<int64_t> KeyReader::integers_of_any_number(const std::string& key, const std::vector<int64_t>& fallback,
                                                       int64_t low, int64_t high) {
  constexpr size_t kMost = 4096;
  if (!has(key)) return fallback;
  const auto* all = metadata_.integers(prefix_ + key);
  const bool good = all && !all->empty() && all->size() <= kMost &&
                    std::ranges::all_of(*all, [=](int64_t v) { return v >= low && v <= high; });
  require(good, key, join("must be an array of 1 to ", kMost, " integers of ", low, " to ", high));
  return good ? *all : fallback;
}

double KeyReader::real(const std::string& key, double low, double high) {
  require(has(key), key, "is missing");
  return real_or(key, low, low, high);
}

double KeyReader::real_or(const std::string& key, double fallback, double low, double high) {
  if (!has(key)) return fallback;
  const std::optional<double> value = metadata_.real(prefix_ + key);
  const bool good = value && *value >= low && *value <= high;  // false for NaN
  require(good, key, value ? join("is ", *value, ", must be ", low, " to ", high) : "must be a number");
  return good ? *value : fallback;
}

bool KeyReader::boolean_or(const std::string& key, bool fallback) {
  if (!has(key)) return fallback;
  const std::optional<bool> value = metadata_.boolean(prefix_ + key);
  require(value.has_value(), key, "must be true or false");
  return value.value_or(fallback);
}

std::string KeyReader::text_or(const std::string& key, const std::string& fallback) {
  if (!has(key)) return fallback;
  const std::string* value = metadata_.text(prefix_ + key);
  require(value != nullptr, key, "must be text");
  return value ? *value : fallback;
}

std::vector<bool> KeyReader::booleans_or(const std::string& key, int64_t n_layers) {
  if (!has(key)) return {};
  std::vector<bool> values;
  if (const auto* booleans = metadata_.booleans(prefix_ + key)) values = *booleans;
  if (const auto* integers = metadata_.integers(prefix_ + key))
    for (int64_t v : *integers) {
      require(v == 0 || v == 1, key, join("has ", v, ", must be 0 or 1"));
      values.push_back(v != 0);
    }
  const bool good = values.size() == static_cast<size_t>(n_layers);
  require(good, key, join("must have one value for each of the ", n_layers, " layers"));
  return good ? values : std::vector<bool>(static_cast<size_t>(n_layers));
}

std::vector<double> KeyReader::reals_or(const std::string& key, int64_t n_layers, double fallback) {
  const auto n = static_cast<size_t>(n_layers);
  if (!has(key)) return std::vector<double>(n, fallback);
  std::vector<double> values;
  if (const auto one = metadata_.real(prefix_ + key)) values.assign(n, *one);
  if (const auto* all = metadata_.reals(prefix_ + key)) values = *all;
  if (const auto* all = metadata_.integers(prefix_ + key)) values.assign(all->begin(), all->end());
  const bool good = values.size() == n && std::ranges::all_of(values, [](double v) { return v >= 0 && v < 1e30; });
  require(good, key, join("must have one number from 0 up for each of the ", n_layers, " layers"));
  return good ? values : std::vector<double>(n, fallback);
}

}  // namespace tritium
