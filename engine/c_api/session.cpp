#include <algorithm>
#include <cmath>
#include <numeric>

#include "c_api/call.h"
#include "c_api/handles.h"
#include "c_api/structs.h"

namespace tritium::c_api {

template <>
tritium_session_options defaults<tritium_session_options>() {
  return {.size = sizeof(tritium_session_options)};
}

namespace {

Result<SessionOptions> session_options_of(const tritium_session_options& o) {
  const Result<Activations> activations = choice(o.activations, Activations::f32, "activations");
  if (!activations.ok()) return activations.status();
  const Result<KvCacheType> kv = choice(o.kv, KvCacheType::f32, "kv");
  if (!kv.ok()) return kv.status();
  return SessionOptions{.context = o.context,
                        .activations = *activations,
                        .kv = *kv,
                        .batch = o.batch,
                        .keep_going = keep_going_of(o.cancel)};
}

// log softmax(logits)[i] = logits[i] - max - log Σ exp(logits - max), of the largest, first the lowest id among equals.
void most_probable(std::span<const float> logits, std::span<tritium_log_probability> out) {
  const double largest = *std::ranges::max_element(logits);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - largest);
  const double log_sum = largest + std::log(sum);
  std::vector<int32_t> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  const auto before = [&](int32_t a, int32_t b) {
    const float x = logits[static_cast<size_t>(a)], y = logits[static_cast<size_t>(b)];
    return x != y ? x > y : a < b;
  };
  std::ranges::partial_sort(ids, ids.begin() + std::ssize(out), before);
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = {.log_probability = logits[static_cast<size_t>(ids[i])] - log_sum, .token = ids[i], .reserved = 0};
}

}  // namespace
}  // namespace tritium::c_api

extern "C" {

using namespace tritium::c_api;
using tritium::Status;

void tritium_session_options_init(tritium_session_options* options, uint64_t size) { init_options(options, size); }

tritium_status tritium_session_create(const tritium_model* model, const tritium_session_options* options,
                                      tritium_session** out, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{out, "out"}}); !s.ok()) return s;
    *out = nullptr;
    if (Status s = needs({{model, "model"}}); !s.ok()) return s;
    const auto all = options_of(options, "tritium_session_options");
    if (!all.ok()) return all.status();
    const auto chosen = session_options_of(*all);
    if (!chosen.ok()) return chosen.status();
    auto session = model->model.create_session(*chosen);
    if (!session.ok()) return session.status();
    return give_handle(out, *std::move(session));
  });
}

tritium_status tritium_sessions_create(const tritium_model* model, const tritium_session_options* options, uint64_t n,
                                       tritium_session** out, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{out, "out"}}); !s.ok()) return s;
    constexpr uint64_t kMost = 1024;
    if (n < 1 || n > kMost)
      return tritium::error(tritium::StatusCode::invalid_argument, "n is ", n, ", must be 1 to ", kMost);
    std::fill_n(out, n, nullptr);
    if (Status s = needs({{model, "model"}}); !s.ok()) return s;
    const auto all = options_of(options, "tritium_session_options");
    if (!all.ok()) return all.status();
    const auto chosen = session_options_of(*all);
    if (!chosen.ok()) return chosen.status();
    auto sessions = model->model.create_sessions(static_cast<int64_t>(n), *chosen);
    if (!sessions.ok()) return sessions.status();
    std::vector<std::unique_ptr<tritium_session>> handles;
    for (tritium::Session& session : *sessions)
      handles.push_back(std::make_unique<tritium_session>(tritium_session{std::move(session), {}, {}}));
    for (uint64_t i = 0; i < n; ++i) out[i] = handles[i].release();
    return {};
  });
}

void tritium_session_release(tritium_session* session) { delete session; }

int64_t tritium_session_position(const tritium_session* session) { return session ? session->session.position() : 0; }
int64_t tritium_session_context(const tritium_session* session) { return session ? session->session.context() : 0; }

tritium_status tritium_session_rewind(tritium_session* session, int64_t position, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{session, "session"}}); !s.ok()) return s;
    return session->session.rewind(position);
  });
}

tritium_status tritium_session_attach(tritium_session* session, const tritium_adapter* adapter, double strength,
                                      tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{session, "session"}}); !s.ok()) return s;
    return adapter ? session->session.attach(adapter->adapter, strength) : session->session.detach();
  });
}

tritium_status tritium_session_fork(tritium_session* session, tritium_session** out, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{out, "out"}}); !s.ok()) return s;
    *out = nullptr;
    if (Status s = needs({{session, "session"}}); !s.ok()) return s;
    auto other = session->session.fork();
    if (!other.ok()) return other.status();
    return give_handle(out, *std::move(other));
  });
}

tritium_status tritium_session_save(tritium_session* session, void* bytes, uint64_t capacity, uint64_t* needed,
                                    tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{session, "session"}}); !s.ok()) return s;
    // Before anything is read from the device.
    const uint64_t size = session->session.saved_bytes();
    if (needed) *needed = size;
    if (capacity < size)
      return {TRITIUM_BUFFER_TOO_SMALL, tritium::join("the buffer holds ", capacity, ", and there are ", size)};
    const auto saved = session->session.save();
    if (!saved.ok()) return saved.status();
    return fill(std::span(*saved), static_cast<std::byte*>(bytes), capacity, needed);
  });
}

tritium_status tritium_session_restore(tritium_session* session, const void* bytes, uint64_t size,
                                       tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{session, "session"}}); !s.ok()) return s;
    const auto saved = given(static_cast<const std::byte*>(bytes), size, "bytes");
    if (!saved.ok()) return saved.status();
    return session->session.restore(*saved);
  });
}

tritium_status tritium_session_feed(tritium_session* session, const int32_t* tokens, uint64_t n_tokens,
                                    tritium_cancel* cancel, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{session, "session"}}); !s.ok()) return s;
    const auto ids = given(tokens, n_tokens, "tokens");
    if (!ids.ok()) return ids.status();
    return session->session.evaluate(*ids, keep_going_of(cancel)).status();
  });
}

tritium_status tritium_session_logits(tritium_session* session, float* logits, uint64_t capacity, uint64_t* needed,
                                      tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{session, "session"}}); !s.ok()) return s;
    const auto all = session->session.logits();
    if (!all.ok()) return all.status();
    return fill(*all, logits, capacity, needed);
  });
}

tritium_status tritium_session_top(tritium_session* session, uint64_t n, tritium_log_probability* out,
                                   tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{session, "session"}, {out, "out"}}); !s.ok()) return s;
    const auto logits = session->session.logits();
    if (!logits.ok()) return logits.status();
    if (n < 1 || n > logits->size())
      return tritium::error(tritium::StatusCode::invalid_argument, "n is ", n, ", must be 1 to ", logits->size());
    most_probable(*logits, {out, static_cast<size_t>(n)});
    return {};
  });
}
}
