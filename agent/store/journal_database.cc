#include "agent/store/journal_database.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "common/files/files.h"
#include "common/log/log.h"

namespace motley::agent {
namespace {

// SQLite gives the files beside the database its mode.
Result<void> MakePrivate(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return SystemError("open database " + path, errno);
  for (const char* suffix : {"", "-wal", "-shm"}) {
    if (chmod((path + suffix).c_str(), 0600) == 0 || errno == ENOENT) continue;
    return SystemError("set the mode of " + path + suffix, errno);
  }
  return {};
}

// Calls `write` until it succeeds, fails for another reason than what a full disk gives, or nothing can be given up.
Result<void> TryWithReserve(DiskReserve& reserve, const std::function<Result<void>()>& write) {
  auto result = write();
  // A full disk has many faces: "full", an I/O error of the shared memory, a file that can not be opened.
  while (!result && result.error().code == Code::kUnavailable && reserve.GiveUpSome()) {
    LogWarning("{}; a part of the reserve was given up, {} bytes are left", result.error().message,
               reserve.held_bytes());
    result = write();
  }
  return result;
}

}  // namespace

Result<std::unique_ptr<JournalDatabase>> JournalDatabase::Open(const std::string& path,
                                                               std::span<const std::string_view> migrations,
                                                               std::uint64_t reserve_bytes) {
  DiskReserve reserve(path + ".reserve", reserve_bytes / 2);
  std::unique_ptr<Database> database;
  TRY(TryWithReserve(reserve, [&]() -> Result<void> {
    TRY(MakePrivate(path));
    TRY_ASSIGN(database, Database::Open(path, migrations));
    return {};
  }));
  std::unique_ptr<JournalDatabase> journal(
      new JournalDatabase(std::move(database), std::move(reserve), path + "-wal", reserve_bytes / 2));
  journal->RenewReserve();
  return journal;
}

Result<void> JournalDatabase::WithRoom(const std::function<Result<void>()>& write) {
  // What fails within a transaction is repeated with all of it.
  return in_transaction_ ? write() : TryWithReserve(reserve_, write);
}

Result<void> JournalDatabase::Run(std::string_view sql, std::initializer_list<SqlValue> values) {
  return WithRoom([&] { return database_->Run(sql, values); });
}

Result<void> JournalDatabase::Query(std::string_view sql, std::initializer_list<SqlValue> values,
                                    const Database::RowFunction& row) {
  return database_->Query(sql, values, row);
}

Result<void> JournalDatabase::Atomically(const std::function<Result<void>()>& body) {
  return WithRoom([&] { return AtomicallyIfRoom(body); });
}

Result<void> JournalDatabase::AtomicallyIfRoom(const std::function<Result<void>()>& body) {
  if (in_transaction_) return body();
  in_transaction_ = true;
  auto result = database_->Atomically(body);
  in_transaction_ = false;
  return result;
}

void JournalDatabase::MakeRoom() {
  // The last part is for the journal alone, however much others write.
  if (reserve_.held_bytes() <= reserve_.slice_bytes() || !reserve_.DiskIsShort()) return;
  if (reserve_.GiveUpSome()) LogWarning("the disk is full; a part of the reserve was given up for the deployment");
}

// The log begins anew after each checkpoint and keeps its blocks until the database is closed. SQLite holds no locks on
// this file, which closing the descriptor would let go of.
Result<void> JournalDatabase::ExtendLog() {
  if (log_bytes_ == 0 || FreeDiskBytes(log_path_) < 2 * log_bytes_) return {};
  UniqueFd fd(open(log_path_.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return SystemError("open " + log_path_, errno);
  const auto bytes = std::exchange(log_bytes_, 0);
  if (fallocate(fd.get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes)) == 0) return {};
  return SystemError("keep " + std::to_string(bytes) + " bytes in " + log_path_, errno);
}

void JournalDatabase::RenewReserve() {
  auto renewed = ExtendLog();
  if (renewed) renewed = reserve_.Renew();
  if (!renewed && !renewal_failed_) LogWarning("no room can be kept for the journal: {}", renewed.error().message);
  renewal_failed_ = !renewed;
}

}  // namespace motley::agent
