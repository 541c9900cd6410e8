#include "server/export/http_post.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/export/web_server.h"

namespace fundgate::exporting {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::Posted;
using testing::WebServer;

std::unique_ptr<HttpPost> PostTo(const std::string& url,
                                 absl::Duration timeout = absl::Seconds(5)) {
  HttpSettings settings;
  settings.url = url;
  settings.timeout = timeout;
  return HttpPost::Make(settings).value();
}

TEST(HttpPost, TwoHundredIsTakenWithItsBodyAndHeaders) {
  const WebServer server;
  HttpSettings settings;
  settings.url = server.url("/a");
  settings.token = "secret";
  const auto post = HttpPost::Make(settings).value();
  EXPECT_TRUE(post->Post("{}", {"Idempotency-Key: a1"}).ok());
  EXPECT_TRUE(post->Post("{\"b\":2}", {"Idempotency-Key: a2"}).ok());
  const auto posted = server.posted();
  ASSERT_EQ(posted.size(), 2U);
  EXPECT_EQ(posted[0].path, "/a");
  EXPECT_EQ(posted[0].authorization, "Bearer secret");
  EXPECT_EQ(posted[1].body, "{\"b\":2}");
  EXPECT_EQ(posted[1].idempotency_key, "a2");
}

TEST(HttpPost, SaysWhichFailuresPass) {
  const int codes[] = {503, 429, 400, 302};
  const WebServer server([&codes](int n, const Posted&) { return codes[n - 1]; });
  const auto post = PostTo(server.url());
  EXPECT_TRUE(absl::IsUnavailable(post->Post("{}", {})));
  EXPECT_TRUE(absl::IsUnavailable(post->Post("{}", {})));
  const absl::Status refused = post->Post("{}", {});
  EXPECT_TRUE(absl::IsInvalidArgument(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("answered 400: answer of the test"));
  EXPECT_TRUE(absl::IsInvalidArgument(post->Post("{}", {})));  // redirects aren't followed
}

TEST(HttpPost, NobodyThereIsUnavailable) {
  std::string url;
  {
    const WebServer server;
    url = server.url();
  }
  EXPECT_TRUE(absl::IsUnavailable(PostTo(url)->Post("{}", {})));
}

TEST(HttpPost, OneThatNeverAnswersIsGivenUpAfterTheTimeout) {
  std::promise<void> test_ends;
  std::shared_future<void> ended = test_ends.get_future().share();
  {
    const WebServer server([ended](int, const Posted&) {
      ended.wait();
      return 200;
    });
    const auto post = PostTo(server.url(), absl::Milliseconds(50));
    EXPECT_TRUE(absl::IsUnavailable(post->Post("{}", {})));
    test_ends.set_value();
  }
}

TEST(HttpPost, ACancelledOneReturnsAndAllLaterOnesFail) {
  std::promise<void> came;
  std::promise<void> test_ends;
  std::shared_future<void> ended = test_ends.get_future().share();
  const WebServer server([&came, ended](int, const Posted&) {
    came.set_value();
    ended.wait();
    return 200;
  });
  const auto post = PostTo(server.url(), absl::Minutes(5));
  std::thread canceller([&] {
    came.get_future().wait();
    post->Cancel();
  });
  EXPECT_FALSE(post->Post("{}", {}).ok());
  canceller.join();
  EXPECT_FALSE(post->Post("{}", {}).ok());
  EXPECT_EQ(server.posted().size(), 1U);
  test_ends.set_value();
}

TEST(HttpPost, AnAddressIsCheckedAndATokenNeverLeavesUnencrypted) {
  EXPECT_TRUE(absl::IsInvalidArgument(HttpPost::Make({.url = "ftp://x"}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(HttpPost::Make({.url = "localhost:9093"}).status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(HttpPost::Make({.url = "http://10.0.0.1", .token = "t"}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      HttpPost::Make({.url = "http://127.0.0.1.example", .token = "t"}).status()))
      << "it only begins like this machine";
  EXPECT_TRUE(HttpPost::Make({.url = "https://10.0.0.1", .token = "t"}).ok());
}

TEST(HttpPost, SecretsOfAnAddressAreNeverShown) {
  const absl::Status refused =
      HttpPost::Make({.url = "https://ann:hunter2@pager.example/x"}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("https://pager.example"));
  EXPECT_THAT(std::string(refused.message()), Not(HasSubstr("hunter2")));
  const WebServer server([](int, const Posted&) { return 400; });
  const auto post = PostTo(server.url("/hooks/hunter2?key=hunter2"));
  EXPECT_EQ(absl::StrCat(post->receiver(), "/"), server.url("/"));
  const absl::Status answered = post->Post("{}", {});
  EXPECT_THAT(std::string(answered.message()), HasSubstr("answered 400"));
  EXPECT_THAT(std::string(answered.message()), Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace fundgate::exporting
