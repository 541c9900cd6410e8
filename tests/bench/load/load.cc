// One load on one server for a short time; prints what it saw as one line of JSON. tools/bench
// starts the servers, runs many of these in turn and compares.
#include <sys/prctl.h>
#include <sys/resource.h>

#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <string>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "tests/bench/load/grpc_load.h"
#include "tests/bench/load/peer.h"
#include "tests/bench/load/plan.h"

namespace fundgate::bench {
namespace {

using Load = std::function<Result(const Plan&)>;

const std::map<std::string, Load>& Loads() {
  static const std::map<std::string, Load> kLoads = {
      {"check", LoadChecks},
      {"batch", LoadBatches},
      {"stream", LoadStreams},
#ifdef FUNDGATE_BENCH_PEERS
      {"redis", [](const Plan& plan) { return LoadPeer(plan, ConnectRedis); }},
      {"postgres", [](const Plan& plan) { return LoadPeer(plan, ConnectPostgres); }},
      {"mariadb", [](const Plan& plan) { return LoadPeer(plan, ConnectMariadb); }},
#endif
  };
  return kLoads;
}

std::chrono::duration<double> ProcessorTime() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

// Declares the settings, and reads them.
int Read(int argc, char** argv, std::string& load, Plan& plan) {
  double warm_up = plan.warm_up.count();
  double seconds = plan.length.count();
  CLI::App app("Asks one server for a short time; prints what it saw as one line of JSON",
               "bench_load");
  app.add_option("load", load, "check, batch, stream, redis, postgres or mariadb")
      ->required()
      ->check([](const std::string& name) {
        return Loads().contains(name) ? "" : "no such load, or built without its library";
      });
  app.add_option("--address", plan.address, "HOST:PORT")->required();
  app.add_option("--name", plan.name, "Begins every key; must be new to the server")->required();
  app.add_option("--outstanding", plan.outstanding, "Questions under way, or connections")
      ->check(CLI::Range(1, 10'000));
  app.add_option("--rate", plan.rate, "Open loop: questions a second; 0: closed loop")
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--spread", plan.spread, "Which orders are asked for: uniform, zipf or hot")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Spread>{
          {"uniform", Spread::kUniform}, {"zipf", Spread::kZipf}, {"hot", Spread::kHot}}));
  app.add_option("--orders", plan.shop.orders, "That can be refunded, o0 and on")
      ->check(CLI::Range(size_t{1}, size_t{4'000'000'000}));
  app.add_option("--accounts", plan.shop.accounts, "That have them")
      ->check(CLI::Range(size_t{1}, size_t{4'000'000'000}));
  app.add_option("--keys", plan.shop.keys,
                 "counted: new and next to each other; scattered: new, anywhere among a filled "
                 "store's; old: those of refunds in a filled store, which must be known")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Keys>{
          {"counted", Keys::kCounted}, {"scattered", Keys::kScattered}, {"old", Keys::kOld}}));
  app.add_option("--keys-of-order", plan.shop.keys_of_order, "Of a filled store: with its payment")
      ->check(CLI::Range(size_t{2}, size_t{1'000'000}));
  app.add_option("--seed", plan.seed);
  app.add_option("--warm-up", warm_up, "Seconds that don't count")->check(CLI::Range(0.0, 600.0));
  app.add_option("--seconds", seconds, "Seconds that count")->check(CLI::Range(0.01, 86'400.0));
  app.add_option("--threads", plan.threads, "Threads of a load over gRPC")
      ->check(CLI::Range(1, 64));
  app.add_option("--connections", plan.connections, "Connections of each such thread")
      ->check(CLI::Range(1, 64));
  app.add_option("--batch", plan.batch, "Checks of a batch")->check(CLI::Range(1, 1000));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? -1 : 2;
  }
  if (plan.rate > 0 && (load == "batch" || load == "stream")) {
    std::cerr << "bench_load: --rate: there is no open loop of " << load << "\n";
    return 2;
  }
  plan.warm_up = std::chrono::duration<double>(warm_up);
  plan.length = std::chrono::duration<double>(seconds);
  return 0;
}

int Main(int argc, char** argv) {
  std::string load;
  Plan plan;
  if (const int code = Read(argc, argv, load, plan); code != 0) return code < 0 ? 0 : code;
  // Timers to the point: the default adds up to 50 us to every wait for the next arrival.
  prctl(PR_SET_TIMERSLACK, 1);
  const std::chrono::duration<double> before = ProcessorTime();
  const Result result = Loads().at(load)(plan);
  std::cout << ToJson(plan, result, ProcessorTime() - before) << "\n";
  return 0;
}

}  // namespace
}  // namespace fundgate::bench

int main(int argc, char** argv) { return fundgate::bench::Main(argc, argv); }
