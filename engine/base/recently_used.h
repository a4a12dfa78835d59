// What was used last is kept, as far as a number of entries and of bytes allows. Any number of threads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace tritium {

// For few entries: a search compares keys one by one.
template <typename Key, typename Value>
class RecentlyUsed {
 public:
  RecentlyUsed(size_t most_entries, size_t most_bytes) : most_entries_(most_entries), most_bytes_(most_bytes) {}

  std::optional<Value> find(const Key& key) {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(entries_, key, &Entry::key);
    if (found == entries_.end()) return std::nullopt;
    std::rotate(entries_.begin(), found, found + 1);
    return entries_.front().value;
  }

  // In place of what the key had. What alone is more than all may be is not kept.
  void add(Key key, Value value, size_t bytes) {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [&](const Entry& entry) { return entry.key == key; });
    if (bytes > most_bytes_ || most_entries_ == 0) return;
    size_t before = most_bytes_ - bytes;  // what those before may have together
    size_t kept = 0;
    for (; kept < entries_.size() && kept + 1 < most_entries_ && entries_[kept].bytes <= before; ++kept)
      before -= entries_[kept].bytes;
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(kept), entries_.end());
    entries_.insert(entries_.begin(), Entry{std::move(key), std::move(value), bytes});
  }

 private:
  struct Entry {
    Key key;
    Value value;
    size_t bytes;
  };

  const size_t most_entries_, most_bytes_;
  std::mutex mutex_;
  std::vector<Entry> entries_;  // the last one that was used comes first
};

}  // namespace tritium
