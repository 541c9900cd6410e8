#include "server/gate/journal_retention.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace fundgate::gate {
namespace {

using metrics::Samples;
using metrics::Type;

// What it tells, at one moment.
struct Scene {
  uint64_t dropped = 0;
  uint64_t failures = 0;
  Sequence held_back = 0;
};

constexpr metrics::Metric<Scene> kMetrics[] = {
    {"fundgate_journal_cut_failures_total", Type::kCounter,
     "Times that old records of the journal could not be dropped.",
     [](const Scene& scene, Samples& samples) { samples.Add(scene.failures); }},
    {"fundgate_journal_dropped_records_total", Type::kCounter,
     "Records of the journal that were dropped for their age.",
     [](const Scene& scene, Samples& samples) { samples.Add(scene.dropped); }},
    {"fundgate_journal_held_back_records", Type::kGauge,
     "Records old enough to be dropped that stay, because something kept still needs the first.",
     [](const Scene& scene, Samples& samples) { samples.Add(scene.held_back); }},
};

}  // namespace

JournalRetention::JournalRetention(RetentionSettings settings, Cut cut, logging::Log log)
    : settings_(std::move(settings)),
      cut_(std::move(cut)),
      log_(std::move(log)),
      thread_([this] { Run(); }) {}

JournalRetention::~JournalRetention() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void JournalRetention::ReadMetrics(std::vector<metrics::Family>& families) const {
  metrics::Read<Scene>(kMetrics, {dropped_.value(), failures_.value(), held_back_}, families);
}

void JournalRetention::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const bool more = Look();
    lock.lock();
    if (more) continue;
    changed_.wait_for(lock, absl::ToChronoNanoseconds(settings_.look_every),
                      [this] { return stopping_.load(); });
  }
}

bool JournalRetention::Look() {
  store::CutOptions options;
  options.fewest = settings_.fewest;
  options.most = settings_.most;
  options.seal = settings_.seal;
  options.stopping = &stopping_;
  if (settings_.keep_from) options.keep_from = settings_.keep_from();
  const absl::StatusOr<store::CutReport> cut = cut_(settings_.keep, std::move(options));
  if (!cut.ok()) {
    failures_.Add();
    if (!failing_) {
      log_.Warning("old records of the journal can't be dropped; it is tried again and again",
                   {{"reason", std::string(cut.status().message())}});
    }
    failing_ = true;
    return false;
  }
  failing_ = false;
  held_back_ = cut->held_back;
  if (cut->dropped == 0) return false;
  dropped_.Add(cut->dropped);
  log_.Info("dropped old records of the journal", {{"records", absl::StrCat(cut->dropped)},
                                                   {"first_kept", absl::StrCat(cut->first)},
                                                   {"held_back", absl::StrCat(cut->held_back)},
                                                   {"needed_by", cut->needed_by}});
  return cut->dropped >= settings_.most;
}

}  // namespace fundgate::gate
