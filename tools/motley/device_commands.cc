#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <thread>

#include "tools/motley/command.h"
#include "tools/motley/device_text.h"
#include "tools/motley/times.h"
#include "tools/motley/upload.h"

namespace motley::cli {
namespace {

constexpr std::chrono::milliseconds kOrderInterval{200};
constexpr std::chrono::seconds kLogInterval{1};

struct DeviceOptions {
  std::string gateway;
  std::string device;
  std::string image;
  std::string version;
  std::string since;
  bool wait = false;
  bool follow = false;
};

Result<void> List(Session& session, const DeviceOptions& options) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::DeviceList list, api->ListDevices(options.gateway));
  if (session.json()) return session.PrintJson(list);
  session.terminal().Write(RenderDevices(list, session.terminal(), Clock::now()));
  return {};
}

TelemetryRequest TelemetryOf(const DeviceOptions& options) {
  TelemetryRequest request;
  request.gateway = options.gateway;
  request.source = "device:" + options.device;
  return request;
}

Result<void> Show(Session& session, const DeviceOptions& options) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::Device device, api->GetDevice(options.gateway, options.device));
  if (session.json()) return session.PrintJson(device);
  TRY_ASSIGN(const v1::TelemetryPage said, api->GetTelemetry(TelemetryOf(options)));
  session.terminal().Write(RenderDevice(device, said, session.terminal(), Clock::now()));
  return {};
}

Result<void> PrintLines(Session& session, v1::TelemetryPage page) {
  if (!session.json()) {
    session.terminal().Write(RenderDeviceLog(page, session.terminal()));
    return {};
  }
  page.clear_samples();
  page.clear_events();
  return session.PrintJson(page, Session::Layout::kOneLine);
}

// Page after page: up to the last, or for ever with --follow.
Result<void> Log(Session& session, const DeviceOptions& options) {
  TelemetryRequest request = TelemetryOf(options);
  if (!options.since.empty()) {
    TRY_ASSIGN(request.since, ParseSince(options.since, Clock::now()));
  }
  TRY_ASSIGN(ControllerApi * api, session.Api());
  // Else a name that is wrong would be a device that says nothing.
  TRY(api->GetDevice(options.gateway, options.device));
  bool shown = false;
  for (;;) {
    TRY_ASSIGN(const v1::TelemetryPage page, api->GetTelemetry(request));
    if (!page.lines().empty()) {
      TRY(PrintLines(session, page));
      shown = true;
    }
    // Without --since the first page is the newest, and what is older is not asked for.
    const bool more = page.more() && (!request.since.empty() || !request.after.empty());
    if (!options.follow && (!more || page.cursor().empty())) break;
    if (!more) std::this_thread::sleep_for(kLogInterval);
    if (!page.cursor().empty()) request.after = page.cursor();
  }
  if (!shown && !session.json()) session.terminal().Write(fmt::format("{} said nothing\n", options.device));
  return {};
}

Result<void> PrintOrder(Session& session, const v1::DeviceOrder& order, const std::string& text) {
  if (session.json()) return session.PrintJson(order);
  session.terminal().Write(fmt::format("{}: {}\n", Printable(order.device()), Printable(text)));
  return {};
}

// The controller ends what takes too long.
Result<void> Await(Session& session, v1::DeviceOrder order, const std::string& doing) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  while (!order.finished()) {
    session.terminal().Progress(doing);
    std::this_thread::sleep_for(kOrderInterval);
    TRY_ASSIGN(order, api->GetDeviceOrder(order.gateway(), order.id()));
  }
  session.terminal().ClearProgress();
  if (order.error().empty()) return PrintOrder(session, order, order.done());
  return Error{CodeFromName(order.error_code()).value_or(Code::kUnavailable), order.error()};
}

Result<void> Reset(Session& session, const DeviceOptions& options) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::DeviceOrder order, api->ResetDevice(options.gateway, options.device));
  return Await(session, order, "resetting " + Printable(options.device));
}

Result<void> Flash(Session& session, const DeviceOptions& options) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  // Before the image is uploaded.
  TRY(api->GetDevice(options.gateway, options.device));
  v1::FlashDeviceRequest request;
  TRY_ASSIGN(*request.mutable_image(), Describe(options.image, ""));
  request.set_version(options.version);
  TRY(UploadArtifact(session, request.image(), options.image));
  TRY_ASSIGN(const v1::DeviceOrder order, api->FlashDevice(options.gateway, options.device, request));
  if (options.wait) return Await(session, order, "flashing " + Printable(options.device));
  return PrintOrder(session, order,
                    fmt::format("is to be flashed; `motley device show {} {}` tells how it is, and --wait waits",
                                options.gateway, options.device));
}

}  // namespace

void AddDeviceCommands(CLI::App& app, Action& chosen) {
  CLI::App* group = AddGroup(app, "device", "Microcontrollers behind gateways",
                             "  motley device list\n  motley device show gw-1 55736303631351C0B1E1\n");
  auto options = std::make_shared<DeviceOptions>();
  const auto with_device = [&options](CLI::App* command) {
    command->add_option("GATEWAY", options->gateway, "Its gateway")->required();
    command->add_option("DEVICE", options->device, "Its id, as `motley device list` shows it")->required();
    return command;
  };

  CLI::App* list = AddCommand(*group, chosen, options, "list", "List the devices of all gateways, or of one",
                              "  motley device list\n  motley device list gw-1 --json\n", List);
  list->add_option("GATEWAY", options->gateway, "Only those of this gateway");

  with_device(AddCommand(*group, chosen, options, "show", "Show a device, its last readings and lines",
                         "  motley device show gw-1 55736303631351C0B1E1\n", Show));

  CLI::App* log = with_device(AddCommand(*group, chosen, options, "log", "Show the lines that a device says",
                                         "  motley device log gw-1 55736303631351C0B1E1 --follow\n", Log));
  log->add_option("--since", options->since,
                  "From then on: 30s, 10m, 2h, 7d or 2026-01-31T12:00:00Z; default: the newest page");
  log->add_flag("--follow", options->follow, "Go on with what comes, until interrupted");

  CLI::App* flash = with_device(
      AddCommand(*group, chosen, options, "flash", "Flash a device by hand that belongs to no deployed component",
                 "  motley device flash gw-1 55736303631351C0B1E1 blink.hex --version 1.2.0 --wait\n", Flash));
  flash->add_option("IMAGE", options->image, "File: .hex, .s19, .elf, .uf2 or raw bytes")->required();
  flash->add_option("--version", options->version,
                    "What the device must say in its hello afterwards; default: it is not waited for");
  flash->add_flag("--wait", options->wait, "Wait until it is done");

  with_device(AddCommand(*group, chosen, options, "reset", "Start a device anew",
                         "  motley device reset gw-1 55736303631351C0B1E1\n", Reset));
}

}  // namespace motley::cli
