// Paints a mask in colours, with white borders between classes, like
// web/library/painting.js.

struct Painting {
  height: u32,      // of the picture
  width: u32,
  maskHeight: u32,
  maskWidth: u32,
  line: u32,        // width of a border
  border: u32,      // the class whose border to draw, ALL, or any other number for none
}

const ALL = 0xffffffffu; // AllBorders in mask.go

@group(0) @binding(0) var<uniform> painting: Painting;
@group(0) @binding(1) var<storage> pixels: array<u32>;  // of the mask, four per word
@group(0) @binding(2) var<storage> palette: array<u32>;  // a class per word: R, G, B, A from the lowest byte

/** A triangle that covers the picture. */
@vertex
fn corner(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
  return vec4f(f32(i32(i & 1) * 4 - 1), f32(i32(i >> 1) * 4 - 1), 0, 1);
}

fn classAt(at: vec2u) -> u32 {
  let size = vec2f(vec2u(painting.width, painting.height));
  let mask = vec2u(painting.maskWidth, painting.maskHeight);
  let place = min(vec2u((vec2f(at) + 0.5) * vec2f(mask) / size), mask - 1);
  let pixel = place.y * mask.x + place.x;
  return (pixels[pixel / 4] >> (pixel % 4 * 8)) & 255;
}

/** Whether to draw a border between these classes. */
fn isBorder(a: u32, b: u32) -> bool {
  return a != b && (painting.border == ALL || a == painting.border || b == painting.border);
}

@fragment
fn colour(@builtin(position) position: vec4f) -> @location(0) vec4f {
  let at = vec2u(position.xy);
  let here = classAt(at);
  let right = at.x + painting.line;
  let below = at.y + painting.line;
  if ((right < painting.width && isBorder(here, classAt(vec2u(right, at.y)))) ||
      (below < painting.height && isBorder(here, classAt(vec2u(at.x, below))))) {
    return vec4f(1);
  }
  let straight = unpack4x8unorm(palette[here]);
  return vec4f(straight.rgb * straight.a, straight.a);
}
