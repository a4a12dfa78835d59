// What the tokens behind the second one, with which a device's commands are recorded, cost on average: what a GPU was
// told to do, and the time of the host's own thread.
#pragma once

#include <time.h>

#include <nlohmann/json.hpp>

#include "tritium/profile.hpp"
#include "tritium/runtime.hpp"

namespace tritium::cli {

class TokenWork {
 public:
  explicit TokenWork(const Runtime& runtime) : runtime_(runtime) {}

  // When a token is there.
  void note() {
    last_ = now();
    if (++tokens_ <= 2) first_ = last_;
  }

  // null of two tokens, and where no GPU was told anything.
  nlohmann::json json() const {
    const auto n = static_cast<double>(tokens_ - 2);
    if (tokens_ < 3 || last_.work.submits == first_.work.submits) return {};
    const auto each = [&](uint64_t DeviceWork::*count) {
      return static_cast<double>(last_.work.*count - first_.work.*count) / n;
    };
    return {{"dispatches", each(&DeviceWork::dispatches)},
            {"barriers", each(&DeviceWork::barriers)},
            {"descriptor_writes", each(&DeviceWork::descriptor_writes)},
            {"submits", each(&DeviceWork::submits)},
            {"waits", each(&DeviceWork::waits)},
            {"host_us", (last_.host_us - first_.host_us) / n}};
  }

 private:
  struct Moment {
    DeviceWork work;
    double host_us = 0;
  };

  // Of this thread, which records, submits, samples and writes; while it waits it takes none.
  Moment now() const {
    timespec spent{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return {runtime_.device_work(),
            static_cast<double>(spent.tv_sec) * 1e6 + static_cast<double>(spent.tv_nsec) * 1e-3};
  }

  const Runtime& runtime_;
  int64_t tokens_ = 0;
  Moment first_, last_;
};

}  // namespace tritium::cli
