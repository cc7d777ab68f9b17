// W in int8: a step takes 16 of the inner dimension of 8 outputs.
// multiplyBytes() is in numbers_int8.wgsl or numbers_mixed.wgsl.

@group(0) @binding(1) var<storage> w: array<vec4u>;

fn multiply(sums: ptr<function, Sums>, x: vec4u, first: u32) {
  multiplyBytes(sums, x,
    w[first], w[first + 8], w[first + 16], w[first + 24], w[first + 32], w[first + 40], w[first + 48], w[first + 56]);
}
