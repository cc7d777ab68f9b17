// x in float32, W in int8; a step takes 16 of the inner dimension. The sums are
// multiplied by the scale of their output at the end. weights_int8.wgsl reads W.

@group(0) @binding(4) var<storage> x: array<vec4f>;

alias Four = vec4f;
alias Sum = vec4f;

const X_STEP = 4u;

fn product(x: Four, w: Four) -> f32 { return dot(x, w); }

fn multiplyBytes(sums: ptr<function, Sums>, at: vec4u, w0: vec4u, w1: vec4u, w2: vec4u, w3: vec4u, w4: vec4u, w5: vec4u, w6: vec4u, w7: vec4u) {
  addFour(sums, at, w0.x, w1.x, w2.x, w3.x, w4.x, w5.x, w6.x, w7.x);
  addFour(sums, at + 1, w0.y, w1.y, w2.y, w3.y, w4.y, w5.y, w6.y, w7.y);
  addFour(sums, at + 2, w0.z, w1.z, w2.z, w3.z, w4.z, w5.z, w6.z, w7.z);
  addFour(sums, at + 3, w0.w, w1.w, w2.w, w3.w, w4.w, w5.w, w6.w, w7.w);
}

fn addFour(sums: ptr<function, Sums>, at: vec4u, w0: u32, w1: u32, w2: u32, w3: u32, w4: u32, w5: u32, w6: u32, w7: u32) {
  add(sums, x[at.x], x[at.y], x[at.z], x[at.w],
    unpack4x8snorm(w0), unpack4x8snorm(w1), unpack4x8snorm(w2), unpack4x8snorm(w3),
    unpack4x8snorm(w4), unpack4x8snorm(w5), unpack4x8snorm(w6), unpack4x8snorm(w7));
}

fn finish(row: u32, sum: Sum) -> vec4f { return sum * 127; }
