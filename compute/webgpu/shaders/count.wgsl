// Counts the pixels of each class of a mask. A workgroup counts its part in
// workgroup memory, then adds that to the total.

struct Mask { pixels: u32 }

@group(0) @binding(0) var<uniform> mask: Mask;
@group(0) @binding(1) var<storage> pixels: array<u32>;  // four per word
@group(0) @binding(2) var<storage, read_write> areas: array<atomic<u32>, 256>;

var<workgroup> part: array<atomic<u32>, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  for (var word = id.x; word * 4 < mask.pixels; word += groups.x * 256) {
    let ids = (vec4u(pixels[word]) >> vec4u(0, 8, 16, 24)) & vec4u(255);
    let there = min(4, mask.pixels - word * 4);
    if (there == 4 && all(ids == ids.xxxx)) {  // as mostly
      atomicAdd(&part[ids.x], 4);
      continue;
    }
    for (var i = 0u; i < there; i++) { atomicAdd(&part[ids[i]], 1); }
  }
  workgroupBarrier();
  let n = atomicLoad(&part[index]);
  if (n > 0) { atomicAdd(&areas[index], n); }
}
