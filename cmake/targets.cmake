# A room is a folder of sources whose headers others include as "ROOM/FILE.h". A target sees the rooms that it links and no
# other: an include that points the wrong way does not compile.
#
# tritium_library(NAME [API] SOURCES… DEPENDS… USES… [ROOM PATH]): one static library a folder, with the project's warnings
#   and arithmetic rules. DEPENDS: rooms that its headers include, seen by whoever links it; USES: rooms of its sources
#   alone. API: whoever links it sees the public headers only. ROOM: where it is not the folder itself.
# tritium_room(TARGET SCOPE PATH): a target sees the folder, or the one header, at PATH.
# tritium_private_headers(NAME PACKAGE::TARGET…): headers that only its sources include.

# Of the system, beside what every program has.
set(TRITIUM_SYSTEM_LIBRARIES "")
if(WIN32)
  set(TRITIUM_SYSTEM_LIBRARIES synchronization bcrypt psapi)
endif()

function(tritium_options target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion -Wno-sign-conversion
                                           -Wno-missing-field-initializers)
  # GCC 12 sees overlapping copies in std::string that are not there (its bug 105651).
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
  # Results must not depend on whether the compiler fused a multiplication with an addition (lib/portable.h).
  target_compile_options(${target} PRIVATE -ffp-contract=off)
  if(WIN32)
    # Windows 10 and later. GCC keeps vectors on a stack that this system aligns to 16 bytes (its bug 54412).
    target_compile_definitions(${target} PRIVATE _WIN32_WINNT=0x0A00 WIN32_LEAN_AND_MEAN NOMINMAX UNICODE)
    if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
      target_compile_options(${target} PRIVATE -Wa,-muse-unaligned-vector-move)
    endif()
  endif()
  if(TRITIUM_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(TRITIUM_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${TRITIUM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(${target} PRIVATE -fsanitize=${TRITIUM_SANITIZE})
  endif()
endfunction()

# The include folder of a room holds nothing but a link to it.
function(tritium_room target scope path)
  get_filename_component(path ${path} ABSOLUTE)
  get_filename_component(name ${path} NAME)
  get_filename_component(room ${path} NAME_WE)
  set(folder ${PROJECT_BINARY_DIR}/rooms/${room})
  file(MAKE_DIRECTORY ${folder})
  file(CREATE_LINK ${path} ${folder}/${name} RESULT problem SYMBOLIC)
  if(problem)  # a system without links builds, too, and leaves the rule to the structure tests
    get_filename_component(folder ${path} DIRECTORY)
  endif()
  target_include_directories(${target} ${scope} $<BUILD_INTERFACE:${folder}>)
endfunction()

function(tritium_library name)
  cmake_parse_arguments(ARG "API" "ROOM" "SOURCES;DEPENDS;USES" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  if(NOT ARG_ROOM)
    set(ARG_ROOM ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
  set(scope PUBLIC)
  if(ARG_API)
    set(scope PRIVATE)
  endif()
  tritium_room(${name} ${scope} ${ARG_ROOM})
  # Once installed there are only the public headers.
  target_include_directories(${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/engine/include>)
  target_compile_features(${name} PUBLIC cxx_std_20)
  target_link_libraries(${name} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_USES})
  tritium_options(${name})
endfunction()

# Who uses a static library must link what it links, even what is only headers: outside this build that is nothing.
function(tritium_private_headers name)
  foreach(headers ${ARGN})
    target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:${headers}>)
  endforeach()
endfunction()

# tritium_test(NAME SOURCES… DEPENDS… INSIDE…): a GoogleTest program whose tests CTest lists one by one. INSIDE: API
# libraries that it tests from within: it sees what their sources see.
function(tritium_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;INSIDE" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  tritium_room(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  foreach(library ${ARG_INSIDE})
    target_include_directories(${name} PRIVATE $<TARGET_PROPERTY:${library},INCLUDE_DIRECTORIES>)
  endforeach()
  target_link_libraries(${name} PRIVATE ${ARG_INSIDE} ${ARG_DEPENDS} GTest::gtest GTest::gtest_main)
  tritium_options(${name})
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
endfunction()
