#include "tests/torture/injuries.h"

#include <poll.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/store/written_bytes.h"

namespace fundgate::torture {
namespace {

constexpr int kLongestStopMs = 2500;
constexpr int kStutters = 25;
constexpr size_t kAskedOfDamaged = 300;

void Pause(int ms) { ::poll(nullptr, 0, ms); }

// Files of the gate's store that hold its records: tables, logs, and what names them.
std::vector<std::filesystem::path> FilesOf(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    const bool holds = entry.path().extension() == ".sst" || entry.path().extension() == ".log" ||
                       name.rfind("MANIFEST", 0) == 0;
    if (holds && entry.is_regular_file() && store::testing::WrittenBytes(entry.path()) > 0)
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Changes one bit of one byte.
void Flip(const std::filesystem::path& path, uint64_t place, unsigned bit) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(place));
  char byte = 0;
  file.get(byte);
  file.seekp(static_cast<std::streamoff>(place));
  file.put(static_cast<char>(byte ^ (1U << bit)));
}

}  // namespace

Injuries::Injuries(World& world, uint64_t seed, RunReport& report)
    : world_(world), random_(seed), report_(report) {
  if (!world.disk().mounted().ok()) {
    report_.skipped.push_back(absl::StrCat("a full disk, because nothing can be mounted here (",
                                           std::string(world.disk().mounted().message()), ")"));
  }
}

void Injuries::Wait(int most_ms) {
  Pause(static_cast<int>(random_() % static_cast<uint64_t>(most_ms)));
}

std::string Injuries::Next(const std::vector<HeardDecision>& heard) {
  struct Kind {
    const char* name;
    unsigned weight;
    void (Injuries::*injure)();
  };
  static constexpr Kind kKinds[] = {
      {"kill -9 of the gate", 30, &Injuries::KillGate},
      {"kill -9 of the gate as it starts", 12, &Injuries::KillGateAsItStarts},
      {"kill -9 of the sidecar", 18, &Injuries::KillSidecar},
      {"kill -9 of the database", 10, &Injuries::KillDatabase},
      {"kill -9 of all three", 5, &Injuries::KillAll},
      {"SIGSTOP of the gate", 6, &Injuries::StopGate},
      {"SIGSTOP of the sidecar", 4, &Injuries::StopSidecar},
      {"SIGSTOP of the database", 4, &Injuries::StopDatabase},
      {"a gate that stutters", 3, &Injuries::Stutter},
      {"a slow disk", 4, &Injuries::SlowDisk},
      {"a full disk", 5, &Injuries::FillDisk},
      {"a damaged file", 8, nullptr},
  };
  unsigned all = 0;
  for (const Kind& kind : kKinds) all += kind.weight;
  auto drawn = static_cast<unsigned>(random_() % all);
  for (const Kind& kind : kKinds) {
    if (drawn >= kind.weight) {
      drawn -= kind.weight;
      continue;
    }
    if (kind.injure != nullptr) {
      (this->*kind.injure)();
    } else {
      Damage(heard);
    }
    return kind.name;
  }
  return "";
}

void Injuries::BringBackGate() {
  const absl::Status started = world_.StartGate();
  if (!started.ok()) Fail(absl::StrCat("after kill -9: ", std::string(started.message())));
}

void Injuries::KillGate() {
  world_.KillGate();
  ++report_.kills_of_gate;
  BringBackGate();
}

void Injuries::KillGateAsItStarts() {
  world_.KillGate();
  ++report_.kills_of_gate;
  world_.LaunchGate();
  Wait(200);
  world_.KillGate();
  ++report_.kills_of_gate;
  BringBackGate();
}

void Injuries::KillSidecar() {
  world_.KillSidecar();
  ++report_.kills_of_sidecar;
  world_.StartSidecar();
}

void Injuries::KillDatabase() {
  world_.KillDatabase();
  ++report_.kills_of_database;
  const absl::Status started = world_.StartDatabase();
  if (!started.ok()) Fail(absl::StrCat("the database: ", std::string(started.message())));
}

