// Fields: a JSON object, read strictly. Each member is asked for by name; what is of another type, out of its range or
// asked for by nobody is an error that names it. The first error counts.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/openai/json.h"

namespace tritium::server {

class Fields {
 public:
  // `place`: where the object stands, "tools[0]."; empty: it is the body. Both outlive this.
  Fields(const Json& object, std::string place, std::optional<ApiError>& error);

  // Null: not there, or null.
  const Json* find(std::string_view key);
  // Taken whatever it is, for it means nothing here.
  void ignore(std::initializer_list<std::string_view> keys);

  // They leave `into` as it is where the member is not there, and say whether it was.
  bool read(std::string_view key, bool& into);
  bool read(std::string_view key, std::string& into);
  bool read(std::string_view key, int64_t& into, int64_t least, int64_t most);
  bool read(std::string_view key, float& into, double least, double most);
  bool read(std::string_view key, std::vector<std::string>& into, size_t most);
  // One of the names, as its index.
  bool read_choice(std::string_view key, std::initializer_list<std::string_view> names, size_t& into);
  // An object within this one, for Fields of its own; null: not there.
  const Json* read_object(std::string_view key);
  const Json* read_array(std::string_view key);
  const std::string& required(std::string_view key, std::string& into);

  void refuse(std::string_view key, const std::string& why);
  void refuse_unsupported(std::string_view key, const std::string& why);
  // The error of a part that was read apart.
  void take(std::optional<ApiError> of_part);
  // What nobody asked for.
  void finish();
  std::string name(std::string_view key) const { return place_ + std::string(key); }
  bool failed() const { return error_.has_value(); }

 private:
  const Json& object_;
  const std::string place_;
  std::optional<ApiError>& error_;
  std::set<std::string, std::less<>> known_;
};

// "a string", "an array", for messages.
std::string kind_of(const Json& value);

}  // namespace tritium::server
