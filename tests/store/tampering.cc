#include "tests/store/tampering.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>

#include "gtest/gtest.h"
#include "server/store/hash_chain.h"
#include "server/store/head.h"
#include "server/store/journal_record.h"
#include "server/store/keys.h"

namespace fundgate::store::testing {

void Tamper(const Options& options, const std::function<void(Database&)>& change) {
  absl::StatusOr<std::unique_ptr<Database>> database =
      Database::Open(options, Database::Access::kReadWrite);
  ASSERT_TRUE(database.ok()) << database.status();
  change(**database);
}

std::string JournalBytes(Database& database, Sequence sequence) {
  return database.Get(kJournal, SequenceKey(sequence))->value();
}

void PutJournalBytes(Database& database, Sequence sequence, const std::string& value) {
  ASSERT_TRUE(database.db().Put({}, database.family(kJournal), SequenceKey(sequence), value).ok());
}

void RewriteTail(Database& database, Sequence first,
                 const std::function<void(core::Input&)>& change) {
  Head head = ReadHead(database).value();
  HashChain old_chain;
  HashChain new_chain;
  Hash old_hash = first == 1
                      ? kGenesis
                      : HashOfJournalValue(first - 1, JournalBytes(database, first - 1)).value();
  Hash new_hash = old_hash;
  for (Sequence sequence = first; sequence <= head.clock.sequence; ++sequence) {
    const std::string value = JournalBytes(database, sequence);
    JournalEntry entry = DecodeJournalValue(sequence, value, old_hash, old_chain).value();
    old_hash = HashOfJournalValue(sequence, value).value();
    if (sequence == first) change(entry.input);
    const std::string body = EncodeJournalBody(sequence, entry.logic_version, entry.policy_version,
                                               entry.input, entry.answer);
    new_hash = new_chain.Next(new_hash, body);
    PutJournalBytes(database, sequence, JournalValue(new_hash, body));
  }
  head.hash = new_hash;
  ASSERT_TRUE(
      database.db().Put({}, database.family(kMeta), std::string(kHeadKey), EncodeHead(head)).ok());
}

void CutTail(Database& database, Sequence last) {
  Head head = ReadHead(database).value();
  for (Sequence sequence = last + 1; sequence <= head.clock.sequence; ++sequence) {
    ASSERT_TRUE(database.db().Delete({}, database.family(kJournal), SequenceKey(sequence)).ok());
  }
  head.clock.sequence = last;
  head.hash = HashOfJournalValue(last, JournalBytes(database, last)).value();
  ASSERT_TRUE(
      database.db().Put({}, database.family(kMeta), std::string(kHeadKey), EncodeHead(head)).ok());
}

void FlushAll(const Options& options) {
  Tamper(options, [](Database& database) {
    for (size_t table = 0; table < kTableCount; ++table) {
      ASSERT_TRUE(database.db().Flush({}, database.family(static_cast<Table>(table))).ok());
    }
  });
}

std::vector<std::string> FilesOf(const Options& options, const std::string& suffix) {
  std::vector<std::pair<uint64_t, std::string>> found;
  for (const auto& file : std::filesystem::directory_iterator(options.directory)) {
    if (file.path().extension() == suffix) found.emplace_back(file.file_size(), file.path());
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<std::string> files;
  for (const auto& [size, path] : found) files.push_back(path);
  return files;
}

void FlipByte(const std::string& file, uint64_t offset) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(offset));
  const int byte = stream.get();
  stream.seekp(static_cast<std::streamoff>(offset));
  stream.put(static_cast<char>(byte ^ 1));
  ASSERT_TRUE(stream.good()) << file << " at " << offset;
}

}  // namespace fundgate::store::testing
