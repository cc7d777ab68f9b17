// Averages the patches' scores over frames, with the weights of patches from
// look.wgsl. An invocation takes a value.

struct Rows {
  rows: u32,
  stride: u32,  // values per row
  first: u32,   // start of the scores in their buffer, in values
  looks: u32,   // values from one look to the next
  weight: u32,  // index of the weight in a look
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
