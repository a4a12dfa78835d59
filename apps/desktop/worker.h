// A thread that does what it is told, one task after another, and the mailbox by which it tells the window.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace tritium::desktop {

// The window takes all that has come, once a frame; neither side holds the lock for longer than a move.
template <typename Event>
class Mailbox {
 public:
  void put(Event event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  std::vector<Event> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(events_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<Event> events_;
};

// State is made, used and destroyed by the thread alone: whoever posts tasks calls nothing of it.
template <typename State>
class Worker {
 public:
  using Task = std::function<void(State&)>;

  Worker() : thread_([this] { run(); }) {}
  // Waits for the task that is under way: whoever owns the worker cancels it first. Tasks behind it are dropped.
  ~Worker() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void post(Task task) {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
  }

 private:
  void run() {
    State state;
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return ended_ || !tasks_.empty(); });
      if (ended_) return lock.unlock();
      const Task task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task(state);
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  bool ended_ = false;
  std::thread thread_;
};

// All processors but the one that draws.
inline int worker_threads() {
  const unsigned processors = std::thread::hardware_concurrency();
  return processors > 1 ? static_cast<int>(processors) - 1 : 1;
}

}  // namespace tritium::desktop
