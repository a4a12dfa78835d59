// PromptCache: saved sessions, the one that was used least recently forgotten first, within a limit of memory.
// One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <vector>

namespace tritium::server {

// How many tokens both begin with.
size_t common_prefix(std::span<const int32_t> a, std::span<const int32_t> b);

class PromptCache {
 public:
  explicit PromptCache(uint64_t limit_bytes) : limit_(limit_bytes) {}

  struct Saved {
    std::string adapter;  // that evaluated it; empty: none
    std::vector<int32_t> tokens;
    std::vector<std::byte> bytes;  // Session::save()
  };

  // Whether a session of so many bytes may be kept at all.
  bool has_room_for(uint64_t bytes) const { return bytes <= limit_; }
  // In place of what it begins with; nothing where as much is kept already.
  void add(Saved saved);
  // The one that has most of the beginning of `tokens`; null: none has more than `least`. Valid until the next call.
  const Saved* find(const std::string& adapter, std::span<const int32_t> tokens, size_t least);
  uint64_t bytes() const { return bytes_; }

 private:
  void drop(std::list<Saved>::iterator one);

  const uint64_t limit_;
  uint64_t bytes_ = 0;
  std::list<Saved> saved_;  // used most recently first
};

}  // namespace tritium::server
