// The client of payment services: asks Fundgate before money moves, tells it afterwards.
//
//   auto client = fundgate::client::Client::Connect({.address = "127.0.0.1:7443"});
//   if (!client.ok()) return client.status();
//   auto decision = (*client)->Check({.checkpoint = MovementKind("refund"), ...});
//   if (!decision.ok()) return decision.status();                       // malformed: a mistake
//   here if (absl::Status may = decision->MayStart(); !may.ok()) return may;   // HOLD, BLOCK or
//   too late
//   ... move the money, then Confirm (it moved) or Release (it did not and will not) ...
//
// The one rule: money is moved only after MayStart() said ok, and right after it.
#ifndef FUNDGATE_CLIENT_H_
#define FUNDGATE_CLIENT_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "fundgate/types/ids.h"
#include "fundgate/types/money.h"

namespace fundgate::client {

// A steady clock that also counts while the machine sleeps (Linux CLOCK_BOOTTIME), so that an ALLOW
// gets old in a suspended machine as well. Nobody can set it; its zero means nothing.
struct BootClock {
  // NOLINTBEGIN(readability-identifier-naming): the names that a clock of std::chrono has.
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  // NOLINTEND(readability-identifier-naming)
  static constexpr bool is_steady = true;
  static time_point now();
};

// Ordered by severity.
enum class Verdict { kAllow, kHold, kBlock };

// The gate's codes, and one of the client's own. A code that this version doesn't know is kOther.
enum class ReasonCode {
  kInvariant,
  kIdempotencyConflict,
  kAlreadyMoved,
  kInDoubt,
  kRule,
  kBreaker,
  kStaleSource,
  kUnproven,
  kHeld,
  kRejected,
  kLimit,
  kLease,
  kOther,
  kGateUnreachable,  // said by this library: no answer came in time
};

// "ALLOW", "IDEMPOTENCY_CONFLICT", as in the contract; "GATE_UNREACHABLE" for the client's own.
std::string_view NameOf(Verdict verdict);
std::string_view NameOf(ReasonCode code);

struct Reason {
  ReasonCode code = ReasonCode::kOther;
  std::string name;                  // the invariant, rule, breaker or source; may be empty
  std::string message;               // a sentence for people
  Verdict verdict = Verdict::kHold;  // what this reason alone asks for
  std::map<std::string, std::string> fields;  // the numbers used, as text
};

// What an attribute may hold. Fractions have no place here.
using AttributeValue = std::variant<std::string, int64_t, bool, Money>;

// One order's share of a movement over several.
struct Line {
  OrderId order;
  Money amount;                        // greater than 0, in the movement's currency
  std::map<std::string, Money> parts;  // by the names that the policy declares: "net", "fee"
};

// A movement about to happen. Meanings and limits of the fields are those of v1.CheckRequest.
struct CheckRequest {
  MovementKind checkpoint;         // required
  IdempotencyKey idempotency_key;  // required: the same movement always asks with the same key
  AccountId account;               // required
  OrderId order;                   // empty with lines
  Money amount;                    // required, greater than 0; the sum of the lines
  std::vector<Line> lines;         // distinct orders
  std::map<std::string, AttributeValue> attributes;
  std::optional<absl::Duration> max_staleness;         // stricter than the policy's, greater than 0
  std::map<std::string, std::string> after_positions;  // source to position that must be applied
  std::string request_id;                              // echoed
};

enum class ReservationState { kPending, kConfirmed, kPosted, kReleased, kUnknown };

// What an ALLOW set aside. Times are the gate's.
struct Reservation {
  std::string decision_id;
  ReservationState state = ReservationState::kUnknown;
  std::optional<Money> amount;  // none after Release of a key that was never checked
  absl::Time valid_until = absl::InfinitePast();
  absl::Time overdue_at = absl::InfiniteFuture();
  bool overdue = false;
};

// The answer to a check: a plain value.
//
// Thread safety: reading from several threads at once is safe.
struct Decision {
  Verdict verdict = Verdict::kHold;
  std::vector<Reason> reasons;  // the severest first; empty only with ALLOW
  std::string decision_id;      // Confirm and Release need it; empty if the gate wasn't reached
  std::string request_id;
  MovementKind checkpoint;
  IdempotencyKey idempotency_key;
  AccountId account;
  bool replayed = false;          // an earlier decision, given again for the same movement
  std::string first_decision_id;  // who first allowed it, with ALREADY_MOVED and its like
  uint64_t policy_version = 0;
  absl::Time decided_at = absl::InfinitePast();   // the gate's time
  absl::Time valid_until = absl::InfinitePast();  // the gate's time; ALLOW only
  std::optional<Reservation> reservation;         // always with ALLOW
  std::optional<absl::Duration> retry_after;      // HOLD: when asking again may help, from now

