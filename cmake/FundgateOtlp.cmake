# The protos of OTLP, OpenTelemetry's protocol. No Debian package carries them; a package of npm's
# registry does, from which they are taken at a pinned version and checked, not copied. What was
# fetched once is kept in the user's cache and serves other builds.
set(FUNDGATE_OTLP_PACKAGE "@opentelemetry/otlp-grpc-exporter-base@0.35.0")
set(FUNDGATE_OTLP_SHA256 6f68fc8fdde771409c8841a3dd9b37ab234785b224d77f974cd0f065b12fe1ec)
set(FUNDGATE_OTLP "" CACHE PATH
  "Folder that holds opentelemetry/proto/; empty: taken from npm's registry")

if(NOT FUNDGATE_OTLP)
  if(DEFINED ENV{XDG_CACHE_HOME})
    set(cache $ENV{XDG_CACHE_HOME}/fundgate)
  else()
    set(cache $ENV{HOME}/.cache/fundgate)
  endif()
  set(archive ${cache}/otlp-protos-${FUNDGATE_OTLP_SHA256}.tgz)
  if(NOT EXISTS ${archive})
    find_program(NPM npm REQUIRED)
    file(MAKE_DIRECTORY ${cache})
    message(STATUS "Fetching ${FUNDGATE_OTLP_PACKAGE} for the protos of OTLP")
    execute_process(
      COMMAND ${NPM} pack --silent ${FUNDGATE_OTLP_PACKAGE}
      WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
      OUTPUT_VARIABLE packed OUTPUT_STRIP_TRAILING_WHITESPACE
      RESULT_VARIABLE failed)
    if(failed)
      message(FATAL_ERROR "npm can't fetch ${FUNDGATE_OTLP_PACKAGE}. Let npm reach its registry, or set "
        "FUNDGATE_OTLP to a folder that holds opentelemetry/proto/.")
    endif()
    file(SHA256 ${CMAKE_BINARY_DIR}/${packed} found)
    if(NOT found STREQUAL FUNDGATE_OTLP_SHA256)
      message(FATAL_ERROR "${FUNDGATE_OTLP_PACKAGE} is not what it was: its SHA-256 is ${found}, "
        "${FUNDGATE_OTLP_SHA256} was expected.")
    endif()
    file(RENAME ${CMAKE_BINARY_DIR}/${packed} ${archive})
  endif()
  file(ARCHIVE_EXTRACT INPUT ${archive} DESTINATION ${CMAKE_BINARY_DIR}/otlp)
  set(FUNDGATE_OTLP ${CMAKE_BINARY_DIR}/otlp/package/build/protos)
endif()
