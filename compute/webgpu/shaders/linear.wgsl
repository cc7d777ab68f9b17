// The parameters of a linear layer, and what its outputs become.

struct Shape {
  rows: u32,
  inner: u32,    // inputs of an output
  outputs: u32,
  stride: u32,   // of W: inner, or that rounded up to a multiple of 4
  x: u32,        // where x, W and dst begin in their buffers, in values
  w: u32,
  dst: u32,
  grid: Grid,    // of the patches that x is, if it is
}

struct Grid {
  side: u32,     // of a patch in pixels
  cols: u32,
  first: u32,    // patch
  width: u32,    // of the frame
  window: vec4u, // top, left, height, width
  scale: vec4f,  // of a byte, and what is added then: R, G, B
  shift: vec4f,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage> w: array<u32>;
@group(0) @binding(2) var<storage> scaleAndBias: array<vec2f>;  // an output
@group(0) @binding(3) var<storage, read_write> dst: array<f32>;

fn store(row: u32, o: u32, sum: f32) {
  let at = shape.dst + row * shape.outputs + o;
  let y = fma(sum, scaleAndBias[o].x, scaleAndBias[o].y);
  dst[at] = after(at, y);
}