  // True if the library made the answer because none came from the gate. It is an ALLOW only by a
  // lease that the gate granted before (ClientOptions::fail_open), with reason kLease. The gate may
  // all the same have decided and reserved: ask again with the same key, or Release.
  bool local = false;

  // The end of an ALLOW by this machine's own clock; unset if there is no permission to start. It
  // counts from when the request was sent (the gate decided after that), so that it is never later
  // than the gate's valid_until, however the two wall clocks stand to each other.
  std::optional<BootClock::time_point> start_before;

  // Ok if the movement may be started at `now`. Otherwise a sentence for a log, and
  //   FAILED_PRECONDITION  HOLD or BLOCK; or this decision was looked up and not asked for; or it
  //                        is a replay whose remaining time the gate could not tell
  //   DEADLINE_EXCEEDED    the ALLOW was valid, but no more: ask again with the same key (the
  //   answer
  //                        will be HOLD IN_DOUBT: then Release or Confirm the old decision first)
  absl::Status MayStart(BootClock::time_point now = BootClock::now()) const;
};

// What Check answers for a checkpoint while the gate can't be reached. There is no way to say
// ALLOW here: only the gate leases money for that, see FailOpen.
enum class WhenUnreachable { kHold, kBlock };

// Answers by the policy's own matrix where the gate gives none or has too many checks, and allows
// by it what the gate has leased before. What is allowed so is on disk first, and the gate is told
// as soon as it answers; until then it isn't asked about that movement.
//
// Movements of one key must go through one process: what another process allows meanwhile isn't
// known here.
struct FailOpen {
  std::string holder;        // names this process to the gate, the same after its restart
  std::string journal_file;  // of this process alone; the folder must be there
  std::vector<MovementKind> checkpoints;  // for which leases are taken
};

struct RetryOptions {
  // How long one attempt may take before it is made again. Longer than the policy's `patience`.
  absl::Duration attempt_timeout = absl::Seconds(1);

  // The pause after the first failed attempt; it doubles up to the longest. Each pause is drawn at
  // random between half of it and the whole, so that callers don't come back all at once. A gate
  // that names a pause itself is given at least that.
  absl::Duration initial_pause = absl::Milliseconds(20);
  absl::Duration longest_pause = absl::Seconds(1);
};

// Names of files, all empty by default: plain text, for a gate on the same machine. Certificates,
// keys and tokens are read again when their files change.
struct ClientSecurity {
  std::string authorities_file;  // PEM: connect by TLS; who signs the gate's certificate
  std::string certificate_file;  // PEM: this service's own certificate, which says who it is
  std::string key_file;          // PEM: its key; empty: in certificate_file too
  std::string token_file;        // a bearer token, which says who it is; sent by TLS alone
  std::string server_name;       // what the gate's certificate names; empty: the address's host
};

struct ClientOptions {
  // --- where ---
  std::string address = "127.0.0.1:7443";  // HOST:PORT
  ClientSecurity security;                 // plain text by default

  // --- behaviour ---
  std::map<MovementKind, WhenUnreachable> when_unreachable;        // by checkpoint
  WhenUnreachable otherwise_unreachable = WhenUnreachable::kHold;  // every other checkpoint
  // Of its checkpoints the policy says instead what is answered, once the gate has told it.
  std::optional<FailOpen> fail_open = {};

