#include "tools/swarm/enroller.h"

#include <google/protobuf/util/json_util.h>

#include <utility>

#include "common/crypto/digest.h"
#include "motley/v1/api.pb.h"
#include "tools/motley/controller_api.h"
#include "tools/swarm/machine.h"

namespace motley::swarm {
namespace {

/// The controller stores one after another: more would only wait there.
constexpr int kLanes = 4;

/// The connections of one lane. Its worker only.
class Calls {
 public:
  explicit Calls(HttpClientOptions controller) : controller_(std::move(controller)) {}

  Result<Enrolled> Enrol(const Attributes& machine, Existing existing) {
    // An answer may be lost on its way: then the same question gives the same answer.
    Ticket& ticket = tickets_[machine.gateway];
    if (ticket.token.empty()) {
      TRY_ASSIGN(ticket.token, TokenFor(machine, existing));
    }
    v1::EnrolRequest request;
    request.set_token(ticket.token);
    request.set_credential_digest(ticket.credential_digest);
    *request.mutable_context() = ContextOf(machine);
    google::protobuf::util::JsonPrintOptions print;
    print.preserve_proto_field_names = true;
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(request, &json, print).ok()) {
      return Error{Code::kInvalid, "gateway " + machine.gateway + ": its attributes are not all UTF-8"};
    }
    TRY_ASSIGN(const std::string body, agent_->Call("POST", "/v1/enrol", json).While("enrol " + machine.gateway));
    v1::EnrolReply reply;
    google::protobuf::util::JsonParseOptions parse;
    parse.ignore_unknown_fields = true;
    if (!google::protobuf::util::JsonStringToMessage(body, &reply, parse).ok() || reply.gateway().empty()) {
      return Error{Code::kCorrupt, controller_.base_url + " did not answer as a controller does"};
    }
    tickets_.erase(machine.gateway);
    return Enrolled{reply.gateway(), reply.fleet(), reply.broker_url()};
  }

  Result<void> Remove(const std::string& gateway) {
    TRY(Connect());
    return admin_->RemoveGateway(gateway);
  }

  Result<void> Tag(const std::string& gateway, const std::map<std::string, std::string, std::less<>>& tags) {
    TRY(Connect());
    v1::TagGatewayRequest request;
    for (const auto& [name, value] : tags) (*request.mutable_set())[name] = value;
    TRY(admin_->TagGateway(gateway, request));
    return {};
  }

 private:
  /// Of a gateway whose enrolment is not done yet.
  struct Ticket {
    std::string token;
    std::string credential_digest = Sha256(RandomHex(32));
  };

  Result<void> Connect() {
    if (admin_) return {};
    HttpClientOptions agent = controller_;
    // An agent has no other authentication than its token.
    agent.bearer_token.clear();
    TRY_ASSIGN(agent_, HttpClient::Create(agent));
    TRY_ASSIGN(admin_, cli::ControllerApi::Connect(controller_));
    return {};
  }

  Result<std::string> TokenFor(const Attributes& machine, Existing existing) {
    TRY(Connect());
    v1::AddGatewayRequest request;
    request.set_id(machine.gateway);
    for (const auto& [name, value] : machine.tags) (*request.mutable_tags())[name] = value;
    auto added = admin_->AddGateway(request);
    if (added) return added->enrolment_token();
    if (added.error().code != Code::kConflict) return std::move(added).error();
    if (existing == Existing::kRefuse) {
      return Error{Code::kConflict, "gateway " + machine.gateway +
                                        " exists: give --take-over if it is of an earlier swarm, or another --prefix"};
    }
    TRY(Tag(machine.gateway, machine.tags));
    TRY_ASSIGN(const v1::AddGatewayReply renewed, admin_->RenewToken(machine.gateway));
    return renewed.enrolment_token();
  }

  const HttpClientOptions controller_;
  std::unique_ptr<cli::ControllerApi> admin_;
  std::unique_ptr<HttpClient> agent_;
  std::map<std::string, Ticket> tickets_;
};

}  // namespace

struct Enroller::Lane {
  Lane(Loop& loop, HttpClientOptions controller) : calls(std::move(controller)), worker(loop, "enrol") {}
  Calls calls;
  // Last, so that it ends before what it uses.
  Worker worker;
};

Enroller::Enroller(Loop& loop, HttpClientOptions controller, Existing existing) : existing_(existing) {
  for (int i = 0; i < kLanes; ++i) lanes_.push_back(std::make_unique<Lane>(loop, controller));
}

Enroller::~Enroller() = default;

Enroller::Lane& Enroller::LaneOf(const std::string& gateway) {
  return *lanes_[std::hash<std::string>()(gateway) % lanes_.size()];
}

void Enroller::Enrol(const Attributes& machine, std::function<void(Result<Enrolled>)> done) {
  Lane& lane = LaneOf(machine.gateway);
  lane.worker.Run([&calls = lane.calls, machine, existing = existing_] { return calls.Enrol(machine, existing); },
                  std::move(done));
}

void Enroller::Remove(const std::string& gateway, std::function<void(Result<void>)> done) {
  Lane& lane = LaneOf(gateway);
  lane.worker.Run([&calls = lane.calls, gateway] { return calls.Remove(gateway); }, std::move(done));
}

void Enroller::Tag(const std::string& gateway, const std::map<std::string, std::string, std::less<>>& tags,
                   std::function<void(Result<void>)> done) {
  Lane& lane = LaneOf(gateway);
  lane.worker.Run([&calls = lane.calls, gateway, tags] { return calls.Tag(gateway, tags); }, std::move(done));
}

}  // namespace motley::swarm
