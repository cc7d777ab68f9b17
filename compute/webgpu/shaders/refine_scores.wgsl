// The scores of the classes that compete for a pixel: the winners of the cells around it.

@group(0) @binding(1) var<storage> guide: array<vec4f>;
@group(0) @binding(2) var<storage> cells: array<vec4f>;      // colour, class
@group(0) @binding(3) var<storage> functions: array<vec4f>;  // of cells and classes

/** Where a pixel lies: in the guide, among the cells, and the cells whose winners compete for it. */
struct Place { guideY: Between, guideX: Between, y: Between, x: Between, around: Cells }

fn placeOf(pixel: u32) -> Place {
  let at = vec2u(pixel / view.maskWidth, pixel % view.maskWidth);
  let scale = vec2f(f32(view.height) / f32(2 * view.maskHeight), f32(view.width) / f32(2 * view.maskWidth));
  let y = between(at.x, scale.x / f32(view.cellSide), view.cellRows);
  let x = between(at.y, scale.y / f32(view.cellSide), view.cellCols);
  return Place(between(at.x, scale.x, view.guideRows), between(at.y, scale.y, view.guideCols), y, x, cellsAround(y.low, y.high, x.low, x.high));
}

fn winner(row: u32, column: u32) -> u32 { return u32(cells[row * view.cellCols + column].w); }

fn colourOf(at: Place) -> vec4f {
  let low = at.guideY.low * view.guideCols;
  let high = at.guideY.high * view.guideCols;
  let share = at.guideY.share;
  let left = lerp(guide[low + at.guideX.low], guide[high + at.guideX.low], share);
  let right = lerp(guide[low + at.guideX.high], guide[high + at.guideX.high], share);
  return vec4f(lerp(left, right, at.guideX.share).xyz, 1);
}

fn functionOf(id: u32, row: u32, column: u32) -> vec4f { return functions[(row * view.cellCols + column) * view.classes + id]; }

fn scoreOf(id: u32, y: Between, x: Between, colour: vec4f) -> f32 {
  return dot(colour, lerp(
    lerp(functionOf(id, y.low, x.low), functionOf(id, y.high, x.low), y.share),
    lerp(functionOf(id, y.low, x.high), functionOf(id, y.high, x.high), y.share), x.share));
}
