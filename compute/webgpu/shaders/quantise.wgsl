// Quantises rows to int8, four values per word, each row with its own scale:
// x ≈ q·scale, and the largest magnitude of a row becomes 127. numbers_int8.wgsl and
// attention_int8.wgsl read the result.
//
// rows.wgsl distributes rows. prepare(), in normalise.wgsl or as_it_is.wgsl, makes
// the values to quantise.

struct Shape {
  rows: u32,
  cols: u32,
  x: u32,        // start of x in its buffer, in values
  xStride: u32,  // values per row
  stride: u32,   // words per row of the result
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> bytes: array<u32>;
@group(0) @binding(3) var<storage, read_write> scales: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let row = rowOf(at);
  let lane = laneOf(at);
  let first = shape.x + min(row, shape.rows - 1) * shape.xStride;
  let measured = measure(at, first);

  var part = 0f;
  for (var i = lane; i < shape.cols; i += lanesOf(at)) { part = max(part, abs(prepare(x[first + i], i, measured))); }
  let largest = rowLargest(at, part);
  if (row >= shape.rows) { return; }

  let inverse = select(0, 1 / largest, largest > 0);
  for (var word = lane; word < shape.stride; word += lanesOf(at)) {
    let i = vec4u(4 * word) + vec4u(0, 1, 2, 3);
    let values = vec4f(
      prepare(x[first + i.x], i.x, measured), prepare(x[first + i.y], i.y, measured),
      prepare(x[first + i.z], i.z, measured), prepare(x[first + i.w], i.w, measured));
    bytes[row * shape.stride + word] = pack4x8snorm(select(vec4f(), values * inverse, i < vec4u(shape.cols)));
  }
  if (lane == 0) { scales[row] = largest / 127; }
}
