// Gives patches further classes, which beat the others where they beat their rivals, and by as
// much. An invocation takes a patch.

struct Shape {
  rows: u32,
  classes: u32,
  further: u32,
  rivals: u32,  // 0: further classes have to beat 0
  // Starts in their buffers and values per row.
  scores: vec2u,
  more: vec2u,
  against: vec2u,
  dst: vec2u,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage> scores: array<f32>;
@group(0) @binding(2) var<storage> more: array<f32>;
@group(0) @binding(3) var<storage> against: array<f32>;
@group(0) @binding(4) var<storage, read_write> dst: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x;
  if (row >= shape.rows) { return; }
  let to = shape.dst.x + row * shape.dst.y;
  let source = shape.scores.x + row * shape.scores.y;
  var ahead = scores[source];
  for (var i = 0u; i < shape.classes; i++) {
    dst[to + i] = scores[source + i];
    ahead = max(ahead, scores[source + i]);
  }
  if (shape.rivals > 0) {
    let other = shape.against.x + row * shape.against.y;
    var highest = against[other];
    for (var i = 1u; i < shape.rivals; i++) { highest = max(highest, against[other + i]); }
    ahead -= highest;
  }
  for (var i = 0u; i < shape.further; i++) {
    dst[to + shape.classes + i] = ahead + more[shape.more.x + row * shape.more.y + i];
  }
}
