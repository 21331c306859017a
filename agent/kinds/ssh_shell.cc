#include "agent/kinds/ssh_shell.h"

namespace motley::agent {

// Where there is a choice, the form that dash, busybox and bash all know: no local variables, no arrays, no process
// substitution. Variables are global, so each function has names of its own where it calls others.

const std::string_view kRemoteLibrary = R"sh(
umask 077
export LC_ALL=C
base=$HOME/.motley/$gateway
read -r boot < /proc/sys/kernel/random/boot_id

fail() {
  printf '!%s %s\n' "$1" "$(printf %s "$2" | tr '\n' ' ')"
  exit 90
}

# WHAT COMMAND...: runs it or fails with what it said.
try() {
  what=$1
  shift
  said=$("$@" 2>&1) || case $said in
    *'No space left'*) fail unavailable "$what: the disk is full; free some space" ;;
    *'ermission denied'*) fail denied "$what: $said" ;;
    *) fail unavailable "$what: $said" ;;
  esac
}

nap() { sleep 0.1 2>/dev/null || sleep 1; }

# PATH...: makes them durable; all of the disk's where sync takes no names.
flush() { sync "$@" 2>/dev/null || sync; }

sha() {
  hash=$(sha256sum < "$1" 2>/dev/null) || hash=
  printf %s "${hash%% *}"
}

# FILE KEY: the value in "key=value" lines.
field() { sed -n "s/^$2=//p" "$1" 2>/dev/null | head -n 1; }

# FILE TEXT: there is the old file or the new one, also after a power failure.
put() {
  printf %s "$2" > "$1.new" || fail unavailable "write $1: the disk may be full"
  flush "$1.new"
  try "write $1" mv -f "$1.new" "$1"
}

