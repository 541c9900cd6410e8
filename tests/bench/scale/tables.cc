#include "tests/bench/scale/tables.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "rocksdb/sst_file_writer.h"
#include "server/core/timer.h"
#include "server/store/keys.h"
#include "server/store/records.h"
#include "tests/bench/load/movements.h"

namespace fundgate::bench {
namespace {

// What pieces are cut along, and how many records lie in one of those.
uint64_t PlacesOf(Piece::Of of, const Population& population) {
  switch (of) {
    case Piece::Of::kPayments:
      return population.orders();
    case Piece::Of::kRefunds:
      return population.refunds();
    case Piece::Of::kTimers:
      return population.keys();
    case Piece::Of::kBooks:
    case Piece::Of::kFamilies:
      break;
  }
  return population.accounts();
}

}  // namespace

store::Table TableOf(Piece::Of of) {
  switch (of) {
    case Piece::Of::kTimers:
      return store::kTimers;
    case Piece::Of::kBooks:
      return store::kBooks;
    case Piece::Of::kFamilies:
      return store::kFamilies;
    case Piece::Of::kPayments:
    case Piece::Of::kRefunds:
      break;
  }
  return store::kKeys;
}

uint64_t RecordsOf(Piece::Of of, const Population& population) {
  const bool by_account = of == Piece::Of::kBooks || of == Piece::Of::kFamilies;
  return by_account ? population.orders() : PlacesOf(of, population);
}

std::vector<Piece> PiecesOf(const Population& population, uint64_t most_records) {
  std::vector<Piece> pieces;
  for (const Piece::Of of : Piece::kAll) {
    const uint64_t places = PlacesOf(of, population);
    const uint64_t records = RecordsOf(of, population);
    const uint64_t count = std::min(places, (records + most_records - 1) / most_records);
    for (uint64_t i = 0; i < count; ++i) {
      pieces.push_back({of, places * i / count, places * (i + 1) / count});
    }
  }
  return pieces;
}

std::vector<uint64_t> SortedAccounts(uint64_t accounts) {
  std::vector<std::pair<std::string, uint64_t>> names;
  for (uint64_t i = 0; i < accounts; ++i) names.emplace_back(AccountOf(i, accounts), i);
  std::sort(names.begin(), names.end());
  std::vector<uint64_t> sorted;
  sorted.reserve(accounts);
  for (const auto& [name, number] : names) sorted.push_back(number);
  return sorted;
}

template <typename Put>
void PieceWriter::ForEachOrder(const Piece& piece, const Put& put) {
  const Population& population = records_.timeline().population;
  const uint64_t first = population.first_order();
  const uint64_t end = first + population.orders();
  std::vector<std::pair<std::string, uint64_t>> orders;
  for (uint64_t place = piece.begin; place < piece.end; ++place) {
    const uint64_t account = accounts_[place];
    orders.clear();
    const uint64_t behind =
        (account + population.accounts() - first % population.accounts()) % population.accounts();
    for (uint64_t order = first + behind; order < end; order += population.accounts()) {
      orders.emplace_back(NameOf(order), order);
    }
    std::sort(orders.begin(), orders.end());
    for (const auto& [name, order] : orders) put(order);
  }
}

// Calls `put(key, value)` in order.
template <typename Put>
void PieceWriter::ForEach(const Piece& piece, const Put& put) {
  const Population& population = records_.timeline().population;
  switch (piece.of) {
    case Piece::Of::kPayments:
    case Piece::Of::kRefunds:
      for (uint64_t place = piece.begin; place < piece.end; ++place) {
        const uint64_t number = piece.of == Piece::Of::kPayments ? population.PaymentAt(place)
                                                                 : population.RefundAt(place);
        store::EncodeRecordInto(records_.Key(number), bytes_);
        put(store::MovementKey(records_.IdOf(number)), bytes_);
      }
      return;
    case Piece::Of::kTimers:
      store::EncodeRecordInto(core::Nothing(), bytes_);
      for (uint64_t number = piece.begin; number < piece.end; ++number) {
        put(store::TimerKey({records_.WakeAt(number), records_.IdOf(number)}), bytes_);
      }
      return;
    case Piece::Of::kBooks:
      store::EncodeRecordInto(records_.book(), bytes_);
      return ForEachOrder(
          piece, [&](uint64_t order) { put(store::BookKey(records_.BookOf(order)), bytes_); });
    case Piece::Of::kFamilies:
      store::EncodeRecordInto(records_.family(), bytes_);
      return ForEachOrder(
          piece, [&](uint64_t order) { put(store::FamilyKey(records_.FamilyOf(order)), bytes_); });
  }
}

absl::StatusOr<PieceWriter::Written> PieceWriter::Write(const Piece& piece,
                                                        const std::string& path) {
  rocksdb::ColumnFamilyHandle* family = database_.family(TableOf(piece.of));
  rocksdb::SstFileWriter file(rocksdb::EnvOptions(), database_.db().GetOptions(family), family);
  FUNDGATE_RETURN_IF_ERROR(store::FromRocks(file.Open(path), "making " + path));
  rocksdb::Status status;
  Written written;
  ForEach(piece, [&](const std::string& key, const std::string& value) {
    if (!status.ok()) return;
    status = file.Put(key, value);
    ++written.records;
    done_.fetch_add(1, std::memory_order_relaxed);
  });
  FUNDGATE_RETURN_IF_ERROR(store::FromRocks(status, "writing " + path));
  // Nothing lies in it: there is nothing to take in.
  if (written.records == 0) return written;
  rocksdb::ExternalSstFileInfo info;
  FUNDGATE_RETURN_IF_ERROR(store::FromRocks(file.Finish(&info), "ending " + path));
  written.bytes = info.file_size;
  return written;
}

}  // namespace fundgate::bench
