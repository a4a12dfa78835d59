#include "base/processors.h"

#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#endif

namespace tritium {
namespace {

std::vector<int> allowed_processors() {
  std::vector<int> allowed;
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    for (int i = 0; i < CPU_SETSIZE; ++i)
      if (CPU_ISSET(i, &set)) allowed.push_back(i);
#endif
  return allowed;
}

}  // namespace

ProcessorOrder processor_order() { return order_by_core(allowed_processors()); }

void pin_this_thread([[maybe_unused]] int processor) {
#if defined(__linux__)
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  // What is refused changes nothing but speed.
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
#endif
}

}  // namespace tritium
