// What a process has allowed by itself, on its own disk: written and synced before anybody acts on
// it, read again at the next start.
//
// A file of lines, each a letter, a blank, the payload in Base64, a blank and the payload's 64-bit
// FNV-1a hash in hexadecimal:
//   L  v1.TakeLeaseRequest: the lease `ends_lease_id` was taken for this checkpoint
//   A  v1.ReportAllowedRequest: this was allowed
//   R  v1.ReportAllowedRequest: this was reported (its check names only the movement)
//   E  v1.TakeLeaseRequest: the lease `ends_lease_id` has ended
// A last line that is cut off was never acted on. Any other that can't be read is damage.
#ifndef CLIENT_ALLOW_JOURNAL_H_
#define CLIENT_ALLOW_JOURNAL_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fundgate/v1/leases.pb.h"

namespace fundgate::client {

// Used by one thread at a time.
class AllowJournal {
 public:
  // What was left when the file was written last.
  struct Left {
    std::vector<v1::ReportAllowedRequest> unreported;  // in order
    std::vector<v1::TakeLeaseRequest> leases;          // that have not ended
  };

  // Opens or makes the file, for this process alone, and writes it anew with what is left.
  // FAILED_PRECONDITION if another process has it, DATA_LOSS naming the line that is damaged,
  // UNAVAILABLE for what the system says.
  static absl::StatusOr<std::unique_ptr<AllowJournal>> Open(const std::string& path, Left* left);

  ~AllowJournal();
  AllowJournal(const AllowJournal&) = delete;
  AllowJournal& operator=(const AllowJournal&) = delete;

  // Each returns once the line is on disk. After an error the file takes nothing more.
  absl::Status Taken(const v1::TakeLeaseRequest& lease) { return Append('L', lease); }
  absl::Status Allowed(const v1::ReportAllowedRequest& allowed) { return Append('A', allowed); }
  absl::Status Reported(const v1::ReportAllowedRequest& allowed);
  absl::Status Ended(const v1::TakeLeaseRequest& lease) { return Append('E', lease); }

 private:
  AllowJournal(std::string path, int file) : path_(std::move(path)), file_(file) {}

  absl::Status Append(char kind, const google::protobuf::Message& message);

  const std::string path_;
  const int file_;
  absl::Status failure_;
};

}  // namespace fundgate::client

#endif  // CLIENT_ALLOW_JOURNAL_H_
