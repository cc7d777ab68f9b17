// Queries, keys and values in int8, as quantise.wgsl makes them of rows that are
// a head each. Scores and values are float32. How bytes are multiplied stands in
// bytes_packed.wgsl, bytes_half.wgsl or bytes_expanded.wgsl.

@group(0) @binding(1) var<storage> qkv: array<u32>;
@group(0) @binding(3) var<storage> scales: array<f32>;

fn channels(at: u32) -> Four { return four(qkv[at]); }

fn value(at: u32) -> vec4f { return unpack4x8snorm(qkv[at]); }

fn scale(token: u32, part: u32, head: u32) -> f32 {
  let unit = scales[(min(token, shape.tokens - 1) * 3 + part) * shape.heads + head];
  return select(unit, unit * 127, part == 2);  // of a value in units of 1/127
}
