#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a firmware in C does with deploy/firmware/motley_device.h. */
typedef void (*c_firmware_put)(uint8_t byte);

void c_firmware_hello(c_firmware_put put);
void c_firmware_say_hello(c_firmware_put put, const char* firmware, const char* version, const char* self_test);
void c_firmware_reading_float(c_firmware_put put, const char* metric, float value);
void c_firmware_reading_int(c_firmware_put put, const char* metric, int32_t value);
void c_firmware_text(c_firmware_put put, const char* text);
const char* c_firmware_marker(void);

#ifdef __cplusplus
}
#endif