void Injuries::KillAll() {
  world_.KillGate();
  world_.KillSidecar();
  KillDatabase();
  ++report_.kills_of_gate;
  ++report_.kills_of_sidecar;
  BringBackGate();
  world_.StartSidecar();
}

void Injuries::StopGate() {
  world_.SignalGate(SIGSTOP);
  Wait(kLongestStopMs);
  world_.SignalGate(SIGCONT);
  ++report_.stops;
}

void Injuries::StopSidecar() {
  world_.SignalSidecar(SIGSTOP);
  Wait(kLongestStopMs);
  world_.SignalSidecar(SIGCONT);
  ++report_.stops;
}

void Injuries::StopDatabase() {
  world_.database().Freeze();
  Wait(kLongestStopMs);
  world_.database().Thaw();
  ++report_.stops;
}

void Injuries::Stutter() {
  for (int i = 0; i < kStutters; ++i) {
    world_.SignalGate(SIGSTOP);
    Wait(40);
    world_.SignalGate(SIGCONT);
    Wait(20);
  }
  ++report_.stops;
}

void Injuries::SlowDisk() {
  const BusyNeighbour neighbour(world_.disk().path());
  Wait(kLongestStopMs);
  ++report_.slows;
}

// Sometimes the gate is killed while there is no room.
void Injuries::FillDisk() {
  if (!world_.disk().mounted().ok()) return;
  const absl::Status filled = world_.disk().Fill();
  if (!filled.ok()) return Fail(std::string(filled.message()));
  ++report_.fills;
  Wait(kLongestStopMs);
  const bool killed = random_() % 3 == 0;
  if (killed) world_.KillGate();
  world_.disk().MakeRoom();
  if (!killed) return;
  ++report_.kills_of_gate;
  BringBackGate();
}

// Of a copy, so that business can go on.
void Injuries::Damage(const std::vector<HeardDecision>& heard) {
  world_.KillGate();
  ++report_.kills_of_gate;
  const std::string copy = world_.disk().path() + "/damaged";
  std::filesystem::copy(world_.data(), copy, std::filesystem::copy_options::recursive);
  const std::vector<std::filesystem::path> files = FilesOf(copy);
  const std::filesystem::path& file = files[random_() % files.size()];
  const uint64_t size = store::testing::WrittenBytes(file);
  const uint64_t place = random_() % size;
  Flip(file, place, static_cast<unsigned>(random_() % 8));
  ++report_.damages;
  JudgeDamaged(absl::StrCat(file.filename().string(), ", byte ", place, " of ", size), copy, heard);
  if (report_.failures.empty()) std::filesystem::remove_all(copy);
  BringBackGate();
}

// It must not be served, or all that was heard must be in it in the same words. That something
// can't be read may be said; that it isn't there, may not.
void Injuries::JudgeDamaged(const std::string& what, const std::string& folder,
                            const std::vector<HeardDecision>& heard) {
  std::unique_ptr<end_to_end::Process> process;
  const absl::StatusOr<std::string> address = world_.TryGate(folder, process);
  if (!address.ok()) {
    ++report_.refused;
    return;
  }
  const Stubs stubs(*address);
  // The newest ones are the likeliest to be gone.
  for (size_t i = 0; i < std::min(heard.size(), kAskedOfDamaged); ++i) {
    const bool newest = i < kAskedOfDamaged / 2;
    const HeardDecision& decision =
        newest ? heard[heard.size() - 1 - i] : heard[random_() % heard.size()];
    const absl::StatusOr<std::string> words = stubs.WordsOfDecision(decision.id);
    if (words.ok() && *words == decision.words) continue;
    if (absl::IsDataLoss(words.status())) continue;
    return Fail(absl::StrCat(
        "a folder with a damaged file is served (", what, "), and ",
        words.ok() ? absl::StrCat("a decision reads otherwise:\n  heard: ", decision.words,
                                  "\n  found: ", *words)
                   : absl::StrCat("a decision is gone: ", std::string(words.status().message()))));
  }
}

}  // namespace fundgate::torture
