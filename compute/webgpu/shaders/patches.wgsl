// Flattens the patches of a frame to rows, channel by channel, then row by row.
// Values are normalised, and 0 beyond the window. An invocation writes four values.

struct Grid {
  patches: u32,
  first: u32,    // the first patch
  cols: u32,
  side: u32,     // of a patch in pixels
  stride: u32,   // fours per row of the result
  width: u32,    // of the frame
  window: vec4u, // top, left, height, width
  scale: vec4f,  // R, G, B: a byte becomes byte·scale + shift
  shift: vec4f,
}

@group(0) @binding(0) var<uniform> grid: Grid;
@group(0) @binding(1) var<storage> frame: array<u32>;  // a pixel per word: R, G, B from the lowest byte
@group(0) @binding(2) var<storage, read_write> dst: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < grid.patches * grid.stride; i += groups.x * 64) {
    let number = grid.first + i / grid.stride;
    let corner = vec2u(number / grid.cols, number % grid.cols) * grid.side;
    let k = i % grid.stride * 4;
    dst[i] = vec4f(value(corner, k), value(corner, k + 1), value(corner, k + 2), value(corner, k + 3));
  }
}

/** The k-th value of the patch with this corner. */
fn value(corner: vec2u, k: u32) -> f32 {
  let channel = k / (grid.side * grid.side);
  let at = corner + vec2u(k / grid.side % grid.side, k % grid.side);
  if (channel > 2 || any(at >= grid.window.zw)) { return 0; }
  let pixel = frame[(grid.window.x + at.x) * grid.width + grid.window.y + at.y];
  return fma(f32((pixel >> (8 * channel)) & 255), grid.scale[channel], grid.shift[channel]);
}
