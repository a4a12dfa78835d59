// Metrics: what Prometheus reads. Counting costs a lock of some nanoseconds a request.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "server/http.h"
#include "server/models.h"

namespace tritium::server {

class Metrics {
 public:
  // `endpoint`: a route, not what a client wrote.
  void count_request(const std::string& endpoint, int status, double seconds);
  // Prometheus' text format, version 0.0.4. Asks for figures alone: no parked model is woken.
  std::string text(const Models& models, const HttpFigures& http, double uptime_s) const;

 private:
  static constexpr std::array<double, 12> kBounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600};
  struct Times {
    std::array<uint64_t, kBounds.size()> buckets{};
    uint64_t count = 0;
    double seconds = 0;
  };

  mutable std::mutex mutex_;
  std::map<std::pair<std::string, int>, uint64_t> requests_;
  std::map<std::string, Times> times_;
};

}  // namespace tritium::server