# PID: whether it runs; sets `begun`, the time of its start, which tells it from a later process of this id.
start_of() {
  { read -r line < "/proc/$1/stat"; } 2>/dev/null || return 1
  line=${line##*) }
  set -- $line
  begun=${20}
  [ "$1" != Z ] && [ "$1" != X ]
}

# FOLDER: whether its supervisor runs; sets `pid`.
alive() {
  pid=0
  { read -r was then there < "$1/supervisor"; } 2>/dev/null || return 1
  [ "$there" = "$boot" ] && start_of "$was" && [ "$begun" = "$then" ] && pid=$was
}

# APPLICATION COMPONENT: what the following is about.
about() {
  application=$1
  component=$2
  folder=$base/$application/$component
  removed=$base/$application/.removed-$component
  mark="MOTLEY_OWNER=$gateway/$application/$component;"
  # A pattern, since busybox looks for plain text only up to the first NUL.
  marked=$(printf %s "$mark" | sed 's/[.]/[.]/g')
}

# Kills whatever has the component's mark in its environment.
sweep() {
  tries=0
  while :; do
    left=
    for found in $(grep -l "$marked" /proc/[0-9]*/environ 2>/dev/null); do
      found=${found#/proc/}
      if start_of "${found%/environ}"; then left="$left ${found%/environ}"; fi
    done
    [ -n "$left" ] || return 0
    [ "$tries" -lt 50 ] || fail unavailable "processes$left do not die; see what they wait for"
    kill -KILL $left 2>/dev/null
    tries=$((tries + 1))
    nap
  done
}

# Ends the component's program and its supervisor.
stop() {
  if alive "$folder"; then
    patience=$(field "$folder/status" stop_timeout_ms)
    patience=$((${patience:-5000} / 100 + 50))
    kill -TERM "$pid" 2>/dev/null
    while alive "$folder" && [ "$patience" -gt 0 ]; do
      nap
      patience=$((patience - 1))
    done
  fi
  sweep
}

# RECORD SETTINGS RUN: starts the supervisor with them.
start() {
  rm -f "$folder/status" "$folder/supervisor"
  put "$folder/settings" "$1"
  put "$folder/run" "$2"
  keeper=setsid
  command -v setsid > /dev/null || keeper=
  env -i "$mark" "PATH=$PATH" "HOME=$HOME" $keeper /bin/sh "$base/$supervisor_file" "$folder" \
    < /dev/null > /dev/null 2>&1 &
  patience=100
  until alive "$folder" || [ "$(field "$folder/status" state)" = ended ]; do
    [ "$patience" -gt 0 ] || fail unavailable "its supervisor does not start"
    nap
    patience=$((patience - 1))
  done
}

# TEXT: the supervisor's program.
install_supervisor() {
  try "make $base" mkdir -p "$base"
  [ -f "$base/$supervisor_file" ] || put "$base/$supervisor_file" "$1"
}

have_artifact() {
  if [ -f "$base/.artifacts/$1" ] && [ "$(sha "$base/.artifacts/$1")" = "$1" ]; then echo yes; else echo no; fi
}

# SHA256: takes it from standard input.
take_artifact() {
  try "make $base/.artifacts" mkdir -p "$base/.artifacts"
  fresh=$base/.artifacts/.new-$1
  cat > "$fresh" || fail unavailable "write $fresh: the disk may be full"
  if [ "$(sha "$fresh")" != "$1" ]; then
    rm -f "$fresh"
    fail corrupt "what arrived is not what was sent; the connection may have been cut"
  fi
  flush "$fresh"
  try "write an artifact" mv -f "$fresh" "$base/.artifacts/$1"
}

# INDEX PATH PROGRAM LINES: says what is there.
look() {
  echo "= $1"
  read -r up rest < /proc/uptime
  echo "now ${up%.*}${up#*.}0"
  if [ -d "$folder" ]; then echo "folder"; fi
  if alive "$folder"; then echo "supervisor $pid"; fi
  sed 's/^/record /' "$folder/record" 2>/dev/null
  sed 's/^/status /' "$folder/status" 2>/dev/null
  if [ -n "$2" ]; then
    if [ -L "$2" ]; then
      echo "file link"
    elif [ -f "$2" ]; then
      echo "file $(stat -c '%a %u %g' "$2") $(sha "$2")"
    elif [ -e "$2" ]; then
      echo "file other"
    fi
  fi
  if [ -n "$3" ] && [ -f "$folder/bin/$3" ]; then echo "program"; fi
  if [ "$4" -gt 0 ]; then
    # Of the last run only, and never much, whatever a program writes.
    cat "$folder/log.1" "$folder/log" 2>/dev/null | tail -c 8192 | tr -d '\000' |
      sed -n -e '/^-- started$/{' -e 's/.*//' -e 'h' -e 'd' -e '}' -e 'H' -e '${' -e 'g' -e 'p' -e '}' |
      grep -v '^$' | tail -n "$4" | cut -c 1-300 | sed 's/^/log /'
  fi
  return 0
}

# DIGEST RECORD SETTINGS RUN ARTIFACT PROGRAM
apply_process() {
  if [ "$(field "$folder/record" digest)" = "$1" ] && { [ -z "$5" ] || [ -f "$folder/bin/$6" ]; }; then
    alive "$folder" && return 0
    if [ "$(field "$folder/status" state)" = ended ] && [ "$(field "$folder/status" exit_code)" = 0 ]; then return 0; fi
  fi
  stop
  if [ ! -d "$folder" ] && [ -d "$removed" ]; then try "bring $folder back" mv "$removed" "$folder"; fi
  try "make $folder/work" mkdir -p "$folder/work"
  put "$folder/record" "$2"
  try "empty $folder/bin" rm -rf "$folder/bin"
  if [ -n "$5" ]; then
    try "make $folder/bin" mkdir -p "$folder/bin"
    ln "$base/.artifacts/$5" "$folder/bin/$6" 2>/dev/null ||
      try "install $6" cp "$base/.artifacts/$5" "$folder/bin/$6"
    try "install $6" chmod 700 "$folder/bin/$6"
  fi
  start "$3" "$4"
}

remove_process() {
  stop
  [ -d "$folder" ] || return 0
  try "delete $removed" rm -rf "$removed"
  try "set $folder aside" mv "$folder" "$removed"
}

check_replaceable() {
  if [ -L "$1" ] || { [ -e "$1" ] && [ ! -f "$1" ]; }; then
    fail conflict "$1 is a folder, a link or a device, and only plain files are replaced; take it away, or choose another path"
  fi
}

# user|group NAME: sets `number` to that of the user or group; digits are one.
number_of() {
  number=
  case $2 in
    '') return 0 ;;
    *[!0-9]*) ;;
    *) number=$2; return 0 ;;
  esac
  if [ "$1" = user ]; then
    number=$(id -u "$2" 2>/dev/null)
  elif command -v getent > /dev/null; then
    number=$(getent group "$2" | cut -d : -f 3)
  else
    while IFS=: read -r name secret id rest; do
      if [ "$name" = "$2" ]; then number=$id; fi
    done < /etc/group
  fi
  [ -n "$number" ] || fail not_found "no $1 \"$2\" is on this host; make it, or give its number"
}

