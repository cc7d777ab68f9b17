// How operations on rows distribute work: LANES invocations share a row, and a
// workgroup of 64 takes 64/LANES rows. rows_subgroup.wgsl does this without
// workgroup memory.

const LANES = 8u;

var<workgroup> parts: array<f32, 64>;

struct Invocation {
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) index: u32,
}

/** The row of an invocation, which may lie beyond the last. */
fn rowOf(at: Invocation) -> u32 { return at.group.x * (64 / LANES) + at.index / LANES; }

/** The index of this invocation among those that share a row, and their number. */
fn laneOf(at: Invocation) -> u32 { return at.index % LANES; }
fn lanesOf(at: Invocation) -> u32 { return LANES; }

/** The sum of a row's lanes. */
fn rowSum(at: Invocation, part: f32) -> f32 {
  share(at, part);
  var sum = 0f;
  for (var lane = 0u; lane < LANES; lane++) { sum += parts[at.index / LANES * LANES + lane]; }
  return sum;
}

/** The largest of a row's lanes. */
fn rowLargest(at: Invocation, part: f32) -> f32 {
  share(at, part);
  var largest = part;
  for (var lane = 0u; lane < LANES; lane++) { largest = max(largest, parts[at.index / LANES * LANES + lane]); }
  return largest;
}

fn share(at: Invocation, part: f32) {
  workgroupBarrier();  // until all have read the parts shared before
  parts[at.index] = part;
  workgroupBarrier();
}
