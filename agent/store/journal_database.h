#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "agent/store/disk_reserve.h"
#include "common/sql/database.h"

namespace motley::agent {

/// The agent's database with room of its own on the disk. Half of it is in SQLite's write-ahead log, where nobody else
/// can take it: the blocks are there before they are written. The other half is "<path>.reserve": what can not be
/// written since others have filled the disk is written after a part of that was given up. Nobody but the agent's user
/// can read the files. One thread. Errors: as Database.
class JournalDatabase {
 public:
  static Result<std::unique_ptr<JournalDatabase>> Open(const std::string& path,
                                                       std::span<const std::string_view> migrations,
                                                       std::uint64_t reserve_bytes);

  Result<void> Run(std::string_view sql, std::initializer_list<SqlValue> values = {});
  Result<void> Query(std::string_view sql, std::initializer_list<SqlValue> values, const Database::RowFunction& row);
  std::int64_t LastInsertId() const { return database_->LastInsertId(); }
  std::int64_t Changes() const { return database_->Changes(); }

  /// As Database::Atomically; `body` is called again when there was no room. Nests.
  Result<void> Atomically(const std::function<Result<void>()>& body);
  /// The same for what is not worth the reserve.
  Result<void> AtomicallyIfRoom(const std::function<Result<void>()>& body);

  /// Before work that leaves files beside the database: gives up a part of the reserve, but not the last, if the disk
  /// is all but full.
  void MakeRoom();
  /// Makes the room whole again, if the disk has as much left.
  void RenewReserve();

 private:
  JournalDatabase(std::unique_ptr<Database> database, DiskReserve reserve, std::string log_path,
                  std::uint64_t log_bytes)
      : database_(std::move(database)),
        reserve_(std::move(reserve)),
        log_path_(std::move(log_path)),
        log_bytes_(log_bytes) {}
  Result<void> ExtendLog();
  Result<void> WithRoom(const std::function<Result<void>()>& write);

  std::unique_ptr<Database> database_;
  DiskReserve reserve_;
  const std::string log_path_;
  /// To be allocated to the log; 0 once it is.
  std::uint64_t log_bytes_;
  bool in_transaction_ = false;
  bool renewal_failed_ = false;
};

}  // namespace motley::agent
