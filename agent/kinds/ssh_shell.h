#pragma once

#include <string_view>

namespace motley::agent {

// All code of ours that runs on ssh hosts: for any POSIX shell, with the usual small programs (coreutils or busybox,
// grep and sed) and /proc. Values never are part of it: they are arguments and variables, quoted by ShellQuote.
//
// Layout there, below ~/.motley/<gateway>:
//   .artifacts/<sha256>               what was sent, until nobody needs it
//   .supervise-<sha256>               kRemoteSupervisor
//   <application>/<component>/record  "key=value" lines, written before anything is touched
//     processes: bin, work, run, settings, status, supervisor, log, log.1
//     files: original
//     scripts: apply, undo, run-undo and the files of processes, but bin
//   <application>/.removed-<component>  a removed process, until the transaction is final

/// Functions for everything else. Before it stand `gateway` and `supervisor_file` (the name of the supervisor's file).
/// A function that fails says "!<code> <message>" and ends the script with kRemoteFailed.
extern const std::string_view kRemoteLibrary;
inline constexpr int kRemoteFailed = 90;

/// Keeps the program of a component running: argument, the component's folder. Writes the status of
/// agent/supervise/status.h, restarts with growing pauses as agent/supervise does, keeps the log within bounds, and
/// stops with SIGTERM, then SIGKILL. Lives on when the connection or the agent ends; nothing starts it at boot.
extern const std::string_view kRemoteSupervisor;

}  // namespace motley::agent
