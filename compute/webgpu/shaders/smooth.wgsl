// The scores of patches, averaged over frames, each with the weight that look.wgsl
// gave the patch. An invocation takes a value.

struct Rows {
  rows: u32,
  stride: u32,  // values of a row
  first: u32,   // value of the scores
  looks: u32,   // values from a look to the next
  weight: u32,  // the value of a look that is the weight
}

@group(0) @binding(0) var<uniform> rows: Rows;
@group(0) @binding(1) var<storage> scores: array<f32>;
@group(0) @binding(2) var<storage> looks: array<f32>;
@group(0) @binding(3) var<storage, read_write> average: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < rows.rows * rows.stride; i += groups.x * 64) {
    let weight = looks[i / rows.stride * rows.looks + rows.weight];
    average[i] += weight * (scores[rows.first + i] - average[i]);
  }
}
