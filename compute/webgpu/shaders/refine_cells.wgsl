// The mean colours of cells, and the classes that score highest in them (of equal
// scores, the lowest class). An invocation computes a cell.

@group(0) @binding(2) var<storage> guide: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> cells: array<vec4f>;  // colour, class

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < view.cellRows * view.cellCols; i += groups.x * 64) {
    cells[i] = vec4f(colour(i), f32(winner(i)));
  }
}

fn colour(cell: u32) -> vec3f {
  let first = view.cellSide * vec2u(cell / view.cellCols, cell % view.cellCols);
  let end = min(first + view.cellSide, vec2u(view.guideRows, view.guideCols));
  var sum = vec4f();
  for (var y = first.x; y < end.x; y++) {
    for (var x = first.y; x < end.y; x++) { sum += guide[y * view.guideCols + x]; }
  }
  return sum.xyz / f32((end.x - first.x) * (end.y - first.y));
}

fn winner(cell: u32) -> u32 {
  var best = 0u;
  var highest = -3e38;
  for (var four = 0u; four * 4 < view.classes; four++) {
    let values = cellScores(cell, four);
    for (var i = 0u; i < 4 && four * 4 + i < view.classes; i++) {
      if (values[i] > highest) {
        highest = values[i];
        best = four * 4 + i;
      }
    }
  }
  return best;
}
