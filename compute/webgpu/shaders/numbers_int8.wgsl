// x and W in int8; a step takes 16 of the inner dimension. quantise.wgsl makes x,
// weights_int8.wgsl reads W, and bytes_packed.wgsl, bytes_half.wgsl or
// bytes_expanded.wgsl multiplies bytes.

@group(0) @binding(4) var<storage> x: array<vec4u>;
@group(0) @binding(5) var<storage> scales: array<f32>;  // of the rows

const X_STEP = 1u;

fn multiplyBytes(sums: ptr<function, Sums>, at: vec4u, w0: vec4u, w1: vec4u, w2: vec4u, w3: vec4u, w4: vec4u, w5: vec4u, w6: vec4u, w7: vec4u) {
  let x0 = x[at.x];
  let x1 = x[at.y];
  let x2 = x[at.z];
  let x3 = x[at.w];
  addFour(sums, x0.x, x1.x, x2.x, x3.x, w0.x, w1.x, w2.x, w3.x, w4.x, w5.x, w6.x, w7.x);
  addFour(sums, x0.y, x1.y, x2.y, x3.y, w0.y, w1.y, w2.y, w3.y, w4.y, w5.y, w6.y, w7.y);
  addFour(sums, x0.z, x1.z, x2.z, x3.z, w0.z, w1.z, w2.z, w3.z, w4.z, w5.z, w6.z, w7.z);
  addFour(sums, x0.w, x1.w, x2.w, x3.w, w0.w, w1.w, w2.w, w3.w, w4.w, w5.w, w6.w, w7.w);
}

fn addFour(sums: ptr<function, Sums>, x0: u32, x1: u32, x2: u32, x3: u32, w0: u32, w1: u32, w2: u32, w3: u32, w4: u32, w5: u32, w6: u32, w7: u32) {
  add(sums, four(x0), four(x1), four(x2), four(x3), four(w0), four(w1), four(w2), four(w3), four(w4), four(w5), four(w6), four(w7));
}

fn finish(row: u32, sum: Sum) -> vec4f {
  return vec4f(sum) * (PRODUCT * scales[min(row, shape.rows - 1)]);
}
