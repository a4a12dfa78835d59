#include "vulkan/device/cooperative_matrix.h"

#include "base/format_text.h"

namespace tritium::vulkan {
namespace {

// VkCooperativeMatrixPropertiesKHR: headers before 1.3.255, such as Debian 12's, do not know it.
struct Properties {
  uint32_t type = 1000506001;
  void* next = nullptr;
  uint32_t m = 0, n = 0, k = 0;
  uint32_t a = 0, b = 0, c = 0, result = 0;
  VkBool32 saturating = VK_FALSE;
  uint32_t scope = 0;
};
using GetProperties = VkResult(VKAPI_PTR*)(VkPhysicalDevice, uint32_t*, Properties*);

// The numbers of VkComponentTypeKHR; those of VkComponentTypeNV are the same as far as they go.
std::string component(uint32_t type) {
  switch (type) {
    case 0: return "f16";
    case 1: return "f32";
    case 2: return "f64";
    case 3: return "i8";
    case 4: return "i16";
    case 5: return "i32";
    case 6: return "i64";
    case 7: return "u8";
    case 8: return "u16";
    case 9: return "u32";
    case 10: return "u64";
    case 1000141000: return "bf16";
    case 1000491002: return "f8 e4m3";
    case 1000491003: return "f8 e5m2";
    default: return join("type ", type);
  }
}

std::string scope_name(uint32_t scope) {
  switch (scope) {
    case 1: return "device";
    case 2: return "workgroup";
    case 3: return "subgroup";
    case 5: return "queue family";
    default: return join("scope ", scope);
  }
}

std::vector<CooperativeMatrixRow> khr_rows(const Instance& instance, VkPhysicalDevice device) {
  const auto get =
      reinterpret_cast<GetProperties>(instance.handle.getProcAddr("vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR"));
  uint32_t count = 0;
  if (!get || get(device, &count, nullptr) != VK_SUCCESS) return {};
  std::vector<Properties> all(count);
  if (get(device, &count, all.data()) < VK_SUCCESS) return {};
  all.resize(count);
  std::vector<CooperativeMatrixRow> rows;
  for (const Properties& p : all)
    rows.push_back({.m = p.m,
                    .n = p.n,
                    .k = p.k,
                    .a = component(p.a),
                    .b = component(p.b),
                    .c = component(p.c),
                    .result = component(p.result),
                    .scope = scope_name(p.scope),
                    .saturating = p.saturating == VK_TRUE});
  return rows;
}

std::vector<CooperativeMatrixRow> nv_rows(const vk::raii::PhysicalDevice& device) {
  std::vector<CooperativeMatrixRow> rows;
  for (const vk::CooperativeMatrixPropertiesNV& p : device.getCooperativeMatrixPropertiesNV())
    rows.push_back({.m = p.MSize,
                    .n = p.NSize,
                    .k = p.KSize,
                    .a = component(static_cast<uint32_t>(p.AType)),
                    .b = component(static_cast<uint32_t>(p.BType)),
                    .c = component(static_cast<uint32_t>(p.CType)),
                    .result = component(static_cast<uint32_t>(p.DType)),
                    .scope = scope_name(static_cast<uint32_t>(p.scope)),
                    .saturating = false});
  return rows;
}

}  // namespace

void add_cooperative_matrices(const Instance& instance, const vk::raii::PhysicalDevice& device,
                              const QueriedDevice& queried, DeviceDetails& details) {
  constexpr const char* kKhr = "VK_KHR_cooperative_matrix";
  if (queried.offers(kKhr)) {
    details.cooperative_matrix_source = kKhr;
    details.cooperative_matrices = khr_rows(instance, static_cast<VkPhysicalDevice>(*device));
  } else if (queried.offers(VK_NV_COOPERATIVE_MATRIX_EXTENSION_NAME)) {
    details.cooperative_matrix_source = VK_NV_COOPERATIVE_MATRIX_EXTENSION_NAME;
    details.cooperative_matrices = nv_rows(device);
  } else {
    details.cooperative_matrix_source = "the driver offers no cooperative matrices";
  }
}

}  // namespace tritium::vulkan
