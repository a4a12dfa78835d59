// What is made of the table of options: JSON, words of a command line, descriptions and checks of ranges.
#include <algorithm>
#include <cmath>
#include <new>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/caught.h"
#include "base/format_text.h"
#include "train/json_text.h"
#include "train/options_table.h"

namespace tritium {
namespace training {
namespace {

using nlohmann::json;

template <typename T>
constexpr OptionKind kKind = std::is_enum_v<T>                ? OptionKind::choice
                             : std::is_same_v<T, bool>        ? OptionKind::flag
                             : std::is_integral_v<T>          ? OptionKind::integer
                             : std::is_floating_point_v<T>    ? OptionKind::real
                             : std::is_same_v<T, std::string> ? OptionKind::text
                                                              : OptionKind::texts;

// f(the row's field of these options)
template <typename Options, typename F>
auto with_field(const Row& row, Options& options, const F& f) {
  return std::visit([&](auto member) { return f(options.*member); }, row.field);
}

// Empty: the list has fewer.
std::string_view name_at(std::string_view names, size_t i) {
  for (; i > 0 && !names.empty(); --i) names.remove_prefix(std::min(names.size(), names.find(',') + 2));
  return names.substr(0, names.find(','));
}

// The place of a name in a list; -1: it is not there.
int index_of(std::string_view names, std::string_view name) {
  for (int i = 0; !name_at(names, i).empty(); ++i)
    if (name_at(names, i) == name) return i;
  return -1;
}

template <typename T>
json to_json(const T& value) {
  if constexpr (std::is_enum_v<T>) {
    return name_at(names_of(value), static_cast<size_t>(value));
  } else {
    return value;
  }
}

template <typename T>
bool is_integer_of(const json& value) {
  return value.is_number_unsigned() ? std::in_range<T>(value.get<uint64_t>())
                                    : value.is_number_integer() && std::in_range<T>(value.get<int64_t>());
}

bool is_whole(const json& value) {
  const double real = value.is_number_float() ? value.get<double>() : 0.5;
  return std::abs(real) <= 0x1p53 && real == std::floor(real);
}

// False when `value` is not of the field's kind.
template <typename T>
bool from_json(const json& value, T& field) {
  constexpr OptionKind kind = kKind<T>;
  bool fits = false;
  if constexpr (kind == OptionKind::choice) {
    const int i = value.is_string() ? index_of(names_of(field), value.get_ref<const std::string&>()) : -1;
    if (i >= 0) field = static_cast<T>(i);
    return i >= 0;
  } else if constexpr (kind == OptionKind::integer) {
    if (is_whole(value)) return from_json(json(static_cast<int64_t>(value.get<double>())), field);  // 1e3
    fits = is_integer_of<T>(value);
  } else if constexpr (kind == OptionKind::text) {
    if (value.is_object()) return from_json(json(value.dump()), field);  // a transformer may be written out
    fits = value.is_string();
  } else if constexpr (kind == OptionKind::texts) {
    if (value.is_string()) return from_json(json::array({value}), field);
    fits = value.is_array() && std::all_of(value.begin(), value.end(), [](const json& e) { return e.is_string(); });
  } else {
    fits = kind == OptionKind::flag ? value.is_boolean() : value.is_number();
  }
  if (fits) value.get_to(field);
  return fits;
}

template <typename T>
std::string allowed_values(const Row& row) {
  if constexpr (std::is_enum_v<T>) return join("one of ", row.choices ? row.choices : names_of(T{}));
  constexpr const char* kWords[] = {"true or false", "an integer", "a number", "", "text", "a list of texts"};
  return join(kWords[static_cast<size_t>(kKind<T>)], *row.range.words ? " " : "", row.range.words);
}

template <typename T>
Status set_field(const Row& row, const json& value, T& field) {
  if (from_json(value, field)) return Status();
  return error(StatusCode::invalid_argument, "training option \"", row.key, "\" is ",
               value.dump(-1, ' ', false, json::error_handler_t::replace), ", must be ", allowed_values<T>(row));
}

Result<const Row*> find_row(std::string_view key) {
  std::string names;
  for (const Row& row : kOptionTable) {
    if (!row.help) continue;
    if (row.key == key) return &row;
    names += join(names.empty() ? "" : ", ", row.key);
  }
  return error(StatusCode::invalid_argument, "there is no training option \"", key, "\"; there are ", names);
}

template <typename T>
Status check_range(const Row& row, const T& value) {
  const auto refuse = [&row](auto shown, auto allowed) {
    return error(StatusCode::invalid_argument, row.key, " is ", shown, ", must be ", allowed);
  };
  if constexpr (std::is_enum_v<T>) {
    const std::string_view all = names_of(value), name = name_at(all, static_cast<size_t>(value));
    if (index_of(row.choices ? row.choices : all, name) < 0) return refuse(name, allowed_values<T>(row));
  } else if constexpr (std::is_arithmetic_v<T>) {
    const auto number = static_cast<double>(value);
    if (*row.range.words && !(number >= row.range.low && number <= row.range.high))
      return refuse(value, row.range.words);
  }
  return Status();
}

std::string flag_of(const Row& row) {
  if (row.flag) return row.flag;
  std::string flag = join("--", row.key);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

}  // namespace

Status check_ranges(const TrainOptions& options) {
  Status status;
  for (const Row& row : kOptionTable)
    if (row.help && status.ok())
      status = with_field(row, options, [&row](const auto& value) { return check_range(row, value); });
  return status;
}

}  // namespace training

using namespace training;

std::vector<TrainOption> train_options() try {
  std::vector<TrainOption> list;
  const TrainOptions defaults;
  const char* group = "";
  for (const Row& row : kOptionTable) {
    if (!row.help) {
      group = row.key;
      continue;
    }
    list.push_back({.key = row.key, .flag = flag_of(row), .group = group, .help = row.help});
    with_field(row, defaults, [&row, &o = list.back()]<typename T>(const T& value) {
      const json initial = to_json(value);
      o.kind = kKind<T>;
      o.allowed = allowed_values<T>(row);
      o.initial = initial.is_string() ? initial.get<std::string>() : initial.empty() ? "" : initial.dump();
    });
  }
  return list;
} catch (const std::bad_alloc&) {
  return {};
}

std::string train_options_to_json(const TrainOptions& options) try {
  json object = json::object();
  for (const Row& row : kOptionTable)
    if (row.help) object[row.key] = with_field(row, options, [](const auto& field) { return to_json(field); });
  // Paths need not be UTF-8.
  return object.dump(2, ' ', false, json::error_handler_t::replace);
} catch (const std::bad_alloc&) {
  return {};
}

Result<TrainOptions> train_options_from_json(std::string_view text, const TrainOptions& defaults) try {
  const Result<json> object = parse_object("the training options", text, /*ignore_comments=*/true);
  if (!object.ok()) return object.status();
  TrainOptions options = defaults;
  for (const auto& item : object->items()) {
    const Result<const Row*> row = find_row(item.key());
    if (!row.ok()) return row.status();
    const Status set = with_field(**row, options, [&](auto& field) { return set_field(**row, item.value(), field); });
    if (!set.ok()) return set;
  }
  return options;
} catch (...) {
  return caught();
}

Status set_train_option(TrainOptions& options, std::string_view key, const std::vector<std::string>& words) try {
  const Result<const Row*> row = find_row(key);
  if (!row.ok()) return row.status();
  return with_field(**row, options, [&]<typename T>(T& field) {
    constexpr OptionKind kind = kKind<T>;
    const std::string word = words.empty() ? "" : words.back();
    json value = kind == OptionKind::texts ? json(words) : json(word);
    if constexpr (kind == OptionKind::flag) value = !(TrainOptions().*std::get<bool TrainOptions::*>((*row)->field));
    const bool number = kind == OptionKind::integer || kind == OptionKind::real;
    if (json read = json::parse(word, nullptr, /*allow_exceptions=*/false); number && read.is_number()) value = read;
    return set_field(**row, value, field);
  });
} catch (...) {
  return caught();
}

}  // namespace tritium
