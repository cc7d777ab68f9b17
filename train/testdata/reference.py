"""Trains a Segmenter (ViT-Ti/16 and both decoders) with PyTorch by the fast recipe of `segment train`,
on the crops of one of its runs: see "Compared with PyTorch" in docs/training.md.

usage: reference.py RUN CROPS SEED OUT
       reference.py speed

RUN is the folder of a run: its options, its log (for the number of steps) and its model, a template for
the file that is written. CROPS is what TestWriteCrops of cmd/segment wrote for it, or the pipe into which
it writes. OUT gets log.jsonl and model.safetensors, as segment train writes them.

float32 parameters, bf16 autocast (PyTorch >= 1.13). "speed" prints how many crops of 288 pixels a second
it trains on, in batches of 16, with bf16 autocast and without."""
import json, math, os, struct, sys, time
import numpy as np, torch
from torch import nn
from torch.nn import functional as F

WIDTH, HEADS, DEPTH, DECODER_DEPTH, PATCH = 192, 3, 12, 2, 16


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        batch, tokens, _ = x.shape
        q, k, v = self.qkv(x).view(batch, tokens, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        weights = (q * (WIDTH // HEADS) ** -0.5 @ k.transpose(-2, -1)).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(batch, tokens, WIDTH))


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, drop):
        super().__init__()
        self.drop = drop
        self.norm1, self.attn = nn.LayerNorm(WIDTH), Attention()
        self.norm2, self.mlp = nn.LayerNorm(WIDTH), MLP()

    def branch(self, y):
        """Drops the branch of some photos (stochastic depth)."""
        if self.drop == 0 or not self.training:
            return y
        kept = (torch.rand(len(y), 1, 1) >= self.drop).float()
        return y * kept / (1 - self.drop)

    def forward(self, x):
        x = x + self.branch(self.attn(self.norm1(x)))
        return x + self.branch(self.mlp(self.norm2(x)))


class PatchEmbedding(nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = nn.Conv2d(3, WIDTH, PATCH, PATCH)


class Encoder(nn.Module):
    def __init__(self, grid, drop_path):
        super().__init__()
        self.grid, self.patch_embed = grid, PatchEmbedding()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + grid * grid, WIDTH))
        self.blocks = nn.ModuleList(Block(drop_path * i / (DEPTH - 1)) for i in range(DEPTH))
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, image):
        x = self.patch_embed.proj(image)
        side = x.shape[2]
        position = self.pos_embed[:, 1:].view(1, self.grid, self.grid, -1).permute(0, 3, 1, 2)
        position = F.interpolate(position, (side, side), mode="bilinear", align_corners=False)
        x = x.flatten(2).transpose(1, 2) + position.flatten(2).transpose(1, 2)
        token = (self.cls_token + self.pos_embed[:, :1]).expand(len(x), -1, -1)
        x = torch.cat([token, x], 1)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)[:, 1:]


