// rows.wgsl for GPUs with subgroups, of any width: each takes a row.

enable subgroups;
requires subgroup_id;

struct Invocation {
  @builtin(workgroup_id) group: vec3u,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(num_subgroups) subgroups: u32,
  @builtin(subgroup_invocation_id) lane: u32,
  @builtin(subgroup_size) lanes: u32,
}

fn rowOf(at: Invocation) -> u32 { return at.group.x * at.subgroups + at.subgroup; }

fn laneOf(at: Invocation) -> u32 { return at.lane; }
fn lanesOf(at: Invocation) -> u32 { return at.lanes; }

fn rowSum(at: Invocation, part: f32) -> f32 { return subgroupAdd(part); }

fn rowLargest(at: Invocation, part: f32) -> f32 { return subgroupMax(part); }
