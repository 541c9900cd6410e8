# Links the libraries that a check runs through (gRPC, protobuf, abseil, RocksDB) into the binaries:
# their calls to each other, and ours to them, are direct then, which spares the gate a twentieth of
# its processor time (docs/benchmarks.md), and a binary starts in half the time. The price: a newer
# package of one of them takes effect when Fundgate is linked anew.
option(FUNDGATE_STATIC "Link gRPC, protobuf, abseil and RocksDB statically" OFF)

# Of the imported targets of the directory at hand.
function(fundgate_link_statically)
  set(inside "lib(absl_[a-z0-9_]+|grpc[a-z+_]*|gpr|upb|address_sorting|protobuf|rocksdb)")
  get_property(targets DIRECTORY PROPERTY IMPORTED_TARGETS)
  foreach(target ${targets})
    get_target_property(configurations ${target} IMPORTED_CONFIGURATIONS)
    set(properties IMPORTED_LOCATION)
    foreach(configuration ${configurations})
      list(APPEND properties IMPORTED_LOCATION_${configuration})
    endforeach()
    foreach(property ${properties})
      get_target_property(location ${target} ${property})
      if(location MATCHES "^(.*/${inside})\\.so[0-9.]*$")
        set(archive "${CMAKE_MATCH_1}.a")
        if(NOT EXISTS ${archive})
          message(FATAL_ERROR "FUNDGATE_STATIC: ${archive} is not there; tools/install installs it")
        endif()
        set_target_properties(${target} PROPERTIES ${property} ${archive})
      endif()
    endforeach()
  endforeach()
  # A shared library knows what it needs itself.
  target_link_libraries(RocksDB::rocksdb-shared INTERFACE snappy lz4 zstd bz2 z gflags)
endfunction()
