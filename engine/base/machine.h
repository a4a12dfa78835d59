// What the system says of the machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tritium {

std::string processor_name();  // as its maker calls it; empty: unknown
uint64_t physical_memory();    // bytes; 0: unknown

// A number that nobody can guess; none where the system has none to give.
std::optional<uint64_t> system_randomness();
uint64_t process_number();  // of this process, among those that run

// Registers of AMX are a process's only once it asks for them. False: the system does not give them.
bool ask_for_tiles();

// Instructions of 64-bit ARM beyond the first version, which a program cannot ask the processor for.
enum class ArmFeature { dot_products, byte_matrices };
bool has_arm_feature(ArmFeature feature);

}  // namespace tritium
