// Rows to int8, four in a word, each row by its own scale: x ≈ q·scale, the
// largest of a row is 127. The input of numbers_int8.wgsl and attention_int8.wgsl.
//
// Rows are shared as rows.wgsl says. What is quantised stands in another file
// that is put before this one: prepare() in normalise.wgsl or as_it_is.wgsl.

struct Shape {
  rows: u32,
  cols: u32,
  x: u32,        // where x begins in its buffer, in values
  xStride: u32,  // values of a row
  stride: u32,   // words of a row of the result
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
