// Random numbers that are a function of where they are used: the same on every device, thread count and resume.
#ifndef TRITIUM_LIB_RANDOM_H
#define TRITIUM_LIB_RANDOM_H

#include "portable.h"

TRITIUM_LIB_BEGIN

struct RandomWords {
  uint x;
  uint y;
  uint z;
  uint w;
};

// PCG4D: Jarzynski & Olano, "Hash Functions for GPU Rendering", JCGT 2020.
TRITIUM_FUNCTION RandomWords random_words(uint seed, uint step, uint stream, uint index) {
  RandomWords r;
  r.x = seed * 1664525u + 1013904223u;
  r.y = step * 1664525u + 1013904223u;
  r.z = stream * 1664525u + 1013904223u;
  r.w = index * 1664525u + 1013904223u;
  r.x += r.y * r.w;
  r.y += r.z * r.x;
  r.z += r.x * r.y;
  r.w += r.y * r.z;
  r.x ^= r.x >> 16u;
  r.y ^= r.y >> 16u;
  r.z ^= r.z >> 16u;
  r.w ^= r.w >> 16u;
  r.x += r.y * r.w;
  r.y += r.z * r.x;
  r.z += r.x * r.y;
  r.w += r.y * r.z;
  return r;
}

// Normal to a good approximation, from integers alone so that every device gets the same bits: a sum of eight uniform
// 16-bit numbers (Irwin-Hall), mean 8 * 32767.5, standard deviation sqrt(8 / 12) * 65536. At most 4.9.
TRITIUM_FUNCTION float random_normal_of(RandomWords r) {
  uint sum = (r.x & 0xFFFFu) + (r.x >> 16u) + (r.y & 0xFFFFu) + (r.y >> 16u) + (r.z & 0xFFFFu) + (r.z >> 16u) +
             (r.w & 0xFFFFu) + (r.w >> 16u);
  TRITIUM_PRECISE float normal = float(int(sum) - 262140) * (1.0f / 53509.9f);
  return normal;
}

TRITIUM_LIB_END

#endif
