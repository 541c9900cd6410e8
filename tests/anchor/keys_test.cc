#include "anchor/keys.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/anchor/test_keys.h"

namespace fundgate::anchor {
namespace {

using testing::KeyTexts;
using testing::NewKey;

v1::JournalAnchor AnAnchor() {
  v1::JournalAnchor anchor;
  anchor.set_journal(std::string(32, 'j'));
  anchor.set_sequence(42);
  anchor.set_hash(std::string(32, 'h'));
  anchor.mutable_time()->set_seconds(1'800'000'000);
  return anchor;
}

TEST(AnchorKeys, WhatIsSignedIsKnownByTheOtherHalf) {
  const KeyTexts texts = NewKey();
  const absl::StatusOr<SigningKey> key = SigningKey::FromPem(texts.private_pem);
  ASSERT_TRUE(key.ok()) << key.status();
  const absl::StatusOr<PublicKey> open = PublicKey::FromPem(texts.public_pem);
  ASSERT_TRUE(open.ok()) << open.status();
  v1::JournalAnchor anchor = AnAnchor();
  EXPECT_FALSE(open->HasSigned(anchor));
  ASSERT_TRUE(key->Sign(anchor).ok());
  EXPECT_EQ(anchor.signature().size(), 64U);
  EXPECT_TRUE(open->HasSigned(anchor));
  EXPECT_TRUE(key->public_key().HasSigned(anchor));
  EXPECT_FALSE(PublicKey::FromPem(NewKey().public_pem)->HasSigned(anchor));
}

TEST(AnchorKeys, NothingOfAnAnchorCanBeChanged) {
  const SigningKey key = SigningKey::FromPem(NewKey().private_pem).value();
  v1::JournalAnchor anchor = AnAnchor();
  ASSERT_TRUE(key.Sign(anchor).ok());
  const auto knows = [&key](const v1::JournalAnchor& changed) {
    return key.public_key().HasSigned(changed);
  };
  v1::JournalAnchor changed = anchor;
  changed.set_sequence(43);
  EXPECT_FALSE(knows(changed));
  changed = anchor;
  changed.set_hash(std::string(32, 'x'));
  EXPECT_FALSE(knows(changed));
  changed = anchor;
  changed.set_journal(std::string(32, 'x'));
  EXPECT_FALSE(knows(changed));
  changed = anchor;
  changed.mutable_time()->set_nanos(1);
  EXPECT_FALSE(knows(changed));
  changed = anchor;
  changed.mutable_signature()->back() ^= 1;
  EXPECT_FALSE(knows(changed));
  EXPECT_TRUE(knows(anchor));
}

TEST(AnchorKeys, OtherTextsAreRefusedAndNotShown) {
  const KeyTexts texts = NewKey();
  EXPECT_FALSE(SigningKey::FromPem(texts.public_pem).ok());
  EXPECT_FALSE(PublicKey::FromPem(texts.private_pem).ok());
  EXPECT_FALSE(SigningKey::FromPem("").ok());
  const std::string secret = texts.private_pem.substr(0, texts.private_pem.size() / 2);
  const absl::Status refused = SigningKey::FromPem(secret).status();
  EXPECT_TRUE(absl::IsInvalidArgument(refused));
  EXPECT_EQ(refused.message().find(secret.substr(30, 10)), absl::string_view::npos);
}

}  // namespace
}  // namespace fundgate::anchor
