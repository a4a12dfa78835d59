// What calls of the library come to, and how they are ended, in C: part of tritium.h, whose dialect it has.
#ifndef TRITIUM_STATUS_H
#define TRITIUM_STATUS_H

#include <stdint.h>

#include "tritium/version.h"

// On Windows TRITIUM_SHARED says that the DLL is linked; without it the names are those of a static library, which a
// linker finds in the DLL's import library, too.
#if defined(_WIN32) && defined(TRITIUM_BUILDS_SHARED)
#define TRITIUM_API __declspec(dllexport)
#elif defined(_WIN32) && defined(TRITIUM_SHARED)
#define TRITIUM_API __declspec(dllimport)
#elif defined(_WIN32)
#define TRITIUM_API
#elif defined(__GNUC__)
#define TRITIUM_API __attribute__((visibility("default")))
#else
#define TRITIUM_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

// ---- outcomes --------------------------------------------------------------------------------------------

typedef int32_t tritium_status;
enum {
  TRITIUM_OK = 0,
  TRITIUM_INVALID_ARGUMENT = 1,   // the caller's values cannot be used
  TRITIUM_NOT_FOUND = 2,          // a file, device, tensor or backend does not exist
  TRITIUM_CORRUPT_FILE = 3,       // a file contradicts itself or its format
  TRITIUM_UNSUPPORTED = 4,        // understood, but not implemented in this library
  TRITIUM_OUT_OF_MEMORY = 5,      // host or device memory
  TRITIUM_IO_ERROR = 6,           // the operating system refused a read or a write
  TRITIUM_DEVICE_ERROR = 7,       // the driver failed or the device was lost
  TRITIUM_CANCELLED = 8,          // a tritium_cancel was set, or a callback said so
  TRITIUM_INTERNAL = 9,           // a bug of the library's: please report it
  TRITIUM_BUFFER_TOO_SMALL = 10,  // `needed` says how much there is
};
// "invalid_argument"; "unknown" for what is none. The text is the library's, for ever.
TRITIUM_API const char* tritium_status_name(tritium_status status);

// What went wrong, where, and what to do: in the caller's memory, so that nothing is to be freed and threads do not
// meet. `message` may go on beyond the struct: size says how much there is. A call that succeeds empties it.
typedef struct tritium_error {
  uint64_t size;          // sizeof(tritium_error), or more
  uint64_t message_size;  // of the whole message in bytes, also where only a part fits, cut between characters
  tritium_status status;
  char message[1004];  // UTF-8, ends with a zero byte
} tritium_error;

// TRITIUM_VERSION of the library that is linked, and "0.1.0".
TRITIUM_API uint32_t tritium_version(void);
TRITIUM_API const char* tritium_version_string(void);

// ---- cancelling ------------------------------------------------------------------------------------------

// A flag that any number of calls may be given. Set, it ends those that are under way within a tenth of a second, in
// the middle of operations too, and those that begin, until it is cleared: TRITIUM_CANCELLED, and nothing is changed.
typedef struct tritium_cancel tritium_cancel;
TRITIUM_API tritium_status tritium_cancel_create(tritium_cancel** out, tritium_error* error);
// Also from a signal handler. NULL: nothing happens.
TRITIUM_API void tritium_cancel_set(tritium_cancel* cancel);
TRITIUM_API void tritium_cancel_clear(tritium_cancel* cancel);
TRITIUM_API int32_t tritium_cancel_is_set(const tritium_cancel* cancel);
// Calls that were given it keep it alive, and can no longer be cancelled.
TRITIUM_API void tritium_cancel_release(tritium_cancel* cancel);

#ifdef __cplusplus
}
#endif

#endif
