# tritium_library(NAME SOURCES… DEPENDS…): one static library a folder, with the project's warnings and arithmetic rules.
# tritium_private_headers(NAME PACKAGE::TARGET…): headers that only its sources include.

function(tritium_options target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion -Wno-sign-conversion
                                           -Wno-missing-field-initializers)
  # GCC 12 sees overlapping copies in std::string that are not there (its bug 105651).
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
  # Results must not depend on whether the compiler fused a multiplication with an addition (lib/portable.h).
  target_compile_options(${target} PRIVATE -ffp-contract=off)
  if(TRITIUM_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(TRITIUM_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${TRITIUM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(${target} PRIVATE -fsanitize=${TRITIUM_SANITIZE})
  endif()
endfunction()

function(tritium_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  # Libraries include each other's headers; once installed there are only the public ones.
  target_include_directories(${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
                                            $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/engine>
                                            $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/engine/include>)
  target_compile_features(${name} PUBLIC cxx_std_20)
  target_link_libraries(${name} PUBLIC ${ARG_DEPENDS})
  tritium_options(${name})
endfunction()

# Who uses a static library must link what it links, even what is only headers: outside this build that is nothing.
function(tritium_private_headers name)
  foreach(headers ${ARGN})
    target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:${headers}>)
  endforeach()
endfunction()

# tritium_test(NAME SOURCES… DEPENDS…): a GoogleTest program whose tests CTest lists one by one.
function(tritium_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} GTest::gtest GTest::gtest_main)
  tritium_options(${name})
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
endfunction()
