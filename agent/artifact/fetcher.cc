#include "agent/artifact/fetcher.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "common/files/files.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{500};
constexpr milliseconds kLongestPause{30'000};
/// Wrong bytes once can be a fault of the wire that TCP did not see; three times they are what the server has.
constexpr int kMaxCorrupt = 3;

/// Whether it is the network that failed, and not this machine or the artifact.
struct Attempt {
  Result<void> result;
  bool worth_waiting = false;
};

Result<UniqueFd> OpenPart(const std::string& path, std::uint64_t size, std::uint64_t* offset) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return SystemError("write " + path, errno);
  struct stat status;
  if (fstat(fd.get(), &status) != 0) return SystemError("look at " + path, errno);
  *offset = static_cast<std::uint64_t>(status.st_size);
  if (*offset > size) *offset = 0;  // a part of something else: start over
  if (ftruncate(fd.get(), static_cast<off_t>(*offset)) != 0 ||
      lseek(fd.get(), static_cast<off_t>(*offset), SEEK_SET) < 0) {
    return SystemError("write " + path, errno);
  }
  return fd;
}

Result<void> WriteAll(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError("write " + path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

/// Blocking; on the worker.
Attempt FetchOne(const ArtifactStore& store, const HttpClientOptions& options, const v1::ArtifactRef& artifact,
                 const std::atomic<bool>& given_up) {
  const std::string part = store.PartOf(artifact.digest());
  std::uint64_t offset = 0;
  auto fd = OpenPart(part, artifact.size_bytes(), &offset);
  if (!fd) return {std::move(fd).error()};
  if (auto room = store.CheckRoom(artifact.size_bytes() - offset); !room) return {std::move(room)};
  auto client = HttpClient::Create(options);
  if (!client) return {std::move(client).error()};

  bool local_fault = false;
  std::uint64_t received = offset;
  const auto sink = [&](std::string_view bytes) -> Result<void> {
    local_fault = true;
    if (given_up) return Error{Code::kUnavailable, "given up"};
    received += bytes.size();
    if (received > artifact.size_bytes()) {
      return Error{Code::kCorrupt, "artifact " + artifact.digest() + " is longer than its " +
                                       std::to_string(artifact.size_bytes()) + " bytes"};
    }
    TRY(WriteAll(fd->get(), bytes, part));
    local_fault = false;
    return {};
  };
  if (offset < artifact.size_bytes()) {
    auto got = (*client)->Download("/v1/artifacts/" + artifact.digest(), offset, sink);
    if (!got) {
      const Code code = got.error().code;
      const bool network = code == Code::kUnavailable || code == Code::kTimeout || code == Code::kCorrupt;
      if (code == Code::kCorrupt && local_fault) unlink(part.c_str());
      return {std::move(got).While("fetch " + artifact.name()), network && !local_fault};
    }
  }
  if (fsync(fd->get()) != 0) return {SystemError("sync " + part, errno)};
  return {store.Accept(artifact.digest())};
}

}  // namespace

struct HttpFetcher::Job {
  std::vector<v1::ArtifactRef> artifacts;
  std::function<void(const std::string&)> waiting;
  std::function<void(Result<void>)> done;
  std::size_t next = 0;
  int corrupt = 0;
  milliseconds pause = kFirstPause;
  bool worth_waiting = false;
  std::atomic<bool> given_up{false};
};

HttpFetcher::HttpFetcher(Loop& loop, const ArtifactStore& store, HttpClientOptions options)
    : loop_(loop), store_(store), options_(std::move(options)), worker_(loop, "fetch") {}

HttpFetcher::~HttpFetcher() {
  if (job_) job_->given_up = true;
}

void HttpFetcher::Fetch(std::vector<v1::ArtifactRef> artifacts, std::function<void(const std::string&)> waiting,
                        std::function<void(Result<void>)> done) {
  if (job_) job_->given_up = true;
  retry_.Reset();
  job_ = std::make_shared<Job>();
  job_->artifacts = std::move(artifacts);
  job_->waiting = std::move(waiting);
  job_->done = std::move(done);
  loop_.Post([this, job = job_] { Next(job); });
}

void HttpFetcher::Next(const std::shared_ptr<Job>& job) {
  if (job->given_up) return;
  while (job->next < job->artifacts.size() && store_.Has(job->artifacts[job->next].digest())) ++job->next;
  if (job->next == job->artifacts.size()) {
    job_.reset();
    job->done({});
    return;
  }
  worker_.Run(
      [this, job] {
        Attempt attempt = FetchOne(store_, options_, job->artifacts[job->next], job->given_up);
        job->worth_waiting = attempt.worth_waiting;
        return std::move(attempt.result);
      },
      [this, job](Result<void> result) { Fetched(job, std::move(result)); });
}

void HttpFetcher::Fetched(const std::shared_ptr<Job>& job, Result<void> result) {
  if (job->given_up) return;
  if (result) {
    job->pause = kFirstPause;
    job->corrupt = 0;
    return Next(job);
  }
  const bool corrupt = result.error().code == Code::kCorrupt && !job->worth_waiting;
  if (!job->worth_waiting && !(corrupt && ++job->corrupt < kMaxCorrupt)) {
    job_.reset();
    job->done(std::move(result));
    return;
  }
  job->waiting(result.error().message);
  retry_ = loop_.After(job->pause, [this, job] { Next(job); });
  job->pause = std::min(job->pause * 2, kLongestPause);
}

}  // namespace motley::agent
