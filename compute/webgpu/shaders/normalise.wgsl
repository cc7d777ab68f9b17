// Layer normalisation of a row, for layer_norm.wgsl and quantise.wgsl.

@group(0) @binding(4) var<storage> normWeight: array<f32>;
@group(0) @binding(5) var<storage> normBias: array<f32>;

const EPSILON = 1e-5;

/** A row's mean and 1/√(variance + ε). */
fn measure(at: Invocation, first: u32) -> vec2f {
  var part = 0f;
  for (var i = laneOf(at); i < shape.cols; i += lanesOf(at)) { part += x[first + i]; }
  let mean = rowSum(at, part) / f32(shape.cols);
  part = 0;
  for (var i = laneOf(at); i < shape.cols; i += lanesOf(at)) {
    let d = x[first + i] - mean;
    part = fma(d, d, part);
  }
  return vec2f(mean, inverseSqrt(rowSum(at, part) / f32(shape.cols) + EPSILON));
}

fn prepare(value: f32, col: u32, measured: vec2f) -> f32 {
  return fma((value - measured.x) * measured.y, normWeight[col], normBias[col]);
}
