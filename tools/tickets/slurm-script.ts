/** The script around a plan's commands for Slurm: it reads each job before and after, goes on after a lost race, and reports. */

import { oneLine } from '../../domain/text.js';
import { leftLine, moveLine, type SlurmMoves, submitLine } from './slurm.js';

/**
 * POSIX sh with awk. `look` prints one line a task: what may be done about it, its number, its state. A task is `ready` when it
 * waits and may start from the moment that was read (the first look of the scheduler may set it up to a minute later), or when
 * no moment was known and it could start now. Any other moment is somebody's wish, and so is a hold.
 */
const HEAD = String.raw`set -fu
command -v scontrol >/dev/null || { echo 'There is no scontrol here: run this where Slurm is.' >&2; exit 6; }
config=$(scontrol show config 2>&1)
case $config in *[Uu]'nable to contact'*) printf 'Slurm does not answer, nothing was done: %s\n' "$config" >&2; exit 6 ;; esac
unset SQUEUE_ACCOUNT SQUEUE_FORMAT SQUEUE_FORMAT2 SQUEUE_LICENSES SQUEUE_NAMES SQUEUE_PARTITION SQUEUE_QOS SQUEUE_SORT SQUEUE_STATES SQUEUE_USERS
# CLUSTER=name says which cluster this is, where Slurm's own name for it is another.
here=\${CLUSTER:-$(printf '%s\n' "$config" | sed -n 's/^ClusterName *= *//p')}
moved=0 there=0 over=0 left=0 failed=0 submitted=0

look() {
  rows=$(TZ=UTC SLURM_TIME_FORMAT=%s squeue -h -r -t all -j "\${1%%_*}" -O JobArrayID:40,State:20,EligibleTime:24,PriorityLong:20,Reason:100 2>&1) ||
    case $rows in *'Invalid job id'*) rows= ;; *) printf '%s\n' "$rows" >&2; return 1 ;; esac
  printf '%s\n' "$rows" | awk -v id="$1" -v from="$2" -v to="$3" -v now="$(date +%s)" '
    BEGIN {
      want[id]; base = list = id
      if (sub(/^[0-9]+_\[/, "", list)) {
        delete want[id]; sub(/_.*/, "", base); sub(/\]/, "", list)
        count = split(list, range, ",")
        for (i = 1; i <= count; i++) { last = split(range[i], end, "-"); for (t = end[1] + 0; t <= end[last] + 0; t++) want[base "_" t] }
      }
    }
    # Of a heterogeneous job the leader speaks: its components move together.
    { task = $1; sub(/\+0$/, "", task); if (!(task in want)) next; seen[task] }
    $2 ~ /^(COMPLETED|CANCELLED|FAILED|TIMEOUT|DEADLINE|NODE_FAIL|PREEMPTED|BOOT_FAIL|OUT_OF_MEMORY|REVOKED)/ { print "ended", task, $2; next }
    $2 != "PENDING" { print "started", task, $2; next }
    $4 == "0" || $5 ~ /[Hh]eld/ { print "held", task, $5; next }
    $3 == to { print "there", task, $2; next }
    to <= now && $3 ~ /^[0-9]+$/ && $3 <= now { print "free", task, $2; next }
    from == 0 && ($3 !~ /^[0-9]+$/ || $3 <= now) { print "ready", task, $2; next }
    from > 0 && $3 ~ /^[0-9]+$/ && $3 - from >= 0 && $3 - from <= 60 { print "ready", task, $2; next }
    { print "changed", task, $2 }
    END { for (task in want) if (!(task in seen)) print "ended", task, "no longer in the queue" }'
}

# move TARGET CLUSTER FROM TO COMMAND…
move() {
  id=$1 from=$3 to=$4
  if [ -n "$2" ] && [ -n "$here" ] && [ "$2" != "$here" ]; then
    left=$((left + 1)); printf '%s: left: it belongs to cluster %s, this is %s\n' "$id" "$2" "$here"; return
  fi
  shift 4
  for start; do :; done
  if ! command -v squeue >/dev/null; then blind "$@"; return; fi
  before=$(look "$id" "$from" "$to") || { failed=$((failed + 1)); echo "$id: not moved: the queue could not be read"; return; }
  ready=$(printf '%s\n' "$before" | sed -n 's/^ready \([^ ]*\) .*/\1/p')
  after=$before said=
  if [ -n "$ready" ]; then
    case $before in
      *held\ * | *changed\ *)
        # Some tasks of the array are to stay: the others go one by one.
        for task in $ready; do said=$said$(TZ=UTC scontrol update "JobId=$task" "$start" 2>&1 </dev/null); done ;;
      *) said=$("$@" 2>&1 </dev/null) ;;
    esac
    after=$(look "$id" "$from" "$to") || { failed=$((failed + 1)); echo "$id: not known: the queue could not be read after the move"; return; }
  fi
  while read -r kind task state; do
    case $kind in
      there | free)
        case " $(echo $ready) " in
          *" $task "*) moved=$((moved + 1)); echo "$task: moved to \${start#StartTime=} UTC" ;;
          *) there=$((there + 1)); [ "$kind" = there ] && echo "$task: there already" || echo "$task: may start already" ;;
        esac ;;
      ready) failed=$((failed + 1)); printf '%s: refused: %s\n' "$task" "$(printf %s "$said" | tr '\n' ' ')" ;;
      started | ended) over=$((over + 1)); echo "$task: $kind before it could be moved ($state)" ;;
      held) left=$((left + 1)); echo "$task: left: it is held ($state); who holds it releases it" ;;
      changed) left=$((left + 1)); echo "$task: left: its start was changed since the queue was read" ;;
    esac
  done <<END
$after
END
}

# Without squeue nothing can be read; Slurm itself refuses to move what no longer waits.
blind() {
  if said=$("$@" 2>&1 </dev/null); then moved=$((moved + 1)); echo "$id: moved; not read back, there is no squeue"; return; fi
  case $said in
    *'no longer pending'* | *'already finished'* | *'Invalid job id'*) over=$((over + 1)) ;;
    *) failed=$((failed + 1)) ;;
  esac
  printf '%s: not moved: %s\n' "$id" "$(printf %s "$said" | tr '\n' ' ')"
}

# submit KEY ID COMMAND…: a batch job that Slurm does not know yet. Its key stands in its comment and in a receipt beside the scripts.
submit() {
  key=$1 id=$2 receipt=$JOB_SCRIPTS/caco-op-$1
  shift 2
  known=
  if [ -s "$receipt" ]; then known=$(cat "$receipt")
  elif command -v squeue >/dev/null; then
    known=$(squeue -h -t all -o '%A %k') || { failed=$((failed + 1)); printf '%s: not submitted: the queue could not be read\n' "$id"; return; }
    known=$(printf '%s\n' "$known" | awk -v key="caco:op=$key" '$2 == key { print $1; exit }')
  fi
  if [ -n "$known" ]; then there=$((there + 1)); printf '%s: submitted before, as Slurm job %s\n' "$id" "$known"; return; fi
  if said=$("$@" 2>&1 </dev/null); then
    submitted=$((submitted + 1)); printf '%s: %s\n' "$id" "$said"
    number=$(printf '%s\n' "$said" | sed -n 's/.*Submitted batch job \([0-9]*\).*/\1/p')
    echo "\${number:-unknown}" >"$receipt" || echo "The receipt $receipt could not be written: the key is in the job's comment only." >&2
  else failed=$((failed + 1)); printf '%s: refused: %s\n' "$id" "$(printf %s "$said" | tr '\n' ' ')"; fi
}
`.replaceAll('\\${', '${');

/** Exit code 0: each job is where the plan wants it, or there is a reason in the report; 1: something was refused or is not known. */
export const SCRIPT_FOOT = `
echo "$moved moved, $submitted submitted, $there there already, $over started or ended before, $left left as they are, $failed refused or not known"
[ "$failed" -eq 0 ]
`;

/** The script's lines between head and foot. */
export const scriptLines = ({ moves, submissions, left }: SlurmMoves): string =>
  [
    ...left.map(leftLine),
    ...moves.map(moveLine),
    ...(submissions.length > 0 ? [FOLDER_NEEDED] : []),
    ...submissions.map(submitLine),
  ]
    .map((line) => `${line}\n`)
    .join('');

export const scriptHead = (title: string): string => `#!/bin/sh\n# ${oneLine(title, 200)}\n${HEAD}\n`;

const FOLDER_NEEDED = `[ -d "\${JOB_SCRIPTS:-}" ] || { echo 'JOB_SCRIPTS is to name the folder of batch scripts.' >&2; exit 2; }`;
