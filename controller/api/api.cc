#include "controller/api/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "common/crypto/digest.h"
#include "controller/api/answer.h"

namespace motley::controller {
namespace {

constexpr std::uint64_t kMaxJsonBytes = 8 * 1024 * 1024;
/// About 5 ms of the loop's time.
constexpr int kManyAssignments = 2000;

/// What stands for the {names} when `segments` fit `pattern`.
std::optional<std::vector<std::string>> Match(std::string_view pattern, const std::vector<std::string>& segments) {
  std::vector<std::string> arguments;
  for (const std::string& segment : segments) {
    if (pattern.empty()) return std::nullopt;
    pattern.remove_prefix(1);
    const auto end = std::min(pattern.find('/'), pattern.size());
    const std::string_view part = pattern.substr(0, end);
    pattern.remove_prefix(end);
    if (part.starts_with('{')) {
      if (segment.empty()) return std::nullopt;
      arguments.push_back(segment);
    } else if (part != segment) {
      return std::nullopt;
    }
  }
  if (!pattern.empty()) return std::nullopt;
  return arguments;
}

bool Contains(std::string_view names, std::string_view name) {
  while (!names.empty()) {
    const auto end = std::min(names.find(' '), names.size());
    if (names.substr(0, end) == name) return true;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return false;
}

struct Found {
  const Route* route = nullptr;
  std::vector<std::string> arguments;
  /// Methods that the path has, where it has not the one that was asked for.
  std::string allowed;
};

Found FindRoute(const HttpRequest& request) {
  Found found;
  const Route* get = nullptr;
  for (const Route& route : Routes()) {
    auto arguments = Match(route.pattern, request.segments);
    if (!arguments) continue;
    if (route.method == request.method) return {&route, *std::move(arguments), {}};
    if (route.method == "GET") {
      get = &route;
      found.arguments = *std::move(arguments);
    }
    if (!found.allowed.empty()) found.allowed += ", ";
    found.allowed += route.method;
  }
  // The server leaves out the body.
  if (request.method == "HEAD") found.route = get;
  return found;
}

HttpAnswer NoSuchRoute(const HttpRequest& request, const std::string& allowed) {
  if (allowed.empty()) {
    return ErrorAnswer(
        {Code::kNotFound,
         fmt::format("there is nothing at \"{}\": GET /v1/openapi.json lists what there is", request.path)});
  }
  HttpAnswer answer = ErrorAnswer(
      {Code::kInvalid, fmt::format("\"{}\" has no method {}, only {}", request.path, request.method, allowed)}, 405);
  answer.headers.emplace_back("Allow", allowed);
  return answer;
}

std::optional<HttpAnswer> CheckQuery(const Route& route, const HttpRequest& request) {
  for (const auto& [name, value] : request.query) {
    if (Contains(route.query, name)) continue;
    const std::string known = route.query.empty() ? "none is known here" : fmt::format("known are: {}", route.query);
    return ErrorAnswer({Code::kInvalid, fmt::format("unknown query parameter \"{}\" ({})", name, known)});
  }
  return std::nullopt;
}

}  // namespace

Api::Api(Loop& loop, Core& core, Options options) : loop_(loop), core_(core), options_(std::move(options)) {
  CHECK(!options_.admin_token.empty());
}

Admission Api::Admit(const HttpRequest& head) {
  Admission admission;
  const Found found = FindRoute(head);
  if (found.route == nullptr) {
    admission.refusal = NoSuchRoute(head, found.allowed);
    return admission;
  }
  const Route& route = *found.route;
  admission.refusal = Authorize(route, head);
  if (!admission.refusal) admission.refusal = CheckQuery(route, head);
  if (route.body == BodyKind::kJson) admission.body_limit_bytes = kMaxJsonBytes;
  if (route.body == BodyKind::kArtifact) {
    if (!admission.refusal && !IsDigest(found.arguments.at(0))) {
      admission.refusal = ErrorAnswer(
          {Code::kInvalid,
           fmt::format("\"{}\" is not a digest: sha256: and 64 lower-case hexadecimal digits", found.arguments[0])});
    }
    admission.body_limit_bytes = options_.artifact_limit_bytes;
    admission.upload_folder = core_.upload_folder();
  }
  return admission;
}

void Api::Handle(HttpRequest request, Responder respond) {
  Found found = FindRoute(request);
  CHECK(found.route != nullptr);
  std::string gateway;
  if (found.route->access == Access::kAgent) {
    auto authenticated = core_.Authenticate(request.bearer_token);
    if (!authenticated) return respond(ErrorAnswer(authenticated.error()));
    gateway = *std::move(authenticated);
  }
  found.route->handler(*this, {std::move(request), std::move(found.arguments), std::move(gateway), std::move(respond)});
}

std::optional<HttpAnswer> Api::Authorize(const Route& route, const HttpRequest& head) {
  if (route.access == Access::kAnybody) return std::nullopt;
  if (head.bearer_token.empty()) return Unauthorized(false);
  if (EqualSecrets(head.bearer_token, options_.admin_token)) {
    if (route.access != Access::kAgent) return std::nullopt;
    return ErrorAnswer({Code::kDenied, fmt::format("{} {} is for the agents of gateways alone: this needs a gateway's "
                                                   "credential",
                                                   head.method, head.path)});
  }
  const auto gateway = core_.Authenticate(head.bearer_token);
  if (!gateway && gateway.error().code == Code::kDenied) return Unauthorized(true);
  if (!gateway) return ErrorAnswer(gateway.error());
  if (route.access != Access::kAdmin) return std::nullopt;
  return ErrorAnswer({Code::kDenied, fmt::format("gateway \"{}\" may not {} {}: this needs the administrator's token",
                                                 *gateway, head.method, head.path)});
}

HttpAnswer Api::Unauthorized(bool token_given) const {
  const std::string where =
      fmt::format("the administrator's is in {} on the controller's machine", options_.admin_token_file);
  HttpAnswer answer = ErrorAnswer(
      {Code::kDenied, token_given ? fmt::format("the access token is not known here: {}", where)
                                  : fmt::format("an access token is needed (Authorization: Bearer TOKEN): {}", where)},
      401);
  answer.headers.emplace_back(
      "WWW-Authenticate", token_given ? R"(Bearer realm="motley", error="invalid_token")" : R"(Bearer realm="motley")");
  return answer;
}

void Api::AnswerPlan(Result<v1::Plan> plan, int status, const Responder& respond) {
  if (!plan) return respond(ErrorAnswer(plan.error()));
  if (plan->assignments_size() <= kManyAssignments) return respond(JsonAnswer(*plan, status));
  auto large = std::make_shared<v1::Plan>(*std::move(plan));
  words_.Run(
      [large, status] {
        HttpAnswer answer = JsonAnswer(*large, status);
        // Here, and not on the loop with the last reference.
        v1::Plan().Swap(large.get());
        return answer;
      },
      [respond](HttpAnswer answer) { respond(std::move(answer)); });
}

void Api::Enrol(const ApiCall& call, const v1::EnrolRequest& request) {
  const std::string& caller = call.request.remote_address;
  if (enrol_failures_.IsExhausted(caller, loop_.Now())) {
    HttpAnswer answer = ErrorAnswer(
        {Code::kUnavailable, fmt::format("too many failed attempts to enrol from {}: wait a second", caller)}, 429);
    answer.headers.emplace_back("Retry-After", "1");
    return call.respond(std::move(answer));
  }
  auto reply = core_.Enrol(request);
  if (!reply) {
    enrol_failures_.Count(caller, loop_.Now());
    return call.respond(ErrorAnswer(reply.error()));
  }
  call.respond(JsonAnswer(*reply));
}

}  // namespace motley::controller
