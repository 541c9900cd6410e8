// Reads binlog files.
#ifndef SERVER_SIDECAR_BINLOG_FILE_READER_H_
#define SERVER_SIDECAR_BINLOG_FILE_READER_H_

#include <string>

#include "absl/status/status.h"
#include "server/sidecar/binlog/reader.h"
#include "server/sidecar/binlog/transaction.h"

namespace fundgate::binlog {

// Reads the file at `path` from its magic number to its end, and tells the listener. The name of
// the file, without folders, replaces options.file_name. Holds one event in memory at a time.
//
// A last transaction without an end is no error: the server may still be writing it. Then the
// listener has heard OnBegin without OnEnd. A last event that is cut short is DATA_LOSS.
//
// NOT_FOUND, PERMISSION_DENIED, UNAVAILABLE: the file can't be read. DATA_LOSS: not a binlog, or
// damaged. Else what Reader::Apply says.
absl::Status ReadFile(const std::string& path, TransactionListener& listener,
                      ReaderOptions options);

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_FILE_READER_H_
