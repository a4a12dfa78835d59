#include <iostream>
#include <tritium/tritium.hpp>

int main() { std::cout << tritium::version() << '\n'; }
