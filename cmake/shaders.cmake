# tritium_embed_shaders(TARGET TABLE SOURCES…): compiles each .comp with glslc at build time and compiles the words into
# TARGET: one small .cpp a shader and one table of them, the function `std::span<const Kernel> tritium::vulkan::TABLE()`.
# glslc writes a depfile, so a changed header rebuilds exactly the shaders that include it; it enables #include itself.
#
# tritium_embed_shader_build(TARGET): what a running program needs to compile a changed shader in the same way: glslc's
# options (shader_build()), and each file of shaders/ with its SHA-256 (shader_files()).

set(TRITIUM_GLSLC "" CACHE FILEPATH "GLSL compiler for the Vulkan backend; empty: glslc in PATH or the Vulkan SDK")
option(TRITIUM_SHADER_DEBUG "Shaders are not optimised, so that RenderDoc steps through GLSL and shows its variables" OFF)

# Sets TRITIUM_GLSLC_PROGRAM and TRITIUM_VULKAN_INCLUDE_DIR, or TRITIUM_NO_VULKAN_REASON when Vulkan cannot be built.
function(tritium_find_vulkan)
  set(reason "")
  find_program(TRITIUM_FOUND_GLSLC glslc HINTS $ENV{VULKAN_SDK}/bin)
  find_path(TRITIUM_VULKAN_INCLUDE_DIR vulkan/vulkan_raii.hpp HINTS $ENV{VULKAN_SDK}/include)
  mark_as_advanced(TRITIUM_FOUND_GLSLC TRITIUM_VULKAN_INCLUDE_DIR)
  set(glslc ${TRITIUM_FOUND_GLSLC})
  if(TRITIUM_GLSLC)
    set(glslc ${TRITIUM_GLSLC})
  endif()
  if(NOT TRITIUM_VULKAN)
    set(reason "it was configured with TRITIUM_VULKAN=OFF")
  elseif(NOT glslc OR NOT EXISTS ${glslc})
    set(reason "the shader compiler glslc was not found when it was configured (Debian: apt install glslc)")
  elseif(NOT TRITIUM_VULKAN_INCLUDE_DIR)
    set(reason "vulkan/vulkan_raii.hpp was not found when it was configured (Debian: apt install libvulkan-dev)")
  endif()
  set(TRITIUM_GLSLC_PROGRAM ${glslc} PARENT_SCOPE)
  set(TRITIUM_NO_VULKAN_REASON ${reason} PARENT_SCOPE)
endfunction()

# glslc's options. RenderDoc steps through GLSL where nothing is optimised, by debug information that the program makes of -g
# when it loads a kernel (engine/vulkan/pipelines/spirv_debug_info.h): glslc 2023.2 has no -gVS, and glslang's own program has
# one that fails on the larger kernels (12.0.0, Debian 12: it ends by a signal, or names ids that are not there).
set(TRITIUM_SHADER_OPTIONS --target-env=vulkan1.2 -O -g)
set(TRITIUM_SHADER_DEBUG_INFO false)
if(TRITIUM_SHADER_DEBUG)
  set(TRITIUM_SHADER_OPTIONS --target-env=vulkan1.2 -O0 -g)
  set(TRITIUM_SHADER_DEBUG_INFO true)
  message(STATUS "Shaders are not optimised: RenderDoc steps through GLSL")
endif()

# Writes `content` unless the file has it already: an unchanged file keeps its time, and nothing is rebuilt.
function(tritium_write_generated path content)
  if(EXISTS ${path})
    file(READ ${path} present)
    if(present STREQUAL content)
      return()
    endif()
  endif()
  file(WRITE ${path} "${content}")
endfunction()

