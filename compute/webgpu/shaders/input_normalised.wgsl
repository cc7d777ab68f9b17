// x after layer normalisation. row_statistics.wgsl has measured its rows.

@group(0) @binding(4) var<storage> x: array<f32>;
@group(0) @binding(5) var<storage> statistics: array<vec2f>;  // mean, 1/√(variance + ε)
@group(0) @binding(6) var<storage> normWeight: array<f32>;
@group(0) @binding(7) var<storage> normBias: array<f32>;

fn input(row: u32, inner: u32) -> vec4f {
  if (row >= shape.rows) { return vec4f(); }
  let at = shape.x + row * shape.inner + inner;
  let measured = statistics[row];
  let values = (vec4f(x[at], x[at + 1], x[at + 2], x[at + 3]) - measured.x) * measured.y;
  let scale = vec4f(normWeight[inner], normWeight[inner + 1], normWeight[inner + 2], normWeight[inner + 3]);
  let shift = vec4f(normBias[inner], normBias[inner + 1], normBias[inner + 2], normBias[inner + 3]);
  let there = vec4u(inner) + vec4u(0, 1, 2, 3) < vec4u(shape.inner);
  return select(vec4f(), fma(values, scale, shift), there);
}