class LinearDecoder(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.head = nn.Linear(WIDTH, classes)

    def forward(self, x):
        return self.head(x)


class MaskTransformer(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.proj_dec = nn.Linear(WIDTH, WIDTH)
        self.cls_emb = nn.Parameter(torch.zeros(1, classes, WIDTH))
        self.blocks = nn.ModuleList(Block(0) for _ in range(DECODER_DEPTH))
        self.decoder_norm, self.mask_norm = nn.LayerNorm(WIDTH), nn.LayerNorm(classes)
        self.proj_patch = nn.Parameter(torch.zeros(WIDTH, WIDTH))
        self.proj_classes = nn.Parameter(torch.zeros(WIDTH, WIDTH))

    def forward(self, x):
        patches = x.shape[1]
        x = torch.cat([self.proj_dec(x), self.cls_emb.expand(len(x), -1, -1)], 1)
        for block in self.blocks:
            x = block(x)
        x = self.decoder_norm(x)
        p, c = x[:, :patches] @ self.proj_patch, x[:, patches:] @ self.proj_classes
        p, c = p / p.norm(dim=-1, keepdim=True), c / c.norm(dim=-1, keepdim=True)
        return self.mask_norm((p @ c.transpose(1, 2)).float())


class Segmenter(nn.Module):
    def __init__(self, grid, classes, drop_path):
        super().__init__()
        self.encoder, self.linear, self.mask = Encoder(grid, drop_path), LinearDecoder(classes), MaskTransformer(classes)

    def losses(self, image, labels):
        """Cross-entropy of both decoders at full resolution, means over the pixels with a label."""
        features = self.encoder(image)
        side = image.shape[2] // PATCH
        result = []
        for decoder in (self.mask, self.linear):
            scores = decoder(features).float().transpose(1, 2).reshape(len(image), -1, side, side)
            scores = F.interpolate(scores, image.shape[2:], mode="bilinear", align_corners=False)
            result.append(F.cross_entropy(scores, labels, ignore_index=255))
        return result


def read_tensors(path):
    with open(path, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        body = f.read()
    values = {}
    for name, t in header.items():
        if name != "__metadata__":
            begin, end = t["data_offsets"]
            values[name] = torch.from_numpy(np.frombuffer(body[begin:end], np.float32).copy()).view(t["shape"])
    return values


def write_like(template, path, values):
    """Writes values into a copy of a float32 file of safetensors."""
    with open(template, "rb") as f:
        length = f.read(8)
        text = f.read(struct.unpack("<Q", length)[0])
        body = bytearray(f.read())
    for name, t in json.loads(text).items():
        if name != "__metadata__":
            begin, end = t["data_offsets"]
            body[begin:end] = values[name].contiguous().numpy().tobytes()
    with open(path, "wb") as f:
        f.write(length + text + body)


def initialise(net, encoder):
    """The paper's initial values, and those of a pretrained encoder with timm's names."""
    for name, p in net.named_parameters():
        if name.startswith("encoder."):
            p.data.copy_(encoder[name[len("encoder."):]])
        elif name in ("mask.proj_patch", "mask.proj_classes"):
            nn.init.normal_(p, std=WIDTH ** -0.5)
        elif name == "mask.cls_emb" or p.dim() == 2:
            nn.init.trunc_normal_(p, std=0.02)
        elif "norm" in name and name.endswith("weight"):
            nn.init.ones_(p)
        else:
            nn.init.zeros_(p)


def rate_factor(name, decay=0.85):
    """The share of a parameter in the rate: less with each layer below the decoders."""
    if not name.startswith("encoder.") or name.startswith("encoder.norm"):
        return 1
    if name.startswith("encoder.blocks."):
        return decay ** (DEPTH - int(name.split(".")[2]))
    return decay ** (DEPTH + 1)


def is_matrix(name, p):
    return p.dim() > 1 and not name.endswith(("cls_token", "pos_embed", "cls_emb"))


def rate_at(step, steps, rate=2.5e-4):
    warmup = min(500, steps // 10)
    at = rate * (1 - step / steps) ** 0.9
    return at * (step + 1) / warmup if step < warmup else at


def batches(path, size, batch):
    pixels = batch * size * size
    with open(path, "rb") as f:
        while True:
            images, labels = [], []
            for _ in range(batch):
                data = f.read(4 * size * size)
                if not data:
                    return
                data = np.frombuffer(data, np.uint8)
                images.append(data[:3 * size * size].reshape(size, size, 3))
                labels.append(data[3 * size * size:].reshape(size, size))
            image = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 127.5 - 1
            yield image, torch.from_numpy(np.stack(labels)).long()


def main(run, crops, seed, out):
    torch.manual_seed(int(seed))
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(run, "options.json")) as f:
        options = json.load(f)
    encoder = read_tensors(options["from"])
    template = read_tensors(os.path.join(run, "model.safetensors"))
    grid = math.isqrt(template["encoder.pos_embed"].shape[1] - 1)
    net = Segmenter(grid, len(template["linear.head.bias"]), drop_path=0.1)
    initialise(net, encoder)
    with open(os.path.join(run, "log.jsonl")) as f:
        steps = sum('"loss"' in line for line in f)
    optimiser = torch.optim.AdamW([
        {"params": [p], "factor": rate_factor(name), "weight_decay": 0.02 if is_matrix(name, p) else 0}
        for name, p in net.named_parameters()])
    average, began = None, time.time()
    log = open(os.path.join(out, "log.jsonl"), "w")
    for step, (image, labels) in enumerate(batches(crops, options["size"], options["batch"])):
        rate = rate_at(step, steps)
        for group in optimiser.param_groups:
            group["lr"] = rate * group["factor"]
        optimiser.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            mask, linear = net.losses(image, labels)
        loss = mask + 0.5 * linear
        loss.backward()
        norm = nn.utils.clip_grad_norm_(net.parameters(), 1)
        optimiser.step()
        values = [p.detach() for p in net.parameters()]
        if average is None:
            average = [v.clone() for v in values]
        by = 1 - min(0.999, step / (step + 10))
        for a, v in zip(average, values):
            a.lerp_(v, by)
        entry = {"step": step, "loss": loss.item(), "mask": mask.item(), "linear": linear.item(), "norm": norm.item(), "rate": rate}
        print(json.dumps(entry), file=log, flush=True)
        if step % 50 == 49:
            print(f"step {step + 1} of {steps}: loss {loss.item():.3f}, {(step + 1) * options['batch'] / (time.time() - began):.1f} photos/s", flush=True)
    named = {name: a for (name, _), a in zip(net.named_parameters(), average)}
    write_like(os.path.join(run, "model.safetensors"), os.path.join(out, "model.safetensors"), named)


def speed(size=288, batch=16, classes=38):
    net = Segmenter(14, classes, drop_path=0)
    image, labels = torch.randn(batch, 3, size, size), torch.randint(classes, (batch, size, size))
    for name, autocast, steps in (("bf16 autocast", True, 5), ("float32", False, 1)):
        for step in range(steps + 1):
            if step == 1:  # the first one allocates
                began = time.time()
            with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
                mask, linear = net.losses(image, labels)
            net.zero_grad()
            (mask + linear).backward()
        print(f"{name}: {steps * batch / (time.time() - began):.2f} photos/s", flush=True)


if sys.argv[1:] == ["speed"]:
    speed()
else:
    main(*sys.argv[1:])
