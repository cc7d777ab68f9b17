// Multi-head self-attention: softmax(q·kᵀ/√SIZE)·v. It never stores all
// weights (Dao et al., "FlashAttention", 2022; the online softmax is by Milakov
// and Gimelshein, 2018).
//
// A workgroup takes 32 queries of a head and goes through the keys in blocks of
// 32, which it copies to workgroup memory. Invocation x, y has the queries 4y to
// 4y + 3. For each block, it scores them with the keys x + 8i, and shares the
// exponentials with the other invocations; then it multiplies all its queries'
// shares by the values and adds that to its part of the result: the fours of
// channels x and x + 8. So SIZE is a multiple of 4 and at most 64.
//
// attention_float.wgsl, or attention_int8.wgsl with one of the files that it
// names, defines the numbers of queries, keys and values:
//
//   alias Four, Sum           4 channels, 4 scores
//   fn product(q: Four, k: Four)
//   fn channels(at: u32) -> Four    of a query or a key
//   fn value(at: u32) -> vec4f      4 channels of a value
//   fn scale(token: u32, part: u32, head: u32) -> f32   of channels() and value()
//   const PRODUCT                   the value of 1 in a Sum
//
// Workgroup memory: 32·17·16 + 32·9·16 + 64·16 bytes, 14 KB; with bytes 8 KB.

struct Shape {
  tokens: u32,
  heads: u32,
  qkv: u32,        // start of qkv in its buffer, in fours
  qkvStride: u32,  // fours per row
  dst: u32,        // the same for dst
  dstStride: u32,
}

const BLOCK = 32u;
const FOURS = SIZE / 4;
const KEY = FOURS + 1;  // padded by one, so that neighbours lie in different banks
const SHARE = 9u;       // fours of queries, padded by one too
const LOWEST = -3e38;

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(2) var<storage, read_write> dst: array<vec4f>;

var<workgroup> keys: array<Four, BLOCK * KEY>;
var<workgroup> shares: array<vec4f, BLOCK * SHARE>;  // of a key, for four queries
var<workgroup> parts: array<vec4f, 64>;

/** The start of a token's query (part 0), key (1) or value (2); beyond the last token, that of the last. */
fn place(token: u32, part: u32, head: u32) -> u32 {
  return shape.qkv + min(token, shape.tokens - 1) * shape.qkvStride + (part * shape.heads + head) * FOURS;
}

