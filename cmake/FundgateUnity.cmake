# Files are compiled several at a time: reading headers and making the same templates anew is most
# of what a file by itself costs. All presets but coverage do so (CMAKE_UNITY_BUILD).
#
# These are compiled by themselves: what they keep to themselves has a name that another file of
# their folder uses as well, and keeps to itself.
set(FUNDGATE_APART
  backup/restored.cc
  client/allow_journal.cc
  client/convert.cc
  client/fundctl/account.cc
  client/fundctl/breaker.cc
  client/fundctl/chain_program.cc
  client/fundctl/check.cc
  client/fundctl/event.cc
  client/fundctl/explanation.cc
  client/fundctl/hold.cc
  client/fundctl/plan.cc
  client/fundctl/policy_release.cc
  client/fundctl/policy_review.cc
  client/fundctl/profile.cc
  client/fundctl/rules.cc
  client/fundctl/security.cc
  client/fundctl/source.cc
  client/fundctl/top.cc
  client/fundctl/top_page.cc
  client/fundctl/trace.cc
  client/fundctl/trace_otlp.cc
  client/fundctl/trace_replay.cc
  client/fundctl/trace_verify.cc
  client/fundctl/violation.cc
  client/unasked.cc
  server/core/decision.cc
  server/expression/functions/time.cc
  server/gate/convert_decision.cc
  server/gate/convert_leases.cc
  server/gate/convert_trace.cc
  server/gate/journal_retention.cc
  server/gate/journal_streams.cc
  server/gate/trace_filter.cc
  server/policy/compile_breakers.cc
  server/policy/compile_responses.cc
  server/policy/validate_breakers.cc
  server/policy/validate_degradation.cc
  server/sidecar/decode/text_printer.cc
  server/sidecar/envelope/canal.cc
  server/sidecar/envelope/json.cc
  server/sidecar/envelope/values.cc
  server/sidecar/sources/mariadb/binlog_stream.cc
  tests/bench/load/mariadb_peer.cc
  tests/bench/load/postgres_peer.cc
  tests/bench/load/redis_peer.cc
  tests/core/guard_test.cc
  tests/core/holds_test.cc
  tests/core/key_table_test.cc
  tests/core/leases_test.cc
  tests/core/machine_test.cc
  tests/core/match_test.cc
  tests/core/positions_test.cc
  tests/core/snapshot_runs_test.cc
  tests/core/snapshots_test.cc
  tests/core/suspects_test.cc
  tests/core/timers_test.cc
  tests/core/transition_test.cc
  tests/core/two_person_test.cc
  tests/core/window_test.cc
  tests/end_to_end/backup_test.cc
  tests/end_to_end/crowd.cc
  tests/end_to_end/database_tls_test.cc
  tests/end_to_end/fail_open_test.cc
  tests/end_to_end/kafka_world.cc
  tests/end_to_end/large_transaction_test.cc
  tests/end_to_end/rotation_test.cc
  tests/end_to_end/security_test.cc
  tests/end_to_end/sidecar_kill_test.cc
  tests/end_to_end/sidecar_test.cc
  tests/end_to_end/sidecar_world.cc
  tests/envelope/debezium_test.cc
  tests/expression/allocations.cc
  tests/expression/conformance_test.cc
  tests/expression/functions_test.cc
  tests/expression/host_test.cc
  tests/expression/language_test.cc
  tests/expression/macros_test.cc
  tests/expression/program_test.cc
  tests/expression/property_test.cc
  tests/expression/refusals_test.cc
  tests/expression/robustness_test.cc
  tests/expression/values_property_test.cc
  tests/gate/breakers_service_test.cc
  tests/gate/reservation_counts_test.cc
  tests/mariadb/column_types_test.cc
  tests/policy/event_rules_test.cc
  tests/policy/event_windows_test.cc
  tests/policy/rate_test.cc
  tests/policy/responses_test.cc
  tests/policy/rules_test.cc
  tests/schema/definition_test.cc
  tests/schema/history_test.cc
  tests/schema/maps.cc
  tests/security/reloaded_test.cc
  tests/security/security_log_test.cc
  tests/sequencer/parking_lot_test.cc
  tests/sequencer/probe_requests_test.cc
  tests/simulation/witness.cc
  tests/store/backtest_test.cc
  tests/store/kept_records_test.cc
  tests/store/verification_test.cc
  tests/torture/services.cc
  tests/torture/small_disk.cc
)

foreach(source ${FUNDGATE_APART})
  if(NOT EXISTS ${CMAKE_SOURCE_DIR}/${source})
    message(FATAL_ERROR "cmake/FundgateUnity.cmake lists ${source}, which is not there: take it off")
  endif()
endforeach()

# So are those in which the simulation plants faults: their copies are linked in their place.
execute_process(
  COMMAND ${CMAKE_COMMAND} -E env PYTHONDONTWRITEBYTECODE=1
          /usr/bin/python3 ${CMAKE_SOURCE_DIR}/tests/simulation/mutations/plant.py files
  OUTPUT_VARIABLE mutated OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" mutated "${mutated}")
list(APPEND FUNDGATE_APART ${mutated})

# Of the sources of a target, given as its CMakeLists.txt names them.
function(fundgate_set_apart)
  foreach(source ${ARGN})
    cmake_path(ABSOLUTE_PATH source NORMALIZE OUTPUT_VARIABLE path)
    cmake_path(RELATIVE_PATH path BASE_DIRECTORY ${CMAKE_SOURCE_DIR})
    if(path IN_LIST FUNDGATE_APART)
      set_source_files_properties(${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endforeach()
endfunction()
