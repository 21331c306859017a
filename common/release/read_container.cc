#include <charconv>
#include <optional>

#include "common/release/read_model.h"

namespace motley {
namespace {

using Setter = Reader::Setter;

std::optional<std::uint32_t> PortOf(const std::string& text) {
  std::uint32_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = fault == std::errc() && end == text.data() + text.size();
  return whole && number >= 1 && number <= 65535 ? std::optional(number) : std::nullopt;
}

std::vector<std::string> SplitAtColons(const std::string& text) {
  std::vector<std::string> parts{""};
  for (const char c : text) {
    if (c == ':') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// "[ADDRESS:]HOST_PORT:CONTAINER_PORT[/udp]", as the engines' own programs have it. An IPv6 address is in brackets.
bool ParsePort(const std::string& whole, v1::PortBinding& port) {
  std::string text = whole;
  if (const auto slash = text.find('/'); slash != std::string::npos) {
    port.set_protocol(text.substr(slash + 1));
    if (port.protocol() != "tcp" && port.protocol() != "udp") return false;
    text.erase(slash);
  }
  if (text.starts_with('[')) {
    const auto close = text.find("]:");
    if (close == std::string::npos) return false;
    port.set_host_address(text.substr(1, close - 1));
    text.erase(0, close + 2);
  }
  std::vector<std::string> parts = SplitAtColons(text);
  if (parts.size() == 3 && port.host_address().empty()) {
    port.set_host_address(parts[0]);
    parts.erase(parts.begin());
  }
  if (parts.size() != 2) return false;
  const auto host_port = PortOf(parts[0]);
  const auto container_port = PortOf(parts[1]);
  if (!host_port || !container_port) return false;
  port.set_host_port(*host_port);
  port.set_container_port(*container_port);
  return true;
}

/// "SOURCE:TARGET[:ro|:rw]"
bool ParseMount(const std::string& text, v1::Mount& mount) {
  const std::vector<std::string> parts = SplitAtColons(text);
  if (parts.size() < 2 || parts.size() > 3 || parts[0].empty() || parts[1].empty()) return false;
  if (parts.size() == 3 && parts[2] != "ro" && parts[2] != "rw") return false;
  mount.set_source(parts[0]);
  mount.set_target(parts[1]);
  mount.set_read_only(parts.size() == 3 && parts[2] == "ro");
  return true;
}

/// "PATH[:PATH_IN_CONTAINER[:PERMISSIONS]]"
bool ParseDevice(const std::string& text, v1::DeviceMapping& device) {
  const std::vector<std::string> parts = SplitAtColons(text);
  if (parts.size() > 3) return false;
  for (const std::string& part : parts) {
    if (part.empty()) return false;
  }
  device.set_path_on_host(parts[0]);
  if (parts.size() > 1) device.set_path_in_container(parts[1]);
  if (parts.size() > 2) device.set_permissions(parts[2]);
  return true;
}

/// A list whose items are a short text or a map.
template <typename Item>
Setter ShortOrLong(Reader& reader, google::protobuf::RepeatedPtrField<Item>& items,
                   bool (*parse)(const std::string&, Item&), const char* form,
                   Reader::Setters (*keys)(Reader&, Item&)) {
  return [=, &reader, &items](const YAML::Node& node, const std::string& what) {
    return reader.Items(node, what, [&](const YAML::Node& child) -> Result<void> {
      Item& item = *items.Add();
      if (child.IsMap()) return reader.Keys(child, what, keys(reader, item));
      TRY_ASSIGN(const std::string text, reader.Text(child, what));
      if (parse(text, item)) return {};
      return reader.At(child, what + ": \"" + text + "\" is not " + form + "; or write it with keys and values");
    });
  };
}

Reader::Setters PortKeys(Reader& reader, v1::PortBinding& port) {
  return {{"host_port", reader.PortNumber([&port](auto number) { port.set_host_port(number); })},
          {"container_port", reader.PortNumber([&port](auto number) { port.set_container_port(number); })},
          {"protocol", reader.Choice<std::string>({{"tcp", "tcp"}, {"udp", "udp"}},
                                                  [&port](const std::string& text) { port.set_protocol(text); })},
          {"host_address", reader.String([&port] { return port.mutable_host_address(); })}};
}

Reader::Setters MountKeys(Reader& reader, v1::Mount& mount) {
  return {{"source", reader.String([&mount] { return mount.mutable_source(); })},
          {"target", reader.String([&mount] { return mount.mutable_target(); })},
          {"read_only", reader.Flag([&mount](bool read_only) { mount.set_read_only(read_only); })}};
}

Reader::Setters DeviceKeys(Reader& reader, v1::DeviceMapping& device) {
  return {{"path_on_host", reader.String([&device] { return device.mutable_path_on_host(); })},
          {"path_in_container", reader.String([&device] { return device.mutable_path_in_container(); })},
          {"permissions", reader.String([&device] { return device.mutable_permissions(); })}};
}

}  // namespace

void AddContainerKeys(Reader& reader, v1::ContainerSpec& container, Reader::Setters& setters) {
  setters["image"] = reader.String([&] { return container.mutable_image(); });
  setters["archive"] = reader.Artifact([&] { return container.mutable_archive(); });
  setters["entrypoint"] = reader.TextList(*container.mutable_entrypoint());
  setters["command"] = reader.TextList(*container.mutable_command());
  setters["environment"] = reader.TextMap(*container.mutable_environment());
  setters["ports"] = ShortOrLong<v1::PortBinding>(reader, *container.mutable_ports(), ParsePort,
                                                  "[ADDRESS:]HOST_PORT:CONTAINER_PORT[/udp]", PortKeys);
  setters["mounts"] =
      ShortOrLong<v1::Mount>(reader, *container.mutable_mounts(), ParseMount, "SOURCE:TARGET[:ro]", MountKeys);
  setters["devices"] = ShortOrLong<v1::DeviceMapping>(reader, *container.mutable_devices(), ParseDevice,
                                                      "PATH[:PATH_IN_CONTAINER[:rwm]]", DeviceKeys);
  setters["network"] = reader.String([&] { return container.mutable_network(); });
  setters["labels"] = reader.TextMap(*container.mutable_labels());
  setters["restart"] = Restart(reader, [&](auto restart) { container.set_restart(restart); });
  setters["stop_timeout_ms"] = reader.Milliseconds([&](auto ms) { container.set_stop_timeout_ms(ms); });
  setters["confirm_ms"] = reader.Milliseconds([&](auto ms) { container.set_confirm_ms(ms); });
}

}  // namespace motley
