#include "addon/work.h"

#include <cstddef>
#include <exception>
#include <mutex>
#include <string>
#include <utility>

namespace tritium::node {

// ---- releases ----

namespace {

std::mutex g_mutex;
std::vector<std::function<void()>> g_due;  // guarded by it

std::vector<std::function<void()>> take_releases() {
  const std::lock_guard lock(g_mutex);
  return std::exchange(g_due, {});
}

void run_releases() {
  for (const std::function<void()>& release : take_releases()) release();
}

struct Environment {
  bool ends = false;  // no work can be begun any more
};

bool ends(napi_env env) {
  void* data = nullptr;
  return napi_get_instance_data(env, &data) != napi_ok || !data || static_cast<Environment*>(data)->ends;
}

struct ReleaseWork {
  napi_async_work work = nullptr;
};

bool begin_release_work(napi_env env) {
  auto made = std::make_unique<ReleaseWork>();
  const auto execute = [](napi_env, void*) { run_releases(); };
  const auto complete = [](napi_env its_env, napi_status, void* data) {
    const std::unique_ptr<ReleaseWork> done(static_cast<ReleaseWork*>(data));
    napi_delete_async_work(its_env, done->work);
  };
  napi_value name = nullptr;
  if (napi_create_string_utf8(env, "tritium", NAPI_AUTO_LENGTH, &name) != napi_ok) return false;
  if (napi_create_async_work(env, nullptr, name, execute, complete, made.get(), &made->work) != napi_ok) return false;
  if (napi_queue_async_work(env, made->work) != napi_ok) return false;
  made.release();  // NOLINT(bugprone-unused-return-value): complete() takes it
  return true;
}

// On JavaScript's thread, after whatever may have let go of a handle.
void begin_releases(napi_env env) {
  {
    const std::lock_guard lock(g_mutex);
    if (g_due.empty()) return;
  }
  if (ends(env) || !begin_release_work(env)) run_releases();
}

}  // namespace

void release_later(std::function<void()> release) {
  try {
    const std::lock_guard lock(g_mutex);
    g_due.push_back(std::move(release));
  } catch (const std::bad_alloc&) {
    release();
  }
}

void begin_environment(napi_env env) {
  auto environment = std::make_unique<Environment>();
  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); };
  check(env, napi_set_instance_data(env, environment.get(), finalize, nullptr));
  // Before the finalizers of what it has left.
  const auto end = [](void* data) { static_cast<Environment*>(data)->ends = true; };
  check(env, napi_add_env_cleanup_hook(env, end, environment.get()));
  environment.release();  // NOLINT(bugprone-unused-return-value): finalize() takes it
}

// ---- handles ----

namespace {
struct Held {
  const char* kind;
  std::shared_ptr<void> pointer;
  int64_t bytes;

  static void tell_collector(napi_env env, int64_t change) {
    int64_t all = 0;
    if (change) napi_adjust_external_memory(env, change, &all);
  }
  void release(napi_env env) {
    if (pointer) tell_collector(env, -bytes);
    pointer.reset();
    begin_releases(env);
  }
};

Held& held_of(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  check(env, napi_typeof(env, value, &type));
  if (type != napi_external) throw_type_error(env, "this is no handle");
  void* data = nullptr;
  check(env, napi_get_value_external(env, value, &data));
  return *static_cast<Held*>(data);
}
}  // namespace

napi_value hold(napi_env env, const char* kind, std::shared_ptr<void> pointer, int64_t bytes) {
  auto made = std::make_unique<Held>(Held{kind, std::move(pointer), bytes});
  napi_value value = nullptr;
  const auto finalize = [](napi_env its_env, void* data, void*) {
    const std::unique_ptr<Held> gone(static_cast<Held*>(data));
    gone->release(its_env);
  };
  check(env, napi_create_external(env, made.get(), finalize, nullptr, &value));
  made->tell_collector(env, bytes);
  made.release();  // NOLINT(bugprone-unused-return-value): the external's now
  return value;
}

std::shared_ptr<void> held(napi_env env, napi_value value, const char* kind) {
  const Held& found = held_of(env, value);
  if (std::string_view(found.kind) != kind) throw_type_error(env, std::string("this is no ") + kind);
  if (!found.pointer) throw_type_error(env, std::string("the ") + kind + " is closed");
  return found.pointer;
}

