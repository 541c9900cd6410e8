// What a metric is: declared once, with how it is read.
#ifndef SERVER_METRICS_METRIC_H_
#define SERVER_METRICS_METRIC_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/metrics/histogram.h"

namespace fundgate::metrics {

enum class Type : uint8_t { kCounter, kGauge, kHistogram };

// By name. Values come from bounded sets: what the policy declares, and enums; never accounts,
// orders, keys or scopes.
using Labels = std::vector<std::pair<std::string_view, std::string>>;

struct Sample {
  Labels labels;
  double value = 0;                           // of counters and gauges
  std::optional<Histogram::Reading> reading;  // of histograms
  double scale = 1;                           // so many of a histogram's numbers are one unit
};

// A metric with all its samples at one moment.
struct Family {
  std::string_view name;  // by the conventions of Prometheus: base units, counters end in _total
  std::string_view help;
  Type type = Type::kGauge;
  std::vector<Sample> samples;
};

// Where a metric's reader puts what it reads.
class Samples {
 public:
  explicit Samples(Family& family) : family_(family) {}

  void Add(double value, Labels labels = {}) {
    family_.samples.push_back({std::move(labels), value, std::nullopt, 1});
  }
  void Add(uint64_t value, Labels labels = {}) {
    Add(static_cast<double>(value), std::move(labels));
  }
  // So many of its whole numbers (`scale`) are one of the metric's unit.
  void Add(const Histogram& histogram, double scale, Labels labels = {}) {
    family_.samples.push_back({std::move(labels), 0, histogram.Read(), scale});
  }

 private:
  Family& family_;
};

inline constexpr double kNanosecondsPerSecond = 1e9;

// A metric's declaration. `Scene` is everything there is to read from at one moment.
template <typename Scene>
struct Metric {
  std::string_view name;
  Type type = Type::kGauge;
  std::string_view help;
  void (*read)(const Scene& scene, Samples& samples);
};

// Adds what all of `metrics` say of `scene`.
template <typename Scene>
void Read(std::span<const Metric<Scene>> metrics, const Scene& scene,
          std::vector<Family>& families) {
  for (const Metric<Scene>& metric : metrics) {
    Samples samples(families.emplace_back(Family{metric.name, metric.help, metric.type, {}}));
    metric.read(scene, samples);
  }
}

}  // namespace fundgate::metrics

#endif  // SERVER_METRICS_METRIC_H_
