// Arranges rows as the W of numbers_float.wgsl: see matmul.wgsl. An invocation
// copies one pack.

struct Shape {
  rows: u32,
  steps: u32,   // fours to copy per row
  x: u32,       // start of x in its buffer, in fours
  xStride: u32, // fours per row
  packs: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> w: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < shape.packs; i += groups.x * 64) {
    let c = i % 64 / 8;
    let row = i / 64 / shape.steps * 64 + c / 4 * 32 + i % 8 * 4 + c % 4;
    let at = shape.x + min(row, shape.rows - 1) * shape.xStride + i / 64 % shape.steps;
    w[i] = select(vec4f(), x[at], row < shape.rows);
  }
}
