// Which saved prompts are kept, and which one is found.
#include "server/prompt_cache.h"

#include <gtest/gtest.h>

namespace tritium::server {
namespace {

PromptCache::Saved saved(std::vector<int32_t> tokens, size_t bytes = 10, const std::string& adapter = "") {
  return {.adapter = adapter, .tokens = std::move(tokens), .bytes = std::vector<std::byte>(bytes)};
}

TEST(PromptCache, FindsTheLongestBeginning) {
  PromptCache cache(100);
  cache.add(saved({1, 2, 3}));
  cache.add(saved({1, 9}));
  const std::vector<int32_t> prompt = {1, 2, 3, 4};
  ASSERT_NE(cache.find("", prompt, 0), nullptr);
  EXPECT_EQ(cache.find("", prompt, 0)->tokens.size(), 3u);
  EXPECT_EQ(cache.find("", prompt, 3), nullptr);
  EXPECT_EQ(cache.find("other", prompt, 0), nullptr);
}

TEST(PromptCache, ForgetsWhatWasUsedLeastRecently) {
  PromptCache cache(25);
  cache.add(saved({1, 2}));
  cache.add(saved({3, 4}));
  EXPECT_NE(cache.find("", std::vector<int32_t>{1, 2}, 0), nullptr);
  cache.add(saved({5, 6}));
  EXPECT_NE(cache.find("", std::vector<int32_t>{1, 2}, 0), nullptr);
  EXPECT_EQ(cache.find("", std::vector<int32_t>{3, 4}, 0), nullptr);
  EXPECT_EQ(cache.bytes(), 20u);
}

TEST(PromptCache, AConversationThatGoesOnReplacesItsBeginning) {
  PromptCache cache(100);
  cache.add(saved({1, 2}));
  cache.add(saved({1, 2, 3}, 15));
  EXPECT_EQ(cache.bytes(), 15u);
  cache.add(saved({1, 2}));
  EXPECT_EQ(cache.bytes(), 15u);
}

TEST(PromptCache, WhatIsLargerThanAllOfItIsNotKept) {
  PromptCache cache(5);
  cache.add(saved({1}));
  EXPECT_EQ(cache.bytes(), 0u);
}

}  // namespace
}  // namespace tritium::server
