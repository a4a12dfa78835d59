// vk::raii as this backend uses it. Included by few files: each costs seconds of compile time.
#pragma once

#include <cstdint>

// Designated initialisers only: the constructors' overloads bind to the wrong one silently.
#define VULKAN_HPP_NO_STRUCT_CONSTRUCTORS
#include <vulkan/vulkan_raii.hpp>