  // --- waiting ---
  absl::Duration timeout = absl::Seconds(3);  // of a whole call with all its attempts
  RetryOptions retry;
};

struct CallOptions {
  std::optional<absl::Duration> timeout;  // of the whole call; default: ClientOptions::timeout
};

// Names a movement that was checked.
struct MovementId {
  MovementKind checkpoint;
  IdempotencyKey idempotency_key;
  AccountId account;
};

// What is left of a lease.
struct LeaseLeft {
  int64_t calls = 0;
  Money amount;
  BootClock::time_point ends;  // by this machine's steady clock
};

// A connection to one gate.
//
// Thread safety: all methods may be called from any threads at once. The destructor cancels what is
// under way and waits for its callbacks; it must not run within a callback or beside other calls.
//
// Idempotency: every call may be repeated with the same content, and the library does so by itself
// after UNAVAILABLE, RESOURCE_EXHAUSTED and an attempt that took too long, always with the same
// idempotency key, as long as the call's own timeout lasts. Nothing else is tried again.
//
// Error handling: never an exception. HOLD and BLOCK are answers in an ok result. A status that
// isn't ok carries the gate's sentence, and each bad field of a malformed request.
class Client {
 public:
  using CheckCallback = std::function<void(absl::StatusOr<Decision>)>;

  // Does not wait for the gate: that it can't be reached is learned by the first call.
  // INVALID_ARGUMENT for an empty address, a duration that isn't greater than 0, or files of
  // ClientSecurity that don't go together; FAILED_PRECONDITION for files that others can read or
  // write and must not; NOT_FOUND for files that can't be read.
  static absl::StatusOr<std::unique_ptr<Client>> Connect(ClientOptions options);

  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // May this movement be started now? Blocks at most for the timeout.
  //
  // Idempotency: safe. An ALLOW whose answer was lost is given again (`replayed`); its remaining
  // time is then asked of the gate with a second, cheap call.
  //
  // Error handling: if the gate can't be reached in time the result is ok and holds a local
  // decision, HOLD or BLOCK as the options say for the checkpoint, with reason kGateUnreachable; or
  // what the policy says, see FailOpen.
  //   INVALID_ARGUMENT                    malformed; the message names each bad field
  //   UNAUTHENTICATED, PERMISSION_DENIED  the gate doesn't serve this caller
  //   INTERNAL                            the gate answered about another movement
  //   CANCELLED                           this client is being destroyed
  // or another code of the gate. With any of them the movement must not be started.
  absl::StatusOr<Decision> Check(const CheckRequest& request, const CallOptions& options = {});

  // The same without blocking. `callback` is called exactly once, on a thread of the library; it
  // must be quick, must not throw, and must not make blocking calls of this client.
  void CheckAsync(const CheckRequest& request, CheckCallback callback,
                  const CallOptions& options = {});

  // The movement happened. `amount`: what really moved, if less than was allowed.
  //
  // Of what was allowed by a lease `decision_id` is empty; UNAVAILABLE until the gate has heard of
  // it.
  //
  // Idempotency: repeating it changes nothing.
  //
  // Error handling: NOT_FOUND for an unknown key; FAILED_PRECONDITION if `decision_id` isn't the
  // key's present generation, if it was released, or if the amount is larger than allowed.
  // UNAVAILABLE, RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED: it isn't known whether the gate heard it;
  // call again until it answers.
  absl::StatusOr<Reservation> Confirm(const MovementId& movement, std::string_view decision_id,
                                      std::optional<Money> amount = std::nullopt,
                                      const CallOptions& options = {});

  // The movement did not happen and will not. `decision_id` is empty only if no check under this
  // key ever got an answer. `reason` is for the audit trail, 1-1024 bytes.
  //
  // Idempotency: repeating it changes nothing.
  //
  // Error handling: FAILED_PRECONDITION if `decision_id` isn't the key's present generation, or if
  // the money is known to have moved. Otherwise as Confirm.
  absl::StatusOr<Reservation> Release(const MovementId& movement, std::string_view decision_id,
                                      std::string_view reason, const CallOptions& options = {});

  // What may be allowed now while the gate can't be asked, by checkpoint: those of fail_open for
  // which there is a lease. For health checks and metrics.
  std::map<MovementKind, LeaseLeft> LeasesLeft() const;

  // A decision made before, by its id or the newest under a key. To look at: its MayStart() always
  // refuses, because only the answer to a check permits anything. NOT_FOUND if there is none.
  //
  // Idempotency: it only reads.
  absl::StatusOr<Decision> GetDecision(std::string_view decision_id,
                                       const CallOptions& options = {});
  absl::StatusOr<Decision> GetDecision(const MovementId& movement, const CallOptions& options = {});

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace fundgate::client

#endif  // FUNDGATE_CLIENT_H_
