#include "common/mqtt/topics.h"

#include <array>

namespace motley {
namespace {

constexpr std::string_view kRoot = "motley/v1/";
constexpr std::array<std::string_view, 7> kNames{"desired",  "command",   "ack", "reported",
                                                 "presence", "telemetry", "log"};

}  // namespace

std::string_view ChannelName(Channel channel) { return kNames[static_cast<std::size_t>(channel)]; }

std::string TopicOf(std::string_view fleet, std::string_view gateway, Channel channel) {
  std::string topic(kRoot);
  topic.append(fleet).append("/").append(gateway).append("/").append(ChannelName(channel));
  return topic;
}

std::optional<TopicParts> ParseTopic(std::string_view fleet, std::string_view topic) {
  const std::string prefix = std::string(kRoot) + std::string(fleet) + "/";
  if (!topic.starts_with(prefix)) return std::nullopt;
  topic.remove_prefix(prefix.size());
  const auto slash = topic.find('/');
  if (slash == 0 || slash == std::string_view::npos) return std::nullopt;
  const std::string_view name = topic.substr(slash + 1);
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return TopicParts{std::string(topic.substr(0, slash)), static_cast<Channel>(i)};
  }
  return std::nullopt;
}

}  // namespace motley
