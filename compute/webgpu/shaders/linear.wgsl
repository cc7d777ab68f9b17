// The parameters of a linear layer, and the storing of its outputs.

struct Shape {
  rows: u32,
  steps: u32,      // of the inner dimension: calls of multiply()
  x: u32,          // start of x in its buffer, in elements
  xStride: u32,    // elements per row
  dst: u32,        // the same for dst, in fours
  dstStride: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(2) var<storage> ends: array<vec4f>;  // four outputs' scales, then their biases, and so on
@group(0) @binding(3) var<storage, read_write> dst: array<vec4f>;

/** Stores four outputs of a row. */
fn store(row: u32, four: u32, sums: vec4f) {
  if (row >= shape.rows || four >= shape.dstStride) { return; }
  let at = shape.dst + row * shape.dstStride + four;
  dst[at] = after(at, fma(sums, ends[2 * four], ends[2 * four + 1]));
}
