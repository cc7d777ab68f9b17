// dst = x·Wᵀ + b: a matrix product of rows×inner and outputs×inner.
//
// A workgroup computes a tile of 64×64 outputs from slices of 16 of the inner
// dimension, which it puts into its own memory; each of its 16×16 invocations
// keeps 4×4 sums, of rows and outputs 16 apart, so that neighbours store side by
// side. Slices hold Fours along the inner dimension; a row of 4 is padded to 5,
// so that neighbours lie in different banks. The sums are no array: indexed, it
// would not be sure to stay in registers.
//
// In what numbers it computes, what x and W are, and what is done with a sum
// stands in other files that are put before this one. They have to define
//
//   alias Four, Sums           4 of x or W in its numbers, 4 sums
//   fn innerLength() -> u32         of the inner dimension; a Four takes 4
//   fn input(row: u32, inner: u32) -> Four    of x, 0 beyond its end
//   fn weight(output: u32, inner: u32) -> Four
//   fn product(x: Four, w: Four)              the sum of their products
//   fn finish(row: u32, sums: Sums) -> vec4f
//   fn store(row: u32, output: u32, sum: f32)
//
// Workgroup memory: 2·64·5·16 bytes, 10 KB.

const TILE = 64u;
const SLICE = 4u;  // Fours
const STRIDE = 5u;

var<workgroup> inputs: array<Four, TILE * STRIDE>;
var<workgroup> weights: array<Four, TILE * STRIDE>;

@compute @workgroup_size(16, 16)
fn main(
  @builtin(workgroup_id) tile: vec3u,
  @builtin(local_invocation_id) at: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let row = tile.y * TILE;
  let output = tile.x * TILE;
  let slot = index / SLICE * STRIDE + index % SLICE;
  var sum0 = Sums();
  var sum1 = Sums();
  var sum2 = Sums();
  var sum3 = Sums();

  for (var slice = 0u; slice < innerLength(); slice += 4 * SLICE) {
    inputs[slot] = input(row + index / SLICE, slice + index % SLICE * 4);
    weights[slot] = weight(output + index / SLICE, slice + index % SLICE * 4);
    workgroupBarrier();
    for (var k = 0u; k < SLICE; k++) {
      let w0 = weights[at.x * STRIDE + k];
      let w1 = weights[(at.x + 16) * STRIDE + k];
      let w2 = weights[(at.x + 32) * STRIDE + k];
      let w3 = weights[(at.x + 48) * STRIDE + k];
      let x0 = inputs[at.y * STRIDE + k];
      sum0 += Sums(product(x0, w0), product(x0, w1), product(x0, w2), product(x0, w3));
      let x1 = inputs[(at.y + 16) * STRIDE + k];
      sum1 += Sums(product(x1, w0), product(x1, w1), product(x1, w2), product(x1, w3));
      let x2 = inputs[(at.y + 32) * STRIDE + k];
      sum2 += Sums(product(x2, w0), product(x2, w1), product(x2, w2), product(x2, w3));
      let x3 = inputs[(at.y + 48) * STRIDE + k];
      sum3 += Sums(product(x3, w0), product(x3, w1), product(x3, w2), product(x3, w3));
    }
    workgroupBarrier();
  }

  storeRow(row + at.y, output + at.x, sum0);
  storeRow(row + at.y + 16, output + at.x, sum1);
  storeRow(row + at.y + 32, output + at.x, sum2);
  storeRow(row + at.y + 48, output + at.x, sum3);
}

fn storeRow(row: u32, output: u32, raw: Sums) {
  if (row >= shape.rows) { return; }
  let sums = finish(row, raw);
  if (output < shape.outputs) { store(row, output, sums.x); }
  if (output + 16 < shape.outputs) { store(row, output + 16, sums.y); }
  if (output + 32 < shape.outputs) { store(row, output + 32, sums.z); }
  if (output + 48 < shape.outputs) { store(row, output + 48, sums.w); }
}
