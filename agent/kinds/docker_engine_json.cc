#include "agent/kinds/docker_engine_json.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "agent/supervise/log_reader.h"

namespace motley::agent {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

constexpr std::size_t kMaxMessageBytes = 1000;
constexpr std::size_t kMaxProgressLine = 256 * 1024;
constexpr std::size_t kMaxLogLine = 500;
// An archive with more images than this is no component.
constexpr std::size_t kMaxLoadedImages = 1000;

Error Odd(const std::string& what) {
  return {Code::kCorrupt, "the container engine gave an answer that makes no sense: " + what};
}

Result<Json> Parse(std::string_view text) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Odd("it is no JSON");
  return json;
}

/// What is at `path`, "/State/Status" say; null where it is not.
const Json& At(const Json& json, const char* path) {
  static const Json& nothing = *new Json;
  const Json::json_pointer pointer(path);
  return json.contains(pointer) ? json.at(pointer) : nothing;
}

Result<std::string> TextAt(const Json& json, const char* path) {
  const Json& value = At(json, path);
  if (!value.is_string()) return Odd(std::string(path) + " is no text");
  return value.get<std::string>();
}

std::string TextOr(const Json& json, const char* path, std::string_view otherwise) {
  const Json& value = At(json, path);
  return value.is_string() ? value.get<std::string>() : std::string(otherwise);
}

std::int64_t NumberOr(const Json& json, const char* path, std::int64_t otherwise) {
  const Json& value = At(json, path);
  return value.is_number_integer() ? value.get<std::int64_t>() : otherwise;
}

bool FlagAt(const Json& json, const char* path) {
  const Json& value = At(json, path);
  return value.is_boolean() && value.get<bool>();
}

std::map<std::string, std::string> LabelsAt(const Json& json, const char* path) {
  std::map<std::string, std::string> labels;
  const Json& value = At(json, path);
  for (const auto& [name, label] : value.items()) {
    if (value.is_object() && label.is_string()) labels[name] = label.get<std::string>();
  }
  return labels;
}

std::string WithoutSlash(std::string name) {
  if (name.starts_with('/')) name.erase(0, 1);
  return name;
}

// 0 and what is absent mean the default in both engines.
milliseconds DurationAt(const Json& json, const char* path, milliseconds otherwise) {
  const std::int64_t nanoseconds = NumberOr(json, path, 0);
  if (nanoseconds <= 0) return otherwise;
  return std::chrono::duration_cast<milliseconds>(std::chrono::nanoseconds(nanoseconds));
}

std::optional<ContainerHealth> HealthOf(const Json& json) {
  const std::string status = TextOr(json, "/State/Health/Status", "");
  // Docker leaves it out where there is no check, Podman leaves it empty; "none" is a check that was switched off.
  if (status.empty() || status == "none") return std::nullopt;
  ContainerHealth health;
  if (status == "healthy") health.status = ContainerHealth::Status::kHealthy;
  if (status == "unhealthy") health.status = ContainerHealth::Status::kUnhealthy;
  const Json& log = At(json, "/State/Health/Log");
  if (log.is_array() && !log.empty()) health.output = ToUtf8(TextOr(log.back(), "/Output", ""));
  while (!health.output.empty() && (health.output.back() == '\n' || health.output.back() == ' ')) {
    health.output.pop_back();
  }
  health.interval = DurationAt(json, "/Config/Healthcheck/Interval", milliseconds(30'000));
  const milliseconds timeout = DurationAt(json, "/Config/Healthcheck/Timeout", milliseconds(30'000));
  const std::int64_t retries = std::clamp<std::int64_t>(NumberOr(json, "/Config/Healthcheck/Retries", 0), 0, 1000);
  health.verdict_after = DurationAt(json, "/Config/Healthcheck/StartPeriod", milliseconds(0)) +
                         (retries == 0 ? 3 : retries) * (health.interval + timeout);
  return health;
}

Result<ContainerDetails::Status> StatusOf(const Json& json) {
  using Status = ContainerDetails::Status;
  static const auto& known = *new std::map<std::string, Status, std::less<>>{
      {"created", Status::kCreated},   {"configured", Status::kCreated}, {"initialized", Status::kCreated},
      {"running", Status::kRunning},   {"paused", Status::kPaused},      {"restarting", Status::kRestarting},
      {"stopping", Status::kStopping}, {"exited", Status::kEnded},       {"stopped", Status::kEnded},
      {"removing", Status::kBroken},   {"dead", Status::kBroken},        {"unknown", Status::kBroken},
  };
  TRY_ASSIGN(const std::string text, TextAt(json, "/State/Status"));
  const auto found = known.find(text);
  return found == known.end() ? Status::kBroken : found->second;
}

// "2026-11-24T12:12:05.177699631Z", or an offset in place of the Z; the year 1 where it never was.
std::optional<std::chrono::system_clock::time_point> TimeOf(const std::string& text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, read = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second, &read) !=
      6) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || year < 1970) return std::nullopt;
  std::chrono::system_clock::time_point time = std::chrono::sys_days(date);
  time += std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
  const auto zone = text.find_first_of("Z+-", static_cast<std::size_t>(read));
  int offset_hours = 0, offset_minutes = 0;
  if (zone == std::string::npos || text[zone] == 'Z') return time;
  if (std::sscanf(text.c_str() + zone + 1, "%2d:%2d", &offset_hours, &offset_minutes) != 2) return std::nullopt;
  const auto offset = std::chrono::hours(offset_hours) + std::chrono::minutes(offset_minutes);
  return text[zone] == '+' ? time - offset : time + offset;
}

std::string Shortened(std::string text) {
  if (text.size() > kMaxMessageBytes) text = text.substr(0, kMaxMessageBytes) + "...";
  return ToUtf8(text);
}

Code CodeOf(int status, const std::string& message) {
  if (status == 404) return Code::kNotFound;
  // Podman answers 500 where a name is taken.
  if (status == 409 || message.find("name is already in use") != std::string::npos) return Code::kConflict;
  if (status == 401 || status == 403) return Code::kDenied;
  return status < 500 ? Code::kInvalid : Code::kUnavailable;
}

}  // namespace

