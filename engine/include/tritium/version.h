/* The version of these headers, for #if, in C and C++. Before 1.0 a minor version may change the interface. */
#ifndef TRITIUM_VERSION_H
#define TRITIUM_VERSION_H

/* The build reads these. */
#define TRITIUM_VERSION_MAJOR 0
#define TRITIUM_VERSION_MINOR 1
#define TRITIUM_VERSION_PATCH 0

/* 10000 major + 100 minor + patch: #if TRITIUM_VERSION >= 200 asks for 0.2.0. */
#define TRITIUM_VERSION (TRITIUM_VERSION_MAJOR * 10000 + TRITIUM_VERSION_MINOR * 100 + TRITIUM_VERSION_PATCH)

#endif