@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) at: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let head = group.y;
  let query = group.x * BLOCK + 4 * at.y;
  let queries = vec4u(place(query, 0, head), place(query + 1, 0, head), place(query + 2, 0, head), place(query + 3, 0, head));
  let unit = PRODUCT * inverseSqrt(f32(SIZE)) *
    vec4f(scale(query, 0, head), scale(query + 1, 0, head), scale(query + 2, 0, head), scale(query + 3, 0, head));
  var peak = vec4f(LOWEST);  // of the scores of each query, so far
  var total = vec4f();       // of this invocation's exponentials
  // The results of the four queries, before the division by the totals.
  var near0 = vec4f();
  var near1 = vec4f();
  var near2 = vec4f();
  var near3 = vec4f();
  var far0 = vec4f();
  var far1 = vec4f();
  var far2 = vec4f();
  var far3 = vec4f();

  for (var first = 0u; first < shape.tokens; first += BLOCK) {
    for (var i = index; i < BLOCK * FOURS; i += 64) {
      keys[i / FOURS * KEY + i % FOURS] = channels(place(first + i / FOURS, 1, head) + i % FOURS);
    }
    workgroupBarrier();

    var sum0 = Sum();
    var sum1 = Sum();
    var sum2 = Sum();
    var sum3 = Sum();
    for (var i = 0u; i < FOURS; i++) {
      let q0 = channels(queries.x + i);
      let q1 = channels(queries.y + i);
      let q2 = channels(queries.z + i);
      let q3 = channels(queries.w + i);
      let k0 = keys[at.x * KEY + i];
      sum0 += Sum(product(q0, k0), product(q1, k0), product(q2, k0), product(q3, k0));
      let k1 = keys[(at.x + 8) * KEY + i];
      sum1 += Sum(product(q0, k1), product(q1, k1), product(q2, k1), product(q3, k1));
      let k2 = keys[(at.x + 16) * KEY + i];
      sum2 += Sum(product(q0, k2), product(q1, k2), product(q2, k2), product(q3, k2));
      let k3 = keys[(at.x + 24) * KEY + i];
      sum3 += Sum(product(q0, k3), product(q1, k3), product(q2, k3), product(q3, k3));
    }
    // Keys beyond the last get no share.
    let key = vec4u(first + at.x) + vec4u(0, 8, 16, 24);
    let there = key < vec4u(shape.tokens);
    let score0 = select(vec4f(LOWEST), vec4f(sum0) * unit * scale(key.x, 1, head), there.x);
    let score1 = select(vec4f(LOWEST), vec4f(sum1) * unit * scale(key.y, 1, head), there.y);
    let score2 = select(vec4f(LOWEST), vec4f(sum2) * unit * scale(key.z, 1, head), there.z);
    let score3 = select(vec4f(LOWEST), vec4f(sum3) * unit * scale(key.w, 1, head), there.w);

    parts[index] = max(max(score0, score1), max(score2, score3));
    workgroupBarrier();
    var highest = peak;
    for (var x = 0u; x < 8; x++) { highest = max(highest, parts[at.y * 8 + x]); }
    let shrink = exp(peak - highest);
    peak = highest;
    let share0 = exp(score0 - peak);
    let share1 = exp(score1 - peak);
    let share2 = exp(score2 - peak);
    let share3 = exp(score3 - peak);
    total = fma(total, shrink, (share0 + share1) + (share2 + share3));
    // A value's scale is part of its share.
    shares[at.x * SHARE + at.y] = share0 * scale(key.x, 2, head);
    shares[(at.x + 8) * SHARE + at.y] = share1 * scale(key.y, 2, head);
    shares[(at.x + 16) * SHARE + at.y] = share2 * scale(key.z, 2, head);
    shares[(at.x + 24) * SHARE + at.y] = share3 * scale(key.w, 2, head);
    workgroupBarrier();

    near0 *= shrink.x;
    near1 *= shrink.y;
    near2 *= shrink.z;
    near3 *= shrink.w;
    far0 *= shrink.x;
    far1 *= shrink.y;
    far2 *= shrink.z;
    far3 *= shrink.w;
    for (var i = 0u; i < BLOCK; i++) {
      let share = shares[i * SHARE + at.y];
      let at = place(first + i, 2, head) + at.x;
      let near = value(at);
      near0 += share.x * near;
      near1 += share.y * near;
      near2 += share.z * near;
      near3 += share.w * near;
      let far = value(at + 8);
      far0 += share.x * far;
      far1 += share.y * far;
      far2 += share.z * far;
      far3 += share.w * far;
    }
    workgroupBarrier();
  }

  parts[index] = total;
  workgroupBarrier();
  var sum = vec4f();
  for (var x = 0u; x < 8; x++) { sum += parts[at.y * 8 + x]; }
  store(query, head, at.x, near0 / sum.x, far0 / sum.x);
  store(query + 1, head, at.x, near1 / sum.y, far1 / sum.y);
  store(query + 2, head, at.x, near2 / sum.z, far2 / sum.z);
  store(query + 3, head, at.x, near3 / sum.w, far3 / sum.w);
}

fn store(token: u32, head: u32, x: u32, near: vec4f, far: vec4f) {
  if (token >= shape.tokens) { return; }
  let at = shape.dst + token * shape.dstStride + head * FOURS + x;
  if (x < FOURS) { dst[at] = near; }
  if (x + 8 < FOURS) { dst[at + 8] = far; }
}