Result<EngineVersion> ParseVersion(std::string_view text) {
  TRY_ASSIGN(const Json json, Parse(text));
  EngineVersion version;
  TRY_ASSIGN(version.number, TextAt(json, "/Version"));
  version.number.erase(std::min(version.number.find('+'), version.number.size()));
  const Json& components = At(json, "/Components");
  for (const Json& component : components) {
    if (TextOr(component, "/Name", "") == "Podman Engine") version.type = EngineVersion::Type::kPodman;
  }
  return version;
}

Result<std::string> ParseId(std::string_view text) {
  TRY_ASSIGN(const Json json, Parse(text));
  TRY_ASSIGN(std::string id, TextAt(json, "/Id"));
  if (id.empty()) return Odd("an id is empty");
  return id;
}

Result<std::set<std::string>> ParseImageIds(std::string_view text) {
  TRY_ASSIGN(const Json json, Parse(text));
  if (!json.is_array()) return Odd("the images are no list");
  std::set<std::string> ids;
  for (const Json& image : json) {
    TRY_ASSIGN(std::string id, TextAt(image, "/Id"));
    ids.insert(std::move(id));
  }
  return ids;
}

Result<ContainerDetails> ParseContainer(std::string_view text) {
  TRY_ASSIGN(const Json json, Parse(text));
  ContainerDetails details;
  TRY_ASSIGN(details.id, TextAt(json, "/Id"));
  TRY_ASSIGN(details.name, TextAt(json, "/Name"));
  details.name = WithoutSlash(std::move(details.name));
  TRY_ASSIGN(details.image_id, TextAt(json, "/Image"));
  TRY_ASSIGN(details.status, StatusOf(json));
  details.labels = LabelsAt(json, "/Config/Labels");
  details.oom_killed = FlagAt(json, "/State/OOMKilled");
  details.exit_code = static_cast<int>(NumberOr(json, "/State/ExitCode", 0));
  details.error = Shortened(TextOr(json, "/State/Error", ""));
  details.pid = static_cast<std::uint32_t>(std::max<std::int64_t>(0, NumberOr(json, "/State/Pid", 0)));
  details.started_at = TextOr(json, "/State/StartedAt", "");
  details.started = TimeOf(details.started_at);
  details.restarts = static_cast<std::uint32_t>(std::max<std::int64_t>(0, NumberOr(json, "/RestartCount", 0)));
  details.memory_bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, NumberOr(json, "/HostConfig/Memory", 0)));
  if (At(json, "/SizeRw").is_number_integer()) {
    details.size_bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, NumberOr(json, "/SizeRw", 0)));
  }
  details.health = HealthOf(json);
  return details;
}

