// What operations on rows have in common: a row is shared by LANES invocations,
// a workgroup does 64/LANES rows.

const LANES = 8u;

var<workgroup> parts: array<f32, 64>;

/** The row of an invocation. */
fn rowOf(group: u32, index: u32) -> u32 { return group * (64 / LANES) + index / LANES; }

/** The sum of what a row's lanes have. */
fn rowSum(index: u32, part: f32) -> f32 {
  share(index, part);
  var sum = 0f;
  for (var lane = 0u; lane < LANES; lane++) { sum += parts[index / LANES * LANES + lane]; }
  return sum;
}

/** The largest of what a row's lanes have. */
fn rowLargest(index: u32, part: f32) -> f32 {
  share(index, part);
  var largest = part;
  for (var lane = 0u; lane < LANES; lane++) { largest = max(largest, parts[index / LANES * LANES + lane]); }
  return largest;
}

fn share(index: u32, part: f32) {
  workgroupBarrier();  // until what was shared before is read
  parts[index] = part;
  workgroupBarrier();
}
