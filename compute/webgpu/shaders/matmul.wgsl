// dst = x·Wᵀ + b: a matrix product of rows×inner and outputs×inner.
//
// A workgroup computes a tile of 64×64 outputs from slices of 16 of the inner
// dimension, which it puts into its own memory; each of its 16×16 invocations
// keeps 4×4 sums, of rows and outputs 16 apart, so that neighbours store side by
// side. Slices hold vec4s along the inner dimension; a row of 4 is padded to 5,
// so that neighbours lie in different banks. The sums are no array: indexed, it
// would not be sure to stay in registers.
//
// What x and W are, and what is done with a sum, stands in other files that are
// put before this one: they have to define
//
//   fn input(row: u32, inner: u32) -> vec4f    4 of x, 0 beyond its end
//   fn weight(output: u32, inner: u32) -> vec4f
//   fn store(row: u32, output: u32, sum: f32)
//
// Workgroup memory: 2·64·5·16 bytes, 10 KB.

const TILE = 64u;
const SLICE = 4u;  // vec4s
const STRIDE = 5u;

var<workgroup> inputs: array<vec4f, TILE * STRIDE>;
var<workgroup> weights: array<vec4f, TILE * STRIDE>;

@compute @workgroup_size(16, 16)
fn main(
  @builtin(workgroup_id) tile: vec3u,
  @builtin(local_invocation_id) at: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let row = tile.y * TILE;
  let output = tile.x * TILE;
  let slot = index / SLICE * STRIDE + index % SLICE;
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();

  for (var slice = 0u; slice < shape.inner; slice += 4 * SLICE) {
    inputs[slot] = input(row + index / SLICE, slice + index % SLICE * 4);
    weights[slot] = weight(output + index / SLICE, slice + index % SLICE * 4);
    workgroupBarrier();
    for (var k = 0u; k < SLICE; k++) {
      let w0 = weights[at.x * STRIDE + k];
      let w1 = weights[(at.x + 16) * STRIDE + k];
      let w2 = weights[(at.x + 32) * STRIDE + k];
      let w3 = weights[(at.x + 48) * STRIDE + k];
      let x0 = inputs[at.y * STRIDE + k];
      sum0 += vec4f(dot(x0, w0), dot(x0, w1), dot(x0, w2), dot(x0, w3));
      let x1 = inputs[(at.y + 16) * STRIDE + k];
      sum1 += vec4f(dot(x1, w0), dot(x1, w1), dot(x1, w2), dot(x1, w3));
      let x2 = inputs[(at.y + 32) * STRIDE + k];
      sum2 += vec4f(dot(x2, w0), dot(x2, w1), dot(x2, w2), dot(x2, w3));
      let x3 = inputs[(at.y + 48) * STRIDE + k];
      sum3 += vec4f(dot(x3, w0), dot(x3, w1), dot(x3, w2), dot(x3, w3));
    }
    workgroupBarrier();
  }

  storeRow(row + at.y, output + at.x, sum0);
  storeRow(row + at.y + 16, output + at.x, sum1);
  storeRow(row + at.y + 32, output + at.x, sum2);
  storeRow(row + at.y + 48, output + at.x, sum3);
}

fn storeRow(row: u32, output: u32, sums: vec4f) {
  if (row >= shape.rows) { return; }
  if (output < shape.outputs) { store(row, output, sums.x); }
  if (output + 16 < shape.outputs) { store(row, output + 16, sums.y); }
  if (output + 32 < shape.outputs) { store(row, output + 32, sums.z); }
  if (output + 48 < shape.outputs) { store(row, output + 48, sums.w); }
}
