"""Makes the checkpoints of testdata/golden and testdata/encoders: small networks with random
weights, saved in the ways that programs save theirs, with what PyTorch computes with them.

    python3 make.py [DIRECTORY]      needs PyTorch 1.13 or later, and numpy
"""
import collections, json, os, struct, sys, zipfile
import numpy as np
import torch, torch.nn as nn, torch.nn.functional as F


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-2, -1) * (d // self.heads) ** -0.5).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(b, n, d))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.attn, self.norm2 = nn.LayerNorm(width), Attention(width, heads), nn.LayerNorm(width)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, 4 * width), "fc2": nn.Linear(4 * width, width)})

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm2(x))))


class Encoder(nn.Module):
    def __init__(self, width, heads, depth, patch, grid, distilled=False):
        super().__init__()
        self.grid, self.patch, self.extra = grid, patch, 2 if distilled else 1
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, width, patch, patch)})
        self.cls_token = nn.Parameter(torch.randn(1, 1, width))
        if distilled:
            self.dist_token = nn.Parameter(torch.randn(1, 1, width))
        self.pos_embed = nn.Parameter(torch.randn(1, self.extra + grid * grid, width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def forward(self, image):
        x = self.patch_embed["proj"](image)
        rows, columns = x.shape[2:]
        position = self.pos_embed[:, self.extra:].view(1, self.grid, self.grid, -1).permute(0, 3, 1, 2)
        position = F.interpolate(position, (rows, columns), mode="bilinear").flatten(2).transpose(1, 2)
        x = x.flatten(2).transpose(1, 2) + position
        tokens = [self.cls_token] + ([self.dist_token] if self.extra == 2 else [])
        x = torch.cat([torch.cat(tokens, 1) + self.pos_embed[:, :self.extra], x], 1)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)[:, self.extra:], rows, columns


class Mask(nn.Module):
    def __init__(self, width, classes, depth):
        super().__init__()
        self.proj_dec, self.cls_emb = nn.Linear(width, width), nn.Parameter(torch.randn(1, classes, width))
        self.blocks = nn.ModuleList(Block(width, width // 64) for _ in range(depth))
        self.decoder_norm, self.mask_norm = nn.LayerNorm(width), nn.LayerNorm(classes)
        self.proj_patch, self.proj_classes = (nn.Parameter(torch.randn(width, width)) for _ in range(2))

    def forward(self, x):
        n = x.shape[1]
        x = torch.cat([self.proj_dec(x), self.cls_emb], 1)
        for block in self.blocks:
            x = block(x)
        x = self.decoder_norm(x)
        patches, classes = x[:, :n] @ self.proj_patch, x[:, n:] @ self.proj_classes
        return self.mask_norm(F.normalize(patches, dim=-1) @ F.normalize(classes, dim=-1).transpose(1, 2))


class Linear(nn.Module):
    def __init__(self, width, classes):
        super().__init__()
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        return self.head(x)


class Segmenter(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, image):
        x, rows, columns = self.encoder(image)
        return self.decoder(x).transpose(1, 2).reshape(1, -1, rows, columns)


def randomise(network, step=0):
    """Random weights, of few values if step is not 0, so that they compress."""
    with torch.no_grad():
        for name, p in network.named_parameters():
            p.normal_(1 if name.endswith("weight") and p.dim() == 1 else 0, 0.2)
            if step:
                p.copy_((p / step).round() * step)
    return network.eval()


def write_safetensors(path, tensors):
    header, body = {}, b""
    for name, t in tensors.items():
        data = t.contiguous().numpy()
        kind = {np.float32: "F32", np.uint8: "U8", np.float16: "F16"}[data.dtype.type]
        header[name] = {"dtype": kind, "shape": list(data.shape), "data_offsets": [len(body), len(body) + data.nbytes]}
        body += data.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + body)


def write_golden(folder, network, mean=0.5, std=0.5, height=23, width=38):
    photo = (torch.rand(1, 3, 5, 6) * 256).clamp(0, 255)
    photo = F.interpolate(photo, (height, width), mode="bicubic").clamp(0, 255).round()
    x = (photo / 255 - torch.tensor(mean).view(-1, 1, 1)) / torch.tensor(std).view(-1, 1, 1)
    patch = network.encoder.patch
    x = F.pad(x, (0, -width % patch, 0, -height % patch))
    with torch.no_grad():
        logits = network(x)
        full = F.interpolate(logits, x.shape[2:], mode="bilinear")[:, :, :height, :width]
    write_safetensors(os.path.join(folder, "golden.safetensors"), {
        "0.rgb": photo[0].permute(1, 2, 0).to(torch.uint8), "0.patch_logits": logits[0], "0.argmax": full[0].argmax(0).to(torch.uint8)})


def mmseg_state(network):
    state = network.state_dict()
    for name in ("decoder.proj_patch", "decoder.proj_classes"):
        state[name] = state[name].t().contiguous()
    out = collections.OrderedDict()
    for name, t in state.items():
        part, rest = name.split(".", 1)
        for old, new in (("patch_embed.proj", "patch_embed.projection"), ("blocks.", "layers."), ("norm1", "ln1"), ("norm2", "ln2"),
                         ("attn.qkv.", "attn.attn.in_proj_"), ("attn.proj.", "attn.attn.out_proj."), ("mlp.fc1", "ffn.layers.0.0"), ("mlp.fc2", "ffn.layers.1"),
                         ("proj_dec", "dec_proj"), ("proj_patch", "patch_proj.weight"), ("proj_classes", "classes_proj.weight")):
            rest = rest.replace(old, new)
        if part == "encoder" and rest.startswith("norm."):
            rest = "ln1." + rest[5:]
        out[("backbone." if part == "encoder" else "decode_head.") + rest] = t
    return out


def huggingface_state(network):
    out = collections.OrderedDict()
    for name, t in network.state_dict().items():
        part, rest = name.split(".", 1)
        if part == "decoder":
            out[name] = t
            continue
        if ".attn.qkv." in rest:
            for kind, piece in zip(("query", "key", "value"), t.chunk(3)):
                other = rest.replace("blocks.", "encoder.layer.").replace("attn.qkv", "attention.attention." + kind)
                out["vit." + other] = piece.clone()
            continue
        for old, new in (("patch_embed.proj", "embeddings.patch_embeddings.projection"), ("pos_embed", "embeddings.position_embeddings"),
                         ("cls_token", "embeddings.cls_token"), ("dist_token", "embeddings.distillation_token"), ("attn.proj", "attention.output.dense"), ("mlp.fc1", "intermediate.dense"), ("mlp.fc2", "output.dense"),
                         ("norm1", "layernorm_before"), ("norm2", "layernorm_after"), ("blocks.", "encoder.layer.")):
            rest = rest.replace(old, new)
        if rest.startswith("norm."):
            rest = "layernorm." + rest[5:]
        out["vit." + rest] = t
    return out


def jax_arrays(network, heads):
    out = {}
    state = {k.split(".", 1)[1]: v.numpy() for k, v in network.state_dict().items() if k.startswith("encoder.")}
    width = state["cls_token"].shape[2]
    out["cls"], out["Transformer/posembed_input/pos_embedding"] = state["cls_token"], state["pos_embed"]
    out["embedding/kernel"], out["embedding/bias"] = state["patch_embed.proj.weight"].transpose(2, 3, 1, 0), state["patch_embed.proj.bias"]
    out["Transformer/encoder_norm/scale"], out["Transformer/encoder_norm/bias"] = state["norm.weight"], state["norm.bias"]
    for i in range(len(network.encoder.blocks)):
        b, to = f"blocks.{i}.", f"Transformer/encoderblock_{i}/"
        for layer, name in (("norm1", "LayerNorm_0"), ("norm2", "LayerNorm_2")):
            out[to + name + "/scale"], out[to + name + "/bias"] = state[b + layer + ".weight"], state[b + layer + ".bias"]
        attention = to + "MultiHeadDotProductAttention_1/"
        for j, kind in enumerate(("query", "key", "value")):
            out[attention + kind + "/kernel"] = state[b + "attn.qkv.weight"][j * width:][:width].T.reshape(width, heads, -1)
            out[attention + kind + "/bias"] = state[b + "attn.qkv.bias"][j * width:][:width].reshape(heads, -1)
        out[attention + "out/kernel"] = state[b + "attn.proj.weight"].T.reshape(heads, -1, width)
        out[attention + "out/bias"] = state[b + "attn.proj.bias"]
        for layer, name in (("fc1", "Dense_0"), ("fc2", "Dense_1")):
            out[to + "MlpBlock_3/" + name + "/kernel"] = state[b + f"mlp.{layer}.weight"].T
            out[to + "MlpBlock_3/" + name + "/bias"] = state[b + f"mlp.{layer}.bias"]
    out["head/kernel"], out["head/bias"] = np.zeros((width, 3), np.float32), np.zeros(3, np.float32)
    return {k: np.ascontiguousarray(v) for k, v in out.items()}


VARIANT = """dataset_kwargs:
  dataset: own   # of nobody
  normalization: '%s'
inference_kwargs: {im_size: 48, window_size: 48}
net_kwargs:
  backbone: vit_of_a_test
  decoder:
    name: linear
  image_size: !!python/tuple
  - 48
  - 48
  n_heads: %d
  normalization: %s
"""
IMAGENET = dict(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])


def linear(depth=1, distilled=False):
    return randomise(Segmenter(Encoder(16, 2, depth, 4, 5, distilled), Linear(16, 5)))


def folder(name, variant="", heads=2):
    path = os.path.join(ROOT, "golden", name)
    os.makedirs(path, exist_ok=True)
    if variant:
        with open(os.path.join(path, "variant.yml"), "w") as f:
            f.write(VARIANT % (variant, heads, variant))
    return path


def mmseg():
    """mmsegmentation's names, classes and palette; zipped again, with compression."""
    path = folder("mmseg-mask")
    network = randomise(Segmenter(Encoder(64, 1, 1, 8, 4), Mask(64, 4, 1)), step=1 / 4)
    meta = {"CLASSES": ("sky", "road", "tree", "car"), "PALETTE": [[1, 2, 3], [4, 5, 6], [7, 8, 9], [255, 0, 0]], "epoch": 3,
            "config": "img_norm_cfg = dict(\n    mean=[127.5, 127.5, 127.5], std=[127.5, 127.5, 127.5], to_rgb=True)\n"}
    stored = os.path.join(path, "stored")
    torch.save({"meta": meta, "state_dict": mmseg_state(network), "optimizer": {"state": {}, "param_groups": [{"lr": np.float64(0.1)}]}}, stored)
    with zipfile.ZipFile(stored) as old, zipfile.ZipFile(os.path.join(path, "checkpoint.pth"), "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new:
        for entry in old.namelist():
            new.writestr(zipfile.ZipInfo(entry), old.read(entry), zipfile.ZIP_DEFLATED, 9)
    os.remove(stored)
    write_golden(path, network)


def legacy():
    """The old format; module. before names, and views with strides into one storage."""
    path = folder("legacy-views", "deit")
    network = linear(depth=2, distilled=True)
    state = collections.OrderedDict(("module." + k, v) for k, v in network.state_dict().items())
    qkv = [k for k in state if "qkv.weight" in k]
    shared = torch.stack([state[k].t() for k in qkv], 1)  # (in, blocks, 3·in)
    for i, k in enumerate(qkv):
        state[k] = shared[:, i].t()
    k = "module.encoder.patch_embed.proj.weight"
    state[k] = state[k].permute(3, 1, 0, 2).contiguous().permute(2, 1, 3, 0).double()
    torch.save({"net": state, "epoch": 1, "best": np.float32(0.5)}, os.path.join(path, "checkpoint.pth"), _use_new_zipfile_serialization=False)
    write_golden(path, network, **IMAGENET)


def halves():
    """float16 and bfloat16, and an average of other weights beside them."""
    path = folder("half-average", "vit")
    network = linear()
    state, average = network.state_dict(), linear().half().state_dict()
    for i, k in enumerate(state):
        state[k] = state[k].bfloat16() if i % 2 else state[k].half()
    network.load_state_dict({k: v.float() for k, v in state.items()})
    torch.save({"model_ema": average, "model": state}, os.path.join(path, "checkpoint.pth"))
    write_golden(path, network)


def huggingface():
    """Hugging Face's names for the encoder; parameters instead of tensors, protocol 4."""
    path = folder("huggingface", "vit")
    network = linear()
    state = collections.OrderedDict((k, nn.Parameter(v)) for k, v in huggingface_state(network).items())
    torch.save(state, os.path.join(path, "checkpoint.bin"), pickle_protocol=4)
    write_golden(path, network)


def encoders():
    """One encoder by the names of timm, of Hugging Face and of JAX."""
    path = os.path.join(ROOT, "encoders")
    os.makedirs(path, exist_ok=True)
    network = linear()
    state = network.state_dict()
    timm = {k.split(".", 1)[1]: v for k, v in state.items() if k.startswith("encoder.")}
    timm["head.weight"] = torch.zeros(3, 16)
    write_safetensors(os.path.join(path, "timm.safetensors"), timm)
    torch.save(timm, os.path.join(path, "timm.pth"))
    torch.save({k: v for k, v in huggingface_state(network).items() if k.startswith("vit.")}, os.path.join(path, "huggingface.bin"))
    np.savez_compressed(os.path.join(path, "jax.npz"), **jax_arrays(network, 2))


ROOT = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(1)
for make in (mmseg, legacy, halves, huggingface, encoders):
    make()
