// dst = x·Wᵀ + b: a matrix product of rows×inner and outputs×inner.
//
// An invocation computes 4 rows of 8 outputs, and a workgroup of 8×8 invocations a
// tile of 32×64. It uses no workgroup memory: in registers, a value of x serves 8
// products and a weight 4; neighbours read the same x and adjacent weights, and
// caches do the rest. (On SwiftShader, tiles in workgroup memory took four times as
// long, because of the barriers.)
//
// W is stored in tiles of 64 outputs. Each step of the inner dimension has 8×8
// packs in a tile: pack 8c + x belongs to output 32·(c/4) + 4x + c%4. So invocation
// x has the outputs 4x to 4x + 3 and 4x + 32 to 4x + 35, and stores four at a time.
//
// A file before this one defines the numbers of x and W:
//
//   alias Four     4 of x or W along the inner dimension, ready to multiply
//   alias Sum      of 4 outputs
//   fn product(x: Four, w: Four)               the sum of their products
//   const X_STEP                               elements of x that multiply() takes
//   fn multiply(sums, x: vec4u, w: u32)        adds the products of a step, whose
//                                              numbers begin at these indexes
//   fn finish(row: u32, sum: Sum) -> vec4f
//   fn store(row: u32, four: u32, sums: vec4f)

alias Sums = array<Sum, 8>;  // of rows 0 to 3, each with near and far outputs

const ROWS = 4u;
const COLUMNS = 8u;  // invocations, and packs, side by side
const TILE = 64u;

@compute @workgroup_size(COLUMNS, 8)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_id) at: vec3u) {
  let row = (tile.y * 8 + at.y) * ROWS;
  // Rows beyond the last repeat the last, and are not stored.
  var x = shape.x + min(vec4u(row) + vec4u(0, 1, 2, 3), vec4u(shape.rows - 1)) * shape.xStride;
  var w = tile.x * shape.steps * TILE + at.x;
  var sums = Sums();
  for (var step = 0u; step < shape.steps; step++) {
    multiply(&sums, x, w);
    x += vec4u(X_STEP);
    w += TILE;
  }
  let near = tile.x * TILE / 4 + at.x;
  let far = near + COLUMNS;
  store(row, near, finish(row, sums[0]));
  store(row, far, finish(row, sums[1]));
  store(row + 1, near, finish(row + 1, sums[2]));
  store(row + 1, far, finish(row + 1, sums[3]));
  store(row + 2, near, finish(row + 2, sums[4]));
  store(row + 2, far, finish(row + 2, sums[5]));
  store(row + 3, near, finish(row + 3, sums[6]));
  store(row + 3, far, finish(row + 3, sums[7]));
}

/** Adds 4×8 products of fours. */
fn add(sums: ptr<function, Sums>, x0: Four, x1: Four, x2: Four, x3: Four, w0: Four, w1: Four, w2: Four, w3: Four, w4: Four, w5: Four, w6: Four, w7: Four) {
  (*sums)[0] += Sum(product(x0, w0), product(x0, w1), product(x0, w2), product(x0, w3));
  (*sums)[1] += Sum(product(x0, w4), product(x0, w5), product(x0, w6), product(x0, w7));
  (*sums)[2] += Sum(product(x1, w0), product(x1, w1), product(x1, w2), product(x1, w3));
  (*sums)[3] += Sum(product(x1, w4), product(x1, w5), product(x1, w6), product(x1, w7));
  (*sums)[4] += Sum(product(x2, w0), product(x2, w1), product(x2, w2), product(x2, w3));
  (*sums)[5] += Sum(product(x2, w4), product(x2, w5), product(x2, w6), product(x2, w7));
  (*sums)[6] += Sum(product(x3, w0), product(x3, w1), product(x3, w2), product(x3, w3));
  (*sums)[7] += Sum(product(x3, w4), product(x3, w5), product(x3, w6), product(x3, w7));
}
