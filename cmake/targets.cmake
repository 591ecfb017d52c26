# ravelin_library(name SOURCES ... DEPS ...): one static library with the project's options.
function(ravelin_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC project_options ${ARG_DEPS})
endfunction()

# ravelin_test(name LABEL unit SOURCES ... DEPS ...): one GoogleTest binary, one ctest entry per binary.
function(ravelin_test name)
  cmake_parse_arguments(ARG "" "LABEL" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE project_options ${ARG_DEPS} GTest::gtest GTest::gtest_main GTest::gmock)
  target_compile_definitions(${name} PRIVATE RAVELIN_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_compile_options(${name} PRIVATE -Wno-dangling-else  # gtest's macros under a plain `if`
    $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overread>)  # g++ 12 cannot follow vector::insert at -O2
  # What is tested is optimised; the test itself would only take twice as long to compile.
  target_compile_options(${name} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O0$<SEMICOLON>-U_FORTIFY_SOURCE>)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 120)
endfunction()

# ravelin_fuzzer(name SOURCES ... DEPS ...): a libFuzzer target; its seeds are tests/fuzz/corpus/<name>.
# With RAVELIN_FUZZ off the same entry point is replayed over the corpus by an ordinary test, so seeds stay true.
function(ravelin_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  set(corpus ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
  if(RAVELIN_FUZZ)
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE project_options ${ARG_DEPS})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    if(NOT TARGET fuzzers)
      add_custom_target(fuzzers)  # all of them: what `scripts/build fuzz` builds
    endif()
    add_dependencies(fuzzers ${name})
    add_test(NAME ${name} COMMAND ${name} -max_total_time=20 -timeout=5 -rss_limit_mb=2048
      -artifact_prefix=${CMAKE_BINARY_DIR}/${name}- ${CMAKE_BINARY_DIR}/corpus-${name} ${corpus})
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/corpus-${name})
    set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 120)
  else()
    add_executable(${name}_replay ${ARG_SOURCES} ${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.cc)
    target_link_libraries(${name}_replay PRIVATE project_options ${ARG_DEPS})
    add_test(NAME ${name}_replay COMMAND ${name}_replay ${corpus})
    set_tests_properties(${name}_replay PROPERTIES LABELS fuzz TIMEOUT 120)
  endif()
endfunction()
