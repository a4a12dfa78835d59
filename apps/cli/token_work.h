// What the tokens behind the second one, with which a device's commands are recorded, cost on average: what a GPU was
// told to do, and the time of the host's own thread. Some passes are sent off before the token before them is read:
// what is sent is counted a pass, unless one gives several tokens, which were guessed.
#pragma once

#include <time.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tritium/profile.hpp"
#include "tritium/runtime.hpp"

namespace tritium::cli {

class TokenWork {
 public:
  TokenWork(const Runtime& runtime, bool guessing) : runtime_(runtime), guessing_(guessing) {}

  // When a token is there.
  void note() {
    last_ = now();
    if (++tokens_ <= 2) first_ = last_;
  }

  // null of two tokens, and where no GPU was told anything.
  nlohmann::json json() const {
    const auto n = static_cast<double>(tokens_ - 2);
    if (tokens_ < 3 || last_.work.submits == first_.work.submits) return {};
    const auto counted = [&](uint64_t DeviceWork::*count) {
      return static_cast<double>(last_.work.*count - first_.work.*count);
    };
    const double sent = guessing_ ? n : std::max(1.0, counted(&DeviceWork::passes));
    return {{"dispatches", counted(&DeviceWork::dispatches) / sent},
            {"barriers", counted(&DeviceWork::barriers) / sent},
            {"descriptor_writes", counted(&DeviceWork::descriptor_writes) / sent},
            {"submits", counted(&DeviceWork::submits) / sent},
            {"waits", counted(&DeviceWork::waits) / n},
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
  bool guessing_;
  int64_t tokens_ = 0;
  Moment first_, last_;
};

}  // namespace tritium::cli
