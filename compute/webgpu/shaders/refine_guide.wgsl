// The guide: the frame at half its size. An invocation computes a pixel.

@group(0) @binding(1) var<storage> frame: array<u32>;  // a pixel per word: R, G, B from the lowest byte
@group(0) @binding(2) var<storage, read_write> guide: array<vec4f>;

fn weight(i: u32) -> u32 { return select(3u, 1u, i == 0 || i == 3); }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < view.guideRows * view.guideCols; i += groups.x * 64) {
    let at = 2 * vec2u(i / view.guideCols, i % view.guideCols);
    var sum = vec3u();
    for (var tap = 0u; tap < 16; tap++) {
      let y = min(max(at.x + tap / 4, 1) - 1, view.height - 1);
      let x = min(max(at.y + tap % 4, 1) - 1, view.width - 1);
      let colour = (vec3u(frame[y * view.width + x]) >> vec3u(0, 8, 16)) & vec3u(255);
      sum += weight(tap / 4) * weight(tap % 4) * colour;
    }
    guide[i] = vec4f(vec3f(sum) / (64 * 255), 0);
  }
}
