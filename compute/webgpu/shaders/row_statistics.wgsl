// The mean and 1/√(variance + ε) of rows, for layer normalisation.
//
// A row is shared by 8 invocations, a workgroup measures 8 rows, as
// row_measure.wgsl says.

struct Shape {
  rows: u32,
  cols: u32,
  x: u32,  // where x begins in its buffer, in values
}

const LANES = 8u;

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> statistics: array<vec2f>;

var<workgroup> parts: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let row = group.x * (64 / LANES) + index / LANES;
  let first = shape.x + min(row, shape.rows - 1) * shape.cols;
  let measured = measure(index, first);
  if (row < shape.rows && index % LANES == 0) {
    statistics[row] = measured;
  }
}
