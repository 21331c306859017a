#include "tools/motley/telemetry_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "tools/motley/times.h"

namespace motley::cli {
namespace {

// Wide enough for "component:<name>" of usual names, so that pages of --follow line up without knowing what comes.
constexpr int kSourceWidth = 22;
constexpr int kMetricWidth = 20;

struct Line {
  std::int64_t time_us;
  std::string source;
  std::string text;
  Style style;
};

Style StyleOf(v1::Event::Severity severity) {
  switch (severity) {
    case v1::Event::SEVERITY_WARNING:
      return Style::kWarning;
    case v1::Event::SEVERITY_ERROR:
      return Style::kBad;
    default:
      return Style::kStrong;
  }
}

std::string Render(const Line& line, const Terminal& terminal) {
  return fmt::format("{}  {:<{}}  {}\n", terminal.Paint(Style::kFaint, LocalTime(line.time_us)), Printable(line.source),
                     kSourceWidth, terminal.Paint(line.style, Printable(line.text)));
}

}  // namespace

std::string ValueText(const std::string& metric, double value) {
  if (metric.ends_with("_bytes")) return SizeText(value);
  if (metric.ends_with("_percent")) return fmt::format("{:.1f} %", value);
  if (metric.ends_with("_seconds")) return fmt::format("{:.0f} s", value);
  return fmt::format("{:.6g}", value);
}

std::string RenderTelemetry(const v1::TelemetryPage& page, const Terminal& terminal) {
  std::vector<Line> lines;
  for (const v1::Sample& sample : page.samples()) {
    lines.push_back(
        {sample.time_us(), sample.source(),
         fmt::format("{:<{}}  {}", sample.metric(), kMetricWidth, ValueText(sample.metric(), sample.value())),
         Style::kPlain});
  }
  for (const v1::DeviceLine& line : page.lines())
    lines.push_back({line.time_us(), "device:" + line.device(), "> " + line.text(), Style::kPlain});
  for (const v1::Event& event : page.events())
    lines.push_back({event.time_us(), event.source(), "* " + event.text(), StyleOf(event.severity())});
  std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.time_us < b.time_us; });
  std::string text;
  for (const Line& line : lines) text += Render(line, terminal);
  return text;
}

std::string RenderLogs(const v1::LogReply& reply, const Terminal& terminal) {
  std::string text;
  for (const v1::LogLine& line : reply.lines()) {
    const Style style = line.stream() == "out"     ? Style::kPlain
                        : line.stream() == "agent" ? Style::kFaint
                                                   : Style::kWarning;
    text += Render({line.time_us(), line.component() + " " + line.stream(), line.text(), style}, terminal);
  }
  return text;
}

}  // namespace motley::cli
