#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace motley {

/// The last part of a topic: motley/v1/<fleet>/<gateway>/<channel>.
enum class Channel { kDesired, kCommand, kAck, kReported, kPresence, kTelemetry, kLog };

std::string_view ChannelName(Channel channel);

/// "motley/v1/<fleet>/<gateway>/<channel>"; "+" as the gateway makes a filter over all.
std::string TopicOf(std::string_view fleet, std::string_view gateway, Channel channel);

struct TopicParts {
  std::string gateway;
  Channel channel;
};

/// Nothing for a topic that is not of this fleet and form.
std::optional<TopicParts> ParseTopic(std::string_view fleet, std::string_view topic);

}  // namespace motley
