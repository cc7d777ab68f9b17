// Layer normalisation in place. row_statistics.wgsl has measured the rows.

struct Shape {
  rows: u32,
  cols: u32,
  x: u32,  // where x begins in its buffer, in values
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<storage> statistics: array<vec2f>;
@group(0) @binding(3) var<storage> normWeight: array<f32>;
@group(0) @binding(4) var<storage> normBias: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < shape.rows * shape.cols; i += groups.x * 64) {
    let measured = statistics[i / shape.cols];
    let col = i % shape.cols;
    x[shape.x + i] = fma((x[shape.x + i] - measured.x) * measured.y, normWeight[col], normBias[col]);
  }
}
