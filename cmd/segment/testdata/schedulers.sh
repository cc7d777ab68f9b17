#!/bin/bash
# Runs the jobs of docs/many-photos.md for real, on this machine: GNU parallel with a process
# that is killed, and a Slurm cluster of one node that fails and comes back.
#
#	schedulers.sh SEGMENT PHOTOS
#
# SEGMENT is the program, PHOTOS a folder of photos, best a hundred or more. Needs the packages
# parallel, slurm-wlm and munge of Debian, and root.
set -euo pipefail
segment=$(realpath "$1") photos=$(realpath "$2")
work=$(mktemp -d)
trap 'jobs -p | xargs -r kill 2>/dev/null || true; rm -rf "$work"' EXIT
count=$(find "$photos" -type f | wc -l)

# check OUT: each photo was done exactly once.
check() {
	local done
	done=$(cat "$1"/log-*.jsonl | grep '"seconds"' | grep -v '"error"' | sed 's/.*"photo":"\([^"]*\)".*/\1/' | sort | uniq -c | awk '{ n++; if ($1 > 1) twice++ } END { print n + 0, twice + 0 }')
	echo "$2: $done (photos, and those done twice) of $count"
	[ "$done" = "$count 0" ]
}

echo "GNU parallel"
out=$work/parallel
seq 0 3 | parallel --retries 5 -j 2 "$segment" "$photos" -o "$out" -jobs 1 -threads 1 -shard {}/4 2>/dev/null &
all=$!
sleep 4
pkill -9 -f "^$segment $photos -o $out .*-shard 1/4" || echo "too fast: nothing was killed"
wait $all
check "$out" "GNU parallel"

echo "Slurm"
host=$(hostname -s) out=$work/slurm
mkdir -p "$work"/{state,spool,log} /run/munge
[ -e /etc/munge/munge.key ] || { dd if=/dev/urandom of=/etc/munge/munge.key bs=1024 count=1 2>/dev/null; chown munge /etc/munge/munge.key; chmod 400 /etc/munge/munge.key; }
chown munge /run/munge
pgrep -x munged >/dev/null || runuser -u munge -- munged
cat >"$work/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SlurmdTimeout=10
JobRequeue=1
NodeName=$host CPUs=2 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$work/slurm.conf
slurmctld -D >"$work/log/slurmctld" 2>&1 &
slurmd -D >>"$work/log/slurmd" 2>&1 &
node=$!
for _ in $(seq 30); do sinfo -h -o %t | grep -q idle && break; sleep 1; done
cat >"$work/job.sh" <<JOB
#!/bin/bash
#SBATCH --array=0-3
#SBATCH --cpus-per-task=1
#SBATCH --requeue
#SBATCH --output=$work/log/job-%a
exec $segment $photos -o $out -jobs 1 -threads 1 -shard slurm
JOB
sbatch "$work/job.sh"
sleep 6
echo "the node fails"
kill -9 $node
pkill -9 slurmstepd || true
pkill -9 -f "^$segment $photos -o $out" || echo "too fast: nothing was killed"
for _ in $(seq 60); do squeue -h -o %T | grep -q RUNNING || break; sleep 1; done
squeue -h -o "%i %T %r"
echo "the node comes back"
slurmd -D >>"$work/log/slurmd" 2>&1 &
for _ in $(seq 600); do [ -z "$(squeue -h)" ] && break; sleep 1; done
check "$out" "Slurm"
