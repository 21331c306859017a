#pragma once

#include <string>

#include "common/base/result.h"
#include "common/http/client.h"

namespace motley::cli {

/// What the options and the environment say about where the controller is; empty: not said.
struct LocationOptions {
  std::string controller;
  std::string token_file;
  std::string ca_file;
  std::string state;
};

/// Address and token of the controller: from the options, or from the state folder of a controller on this machine
/// ("controller.json" and "admin.token"). Unless `state` is given, its token goes to no address but the one beside it.
///
/// Errors: kInvalid (nothing says where the controller is, or what to show to it), kNotFound and kDenied (files).
Result<HttpClientOptions> LocateController(const LocationOptions& options);

}  // namespace motley::cli
