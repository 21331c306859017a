#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/store/journal_database.h"
#include "common/base/result.h"
#include "motley/v1/desired.pb.h"
#include "motley/v1/reported.pb.h"

namespace motley::agent {

/// Who this agent is, from its enrolment.
struct Identity {
  std::string gateway;
  std::string fleet;
  std::string broker_url;
  std::string controller_url;
  /// What the agent proves itself with towards the controller. Made here; the controller knows its digest.
  std::string secret;
};

/// Which way the open transaction goes.
enum class Direction {
  kForward,  ///< To its target.
  kBack,     ///< To what is committed.
};

/// A deployment that has begun and not ended. Its base is what is committed.
struct Transaction {
  v1::DesiredState target;
  Direction direction = Direction::kForward;
  /// Starts of the agent that found it open.
  std::uint32_t interruptions = 0;
  /// Why it goes back.
  std::string reason;
};

/// All that the agent must know after a power loss, in one SQLite file. Each call is one durable write. A reserve on
/// the disk lets an open transaction go on, or go back, when others have filled it; the queue of batches does not use
/// it. Loop thread only. Errors: kUnavailable (disk full), kCorrupt.
class Store {
 public:
  /// Half of it in the journal itself: enough for some hundred steps. Half for the small files that going back needs.
  static constexpr std::uint64_t kReserveBytes = 16 << 20;

  static Result<std::unique_ptr<Store>> Open(const std::string& path, std::uint64_t reserve_bytes = kReserveBytes);

  /// Secret made at the first call and kept: enrolling can be tried again with the same one.
  Result<std::string> EnrolmentSecret();
  Result<std::optional<Identity>> LoadIdentity();
  Result<void> SaveIdentity(const Identity& identity);

  /// The latest desired state that was accepted.
  Result<v1::DesiredState> Desired();
  Result<void> SaveDesired(const v1::DesiredState& desired);
  /// What was confirmed last: where an undo leads.
  Result<v1::DesiredState> Committed();
  /// How the last deployment stands or ended.
  Result<v1::Deployment> LastDeployment();

  Result<std::optional<Transaction>> OpenTransaction();
  /// Opens a transaction, or gives the open one another target.
  Result<void> Begin(const v1::DesiredState& target);
  Result<void> CountInterruption();
  Result<void> TurnBack(const std::string& reason);
  /// The target becomes what is committed; the transaction ends.
  Result<void> Commit(const v1::DesiredState& target, const v1::Deployment& outcome);
  /// The transaction, if there is one, ends without having changed what is committed.
  Result<void> EndFailed(const v1::Deployment& outcome);

  /// Values of secrets, by name and version. Errors beside the general ones: none for what is not there.
  Result<std::optional<std::string>> Secret(const v1::SecretVersion& secret);
  Result<void> SaveSecret(const v1::SecretVersion& secret, const std::string& value);
  /// Forgets all others.
  Result<void> KeepOnlySecrets(const std::vector<v1::SecretVersion>& secrets);

  /// The number of a step in the journal, written before the step is carried out.
  Result<std::int64_t> StepBegins(std::uint64_t revision, Direction direction, std::string_view step);
  /// `error` is empty for a success.
  Result<void> StepEnds(std::int64_t step, std::string_view error);

  /// Random, made with the store: numbers of different epochs can not be compared.
  const std::string& epoch() const { return epoch_; }
  /// Another epoch: this store was put back from an old copy, and its numbers have been used before.
  Result<void> RenewEpoch();
  /// Counts up, never the same twice; leaps after a restart, since numbers are reserved in blocks.
  Result<std::uint64_t> NextReportedSequence();

  /// Appends a batch to the queue, with its sequence number as key. The oldest are dropped when more than `limit_bytes`
  /// would be kept.
  Result<std::uint64_t> AppendBatch(std::string_view batch, std::uint64_t limit_bytes);
  struct Batch {
    std::uint64_t sequence;
    /// The one before it in the queue, 0 if none.
    std::uint64_t previous;
    std::string bytes;
  };
  /// The highest number that a batch ever got; 0 before the first.
  Result<std::uint64_t> LastBatch();
  /// The first batch with a number above `sequence`.
  Result<std::optional<Batch>> BatchAfter(std::uint64_t sequence);
  /// Deletes all up to `sequence`.
  Result<void> DropBatches(std::uint64_t sequence);
  /// Batches that were dropped because the queue was full, since the epoch began.
  Result<std::uint64_t> DroppedBatches();

 private:
  explicit Store(std::unique_ptr<JournalDatabase> database) : database_(std::move(database)) {}
  Result<std::optional<std::string>> Get(std::string_view key);
  Result<void> Put(std::string_view key, std::string_view value);
  Result<void> PutMessage(std::string_view key, const google::protobuf::MessageLite& message);
  Result<void> GetMessage(std::string_view key, google::protobuf::MessageLite& message);

  std::unique_ptr<JournalDatabase> database_;
  std::string epoch_;
  std::uint64_t next_reported_ = 0;
  std::uint64_t reserved_reported_ = 0;
};

}  // namespace motley::agent
