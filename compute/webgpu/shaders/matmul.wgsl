// dst = x·Wᵀ + b: a matrix product of rows×inner and outputs×inner.
//
// A workgroup computes a tile of TILE_ROWS × 64 outputs from slices of 16 of the
// inner dimension, which it puts into its own memory; each of its 16×16
// invocations keeps ROWS × 4 sums. Slices hold vec4s along the inner dimension:
// a row of 4 is padded to 5, so that neighbours lie in different banks.
//
// What x and W are, and what is done with a sum, stands in other files that are
// put before this one: they have to define
//
//   fn input(row: u32, inner: u32) -> vec4f    4 of x, 0 beyond its end
//   fn weight(output: u32, inner: u32) -> vec4f
//   fn output(row: u32, output: u32, sum: f32)
//
// Workgroup memory: (TILE_ROWS + 64)·5·16 bytes, 10 KB at 64 rows.

const TILE_ROWS = 16u * ROWS;
const TILE_OUTPUTS = 64u;
const SLICE = 4u;  // vec4s
const STRIDE = 5u;

var<workgroup> inputs: array<vec4f, TILE_ROWS * STRIDE>;
var<workgroup> weights: array<vec4f, TILE_OUTPUTS * STRIDE>;

@compute @workgroup_size(16, 16)
fn main(
  @builtin(workgroup_id) tile: vec3u,
  @builtin(local_invocation_id) at: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let firstRow = tile.y * TILE_ROWS;
  let firstOutput = tile.x * TILE_OUTPUTS;
  var sums: array<vec4f, ROWS>;

  for (var slice = 0u; slice < shape.inner; slice += 4u * SLICE) {
    for (var i = index; i < TILE_ROWS * SLICE; i += 256u) {
      inputs[i / SLICE * STRIDE + i % SLICE] = input(firstRow + i / SLICE, slice + i % SLICE * 4u);
    }
    weights[index / SLICE * STRIDE + index % SLICE] = weight(firstOutput + index / SLICE, slice + index % SLICE * 4u);
    workgroupBarrier();
    for (var k = 0u; k < SLICE; k++) {
      let w0 = weights[at.x * STRIDE + k];
      let w1 = weights[(at.x + 16u) * STRIDE + k];
      let w2 = weights[(at.x + 32u) * STRIDE + k];
      let w3 = weights[(at.x + 48u) * STRIDE + k];
      for (var r = 0u; r < ROWS; r++) {
        let x = inputs[(at.y + 16u * r) * STRIDE + k];
        sums[r] += vec4f(dot(x, w0), dot(x, w1), dot(x, w2), dot(x, w3));
      }
    }
    workgroupBarrier();
  }

  for (var r = 0u; r < ROWS; r++) {
    let row = firstRow + at.y + 16u * r;
    if (row >= shape.rows) { continue; }
    for (var c = 0u; c < 4u; c++) {
      let o = firstOutput + at.x + 16u * c;
      if (o < shape.outputs) { output(row, o, sums[r][c]); }
    }
  }
}
