// Resizes to another height, and converts to bytes: the second half of resizing.

struct Size { height: u32, width: u32 }  // of the result

@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage> lines: array<vec4f>;
@group(0) @binding(2) var<storage> taps: array<vec2u>;
@group(0) @binding(3) var<storage> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> frame: array<u32>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) at: vec3u) {
  if (at.x >= size.width || at.y >= size.height) { return; }
  let tap = taps[at.y];
  var sum = vec4f();
  for (var i = tap.y; i < taps[at.y + 1].y; i++) {
    sum += weights[i] * lines[(tap.x + i - tap.y) * size.width + at.x];
  }
  frame[at.y * size.width + at.x] = pack4x8unorm(sum);
}