Result<std::vector<ContainerSummary>> ParseContainers(std::string_view text) {
  TRY_ASSIGN(const Json json, Parse(text));
  if (!json.is_array()) return Odd("the containers are no list");
  std::vector<ContainerSummary> containers;
  for (const Json& item : json) {
    ContainerSummary container;
    TRY_ASSIGN(container.id, TextAt(item, "/Id"));
    TRY_ASSIGN(container.image_id, TextAt(item, "/ImageID"));
    container.name = WithoutSlash(TextOr(item, "/Names/0", ""));
    container.labels = LabelsAt(item, "/Labels");
    containers.push_back(std::move(container));
  }
  return containers;
}

Error ErrorOfAnswer(int status, std::string_view body) {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  std::string message = json.is_object() ? TextOr(json, "/message", "") : "";
  if (message.empty()) message = "status " + std::to_string(status);
  message = Shortened(std::move(message));
  const Code code = CodeOf(status, message);
  return {code, "the container engine says: " + message};
}

Result<void> ProgressReader::Add(std::string_view piece) {
  rest_ += piece;
  std::size_t begin = 0;
  for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', begin)) {
    TRY(Line(std::string_view(rest_).substr(begin, end - begin)));
    begin = end + 1;
  }
  rest_.erase(0, begin);
  if (rest_.size() > kMaxProgressLine) return Odd("a line of its progress is longer than 256 KiB");
  return {};
}

Result<void> ProgressReader::Finish() { return Line(std::exchange(rest_, "")); }

Result<void> ProgressReader::Line(std::string_view line) {
  if (line.find_first_not_of(" \r\t") == std::string_view::npos) return {};
  TRY_ASSIGN(const Json json, Parse(line));
  if (const std::string error = TextOr(json, "/error", ""); !error.empty()) {
    return Error{Code::kUnavailable, "the container engine says: " + Shortened(error)};
  }
  std::string text = TextOr(json, "/stream", "");
  for (const std::string_view start : {"Loaded image: ", "Loaded image ID: "}) {
    if (!text.starts_with(start)) continue;
    std::string name;
    for (const char c : text.substr(start.size()) + ",") {
      if (c != ',' && c != '\n') {
        name += c;
      } else if (!name.empty() && loaded_.size() < kMaxLoadedImages) {
        loaded_.push_back(std::exchange(name, ""));
      }
    }
  }
  return {};
}

std::vector<std::string> ParseLogLines(std::string_view body) {
  std::string text;
  // A frame: stream (0, 1 or 2), three zeros, length (big-endian), and so many bytes.
  const bool framed =
      body.size() >= 8 && body[0] >= 0 && body[0] <= 2 && body.substr(1, 3) == std::string_view("\0\0", 3);
  while (framed && body.size() >= 8) {
    std::size_t length = 0;
    for (int i = 4; i < 8; ++i) length = length << 8 | static_cast<unsigned char>(body[static_cast<std::size_t>(i)]);
    text += body.substr(8, length);
    body.remove_prefix(std::min(body.size(), 8 + length));
  }
  if (!framed) text = body;
  std::vector<std::string> lines;
  std::string line;
  for (const char c : text + "\n") {
    if (c != '\n') {
      const bool printable = static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
      if (c != '\r' && line.size() < kMaxLogLine) line += printable ? c : '?';
    } else if (!line.empty()) {
      lines.push_back(ToUtf8(std::exchange(line, "")));
    }
  }
  return lines;
}

std::string LabelFilter(const std::map<std::string, std::string>& labels) {
  Json wanted = Json::array();
  for (const auto& [name, value] : labels) wanted.push_back(name + "=" + value);
  return Json({{"label", wanted}}).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string RestartPolicyUpdate(const std::string& policy) {
  return Json({{"RestartPolicy", {{"Name", policy}}}}).dump();
}

ImageName SplitReference(const std::string& reference) {
  if (reference.find('@') != std::string::npos) return {reference, ""};
  const auto slash = reference.rfind('/');
  const auto colon = reference.find(':', slash == std::string::npos ? 0 : slash);
  if (colon == std::string::npos) return {reference, "latest"};
  return {reference.substr(0, colon), reference.substr(colon + 1)};
}

}  // namespace motley::agent
