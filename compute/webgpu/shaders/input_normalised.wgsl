// x after layer normalisation. row_statistics.wgsl has measured its rows.

@group(0) @binding(4) var<storage> x: array<f32>;
@group(0) @binding(5) var<storage> statistics: array<vec2f>;  // mean, 1/√(variance + ε)
@group(0) @binding(6) var<storage> normWeight: array<f32>;
@group(0) @binding(7) var<storage> normBias: array<f32>;

fn input(row: u32, inner: u32) -> vec4f {
  var four = vec4f();
  if (row >= shape.rows) { return four; }
  let at = shape.x + row * shape.inner + inner;
  let measured = statistics[row];
  for (var i = 0u; i < min(4, shape.inner - min(inner, shape.inner)); i++) {
    four[i] = fma((x[at + i] - measured.x) * measured.y, normWeight[inner + i], normBias[inner + i]);
  }
  return four;
}
