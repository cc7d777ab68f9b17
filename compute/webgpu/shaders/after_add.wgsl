// A residual connection.

fn after(at: u32, y: vec4f) -> vec4f { return dst[at] + y; }
