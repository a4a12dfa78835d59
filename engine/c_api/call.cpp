#include "c_api/call.h"

#include <cstring>

namespace tritium::c_api {
namespace {

static_assert(TRITIUM_OK == static_cast<int>(StatusCode::ok));
static_assert(TRITIUM_INVALID_ARGUMENT == static_cast<int>(StatusCode::invalid_argument));
static_assert(TRITIUM_NOT_FOUND == static_cast<int>(StatusCode::not_found));
static_assert(TRITIUM_CORRUPT_FILE == static_cast<int>(StatusCode::corrupt_file));
static_assert(TRITIUM_UNSUPPORTED == static_cast<int>(StatusCode::unsupported));
static_assert(TRITIUM_OUT_OF_MEMORY == static_cast<int>(StatusCode::out_of_memory));
static_assert(TRITIUM_IO_ERROR == static_cast<int>(StatusCode::io_error));
static_assert(TRITIUM_DEVICE_ERROR == static_cast<int>(StatusCode::device_error));
static_assert(TRITIUM_CANCELLED == static_cast<int>(StatusCode::cancelled));
static_assert(TRITIUM_INTERNAL == static_cast<int>(StatusCode::internal));

// At most `room` bytes, without a part of a character of UTF-8 (10xxxxxx: within one).
size_t cut(std::string_view text, size_t room) {
  if (text.size() <= room) return text.size();
  while (room > 0 && (static_cast<unsigned char>(text[room]) & 0xC0) == 0x80) --room;
  return room;
}

}  // namespace

tritium_status report(tritium_error* error, const Outcome& outcome) noexcept {
  constexpr size_t kBegin = offsetof(tritium_error, message);
  if (!error || error->size <= kBegin) return outcome.status;
  char* message = reinterpret_cast<char*>(error) + kBegin;
  const size_t n = cut(outcome.message, static_cast<size_t>(error->size) - kBegin - 1);
  std::memcpy(message, outcome.message.data(), n);
  message[n] = '\0';
  error->message_size = outcome.message.size();
  error->status = outcome.status;
  return outcome.status;
}

Status needs(std::initializer_list<Needed> all) {
  for (const Needed& one : all)
    if (!one.pointer) return error(StatusCode::invalid_argument, one.name, " is NULL");
  return Status();
}

Result<std::string_view> given_text(const char* text, uint64_t size, const char* name) {
  const Result<std::span<const char>> bytes = given(text, size, name);
  if (!bytes.ok()) return bytes.status();
  return std::string_view(bytes->data(), bytes->size());
}

}  // namespace tritium::c_api

extern "C" {

const char* tritium_status_name(tritium_status status) {
  constexpr const char* kNames[] = {"ok",          "invalid_argument", "not_found",       "corrupt_file",
                                    "unsupported", "out_of_memory",    "io_error",        "device_error",
                                    "cancelled",   "internal",         "buffer_too_small"};
  return status >= 0 && status < static_cast<int>(std::size(kNames)) ? kNames[status] : "unknown";
}

uint32_t tritium_version(void) { return TRITIUM_VERSION; }

#define TRITIUM_TEXT_OF(x) #x
#define TRITIUM_DOTTED(major, minor, patch) TRITIUM_TEXT_OF(major) "." TRITIUM_TEXT_OF(minor) "." TRITIUM_TEXT_OF(patch)
const char* tritium_version_string(void) {
  return TRITIUM_DOTTED(TRITIUM_VERSION_MAJOR, TRITIUM_VERSION_MINOR, TRITIUM_VERSION_PATCH);
}
}
