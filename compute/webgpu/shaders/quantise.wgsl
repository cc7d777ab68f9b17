// Rows to int8, four in a word, each row by its own scale: x ≈ q·scale, the
// largest of a row is 127. The input of numbers_int8.wgsl.
//
// A row is shared by 8 invocations, a workgroup does 8 rows. What is quantised,
// prepare(), stands in another file that is put before this one.

struct Shape {
  rows: u32,
  cols: u32,
  x: u32,       // where x begins in its buffer, in values
  stride: u32,  // words of a row of the result
}

const LANES = 8u;

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> bytes: array<u32>;
@group(0) @binding(3) var<storage, read_write> scales: array<f32>;

var<workgroup> parts: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let row = group.x * (64 / LANES) + index / LANES;
  let lane = index % LANES;
  let first = shape.x + min(row, shape.rows - 1) * shape.cols;
  let measured = measure(index, first);

  var largest = 0f;
  for (var i = lane; i < shape.cols; i += LANES) {
    largest = max(largest, abs(prepare(x[first + i], i, measured)));
  }
  workgroupBarrier();
  parts[index] = largest;
  workgroupBarrier();
  for (var i = 0u; i < LANES; i++) { largest = max(largest, parts[index / LANES * LANES + i]); }
  if (row >= shape.rows) { return; }

  let inverse = select(0, 127 / largest, largest > 0);
  for (var word = lane; word < shape.stride; word += LANES) {
    let i = vec4u(4 * word) + vec4u(0, 1, 2, 3);
    let values = vec4f(
      prepare(x[first + i.x], i.x, measured), prepare(x[first + i.y], i.y, measured),
      prepare(x[first + i.z], i.z, measured), prepare(x[first + i.w], i.w, measured));
    let four = vec4i(round(select(vec4f(), values * inverse, i < vec4u(shape.cols)))) & vec4i(255);
    bytes[row * shape.stride + word] = u32(four.x | (four.y << 8) | (four.z << 16) | (four.w << 24));
  }
  if (lane == 0) { scales[row] = largest / 127; }
}
