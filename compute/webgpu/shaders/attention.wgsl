// Multi-head self-attention: softmax(q·kᵀ/√SIZE)·v, of which the weights are
// never stored (Dao et al., "FlashAttention", 2022; the online softmax is that
// of Milakov and Gimelshein, 2018).
//
// qkv has the columns (3, heads, SIZE), SIZE at most 64. A workgroup takes 64
// queries of a head and goes through the keys by 64. For each block, it computes
// 64×64 scores as matmul.wgsl does, 4×4 an invocation, then their exponentials,
// then adds the product of these and the values to 4×4 sums an invocation.
// Invocation x, y has the rows y + 16r and the columns x + 16c.
//
// Workgroup memory: 2·64·5·16 + 64·17·4 bytes, 14.6 KB.

struct Shape {
  tokens: u32,
  heads: u32,
  qkv: u32,  // where qkv and dst begin in their buffers, in values
  dst: u32,
}

const BLOCK = 64u;
const SLICE = 4u;  // vec4s
const STRIDE = 5u;
const PADDED = 17u;
const LOWEST = -3e38;

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage> qkv: array<f32>;
@group(0) @binding(2) var<storage, read_write> dst: array<f32>;

var<workgroup> left: array<vec4f, BLOCK * STRIDE>;   // a slice of the queries
var<workgroup> right: array<vec4f, BLOCK * STRIDE>;  // of the keys, or of the values, transposed
var<workgroup> shares: array<f32, BLOCK * PADDED>;   // 16 columns of the exponentials, or parts of a row's maximum

/** A value of a token's query (part 0), key (1) or value (2); 0 beyond the end. */
fn read(part: u32, token: u32, head: u32, i: u32) -> f32 {
  let at = shape.qkv + ((token * 3 + part) * shape.heads + head) * SIZE + i;
  return select(0, qkv[at], token < shape.tokens && i < SIZE);
}

fn readFour(part: u32, token: u32, head: u32, i: u32) -> vec4f {
  return vec4f(read(part, token, head, i), read(part, token, head, i + 1), read(part, token, head, i + 2), read(part, token, head, i + 3));
}

/** The largest of each of an invocation's rows, of which the 16 with the same y have parts. */
fn rowMaximum(x: u32, y: u32, part: vec4f) -> vec4f {
  for (var r = 0u; r < 4; r++) { shares[(y + 16 * r) * PADDED + x] = part[r]; }
  workgroupBarrier();
  var peak = part;
  for (var i = 0u; i < 16; i++) { peak = max(peak, column(y, i)); }
  workgroupBarrier();
  return peak;
}

fn rowSum(x: u32, y: u32, part: vec4f) -> vec4f {
  for (var r = 0u; r < 4; r++) { shares[(y + 16 * r) * PADDED + x] = part[r]; }
  workgroupBarrier();
  var sum = vec4f();
  for (var i = 0u; i < 16; i++) { sum += column(y, i); }
  return sum;
}

/** What lies in a column of `shares` in the rows y + 16r. */
fn column(y: u32, i: u32) -> vec4f {
  return vec4f(shares[y * PADDED + i], shares[(y + 16) * PADDED + i], shares[(y + 32) * PADDED + i], shares[(y + 48) * PADDED + i]);
}

