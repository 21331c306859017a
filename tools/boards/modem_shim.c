// Preloaded into a process, gives pseudo terminals of virtual boards what a serial port has and they lack: modem lines
// (TIOCMGET, TIOCMSET, TIOCMBIS, TIOCMBIC) and a memory for data bits and parity. All state is in the simulator, behind
// the datagram socket $MOTLEY_MODEM_DIR/ctl.<number of the terminal>, so that nothing here depends on which descriptor,
// thread or process a port is used by. Whatever has no such socket is left alone.

#define _GNU_SOURCE
#include <asm/termbits.h>  // struct termios as ioctl() knows it; its first four fields are those of the C library's
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { kFirstPtyMajor = 136, kLastPtyMajor = 143, kMinors = 256, kAnswerSeconds = 2 };  // Linux, devices.txt

static int (*real_ioctl)(int, unsigned long, ...);
static int (*real_tcsetattr)(int, int, const struct termios*);
static int (*real_tcgetattr)(int, struct termios*);
static const char* socket_folder;

__attribute__((constructor)) static void Start(void) {
  real_ioctl = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
  real_tcsetattr = (int (*)(int, int, const struct termios*))dlsym(RTLD_NEXT, "tcsetattr");
  real_tcgetattr = (int (*)(int, struct termios*))dlsym(RTLD_NEXT, "tcgetattr");
  socket_folder = getenv("MOTLEY_MODEM_DIR");
}

// Number of the pseudo terminal whose slave `fd` is, by whatever name it was opened; -1 for anything else.
static int TerminalNumber(int fd) {
  struct stat status;
  if (socket_folder == NULL || fstat(fd, &status) != 0 || !S_ISCHR(status.st_mode)) return -1;
  const unsigned number = major(status.st_rdev);
  if (number < kFirstPtyMajor || number > kLastPtyMajor) return -1;
  return (int)((number - kFirstPtyMajor) * kMinors + minor(status.st_rdev));
}

