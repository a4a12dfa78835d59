// Calls that take time run on libuv's threads and settle a promise; handles stay as long as such a call has them.
#ifndef TRITIUM_BINDINGS_NODE_WORK_H
#define TRITIUM_BINDINGS_NODE_WORK_H

#include <tritium/training.h>
#include <tritium/tritium.h>

#include <functional>
#include <memory>
#include <vector>

#include "addon/values.h"

namespace tritium::node {

// What a handle of JavaScript's is: released by the collector or close(), and not before the calls that have it end.
template <class T>
struct HandleKind;
#define TRITIUM_NODE_HANDLE(NAME, WAITS)                        \
  template <>                                                   \
  struct HandleKind<tritium_##NAME> {                           \
    static constexpr const char* kName = #NAME;                 \
    static constexpr auto kRelease = &tritium_##NAME##_release; \
    static constexpr bool kWaits = WAITS;                       \
  }
// Whether a release waits for evaluations that are under way on the device.
TRITIUM_NODE_HANDLE(cancel, false);
TRITIUM_NODE_HANDLE(reply_stream, false);
TRITIUM_NODE_HANDLE(runtime, true);
TRITIUM_NODE_HANDLE(model, true);
TRITIUM_NODE_HANDLE(info, true);  // of a model, which it keeps
TRITIUM_NODE_HANDLE(adapter, true);
TRITIUM_NODE_HANDLE(session, true);
TRITIUM_NODE_HANDLE(trainer, true);
#undef TRITIUM_NODE_HANDLE

// `bytes`: what it takes beside JavaScript's own memory, which the collector is told: else it would let them pile up.
napi_value hold(napi_env env, const char* kind, std::shared_ptr<void> pointer, int64_t bytes);
std::shared_ptr<void> held(napi_env env, napi_value value, const char* kind);
void close(napi_env env, napi_value value);

// On a thread of libuv's, soon; from any thread.
void release_later(std::function<void()> release);

template <class T>
std::shared_ptr<T> owned(T* pointer) {
  return std::shared_ptr<T>(pointer, [](T* last) {
    if constexpr (HandleKind<T>::kWaits)
      release_later([last] { HandleKind<T>::kRelease(last); });
    else
      HandleKind<T>::kRelease(last);
  });
}
template <class T>
napi_value hold(napi_env env, std::shared_ptr<T> pointer, int64_t bytes = 0) {
  return hold(env, HandleKind<T>::kName, std::move(pointer), bytes);
}
template <class T>
std::shared_ptr<T> held(napi_env env, napi_value value) {
  return std::static_pointer_cast<T>(held(env, value, HandleKind<T>::kName));
}

// On a thread of libuv's: what the call of the library returns.
using Task = std::function<tritium_status(tritium_error*)>;
// After it, on JavaScript's thread: what the promise gives.
using Result = std::function<napi_value(napi_env)>;

// Hands values over to a JavaScript function while a task runs; that is called before the promise settles.
class Progress {
 public:
  virtual ~Progress() = default;
  using Message = std::function<napi_value(napi_env)>;
  virtual void send(Message message) = 0;
};
using TaskWithProgress = std::function<tritium_status(Progress&, tritium_error*)>;

// Once for each environment that loads the addon.
void begin_environment(napi_env env);

napi_value promise(napi_env env, Task task, Result result);
// `function` may be undefined.
napi_value promise(napi_env env, napi_value function, TaskWithProgress task, Result result);

// All that a function writes to (buffer, capacity, needed).
template <class T, class Write>
tritium_status filled(std::vector<T>& out, Write write) {
  for (;;) {
    uint64_t needed = 0;
    const tritium_status status = write(out.data(), out.size(), &needed);
    if (status != TRITIUM_BUFFER_TOO_SMALL) {
      if (status == TRITIUM_OK) out.resize(needed);
      return status;
    }
    out.resize(needed);
  }
}

}  // namespace tritium::node

#endif
