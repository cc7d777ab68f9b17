// Products of bytes, four in a word, sums of integers. x is what quantise.wgsl
// makes; a Four is 16 bytes.

alias Four = vec4u;
alias Sums = vec4i;

@group(0) @binding(4) var<storage> x: array<u32>;
@group(0) @binding(5) var<storage> scales: array<f32>;  // of the rows

fn innerLength() -> u32 { return shape.stride / 4; }

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

fn product(x: Four, w: Four) -> i32 {
  return dot4I8Packed(x.x, w.x) + dot4I8Packed(x.y, w.y) + dot4I8Packed(x.z, w.z) + dot4I8Packed(x.w, w.w);
}

fn finish(row: u32, sums: Sums) -> vec4f { return vec4f(sums) * scales[row]; }
