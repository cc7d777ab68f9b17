// The mean and 1/√(variance + ε) of rows, for layer normalisation.
//
// A row is shared by 8 invocations, a workgroup measures 8 rows.

struct Shape {
  rows: u32,
  cols: u32,
  x: u32,  // where x begins in its buffer, in values
}

const LANES = 8u;
const EPSILON = 1e-5;

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> statistics: array<vec2f>;

var<workgroup> parts: array<f32, 64>;

/** The sum of a row's lanes. */
fn sum(index: u32, part: f32) -> f32 {
  workgroupBarrier();
  parts[index] = part;
  workgroupBarrier();
  var total = 0f;
  for (var lane = 0u; lane < LANES; lane++) { total += parts[index / LANES * LANES + lane]; }
  return total;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let row = group.x * (64 / LANES) + index / LANES;
  let first = shape.x + min(row, shape.rows - 1) * shape.cols;
  var part = 0f;
  for (var i = index % LANES; i < shape.cols; i += LANES) { part += x[first + i]; }
  let mean = sum(index, part) / f32(shape.cols);
  part = 0;
  for (var i = index % LANES; i < shape.cols; i += LANES) {
    let d = x[first + i] - mean;
    part = fma(d, d, part);
  }
  let variance = sum(index, part) / f32(shape.cols);
  if (row < shape.rows && index % LANES == 0) {
    statistics[row] = vec2f(mean, inverseSqrt(variance + EPSILON));
  }
}
