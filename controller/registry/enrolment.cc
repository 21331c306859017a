// Registry: tokens and credentials. Both are kept as digests only.
#include "common/crypto/digest.h"
#include "common/log/log.h"
#include "controller/registry/registry.h"
#include "controller/store/column.h"

namespace motley::controller {
namespace {

constexpr std::size_t kTokenBytes = 32;
/// An agent's own facts; more is not from an agent of ours.
constexpr std::size_t kMaxContextBytes = std::size_t{64} * 1024;

using google::protobuf::util::TimeUtil;

}  // namespace

Result<v1::AddGatewayReply> Registry::MakeToken(const Twin& twin) {
  const std::string secret = RandomHex(kTokenBytes);
  TokenRecord token{.digest = Sha256(secret), .gateway_number = twin.record.number};
  token.expires_us = WallMicros(loop_) + std::chrono::microseconds(options_.token_life).count();
  TRY(store_.gateways().ReplaceToken(token));
  v1::AddGatewayReply reply;
  *reply.mutable_gateway() = Describe(twin);
  reply.set_enrolment_token(secret);
  *reply.mutable_token_expires_at() = FromMicros(token.expires_us);
  return reply;
}

Result<v1::AddGatewayReply> Registry::NewToken(const std::string& gateway) {
  TRY_ASSIGN(const Twin* twin, Get(gateway));
  return MakeToken(*twin);
}

Result<v1::EnrolReply> Registry::Enrol(const v1::EnrolRequest& request) {
  if (!IsDigest(request.credential_digest())) {
    return Error{Code::kInvalid, "credential_digest \"" + request.credential_digest().substr(0, 80) +
                                     "\" is no digest; give \"sha256:\" and 64 hexadecimal digits"};
  }
  if (request.context().ByteSizeLong() > kMaxContextBytes) {
    return Error{Code::kInvalid, "the context of " + std::to_string(request.context().ByteSizeLong()) +
                                     " bytes is over the limit of " + std::to_string(kMaxContextBytes)};
  }
  TRY_ASSIGN(const auto token, store_.gateways().FindToken(Sha256(request.token())));
  if (!token) {
    return Error{Code::kDenied,
                 "the enrolment token is not known here; make a new one with `motley gateway token GATEWAY`"};
  }
  TRY_ASSIGN(Twin * twin, Get(token->gateway));
  return EnrolWith(*token, *twin, request);
}

Result<v1::EnrolReply> Registry::EnrolWith(const TokenRecord& token, Twin& twin, const v1::EnrolRequest& request) {
  const std::string way_out = "; make a new one with `motley gateway token " + twin.id() + "`";
  v1::EnrolReply reply;
  reply.set_gateway(twin.id());
  reply.set_fleet(options_.fleet);
  reply.set_broker_url(options_.broker_url);
  if (token.used_us != 0) {
    // The answer was lost on its way, or somebody else has the token too.
    if (token.credential_digest == request.credential_digest() &&
        twin.record.credential_digest == request.credential_digest()) {
      return reply;
    }
    return Error{Code::kConflict, "the enrolment token was already used by gateway " + twin.id() + " at " +
                                      TimeUtil::ToString(FromMicros(token.used_us)) + way_out};
  }
  const std::int64_t now = WallMicros(loop_);
  if (token.expires_us < now) {
    return Error{Code::kDenied, "the enrolment token of gateway " + twin.id() + " expired at " +
                                    TimeUtil::ToString(FromMicros(token.expires_us)) + way_out};
  }
  if (const auto other = credentials_.find(request.credential_digest());
      other != credentials_.end() && other->second != twin.id()) {
    return Error{Code::kConflict, "the credential is in use by gateway " + other->second +
                                      "; was the agent's state folder copied? Empty it and enrol anew"};
  }
  TRY(store_.Atomically([&]() -> Result<void> {
    TRY(store_.gateways().UseToken(token.digest, request.credential_digest(), now));
    return store_.gateways().SetEnrolled(twin.record.number, request.credential_digest(), request.context(), now);
  }));
  credentials_.erase(twin.record.credential_digest);
  credentials_[request.credential_digest()] = twin.id();
  twin.record.credential_digest = request.credential_digest();
  twin.record.enrolled_context = request.context();
  *twin.record.gateway.mutable_enrolled_at() = FromMicros(now);
  not_enrolled_.Erase(twin.id());
  LogInfo("gateway {} is enrolled", twin.id());
  UpdateView(twin);
  return reply;
}

Result<std::string> Registry::Authenticate(std::string_view secret) const {
  const auto found = credentials_.find(Sha256(secret));
  if (found == credentials_.end()) {
    return Error{Code::kDenied,
                 "the credential is not known here; enrol the agent with a token from"
                 " `motley gateway token GATEWAY`"};
  }
  return found->second;
}

}  // namespace motley::controller
