// Scales rows to length 1, in place: see rows.wgsl.

struct Shape {
  rows: u32,
  cols: u32,
  x: u32,       // start of x in its buffer, in values
  stride: u32,  // values per row
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let row = rowOf(at);
  let first = shape.x + min(row, shape.rows - 1) * shape.stride;
  var part = 0f;
  for (var i = laneOf(at); i < shape.cols; i += lanesOf(at)) { part = fma(x[first + i], x[first + i], part); }
  let scale = 1 / sqrt(rowSum(at, part));
  if (row >= shape.rows) { return; }
  for (var i = laneOf(at); i < shape.cols; i += lanesOf(at)) { x[first + i] *= scale; }
}
