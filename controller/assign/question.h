#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/fleet/index.h"
#include "common/fleet/release_application.h"
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
struct WantedByRow {
  std::vector<Wanted> kinds;
  /// By row: a place in `kinds` and 1, or 0.
  std::vector<std::uint32_t> places;

  void Set(FleetIndex::Row row, const Wanted& wanted);
  const Wanted* At(FleetIndex::Row row) const;
};

/// Another application, whose gateways keep what they have of it.
struct OtherApplication {
  std::string name;
  WantedByRow wanted;
  /// By place in WantedByRow::kinds.
  std::vector<Demands> demands;
};

/// All that a plan is made from. `fleet` holds the enrolled gateways; it must outlive this and must not change
/// meanwhile.
struct Question {
  const FleetIndex* fleet = nullptr;
  std::shared_ptr<const PreparedRelease> release;
  v1::Plan::Kind kind = v1::Plan::KIND_PRODUCTION;
  v1::ProposePlanRequest request;
  WantedByRow before;
  std::vector<OtherApplication> others;
  struct NotEnrolled {
    std::string gateway;
    std::string before;
  };
  std::vector<NotEnrolled> not_enrolled;
};

/// What a plan says of the gateways that it is about.
struct Decision {
  /// By gateway, without verdicts.
  std::vector<v1::Assignment> assignments;
  v1::PlanSolution solution;
  std::vector<std::string> doubts;
  /// SHA-256 of everything about the gateways that mattered; equal questions have equal ones.
  std::string fleet_digest;

  std::size_t assigned() const;
  std::size_t moves(const std::string& version) const;
};

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
