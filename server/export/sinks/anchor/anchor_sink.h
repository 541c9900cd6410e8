// Somebody who keeps anchors of the journal.
#ifndef SERVER_EXPORT_SINKS_ANCHOR_ANCHOR_SINK_H_
#define SERVER_EXPORT_SINKS_ANCHOR_ANCHOR_SINK_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "fundgate/v1/audit.pb.h"
#include "server/export/http_post.h"

namespace fundgate::exporting {

// Used by one thread, but for Cancel.
class AnchorSink {
 public:
  virtual ~AnchorSink() = default;

  // For messages.
  virtual const std::string& name() const = 0;

  // Keeps one, or says why it couldn't; may block until its own timeout.
  virtual absl::Status Keep(const v1::JournalAnchor& anchor) = 0;

  // A Keep that blocks returns soon, and later ones fail. From any thread.
  virtual void Cancel() {}
};

// A file of lines, one appended and synced for each anchor. Best on another machine's disk: whoever
// can write it and the journal can rewrite neither without the key, but can remove lines.
class AnchorFile final : public AnchorSink {
 public:
  explicit AnchorFile(std::string path) : path_(std::move(path)) {}

  const std::string& name() const override { return path_; }
  absl::Status Keep(const v1::JournalAnchor& anchor) override;

 private:
  const std::string path_;
};

// Posts the line to an address. The header Idempotency-Key is the record's number.
class AnchorWebhook final : public AnchorSink {
 public:
  explicit AnchorWebhook(std::unique_ptr<HttpPost> post) : post_(std::move(post)) {}

  const std::string& name() const override { return post_->receiver(); }
  absl::Status Keep(const v1::JournalAnchor& anchor) override;
  void Cancel() override { post_->Cancel(); }

 private:
  const std::unique_ptr<HttpPost> post_;
};

}  // namespace fundgate::exporting

#endif  // SERVER_EXPORT_SINKS_ANCHOR_ANCHOR_SINK_H_
