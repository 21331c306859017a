#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/sql/database.h"
#include "motley/v1/api.pb.h"

namespace motley::controller {

/// A gateway as it is stored.
struct GatewayRecord {
  /// Never given to another gateway, not even to a later one with the same id.
  std::int64_t number = 0;
  /// Without `in_sync` and `problems`; `reported` is a summary without components and devices.
  v1::Gateway gateway;
  /// What the agent said of itself when it enrolled.
  v1::Context enrolled_context;
  /// "sha256:<hex>"; empty until the agent enrolled.
  std::string credential_digest;
  /// The highest revision that an earlier gateway with this id was given.
  std::uint64_t revision_floor = 0;
};

/// An enrolment token.
struct TokenRecord {
  std::string digest;
  std::int64_t gateway_number = 0;
  /// Filled in by FindToken.
  std::string gateway;
  std::int64_t expires_us = 0;
  /// 0: not used yet.
  std::int64_t used_us = 0;
  std::string credential_digest;
};

/// An id whose gateway was removed.
struct RetiredGateway {
  std::string id;
  std::uint64_t last_revision = 0;
};

/// Gateways, their tags, tokens, desired state and presence. Loop thread only. Errors of all calls: as Database.
class GatewayStore {
 public:
  explicit GatewayStore(Database& database) : database_(database) {}

  /// All gateways, by id.
  Result<void> LoadAll(const std::function<void(GatewayRecord)>& each);

  /// Stores id, tags and creation time. The gateway's number. Errors: kConflict (id exists).
  Result<std::int64_t> Insert(const v1::Gateway& gateway, std::uint64_t revision_floor);
  /// Forgets the gateway, and keeps its id as retired. Its telemetry is trimmed later.
  Result<void> Remove(std::int64_t number, const RetiredGateway& retired, std::int64_t now_us);
  Result<void> SetTags(std::int64_t number, const google::protobuf::Map<std::string, std::string>& tags);
  Result<void> SetEnrolled(std::int64_t number, std::string_view credential_digest, const v1::Context& context,
                           std::int64_t now_us);
  Result<void> SetDesired(std::int64_t number, const v1::DesiredState& desired);
  Result<void> SetPresence(std::int64_t number, bool online, std::int64_t since_us);

  /// Ids whose retained messages may still be at the broker.
  Result<std::vector<std::string>> Uncleared();
  Result<void> SetCleared(std::string_view id);
  /// Also after it was cleared: its last revision is remembered.
  Result<std::optional<RetiredGateway>> FindRetired(std::string_view id);

  /// Tokens of the gateway that were not used are void from now on.
  Result<void> ReplaceToken(const TokenRecord& token);
  Result<std::optional<TokenRecord>> FindToken(std::string_view digest);
  Result<void> UseToken(std::string_view digest, std::string_view credential_digest, std::int64_t now_us);

 private:
  Database& database_;
};

}  // namespace motley::controller
