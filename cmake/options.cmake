# One INTERFACE target, project_options, carries language level, warnings, hardening and sanitizers.

option(RAVELIN_WERROR "Treat warnings as errors (off for packagers)" ON)
option(RAVELIN_TESTS "Build the tests" ON)
option(RAVELIN_BENCH "Build the benchmark programs" OFF)
option(RAVELIN_FUZZ "Build the libFuzzer targets (needs clang)" OFF)
option(RAVELIN_UNITY "Compile the sources of a target several at a time: a clean build takes a third of the time" OFF)
set(RAVELIN_SANITIZE "" CACHE STRING "Sanitizers, comma separated: address,undefined or thread")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Paths count from the source directory: two checkouts share what they compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=true ${CCACHE_PROGRAM})
endif()

if(RAVELIN_UNITY)
  set(CMAKE_UNITY_BUILD ON)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 12)
endif()

add_library(project_options INTERFACE)
target_include_directories(project_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(project_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wimplicit-fallthrough -Wno-missing-field-initializers -fno-strict-aliasing)
if(RAVELIN_WERROR)
  target_compile_options(project_options INTERFACE -Werror)
endif()

# g++ 12 reports bounds it cannot know inside inlined library code (std::string in coroutine frames).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(project_options INTERFACE -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow)
  if(RAVELIN_UNITY) # it takes every source but the one that includes them for a header
    target_compile_options(project_options INTERFACE -Wno-subobject-linkage)
  endif()
endif()

if(RAVELIN_SANITIZE)
  target_compile_options(project_options INTERFACE
    -fsanitize=${RAVELIN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(project_options INTERFACE -fsanitize=${RAVELIN_SANITIZE})
  if(RAVELIN_SANITIZE MATCHES "undefined")
    # This check opens a pipe to look at an object: it fails in tests of a process without descriptors.
    target_compile_options(project_options INTERFACE -fno-sanitize=vptr)
  endif()
  if(RAVELIN_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio's fences, which TSan does not see, stand beside mutexes, which it does.
    target_compile_options(project_options INTERFACE -Wno-tsan)
  endif()
else()
  target_compile_options(project_options INTERFACE -fstack-protector-strong)
  target_compile_definitions(project_options INTERFACE $<$<CONFIG:RelWithDebInfo>:_FORTIFY_SOURCE=2>)
  target_link_options(project_options INTERFACE -Wl,-z,relro,-z,now)
endif()
