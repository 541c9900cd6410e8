# The story that `tools/run --once` plays; sourced by it. Each step checks its outcome.

events=0  # sent so far, which is also the source's offset

# happened KIND KEY ORDER AMOUNT: the ledger says that it moved, for account m1.
happened() {
  expect 0 ledger event send --source ledger --kind "$1" --key "$2" --account m1 --order "$3" \
    --amount "$4"
  events=$((events + 1))
  await "event $events" source_is "ledger:$events"
  await "the feeder's return" connected
}

# expect CODE WORD COMMAND...: fundctl's exit code, and a word that it must print.
expect() {
  local code=$1 word=$2 got=0 output
  shift 2
  say "fundctl $*"
  output=$("$fundctl" "$@" 2>&1) || got=$?
  printf '%s\n' "$output" | sed 's/^/    /'
  [[ $got == "$code" ]] || die "expected exit code $code, got $got"
  [[ $output == *"$word"* ]] || die "expected \"$word\" in the answer"
}

refund() { # refund CODE WORD KEY AMOUNT
  expect "$1" "$2" check refund --key "$3" --account m1 --order o1 --amount "$4"
}

play_story() {
  say "Order o1 is paid: CNY 100.00"
  happened payment p1 o1 "CNY 100.00"
  say "A refund within what was paid is allowed, and asked twice it is the same decision"
  refund 0 ALLOW r1 "CNY 60.00"
  refund 0 replayed r1 "CNY 60.00"
  say "A second one would give back more than was paid"
  refund 11 refunds_within_paid r2 "CNY 60.00"
  say "One key is one movement"
  refund 11 IDEMPOTENCY_CONFLICT r1 "CNY 61.00"
  say "The refund is made; from now on its key has moved"
  happened refund r1 o1 "CNY 60.00"
  refund 11 ALREADY_MOVED r1 "CNY 60.00"
  say "An operator opens a breaker, and closes it again"
  expect 0 OPEN breaker trip refund --reason "the story needs it"
  refund 10 BREAKER r3 "CNY 10.00"
  expect 0 CLOSED breaker reset refund --reason "the story goes on"
  refund 0 ALLOW r3 "CNY 10.00"
  local decision
  decision=$("$fundctl" --output json decision get refund --key r3 --account m1 |
    grep -o '"decision_id":"[^"]*"' | head -1 | cut -d'"' -f4)
  expect 0 CONFIRMED confirm refund --key r3 --account m1 --decision "$decision"
  say "A refund goes round the gate, and too much with it: the order is frozen"
  happened refund r9 o1 "CNY 90.00"
  await "the freeze" grep_freeze
  refund 10 '*/order:o1' r4 "CNY 1.00"
  expect 0 refunded book get order --account m1 --order o1 --currency CNY
  expect 0 sound trace verify
  expect 0 serving status
}

grep_freeze() { "$fundctl" breaker list | grep -q '\*/order:o1'; }