// Asks the board at `terminal`. Returns 1 with the facts behind "ok " in `answer`, 0 when there is no such board.
static int Ask(int terminal, const char* question, char* answer, size_t answer_size) {
  struct sockaddr_un own = {.sun_family = AF_UNIX};
  struct sockaddr_un board = {.sun_family = AF_UNIX};
  const int length = snprintf(board.sun_path, sizeof board.sun_path, "%s/ctl.%d", socket_folder, terminal);
  if (length < 0 || (size_t)length >= sizeof board.sun_path) return 0;
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return 0;
  const struct timeval patience = {kAnswerSeconds, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ssize_t size = -1;
  if (bind(fd, (const struct sockaddr*)&own, sizeof(sa_family_t)) == 0 &&
      sendto(fd, question, strlen(question), MSG_NOSIGNAL, (const struct sockaddr*)&board, sizeof board) > 0) {
    do {
      size = recv(fd, answer, answer_size - 1, 0);
    } while (size < 0 && errno == EINTR);
  }
  close(fd);
  if (size < 2 || memcmp(answer, "ok", 2) != 0) return 0;
  answer[size] = '\0';
  memmove(answer, answer + (size > 2 ? 3 : 2), (size_t)(size > 2 ? size - 2 : 1));
  return 1;
}

static int SetLine(int terminal, const char* name, int active) {
  char question[16];
  char answer[128];
  snprintf(question, sizeof question, "%s %d", name, active ? 1 : 0);
  return Ask(terminal, question, answer, sizeof answer);
}

// One of the four modem requests. Returns 1 when a board has carried it out.
static int ModemRequest(int fd, unsigned long request, int* bits) {
  char answer[128];
  int dtr = 0;
  int rts = 0;
  const int terminal = TerminalNumber(fd);
  if (terminal < 0 || bits == NULL) return 0;
  if (request == TIOCMGET) {
    if (!Ask(terminal, "lines", answer, sizeof answer) || sscanf(answer, "dtr=%d rts=%d", &dtr, &rts) != 2) return 0;
    // A USB serial chip without flow control wires reports these as active.
    *bits = TIOCM_CTS | TIOCM_DSR | TIOCM_CAR | (dtr ? TIOCM_DTR : 0) | (rts ? TIOCM_RTS : 0);
    return 1;
  }
  const int set = request == TIOCMBIC ? 0 : *bits;
  const int change = request == TIOCMSET ? TIOCM_DTR | TIOCM_RTS : *bits & (TIOCM_DTR | TIOCM_RTS);
  if (change == 0) return Ask(terminal, "lines", answer, sizeof answer);
  if ((change & TIOCM_RTS) && !SetLine(terminal, "rts", set & TIOCM_RTS)) return 0;
  return !(change & TIOCM_DTR) || SetLine(terminal, "dtr", set & TIOCM_DTR);
}

// Returns 1 when there is a board that remembers.
static int RememberFrame(int fd, tcflag_t flags) {
  const int terminal = TerminalNumber(fd);
  if (terminal < 0) return 0;
  const tcflag_t size = flags & CSIZE;
  char question[16];
  char answer[128];
  snprintf(question, sizeof question, "frame %c%c%c",
           size == CS5   ? '5'
           : size == CS6 ? '6'
           : size == CS7 ? '7'
                         : '8',
           !(flags & PARENB) ? 'n'
           : flags & PARODD  ? 'o'
                             : 'e',
           flags & CSTOPB ? '2' : '1');
  return Ask(terminal, question, answer, sizeof answer);
}

static void RecallFrame(int fd, tcflag_t* flags) {
  char frame[128];
  const int terminal = TerminalNumber(fd);
  if (terminal < 0 || !Ask(terminal, "frame", frame, sizeof frame) || strlen(frame) != 3) return;
  const tcflag_t sizes[] = {CS5, CS6, CS7, CS8};
  *flags &= ~(tcflag_t)(CSIZE | PARENB | PARODD);
  *flags |= sizes[(frame[0] - '5') & 3];
  if (frame[1] != 'n') *flags |= PARENB | (frame[1] == 'o' ? PARODD : 0);
}

int ioctl(int fd, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  if (real_ioctl == NULL) Start();  // called by another library's constructor
  const int result = real_ioctl(fd, request, argument);
  const int error = errno;
  switch (request) {
    case TIOCMGET:
    case TIOCMSET:
    case TIOCMBIS:
    case TIOCMBIC:
      if (result != 0 && (error == ENOTTY || error == EINVAL) && ModemRequest(fd, request, argument)) return 0;
      break;
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
    case TCSETS2:
    case TCSETSW2:
    case TCSETSF2:
      if (result == 0) RememberFrame(fd, ((const struct termios*)argument)->c_cflag);
      break;
    case TCGETS:
    case TCGETS2:
      if (result == 0) RecallFrame(fd, &((struct termios*)argument)->c_cflag);
      break;
    default:
      break;
  }
  errno = error;
  return result;
}

int tcsetattr(int fd, int when, const struct termios* settings) {
  if (real_tcsetattr == NULL) Start();
  const int result = real_tcsetattr(fd, when, settings);
  const int error = errno;
  // The C library reads the settings back and reports what a pseudo terminal has dropped, which is what we remember.
  const int dropped =
      result != 0 && error == EINVAL && ((settings->c_cflag & PARENB) || (settings->c_cflag & CSIZE) != CS8);
  if ((result == 0 || dropped) && RememberFrame(fd, settings->c_cflag)) return 0;
  errno = error;
  return result;
}

int tcgetattr(int fd, struct termios* settings) {
  if (real_tcgetattr == NULL) Start();
  const int result = real_tcgetattr(fd, settings);
  const int error = errno;
  if (result == 0) RecallFrame(fd, &settings->c_cflag);
  errno = error;
  return result;
}
