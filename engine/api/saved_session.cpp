// A session's state as bytes, and back: its tokens, and of each cache the rows that they filled.
//
//   "TRITSES1"   8 bytes
//   kind         u64: checksum of what the model and the caches must have in common
//   n            u64: tokens, which follow as i32, and then the rows of every cache, n each
//   checksum     u64, of all before it
#include <algorithm>
#include <cstring>
#include <string_view>

#include "api/state.h"
#include "base/caught.h"
#include "base/checksum.h"
#include "base/format_text.h"

namespace tritium {
namespace {

constexpr std::string_view kMagic = "TRITSES1";
constexpr size_t kNumber = sizeof(uint64_t), kHeader = 3 * kNumber;

std::vector<Tensor> caches_of(const ForwardState& state) {
  std::vector<Tensor> all;
  for (const KvCache& cache : state.caches)
    for (const Tensor& tensor : {cache.k, cache.v, cache.k_scales, cache.v_scales})
      if (tensor) all.push_back(tensor);
  if (state.smear_cache) all.push_back(state.smear_cache);
  return all;
}

// Of a token; caches are (capacity, …).
size_t row_bytes(const Tensor& cache) { return static_cast<size_t>(cache.bytes() / cache.shape[0]); }

size_t saved_size(const ForwardState& state, size_t n) {
  size_t row = sizeof(int32_t);
  for (const Tensor& cache : caches_of(state)) row += row_bytes(cache);
  return kHeader + n * row + kNumber;
}

uint64_t kind_of(const Session::State& s) {
  const ModelInfo& i = s.model->info;
  const StateOptions& o = s.forward.options;
  std::string text = join(i.architecture, '/', i.name, '/', i.vocab_size, '/', i.dim, '/', i.n_layers, '/',
                          i.parameters, '/', i.token_weight_bytes, '/', static_cast<int>(o.activations));
  for (const Tensor& cache : caches_of(s.forward))
    text += join('/', static_cast<int>(cache.dtype), ':', row_bytes(cache));
  return checksum_of(std::as_bytes(std::span(text)));
}

// Rows of a cache from `first` on. Copies begin where a tensor does: of later rows those before them come along.
Status read_rows(Backend& backend, const Tensor& cache, size_t first, std::span<std::byte> rows) {
  if (first == 0) return backend.download(cache, rows);
  std::vector<std::byte> all(first * row_bytes(cache) + rows.size());
  if (Status s = backend.download(cache, all); !s.ok()) return s;
  std::ranges::copy(std::span(all).last(rows.size()), rows.begin());
  return Status();
}

Status write_rows(Backend& backend, const Tensor& cache, size_t first, std::span<const std::byte> rows) {
  if (first == 0) return backend.upload(cache, rows);
  std::vector<std::byte> all(first * row_bytes(cache) + rows.size());
  if (Status s = backend.download(cache, std::span(all).first(all.size() - rows.size())); !s.ok()) return s;
  std::ranges::copy(rows, std::span(all).last(rows.size()).begin());
  return backend.upload(cache, all);
}

size_t first_row(const Session::State& s) { return static_cast<size_t>(s.sequence * s.forward.options.capacity); }

// Each cache's first n rows of the session go to `use(tensor, bytes)`; the bytes are one part of `all` after the other.
Status each_cache(const ForwardState& state, size_t n, std::span<std::byte> all, const auto& use) {
  if (n == 0) return Status();
  for (const Tensor& cache : caches_of(state)) {
    const size_t bytes = n * row_bytes(cache);
    if (Status s = use(cache, all.first(bytes)); !s.ok()) return s;
    all = all.subspan(bytes);
  }
  return Status();
}

uint64_t number_at(std::span<const std::byte> bytes, size_t at) {
  uint64_t number = 0;
  std::memcpy(&number, bytes.data() + at, kNumber);
  return number;
}

// Of bytes that may be anything: how many tokens they hold.
Result<size_t> check(const Session::State& session, std::span<const std::byte> bytes) {
  const auto damaged = [](const auto&... parts) {
    return error(StatusCode::corrupt_file, "no saved session: ", parts...);
  };
  if (bytes.size() < kHeader + kNumber || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0)
    return damaged(bytes.size(), " bytes that do not begin with ", kMagic);
  if (number_at(bytes, bytes.size() - kNumber) != checksum_of(bytes.first(bytes.size() - kNumber)))
    return damaged("the checksum is another one: it is damaged, or cut off");
  if (number_at(bytes, kNumber) != kind_of(session))
    return error(StatusCode::invalid_argument,
                 "the saved session is one of another model, or with other activations or another KV cache");
  const uint64_t n = number_at(bytes, 2 * kNumber);
  const auto context = static_cast<uint64_t>(session.forward.options.capacity);
  if (n > context)
    return error(StatusCode::invalid_argument, "the saved session has ", n, " tokens, this context holds ", context);
  if (bytes.size() != saved_size(session.forward, n))
    return damaged(bytes.size(), " bytes, ", saved_size(session.forward, n), " expected of ", n, " tokens");
  return n;
}

}  // namespace

uint64_t Session::saved_bytes() const { return state_ ? saved_size(state_->forward, state_->tokens.size()) : 0; }

Result<std::vector<std::byte>> Session::save() const try {
  const SessionCall call(state_.get());
  if (!call.status().ok()) return call.status();
  const size_t n = state_->tokens.size();
  std::vector<std::byte> bytes(saved_size(state_->forward, n));
  const uint64_t kind = kind_of(*state_), count = n;
  std::memcpy(bytes.data(), kMagic.data(), kMagic.size());
  std::memcpy(bytes.data() + kNumber, &kind, kNumber);
  std::memcpy(bytes.data() + 2 * kNumber, &count, kNumber);
  const auto tokens = std::as_bytes(std::span(state_->tokens));
  std::ranges::copy(tokens, bytes.begin() + kHeader);
  Backend& backend = *state_->model->runtime->backend;
  {
    const std::lock_guard lock(backend.mutex());
    const Status status = each_cache(state_->forward, n, std::span(bytes).subspan(kHeader + tokens.size()),
                                     [&](const Tensor& cache, std::span<std::byte> rows) {
                                       return read_rows(backend, cache, first_row(*state_), rows);
                                     });
    if (!status.ok()) return status;
  }
  const uint64_t checksum = checksum_of(std::span(bytes).first(bytes.size() - kNumber));
  std::memcpy(bytes.data() + bytes.size() - kNumber, &checksum, kNumber);
  return bytes;
} catch (...) {
  return caught();
}

Status Session::restore(std::span<const std::byte> bytes) try {
  const SessionCall call(state_.get());
  if (!call.status().ok()) return call.status();
  const Result<size_t> n = check(*state_, bytes);
  if (!n.ok()) return n.status();
  std::vector<int32_t> tokens(*n);
  std::ranges::copy(bytes.subspan(kHeader, *n * sizeof(int32_t)), std::as_writable_bytes(std::span(tokens)).begin());
  for (const int32_t token : tokens)
    if (token < 0 || token >= state_->model->config.vocab_size)
      return error(StatusCode::corrupt_file, "no saved session: token ", token, " is none of this model's");
  std::vector<std::byte> rows(bytes.begin() + static_cast<std::ptrdiff_t>(kHeader + *n * sizeof(int32_t)), bytes.end());
  return state_->take_rows(tokens, rows);
} catch (...) {
  return caught();
}

Status Session::State::take_rows(std::span<const int32_t> taken, std::span<std::byte> rows) {
  Backend& backend = *model->runtime->backend;
  const std::lock_guard lock(backend.mutex());
  tokens.clear();
  logits_are = Place::nowhere;
  Status status = each_cache(forward, taken.size(), rows, [&](const Tensor& cache, std::span<std::byte> bytes) {
    return write_rows(backend, cache, first_row(*this), bytes);
  });
  if (!status.ok()) return status;
  if (!forward.history.empty())
    std::ranges::copy(taken, forward.history.begin() + static_cast<std::ptrdiff_t>(first_row(*this)));
  tokens.insert(tokens.end(), taken.begin(), taken.end());
  return Status();
}

namespace {

Attached attached_of(const Session::State& session) {
  const std::lock_guard lock(session.model->runtime->backend->mutex());
  return session.shared->attached;
}

}  // namespace

Result<Session> Session::fork() const try {
  const SessionCall call(state_.get());
  if (!call.status().ok()) return call.status();
  StateOptions options = state_->forward.options;
  options.sequences = 1;
  Result<std::vector<std::unique_ptr<State>>> made = State::make(state_->model, options);
  if (!made.ok()) return made.status();
  std::unique_ptr<State>& forked = made->front();
  forked->shared->attach(attached_of(*state_));
  const size_t n = state_->tokens.size();
  std::vector<std::byte> rows(saved_size(state_->forward, n) - kHeader - kNumber - n * sizeof(int32_t));
  Backend& backend = *state_->model->runtime->backend;
  {
    const std::lock_guard lock(backend.mutex());
    const Status status = each_cache(state_->forward, n, rows, [&](const Tensor& cache, std::span<std::byte> bytes) {
      return read_rows(backend, cache, first_row(*state_), bytes);
    });
    if (!status.ok()) return status;
  }
  if (Status s = forked->take_rows(state_->tokens, rows); !s.ok()) return s;
  if (state_->logits_are == State::Place::host) {
    forked->logits = state_->logits;
    forked->logits_are = State::Place::host;
  }
  return Session(std::move(forked));
} catch (...) {
  return caught();
}

}  // namespace tritium
