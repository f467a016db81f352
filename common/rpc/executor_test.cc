#include "common/rpc/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "common/testing/gate.h"

namespace trusthub::rpc {
namespace {

TEST(ExecutorTest, RunsEveryTaskOnceWhoeverPostsIt) {
  constexpr int kPosters = 4;
  constexpr int kTasks = 5'000;
  std::atomic<int> run = 0;
  {
    Executor executor(3, kPosters * kTasks);
    std::vector<std::thread> posters;
    for (int i = 0; i < kPosters; ++i) {
      posters.emplace_back([&] {
        for (int task = 0; task < kTasks; ++task) {
          if (task % 2 == 0) {
            executor.PostAdmitted([&run] { ++run; });
          } else {
            EXPECT_TRUE(executor.TryPost([&run] { ++run; }));
          }
        }
      });
    }
    for (std::thread& poster : posters) poster.join();
  }
  EXPECT_EQ(run, kPosters * kTasks);
}

// One thread is woken at a time; it has the next one woken, and so on.
TEST(ExecutorTest, ABurstIsSharedByAllThreads) {
  constexpr int kThreads = 4;
  Executor executor(kThreads, kThreads);
  for (int round = 0; round < 200; ++round) {
    testing::Gate gate;
    gate.Shut();
    std::atomic<int> passed = 0;
    for (int i = 0; i < kThreads; ++i) {
      const auto task = [&gate, &passed] {
        gate.Pass();
        ++passed;
      };
      if (i % 2 == 0) {
        executor.PostAdmitted(task);
      } else {
        ASSERT_TRUE(executor.TryPost(task));
      }
    }
    gate.AwaitWaiting(kThreads);  // each of them on a thread of its own
    gate.Open();
    while (passed < kThreads) std::this_thread::yield();
  }
}

TEST(ExecutorTest, WhatWasAdmittedGoesFirstAndTheRestIsBounded) {
  std::vector<int> order;  // of the one thread
  testing::Gate gate;      // stands until that has passed it
  gate.Shut();
  {
    Executor executor(1, 2);
    executor.PostAdmitted([&gate] { gate.Pass(); });
    gate.AwaitWaiting(1);
    EXPECT_TRUE(executor.TryPost([&order] { order.push_back(3); }));
    EXPECT_TRUE(executor.TryPost([&order] { order.push_back(4); }));
    EXPECT_FALSE(executor.TryPost([&order] { order.push_back(5); }));
    executor.PostAdmitted([&order] { order.push_back(1); });
    executor.PostAdmitted([&order] { order.push_back(2); });
    gate.Open();
  }
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
}

}  // namespace
}  // namespace trusthub::rpc
