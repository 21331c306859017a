#include "tools/motley/release_push.h"

#include <fmt/format.h>

#include "common/files/files.h"
#include "common/fleet/release_application.h"
#include "tools/motley/library_source.h"
#include "tools/motley/plan_text.h"
#include "tools/motley/wait_for_plan.h"

namespace motley::cli {
namespace {

// As much as a release may have: ValidateRelease.
constexpr std::uint64_t kMaxFileBytes = 1024 * 1024;

Result<void> Print(Session& session, const v1::Plan& plan, bool approve) {
  if (session.json()) return session.PrintJson(plan);
  session.terminal().Write(RenderPlan(plan, session.terminal(), Clock::now()));
  if (!approve) session.terminal().Write(fmt::format("\n`motley plan approve {}` puts it into effect.\n", plan.id()));
  return {};
}

}  // namespace

Result<LoadedRelease> LoadRelease(Session& session, const std::string& path) {
  TRY_ASSIGN(const std::string text, ReadFile(path, kMaxFileBytes));
  TRY_ASSIGN(const Library library, FetchLibrary(session, path, text));
  TRY_ASSIGN(const ReleaseDraft draft, ParseReleaseFile(path, text, library));
  // Before anything is uploaded.
  TRY(ApplicationOf(draft.release, path));
  LoadedRelease loaded;
  TRY_ASSIGN(loaded.local, DescribeLocal(path, draft.files));
  TRY_ASSIGN(loaded.release, CompleteRelease(draft, loaded.local.artifacts).While(path));
  return loaded;
}

Result<void> PushRelease(Session& session, const PushOptions& options) {
  TRY_ASSIGN(const LoadedRelease loaded, LoadRelease(session, options.file));
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY(UploadMissing(session, loaded.local.artifacts, loaded.local.paths));
  TRY_ASSIGN(const v1::Release release, api->AddRelease(loaded.release));
  TRY_ASSIGN(v1::Plan plan, api->ProposePlan(release.application(), release.version()));
  if (options.approve) {
    TRY(api->ApprovePlan(plan.id()));
    TRY(api->EnactPlan(plan.id()));
    // The answers to decisions come without assignments.
    TRY_ASSIGN(plan, api->GetPlan(plan.id()));
  }
  // With --json and --wait the one document is the status at the end.
  if (!session.json() || options.wait_seconds <= 0) TRY(Print(session, plan, options.approve));
  return options.wait_seconds > 0 ? WaitForPlan(session, plan, options.wait_seconds) : Result<void>();
}

}  // namespace motley::cli