# SOURCE PATH MODE OWNER: puts a copy of SOURCE at PATH; where mode or owner is empty, it is that of SOURCE.
replace() {
  place=${2%/*}/
  # Always the same for a path, so that what a power failure leaves goes with the next attempt.
  fresh=$place.motley-$(printf %s "$2" | sha256sum | cut -c 1-16)
  try "write $2" cp -p "$1" "$fresh"
  # Before the mode, of which it takes bits away.
  if [ -n "$4" ]; then try "give $2 to $4" chown "$4" "$fresh"; fi
  if [ -n "$3" ]; then try "set the mode of $2" chmod "$3" "$fresh"; fi
  if [ "$(sha "$fresh")" != "$(sha "$1")" ]; then
    rm -f "$fresh"
    fail unavailable "write $2: the disk may be full"
  fi
  flush "$fresh"
  try "write $2" mv -f "$fresh" "$2"
  flush "$place"
}

# PATH DIGEST MODE SHA256 OWNER GROUP
apply_file() {
  check_replaceable "$1"
  number_of user "$5"
  owner=$number
  number_of group "$6"
  group=$number
  if [ -n "$owner$group" ] && [ "$(id -u)" != 0 ]; then
    fail denied "only root can give $1 to $5${6:+:$6}, and here is $(id -un); use a host with the user root, or leave owner and group out"
  fi
  for other in "$base"/*/*/record; do
    [ "$other" != "$folder/record" ] || continue
    if [ "$(field "$other" kind)" = file ] && [ "$(field "$other" path)" = "$1" ]; then
      other=${other%/record}
      fail conflict "$1 is the file of ${other#"$base/"}; choose another path"
    fi
  done
  known=$(field "$folder/record" path)
  if [ -n "$known" ] && [ "$known" != "$1" ]; then remove_file; fi
  try "make $folder" mkdir -p "$folder"
  original=$(field "$folder/record" original)
  if [ -z "$original" ]; then
    original=no
    if [ -f "$1" ]; then
      original=yes
      try "keep $1" cp -p "$1" "$folder/original"
      flush "$folder/original"
    fi
  elif [ -f "$1" ] && [ "$(sha "$1")" = "$(field "$folder/record" sha256)" ]; then
    # So that going back needs not send it again.
    cp "$1" "$base/.artifacts/$(sha "$1")" 2>/dev/null
  fi
  put "$folder/record" "kind=file
digest=$2
path=$1
sha256=$4
original=$original
owner=$owner
group=$group
"
  (umask 022 && mkdir -p "${1%/*}/") 2>/dev/null || fail unavailable "make the folder of $1: something is in the way"
  replace "$base/.artifacts/$4" "$1" "$3" "$owner${group:+:$group}"
}

remove_file() {
  known=$(field "$folder/record" path)
  if [ -n "$known" ]; then
    check_replaceable "$known"
    if [ "$(field "$folder/record" original)" = yes ]; then
      replace "$folder/original" "$known" '' ''
    else
      try "delete $known" rm -f "$known"
      flush "${known%/*}/" 2>/dev/null
    fi
  fi
  forget
}

# The record first: without it there is nothing to undo, whatever else is left.
forget() {
  try "delete $folder/record" rm -f "$folder/record"
  try "delete $folder" rm -rf "$folder"
}

# RECORD SETTINGS RUN: runs a script that is installed.
run_script() {
  sweep
  try "make $folder/work" mkdir -p "$folder/work"
  put "$folder/record" "$1"
  start "$2" "$3"
}

# SHA256 UNDO RUN_UNDO: takes `apply` from the artifacts.
install_script() {
  try "make $folder" mkdir -p "$folder"
  try "install the script" cp "$base/.artifacts/$1" "$folder/apply"
  put "$folder/undo" "$2"
  put "$folder/run-undo" "$3"
}

# The transaction is final: deletes what was only kept to undo it.
commit() {
  rm -rf "$base"/*/.removed-* "$base"/.artifacts/.new-*
  for kept in "$base"/.artifacts/*; do
    grep -qsx "artifact=${kept##*/}" "$base"/*/*/record || rm -f "$kept"
  done
  for kept in "$base"/.supervise-*; do
    [ "$kept" = "$base/$supervisor_file" ] || rm -f "$kept"
  done
  rmdir "$base"/* 2>/dev/null
  return 0
}
)sh";

const std::string_view kRemoteSupervisor = R"sh(
cd "$1" || exit 1
umask 077
# instance, restart, stop_timeout_ms, limit_s, log_blocks
. ./settings
read -r boot < /proc/sys/kernel/random/boot_id
keeper=setsid
command -v setsid > /dev/null || keeper=
restarts=0 ends=0 code=-1 signal=0 reason= program=0 started=0 next=0
stopping= late= watchdog= sleeper= logger=0

nap() { sleep 0.1 2>/dev/null || sleep 1; }

start_of() {
  { read -r line < "/proc/$1/stat"; } 2>/dev/null || return 1
  line=${line##*) }
  set -- $line
  begun=${20}
  [ "$1" != Z ] && [ "$1" != X ]
}

clock() {
  read -r up rest < /proc/uptime
  now=${up%.*}${up#*.}0
}

say() {
  printf '%s\n' "state=$1" "instance=$instance" "supervisor=$$" "pid=$program" "restarts=$restarts" \
    "ends_in_a_row=$ends" started_us=0 "started_ms=$started" "next_start_ms=$next" \
    "stop_timeout_ms=$stop_timeout_ms" "exit_code=$code" "exit_signal=$signal" "reason=$reason" end=1 > status.new &&
    mv -f status.new status
}

# Each read is a block, so that a line is in the log as soon as it is written, and a file is never larger than that many.
keep_log() {
  while :; do
    if [ -s log ]; then mv -f log log.1; fi
    dd bs=1024 count="$log_blocks" of=log 2>/dev/null
    [ -s log ] || break
  done
}

# SIGNAL: to the program, with its group where it leads one.
tell() {
  kill "-$1" "-$program" 2>/dev/null || kill "-$1" "$program" 2>/dev/null
}

# Kills what the program has left.
sweep() {
  tell KILL
  tries=0
  while [ "$tries" -lt 50 ]; do
    left=
    for found in $(grep -l "$mark" /proc/[0-9]*/environ 2>/dev/null); do
      found=${found#/proc/}
      if start_of "${found%/environ}"; then left="$left ${found%/environ}"; fi
    done
    [ -n "$left" ] || break
    kill -KILL $left 2>/dev/null
    tries=$((tries + 1))
    nap
  done
}

