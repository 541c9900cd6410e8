# Processes that a tool starts, by name; sourced by it. $place is the folder that knows them: for
# each NAME its log, and in NAME.pid its pid and when it began, so that a pid that went to somebody
# else is never mistaken for it.

leash=()  # with (setpriv --pdeathsig TERM) what is started ends with this script, however that ends

# began PID: prints when that process began, in ticks since boot; fails if there is none.
began() {
  local stat
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
  read -ra stat <<<"${stat##*) }"  # what follows the name, which may have blanks
  [[ ${stat[0]} != Z ]] && echo "${stat[19]}"
}

# remember NAME PID: makes a process known by that name.
remember() { echo "$2 $(began "$2")" >"$place/$1.pid"; }

# start NAME COMMAND...: begins it in the background.
start() {
  local name=$1
  shift
  "${leash[@]}" setsid "$@" >"$place/$name.log" 2>&1 </dev/null &
  remember "$name" $!
}

# pid_of NAME: prints its pid; fails if it doesn't run.
pid_of() {
  local pid start
  read -r pid start 2>/dev/null <"$place/$1.pid" || return 1
  [[ -n $start && $(began "$pid") == "$start" ]] && echo "$pid"
} 2>/dev/null

runs() { pid_of "$1" >/dev/null; }

# end NAME: asks it and what it started to end, makes them after a minute, and forgets it.
end() {
  local pid
  if pid=$(pid_of "$1"); then
    signal TERM "$pid"
    for ((i = 0; i < 1200; i++)); do
      runs "$1" || break
      sleep 0.05
    done
    ! runs "$1" || signal KILL "$pid"
  fi
  rm -f "$place/$1.pid"
}

# signal NAME PID: to its group, which is its own if it was started here, else to it alone.
signal() { kill "-$1" -- "-$2" 2>/dev/null || kill "-$1" "$2" 2>/dev/null || true; }

# await NAME WHAT COMMAND...: returns once the command succeeds; dies if the process ends before, or
# after a minute.
await() {
  local name=$1 what=$2
  shift 2
  for ((i = 0; i < 600; i++)); do
    "$@" >/dev/null 2>&1 && return 0
    runs "$name" || break
    sleep 0.1
  done
  tail -n 10 "$place/$name.log" >&2
  runs "$name" && die "$what did not happen within a minute; the end of the log of $name is above"
  die "$name ended before $what; the end of its log is above"
}

# attend COMMAND...: runs it to its end and gives its exit code. Unlike a plain command it lets this
# script heed a signal, and ends with it, as "attended".
attend() {
  local code=0
  "${leash[@]}" setsid "$@" </dev/null &
  remember attended $!
  wait $! || code=$?
  rm -f "$place/attended.pid"
  return $code
}

# free_port: prints one on which nothing listens.
free_port() {
  "$python" -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# is_free PORT
is_free() {
  "$python" -c 'import socket, sys; socket.create_server(("127.0.0.1", int(sys.argv[1])))' "$1" \
    2>/dev/null
}
