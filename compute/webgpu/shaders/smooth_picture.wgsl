// Averages the picture over frames, with the weights of patches from look.wgsl. An
// invocation takes a pixel.

struct Grid {
  cols: u32,
  side: u32,      // of a patch in pixels
  looks: u32,     // values from one look to the next
  weight: u32,    // index of the weight in a look
  height: u32,    // of the frame
  width: u32,
}

@group(0) @binding(0) var<uniform> grid: Grid;
@group(0) @binding(1) var<storage> frame: array<u32>;  // a pixel per word: R, G, B from the lowest byte
@group(0) @binding(2) var<storage> looks: array<f32>;
@group(0) @binding(3) var<storage, read_write> average: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < grid.height * grid.width; i += groups.x * 64) {
    let number = i / grid.width / grid.side * grid.cols + i % grid.width / grid.side;
    let weight = looks[number * grid.looks + grid.weight];
    let before = bytes(average[i]);
    let after = vec3u(floor(before + weight * (bytes(frame[i]) - before) + 0.5));
    average[i] = after.x | (after.y << 8) | (after.z << 16);
  }
}

fn bytes(pixel: u32) -> vec3f { return vec3f((vec3u(pixel) >> vec3u(0, 8, 16)) & vec3u(255)); }
