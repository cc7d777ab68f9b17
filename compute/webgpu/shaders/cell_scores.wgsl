@group(0) @binding(1) var<storage> scores: array<vec4f>;

/** Four classes' scores at the centre of a cell. */
fn cellScores(cell: u32, four: u32) -> vec4f {
  let scale = f32(2 * view.cellSide) / f32(view.side);
  let y = between(cell / view.cellCols, scale, view.rows);
  let x = between(cell % view.cellCols, scale, view.cols);
  let first = view.scores + four;
  let low = first + y.low * view.cols * view.stride;
  let high = first + y.high * view.cols * view.stride;
  return lerp(
    lerp(scores[low + x.low * view.stride], scores[high + x.low * view.stride], y.share),
    lerp(scores[low + x.high * view.stride], scores[high + x.high * view.stride], y.share), x.share);
}
