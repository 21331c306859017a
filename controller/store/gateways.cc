#include "controller/store/gateways.h"

#include "controller/store/column.h"

namespace motley::controller {
namespace {

constexpr std::string_view kSelectAll = R"sql(
SELECT g.number, g.id, g.created_us, g.enrolled_us, g.credential_digest, g.enrolled_context, g.revision_floor,
       p.online, p.since_us, d.state, r.summary
FROM gateway AS g
LEFT JOIN presence AS p ON p.gateway = g.number
LEFT JOIN desired AS d ON d.gateway = g.number
LEFT JOIN reported AS r ON r.gateway = g.number
ORDER BY g.id
)sql";

Result<GatewayRecord> RecordOf(const SqlRow& row) {
  GatewayRecord record;
  record.number = row.Int(0);
  v1::Gateway& gateway = record.gateway;
  gateway.set_id(row.Text(1));
  *gateway.mutable_created_at() = FromMicros(row.Int(2));
  const std::string what = "record of gateway " + gateway.id();
  if (!row.IsNull(3)) *gateway.mutable_enrolled_at() = FromMicros(row.Int(3));
  record.credential_digest = row.Text(4);
  TRY(ParseColumn(row, 5, what, record.enrolled_context));
  record.revision_floor = Unsigned(row.Int(6));
  if (!row.IsNull(7)) {
    gateway.set_online(row.Int(7) != 0);
    *gateway.mutable_presence_since() = FromMicros(row.Int(8));
  }
  if (!row.IsNull(9)) TRY(ParseColumn(row, 9, what, *gateway.mutable_desired()));
  if (!row.IsNull(10)) TRY(ParseColumn(row, 10, what, *gateway.mutable_reported()));
  return record;
}

}  // namespace

Result<void> GatewayStore::LoadAll(const std::function<void(GatewayRecord)>& each) {
  std::map<std::int64_t, google::protobuf::Map<std::string, std::string>> tags;
  TRY(database_.Query("SELECT gateway, name, value FROM tag", {},
                      [&](const SqlRow& row) { tags[row.Int(0)][row.Text(1)] = row.Text(2); }));
  FirstError error;
  TRY(database_.Query(kSelectAll, {}, [&](const SqlRow& row) {
    if (!error.ok()) return;
    auto record = RecordOf(row);
    if (!record) return error.Add(std::move(record).error());
    if (const auto found = tags.find(record->number); found != tags.end()) {
      *record->gateway.mutable_tags() = std::move(found->second);
    }
    each(*std::move(record));
  }));
  return std::move(error).Take();
}

Result<std::int64_t> GatewayStore::Insert(const v1::Gateway& gateway, std::uint64_t revision_floor) {
  std::int64_t number = 0;
  TRY(database_.Atomically([&]() -> Result<void> {
    TRY(database_.Run("INSERT INTO gateway (id, created_us, revision_floor) VALUES (?, ?, ?)",
                      {gateway.id(), ToMicros(gateway.created_at()), Signed(revision_floor)}));
    number = database_.LastInsertId();
    return SetTags(number, gateway.tags());
  }));
  return number;
}

Result<void> GatewayStore::Remove(std::int64_t number, const RetiredGateway& retired, std::int64_t now_us) {
  return database_.Atomically([&]() -> Result<void> {
    TRY(database_.Run("INSERT OR REPLACE INTO retired (id, last_revision, removed_us) VALUES (?, ?, ?)",
                      {retired.id, Signed(retired.last_revision), now_us}));
    return database_.Run("DELETE FROM gateway WHERE number = ?", {number});
  });
}

Result<void> GatewayStore::SetTags(std::int64_t number, const google::protobuf::Map<std::string, std::string>& tags) {
  return database_.Atomically([&]() -> Result<void> {
    TRY(database_.Run("DELETE FROM tag WHERE gateway = ?", {number}));
    for (const auto& [name, value] : tags) {
      TRY(database_.Run("INSERT INTO tag VALUES (?, ?, ?)", {number, name, value}));
    }
    return {};
  });
}

Result<void> GatewayStore::SetEnrolled(std::int64_t number, std::string_view credential_digest,
                                       const v1::Context& context, std::int64_t now_us) {
  const std::string bytes = context.SerializeAsString();
  return database_.Run(
      "UPDATE gateway SET enrolled_us = ?, credential_digest = ?, enrolled_context = ? WHERE number = ?",
      {now_us, credential_digest, Blob{bytes}, number});
}

Result<void> GatewayStore::SetDesired(std::int64_t number, const v1::DesiredState& desired) {
  const std::string bytes = desired.SerializeAsString();
  return database_.Run("INSERT OR REPLACE INTO desired VALUES (?, ?, ?)",
                       {number, Signed(desired.revision()), Blob{bytes}});
}

Result<void> GatewayStore::SetPresence(std::int64_t number, bool online, std::int64_t since_us) {
  return database_.Run("INSERT OR REPLACE INTO presence VALUES (?, ?, ?)",
                       {number, std::int64_t{online ? 1 : 0}, since_us});
}

Result<std::vector<std::string>> GatewayStore::Uncleared() {
  std::vector<std::string> ids;
  TRY(database_.Query("SELECT id FROM retired WHERE cleared = 0 ORDER BY id", {},
                      [&](const SqlRow& row) { ids.push_back(row.Text(0)); }));
  return ids;
}

Result<void> GatewayStore::SetCleared(std::string_view id) {
  return database_.Run("UPDATE retired SET cleared = 1 WHERE id = ?", {id});
}

Result<std::optional<RetiredGateway>> GatewayStore::FindRetired(std::string_view id) {
  std::optional<RetiredGateway> retired;
  TRY(database_.Query("SELECT id, last_revision FROM retired WHERE id = ?", {id}, [&](const SqlRow& row) {
    retired = RetiredGateway{row.Text(0), Unsigned(row.Int(1))};
  }));
  return retired;
}

Result<void> GatewayStore::ReplaceToken(const TokenRecord& token) {
  return database_.Atomically([&]() -> Result<void> {
    TRY(database_.Run("DELETE FROM token WHERE gateway = ? AND used_us = 0", {token.gateway_number}));
    return database_.Run("INSERT INTO token VALUES (?, ?, ?, 0, '')",
                         {token.digest, token.gateway_number, token.expires_us});
  });
}

Result<std::optional<TokenRecord>> GatewayStore::FindToken(std::string_view digest) {
  std::optional<TokenRecord> token;
  TRY(
      database_.Query("SELECT t.digest, t.gateway, g.id, t.expires_us, t.used_us, t.credential_digest"
                      " FROM token AS t JOIN gateway AS g ON g.number = t.gateway WHERE t.digest = ?",
                      {digest}, [&](const SqlRow& row) {
                        token = TokenRecord{row.Text(0), row.Int(1), row.Text(2), row.Int(3), row.Int(4), row.Text(5)};
                      }));
  return token;
}

Result<void> GatewayStore::UseToken(std::string_view digest, std::string_view credential_digest, std::int64_t now_us) {
  return database_.Run("UPDATE token SET used_us = ?, credential_digest = ? WHERE digest = ?",
                       {now_us, credential_digest, digest});
}

}  // namespace motley::controller
