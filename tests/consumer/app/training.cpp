#include <iostream>
#include <tritium/training.hpp>

// Without data it can only say what it needs.
int main() {
  const auto report = tritium::train({});
  std::cout << report.message() << '\n';
  return report.ok() ? 1 : 0;
}
