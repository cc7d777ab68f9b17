// Resizes a picture's rows to another width, over white: the first half of resizing.
// See photo.Taps.

struct Size { height: u32, width: u32 }  // of the result

@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var picture: texture_2d<f32>;
@group(0) @binding(2) var<storage> taps: array<vec2u>;  // the first pixel, and the index of its first weight; the next tap's weights follow
@group(0) @binding(3) var<storage> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> lines: array<vec4f>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) at: vec3u) {
  if (at.x >= size.width || at.y >= size.height) { return; }
  let tap = taps[at.x];
  var sum = vec3f();
  for (var i = tap.y; i < taps[at.x + 1].y; i++) {
    let pixel = textureLoad(picture, vec2u(tap.x + i - tap.y, at.y), 0);
    sum += weights[i] * (pixel.rgb * pixel.a + (1 - pixel.a));
  }
  lines[at.y * size.width + at.x] = vec4f(sum, 1);
}
