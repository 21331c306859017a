#include "agent/store/store.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "common/crypto/digest.h"

namespace motley::agent {
namespace {

constexpr std::array<std::string_view, 2> kMigrations{R"sql(
CREATE TABLE entry (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE open_transaction (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  target BLOB NOT NULL,
  direction INTEGER NOT NULL,
  interruptions INTEGER NOT NULL,
  reason TEXT NOT NULL
);
CREATE TABLE journal (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  revision INTEGER NOT NULL,
  direction INTEGER NOT NULL,
  step TEXT NOT NULL,
  began_us INTEGER NOT NULL,
  ended_us INTEGER,
  error TEXT
);
CREATE TABLE outbox (sequence INTEGER PRIMARY KEY AUTOINCREMENT, bytes BLOB NOT NULL);
)sql",
                                                      R"sql(
CREATE TABLE secret (
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (name, version)
) WITHOUT ROWID;
)sql"};

/// Enough to see what the last deployments did.
constexpr std::int64_t kJournalRows = 1000;

/// Reports come in bursts while a deployment goes on; one durable write is enough for so many.
constexpr std::uint64_t kReportedBlock = 64;

constexpr std::string_view kEpoch = "epoch";
constexpr std::string_view kSecret = "secret";
constexpr std::string_view kDesired = "desired";
constexpr std::string_view kCommitted = "committed";
constexpr std::string_view kDeployment = "deployment";
constexpr std::string_view kReportedSequence = "reported_sequence";
constexpr std::string_view kDropped = "dropped_batches";
constexpr std::string_view kOutboxBytes = "outbox_bytes";

std::int64_t NowMicros() {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  return duration_cast<microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

Result<std::unique_ptr<Store>> Store::Open(const std::string& path, std::uint64_t reserve_bytes) {
  TRY_ASSIGN(auto database, JournalDatabase::Open(path, kMigrations, reserve_bytes));
  std::unique_ptr<Store> store(new Store(std::move(database)));
  TRY_ASSIGN(const auto epoch, store->Get(kEpoch));
  if (epoch) {
    store->epoch_ = *epoch;
  } else {
    TRY(store->RenewEpoch());
  }
  return store;
}

Result<void> Store::RenewEpoch() {
  std::string epoch = RandomHex(8);
  TRY(Put(kEpoch, epoch));
  epoch_ = std::move(epoch);
  return {};
}

Result<std::optional<std::string>> Store::Get(std::string_view key) {
  std::optional<std::string> value;
  TRY(database_->Query("SELECT value FROM entry WHERE key = ?", {key},
                       [&](const SqlRow& row) { value = row.Text(0); }));
  return value;
}

Result<void> Store::Put(std::string_view key, std::string_view value) {
  return database_->Run("INSERT INTO entry VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                        {key, Blob{value}});
}

Result<void> Store::PutMessage(std::string_view key, const google::protobuf::MessageLite& message) {
  return Put(key, message.SerializeAsString());
}

Result<void> Store::GetMessage(std::string_view key, google::protobuf::MessageLite& message) {
  TRY_ASSIGN(const auto value, Get(key));
  if (value && !message.ParseFromString(*value)) {
    return Error{Code::kCorrupt, "the agent's store holds a damaged \"" + std::string(key) + "\""};
  }
  return {};
}

Result<std::string> Store::EnrolmentSecret() {
  TRY_ASSIGN(auto secret, Get(kSecret));
  if (!secret) {
    secret = RandomHex(32);
    TRY(Put(kSecret, *secret));
  }
  return *secret;
}

Result<std::optional<Identity>> Store::LoadIdentity() {
  TRY_ASSIGN(const auto gateway, Get("gateway"));
  if (!gateway) return std::optional<Identity>();
  Identity identity{.gateway = *gateway};
  const auto load = [&](std::string_view key, std::string& to) -> Result<void> {
    TRY_ASSIGN(const auto value, Get(key));
    to = value.value_or("");
    return {};
  };
  TRY(load("fleet", identity.fleet));
  TRY(load("broker_url", identity.broker_url));
  TRY(load("controller_url", identity.controller_url));
  TRY(load(kSecret, identity.secret));
  return std::optional(std::move(identity));
}

Result<void> Store::SaveIdentity(const Identity& identity) {
  return database_->Atomically([&]() -> Result<void> {
    TRY(Put("gateway", identity.gateway));
    TRY(Put("fleet", identity.fleet));
    TRY(Put("broker_url", identity.broker_url));
    TRY(Put("controller_url", identity.controller_url));
    return Put(kSecret, identity.secret);
  });
}

Result<v1::DesiredState> Store::Desired() {
  v1::DesiredState desired;
  TRY(GetMessage(kDesired, desired));
  return desired;
}

Result<void> Store::SaveDesired(const v1::DesiredState& desired) { return PutMessage(kDesired, desired); }

Result<v1::DesiredState> Store::Committed() {
  v1::DesiredState committed;
  TRY(GetMessage(kCommitted, committed));
  return committed;
}

Result<v1::Deployment> Store::LastDeployment() {
  v1::Deployment deployment;
  TRY(GetMessage(kDeployment, deployment));
  return deployment;
}

Result<std::optional<Transaction>> Store::OpenTransaction() {
  std::optional<Transaction> open;
  bool sound = true;
  TRY(database_->Query("SELECT target, direction, interruptions, reason FROM open_transaction", {},
                       [&](const SqlRow& row) {
                         open.emplace();
                         sound = open->target.ParseFromString(row.Text(0));
                         open->direction = static_cast<Direction>(row.Int(1));
                         open->interruptions = static_cast<std::uint32_t>(row.Int(2));
                         open->reason = row.Text(3);
                       }));
  if (!sound) return Error{Code::kCorrupt, "the agent's store holds a damaged transaction"};
  return open;
}

Result<void> Store::Begin(const v1::DesiredState& target) {
  database_->RenewReserve();
  return database_->Run("INSERT OR REPLACE INTO open_transaction VALUES (1, ?, ?, 0, '')",
                        {Blob{target.SerializeAsString()}, static_cast<std::int64_t>(Direction::kForward)});
}

Result<void> Store::CountInterruption() {
  return database_->Run("UPDATE open_transaction SET interruptions = interruptions + 1");
}

Result<void> Store::TurnBack(const std::string& reason) {
  database_->MakeRoom();
  return database_->Run("UPDATE open_transaction SET direction = ?, reason = ?",
                        {static_cast<std::int64_t>(Direction::kBack), reason});
}

Result<void> Store::Commit(const v1::DesiredState& target, const v1::Deployment& outcome) {
  return database_->Atomically([&]() -> Result<void> {
    TRY(PutMessage(kCommitted, target));
    return EndFailed(outcome);
  });
}

Result<void> Store::EndFailed(const v1::Deployment& outcome) {
  database_->RenewReserve();
  return database_->Atomically([&]() -> Result<void> {
    TRY(PutMessage(kDeployment, outcome));
    return database_->Run("DELETE FROM open_transaction");
  });
}

Result<std::optional<std::string>> Store::Secret(const v1::SecretVersion& secret) {
  std::optional<std::string> value;
  TRY(database_->Query("SELECT value FROM secret WHERE name = ? AND version = ?", {secret.name(), secret.version()},
                       [&](const SqlRow& row) { value = row.Text(0); }));
  return value;
}

Result<void> Store::SaveSecret(const v1::SecretVersion& secret, const std::string& value) {
  return database_->Run("INSERT OR REPLACE INTO secret VALUES (?, ?, ?)",
                        {secret.name(), secret.version(), Blob{value}});
}

Result<void> Store::KeepOnlySecrets(const std::vector<v1::SecretVersion>& secrets) {
  return database_->Atomically([&]() -> Result<void> {
    std::vector<v1::SecretVersion> dropped;
    TRY(database_->Query("SELECT name, version FROM secret", {}, [&](const SqlRow& row) {
      v1::SecretVersion stored;
      stored.set_name(row.Text(0));
      stored.set_version(row.Text(1));
      const bool kept = std::any_of(secrets.begin(), secrets.end(), [&](const v1::SecretVersion& secret) {
        return secret.name() == stored.name() && secret.version() == stored.version();
      });
      if (!kept) dropped.push_back(std::move(stored));
    }));
    for (const v1::SecretVersion& secret : dropped) {
      TRY(database_->Run("DELETE FROM secret WHERE name = ? AND version = ?", {secret.name(), secret.version()}));
    }
    return {};
  });
}

Result<std::int64_t> Store::StepBegins(std::uint64_t revision, Direction direction, std::string_view step) {
  database_->MakeRoom();
  TRY(database_->Run("INSERT INTO journal (revision, direction, step, began_us) VALUES (?, ?, ?, ?)",
                     {static_cast<std::int64_t>(revision), static_cast<std::int64_t>(direction), step, NowMicros()}));
  return database_->LastInsertId();
}

Result<void> Store::StepEnds(std::int64_t step, std::string_view error) {
  return database_->Atomically([&]() -> Result<void> {
    TRY(database_->Run("UPDATE journal SET ended_us = ?, error = ? WHERE id = ?", {NowMicros(), error, step}));
    return database_->Run("DELETE FROM journal WHERE id <= ?", {step - kJournalRows});
  });
}

Result<std::uint64_t> Store::NextReportedSequence() {
  if (next_reported_ == reserved_reported_) {
    TRY_ASSIGN(const auto stored, Get(kReportedSequence));
    const std::uint64_t start = stored ? std::stoull(*stored) : 0;
    TRY(Put(kReportedSequence, std::to_string(start + kReportedBlock)));
    next_reported_ = start;
    reserved_reported_ = start + kReportedBlock;
  }
  return ++next_reported_;
}

Result<std::uint64_t> Store::AppendBatch(std::string_view batch, std::uint64_t limit_bytes) {
  std::uint64_t sequence = 0;
  // Telemetry comes all the time: here it is seen that there is room again, and it must not use up what there is.
  database_->RenewReserve();
  TRY(database_->AtomicallyIfRoom([&]() -> Result<void> {
    TRY_ASSIGN(const auto stored, Get(kOutboxBytes));
    std::int64_t bytes = stored ? std::stoll(*stored) : 0;
    std::int64_t drop_to = 0;
    std::int64_t freed = 0;
    std::int64_t count = 0;
    const std::int64_t excess =
        bytes + static_cast<std::int64_t>(batch.size()) - static_cast<std::int64_t>(limit_bytes);
    if (excess > 0) {
      TRY(database_->Query("SELECT sequence, length(bytes) FROM outbox ORDER BY sequence LIMIT 1000", {},
                           [&](const SqlRow& row) {
                             if (freed >= excess) return;
                             drop_to = row.Int(0);
                             freed += row.Int(1);
                             ++count;
                           }));
      TRY(database_->Run("DELETE FROM outbox WHERE sequence <= ?", {drop_to}));
      TRY_ASSIGN(const std::uint64_t dropped, DroppedBatches());
      TRY(Put(kDropped, std::to_string(dropped + static_cast<std::uint64_t>(count))));
    }
    TRY(database_->Run("INSERT INTO outbox (bytes) VALUES (?)", {Blob{batch}}));
    sequence = static_cast<std::uint64_t>(database_->LastInsertId());
    bytes += static_cast<std::int64_t>(batch.size()) - freed;
    return Put(kOutboxBytes, std::to_string(bytes));
  }));
  return sequence;
}

Result<std::uint64_t> Store::LastBatch() {
  std::int64_t last = 0;
  TRY(database_->Query("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'", {},
                       [&](const SqlRow& row) { last = row.Int(0); }));
  return static_cast<std::uint64_t>(last);
}

Result<std::optional<Store::Batch>> Store::BatchAfter(std::uint64_t sequence) {
  std::optional<Batch> batch;
  TRY(database_->Query(
      "SELECT sequence, bytes, (SELECT max(sequence) FROM outbox AS o WHERE o.sequence < outbox.sequence)"
      " FROM outbox WHERE sequence > ? ORDER BY sequence LIMIT 1",
      {static_cast<std::int64_t>(sequence)}, [&](const SqlRow& row) {
        batch = Batch{static_cast<std::uint64_t>(row.Int(0)), static_cast<std::uint64_t>(row.Int(2)), row.Text(1)};
      }));
  return batch;
}

Result<void> Store::DropBatches(std::uint64_t sequence) {
  return database_->Atomically([&]() -> Result<void> {
    const auto up_to = static_cast<std::int64_t>(sequence);
    std::int64_t freed = 0;
    TRY(database_->Query("SELECT coalesce(sum(length(bytes)), 0) FROM outbox WHERE sequence <= ?", {up_to},
                         [&](const SqlRow& row) { freed = row.Int(0); }));
    if (freed == 0) return {};
    TRY(database_->Run("DELETE FROM outbox WHERE sequence <= ?", {up_to}));
    TRY_ASSIGN(const auto stored, Get(kOutboxBytes));
    const std::int64_t bytes = (stored ? std::stoll(*stored) : 0) - freed;
    return Put(kOutboxBytes, std::to_string(bytes));
  });
}

Result<std::uint64_t> Store::DroppedBatches() {
  TRY_ASSIGN(const auto dropped, Get(kDropped));
  return dropped ? std::stoull(*dropped) : 0ull;
}

}  // namespace motley::agent
