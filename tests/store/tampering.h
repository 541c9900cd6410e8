// What somebody with a disk in their hands might do to a journal.
#ifndef TESTS_STORE_TAMPERING_H_
#define TESTS_STORE_TAMPERING_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "server/store/database.h"
#include "server/store/store.h"
#include "server/store/view.h"

namespace fundgate::store::testing {

// Opens the stopped store and lets `change` at it. Fails the test if it can't be opened.
void Tamper(const Options& options, const std::function<void(Database&)>& change);

std::string JournalBytes(Database& database, Sequence sequence);
void PutJournalBytes(Database& database, Sequence sequence, const std::string& value);

// Changes the input of the record `first`, and gives it and all after it hashes that follow on each
// other, up to the head: the chain is sound.
void RewriteTail(Database& database, Sequence first,
                 const std::function<void(core::Input&)>& change);

// Takes away all records after `last`, and sets the head back: the chain is sound.
void CutTail(Database& database, Sequence last);

// Writes all that is only in the write-ahead log into tables.
void FlushAll(const Options& options);

// Files of the store's folder that end with `suffix`, the largest first.
std::vector<std::string> FilesOf(const Options& options, const std::string& suffix);

// Changes one bit of a file's byte; the same again puts it back.
void FlipByte(const std::string& file, uint64_t offset);

}  // namespace fundgate::store::testing

#endif  // TESTS_STORE_TAMPERING_H_
