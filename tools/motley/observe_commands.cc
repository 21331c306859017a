#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <thread>

#include "tools/motley/command.h"
#include "tools/motley/status_text.h"
#include "tools/motley/telemetry_text.h"
#include "tools/motley/times.h"

namespace motley::cli {
namespace {

constexpr std::chrono::seconds kInterval{1};

struct TelemetryOptions {
  TelemetryRequest request;
  std::string since;
  bool follow = false;
};

struct StatusOptions {
  bool watch = false;
  std::string site;
};

struct LogOptions {
  std::string gateway;
  std::string component;
  std::uint32_t lines = 200;
};

Result<void> PrintStatus(Session& session, const StatusOptions& options, Session::Layout layout) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::FleetStatus status, api->GetStatus(options.site));
  if (layout == Session::Layout::kOneLine) session.terminal().ClearScreen();
  if (session.json()) return session.PrintJson(status, layout);
  session.terminal().Write(RenderStatus(status, session.terminal()));
  return {};
}

// Ends by an error, or by the user.
Result<void> WatchStatus(Session& session, const StatusOptions& options) {
  for (;;) {
    TRY(PrintStatus(session, options, Session::Layout::kOneLine));
    if (!session.json() && !session.terminal().is_interactive()) session.terminal().Write("\n");
    std::this_thread::sleep_for(kInterval);
  }
}

Result<void> Status(Session& session, const StatusOptions& options) {
  return options.watch ? WatchStatus(session, options) : PrintStatus(session, options, Session::Layout::kIndented);
}

Result<void> PrintPage(Session& session, const v1::TelemetryPage& page) {
  if (session.json()) return session.PrintJson(page, Session::Layout::kOneLine);
  session.terminal().Write(RenderTelemetry(page, session.terminal()));
  return {};
}

bool IsEmpty(const v1::TelemetryPage& page) {
  return page.samples().empty() && page.lines().empty() && page.events().empty();
}

// Prints page after page: up to the last, or for ever with --follow. As JSON each is a line of its own.
Result<void> Telemetry(Session& session, const TelemetryOptions& options) {
  TelemetryRequest request = options.request;
  if (!options.since.empty()) {
    TRY_ASSIGN(request.since, ParseSince(options.since, Clock::now()));
  }
  TRY_ASSIGN(ControllerApi * api, session.Api());
  bool shown = false;
  for (;;) {
    TRY_ASSIGN(const v1::TelemetryPage page, api->GetTelemetry(request));
    if (!IsEmpty(page) || (session.json() && !shown)) {
      TRY(PrintPage(session, page));
      shown = true;
    }
    // Without --since the first page is the newest, and what is older is not asked for.
    const bool more = page.more() && (!request.since.empty() || !request.after.empty());
    if (!options.follow && (!more || page.cursor().empty())) break;
    if (!more) std::this_thread::sleep_for(kInterval);
    if (!page.cursor().empty()) request.after = page.cursor();
  }
  if (!shown) session.terminal().Write(fmt::format("{} sent nothing of the kind\n", request.gateway));
  return {};
}

Result<void> Logs(Session& session, const LogOptions& options) {
  v1::LogRequest request;
  request.set_component(options.component);
  request.set_lines(options.lines);
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::LogReply reply, api->FetchLogs(options.gateway, request));
  if (!reply.error().empty())
    return Error{Code::kNotFound, fmt::format("no logs of {}: {}", options.gateway, Printable(reply.error()))};
  if (session.json()) return session.PrintJson(reply);
  session.terminal().Write(reply.lines().empty() ? "no lines\n" : RenderLogs(reply, session.terminal()));
  return {};
}

void AddStatus(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<StatusOptions>();
  CLI::App* status = AddCommand(app, chosen, options, "status", "Show how the fleet stands",
                                "  motley status\n  motley status --watch\n  motley status --site tags.region\n"
                                "  motley status --json | jq .failed\n",
                                Status);
  status->add_flag("--watch", options->watch, "Show it again each second until interrupted; as JSON a line each");
  status->add_option("--site", options->site, "Attribute that says where a gateway is, for diversity; else tags.site");
}

void AddTelemetry(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<TelemetryOptions>();
  CLI::App* telemetry =
      AddCommand(app, chosen, options, "telemetry", "Show what a gateway and its boards measured and said",
                 "  motley telemetry gw-1 --since 10m\n  motley telemetry gw-1 --metric cpu_percent --follow\n"
                 "  motley telemetry gw-1 --source device:55736303631351C0B1E1\n",
                 Telemetry);
  telemetry->add_option("GATEWAY", options->request.gateway, "Its name")->required();
  telemetry->add_option("--since", options->since,
                        "From then on: 30s, 10m, 2h, 7d or 2026-01-31T12:00:00Z; default: the newest page");
  telemetry->add_option("--metric", options->request.metric, "Only this metric, such as cpu_percent");
  telemetry->add_option("--source", options->request.source,
                        "Only from here: gateway, agent, component:NAME or device:ID");
  telemetry->add_flag("--follow", options->follow, "Go on with what comes, until interrupted");
}

void AddLogs(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<LogOptions>();
  CLI::App* logs = AddCommand(app, chosen, options, "logs", "Show the last lines that components of a gateway wrote",
                              "  motley logs gw-1\n  motley logs gw-1 greeter --lines 50\n", Logs);
  logs->add_option("GATEWAY", options->gateway, "Its name")->required();
  logs->add_option("COMPONENT", options->component, "Only this component");
  logs->add_option("--lines", options->lines, "At most so many, 1 to 10000")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
}

}  // namespace

void AddObserveCommands(CLI::App& app, Action& chosen) {
  AddStatus(app, chosen);
  AddTelemetry(app, chosen);
  AddLogs(app, chosen);
}

}  // namespace motley::cli
