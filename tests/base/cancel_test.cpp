// Who is asked whether an action goes on, and how long an answer holds.
#include "base/cancel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "base/cancellable_lock.h"
#include "base/caught.h"

namespace tritium {
namespace {

// The question is asked anew every few milliseconds.
void wait_for_the_next_question() { std::this_thread::sleep_for(std::chrono::milliseconds(15)); }

TEST(Cancel, NothingIsCancelledOutsideAScope) {
  EXPECT_FALSE(cancelled());
  EXPECT_NO_THROW(check_cancelled());
  const std::function<bool()> nobody;
  const CancelScope scope(nobody);
  EXPECT_FALSE(cancelled());
}

TEST(Cancel, ANoIsFinalForTheScopeAndEndsWithIt) {
  bool wanted = true;
  const std::function<bool()> keep_going = [&] { return wanted; };
  {
    const CancelScope scope(keep_going);
    EXPECT_FALSE(cancelled());
    wanted = false;
    wait_for_the_next_question();
    EXPECT_TRUE(cancelled());
    wanted = true;
    wait_for_the_next_question();
    EXPECT_TRUE(cancelled()) << "an operation was cut short: what follows must not take its result";
    EXPECT_THROW(check_cancelled(), Cancelled);
  }
  EXPECT_FALSE(cancelled());
}

TEST(Cancel, IsAskedRarelyHoweverOftenItIsLookedAt) {
  int asked = 0;
  const std::function<bool()> keep_going = [&] { return ++asked > 0; };
  const CancelScope scope(keep_going);
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(50)) EXPECT_FALSE(cancelled());
  EXPECT_GE(asked, 5);
  EXPECT_LE(asked, 60);
}

TEST(Cancel, AnInnerScopeAsksTheOuterOneToo) {
  const std::function<bool()> no = [] { return false; }, yes = [] { return true; };
  const CancelScope outer(no);
  const CancelScope inner(yes);
  EXPECT_TRUE(cancelled());
}

TEST(Cancel, WhatIsShieldedIsFinished) {
  const std::function<bool()> no = [] { return false; };
  const CancelScope outer(no);
  {
    const CancelShield shield;
    EXPECT_FALSE(cancelled());
    const std::function<bool()> yes = [] { return true; };
    const CancelScope inner(yes);
    EXPECT_FALSE(cancelled());
  }
  EXPECT_TRUE(cancelled());
}

TEST(Cancel, OtherThreadsAreNotConcerned) {
  const std::function<bool()> no = [] { return false; };
  const CancelScope scope(no);
  bool other = true;
  std::thread([&] { other = cancelled(); }).join();
  EXPECT_FALSE(other);
}

TEST(Cancel, AMutexIsWaitedForUntilItIsFree) {
  std::mutex mutex;
  EXPECT_TRUE(lock_unless_cancelled(mutex).owns_lock());
  std::atomic<bool> asked = false;
  const std::function<bool()> yes = [&] { return asked = true; };
  std::unique_lock held(mutex);
  bool got = false;
  std::thread waiting([&] {
    const CancelScope scope(yes);
    got = lock_unless_cancelled(mutex).owns_lock();
  });
  while (!asked) std::this_thread::yield();
  held.unlock();
  waiting.join();
  EXPECT_TRUE(got);
}

TEST(Cancel, AMutexThatOthersHoldIsNotWaitedForAnyMore) {
  std::mutex mutex;
  const std::unique_lock held(mutex);
  bool got = true;
  int asked = 0;
  const std::function<bool()> twice = [&] { return ++asked < 3; };
  std::thread([&] {
    const CancelScope scope(twice);
    got = lock_unless_cancelled(mutex).owns_lock();
  }).join();
  EXPECT_FALSE(got);
  EXPECT_EQ(asked, 3);
}

TEST(Cancel, WhoeverCannotAnswerDoesNotWantToGoOn) {
  const std::function<bool()> throws = []() -> bool { throw 1; };
  const CancelScope scope(throws);
  EXPECT_TRUE(cancelled());
}

TEST(Cancel, BecomesAStatusAtTheEdge) {
  const Status status = [] {
    try {
      throw Cancelled();
    } catch (...) {
      return caught();
    }
  }();
  EXPECT_EQ(status.code(), StatusCode::cancelled);
}

}  // namespace
}  // namespace tritium
