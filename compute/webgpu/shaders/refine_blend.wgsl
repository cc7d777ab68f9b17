// The functions of cells. A cell's is the mean of those of the windows that contain
// it. An invocation computes one class's function of a cell.

@group(0) @binding(1) var<storage> fitted: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> functions: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < view.cellRows * view.cellCols * view.classes; i += groups.x * 64) {
    let window = windowOf(i / view.classes);
    var sum = vec4f();
    for (var y = window.top; y < window.bottom; y++) {
      for (var x = window.left; x < window.right; x++) {
        sum += fitted[(y * view.cellCols + x) * view.classes + i % view.classes];
      }
    }
    functions[i] = sum / count(window);
  }
}
