// Code that the shaders of a refined mask share. compute.Refinement describes the
// steps and names them.

struct View {
  side: u32,          // of a patch in pixels of the frame
  rows: u32,          // patches
  cols: u32,
  classes: u32,
  height: u32,        // of the frame
  width: u32,
  maskHeight: u32,
  maskWidth: u32,
  scores: u32,        // start of the scores in their buffer, in fours
  stride: u32,        // fours per patch
  guideRows: u32,
  guideCols: u32,
  cellSide: u32,      // in pixels of the guide
  cellRows: u32,
  cellCols: u32,
  eps: f32,
  gain: f32,          // of mattes
}

@group(0) @binding(0) var<uniform> view: View;

/** A place between two pixels of an axis. */
struct Between { low: u32, high: u32, share: f32 }

fn between(i: u32, scale: f32, count: u32) -> Between {
  let at = max((f32(i) + 0.5) * scale - 0.5, 0);
  let low = min(u32(at), count - 1);
  return Between(low, min(low + 1, count - 1), at - f32(low));
}

fn lerp(a: vec4f, b: vec4f, share: f32) -> vec4f { return a * (1 - share) + b * share; }

/** Cells from top and left to bottom and right, exclusive. */
struct Cells { top: u32, left: u32, bottom: u32, right: u32 }

fn cellsAround(top: u32, bottom: u32, left: u32, right: u32) -> Cells {
  return Cells(max(top, 1) - 1, max(left, 1) - 1, min(bottom + 2, view.cellRows), min(right + 2, view.cellCols));
}

/** The cells of the window around a cell. */
fn windowOf(cell: u32) -> Cells {
  let at = vec2u(cell / view.cellCols, cell % view.cellCols);
  return cellsAround(at.x, at.x, at.y, at.y);
}

fn count(cells: Cells) -> f32 { return f32((cells.bottom - cells.top) * (cells.right - cells.left)); }
