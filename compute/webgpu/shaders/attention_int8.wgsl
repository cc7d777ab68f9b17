// Queries, keys and values in int8, from quantise.wgsl, with a row for each head.
// Scores and values are float32. bytes_packed.wgsl, bytes_half.wgsl or
// bytes_expanded.wgsl multiplies bytes.

@group(0) @binding(1) var<storage> qkv: array<u32>;
@group(0) @binding(3) var<storage> scales: array<f32>;

fn channels(at: u32) -> Four { return four(qkv[at]); }

fn value(at: u32) -> vec4f { return unpack4x8snorm(qkv[at]); }

fn scale(token: u32, part: u32, head: u32) -> f32 {
  let unit = scales[(min(token, shape.tokens - 1) * 3 + part) * shape.heads + head];
  return select(unit, unit * 127, part == 2);  // value() returns bytes/127
}
