#pragma once

#include <google/protobuf/message.h>
#include <google/protobuf/util/time_util.h>

#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/sql/database.h"

namespace motley::controller {

/// Takes a message out of a column. Errors: kCorrupt, naming `what`.
inline Result<void> ParseColumn(const SqlRow& row, int column, std::string_view what,
                                google::protobuf::Message& message) {
  if (message.ParseFromString(row.Text(column))) return {};
  return Error{Code::kCorrupt, "the database holds a damaged " + std::string(what) + "; put back a copy of it"};
}

/// SQLite has signed numbers only; ours stay below 2^63.
inline std::int64_t Signed(std::uint64_t number) { return static_cast<std::int64_t>(number); }
inline std::uint64_t Unsigned(std::int64_t number) { return static_cast<std::uint64_t>(number); }

inline google::protobuf::Timestamp FromMicros(std::int64_t time_us) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(time_us);
}
inline std::int64_t ToMicros(const google::protobuf::Timestamp& time) {
  return google::protobuf::util::TimeUtil::TimestampToMicroseconds(time);
}

/// The first error of several rows; further rows are not looked at.
class FirstError {
 public:
  void Add(Result<void> result) {
    if (result_) result_ = std::move(result);
  }
  bool ok() const { return result_.has_value(); }
  Result<void> Take() && { return std::move(result_); }

 private:
  Result<void> result_;
};

}  // namespace motley::controller
