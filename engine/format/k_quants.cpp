#include "format/k_quants.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "base/cancel.h"
#include "base/format_text.h"
#include "format/codec.h"
#include "tensor/half.h"

namespace tritium {
namespace {

void store_f16(float value, uint8_t* out) {
  const uint16_t bits = f32_to_f16(value);
  std::memcpy(out, &bits, 2);
}

float as_f16(float value) { return f16_to_f32(f32_to_f16(value)); }

int rounded(float value, int low, int high) {
  return static_cast<int>(std::clamp(std::nearbyint(value), static_cast<float>(low), static_cast<float>(high)));
}

// x ~ step q - minimum, q = 0 … 15, minimum >= 0.
struct Affine {
  float step = 0;
  float minimum = 0;
};

double error_of(std::span<const float> x, const Affine& a) {
  double error = 0;
  for (const float v : x) {
    const int q = a.step > 0 ? rounded((v + a.minimum) / a.step, 0, 15) : 0;
    const double difference = double{a.step} * q - a.minimum - v;
    error += difference * difference;
  }
  return error;
}

// The best line through (q, x) for the q that a range of `levels` steps gives.
Affine least_squares(std::span<const float> x, float low, float high, float levels) {
  const float step = (high - low) / levels;
  double n = 0, sq = 0, sqq = 0, sx = 0, sqx = 0;
  for (const float v : x) {
    const double q = rounded((v - low) / step, 0, 15);
    n += 1, sq += q, sqq += q * q, sx += v, sqx += q * v;
  }
  const double determinant = n * sqq - sq * sq;
  if (determinant <= 0) return {step, -low};
  const double slope = (n * sqx - sq * sx) / determinant, offset = (sqq * sx - sq * sqx) / determinant;
  if (offset <= 0) return {static_cast<float>(slope), static_cast<float>(-offset)};
  return {static_cast<float>(sqq > 0 ? sqx / sqq : 0), 0.0f};
}

Affine fit_affine(std::span<const float> x) {
  const auto [least, most] = std::ranges::minmax(x);
  const float low = std::min(least, 0.0f), high = most;
  if (!(high > low)) return {0.0f, -low};
  Affine best = {(high - low) / 15, -low};
  double best_error = error_of(x, best);
  for (float levels = 13.0f; levels <= 17.0f; levels += 0.25f) {
    const Affine tried = least_squares(x, low, high, levels);
    if (!(tried.step > 0)) continue;
    if (const double error = error_of(x, tried); error < best_error) best = tried, best_error = error;
  }
  return best;
}

// x ~ step q, q = -32 … 31.
float fit_symmetric(std::span<const float> x) {
  float extreme = 0;
  for (const float v : x)
    if (std::abs(v) > std::abs(extreme)) extreme = v;
  if (extreme == 0) return 0;
  float best = 0;
  double best_gain = -1;
  for (float levels = 28.0f; levels <= 33.0f; levels += 0.5f) {
    const float step = extreme / -levels;
    double sqq = 0, sqx = 0;
    for (const float v : x) {
      const double q = rounded(v / step, -32, 31);
      sqq += q * q, sqx += q * v;
    }
    // With the best step for these q the error is sum x^2 - sqx^2 / sqq.
    if (sqq > 0 && sqx * sqx / sqq > best_gain) best_gain = sqx * sqx / sqq, best = static_cast<float>(sqx / sqq);
  }
  return best;
}

}  // namespace

void encode_q4_0(const float* x, uint8_t* out) {
  float extreme = 0;
  for (int i = 0; i < 32; ++i)
    if (std::abs(x[i]) > std::abs(extreme)) extreme = x[i];
  const float d = as_f16(extreme / -8);
  store_f16(d, out);
  const auto nibble = [&](int i) { return d != 0 ? rounded(x[i] / d, -8, 7) + 8 : 8; };
  for (int i = 0; i < 16; ++i) out[2 + i] = static_cast<uint8_t>(nibble(i) | nibble(i + 16) << 4);
}

void encode_q4_k(const float* x, uint8_t* out) {
  std::array<Affine, 8> parts;
  float most_step = 0, most_minimum = 0;
  for (size_t j = 0; j < 8; ++j) {
    parts[j] = fit_affine({x + 32 * j, 32});
    most_step = std::max(most_step, parts[j].step);
    most_minimum = std::max(most_minimum, parts[j].minimum);
  }
  const float d = as_f16(most_step / 63), dmin = as_f16(most_minimum / 63);
  std::memset(out, 0, 144);
  store_f16(d, out);
  store_f16(dmin, out + 2);
  uint8_t* packed = out + 4;
  for (size_t j = 0; j < 8; ++j) {
    const int scale = d > 0 ? rounded(parts[j].step / d, 0, 63) : 0;
    const int minimum = dmin > 0 ? rounded(parts[j].minimum / dmin, 0, 63) : 0;
    if (j < 4) {
      packed[j] = static_cast<uint8_t>(packed[j] | scale);
      packed[j + 4] = static_cast<uint8_t>(packed[j + 4] | minimum);
    } else {
      packed[j + 4] = static_cast<uint8_t>((scale & 15) | (minimum & 15) << 4);
      packed[j - 4] = static_cast<uint8_t>(packed[j - 4] | (scale >> 4) << 6);
      packed[j] = static_cast<uint8_t>(packed[j] | (minimum >> 4) << 6);
    }
    const float step = d * static_cast<float>(scale), offset = dmin * static_cast<float>(minimum);
    for (size_t l = 0; l < 32; ++l) {
      const int q = step > 0 ? rounded((x[32 * j + l] + offset) / step, 0, 15) : 0;
      uint8_t& byte = out[16 + j / 2 * 32 + l];
      byte = static_cast<uint8_t>(byte | q << (j % 2 == 0 ? 0 : 4));
    }
  }
}

void encode_q6_k(const float* x, uint8_t* out) {
  std::array<float, 16> steps{};
  float extreme = 0;
  for (size_t j = 0; j < 16; ++j) {
    steps[j] = fit_symmetric({x + 16 * j, 16});
    if (std::abs(steps[j]) > std::abs(extreme)) extreme = steps[j];
  }
  const float d = as_f16(extreme / -128);
  std::memset(out, 0, 210);
  store_f16(d, out + 208);
  for (size_t e = 0; e < 256; ++e) {
    const size_t j = e / 16, half = e / 128, quarter = e / 32 % 4, l = e % 32;
    const int scale = d != 0 ? rounded(steps[j] / d, -128, 127) : 0;
    out[192 + j] = static_cast<uint8_t>(static_cast<int8_t>(scale));
    const float step = d * static_cast<float>(scale);
    const int q = (step != 0 ? rounded(x[e] / step, -32, 31) : 0) + 32;
    uint8_t& low = out[64 * half + l + 32 * (quarter % 2)];
    uint8_t& high = out[128 + 32 * half + l];
    low = static_cast<uint8_t>(low | (q & 15) << (quarter < 2 ? 0 : 4));
    high = static_cast<uint8_t>(high | (q >> 4) << (2 * quarter));
  }
}

Result<std::vector<std::byte>> encode_values(std::span<const float> values, std::span<const int64_t> shape,
                                             StorageType type) {
  const bool own = type == StorageType::q4_0 || type == StorageType::q4_k || type == StorageType::q6_k;
  if (!own) return encode_f32(values, shape, type);
  const Result<uint64_t> size = storage_bytes(type, shape);
  if (!size.ok()) return Status(StatusCode::invalid_argument, size.message());
  // Of the f16, times what it is multiplied by at most.
  const float most = 65504.0f * (type == StorageType::q4_0 ? 8 : 63);
  for (size_t i = 0; i < values.size(); ++i)
    if (!(std::abs(values[i]) < most))
      return error(StatusCode::invalid_argument, "element ", i, " is ", values[i], ", which ", traits_of(type).name,
                   " cannot hold");
  std::vector<std::byte> bytes(*size);
  auto* out = reinterpret_cast<uint8_t*>(bytes.data());
  const auto encode = type == StorageType::q4_0 ? encode_q4_0 : type == StorageType::q4_k ? encode_q4_k : encode_q6_k;
  const StorageTraits& traits = traits_of(type);
  for (size_t e = 0; e < values.size(); e += static_cast<size_t>(traits.block_elements), out += traits.block_bytes) {
    check_cancelled_every<(1 << 16)>(e);
    encode(&values[e], out);
  }
  return bytes;
}

}  // namespace tritium
