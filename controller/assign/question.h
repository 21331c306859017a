#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/fleet/index.h"
#include "common/fleet/release_application.h"
#include "common/fleet/shared_codes.h"
#include "common/fleet/shared_names.h"
#include "motley/v1/release.pb.h"

namespace motley::controller {

/// A release that was read for the assignment. Never changes.
struct PreparedRelease {
  v1::Release release;
  ReleaseApplication parsed;
  std::string digest;
};

Result<std::shared_ptr<const PreparedRelease>> Prepare(v1::Release release, std::string digest);

/// What a gateway is to run of an application.
struct Wanted {
  std::string version;
  std::string variant;

  /// "1.0.0/uno-fast".
  std::string Text() const { return version + "/" + variant; }
  bool operator==(const Wanted&) const = default;
};

/// For each row of the fleet one of a few things that gateways are to run, or nothing.
class WantedByRow {
 public:
  WantedByRow() = default;
  explicit WantedByRow(std::vector<Wanted> kinds);
  /// `places` has for each of `codes` a place in `kinds` and 1, or 0; for code 0 it has 0.
  WantedByRow(std::vector<Wanted> kinds, std::vector<std::uint32_t> places, SharedCodes codes)
      : kinds_(std::move(kinds)), places_(std::move(places)), codes_(std::move(codes)) {}

  /// All that some gateway may have.
  const std::vector<Wanted>& kinds() const { return kinds_; }
  /// The place in kinds() and 1; 0: nothing.
  std::uint32_t PlaceAt(FleetIndex::Row row) const { return places_[codes_.At(row)]; }
  const Wanted* At(FleetIndex::Row row) const;
  /// All rows that have something are below.
  std::size_t row_limit() const { return codes_.row_limit(); }

  void Set(FleetIndex::Row row, const Wanted& wanted);

 private:
  std::vector<Wanted> kinds_;
  /// By code.
  std::vector<std::uint32_t> places_ = {0};
  SharedCodes codes_;
};

/// Another application, whose gateways keep what they have of it.
struct OtherApplication {
  std::string name;
  WantedByRow wanted;
  /// By place in its kinds.
  std::vector<Demands> demands;
};

/// All that a plan is made from. `fleet` holds the enrolled gateways; it must outlive this and must not change
/// meanwhile.
struct Question {
  const FleetIndex* fleet = nullptr;
  std::shared_ptr<const PreparedRelease> release;
  v1::Plan::Kind kind = v1::Plan::KIND_PRODUCTION;
  v1::ProposePlanRequest request;
  /// What gateways have of the application.
  WantedByRow before;
  /// What those in safe mode have once that ends: it counts in the place of what they have now.
  WantedByRow remembered;
  std::vector<OtherApplication> others;
  SharedNames not_enrolled;

  const Wanted* Before(FleetIndex::Row row) const {
    const Wanted* wanted = remembered.At(row);
    return wanted != nullptr ? wanted : before.At(row);
  }
};

/// What a plan says of the gateways that it is about.
struct Decision {
  /// By gateway, without verdicts.
  std::vector<v1::Assignment> assignments;
  v1::PlanSolution solution;
  std::vector<std::string> doubts;
  /// SHA-256 of everything about the gateways that mattered; equal questions have equal ones.
  std::string fleet_digest;
  /// How many of the assignments have a variant, and how many of those change something; set by Count.
  std::size_t assigned = 0;
  std::size_t moves = 0;

  /// To be called when the assignments, of this version, are complete.
  void Count(const std::string& version);
};

/// Whether what the gateway is to run of the application, in this version, is something else than before.
bool IsMove(const v1::Assignment& assignment, const std::string& version);

/// Milliseconds of a steady clock.
using ClockFunction = std::function<std::int64_t()>;

/// Answers for production, preview, shuffle and join. Blocks for as long as the request's time limit, or 10 s; any
/// thread. Errors: kInvalid (the request, or rules that the solver can not solve), kConflict (hard rules that can not
/// hold together, a minimal set by name), kTimeout (nothing found in time), kNotFound (gateways of the request).
Result<Decision> Decide(const Question& question, const ClockFunction& now_ms);

/// As Decide, unless nothing that matters differs from what a decision with this digest was made from: then nothing.
Result<std::optional<Decision>> DecideAgain(const Question& question, const std::string& fleet_digest,
                                            const ClockFunction& now_ms);

/// The assignment of `gateway` in a plan with these assignments, with a verdict for each variant on the facts of now.
/// Blocks, but not for long; any thread.
Result<v1::Assignment> Explain(const Question& question, const std::vector<v1::Assignment>& assignments,
                               const std::string& gateway);

}  // namespace motley::controller
