/* What the tests of the C ABI share: each is a function of its own, and a test of CTest's. */
#ifndef TRITIUM_TESTS_C_API_CHECK_H
#define TRITIUM_TESTS_C_API_CHECK_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tritium/training.h>
#include <tritium/tritium.h>

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                                \
    }                                                                         \
  } while (0)

/* Of a call whose last argument is `&error`. */
#define CHECK_STATUS(expected, call)                                                                            \
  do {                                                                                                          \
    const tritium_status status_ = (call);                                                                      \
    if (status_ != (expected)) {                                                                                \
      fprintf(stderr, "%s:%d: %s is %s, not %s: %s\n", __FILE__, __LINE__, #call, tritium_status_name(status_), \
              tritium_status_name(expected), error.message);                                                    \
      exit(1);                                                                                                  \
    }                                                                                                           \
  } while (0)
#define CHECK_OK(call) CHECK_STATUS(TRITIUM_OK, call)

/* The caller of a test: where its model lies, and a folder of its own. */
typedef struct Material {
  const char* model;
  const char* folder;
} Material;

typedef struct Test {
  const char* name;
  void (*run)(const Material* material);
} Test;

/* Rows of a table that ends with a null name. */
extern const Test kCallTests[], kStructTests[], kSessionTests[], kCancelTests[], kParkingTests[], kTrainingTests[];

/* A model on a backend, and a session: NULL where it is not asked for. */
typedef struct Loaded {
  tritium_runtime* runtime;
  tritium_model* model;
  tritium_session* session;
} Loaded;
Loaded load(const Material* material, const char* backend);
void unload(Loaded loaded);

/* Tokens of a text, at most `capacity`. */
uint64_t tokens_of(const tritium_model* model, const char* text, int32_t* tokens, uint64_t capacity);
double seconds_now(void);

#endif
