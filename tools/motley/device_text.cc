#include "tools/motley/device_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tools/motley/table.h"
#include "tools/motley/telemetry_text.h"

namespace motley::cli {
namespace {

using v1::ReportedDevice;

constexpr int kShownLines = 10;

Cell StateCell(const v1::Device& device) {
  // What an agent said last that is not there to say more.
  if (!device.gateway_online()) return Cell("gateway offline", Style::kFaint);
  switch (device.device().state()) {
    case ReportedDevice::STATE_LISTENING:
      return Cell("listening", Style::kGood);
    case ReportedDevice::STATE_FLASHING:
      return Cell("flashing", Style::kWarning);
    case ReportedDevice::STATE_BLOCKED:
      return Cell("blocked", Style::kBad);
    case ReportedDevice::STATE_ABSENT:
      return Cell("absent", Style::kBad);
    default:
      return device.device().present() ? Cell("attached", Style::kGood) : Cell("absent", Style::kBad);
  }
}

std::string FirmwareText(const ReportedDevice& device) {
  return device.firmware().empty() ? "" : device.firmware() + " " + device.firmware_version();
}

std::string FlashText(const ReportedDevice& device) {
  if (device.flash_ms() == 0) return "";
  return fmt::format("{} written, {} were there already, in {:.1f} s", SizeText(device.written_bytes()),
                     SizeText(device.skipped_bytes()), device.flash_ms() / 1000.0);
}

std::string RenderReadings(const v1::TelemetryPage& said, const Terminal& terminal) {
  std::map<std::string, const v1::Sample*> latest;
  for (const v1::Sample& sample : said.samples()) {
    const v1::Sample*& known = latest[sample.metric()];
    if (known == nullptr || known->time_us() <= sample.time_us()) known = &sample;
  }
  Table table({"METRIC", "VALUE", "TIME"});
  for (const auto& [metric, sample] : latest) {
    table.AddRow({metric, ValueText(metric, sample->value()), LocalTime(sample->time_us())});
  }
  return table.empty() ? "" : "\n" + table.Render(terminal, "");
}

}  // namespace

std::string RenderDevices(const v1::DeviceList& list, const Terminal& terminal, Clock::time_point now) {
  Table table({"GATEWAY", "DEVICE", "BOARD", "PORT", "STATE", "FIRMWARE", "OWNER", "LAST SEEN"});
  for (const v1::Device& device : list.devices()) {
    const ReportedDevice& reported = device.device();
    table.AddRow({device.gateway(), reported.id(), reported.board(), reported.port(), StateCell(device),
                  FirmwareText(reported), reported.owner(), Ago(device.last_seen(), now)});
  }
  return table.Render(terminal, "no devices; boards that a gateway's agent knows show here when they are plugged in");
}

std::string RenderDevice(const v1::Device& device, const v1::TelemetryPage& said, const Terminal& terminal,
                         Clock::time_point now) {
  const ReportedDevice& reported = device.device();
  std::string text = RenderFields(
      terminal, {{"device", Cell(reported.id(), Style::kStrong)},
                 {"gateway", device.gateway()},
                 {"board", reported.board()},
                 {"port", reported.port()},
                 {"state", StateCell(device)},
                 {"detail", Cell(reported.detail(), Style::kBad)},
                 {"last seen", Ago(device.last_seen(), now)},
                 {"firmware", FirmwareText(reported)},
                 {"owner", reported.owner().empty() ? Cell("nobody", Style::kFaint) : Cell(reported.owner())},
                 {"image", reported.image_digest()},
                 {"last flash", FlashText(reported)},
                 {"restarts by itself", std::to_string(reported.restarts())}});
  text += RenderReadings(said, terminal);
  v1::TelemetryPage last;
  const int first = std::max(0, said.lines_size() - kShownLines);
  for (int i = first; i < said.lines_size(); ++i) *last.add_lines() = said.lines(i);
  return last.lines().empty() ? text : text + "\n" + RenderDeviceLog(last, terminal);
}

std::string RenderDeviceLog(const v1::TelemetryPage& page, const Terminal& terminal) {
  std::string text;
  for (const v1::DeviceLine& line : page.lines()) {
    text += fmt::format("{}  {}\n", terminal.Paint(Style::kFaint, LocalTime(line.time_us())), Printable(line.text()));
  }
  return text;
}

}  // namespace motley::cli
