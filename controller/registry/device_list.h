#pragma once

#include <cstdint>
#include <string>

#include "controller/registry/registry.h"
#include "motley/v1/api.pb.h"

namespace motley::controller {

/// The devices of one gateway. Reads its report from the database. Errors: kNotFound, and of the database.
Result<v1::DeviceList> DevicesOf(const Registry& registry, const std::string& gateway, std::int64_t now_us);

/// A page of the devices of all gateways: those that come after the gateway `after`. Ends with a gateway that makes it
/// `limit` devices or more, or after as many gateways as are read from the database in some milliseconds. Errors: of
/// the database.
Result<v1::DeviceList> ListDevices(const Registry& registry, const std::string& after, std::uint32_t limit,
                                   std::int64_t now_us);

/// Errors: kNotFound (gateway, or device: says which there are), and of the database.
Result<v1::Device> ShowDevice(const Registry& registry, const std::string& gateway, const std::string& device,
                              std::int64_t now_us);

/// Whether something may be ordered of it. Errors: kUnavailable (its gateway is offline, or it is unplugged), kConflict
/// (it is being flashed).
Result<void> CheckReady(const v1::Device& device);

/// Whether it may be flashed by hand. Errors: as CheckReady, kConflict (a deployed component has it).
Result<void> CheckFree(const v1::Device& device);

}  // namespace motley::controller
