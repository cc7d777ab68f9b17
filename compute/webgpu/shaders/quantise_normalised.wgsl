// Rows after layer normalisation. row_measure.wgsl measures them.

@group(0) @binding(4) var<storage> normWeight: array<f32>;
@group(0) @binding(5) var<storage> normBias: array<f32>;

fn prepare(value: f32, col: u32, measured: vec2f) -> f32 {
  return fma((value - measured.x) * measured.y, normWeight[col], normBias[col]);
}
