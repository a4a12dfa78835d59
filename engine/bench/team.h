// A rate that several threads reach together, in short windows of time: what a limit is measured with. Its own threads,
// so that no pool's way of waking them is part of the limit.
#pragma once

#include <functional>

namespace tritium::bench {

// step(thread) does some 10 to 50 µs of work and gives how much it was. A window adds up what all threads did a second
// within the same time; the best window, since a limit is what a machine can do while nobody else takes it.
double team_rate(int threads, int windows, double window_seconds, const std::function<double(int)>& step);

}  // namespace tritium::bench
