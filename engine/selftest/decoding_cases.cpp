// What chooses tokens: searches of logits, and what is left for the next pass.
#include <limits>
#include <vector>

#include "selftest/op_cases.h"

namespace tritium::cases {

template <>
void cases_of<Argmax>(Cases& c) {
  const auto run = [&c](const Tensor& logits) {
    c.run(Argmax{.logits = logits, .ids = c.zeros({logits.shape[0]}, DType::i32)});
  };
  for (int64_t n : {1, 2, 31, 127, 128, 129, 1000, 4097})
    if (c.next("rows 5 of ", n)) run(c.random({5, n}));
  if (c.next("one row of 151936")) run(c.random({1, 151936}));
  if (c.next("a row of 262144, the largest last, after one of equal values")) {
    std::vector<float> values(2 * 262144, -1.0f);
    values.back() = -0.5f;
    run(c.floats({2, 262144}, values));
  }
  // Row r has its pair of values at places that different invocations of a workgroup look at.
  constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& [special, others, first, second] :
       Table<const char*, float, float, float>{{"ties", 1, 2, 2},
                                               {"the later one is larger by a bit", -2, 1, 1.0000001f},
                                               {"NaN, and one value", kNan, kNan, -kInfinity},
                                               {"NaN alone", kNan, kNan, kNan},
                                               {"NaN and infinity", 0, kNan, kInfinity},
                                               {"-inf alone", -kInfinity, -kInfinity, kNan},
                                               {"zeros of both signs", -1, -0.0f, 0.0f},
                                               {"denormal numbers", 0, 1e-45f, 2e-45f}}) {
    for (const int64_t cols : {3001, 20011}) {
      if (!c.next(special, " in rows of ", cols)) continue;
      constexpr size_t kRows = 7;
      const auto n = static_cast<size_t>(cols);
      std::vector<float> values(kRows * n, others);
      for (size_t r = 0; r < kRows; ++r) {
        values[r * n + 150 * r] = first;
        values[r * n + n - 1 - 199 * r] = second;
      }
      run(c.floats({kRows, cols}, values));
    }
  }
}

template <>
void cases_of<TopCandidates>(Cases& c) {
  const auto run = [&c](const Tensor& logits, int64_t k) {
    c.run(TopCandidates{.logits = logits, .candidates = c.zeros({logits.shape[0], 2, k}, DType::i32)});
  };
  for (const auto& [rows, n, k] :
       Sizes<3>{{5, 1, 1}, {3, 64, 64}, {4, 100, 7}, {2, 2049, 64}, {3, 5000, 40}, {1, 151936, 40}, {2, 300001, 64}})
    if (c.next("rows ", rows, " of ", n, ", k ", k)) run(c.random({rows, n}), k);
  // Equal values at both ends of a row and between, more than are wanted: the lowest indices.
  for (const int64_t n : {90, 6001})
    if (c.next("ties in rows of ", n)) {
      std::vector<float> values(2 * static_cast<size_t>(n), -1.0f);
      for (size_t i = 0; i < values.size(); i += 2) values[i] = 3.0f;
      values[static_cast<size_t>(n) - 1] = 4.0f;
      run(c.floats({2, n}, values), 33);
    }
  constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& [special, value] : Table<const char*, float>{{"equal values alone", 0.5f},
                                                                {"a NaN", kNan},
                                                                {"an infinity", kInfinity},
                                                                {"-infinity", -kInfinity},
                                                                {"zeros of both signs", -0.0f},
                                                                {"the lowest number", -3.4028235e38f},
                                                                {"denormal numbers", 1e-45f}})
    for (const int64_t n : {130, 9000}) {
      if (!c.next(special, " in rows of ", n)) continue;
      const float others = value == 0.5f ? 0.5f : 0.0f;
      std::vector<float> values(3 * static_cast<size_t>(n), others);
      for (size_t r = 0; r < 3; ++r) values[r * static_cast<size_t>(n) + 61 * r] = value;
      run(c.floats({3, n}, values), 50);
    }
}

template <>
void cases_of<NextToken>(Cases& c) {
  for (const auto& [id, position] : Table<int32_t, int32_t>{{7, 0}, {0, 5}, {151935, 1000003}, {-1, 15}})
    if (c.next("token ", id, " at position ", position))
      c.run(NextToken{.ids = c.ints({1}, {id}),
                      .tokens = c.zeros({1}, DType::i32),
                      .rows = c.ints({1, 2}, {position, 3}),
                      .ring = c.ints({16}, std::vector<int32_t>(16, 9))});
}

}  // namespace tritium::cases
