# What every target of the project shares: language, warnings, sanitizers, and functions that declare
# a library, a binary and a library of generated protocol code. FundgateTests.cmake has the tests'.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

set(FUNDGATE_SANITIZE "" CACHE STRING "Sanitizers for the project's own code: 'address,undefined' or 'thread'")
option(FUNDGATE_COVERAGE "Count which lines run, for tools/coverage; needs GCC" OFF)
option(FUNDGATE_FUZZ "Build the fuzzers of tests/fuzz, and only them, for libFuzzer; needs clang" OFF)

add_library(fundgate_options INTERFACE)
target_include_directories(fundgate_options INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/include)
target_compile_options(fundgate_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
  -Werror
  # A designated initializer that leaves a field out means the field's default.
  -Wno-missing-field-initializers
  # GCC 12 sees overlaps in std::string::insert and replace that can't happen (GCC bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(NOT FUNDGATE_COVERAGE)
  # Files are called by their paths from the root in __FILE__ and in what debuggers read, whether the
  # compiler gets a path from the build's folder (as ccache gives it) or an absolute one. So clones
  # share what ccache keeps. A count of lines finds its files by absolute paths.
  cmake_path(RELATIVE_PATH CMAKE_SOURCE_DIR BASE_DIRECTORY ${CMAKE_BINARY_DIR} OUTPUT_VARIABLE up)
  target_compile_options(fundgate_options INTERFACE
    -ffile-prefix-map=${CMAKE_SOURCE_DIR}/= -ffile-prefix-map=${up}/=)
endif()
if(CMAKE_UNITY_BUILD)
  # What one file keeps to itself, another one's locals may be called.
  target_compile_options(fundgate_options INTERFACE -Wno-shadow)
endif()
if(FUNDGATE_FUZZ)
  target_compile_options(fundgate_options INTERFACE
    -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(FUNDGATE_COVERAGE)
  target_compile_options(fundgate_options INTERFACE --coverage -fprofile-abs-path)
  add_link_options(--coverage)
endif()
if(FUNDGATE_SANITIZE)
  # What stands in tests runs once, but takes most of the compiler's time: with the sanitizers far less
  # when unoptimised. What is tested is optimised as the preset says.
  set(FUNDGATE_TEST_OPTIONS -O0)
  target_compile_options(fundgate_options INTERFACE
    -fsanitize=${FUNDGATE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  # Generated protocol code is linked into sanitized binaries without being instrumented itself.
  add_link_options(-fsanitize=${FUNDGATE_SANITIZE})
  # -fpch-preprocess lets ccache keep what was compiled with a precompiled header. The header serves
  # only files with the same flags, which GoogleTest and others would bring to some.
  target_compile_options(fundgate_options INTERFACE -fpch-preprocess -pthread)
  target_compile_definitions(fundgate_options INTERFACE GTEST_HAS_PTHREAD=1)
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cc "")
  foreach(kind precompiled precompiled_for_tests)
    add_library(fundgate_${kind} STATIC ${CMAKE_BINARY_DIR}/precompiled.cc)
    target_link_libraries(fundgate_${kind} PRIVATE fundgate_options gRPC::grpc++)
    target_precompile_headers(fundgate_${kind} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/precompiled.h)
  endforeach()
  target_compile_options(fundgate_precompiled_for_tests PRIVATE ${FUNDGATE_TEST_OPTIONS})
endif()

# Reading headers is more than half of a sanitized build's time: its targets share a precompiled one,
# and those with the options of tests (`kind` precompiled_for_tests) another. The release preset has
# none, because the checks of includes read what its files really include.
function(fundgate_precompile name kind)
  if(FUNDGATE_SANITIZE)
    target_precompile_headers(${name} REUSE_FROM fundgate_${kind})
  endif()
endfunction()

# fundgate_library(NAME SOURCES a.cc ... LINKS target ... [PRIVATE_LINKS target ...])
# One library a folder. It sees the project's headers and only the libraries it links.
function(fundgate_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  fundgate_set_apart(${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_LINKS} PRIVATE fundgate_options ${ARG_PRIVATE_LINKS})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/include)
  fundgate_precompile(${name} precompiled)
endfunction()

# fundgate_binary(NAME SOURCES a.cc ... LINKS target ...)
function(fundgate_binary name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  fundgate_set_apart(${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE fundgate_options ${ARG_LINKS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  fundgate_precompile(${name} precompiled)
endfunction()

# fundgate_proto_library(NAME [GRPC] [ROOT folder] PROTOS fundgate/v1/a.proto ... LINKS target ...)
# A library of code generated from PROTOS, which lie under ROOT (by default proto/): the messages, or
# with GRPC only the services' stubs, which then link the library of their messages. What links such
# a library is compiled after its headers are generated. A proto is generated anew when one that it
# imports has changed. Generated code is compiled without the project's warnings and sanitizers.
function(fundgate_proto_library name)
  cmake_parse_arguments(ARG "GRPC" "ROOT" "PROTOS;LINKS" ${ARGN})
  if(NOT ARG_ROOT)
    set(ARG_ROOT ${CMAKE_SOURCE_DIR}/proto)
  endif()
  set(out ${CMAKE_BINARY_DIR}/generated)
  file(MAKE_DIRECTORY ${out})
  set(sources "")
  foreach(proto ${ARG_PROTOS})
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    if(ARG_GRPC)
      set(produced ${out}/${stem}.grpc.pb.cc ${out}/${stem}.grpc.pb.h)
      set(generate --grpc_out=${out} --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN})
    else()
      set(produced ${out}/${stem}.pb.cc ${out}/${stem}.pb.h)
      set(generate --cpp_out=${out})
    endif()
    list(GET produced 0 first)
    add_custom_command(
      OUTPUT ${produced}
      COMMAND ${PROTOC} -I ${ARG_ROOT} ${generate} --dependency_out=${first}.d ${proto}
      DEPENDS ${ARG_ROOT}/${proto}
      DEPFILE ${first}.d
      VERBATIM)
    list(APPEND sources ${produced})
  endforeach()
  add_library(${name} STATIC ${sources})
  # Each generated file has the same names of its own.
  set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
  target_include_directories(${name} SYSTEM PUBLIC ${out})
  target_link_libraries(${name} PUBLIC protobuf::libprotobuf ${ARG_LINKS})
  if(ARG_GRPC)
    target_link_libraries(${name} PUBLIC gRPC::grpc++)
  endif()
endfunction()
