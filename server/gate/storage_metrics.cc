#include "server/gate/storage_metrics.h"

#include <string>

#include "absl/time/time.h"

namespace fundgate::gate {
namespace {

using metrics::Samples;
using metrics::Type;
using Statistics = store::StorageStatistics;

constexpr metrics::Metric<Statistics> kMetrics[] = {
    {"fundgate_store_table_bytes", Type::kGauge, "Size of each table's files.",
     [](const Statistics& storage, Samples& samples) {
       for (const auto& [table, bytes] : storage.table_bytes) {
         samples.Add(bytes, {{"table", std::string(table)}});
       }
     }},
    {"fundgate_store_free_bytes", Type::kGauge, "Space left on the store's file system.",
     [](const Statistics& storage, Samples& samples) { samples.Add(storage.free_bytes); }},
    {"fundgate_store_memory_bytes", Type::kGauge, "RocksDB's memory.",
     [](const Statistics& storage, Samples& samples) {
       samples.Add(storage.write_buffer_bytes, {{"part", "write_buffers"}});
       samples.Add(storage.block_cache_bytes, {{"part", "block_cache"}});
       samples.Add(storage.table_reader_bytes, {{"part", "table_readers"}});
     }},
    {"fundgate_store_pending_compaction_bytes", Type::kGauge,
     "What compaction still has to rewrite.",
     [](const Statistics& storage, Samples& samples) {
       samples.Add(storage.pending_compaction_bytes);
     }},
    {"fundgate_store_running_jobs", Type::kGauge, "RocksDB's work in the background.",
     [](const Statistics& storage, Samples& samples) {
       samples.Add(storage.running_compactions, {{"job", "compaction"}});
       samples.Add(storage.running_flushes, {{"job", "flush"}});
     }},
    {"fundgate_store_writes_stopped", Type::kGauge, "1 while RocksDB takes no writes.",
     [](const Statistics& storage, Samples& samples) {
       samples.Add(storage.writes_stopped ? 1.0 : 0.0);
     }},
    {"fundgate_store_delayed_write_bytes_per_second", Type::kGauge,
     "What RocksDB slows writes down to; 0: it doesn't.",
     [](const Statistics& storage, Samples& samples) {
       samples.Add(storage.delayed_write_bytes_per_second);
     }},
    {"fundgate_store_write_stall_seconds_total", Type::kCounter,
     "Time that writes have waited for compaction, slowed down or stopped.",
     [](const Statistics& storage, Samples& samples) {
       samples.Add(absl::ToDoubleSeconds(storage.write_stall_time));
     }},
    {"fundgate_store_write_stalls_total", Type::kCounter,
     "How often compaction was so far behind that writes had to be slowed down or stopped.",
     [](const Statistics& storage, Samples& samples) {
       samples.Add(storage.write_slowdowns, {{"how", "slowed"}});
       samples.Add(storage.write_stops, {{"how", "stopped"}});
     }},
    {"fundgate_store_background_errors_total", Type::kCounter,
     "Failures of RocksDB's work in the background.",
     [](const Statistics& storage, Samples& samples) { samples.Add(storage.background_errors); }},
};

}  // namespace

void ReadStorageMetrics(const Backend& backend, std::vector<metrics::Family>& families) {
  metrics::Read<Statistics>(kMetrics, backend.store.statistics(), families);
}

}  // namespace fundgate::gate
