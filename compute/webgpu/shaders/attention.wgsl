// Multi-head self-attention: softmax(q·kᵀ/√SIZE)·v, of which the weights are
// never stored (Dao et al., "FlashAttention", 2022; the online softmax is that
// of Milakov and Gimelshein, 2018).
//
// qkv has the columns (3, heads, SIZE). A workgroup takes 64 queries of a head,
// one an invocation, which keeps its query and its sums in registers; keys and
// values come in blocks of 16 by way of the workgroup's memory.
//
// Workgroup memory: 2·16·SIZE·4 bytes, 8 KB for heads of 64.

struct Shape {
  tokens: u32,
  heads: u32,
  qkv: u32,  // where qkv and dst begin in their buffers, in values
  dst: u32,
}

const QUERIES = 64u;
const BLOCK = 16u;
const VECTORS = (SIZE + 3) / 4;

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage> qkv: array<f32>;
@group(0) @binding(2) var<storage, read_write> dst: array<f32>;

var<workgroup> keys: array<vec4f, BLOCK * VECTORS>;
var<workgroup> values: array<vec4f, BLOCK * VECTORS>;

/** Four values of a token's query (part 0), key (1) or value (2). */
fn read(part: u32, head: u32, token: u32, vector: u32) -> vec4f {
  var four = vec4f();
  if (token >= shape.tokens) { return four; }
  let width = shape.heads * SIZE;
  let at = shape.qkv + token * 3 * width + part * width + head * SIZE + vector * 4;
  for (var i = 0u; i < min(4, SIZE - vector * 4); i++) { four[i] = qkv[at + i]; }
  return four;
}

@compute @workgroup_size(QUERIES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let head = group.y;
  let token = group.x * QUERIES + index;
  var query: array<vec4f, VECTORS>;
  var sums: array<vec4f, VECTORS>;
  for (var i = 0u; i < VECTORS; i++) { query[i] = read(0, head, token, i) * inverseSqrt(f32(SIZE)); }
  var highest = -3e38;
  var total = 0f;

  for (var first = 0u; first < shape.tokens; first += BLOCK) {
    workgroupBarrier();
    for (var i = index; i < BLOCK * VECTORS; i += QUERIES) {
      keys[i] = read(1, head, first + i / VECTORS, i % VECTORS);
      values[i] = read(2, head, first + i / VECTORS, i % VECTORS);
    }
    workgroupBarrier();
    let count = min(BLOCK, shape.tokens - first);
    var scores: array<f32, BLOCK>;
    var peak = highest;
    for (var k = 0u; k < count; k++) {
      var score = vec4f();
      for (var i = 0u; i < VECTORS; i++) { score = fma(query[i], keys[k * VECTORS + i], score); }
      scores[k] = score.x + score.y + score.z + score.w;
      peak = max(peak, scores[k]);
    }
    let shrink = exp(highest - peak);
    highest = peak;
    total *= shrink;
    for (var i = 0u; i < VECTORS; i++) { sums[i] *= shrink; }
    for (var k = 0u; k < count; k++) {
      let share = exp(scores[k] - peak);
      total += share;
      for (var i = 0u; i < VECTORS; i++) { sums[i] = fma(vec4f(share), values[k * VECTORS + i], sums[i]); }
    }
  }

  if (token >= shape.tokens) { return; }
  let at = shape.dst + (token * shape.heads + head) * SIZE;
  for (var i = 0u; i < SIZE; i++) { dst[at + i] = sums[i / 4][i % 4] / total; }
}
