#include "server/export/sinks/prometheus/metrics_page.h"

#include <exception>
#include <limits>
#include <mutex>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prometheus/collectable.h"
#include "prometheus/exposer.h"
#include "prometheus/metric_family.h"

namespace fundgate::exporting {
namespace {

prometheus::MetricType TypeOf(metrics::Type type) {
  switch (type) {
    case metrics::Type::kCounter:
      return prometheus::MetricType::Counter;
    case metrics::Type::kGauge:
      return prometheus::MetricType::Gauge;
    case metrics::Type::kHistogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

// Prometheus' buckets count what is at most as large as their bound.
prometheus::ClientMetric::Histogram ToHistogram(const metrics::Histogram::Reading& reading,
                                                double scale) {
  prometheus::ClientMetric::Histogram histogram;
  uint64_t count = 0;
  for (size_t i = 0; i < reading.counts.size(); ++i) {
    count += reading.counts[i];
    const bool is_last = i == reading.bounds.size();
    histogram.bucket.push_back({count, is_last ? std::numeric_limits<double>::infinity()
                                               : static_cast<double>(reading.bounds[i]) / scale});
  }
  histogram.sample_count = count;
  histogram.sample_sum = static_cast<double>(reading.sum) / scale;
  return histogram;
}

prometheus::ClientMetric ToMetric(metrics::Type type, metrics::Sample sample) {
  prometheus::ClientMetric metric;
  for (auto& [name, value] : sample.labels) {
    metric.label.push_back({std::string(name), std::move(value)});
  }
  if (sample.reading.has_value()) metric.histogram = ToHistogram(*sample.reading, sample.scale);
  if (type == metrics::Type::kCounter) metric.counter.value = sample.value;
  if (type == metrics::Type::kGauge) metric.gauge.value = sample.value;
  return metric;
}

class Collectable final : public prometheus::Collectable {
 public:
  explicit Collectable(MetricsPage::Collect collect) : collect_(std::move(collect)) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<prometheus::MetricFamily> families;
    if (collect_ == nullptr) return families;
    for (metrics::Family& family : collect_()) {
      prometheus::MetricFamily& told = families.emplace_back();
      told.name = std::string(family.name);
      told.help = std::string(family.help);
      told.type = TypeOf(family.type);
      for (metrics::Sample& sample : family.samples) {
        told.metric.push_back(ToMetric(family.type, std::move(sample)));
      }
    }
    return families;
  }

  void Close() {
    const std::lock_guard<std::mutex> lock(mutex_);
    collect_ = nullptr;
  }

 private:
  mutable std::mutex mutex_;
  MetricsPage::Collect collect_;  // under mutex_; null once it is closed
};

class PrometheusPage final : public MetricsPage {
 public:
  // Throws what prometheus-cpp throws.
  PrometheusPage(const std::string& address, Collect collect)
      : collectable_(std::make_shared<Collectable>(std::move(collect))), exposer_(address) {
    exposer_.RegisterCollectable(collectable_);
  }

  int port() const override { return exposer_.GetListeningPorts().at(0); }
  void Close() override { collectable_->Close(); }

 private:
  const std::shared_ptr<Collectable> collectable_;
  prometheus::Exposer exposer_;  // last: it reads the above while it lives
};

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsPage>> MetricsPage::Serve(const std::string& address,
                                                                Collect collect) {
  try {
    return std::make_unique<PrometheusPage>(address, std::move(collect));
  } catch (const std::exception& failure) {
    return absl::UnavailableError(absl::StrCat("can't serve metrics on ", address, " (",
                                               failure.what(),
                                               "); is another process listening there?"));
  }
}

}  // namespace fundgate::exporting
