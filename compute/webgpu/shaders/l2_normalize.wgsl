// Scales rows to length 1, in place. A row is shared by 8 invocations.

struct Shape {
  rows: u32,
  cols: u32,
  x: u32,  // where x begins in its buffer, in values
}

const LANES = 8u;

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;

var<workgroup> parts: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let row = group.x * (64 / LANES) + index / LANES;
  let first = shape.x + min(row, shape.rows - 1) * shape.cols;
  var part = 0f;
  for (var i = index % LANES; i < shape.cols; i += LANES) { part = fma(x[first + i], x[first + i], part); }
  parts[index] = part;
  workgroupBarrier();
  if (row >= shape.rows) { return; }
  var squares = 0f;
  for (var lane = 0u; lane < LANES; lane++) { squares += parts[index / LANES * LANES + lane]; }
  let scale = 1 / sqrt(squares);
  for (var i = index % LANES; i < shape.cols; i += LANES) { x[first + i] *= scale; }
}