@compute @workgroup_size(16, 16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) at: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let head = group.y;
  let firstQuery = group.x * BLOCK;
  let slot = index / SLICE * STRIDE + index % SLICE;
  var peak = vec4f(LOWEST);  // of the rows y + 16r, so far
  var total = vec4f();       // of the exponentials in this invocation's columns
  var out0 = vec4f();        // row y: columns x + 16c of the result, to be divided by the total
  var out1 = vec4f();
  var out2 = vec4f();
  var out3 = vec4f();

  for (var firstKey = 0u; firstKey < shape.tokens; firstKey += BLOCK) {
    var score0 = vec4f();
    var score1 = vec4f();
    var score2 = vec4f();
    var score3 = vec4f();
    for (var i = 0u; i < SIZE; i += 4 * SLICE) {
      left[slot] = readFour(0, firstQuery + index / SLICE, head, i + index % SLICE * 4);
      right[slot] = readFour(1, firstKey + index / SLICE, head, i + index % SLICE * 4);
      workgroupBarrier();
      for (var k = 0u; k < SLICE; k++) {
        let key0 = right[at.x * STRIDE + k];
        let key1 = right[(at.x + 16) * STRIDE + k];
        let key2 = right[(at.x + 32) * STRIDE + k];
        let key3 = right[(at.x + 48) * STRIDE + k];
        let query0 = left[at.y * STRIDE + k];
        score0 += vec4f(dot(query0, key0), dot(query0, key1), dot(query0, key2), dot(query0, key3));
        let query1 = left[(at.y + 16) * STRIDE + k];
        score1 += vec4f(dot(query1, key0), dot(query1, key1), dot(query1, key2), dot(query1, key3));
        let query2 = left[(at.y + 32) * STRIDE + k];
        score2 += vec4f(dot(query2, key0), dot(query2, key1), dot(query2, key2), dot(query2, key3));
        let query3 = left[(at.y + 48) * STRIDE + k];
        score3 += vec4f(dot(query3, key0), dot(query3, key1), dot(query3, key2), dot(query3, key3));
      }
      workgroupBarrier();
    }

    // Keys beyond the last get no share.
    let there = vec4u(firstKey + at.x) + vec4u(0, 16, 32, 48) < vec4u(shape.tokens);
    let scale = inverseSqrt(f32(SIZE));
    score0 = select(vec4f(LOWEST), score0 * scale, there);
    score1 = select(vec4f(LOWEST), score1 * scale, there);
    score2 = select(vec4f(LOWEST), score2 * scale, there);
    score3 = select(vec4f(LOWEST), score3 * scale, there);
    let highest = rowMaximum(at.x, at.y, max(peak, vec4f(largest(score0), largest(score1), largest(score2), largest(score3))));
    let shrink = exp(peak - highest);
    peak = highest;
    score0 = exp(score0 - peak.x);
    score1 = exp(score1 - peak.y);
    score2 = exp(score2 - peak.z);
    score3 = exp(score3 - peak.w);
    total = fma(total, shrink, vec4f(sumOf(score0), sumOf(score1), sumOf(score2), sumOf(score3)));
    out0 *= shrink.x;
    out1 *= shrink.y;
    out2 *= shrink.z;
    out3 *= shrink.w;

    for (var c = 0u; c < 4; c++) {
      // The shares of the keys 16c to 16c + 15, and these keys' values.
      shares[at.y * PADDED + at.x] = score0[c];
      shares[(at.y + 16) * PADDED + at.x] = score1[c];
      shares[(at.y + 32) * PADDED + at.x] = score2[c];
      shares[(at.y + 48) * PADDED + at.x] = score3[c];
      let key = firstKey + 16 * c + index / BLOCK * 4;
      let i = index % BLOCK;
      right[i * STRIDE + index / BLOCK] = vec4f(read(2, key, head, i), read(2, key + 1, head, i), read(2, key + 2, head, i), read(2, key + 3, head, i));
      workgroupBarrier();
      for (var k = 0u; k < SLICE; k++) {
        let value0 = right[at.x * STRIDE + k];
        let value1 = right[(at.x + 16) * STRIDE + k];
        let value2 = right[(at.x + 32) * STRIDE + k];
        let value3 = right[(at.x + 48) * STRIDE + k];
        let share0 = fourShares(at.y, k);
        out0 += vec4f(dot(share0, value0), dot(share0, value1), dot(share0, value2), dot(share0, value3));
        let share1 = fourShares(at.y + 16, k);
        out1 += vec4f(dot(share1, value0), dot(share1, value1), dot(share1, value2), dot(share1, value3));
        let share2 = fourShares(at.y + 32, k);
        out2 += vec4f(dot(share2, value0), dot(share2, value1), dot(share2, value2), dot(share2, value3));
        let share3 = fourShares(at.y + 48, k);
        out3 += vec4f(dot(share3, value0), dot(share3, value1), dot(share3, value2), dot(share3, value3));
      }
      workgroupBarrier();
    }
  }

  let sums = rowSum(at.x, at.y, total);
  storeRow(firstQuery + at.y, head, at.x, out0 / sums.x);
  storeRow(firstQuery + at.y + 16, head, at.x, out1 / sums.y);
  storeRow(firstQuery + at.y + 32, head, at.x, out2 / sums.z);
  storeRow(firstQuery + at.y + 48, head, at.x, out3 / sums.w);
}

fn largest(v: vec4f) -> f32 { return max(max(v.x, v.y), max(v.z, v.w)); }

fn sumOf(v: vec4f) -> f32 { return v.x + v.y + v.z + v.w; }

fn fourShares(row: u32, k: u32) -> vec4f {
  let at = row * PADDED + 4 * k;
  return vec4f(shares[at], shares[at + 1], shares[at + 2], shares[at + 3]);
}

fn storeRow(token: u32, head: u32, x: u32, values: vec4f) {
  if (token >= shape.tokens) { return; }
  let at = shape.dst + (token * shape.heads + head) * SIZE + x;
  if (x < SIZE) { dst[at] = values.x; }
  if (x + 16 < SIZE) { dst[at + 16] = values.y; }
  if (x + 32 < SIZE) { dst[at + 32] = values.z; }
  if (x + 48 < SIZE) { dst[at + 48] = values.w; }
}
