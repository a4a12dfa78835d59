#include "base/caught.h"

#include <exception>
#include <new>
#include <stdexcept>

#include "base/cancel.h"

namespace tritium {

Status caught() noexcept {
  // 15 characters fit a std::string without an allocation.
  const auto out_of_memory = [] { return Status(StatusCode::out_of_memory, "out of memory"); };
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  } catch (const std::length_error&) {
    return out_of_memory();  // a container larger than any memory
  } catch (const Cancelled&) {
    return Status(StatusCode::cancelled, "cancelled");  // short, likewise
  } catch (const std::exception& problem) {
    try {
      return Status(StatusCode::internal, problem.what());
    } catch (const std::bad_alloc&) {
      return out_of_memory();
    }
  } catch (...) {
    return Status(StatusCode::internal, "not a std error");
  }
}

}  // namespace tritium
