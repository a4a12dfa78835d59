#include "base/available_memory.h"

#include <windows.h>
// after windows.h
#include <psapi.h>

#include <algorithm>

namespace tritium {
namespace {

// What a job, as a container or a service manager makes one, leaves of its limits.
uint64_t left_of_the_job(uint64_t otherwise) {
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION job = {};
  if (!::QueryInformationJobObject(nullptr, JobObjectExtendedLimitInformation, &job, sizeof job, nullptr))
    return otherwise;
  PROCESS_MEMORY_COUNTERS use = {};
  if (!::K32GetProcessMemoryInfo(::GetCurrentProcess(), &use, sizeof use)) return otherwise;
  uint64_t left = otherwise;
  const auto take = [&](DWORD flag, uint64_t limit) {
    if ((job.BasicLimitInformation.LimitFlags & flag) != 0)
      left = std::min<uint64_t>(left, limit > use.PagefileUsage ? limit - use.PagefileUsage : 1);
  };
  take(JOB_OBJECT_LIMIT_PROCESS_MEMORY, job.ProcessMemoryLimit);
  take(JOB_OBJECT_LIMIT_JOB_MEMORY, job.JobMemoryLimit);
  return left;
}

}  // namespace

uint64_t available_memory() {
  MEMORYSTATUSEX memory = {};
  memory.dwLength = sizeof memory;
  return ::GlobalMemoryStatusEx(&memory) ? left_of_the_job(std::min(memory.ullAvailPhys, memory.ullAvailVirtual)) : 0;
}

}  // namespace tritium
