#include "vulkan/device/instance.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <string_view>

#include "base/format_text.h"
#include "base/log.h"
#include "vulkan/device/device_health.h"
#include "vulkan/device/driver_manifests.h"
#include "vulkan/kernel.h"
#include "vulkan/vulkan_backend.h"

namespace tritium::vulkan {
namespace {

constexpr const char* kValidationLayer = "VK_LAYER_KHRONOS_validation";
constexpr std::string_view kNoLoader =
    "the Vulkan loader libvulkan.so.1 was not found: install it (Debian, Ubuntu: apt install libvulkan1; "
    "Fedora: dnf "
    "install vulkan-loader)";
constexpr std::string_view kNoDriver =
    "no Vulkan driver was found: install the GPU's driver (AMD, Intel: apt install mesa-vulkan-drivers; "
    "NVIDIA: its "
    "own driver) and check VK_DRIVER_FILES and VK_ICD_FILENAMES if they are set";

constexpr std::string_view kNoDevice =
    "no Vulkan device: a driver is installed, but it finds no GPU it can use. Install the GPU's own driver "
    "(AMD, "
    "Intel: apt install mesa-vulkan-drivers; NVIDIA: its own driver) and check that this user may open "
    "/dev/dri";

std::atomic<uint64_t> validation_messages{0};

VKAPI_ATTR VkBool32 VKAPI_CALL on_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                          VkDebugUtilsMessageTypeFlagsEXT,
                                          const VkDebugUtilsMessengerCallbackDataEXT* data, void* user) {
  validation_messages.fetch_add(1);
  const auto& options = *static_cast<const InstanceOptions*>(user);
  try {
    std::string text = join(data->pMessageIdName ? data->pMessageIdName : "", ": ", data->pMessage);
    if (options.on_validation_message) {
      options.on_validation_message(std::move(text));
    } else {
      const bool is_error = severity >= VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
      log_to(options.log, is_error ? LogLevel::error : LogLevel::warning, "Vulkan validation: " + text);
    }
  } catch (...) {  // nothing may unwind through the driver
  }
  return VK_FALSE;
}

bool offers(const std::vector<vk::ExtensionProperties>& extensions, std::string_view name) {
  return std::ranges::any_of(extensions, [&](const auto& e) { return name == e.extensionName.data(); });
}

bool has_validation_layer(const vk::raii::Context& context) {
  const auto layers = context.enumerateInstanceLayerProperties();
  return std::ranges::any_of(layers,
                             [](const auto& l) { return std::string_view(kValidationLayer) == l.layerName.data(); });
}

void create(Instance& instance) {
  const auto& context = instance.context;
  const auto offered = context.enumerateInstanceExtensionProperties();
  std::vector<const char*> extensions;
  std::vector<const char*> layers;
  vk::InstanceCreateFlags flags;

  instance.debug_utils = offers(offered, VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
  if (instance.debug_utils) extensions.push_back(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
  if (offers(offered, VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME)) {  // MoltenVK is listed only on request
    extensions.push_back(VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME);
    flags |= vk::InstanceCreateFlagBits::eEnumeratePortabilityKHR;
  }

  constexpr std::array kChecks = {vk::ValidationFeatureEnableEXT::eSynchronizationValidation};
  const vk::DebugUtilsMessengerCreateInfoEXT messenger = {
      .messageSeverity =
          vk::DebugUtilsMessageSeverityFlagBitsEXT::eWarning | vk::DebugUtilsMessageSeverityFlagBitsEXT::eError,
      .messageType = vk::DebugUtilsMessageTypeFlagBitsEXT::eGeneral |
                     vk::DebugUtilsMessageTypeFlagBitsEXT::eValidation |
                     vk::DebugUtilsMessageTypeFlagBitsEXT::ePerformance,
      .pfnUserCallback = on_message,
      .pUserData = &instance.options};
  const vk::ValidationFeaturesEXT features = {.pNext = &messenger,
                                              .enabledValidationFeatureCount = kChecks.size(),
                                              .pEnabledValidationFeatures = kChecks.data()};
  if (instance.options.validation && instance.debug_utils && has_validation_layer(context)) {
    instance.validation = true;
    layers.push_back(kValidationLayer);
    extensions.push_back(VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME);
  } else if (instance.options.validation) {
    log_to(instance.options.log, LogLevel::warning,
           join("Vulkan validation was asked for, but ", kValidationLayer,
                " is not installed (Debian: apt install vulkan-validationlayers)"));
  }

  // Debug information of kernels is a part of 1.3, or an extension of the device.
  const uint32_t version = shader_build().debug_info ? VK_API_VERSION_1_3 : VK_API_VERSION_1_2;
  const vk::ApplicationInfo application = {.pApplicationName = "tritium", .apiVersion = version};
  const vk::InstanceCreateInfo info = {.pNext = instance.validation ? &features : nullptr,
                                       .flags = flags,
                                       .pApplicationInfo = &application,
                                       .enabledLayerCount = static_cast<uint32_t>(layers.size()),
                                       .ppEnabledLayerNames = layers.data(),
                                       .enabledExtensionCount = static_cast<uint32_t>(extensions.size()),
                                       .ppEnabledExtensionNames = extensions.data()};
  instance.handle = vk::raii::Instance(context, info);
  if (instance.validation) instance.messenger = vk::raii::DebugUtilsMessengerEXT(instance.handle, messenger);
}

std::string manifests_read() {
  const std::vector<DriverManifest> manifests = driver_manifests();
  return manifests.empty() ? std::string() : "; the loader read " + text_of(manifests);
}

// What stands against the manifests of drivers, when the loader could not make an instance of them.
Status manifests_status(const std::vector<DriverManifest>& manifests, std::string_view loader_says) {
  if (manifests.empty()) return Status(StatusCode::not_found, std::string(kNoDriver));
  const bool damaged = std::ranges::any_of(manifests, [](const DriverManifest& m) { return !m.problem.empty(); });
  // Of a damaged manifest loaders say that memory ended.
  return error(
      StatusCode::not_found, "no usable Vulkan driver among these manifests: ", text_of(manifests),
      damaged ? "" : join("; the loader says ", loader_says),
      "; repair or remove those that are damaged, install the drivers of the others anew, or name good ones in "
      "VK_DRIVER_FILES");
}

// The loader failed, for whatever reason it gives: once more without the manifests that cannot be read.
Status create_without_damaged_drivers(Instance& instance, std::string_view loader_says) {
  std::vector<DriverManifest> manifests = driver_manifests();
  const auto good = [](const DriverManifest& m) { return m.problem.empty(); };
  const auto damaged = std::ranges::stable_partition(manifests, good);
  if (damaged.empty() || damaged.size() == manifests.size()) return manifests_status(manifests, loader_says);
  const std::vector<DriverManifest> passed_over(damaged.begin(), damaged.end());
  const std::vector<DriverManifest> rest(manifests.begin(), damaged.begin());
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  try {
    const OnlyTheseDrivers drivers(rest);
    create(instance);
  } catch (const vk::SystemError& e) {
    return manifests_status(manifests, e.what());
  }
  log_to(instance.options.log, LogLevel::warning, "Vulkan drivers passed over: " + text_of(passed_over));
  return Status();
}

}  // namespace

Result<std::unique_ptr<Instance>> open_instance(const InstanceOptions& options) {
  std::unique_ptr<Instance> instance;
  try {
    instance = std::make_unique<Instance>();
  } catch (const std::exception&) {
    return Status(StatusCode::not_found, std::string(kNoLoader));
  }
  instance->options = options;
  bool lost = false;
  try {
    const uint32_t version = instance->context.enumerateInstanceVersion();
    if (version < VK_API_VERSION_1_2)
      return error(StatusCode::unsupported, "the Vulkan loader offers Vulkan ", VK_API_VERSION_MAJOR(version), ".",
                   VK_API_VERSION_MINOR(version), "; 1.2 is needed: update it");
    try {
      create(*instance);
    } catch (const vk::IncompatibleDriverError&) {
      return error(StatusCode::not_found, kNoDriver, manifests_read());
    } catch (const vk::SystemError& e) {
      if (Status s = create_without_damaged_drivers(*instance, e.what()); !s.ok()) return s;
    }
  } catch (...) {
    return status_of_exception("making a Vulkan instance", lost);
  }
  return instance;
}

Result<std::vector<vk::raii::PhysicalDevice>> physical_devices(const Instance& instance) {
  bool lost = false;
  try {
    // Not vk::raii::PhysicalDevices, which throws for an empty list.
    const vk::Instance handle = *instance.handle;
    const auto handles = handle.enumeratePhysicalDevices(*instance.handle.getDispatcher());
    std::vector<vk::raii::PhysicalDevice> devices;
    for (const vk::PhysicalDevice device : handles) devices.emplace_back(instance.handle, device);
    if (devices.empty()) return Status(StatusCode::not_found, std::string(kNoDevice));
    return devices;
  } catch (const vk::InitializationFailedError&) {  // what the loader says when no driver has a device
    return Status(StatusCode::not_found, std::string(kNoDevice));
  } catch (...) {
    return status_of_exception("listing Vulkan devices", lost);
  }
}

uint64_t validation_message_count() { return validation_messages.load(); }

}  // namespace tritium::vulkan
