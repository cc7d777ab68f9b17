// Compares the patches of a frame with earlier frames, and updates their looks: see
// Smooth in compute/device.go. An invocation takes a patch.

struct Grid {
  patches: u32,
  cols: u32,
  side: u32,      // of a patch in pixels
  stride: u32,    // values from one look to the next
  size: vec2u,    // of the frame: height, width
  weight: f32,    // of a frame at an unchanged patch
  still: f32,     // StillBelow
  perLevel: f32,  // 1 / (ChangedFrom − StillBelow)
}

const BLOCKS = 4u;  // LookBlocks

@group(0) @binding(0) var<uniform> grid: Grid;
@group(0) @binding(1) var<storage> frame: array<u32>;  // a pixel per word: R, G, B from the lowest byte
@group(0) @binding(2) var<storage, read_write> looks: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= grid.patches) { return; }
  let corner = vec2u(id.x / grid.cols, id.x % grid.cols) * grid.side;
  let look = id.x * grid.stride;
  var means: array<f32, BLOCKS * BLOCKS>;
  var change = 0.0;
  for (var b = 0u; b < BLOCKS * BLOCKS; b++) {
    means[b] = brightness(corner + vec2u(b / BLOCKS, b % BLOCKS) * grid.side / BLOCKS, grid.side / BLOCKS);
    change = max(change, abs(means[b] - looks[look + b]));
  }
  let part = clamp((change - grid.still) * grid.perLevel, 0, 1);
  let weight = grid.weight + (1 - grid.weight) * part;
  for (var b = 0u; b < BLOCKS * BLOCKS; b++) {
    looks[look + b] += weight * (means[b] - looks[look + b]);
  }
  looks[look + BLOCKS * BLOCKS] = weight;
}

/** The mean of (R + 2G + B)/4 in a square. Beyond the frame, its last row and column repeat. */
fn brightness(at: vec2u, side: u32) -> f32 {
  var sum = 0u;
  for (var y = 0u; y < side; y++) {
    let row = min(at.x + y, grid.size.x - 1) * grid.size.y;
    for (var x = 0u; x < side; x++) {
      let pixel = frame[row + min(at.y + x, grid.size.y - 1)];
      sum += (pixel & 255) + 2 * ((pixel >> 8) & 255) + ((pixel >> 16) & 255);
    }
  }
  return f32(sum) / f32(4 * side * side);
}
