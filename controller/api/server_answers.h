#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "controller/api/exchange.h"

namespace motley::controller {

// What the server itself answers, without asking the handler.

HttpAnswer BodyTooLarge(std::uint64_t limit_bytes, std::optional<std::uint64_t> length_bytes);
HttpAnswer HeadTooLarge(std::uint64_t limit_bytes);
HttpAnswer NotHttp(const std::string& why);
HttpAnswer OutOfRange(const std::string& range, std::uint64_t size_bytes);
HttpAnswer NoAnswer(std::chrono::milliseconds waited);
HttpAnswer TurnedAway(std::size_t max_connections);
HttpAnswer Stopping();
Error BrokenBody(const std::string& why);

enum class Reuse { kKeep, kClose };

/// Status line and header fields of `answer`, with the empty line that ends them.
std::string FormatHead(const HttpAnswer& answer, std::uint64_t length_bytes, Reuse reuse);

}  // namespace motley::controller
