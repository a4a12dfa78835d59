#include "base/processors.h"

#include <windows.h>

#include <cstddef>
#include <cstdint>

namespace tritium {

// Of the processors of one group, at most 64, in which a process begins.
ProcessorOrder processor_order() {
  ProcessorOrder order;
  DWORD_PTR allowed = 0, there = 0;
  DWORD bytes = 0;
  if (!::GetProcessAffinityMask(::GetCurrentProcess(), &allowed, &there)) return order;
  ::GetLogicalProcessorInformation(nullptr, &bytes);
  std::vector<SYSTEM_LOGICAL_PROCESSOR_INFORMATION> rows(bytes / sizeof(SYSTEM_LOGICAL_PROCESSOR_INFORMATION) + 1);
  bytes = static_cast<DWORD>(rows.size() * sizeof rows[0]);
  if (!::GetLogicalProcessorInformation(rows.data(), &bytes)) return order;
  rows.resize(bytes / sizeof rows[0]);
  std::vector<int> siblings;
  for (const auto& row : rows) {
    if (row.Relationship != RelationProcessorCore) continue;
    bool first = true;
    for (int i = 0; i < 64; ++i) {
      if ((row.ProcessorMask & allowed & (DWORD_PTR{1} << i)) == 0) continue;
      (first ? order.processors : siblings).push_back(i);
      first = false;
    }
  }
  order.cores = static_cast<int>(order.processors.size());
  order.processors.insert(order.processors.end(), siblings.begin(), siblings.end());
  return order;
}

void pin_this_thread(int processor) { ::SetThreadAffinityMask(::GetCurrentThread(), DWORD_PTR{1} << processor); }

}  // namespace tritium
