#include <fmt/format.h>

#include "agent/devices/device.h"

namespace motley::agent {

std::vector<v1::Board> Devices::Boards() const {
  std::vector<v1::Board> boards;
  for (const auto& [id, device] : devices_) {
    if (device->state == Device::State::kAbsent) continue;
    v1::Board board;
    board.set_type(std::string(device->type->name));
    board.set_serial_number(device->info.serial_number);
    board.set_port(device->info.name);
    board.set_usb_vendor(device->info.usb_vendor);
    board.set_usb_product(device->info.usb_product);
    boards.push_back(std::move(board));
  }
  return boards;
}

std::vector<v1::ReportedDevice> Devices::Report() const {
  using State = Device::State;
  static const std::map<State, v1::ReportedDevice::State> kStates{
      {State::kAbsent, v1::ReportedDevice::STATE_ABSENT},       {State::kOpening, v1::ReportedDevice::STATE_LISTENING},
      {State::kClosed, v1::ReportedDevice::STATE_BLOCKED},      {State::kReturning, v1::ReportedDevice::STATE_FLASHING},
      {State::kListening, v1::ReportedDevice::STATE_LISTENING}, {State::kFlashing, v1::ReportedDevice::STATE_FLASHING}};
  std::map<std::string, v1::ReportedDevice> report;
  for (const auto& [id, device] : devices_) {
    v1::ReportedDevice& entry = report[id];
    entry.set_board(device->type->name);
    entry.set_port(device->info.name);
    entry.set_present(device->state != State::kAbsent);
    if (device->hello) {
      entry.set_firmware(device->hello->firmware);
      entry.set_firmware_version(device->hello->version);
    }
    entry.set_state(kStates.at(device->state));
    entry.set_detail(device->open_error.empty() ? device->flash_error : device->open_error);
    if (!entry.present() && device->last_seen) {
      entry.mutable_last_seen()->set_seconds(std::chrono::system_clock::to_time_t(*device->last_seen));
    }
    entry.set_restarts(device->starts.unasked());
    entry.set_written_bytes(device->flashed.written_bytes);
    entry.set_skipped_bytes(device->flashed.skipped_bytes);
    entry.set_flash_ms(static_cast<std::uint32_t>(device->flash_time.count()));
  }
  for (const auto& [id, assignment] : assignments_) {
    v1::ReportedDevice& entry = report[id];
    if (entry.board().empty()) {
      entry.set_board(assignment.board);
      entry.set_state(v1::ReportedDevice::STATE_ABSENT);
    }
    entry.set_owner(assignment.owner);
    entry.set_image_digest(assignment.image_digest);
  }
  std::vector<v1::ReportedDevice> list;
  for (auto& [id, entry] : report) {
    entry.set_id(id);
    list.push_back(std::move(entry));
  }
  return list;
}

void Devices::Assign(const std::string& device, Assignment assignment) {
  auto& known = assignments_[device];
  if (known == assignment) return;
  known = std::move(assignment);
  events_.changed();
}

void Devices::Unassign(const std::string& device) {
  if (assignments_.erase(device) > 0) events_.changed();
}

Result<std::string> Devices::Find(const v1::McuHost& host) const {
  std::vector<const Device*> fitting;
  std::string there;
  std::string fit;
  for (const auto& [id, device] : devices_) {
    if (device->state == Device::State::kAbsent) continue;
    there += fmt::format("{}{} {}", there.empty() ? "" : ", ", device->type->name, id);
    const bool type_fits = device->type->name == host.board();
    if (type_fits && (host.serial_number().empty() || host.serial_number() == device->info.serial_number)) {
      fitting.push_back(device.get());
      fit += fmt::format("{}{} at {}", fit.empty() ? "" : ", ", id, device->info.name);
    }
  }
  const std::string wanted =
      host.board() + (host.serial_number().empty() ? "" : " with serial number " + host.serial_number());
  if (fitting.empty()) {
    return Error{Code::kNotFound,
                 fmt::format("no {} is plugged in; there is {}", wanted, there.empty() ? "no board" : there)};
  }
  if (fitting.size() > 1) {
    return Error{Code::kConflict, fmt::format("several boards fit {} ({}); {}", wanted, fit,
                                              host.serial_number().empty() ? "give the serial_number of one"
                                                                           : "leave only one of them plugged in")};
  }
  return fitting.front()->id;
}

std::string Devices::PortOf(const std::string& device) const {
  const auto found = devices_.find(device);
  return found == devices_.end() ? "" : found->second->info.name;
}

}  // namespace motley::agent
