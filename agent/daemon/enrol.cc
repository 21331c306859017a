#include "agent/daemon/enrol.h"

#include <google/protobuf/util/json_util.h>

#include "common/crypto/digest.h"
#include "common/http/client.h"
#include "motley/v1/api.pb.h"

namespace motley::agent {

Result<Identity> Enrol(const Config& config, const v1::Context& context, const std::string& secret) {
  if (config.controller_url.empty() || config.token.empty()) {
    return Error{Code::kInvalid,
                 "this gateway is not enrolled yet: start once with --controller URL and --token TOKEN, as "
                 "`motley gateway add` on the controller prints them"};
  }
  v1::EnrolRequest request;
  request.set_token(config.token);
  request.set_credential_digest(Sha256(secret));
  *request.mutable_context() = context;
  google::protobuf::util::JsonPrintOptions print;
  print.preserve_proto_field_names = true;
  std::string json;
  CHECK(google::protobuf::util::MessageToJsonString(request, &json, print).ok());

  HttpClientOptions options;
  options.base_url = config.controller_url;
  options.ca_file = config.ca_file;
  TRY_ASSIGN(const auto client, HttpClient::Create(options));
  TRY_ASSIGN(const std::string body, client->Call("POST", "/v1/enrol", json).While("enrol"));
  v1::EnrolReply reply;
  google::protobuf::util::JsonParseOptions parse;
  parse.ignore_unknown_fields = true;
  if (!google::protobuf::util::JsonStringToMessage(body, &reply, parse).ok() || reply.gateway().empty()) {
    return Error{Code::kCorrupt, config.controller_url + " did not answer as a controller does; is the address right?"};
  }
  return Identity{reply.gateway(), reply.fleet(), reply.broker_url(), config.controller_url, secret};
}

bool IsTemporary(const Error& error) { return error.code == Code::kUnavailable || error.code == Code::kTimeout; }

}  // namespace motley::agent
