// dst = x·Wᵀ + b of bytes: matmul.wgsl with 16 bytes, four words, in the place of
// a vec4f, and sums of integers. x is what quantise.wgsl makes.
//
// Workgroup memory: 2·64·5·16 bytes, 10 KB.

@group(0) @binding(4) var<storage> x: array<u32>;
@group(0) @binding(5) var<storage> scales: array<f32>;  // of the rows

const TILE = 64u;
const SLICE = 4u;  // vec4s
const STRIDE = 5u;

var<workgroup> inputs: array<vec4u, TILE * STRIDE>;
var<workgroup> weights: array<vec4u, TILE * STRIDE>;

/** 16 bytes of a row of x, from a word of it on. */
fn input(row: u32, word: u32) -> vec4u {
  let words = shape.stride / 4;
  let at = row * words + word;
  let there = (vec4u(word) + vec4u(0, 1, 2, 3) < vec4u(words)) & vec4<bool>(row < shape.rows);
  return select(vec4u(), vec4u(x[at], x[at + 1], x[at + 2], x[at + 3]), there);
}

fn weight(o: u32, word: u32) -> vec4u {
  let words = shape.stride / 4;
  let at = o * words + word;
  let there = (vec4u(word) + vec4u(0, 1, 2, 3) < vec4u(words)) & vec4<bool>(o < shape.outputs);
  return select(vec4u(), vec4u(w[at], w[at + 1], w[at + 2], w[at + 3]), there);
}

fn dotBytes(a: vec4u, b: vec4u) -> i32 {
  return dot4I8Packed(a.x, b.x) + dot4I8Packed(a.y, b.y) + dot4I8Packed(a.z, b.z) + dot4I8Packed(a.w, b.w);
}

@compute @workgroup_size(16, 16)
fn main(
  @builtin(workgroup_id) tile: vec3u,
  @builtin(local_invocation_id) at: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let row = tile.y * TILE;
  let output = tile.x * TILE;
  let slot = index / SLICE * STRIDE + index % SLICE;
  var sum0 = vec4i();
  var sum1 = vec4i();
  var sum2 = vec4i();
  var sum3 = vec4i();

  for (var slice = 0u; slice < shape.stride / 4; slice += 4 * SLICE) {
    inputs[slot] = input(row + index / SLICE, slice + index % SLICE * 4);
    weights[slot] = weight(output + index / SLICE, slice + index % SLICE * 4);
    workgroupBarrier();
    for (var k = 0u; k < SLICE; k++) {
      let w0 = weights[at.x * STRIDE + k];
      let w1 = weights[(at.x + 16) * STRIDE + k];
      let w2 = weights[(at.x + 32) * STRIDE + k];
      let w3 = weights[(at.x + 48) * STRIDE + k];
      let x0 = inputs[at.y * STRIDE + k];
      sum0 += vec4i(dotBytes(x0, w0), dotBytes(x0, w1), dotBytes(x0, w2), dotBytes(x0, w3));
      let x1 = inputs[(at.y + 16) * STRIDE + k];
      sum1 += vec4i(dotBytes(x1, w0), dotBytes(x1, w1), dotBytes(x1, w2), dotBytes(x1, w3));
      let x2 = inputs[(at.y + 32) * STRIDE + k];
      sum2 += vec4i(dotBytes(x2, w0), dotBytes(x2, w1), dotBytes(x2, w2), dotBytes(x2, w3));
      let x3 = inputs[(at.y + 48) * STRIDE + k];
      sum3 += vec4i(dotBytes(x3, w0), dotBytes(x3, w1), dotBytes(x3, w2), dotBytes(x3, w3));
    }
    workgroupBarrier();
  }

  storeRow(row + at.y, output + at.x, sum0);
  storeRow(row + at.y + 16, output + at.x, sum1);
  storeRow(row + at.y + 32, output + at.x, sum2);
  storeRow(row + at.y + 48, output + at.x, sum3);
}

fn storeRow(row: u32, output: u32, integers: vec4i) {
  if (row >= shape.rows) { return; }
  let sums = vec4f(integers) * scales[row];
  if (output < shape.outputs) { store(row, output, sums.x); }
  if (output + 16 < shape.outputs) { store(row, output + 16, sums.y); }
  if (output + 32 < shape.outputs) { store(row, output + 32, sums.z); }
  if (output + 48 < shape.outputs) { store(row, output + 48, sums.w); }
}
