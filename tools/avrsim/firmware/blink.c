// SPDX-License-Identifier: GPL-3.0-or-later
// Blinks, says at the start "hello firmware=<NAME> version=<VERSION>" and then, every PERIOD_MS, one line of telemetry
// such as "uptime_ms=1200 led=1 temperature_c=21.5". Sleeps in between: a timer and the UART's interrupts wake it.

#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/pgmspace.h>
#include <avr/sleep.h>
#include <avr/wdt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <util/atomic.h>

#include "deploy/firmware/motley_device.h"

#ifndef PERIOD_MS
#define PERIOD_MS 200
#endif
#ifndef BAUD
#define BAUD 115200
#endif

enum {
  kTickMs = 10,
  kQueueSize = 128,  // a power of two, and longer than a line
#ifdef __AVR_ATmega2560__
  kLedPin = PB7,
#else
  kLedPin = PB5,
#endif
};

// Also for those who read the flash without running it.
MOTLEY_FIRMWARE(NAME, VERSION)

#ifdef PAD
// A linear congruential sequence, so that no page is like another.
#define TEXT_OF(value) #value
#define TEXT(value) TEXT_OF(value)
__asm__(
    ".section .progmem.data.pad,\"a\",@progbits\n"
    ".global kPadding\nkPadding:\n"
    ".set state, 12345\n"
    ".rept " TEXT(PAD) "\n"
    ".set state, (state * 1103515245 + 12345) & 0x7fffffff\n"
    ".byte (state >> 16) & 0xff\n"
    ".endr\n"
    ".text\n");
extern const uint8_t kPadding[] PROGMEM;
#endif

static volatile uint32_t uptime_ms;
static volatile bool period_over;
static volatile uint8_t queue[kQueueSize];
static volatile uint8_t queue_head;  // next to send
static volatile uint8_t queue_tail;  // next free

ISR(TIMER1_COMPA_vect) {
  static uint16_t since_period_ms;
  uptime_ms += kTickMs;
  since_period_ms += kTickMs;
  if (since_period_ms >= PERIOD_MS) {
    since_period_ms = 0;
    period_over = true;
  }
}

// A chip with several of them numbers them.
#ifndef USART_UDRE_vect
#define USART_UDRE_vect USART0_UDRE_vect
#endif
ISR(USART_UDRE_vect) {
  if (queue_head == queue_tail) {
    UCSR0B &= (uint8_t)~_BV(UDRIE0);
    return;
  }
  UDR0 = queue[queue_head];
  queue_head = (queue_head + 1) & (kQueueSize - 1);
}

static void SayCharacter(char character) {
#ifndef SILENT
  const uint8_t next = (queue_tail + 1) & (kQueueSize - 1);
  while (next == queue_head) sleep_mode();
  queue[queue_tail] = (uint8_t)character;
  queue_tail = next;
  UCSR0B |= _BV(UDRIE0);
#else
  (void)character;
#endif
}

static void Say(const char* text) {
  while (*text != '\0') SayCharacter(*text++);
}

// As a line, from the marker in the flash: "motley-firmware:blink 1.0.0".
static void SayHello(void) {
  const char* text = motley_marker + sizeof "motley-firmware:" - 1;
  Say("hello firmware=");
  for (char character; (character = (char)pgm_read_byte(text)) != '\0'; ++text) {
    if (character == ' ') {
      Say(" version=");
    } else {
      SayCharacter(character);
    }
  }
  Say("\n");
}

static void SayNumber(int32_t number) {
  char digits[12];
  Say(ltoa(number, digits, 10));
}

#ifdef __AVR_ATmega328P__
// Tenths of a degree from the sensor on the die, by the datasheet's table: 314 mV at 25 degrees, 1.06 mV a degree,
// against the reference of 1100 mV.
static int16_t Temperature(void) {
  ADCSRA |= _BV(ADSC);
  while (ADCSRA & _BV(ADSC)) {
  }
  const int32_t tenth_millivolts = (int32_t)ADC * 11000 / 1023;
  return (int16_t)(250 + (tenth_millivolts - 3140) * 100 / 106);
}

static void SayTemperature(void) {
  const int16_t temperature = Temperature();
  Say(temperature < 0 ? " temperature_c=-" : " temperature_c=");
  SayNumber(abs(temperature) / 10);
  SayCharacter('.');
  SayNumber(abs(temperature) % 10);
}
#else  // no sensor on the die
static void SayTemperature(void) {}
#endif

static void SayTelemetry(void) {
  uint32_t now_ms;
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { now_ms = uptime_ms; }
  Say("uptime_ms=");
  SayNumber((int32_t)now_ms);
  Say(PORTB & _BV(kLedPin) ? " led=1" : " led=0");
  SayTemperature();
  Say("\n");
}

static void Configure(void) {
  MCUSR = 0;  // else a watchdog reset keeps the watchdog on
  wdt_disable();
  DDRB |= _BV(kLedPin);
  UCSR0A = _BV(U2X0);
  UBRR0 = (F_CPU + BAUD * 4UL) / (BAUD * 8UL) - 1;
  UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
  UCSR0B = _BV(TXEN0);
#ifdef __AVR_ATmega328P__
  ADMUX = _BV(REFS1) | _BV(REFS0) | _BV(MUX3);                // 1.1 V, temperature sensor
  ADCSRA = _BV(ADEN) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0);  // 125 kHz
#endif
  OCR1A = F_CPU / 64 / 1000 * kTickMs - 1;
  TCCR1A = 0;
  TCCR1B = _BV(WGM12) | _BV(CS11) | _BV(CS10);  // from 0 to OCR1A, clock / 64
  TIMSK1 = _BV(OCIE1A);
  set_sleep_mode(SLEEP_MODE_IDLE);
  sei();
}

int main(void) {
  Configure();
#ifdef PAD
  (void)pgm_read_byte(kPadding);
#endif
  SayHello();
  for (;;) {
    if (period_over) {
      period_over = false;
      PORTB ^= _BV(kLedPin);
      SayTelemetry();
    }
    sleep_mode();
  }
}
