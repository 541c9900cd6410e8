# Test binaries and test scripts, and which of them run under which preset.
#
# release runs everything. debug (ASan and UBSan) runs everything but the folders and the tests that
# say release_only. tsan runs the folders below, and nothing that links gRPC: Debian's gRPC and
# abseil are not instrumented, so TSan would report their correct locking as races.
set(FUNDGATE_RELEASE_ONLY_FOLDERS end_to_end scenarios simulation torture bench)
set(FUNDGATE_THREAD_FOLDERS types metrics expression core store sequencer decoder house places)

# The share of debug and tsan that a change affords (presets debug-short and tsan-short): the folders
# where money is decided, kept and read, and where threads meet. Their tests have the label short, and
# the target short_tests builds what they need.
set(FUNDGATE_SHORT_FOLDERS expression core store sequencer decoder properties house)
add_custom_target(short_tests)

set(FUNDGATE_PYTHON /usr/bin/python3)  # Debian's own, which sees Debian's modules

# The environment's FUNDGATE_TESTDATA wins over it when a test runs. What needs a file that isn't
# there is skipped, and says so.
set(FUNDGATE_TESTDATA_DIR "${CMAKE_SOURCE_DIR}/../shared/testdata" CACHE PATH
  "Where outside test data lies")

# What the sanitizers of this build need to know when a test runs.
set(FUNDGATE_TEST_ENVIRONMENT "")
if(FUNDGATE_SANITIZE STREQUAL "thread")
  list(APPEND FUNDGATE_TEST_ENVIRONMENT
    "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/house/tsan.supp:halt_on_error=1:second_deadlock_stack=1")
elseif(FUNDGATE_SANITIZE)
  list(APPEND FUNDGATE_TEST_ENVIRONMENT
    "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1"
    "UBSAN_OPTIONS=print_stacktrace=1")
endif()

# Sets `result` to whether the tests of a folder of tests/ belong to this preset.
function(fundgate_runs_folder folder result)
  set(runs TRUE)
  if(FUNDGATE_FUZZ AND NOT folder MATCHES "^(fuzz|places)$")
    set(runs FALSE)
  elseif(FUNDGATE_SANITIZE STREQUAL "thread" AND NOT folder IN_LIST FUNDGATE_THREAD_FOLDERS)
    set(runs FALSE)
  elseif(FUNDGATE_SANITIZE AND folder IN_LIST FUNDGATE_RELEASE_ONLY_FOLDERS)
    set(runs FALSE)
  endif()
  set(${result} ${runs} PARENT_SCOPE)
endfunction()

# Adds the label short to `labels` if the folder at hand belongs to the short share. What is slow
# (release_only) doesn't.
function(fundgate_label_short labels)
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME folder)
  if(folder IN_LIST FUNDGATE_SHORT_FOLDERS AND NOT ${labels})
    set(${labels} short PARENT_SCOPE)
  endif()
endfunction()

# fundgate_test(NAME SOURCES a_test.cc ... LINKS target ... [TIMEOUT seconds] [LABELS label ...])
# One test binary a folder of tests/; every TEST is its own entry in ctest. The label release_only
# keeps slow tests (millions of steps) out of the sanitizers' runs.
include(GoogleTest)
function(fundgate_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINKS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  fundgate_set_apart(${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE fundgate_options ${ARG_LINKS} GTest::gmock_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_compile_options(${name} PRIVATE ${FUNDGATE_TEST_OPTIONS})
  fundgate_precompile(${name} precompiled_for_tests)
  set(properties TIMEOUT ${ARG_TIMEOUT})
  fundgate_label_short(ARG_LABELS)
  if(ARG_LABELS STREQUAL "short")
    add_dependencies(short_tests ${name})
  endif()
  if(ARG_LABELS)
    list(APPEND properties LABELS "${ARG_LABELS}")
  endif()
  if(FUNDGATE_TEST_ENVIRONMENT)
    list(APPEND properties ENVIRONMENT "${FUNDGATE_TEST_ENVIRONMENT}")
  endif()
  gtest_discover_tests(${name} TEST_PREFIX "${name}/" DISCOVERY_TIMEOUT 60 PROPERTIES ${properties})
endfunction()

# fundgate_script_test(NAME COMMAND program argument ... [PROGRAMS target ...] [TIMEOUT seconds] [LABELS label ...])
# A test that is a script (Python: ${FUNDGATE_PYTHON} script.py ...), run from the project's root
# with FUNDGATE_BUILD naming the build's folder. It fails by its exit code. PROGRAMS are targets that
# it runs.
function(fundgate_script_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "COMMAND;LABELS;PROGRAMS" ${ARGN})
  fundgate_label_short(ARG_LABELS)
  if(ARG_LABELS STREQUAL "short" AND ARG_PROGRAMS)
    add_dependencies(short_tests ${ARG_PROGRAMS})
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_test(NAME ${name} COMMAND ${ARG_COMMAND} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}"
    ENVIRONMENT "FUNDGATE_BUILD=${CMAKE_BINARY_DIR};PYTHONDONTWRITEBYTECODE=1;${FUNDGATE_TEST_ENVIRONMENT}")
endfunction()
