#include "tools/motley/location.h"

#include <fmt/format.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "common/files/files.h"

namespace motley::cli {
namespace {

// Both files are a line.
constexpr std::uint64_t kMaxFileBytes = 4096;

std::vector<std::string> StateFolders(const LocationOptions& options) {
  if (!options.state.empty()) return {options.state};
  std::vector<std::string> folders;
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0')
    folders.push_back(std::string(state) + "/motley-controller");
  else if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
    folders.push_back(std::string(home) + "/.local/state/motley-controller");
  folders.push_back("/var/lib/motley-controller");
  return folders;
}

// The first folder that a controller has run in.
Result<std::string> FindState(const LocationOptions& options) {
  std::string tried;
  for (const std::string& folder : StateFolders(options)) {
    if (access((folder + "/controller.json").c_str(), F_OK) == 0) return folder;
    tried += (tried.empty() ? "" : " and ") + folder;
  }
  return Error{
      Code::kInvalid,
      fmt::format("which controller? There is no controller.json in {}: start motley-controller, give its state "
                  "folder by --state DIR, or --controller URL with --token-file FILE",
                  tried)};
}

Result<std::string> ReadUrl(const std::string& folder) {
  const std::string path = folder + "/controller.json";
  TRY_ASSIGN(const std::string text, ReadFile(path, kMaxFileBytes));
  google::protobuf::Struct file;
  const auto parsed = google::protobuf::util::JsonStringToMessage(text, &file);
  const auto url = file.fields().find("url");
  if (!parsed.ok() || url == file.fields().end() || url->second.string_value().empty())
    return Error{Code::kCorrupt, fmt::format("{} names no url; restart motley-controller, which writes it", path)};
  return url->second.string_value();
}

Result<std::string> ReadToken(const std::string& path) {
  TRY_ASSIGN(const std::string text, ReadFile(path, kMaxFileBytes));
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return Error{Code::kInvalid, fmt::format("the token file {} is empty", path)};
  const std::string token = text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
  if (token.find_first_of(" \t\r\n") != std::string::npos)
    return Error{Code::kInvalid, fmt::format("the token file {} holds more than one word; it is no token", path)};
  return token;
}

}  // namespace

Result<HttpClientOptions> LocateController(const LocationOptions& options) {
  HttpClientOptions http;
  http.ca_file = options.ca_file;
  http.base_url = options.controller;
  std::string token_file = options.token_file;
  if (http.base_url.empty() || token_file.empty()) {
    const auto folder = FindState(options);
    if (!folder && (http.base_url.empty() || !options.state.empty())) return folder.error();
    std::string url;
    if (folder) {
      TRY_ASSIGN(url, ReadUrl(*folder));
    }
    if (http.base_url.empty()) http.base_url = url;
    // --state says that this very controller is meant, whatever name it has in --controller.
    if (token_file.empty() && (http.base_url == url || !options.state.empty())) token_file = *folder + "/admin.token";
  }
  if (token_file.empty()) {
    return Error{Code::kInvalid, fmt::format("no token for the controller at {}: give --token-file FILE with a copy of "
                                             "the admin.token in its state folder",
                                             http.base_url)};
  }
  TRY_ASSIGN(http.bearer_token, ReadToken(token_file));
  return http;
}

}  // namespace motley::cli
