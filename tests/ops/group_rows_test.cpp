#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "backends.h"
#include "selftest/case_inputs.h"

namespace tritium {
namespace {

using Ints = std::vector<int32_t>;

struct Groups {
  Ints order, start, tiles;
};

Groups group(const Ints& expert_ids, int64_t n_experts, int64_t tile) {
  const auto n_slots = static_cast<int64_t>(expert_ids.size());
  const int64_t n_tiles = GroupRows::most_tiles(n_slots, n_experts, tile);
  Groups g{Ints(expert_ids.size(), 99), Ints(static_cast<size_t>(n_experts + 1), 99),
           Ints(static_cast<size_t>(2 * n_tiles), 99)};
  cpu_ref::group_rows(
      {.n_slots = u32(n_slots), .n_experts = u32(n_experts), .tile = u32(tile), .n_tiles = u32(n_tiles)}, expert_ids,
      g.order, g.start, g.tiles);
  return g;
}

}  // namespace

TEST(GroupRowsReference, GroupsSlotsByExpertInTheirOrder) {
  const Groups g = group({2, 0, 2, 1, 0, 2}, 4, 2);
  EXPECT_EQ(g.order, (Ints{1, 4, 3, 0, 2, 5}));
  EXPECT_EQ(g.start, (Ints{0, 2, 3, 6, 6}));
  EXPECT_EQ(g.tiles, (Ints{0, 0, 1, 2, 2, 3, 2, 5, -1, -1, -1, -1, -1, -1}));
}

TEST(GroupRowsReference, SlotsWithoutAnExpertComeLastAndHaveNoTile) {
  const Groups g = group({-1, 1, 2, 0, -7, 1}, 2, 3);
  EXPECT_EQ(g.order, (Ints{3, 1, 5, 0, 2, 4}));
  EXPECT_EQ(g.start, (Ints{0, 1, 3}));
  EXPECT_EQ(g.tiles, (Ints{0, 0, 1, 1, -1, -1, -1, -1}));
}

TEST(GroupRowsReference, NoSlotHasAnExpert) {
  const Groups g = group({3, -1}, 3, 1);
  EXPECT_EQ(g.order, (Ints{0, 1}));
  EXPECT_EQ(g.start, (Ints{0, 0, 0, 0}));
  EXPECT_EQ(g.tiles, Ints(10, -1));
}

// 5 slots of each expert are the worst that tiles of 4 can meet.
TEST(GroupRowsReference, TilesFitHoweverManySlotsAnExpertHas) {
  for (int32_t each = 1; each < 10; ++each) {
    Ints ids;
    for (int32_t expert = 0; expert < 3; ++expert) ids.insert(ids.end(), static_cast<size_t>(each), expert);
    const Groups g = group(ids, 3, 4);
    const auto used = static_cast<int32_t>(g.tiles.size() - static_cast<size_t>(std::ranges::count(g.tiles, -1))) / 2;
    EXPECT_EQ(used, 3 * ceil_div(each, 4));
    EXPECT_EQ(g.tiles[static_cast<size_t>(2 * used - 1)], 2 * each + (each - 1) / 4 * 4);
  }
}

TEST(GroupRowsReference, EverySlotIsInOneTileOfItsExpert) {
  constexpr int64_t kSlots = 1000, kExperts = 17, kTile = 16;
  Ints ids(kSlots);
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int32_t>(i * i * 7 % (kExperts + 2)) - 1;
  const Groups g = group(ids, kExperts, kTile);

  std::vector<int> seen(kSlots);
  for (size_t t = 0; t < g.tiles.size() / 2 && g.tiles[2 * t] >= 0; ++t) {
    const int32_t expert = g.tiles[2 * t];
    const int64_t first = g.tiles[2 * t + 1];
    const int64_t end = std::min<int64_t>(first + kTile, g.start[static_cast<size_t>(expert) + 1]);
    EXPECT_LT(first, end);
    for (int64_t place = first; place < end; ++place) {
      const auto slot = static_cast<size_t>(g.order[static_cast<size_t>(place)]);
      EXPECT_EQ(ids[slot], expert);
      ++seen[slot];
    }
  }
  for (size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(seen[i], ids[i] >= 0 && ids[i] < kExperts ? 1 : 0) << i;

  Ints sorted = g.order;
  std::ranges::sort(sorted);
  for (size_t i = 0; i < sorted.size(); ++i) EXPECT_EQ(sorted[i], static_cast<int32_t>(i));
}

TEST(GroupRowsOnVulkan, MoreExpertsThanTheKernelCountsAreRefusedWithNumbers) {
  Result<std::unique_ptr<Backend>> backend =
      make_backend({.backend = "vulkan", .threads = 2, .capture_file = {}, .log = {}});
  if (!backend.ok()) GTEST_SKIP() << "no Vulkan: " << backend.message();
  Ops ops(**backend);
  cases::CaseInputs in(ops, 1);
  ops(GroupRows{.expert_ids = in.zeros({1, 2}, DType::i32),
                .order = in.zeros({2}, DType::i32),
                .start = in.zeros({1026}, DType::i32),
                .tiles = in.zeros({1026, 2}, DType::i32),
                .tile = 2});
  const Status status = ops.finish();
  EXPECT_EQ(status.code(), StatusCode::unsupported);
  EXPECT_NE(status.message().find("1025"), std::string::npos) << status.message();
}

}  // namespace tritium
