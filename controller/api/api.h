#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/loop/loop.h"
#include "common/loop/worker.h"
#include "controller/api/core.h"
#include "controller/api/exchange.h"
#include "controller/api/rate_limit.h"

namespace motley::controller {

enum class Access {
  kAdmin,         ///< The administrator's token.
  kAdminOrAgent,  ///< That, or the credential of any gateway.
  kAgent,         ///< The credential of a gateway.
  kAnybody,
};

enum class BodyKind { kNone, kJson, kArtifact };

class Api;

/// A request that found its route.
struct ApiCall {
  HttpRequest request;
  /// What stands for the {names} of the pattern, in their order.
  std::vector<std::string> arguments;
  /// Whose credential came, for routes of agents.
  std::string gateway;
  Responder respond;
};

/// One row of the interface. The OpenAPI document says the same in its words; a test holds them together.
struct Route {
  std::string_view method;
  /// "/v1/gateways/{gateway}".
  std::string_view pattern;
  Access access;
  BodyKind body;
  /// Names of query parameters, separated by spaces; others are refused.
  std::string_view query;
  void (*handler)(Api&, ApiCall);
};

std::span<const Route> Routes();

/// The OpenAPI 3.1 document.
std::string_view OpenApiDocument();

/// The REST interface: finds the route, checks the token, reads the body, asks the core. Loop thread only.
class Api : public HttpHandler {
 public:
  struct Options {
    std::string admin_token;
    /// Says in messages where the token is.
    std::string admin_token_file;
    std::uint64_t artifact_limit_bytes = std::uint64_t{2} * 1024 * 1024 * 1024;
  };

  /// `loop` and `core` outlive this object.
  Api(Loop& loop, Core& core, Options options);

  Admission Admit(const HttpRequest& head) override;
  void Handle(HttpRequest request, Responder respond) override;

  Core& core() { return core_; }

  /// Answers with the plan. One of many gateways is put into words on a worker, so that the loop goes on meanwhile.
  void AnswerPlan(Result<v1::Plan> plan, int status, const Responder& respond);

  /// Enrols, unless the caller failed too often.
  void Enrol(const ApiCall& call, const v1::EnrolRequest& request);

 private:
  /// Whether the caller may use the route; else what to tell it.
  std::optional<HttpAnswer> Authorize(const Route& route, const HttpRequest& head);
  HttpAnswer Unauthorized(bool token_given) const;

  Loop& loop_;
  Core& core_;
  const Options options_;
  FailureLimit enrol_failures_;
  Worker words_{loop_, "answers"};
};

}  // namespace motley::controller