run_program() {
  # By exec, since shells keep a copy of what a function's redirections replace, and then the pipe would never end.
  start_of "$logger" || { (exec <&4 3>&- 4<&- && keep_log) & logger=$!; }
  # Before the program can write anything: what is looked at later begins here.
  echo "-- started" >&3
  env "$mark" $keeper /bin/sh ./run < /dev/null >&3 2>&3 3>&- 4<&- &
  program=$!
  clock
  started=$now
  if [ "$limit_s" -gt 0 ]; then
    (
      exec 3>&- 4<&-
      trap 'kill "$!"; exit 0' TERM
      sleep "$limit_s" &
      wait "$!"
      kill -USR1 "$$"
    ) &
    watchdog=$!
  fi
  say running
  while :; do
    wait "$program"
    code=$?
    [ -z "$stopping$late" ] && start_of "$program" || break
  done
}

end_program() {
  patience=$((stop_timeout_ms / 100))
  if [ -n "$stopping$late" ] && start_of "$program"; then
    say stopping
    tell TERM
    while start_of "$program" && [ "$patience" -gt 0 ]; do
      nap
      patience=$((patience - 1))
    done
    tell KILL
    wait "$program"
    code=$?
  fi
  sweep
  if [ -n "$watchdog" ]; then kill "$watchdog" 2>/dev/null; fi
  signal=0
  reason="exited with code $code"
  if [ "$code" -gt 128 ]; then
    signal=$((code - 128))
    code=-1
    reason="was ended by signal $signal"
  fi
  if [ -n "$late" ]; then
    reason="did not end within its time limit of $limit_s s"
    code=-1
  fi
  program=0
}

wait_before_restart() {
  delay=1
  doubled=1
  while [ "$doubled" -lt "$ends" ] && [ "$delay" -lt 60 ]; do
    delay=$((delay * 2))
    doubled=$((doubled + 1))
  done
  [ "$delay" -le 60 ] || delay=60
  clock
  next=$((now + delay * 1000))
  say backoff
  sleep "$delay" 3>&- 4<&- &
  sleeper=$!
  wait "$sleeper"
  kill "$sleeper" 2>/dev/null
}

# What is still on its way to the log gets there before the last word.
finish() {
  exec 3>&-
  patience=20
  while start_of "$logger" && [ "$patience" -gt 0 ]; do
    nap
    patience=$((patience - 1))
  done
  kill "$logger" 2>/dev/null
  rm -f out
  say "$1"
  exit 0
}

trap 'stopping=1' TERM INT
trap 'late=1' USR1
rm -f out
mkfifo out || exit 1
# For writing, and for reading: what is written is lost while nobody has it open.
exec 3<>out
exec 4<out
start_of "$$"
# Of this supervisor alone: other gateways and applications may have the very same component here.
mark="MOTLEY_RUN=$$-$begun;"
say starting
echo "$$ $begun $boot" > supervisor.new && mv -f supervisor.new supervisor
while :; do
  [ -z "$stopping" ] || finish stopped
  run_program
  end_program
  clock
  if [ $((now - started)) -ge 60000 ]; then ends=1; else ends=$((ends + 1)); fi
  [ -z "$stopping" ] || finish stopped
  case $restart in
    always) ;;
    on-failure) [ "$code" -ne 0 ] || finish ended ;;
    *) finish ended ;;
  esac
  wait_before_restart
  restarts=$((restarts + 1))
done
)sh";

}  // namespace motley::agent
