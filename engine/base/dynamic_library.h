// A library that is looked for while the program runs.
#pragma once

#include <string>

#include "tritium/status.hpp"

namespace tritium {

class DynamicLibrary {
 public:
  // A name as the system's loader takes it. not_found with its reason.
  static Result<DynamicLibrary> open(const std::string& name);

  DynamicLibrary(DynamicLibrary&& other) noexcept;
  DynamicLibrary& operator=(DynamicLibrary&&) = delete;
  DynamicLibrary(const DynamicLibrary&) = delete;
  DynamicLibrary& operator=(const DynamicLibrary&) = delete;
  ~DynamicLibrary();  // and the library, unless somebody else has it or it is to stay

  // A function or datum of it; null: it has none of that name.
  void* find(const char* symbol) const;
  // Until the process ends: what has threads of its own, or was handed to others.
  void stay() { handle_ = nullptr; }

 private:
  explicit DynamicLibrary(void* handle) : handle_(handle) {}

  void* handle_;
};

}  // namespace tritium
