#include "tests/agent/devices/c_firmware.h"

#include "deploy/firmware/motley_device.h"

MOTLEY_FIRMWARE("greenhouse", "1.2.0")

void c_firmware_hello(c_firmware_put put) { motley_hello(put, "ok"); }
void c_firmware_say_hello(c_firmware_put put, const char* firmware, const char* version, const char* self_test) {
  motley_say_hello(put, firmware, version, self_test);
}
void c_firmware_reading_float(c_firmware_put put, const char* metric, float value) {
  motley_reading_float(put, metric, value);
}
void c_firmware_reading_int(c_firmware_put put, const char* metric, int32_t value) {
  motley_reading_int(put, metric, value);
}
void c_firmware_text(c_firmware_put put, const char* text) { motley_text(put, text); }
const char* c_firmware_marker(void) { return motley_marker; }
