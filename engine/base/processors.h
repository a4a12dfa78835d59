// Which processors this process may use, and which of them are cores of their own.
#pragma once

#include <string>
#include <vector>

namespace tritium {

// How many threads make sense: at least 1; at most one for each physical core that affinity allows (two threads of a
// core share the units that products keep busy), and what control groups let the process have (Linux; elsewhere one for
// each processor).
int usable_processors();

// Numbers of the processors that affinity allows: first one of each physical core, then their siblings. Empty where the
// system does not say.
std::vector<int> processors_by_core();

// The same of the processors `allowed`, by what the files under `root` say; those of which they say nothing are cores.
struct ProcessorOrder {
  std::vector<int> processors;
  int cores = 0;  // the first so many of them
};
ProcessorOrder order_by_core(const std::vector<int>& allowed, const std::string& root = "");
// Of those that this process may use, as the system tells it.
ProcessorOrder processor_order();

// The calling thread runs on that processor from now on, where the system allows it.
void pin_this_thread(int processor);

}  // namespace tritium
