#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "agent/supervise/detach.h"
#include "agent/supervise/options.h"
#include "agent/supervise/supervisor.h"
#include "agent/supervise/text.h"

int main(int argc, char** argv) {
  using namespace motley::agent;
  SupervisorOptions options;
  Text<256> error;
  if (!ParseSupervisorOptions(argc, argv, &options, &error)) {
    Complain(Text<1024>().Add(error.view()).Add("\n").Add(kSuperviseUsage).view());
    return kSuperviseBadUsage;
  }
  auto detached = Detach(options.folder);
  Supervisor supervisor(options, detached.folder_fd);
  if (!supervisor.Prepare()) {
    const char* why = strerrordesc_np(errno);
    Complain(Text<512>().Add("write ").Add(options.folder).Add("/status: ").Add(why).view());
    return kSuperviseFailed;
  }
  ReportReady(&detached);
  supervisor.Run();
  return 0;
}
