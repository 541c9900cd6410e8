#include "connection/credentials.h"

#include <sys/stat.h>

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "connection/guarded_file.h"
#include "fundgate/types/status_macros.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"

namespace fundgate::connection {
namespace {

// How often gRPC looks whether certificates have changed.
constexpr unsigned int kReloadSeconds = 5;

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  FUNDGATE_ASSIGN_OR_RETURN(std::string token, ReadGuardedFile(path, Readers::kOwner));
  absl::StripAsciiWhitespace(&token);
  for (const char c : token) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": expected a token of letters, digits and signs, on one line"));
    }
  }
  if (token.empty()) return absl::InvalidArgumentError(absl::StrCat(path, " is empty"));
  return token;
}

// Adds the token to every call; reads it again when its file was changed.
class TokenOfFile final : public grpc::MetadataCredentialsPlugin {
 public:
  explicit TokenOfFile(std::string path) : path_(std::move(path)) {}

  bool IsBlocking() const override { return false; }
  const char* GetType() const override { return "fundgate-token"; }
  grpc::string DebugString() override { return absl::StrCat("token of ", path_); }

  grpc::Status GetMetadata(grpc::string_ref /*service_url*/, grpc::string_ref /*method_name*/,
                           const grpc::AuthContext& /*channel*/,
                           std::multimap<grpc::string, grpc::string>* metadata) override {
    const std::lock_guard lock(mutex_);
    struct stat file {};
    const bool found = ::stat(path_.c_str(), &file) == 0;
    const Version version{file.st_ino, file.st_mtim.tv_sec, file.st_mtim.tv_nsec};
    if (!found || version != version_) {
      absl::StatusOr<std::string> token = ReadToken(path_);
      if (!token.ok()) {
        return {grpc::StatusCode::UNAUTHENTICATED, std::string(token.status().message())};
      }
      header_ = absl::StrCat("Bearer ", *token);
      version_ = version;
    }
    metadata->emplace("authorization", header_);
    return grpc::Status::OK;
  }

 private:
  struct Version {
    ino_t file = 0;
    time_t seconds = 0;
    int64_t nanoseconds = 0;
    friend bool operator==(const Version&, const Version&) = default;
  };

  const std::string path_;
  std::mutex mutex_;  // over all below
  Version version_;
  std::string header_;
};

absl::Status Check(const Security& security) {
  if (security.authorities_file.empty()) {
    return absl::InvalidArgumentError(
        "a token or a certificate of one's own is sent over TLS alone; say who signs the gate's "
        "certificate, too: --tls-ca FILE");
  }
  if (security.certificate_file.empty() && !security.key_file.empty()) {
    return absl::InvalidArgumentError("a key without its certificate; --tls-cert FILE names it");
  }
  FUNDGATE_RETURN_IF_ERROR(
      ReadGuardedFile(security.authorities_file, Readers::kEverybody).status());
  if (security.certificate_file.empty()) return absl::OkStatus();
  if (!security.key_file.empty()) {
    FUNDGATE_RETURN_IF_ERROR(
        ReadGuardedFile(security.certificate_file, Readers::kEverybody).status());
  }
  return ReadGuardedFile(security.key_file.empty() ? security.certificate_file : security.key_file,
                         Readers::kOwnerAndGroup)
      .status();
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(
    const Security& security, grpc::ChannelArguments& arguments) {
  if (!security.any()) return grpc::InsecureChannelCredentials();
  FUNDGATE_RETURN_IF_ERROR(Check(security));
  if (!security.server_name.empty()) arguments.SetSslTargetNameOverride(security.server_name);
  const bool has_certificate = !security.certificate_file.empty();
  const std::string& key =
      security.key_file.empty() ? security.certificate_file : security.key_file;
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          key, security.certificate_file, security.authorities_file, kReloadSeconds));
  options.watch_root_certs();
  if (has_certificate) options.watch_identity_key_cert_pairs();
  std::shared_ptr<grpc::ChannelCredentials> credentials =
      grpc::experimental::TlsCredentials(options);
  if (security.token_file.empty()) return credentials;
  FUNDGATE_RETURN_IF_ERROR(ReadToken(security.token_file).status());
  return grpc::CompositeChannelCredentials(
      credentials,
      grpc::MetadataCredentialsFromPlugin(std::make_unique<TokenOfFile>(security.token_file)));
}

}  // namespace fundgate::connection