function(tritium_embed_shaders target table)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${table})
  # Sources have the names that a debugger shows and the program carries: "shaders/rope.comp", whoever built it. The names
  # in a depfile are seen from the folder in which glslc runs.
  set(shaders ${PROJECT_SOURCE_DIR}/shaders)
  file(CREATE_LINK ${shaders} ${CMAKE_CURRENT_BINARY_DIR}/shaders RESULT problem SYMBOLIC)
  set(seen_as shaders)
  if(problem)  # a system without links builds, too
    set(seen_as ${shaders})
  endif()
  set(declarations "")
  set(rows "")
  foreach(source ${ARGN})
    get_filename_component(source ${source} ABSOLUTE)
    get_filename_component(name ${source} NAME)
    string(REGEX REPLACE "\\.comp$" "" kernel ${name})  # "ternary_matmul.coopmat.comp" is kernel "ternary_matmul.coopmat"
    string(REPLACE ${shaders}/ ${seen_as}/ seen ${source})
    string(REPLACE ${shaders}/ "" below ${source})  # as it is in shaders/
    if(below STREQUAL source)
      set(below "")
    endif()
    # "// Variants: dot" in a source: there is also a kernel NAME.dot, compiled with TRITIUM_VARIANT_DOT.
    file(STRINGS ${source} variants REGEX "^// Variants: ")
    string(REGEX MATCHALL "dot" variants "${variants}")
    list(REMOVE_DUPLICATES variants)
    foreach(variant base ${variants})
    set(name ${kernel})
    set(defines "")
    if(NOT variant STREQUAL base)
      set(name ${kernel}.${variant})
      string(TOUPPER -DTRITIUM_VARIANT_${variant} defines)
    endif()
    string(MAKE_C_IDENTIFIER ${name} symbol)
    set(words ${folder}/${name}.words)

    add_custom_command(
      OUTPUT ${words}
      COMMAND ${TRITIUM_GLSLC_PROGRAM} ${TRITIUM_SHADER_OPTIONS} ${defines} -I ${seen_as} -mfmt=num
              -MD -MF ${words}.d -MT ${words} -o ${words} ${seen}
      WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}
      DEPENDS ${source}
      DEPFILE ${words}.d
      COMMENT "Compiling shader ${name}" VERBATIM)

    tritium_write_generated(${folder}/${name}.cpp
"#include <cstdint>
#include <span>

namespace tritium::vulkan {
namespace {
constexpr uint32_t kWords[] = {
#include \"${name}.words\"
};
}  // namespace
extern const std::span<const uint32_t> ${table}_${symbol};
const std::span<const uint32_t> ${table}_${symbol}(kWords);
}  // namespace tritium::vulkan
")
    set_source_files_properties(${folder}/${name}.cpp PROPERTIES OBJECT_DEPENDS ${words})
    target_sources(${target} PRIVATE ${folder}/${name}.cpp)
    string(APPEND declarations "extern const std::span<const uint32_t> ${table}_${symbol};\n")
    string(APPEND rows "      {\"${name}\", ${table}_${symbol}, \"${below}\", \"${defines}\"},\n")
    endforeach()
  endforeach()

  # Filled on first use: the spans of other files need not be constructed before this file's.
  tritium_write_generated(${folder}/table.cpp
"#include <vector>

#include \"vulkan/kernel.h\"

namespace tritium::vulkan {
${declarations}
std::span<const Kernel> ${table}();
std::span<const Kernel> ${table}() {
  static const std::vector<Kernel> kernels = {
${rows}  };
  return kernels;
}
}  // namespace tritium::vulkan
")
  target_sources(${target} PRIVATE ${folder}/table.cpp)
endfunction()

function(tritium_embed_shader_build target)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/shader_build)
  set(script ${PROJECT_SOURCE_DIR}/cmake/shader_files.cmake)
  set(shaders ${PROJECT_SOURCE_DIR}/shaders)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${shaders}/*)
  add_custom_command(
    OUTPUT ${folder}/files.inc
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${shaders} -DOUTPUT=${folder}/files.inc -P ${script}
    DEPENDS ${files} ${script}
    COMMENT "Taking the checksums of the shaders" VERBATIM)
  list(JOIN TRITIUM_SHADER_OPTIONS "\", \"" options)
  tritium_write_generated(${folder}/shader_build.cpp
"#include \"vulkan/kernel.h\"

namespace tritium::vulkan {
namespace {
constexpr ShaderFile kFiles[] = {
#include \"files.inc\"
};
constexpr std::string_view kOptions[] = {\"${options}\"};
constexpr ShaderBuild kBuild = {.options = kOptions, .debug_info = ${TRITIUM_SHADER_DEBUG_INFO}};
}  // namespace
std::span<const ShaderFile> shader_files() { return kFiles; }
const ShaderBuild& shader_build() { return kBuild; }
}  // namespace tritium::vulkan
")
  set_source_files_properties(${folder}/shader_build.cpp PROPERTIES OBJECT_DEPENDS ${folder}/files.inc)
  target_sources(${target} PRIVATE ${folder}/shader_build.cpp)
endfunction()
