// The events of one transaction, kept until it has ended.
#ifndef SERVER_SIDECAR_FEED_STAGED_EVENTS_H_
#define SERVER_SIDECAR_FEED_STAGED_EVENTS_H_

#include <cstddef>
#include <cstdio>
#include <deque>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fundgate/v1/event.pb.h"

namespace fundgate::feed {

// First everything is appended, then everything is taken out, in the same order. What exceeds the
// bound of memory lies in a file that has no name and so goes with the object or the process.
//
// Thread safety: none; may be handed from thread to thread.
class StagedEvents {
 public:
  // At most so much of the events, as they are on the wire, in memory; one event may exceed it. The
  // file is made in `folder` when it is needed.
  StagedEvents(size_t memory_bytes_max, std::string folder);
  StagedEvents(StagedEvents&&) noexcept = default;
  StagedEvents& operator=(StagedEvents&&) noexcept = default;

  // RESOURCE_EXHAUSTED if the folder has no room, UNAVAILABLE if it can't be written; then the
  // object is of no more use.
  absl::Status Append(v1::Event event);

  // The next event to be taken out, or null after the last. UNAVAILABLE if it can't be read back.
  absl::StatusOr<v1::Event*> Front();
  void Pop();  // only after Front() gave one

  bool empty() const { return count_ == 0; }
  size_t count() const { return count_; }  // not yet taken out
  size_t bytes() const { return bytes_; }  // of these
  size_t memory_bytes() const { return memory_bytes_; }
  bool has_file() const { return file_ != nullptr; }
  void Clear();

 private:
  struct Kept {
    v1::Event event;
    size_t size = 0;  // on the wire, when it was appended
  };
  struct Close {
    void operator()(std::FILE* file) const { (void)std::fclose(file); }
  };

  absl::Status Spill(const v1::Event& event);
  absl::Status ReadBack();
  absl::Status FileError(const char* what) const;

  size_t memory_bytes_max_;
  std::string folder_;
  // The first ones; then one at a time of those in the file.
  std::deque<Kept> memory_;
  std::unique_ptr<std::FILE, Close> file_;  // the others, each after its length
  bool reading_ = false;                    // the file
  size_t count_ = 0;
  size_t bytes_ = 0;
  size_t memory_bytes_ = 0;
};

}  // namespace fundgate::feed

#endif  // SERVER_SIDECAR_FEED_STAGED_EVENTS_H_