void close(napi_env env, napi_value value) { held_of(env, value).release(env); }

// ---- promises ----

namespace {

class Work final : public Progress {
 public:
  Work(TaskWithProgress task, Result result) : task_(std::move(task)), result_(std::move(result)) {}

  napi_value start(napi_env env, napi_value function) {
    napi_value promise = nullptr;
    const napi_value name = to_js(env, "tritium");
    check(env, napi_create_async_work(env, nullptr, name, execute, complete, this, &work_));
    napi_valuetype type = napi_undefined;
    check(env, napi_typeof(env, function, &type));
    if (type == napi_function)
      check(env, napi_create_threadsafe_function(env, function, nullptr, name, 0, 1, this, told_all, nullptr, tell,
                                                 &teller_));
    check(env, napi_create_promise(env, &deferred_, &promise));
    check(env, napi_queue_async_work(env, work_));
    return promise;
  }

  void send(Message message) override {
    if (!teller_) return;
    auto sent = std::make_unique<Message>(std::move(message));
    if (napi_call_threadsafe_function(teller_, sent.get(), napi_tsfn_nonblocking) == napi_ok)
      sent.release();  // NOLINT(bugprone-unused-return-value): tell() takes it
  }

 private:
  static void execute(napi_env, void* data) {
    Work& work = *static_cast<Work*>(data);
    work.room_.error.size = sizeof work.room_;
    try {
      work.status_ = work.task_(work, &work.room_.error);
    } catch (const std::exception&) {
      work.status_ = TRITIUM_OUT_OF_MEMORY;
    }
  }

  static void complete(napi_env env, napi_status, void* data) {
    Work* work = static_cast<Work*>(data);
    // What was sent is told first; then told_all() settles.
    if (work->teller_)
      napi_release_threadsafe_function(work->teller_, napi_tsfn_release);
    else
      work->settle(env);
  }

  static void told_all(napi_env env, void* data, void*) { static_cast<Work*>(data)->settle(env); }

  static void tell(napi_env env, napi_value function, void*, void* data) {
    const std::unique_ptr<Message> message(static_cast<Message*>(data));
    if (!env) return;  // it ends
    try {
      const napi_value argument = (*message)(env);
      napi_call_function(env, undefined(env), function, 1, &argument, nullptr);
    } catch (const Thrown&) {
    }
  }

  void settle(napi_env env) {
    std::unique_ptr<Work> self(this);
    napi_delete_async_work(env, work_);
    task_ = nullptr;  // handles that it had
    settle_promise(env);
    self.reset();
    begin_releases(env);
  }

  void settle_promise(napi_env env) {
    try {
      if (status_ == TRITIUM_OK) {
        check(env, napi_resolve_deferred(env, deferred_, result_(env)));
        return;
      }
      napi_value error = nullptr;
      const char* message = reinterpret_cast<const char*>(&room_) + offsetof(tritium_error, message);
      check(env, napi_create_error(env, to_js(env, tritium_status_name(status_)),
                                   to_js(env, *message ? message : "out of memory"), &error));
      check(env, napi_reject_deferred(env, deferred_, error));
    } catch (const Thrown&) {  // the environment ends, or the result could not be made
      napi_value exception = nullptr;
      if (napi_get_and_clear_last_exception(env, &exception) == napi_ok)
        napi_reject_deferred(env, deferred_, exception);
    }
  }

  TaskWithProgress task_;
  Result result_;
  napi_async_work work_ = nullptr;
  napi_threadsafe_function teller_ = nullptr;
  napi_deferred deferred_ = nullptr;
  tritium_status status_ = TRITIUM_INTERNAL;
  struct {
    tritium_error error;
    char more[3072];  // of its message
  } room_ = {};
};

}  // namespace

napi_value promise(napi_env env, napi_value function, TaskWithProgress task, Result result) {
  auto work = std::make_unique<Work>(std::move(task), std::move(result));
  const napi_value made = work->start(env, function);
  work.release();  // NOLINT(bugprone-unused-return-value): it deletes itself when it has settled
  return made;
}

napi_value promise(napi_env env, Task task, Result result) {
  return promise(
      env, undefined(env), [task = std::move(task)](Progress&, tritium_error* error) { return task(error); },
      std::move(result));
}

}  // namespace tritium::node
