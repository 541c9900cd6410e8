#include <hiredis/hiredis.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/bench/load/peer.h"

namespace fundgate::bench {
namespace {

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

struct FreeContext {
  void operator()(redisContext* context) const { redisFree(context); }
};
using Context = std::unique_ptr<redisContext, FreeContext>;

class RedisPeer final : public Peer {
 public:
  RedisPeer(Context context, std::string script)
      : context_(std::move(context)), script_(std::move(script)) {}

  int descriptor() const override { return context_->fd; }

  absl::Status Ask(const Movement& movement) override {
    const std::string decision = absl::StrCat("refund:", movement.key);
    const std::string order =
        absl::StrCat("order:", std::string(movement.account), ":", std::string(movement.order));
    const std::string amount = absl::StrCat(kRefund);
    const std::string fingerprint = absl::StrCat(order, ":", amount);
    redisAppendCommand(context_.get(), "EVALSHA %s 2 %s %s %s %s", script_.c_str(),
                       decision.c_str(), order.c_str(), amount.c_str(), fingerprint.c_str());
    int written = 0;
    while (written == 0) {
      if (redisBufferWrite(context_.get(), &written) != REDIS_OK) return Error();
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Hear() override {
    if (redisBufferRead(context_.get()) != REDIS_OK) return Error();
    void* raw = nullptr;
    if (redisGetReplyFromReader(context_.get(), &raw) != REDIS_OK) return Error();
    if (raw == nullptr) return std::string();
    const Reply reply(static_cast<redisReply*>(raw));
    return std::string(reply->str == nullptr ? "?" : reply->str);
  }

 private:
  absl::Status Error() const { return absl::UnavailableError(context_->errstr); }

  Context context_;
  const std::string script_;  // its name
};

}  // namespace

absl::StatusOr<std::unique_ptr<Peer>> ConnectRedis(const std::string& host, uint16_t port) {
  Context context(redisConnect(host.c_str(), port));
  if (context == nullptr || context->err != 0) {
    return absl::UnavailableError(absl::StrCat("can't connect to Redis at port ", port));
  }
  // The script was loaded, and its name kept where all find it.
  const Reply name(static_cast<redisReply*>(redisCommand(context.get(), "GET script")));
  if (name == nullptr || name->type != REDIS_REPLY_STRING) {
    return absl::FailedPreconditionError("Redis doesn't know the script");
  }
  context->flags &= ~REDIS_BLOCK;
  return std::make_unique<RedisPeer>(std::move(context), name->str);
}

}  // namespace fundgate::bench
