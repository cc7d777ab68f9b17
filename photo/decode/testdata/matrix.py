"""Writes photo files of every kind, and what a reference decoder makes of them.

    python3 matrix.py FOLDER

needs Pillow with LittleCMS, and cjpeg of libjpeg-turbo. Each line of FOLDER/table is
the name of a file, the levels by which a decoder may differ, the width and the height.
FOLDER/NAME.rgb holds the pixels: upright, sRGB, over white.
"""

import io
import itertools
import math
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

OUT = Path(sys.argv[1])
WIDTH, HEIGHT = 45, 30
EXACT, LOSSY = 2, 4
table = []


# ---- the reference


def reference(data):
    """Decodes with Pillow: upright, sRGB, over white."""
    image = Image.open(io.BytesIO(data))
    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    if image.mode in ("P", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode not in ("RGBA", "LA"):
        image = image.convert("RGB")
    image = image.convert("RGBA")
    if profile:
        image = managed(image, profile)
    return over_white(image)


def managed(image, profile):
    alpha = image.getchannel("A")
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    colours = image.convert("RGB")
    if source.profile.xcolor_space.strip() == "GRAY":
        colours = colours.convert("L")
    elif source.profile.xcolor_space.strip() != "RGB":
        return image
    srgb = ImageCms.createProfile("sRGB")
    colours = ImageCms.profileToProfile(colours, source, srgb, renderingIntent=1, outputMode="RGB")
    colours.putalpha(alpha)
    return colours


def over_white(image):
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def add(name, data, want=None, tolerance=EXACT):
    """Adds a file. want is its picture, if Pillow does not read the file right."""
    image = reference(data) if want is None else over_white(want)
    (OUT / name).write_bytes(data)
    (OUT / (name + ".rgb")).write_bytes(image.tobytes())
    table.append(f"{name} {tolerance} {image.width} {image.height}\n")


# ---- pictures


def picture(width=WIDTH, height=HEIGHT):
    """Smooth colours, with a few sharp edges between saturated ones."""
    image = Image.new("RGB", (width, height))
    for y, x in itertools.product(range(height), range(width)):
        u, v = x / (width - 1), y / (height - 1)
        colour = (255 * u, 255 * v, 127 + 127 * math.sin(5 * u + 3 * v))
        if 8 <= x < 17 and 8 <= y < 15:
            colour = (230, 20, 40)
        elif 20 <= x < 31 and 15 <= y < 22:
            colour = (20, 40, 230)
        image.putpixel((x, y), tuple(round(c) for c in colour))
    return image


RGB = picture()
MUTED = RGB.point(lambda v: 96 + v // 4)  # converting these amplifies no differences
GREY = RGB.convert("L")
ALPHA = Image.new("L", RGB.size)
ALPHA.putdata([(7 * x + 11 * y) % 256 for y in range(HEIGHT) for x in range(WIDTH)])
RGBA = RGB.copy()
RGBA.putalpha(ALPHA)
GREY_ALPHA = Image.merge("LA", (GREY, ALPHA))
PALETTE = RGB.quantize(64)
CMYK = Image.merge("CMYK", [c.point(lambda v: v // 2) for c in (*RGB.split(), GREY)])


def encode(image, format, **options):
    b = io.BytesIO()
    image.save(b, format, **options)
    return b.getvalue()


def exif(orientation, order="<"):
    """EXIF data that hold the orientation."""
    return (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IHHHIHHI", 8, 1, 274, 3, 1, orientation, 0, 0)


# ---- ICC profiles


def fixed(v):
    return struct.pack(">i", round(v * 65536))


def times(a, b):
    return [[sum(a[i][k] * b[k][j] for k in range(len(b))) for j in range(len(b[0]))] for i in range(len(a))]


def inverse(m):
    rows = [list(r) + [float(i == j) for j in range(3)] for i, r in enumerate(m)]
    for i in range(3):
        pivot = max(range(i, 3), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [v / rows[i][i] for v in rows[i]]
        for r in range(3):
            if r != i:
                rows[r] = [a - rows[r][i] * b for a, b in zip(rows[r], rows[i])]
    return [r[3:] for r in rows]


def colorants(white, *primaries):
    """XYZ of the primaries relative to D50: a list of rows."""
    xyz = lambda x, y: [x / y, 1, (1 - x - y) / y]
    m = [list(c) for c in zip(*(xyz(*p) for p in primaries))]
    scale = times(inverse(m), [[v] for v in xyz(*white)])
    m = [[m[i][j] * scale[j][0] for j in range(3)] for i in range(3)]
    cones = [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
    from_, to = (times(cones, [[v] for v in w]) for w in (xyz(*white), [0.9642, 1, 0.8249]))
    adapt = [[to[i][0] / from_[i][0] if i == j else 0 for j in range(3)] for i in range(3)]
    return times(times(times(inverse(cones), adapt), cones), m)


D65 = (0.3127, 0.3290)
SRGB = colorants(D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
DISPLAY_P3 = colorants(D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE_RGB = colorants(D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
PROPHOTO = colorants((0.3457, 0.3585), (0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))
SWAPPED = [[r[1], r[0], r[2]] for r in SRGB]


def gamma(g):
    return b"curv" + struct.pack(">IIH", 0, 1, round(g * 256))


def sampled(n, curve):
    return b"curv" + struct.pack(f">II{n}H", 0, n, *(round(65535 * curve(i / (n - 1))) for i in range(n)))


def parametric(kind, *parameters):
    return b"para" + struct.pack(">IHH", 0, kind, 0) + b"".join(map(fixed, parameters))


SRGB_CURVE = parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def profile(colours, curves, kind=b"mntr", version=4):
    """colours: rows of a matrix; None for grey. curves: one, or one per channel."""
    curves = curves if isinstance(curves, list) else [curves] * 3
    tags = [(b"wtpt", b"XYZ \0\0\0\0" + fixed(0.9642) + fixed(1) + fixed(0.8249))]
    if colours is None:
        tags += [(b"kTRC", curves[0])]
    else:
        for j, name in enumerate((b"r", b"g", b"b")):
            tags += [(name + b"XYZ", b"XYZ \0\0\0\0" + b"".join(fixed(colours[i][j]) for i in range(3))), (name + b"TRC", curves[j])]
    index, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags:
        data += bytes(-len(data) % 4)
        index += struct.pack(">4sII", name, at + len(body), len(data))
        body += data
    size = at + len(body)
    header = struct.pack(">I4sI4s4s4s12s4s", size, b"", version << 24, kind, b"GRAY" if colours is None else b"RGB ", b"XYZ ", b"", b"acsp")
    header = (header + bytes(28) + fixed(0.9642) + fixed(1) + fixed(0.8249)).ljust(128, b"\0")
    return header + struct.pack(">I", len(tags)) + index + body


PROFILES = {
    "srgb-v4": profile(SRGB, SRGB_CURVE),
    "srgb-v2": profile(SRGB, sampled(1024, lambda v: v / 12.92 if v < 0.04045 else ((v + 0.055) / 1.055) ** 2.4), version=2),
    "display-p3": profile(DISPLAY_P3, SRGB_CURVE),
    "adobe-rgb": profile(ADOBE_RGB, gamma(2.19921875), version=2),
    "prophoto": profile(PROPHOTO, gamma(1.8), kind=b"spac"),
    "swapped": profile(SWAPPED, gamma(2.2), kind=b"scnr"),
    "linear": profile(SRGB, b"curv" + bytes(8)),
    "sampled": profile(DISPLAY_P3, sampled(256, lambda v: v**1.5)),
    "two-samples": profile(SRGB, sampled(2, lambda v: 0.1 + 0.8 * v)),
    "para0": profile(ADOBE_RGB, parametric(0, 2.0)),
    "para1": profile(SRGB, parametric(1, 2.2, 0.95, 0.05)),
    "para2": profile(SRGB, parametric(2, 2.2, 0.9, 0.05, 0.02)),
    "para4": profile(DISPLAY_P3, parametric(4, 2.4, 0.94, 0.055, 1 / 13, 0.04, 0.01, 0.005)),
    "channels": profile(SRGB, [gamma(1.4), gamma(2.2), gamma(2.8)]),
    "grey": profile(None, gamma(1.4)),
}


# ---- PNG


def chunk(name, data, right=True):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data) ^ (not right))


def png(kind, depth, samples, size=(WIDTH, HEIGHT), interlace=False, before=b"", between=b"", end=chunk(b"IEND", b""), piece=1 << 16):
    """samples(x, y) returns the samples of a pixel; before and between go before the
    palette and the data."""
    width, height = size
    passes = [(0, 0, 1, 1)]
    if interlace:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = b""
    for x0, y0, dx, dy in passes:
        for y in range(y0, height, dy) if x0 < width else []:
            bits = "".join(f"{v:0{depth}b}" for x in range(x0, width, dx) for v in samples(x, y))
            bits += "0" * (-len(bits) % 8)
            raw += b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")
    data = zlib.compress(raw)
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlace)
    pieces = b"".join(chunk(b"IDAT", data[i : i + piece]) for i in range(0, len(data), piece))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + between + pieces + end


def levels(v, depth):
    return round(v * ((1 << depth) - 1) / 255)


def grey_of(depth):
    return lambda x, y: (levels(GREY.getpixel((x, y)), depth),)


def wanted(colour):
    """A picture of colours from 0 to 1."""
    image = Image.new("RGBA", RGB.size)
    for y, x in itertools.product(range(HEIGHT), range(WIDTH)):
        image.putpixel((x, y), tuple(round(255 * c) for c in colour(x, y)))
    return image


def grey_wanted(depth, clear=None):
    most = (1 << depth) - 1
    v = lambda x, y: levels(GREY.getpixel((x, y)), depth)
    return wanted(lambda x, y: (v(x, y) / most,) * 3 + (float(v(x, y) != clear),))


# Numbers of 16 bits whose lower bytes differ from the upper ones.
deep = lambda v: v * 256 + (v * 37) % 256
rgb = lambda x, y: RGB.getpixel((x, y))
rgb16 = lambda x, y: tuple(map(deep, rgb(x, y)))
rgba = lambda x, y: RGBA.getpixel((x, y))
rgba16 = lambda x, y: tuple(map(deep, rgba(x, y)))


def index(depth):
    return lambda x, y: (PALETTE.getpixel((x, y)) % (1 << depth),)


def palette_chunk(depth):
    return chunk(b"PLTE", bytes(PALETTE.getpalette()[: 3 * min(64, 1 << depth)]))


def palette_wanted(depth, alpha=()):
    colours = PALETTE.getpalette()
    opacity = lambda i: alpha[i] / 255 if i < len(alpha) else 1
    at = lambda x, y: index(depth)(x, y)[0]
    return wanted(lambda x, y: (*(c / 255 for c in colours[3 * at(x, y) :][:3]), opacity(at(x, y))))


def pngs():
    for interlace in False, True:
        suffix = "-interlaced" if interlace else ""
        for depth in 1, 2, 4, 8, 16:
            add(f"grey{depth}{suffix}.png", png(0, depth, grey_of(depth), interlace=interlace), grey_wanted(depth))
        for depth in 1, 2, 4, 8:
            add(f"palette{depth}{suffix}.png", png(3, depth, index(depth), interlace=interlace, before=palette_chunk(depth)))
        add(f"rgb8{suffix}.png", png(2, 8, rgb, interlace=interlace))
        add(f"rgb16{suffix}.png", png(2, 16, rgb16, interlace=interlace), wanted(lambda x, y: (*(v / 65535 for v in rgb16(x, y)), 1)))
        add(f"grey-alpha8{suffix}.png", png(4, 8, lambda x, y: GREY_ALPHA.getpixel((x, y)), interlace=interlace))
        deep_la = lambda x, y: tuple(map(deep, GREY_ALPHA.getpixel((x, y))))
        add(
            f"grey-alpha16{suffix}.png",
            png(4, 16, deep_la, interlace=interlace),
            wanted(lambda x, y: (*[deep_la(x, y)[0] / 65535] * 3, deep_la(x, y)[1] / 65535)),
        )
        add(f"rgba8{suffix}.png", png(6, 8, rgba, interlace=interlace))
        add(f"rgba16{suffix}.png", png(6, 16, rgba16, interlace=interlace), wanted(lambda x, y: tuple(v / 65535 for v in rgba16(x, y))))
    # Transparent colours.
    for depth in 1, 2, 4, 8, 16:
        clear = grey_of(depth)(20, 12)[0]
        add(f"grey{depth}-trns.png", png(0, depth, grey_of(depth), before=chunk(b"tRNS", struct.pack(">H", clear))), grey_wanted(depth, clear))
    for depth in 2, 4, 8:
        alpha = [(50 * i) % 256 for i in range(min(20, 1 << depth))]
        add(f"palette{depth}-trns.png", png(3, depth, index(depth), before=palette_chunk(depth) + chunk(b"tRNS", bytes(alpha))), palette_wanted(depth, alpha))
    red = chunk(b"tRNS", struct.pack(">HHH", 230, 20, 40))
    add("rgb8-trns.png", png(2, 8, rgb, before=red))
    red = chunk(b"tRNS", struct.pack(">HHH", *map(deep, (230, 20, 40))))
    clear = lambda x, y: float(rgb(x, y) != (230, 20, 40))
    add("rgb16-trns.png", png(2, 16, rgb16, before=red), wanted(lambda x, y: (*(v / 65535 for v in rgb16(x, y)), clear(x, y))))
    # Chunks that do not change the picture, intact and not.
    plain = reference(png(2, 8, rgb))
    iccp = b"a\0\0" + zlib.compress(PROFILES["swapped"])
    phys = chunk(b"pHYs", struct.pack(">IIB", 2835, 2835, 1))
    for name, before in {
        "srgb": chunk(b"sRGB", b"\0"),
        "gama-srgb": chunk(b"gAMA", struct.pack(">I", 45455)),
        "srgb-over-gama": chunk(b"sRGB", b"\0") + chunk(b"gAMA", struct.pack(">I", 100000)),
        "bad-crc-text": chunk(b"tEXt", b"Title\0x", right=False) + phys,
        "bad-crc-iccp": chunk(b"iCCP", iccp, right=False),
        "bad-crc-gama": chunk(b"gAMA", struct.pack(">I", 100000), right=False),
        "bad-crc-trns": chunk(b"tRNS", bytes(6), right=False),
        "wrong-trns": chunk(b"tRNS", bytes(5)),
        "broken-iccp": chunk(b"iCCP", b"a\0\0" + b"not zlib"),
        "suggested-palette": chunk(b"PLTE", bytes(range(30))),
    }.items():
        add(f"{name}.png", png(2, 8, rgb, before=before), plain)
    add("pieces.png", png(2, 8, rgb, piece=100), plain)
    add("no-end.png", png(2, 8, rgb, end=b""), plain)
    add("more-after-end.png", png(2, 8, rgb) + b"more", plain)
    short = PALETTE.getpalette()[:90] + [0] * 700  # colours beyond a palette are black, as in libpng
    want = wanted(lambda x, y: (*(c / 255 for c in short[3 * index(8)(x, y)[0] :][:3]), 1))
    add("short-palette.png", png(3, 8, index(8), before=chunk(b"PLTE", bytes(short[:90]))), want)
    # Chunks that change the colours: as with a profile that says the same.
    space = lambda *p: managed(RGB.convert("RGBA"), profile(*p))
    add("gama-linear.png", png(2, 8, rgb, before=chunk(b"gAMA", struct.pack(">I", 100000))), space(SRGB, gamma(1)))
    primaries = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
    add("chrm-p3.png", png(2, 8, rgb, before=chunk(b"cHRM", primaries)), space(DISPLAY_P3, SRGB_CURVE))
    add("chrm-p3-gama.png", png(2, 8, rgb, before=chunk(b"cHRM", primaries) + chunk(b"gAMA", struct.pack(">I", 55556))), space(DISPLAY_P3, gamma(1.8)))
    add("cicp-p3.png", png(2, 8, rgb, before=chunk(b"cICP", bytes([12, 13, 0, 1]))), space(DISPLAY_P3, SRGB_CURVE))
    add("iccp-before-srgb.png", png(2, 8, rgb, before=chunk(b"sRGB", b"\0") + chunk(b"iCCP", iccp)), space(SWAPPED, gamma(2.2)))
    add("animated.png", encode(RGB, "PNG", save_all=True, append_images=[RGB.transpose(Image.Transpose.ROTATE_180)]), plain)


# ---- JPEG


def tool(*command):
    """Runs a program of libjpeg-turbo on a picture or a file."""
    def run(data):
        return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout
    return run


def without(data, marker):
    """Removes the segments of a marker that come before the picture."""
    out, at = data[:2], 2
    while data[at + 1] != 0xDA:
        n = 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
        if data[at + 1] != marker:
            out += data[at : at + n]
        at += n
    return out + data[at:]


def jpegs():
    for name, subsampling in {"444": 0, "422": 1, "420": 2}.items():
        for progressive in False, True:
            for quality in 60, 95:
                kind = "progressive" if progressive else "baseline"
                add(f"{name}-{kind}-{quality}.jpg", encode(RGB, "JPEG", quality=quality, subsampling=subsampling, progressive=progressive), tolerance=LOSSY)
    for progressive in False, True:
        add(f"grey-{progressive}.jpg", encode(GREY, "JPEG", quality=90, progressive=progressive), tolerance=LOSSY)
    for size in (1, 1), (5, 3), (7, 9), (8, 8), (16, 16), (17, 33), (64, 2):
        for subsampling in 0, 2:
            add(f"{size[0]}x{size[1]}-{subsampling}.jpg", encode(picture(200, 200).resize(size), "JPEG", quality=95, subsampling=subsampling), tolerance=LOSSY)
    # Four channels, as CMYK and as YCCK, with Adobe's segment and without.
    cmyk = encode(CMYK, "JPEG", quality=95)
    add("cmyk.jpg", cmyk, tolerance=LOSSY)
    add("cmyk-progressive.jpg", encode(CMYK, "JPEG", quality=95, progressive=True), tolerance=LOSSY)
    add("cmyk-without-adobe.jpg", without(cmyk, 0xEE), tolerance=LOSSY)
    at = cmyk.index(b"Adobe") + 11
    add("ycck.jpg", cmyk[:at] + b"\2" + cmyk[at + 1 :], tolerance=LOSSY)
    # Three channels that are RGB, by Adobe's segment or by their names.
    as_rgb = without(encode(RGB, "JPEG", quality=95, subsampling=0), 0xE0)
    add("rgb-adobe.jpg", as_rgb[:2] + b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0" + as_rgb[2:], tolerance=LOSSY)
    frame = as_rgb.index(b"\xff\xc0") + 10
    named = bytearray(as_rgb)
    scan = as_rgb.index(b"\xff\xda") + 5
    for i, letter in enumerate(b"RGB"):
        named[frame + 3 * i] = named[scan + 2 * i] = letter
    add("rgb-named.jpg", bytes(named), tolerance=LOSSY)
    # What cameras leave out.
    plain = encode(RGB, "JPEG", quality=95)
    add("no-end.jpg", plain[:-2], reference(plain), LOSSY)
    add("no-codes.jpg", without(plain, 0xC4), reference(plain), LOSSY)
    add("more-after-end.jpg", plain + plain, tolerance=LOSSY)
    add("fill-bytes.jpg", plain[:2] + b"\xff\xff\xff" + plain[2:], tolerance=LOSSY)
    # A profile in two segments, in the wrong order.
    icc = PROFILES["display-p3"]
    segment = lambda i, part: b"\xff\xe2" + struct.pack(">H", 16 + len(part)) + b"ICC_PROFILE\0" + bytes([i, 2]) + part
    muted = encode(MUTED, "JPEG", quality=95)
    split = muted[:2] + segment(2, icc[100:]) + segment(1, icc[:100]) + muted[2:]
    add("icc-in-parts.jpg", split, managed(Image.open(io.BytesIO(muted)).convert("RGBA"), icc), LOSSY)
    ppm = encode(RGB, "PPM")
    for sampling in "1x1", "2x1", "2x2", "1x2", "4x1", "4x2":
        for restart in None, "1", "3B":
            for mode in "-baseline", "-progressive":
                options = ["-quality", "90", "-sample", sampling, mode] + (["-restart", restart] if restart else [])
                add(f"{sampling}{mode}-{restart}.jpg", tool("cjpeg", *options)(ppm), tolerance=LOSSY)
    # Scans of one component each, and scans in a rare order, with restart markers.
    with tempfile.NamedTemporaryFile("w") as scans:
        for name, script in {
            "apart": "0; 1; 2;",
            "apart-progressive": "0: 0-0, 0, 1; 1: 0-0, 0, 1; 2: 0-0, 0, 1; 0: 1-63, 0, 1; 1: 1-63, 0, 0; 2: 1-63, 0, 0; 0: 1-63, 1, 0; 0: 0-0, 1, 0; 1: 0-0, 1, 0; 2: 0-0, 1, 0;",
            "averages-twice": "0 1 2: 0-0, 0, 2; 0: 1-5, 0, 2; 0 1 2: 0-0, 2, 1; 0: 6-63, 0, 2; 1: 1-63, 0, 0; 2: 1-63, 0, 0; 0 1 2: 0-0, 1, 0; 0: 1-63, 2, 1; 0: 1-63, 1, 0;",
            "chroma-together": "0: 0-0, 0, 0; 1 2: 0-0, 0, 1; 0: 1-63, 0, 0; 1: 1-63, 0, 0; 2: 1-63, 0, 0; 1 2: 0-0, 1, 0;",
        }.items():
            scans.seek(0)
            scans.truncate()
            scans.write(script)
            scans.flush()
            for sampling, restart in itertools.product(("2x2", "4x1", "1x2"), ("1", "5B", None)):
                options = ["-quality", "90", "-sample", sampling, "-scans", scans.name] + (["-restart", restart] if restart else [])
                add(f"{name}-{sampling}-{restart}.jpg", tool("cjpeg", *options)(ppm), tolerance=LOSSY)


# ---- the other formats


def gifs():
    add("plain.gif", encode(PALETTE, "GIF", interlace=0))
    add("interlaced.gif", encode(PALETTE, "GIF", interlace=1))
    add("grey.gif", encode(GREY, "GIF"))
    add("transparent.gif", encode(PALETTE, "GIF", transparency=5))
    add("two-colours.gif", encode(RGB.convert("1"), "GIF"))
    frames = [RGB.transpose(Image.Transpose.ROTATE_180).quantize(32), GREY]
    add("animated.gif", encode(PALETTE, "GIF", save_all=True, append_images=frames, duration=50))
    # A frame inside the canvas, with colours of its own; and one that is too large.
    inside = bytearray(encode(PALETTE, "GIF", interlace=0))
    flags = inside[10]
    colours = 3 << (1 + (flags & 7))
    at = 13 + colours
    while inside[at] != 0x2C:
        at += 2
        while inside[at]:
            at += 1 + inside[at]
        at += 1
    body = bytearray(inside[at:])
    body[1:5] = struct.pack("<HH", 7, 4)
    body[9] |= 0x80 | flags & 7
    canvas = struct.pack("<HH", WIDTH + 10, HEIGHT + 9)
    local = b"GIF89a" + canvas + b"\0\0\0" + body[:10] + inside[13 : 13 + colours] + body[10:]
    want = Image.new("RGBA", (WIDTH + 10, HEIGHT + 9), (0, 0, 0, 0))
    want.paste(PALETTE.convert("RGB"), (7, 4))
    add("inside-local.gif", local, want)
    for name, canvas, size in ("too-large", (20, 10), (WIDTH + 7, HEIGHT + 4)), ("no-canvas", (0, 0), (WIDTH + 7, HEIGHT + 4)):
        want = Image.new("RGBA", size, (0, 0, 0, 0))
        want.paste(PALETTE.convert("RGB"), (7, 4))
        add(f"{name}.gif", local[:6] + struct.pack("<HH", *canvas) + local[10:], want)


def webps():
    for quality in 40, 80, 100:
        add(f"lossy{quality}.webp", encode(RGB, "WEBP", quality=quality), tolerance=LOSSY)
        add(f"lossy{quality}-alpha.webp", encode(RGBA, "WEBP", quality=quality), tolerance=LOSSY)
    for method in 0, 6:
        add(f"lossless{method}.webp", encode(RGB, "WEBP", lossless=True, method=method))
        add(f"lossless{method}-alpha.webp", encode(RGBA, "WEBP", lossless=True, exact=True, method=method))
    add("palette.webp", encode(PALETTE.convert("RGB"), "WEBP", lossless=True))
    add("grey.webp", encode(GREY.convert("RGB"), "WEBP", quality=90), tolerance=LOSSY)
    for size in (1, 1), (2, 3), (16, 16), (33, 17):
        add(f"{size[0]}x{size[1]}.webp", encode(picture(200, 200).resize(size), "WEBP", quality=90), tolerance=LOSSY)
    for lossless in False, True:
        kind = "lossless" if lossless else "lossy"
        frames = [im.transpose(Image.Transpose.ROTATE_180) for im in (RGBA, RGB.convert("RGBA"))]
        add(f"animated-{kind}.webp", encode(RGBA, "WEBP", save_all=True, append_images=frames, lossless=lossless, quality=90), tolerance=LOSSY)
    # The first frame inside the canvas.
    small = Image.new("RGBA", (WIDTH + 20, HEIGHT + 20), (0, 0, 0, 0))
    small.paste(RGB, (8, 6))
    for orientation in range(1, 9):
        data = encode(small, "WEBP", save_all=True, append_images=[RGB.resize(small.size)], lossless=True, exif=exif(orientation))
        add(f"animated-inside{orientation}.webp", data)
    # A header that announces transparency, which does not follow.
    lossy = encode(RGB, "WEBP", quality=90)
    vp8x = b"VP8X" + struct.pack("<IBBBB", 10, 0x10, 0, 0, 0) + struct.pack("<I", WIDTH - 1)[:3] + struct.pack("<I", HEIGHT - 1)[:3]
    announced = b"RIFF" + struct.pack("<I", len(lossy) - 8 + len(vp8x)) + b"WEBP" + vp8x + lossy[12:]
    add("no-alpha.webp", announced, reference(lossy), LOSSY)


def bmp(depth, row, compression=0, masks=b"", header=40, palette=b"", top_down=False, data=None):
    """row(y) returns the bytes of a row."""
    rows = range(HEIGHT) if top_down else reversed(range(HEIGHT))
    if data is None:
        data = b"".join(r + bytes(-len(r) % 4) for r in map(row, rows))
    if header == 12:
        info = struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, depth)
    else:
        height = -HEIGHT if top_down else HEIGHT
        colours = len(palette) // 4
        info = struct.pack("<IiiHHIIiiII", header, WIDTH, height, 1, depth, compression, len(data), 2835, 2835, colours, 0)
    info += masks
    info += bytes(max(0, header - len(info)))
    at = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", at + len(data), 0, 0, at) + info + palette + data


def bmps():
    def packed(depth):
        def row(y):
            bits = "".join(f"{index(depth)(x, y)[0]:0{depth}b}" for x in range(WIDTH))
            bits += "0" * (-len(bits) % 8)
            return int(bits, 2).to_bytes(len(bits) // 8, "big")
        return row

    def colours(depth, bytes_each=4):
        p = PALETTE.getpalette()
        return b"".join(bytes([p[3 * i + 2], p[3 * i + 1], p[3 * i], 0][:bytes_each]) for i in range(min(64, 1 << depth)))

    for depth in 1, 2, 4, 8:
        add(f"palette{depth}.bmp", bmp(depth, packed(depth), palette=colours(depth)), palette_wanted(depth))
    full = colours(8, 3).ljust(768, b"\0")
    add("palette8-os2.bmp", bmp(8, packed(8), header=12, palette=full))
    bgr = lambda y: b"".join(bytes(rgb(x, y)[::-1]) for x in range(WIDTH))
    bgrx = lambda y: b"".join(bytes(rgb(x, y)[::-1]) + b"\0" for x in range(WIDTH))
    bgra = lambda y: b"".join(bytes([*rgb(x, y)[::-1], rgba(x, y)[3]]) for x in range(WIDTH))
    for header in 12, 40, 108, 124:
        add(f"rgb24-{header}.bmp", bmp(24, bgr, header=header))
    add("rgb24-top-down.bmp", bmp(24, bgr, top_down=True))
    for header in 40, 108, 124:
        add(f"rgb32-{header}.bmp", bmp(32, bgrx, header=header), RGB)
        add(f"rgb32-{header}-rest.bmp", bmp(32, bgra, header=header), RGB)
    bgra_masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    for header in 56, 108, 124:
        add(f"rgba32-{header}.bmp", bmp(32, bgra, 3, bgra_masks, header), RGBA)
    add("rgba32-all-clear.bmp", bmp(32, bgrx, 3, bgra_masks, 108), RGB)
    add("rgb32-masks.bmp", bmp(32, bgrx, 3, bgra_masks[:12]), RGB)
    ten = lambda y: b"".join(struct.pack("<I", sum((v * 1023 // 255) << s for v, s in zip(rgb(x, y), (20, 10, 0)))) for x in range(WIDTH))
    add("rgb101010.bmp", bmp(32, ten, 3, struct.pack("<3I", 1023 << 20, 1023 << 10, 1023)), RGB)
    add("rgba-other-order.bmp", bmp(32, lambda y: b"".join(bytes(rgba(x, y)) for x in range(WIDTH)), 3, struct.pack("<4I", 0xFF, 0xFF00, 0xFF0000, 0xFF000000), 108), RGBA)

    def sixteen(widths, alpha=0):
        def word(x, y):
            v = 0
            for c, n in zip(rgb(x, y), widths):
                v = v << n | levels(c, n)
            return v | (alpha and (rgba(x, y)[3] > 127) << 15)
        row = lambda y: b"".join(struct.pack("<H", word(x, y)) for x in range(WIDTH))
        level = lambda x, y, i: levels(rgb(x, y)[i], widths[i]) / ((1 << widths[i]) - 1)
        return row, wanted(lambda x, y: (*(level(x, y, i) for i in range(3)), float(not alpha or rgba(x, y)[3] > 127)))

    row, want = sixteen((5, 5, 5))
    add("rgb555.bmp", bmp(16, row), want)
    add("rgb555-masks.bmp", bmp(16, row, 3, struct.pack("<3I", 0x7C00, 0x3E0, 0x1F)), want)
    row, want = sixteen((5, 6, 5))
    for header in 40, 108, 124:
        add(f"rgb565-{header}.bmp", bmp(16, row, 3, struct.pack("<3I", 0xF800, 0x7E0, 0x1F), header), want)
    row, want = sixteen((5, 5, 5), alpha=1)
    add("rgba5551.bmp", bmp(16, row, 3, struct.pack("<4I", 0x7C00, 0x3E0, 0x1F, 0x8000), 108), want)

    # Runs: repeated pixels, others as they are, and an escape of each kind.
    def runs(depth):
        out = b""
        for y in reversed(range(HEIGHT)):
            line = [index(depth)(x, y)[0] for x in range(WIDTH)]
            x = 0
            while x < WIDTH:
                n = next((i for i in range(1, WIDTH - x) if line[x + i] != line[x]), WIDTH - x)
                if n > 2 or WIDTH - x < 3:
                    out += bytes([n, line[x] * (17 if depth == 4 else 1)])
                else:
                    n = min(7, WIDTH - x)
                    part = line[x : x + n]
                    if depth == 4:
                        part = [a << 4 | b for a, b in itertools.zip_longest(part[::2], part[1::2], fillvalue=0)]
                    out += bytes([0, n, *part]) + bytes(len(part) % 2)
                x += n
            out += b"\0\0"
        return out + b"\0\1"

    for depth, compression in (4, 2), (8, 1):
        add(f"rle{depth}.bmp", bmp(depth, None, compression, palette=colours(depth), data=runs(depth)), palette_wanted(depth))
    one = colours(8)
    data = b"\0\2\3\2" + b"\5\7" + b"\0\1"
    want = Image.new("RGB", RGB.size, (one[2], one[1], one[0]))
    for x in range(3, 8):
        want.putpixel((x, HEIGHT - 3), (one[30], one[29], one[28]))
    add("rle8-moved.bmp", bmp(8, None, 1, palette=one, data=data), want)


def tiff(samples, depth, photometric, pixel, order="<", planar=1, tile=0, more=(), shuffle=False):
    """An uncompressed TIFF; pixel(x, y) returns its samples."""
    def packed(values):
        if depth == 16:
            return struct.pack(f"{order}{len(values)}H", *values)
        bits = "".join(f"{v:0{depth}b}" for v in values)
        bits += "0" * (-len(bits) % 8)
        return int(bits, 2).to_bytes(len(bits) // 8, "big")

    blank = (0,) * samples
    at_ = lambda x, y: pixel(x, y) if x < WIDTH and y < HEIGHT else blank
    width, height = (tile, tile) if tile else (WIDTH, 7)
    blocks = []
    for plane in range(samples) if planar == 2 else [slice(None)]:
        for y0, x0 in itertools.product(range(0, HEIGHT, height), range(0, WIDTH, width)):
            rows = range(y0, y0 + height if tile else min(HEIGHT, y0 + height))
            take = lambda x, y: at_(x, y)[plane] if planar == 1 else (at_(x, y)[plane],)
            blocks.append(b"".join(packed([v for x in range(x0, x0 + width) for v in take(x, y)]) for y in rows))
    data, offsets = b"", []
    for b in blocks:
        offsets.append(8 + len(data))
        data += b + bytes(len(b) % 2)
    fields = [(256, "H", [WIDTH]), (257, "H", [HEIGHT]), (258, "H", [depth] * samples), (259, "H", [1]), (262, "H", [photometric]), (277, "H", [samples]), (284, "H", [planar])]
    sizes = [len(b) for b in blocks]
    if tile:
        fields += [(322, "H", [tile]), (323, "H", [tile]), (324, "I", offsets), (325, "I", sizes)]
    else:
        fields += [(273, "I", offsets), (278, "H", [height]), (279, "I", sizes)]
    fields = sorted([*fields, *more], reverse=shuffle)
    directory, extra, start = b"", b"", 8 + len(data)
    for tag, kind, values in fields:
        value = struct.pack(f"{order}{len(values)}{kind}", *values)
        if len(value) > 4:
            place = start + 2 + 12 * len(fields) + 4 + len(extra)
            extra += value + bytes(len(value) % 2)
            value = struct.pack(order + "I", place)
        directory += struct.pack(order + "HHI", tag, {"B": 1, "H": 3, "I": 4}[kind], len(values)) + value.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", start)
    return head + data + struct.pack(order + "H", len(fields)) + directory + bytes(4) + extra


def tiffs():
    for name, image in {"black-white": RGB.convert("1"), "grey": GREY, "palette": PALETTE, "rgb": RGB, "rgba": RGBA, "cmyk": CMYK}.items():
        for compression in "raw", "tiff_lzw", "tiff_adobe_deflate", "packbits":
            add(f"{name}-{compression}.tif", encode(image, "TIFF", compression=compression))
    for name, image in {"grey": GREY, "rgb": RGB, "rgba": RGBA, "cmyk": CMYK}.items():
        for compression in "tiff_lzw", "tiff_deflate":
            add(f"{name}-{compression}-differences.tif", encode(image, "TIFF", compression=compression, tiffinfo={317: 2}))
    add("fax4.tif", encode(RGB.convert("1"), "TIFF", compression="group4"))
    add("fax3.tif", encode(RGB.convert("1"), "TIFF", compression="group3"))
    add("grey-alpha.tif", encode(GREY_ALPHA, "TIFF"))
    grey = lambda depth: lambda x, y: (levels(GREY.getpixel((x, y)), depth),)
    inverted = lambda depth: lambda x, y: ((1 << depth) - 1 - levels(GREY.getpixel((x, y)), depth),)
    p = PALETTE.getpalette()
    for order, name in ("<", "little"), (">", "big"):
        for depth in 1, 2, 4, 8, 16:
            add(f"grey{depth}-{name}.tif", tiff(1, depth, 1, grey(depth), order), grey_wanted(depth))
            add(f"inverted{depth}-{name}.tif", tiff(1, depth, 0, inverted(depth), order), grey_wanted(depth))
        for depth in 4, 8:
            p = (PALETTE.getpalette() + [0] * 768)[: 3 << depth]
            colour_map = [257 * p[3 * i + c] for c in range(3) for i in range(1 << depth)]
            add(f"palette{depth}-{name}.tif", tiff(1, depth, 3, index(depth), order, more=[(320, "H", colour_map)]), palette_wanted(depth))
        deep_rgb = wanted(lambda x, y: (*(v / 65535 for v in rgb16(x, y)), 1))
        deep_rgba = wanted(lambda x, y: tuple(v / 65535 for v in rgba16(x, y)))
        for planar in 1, 2:
            add(f"rgb8-{name}-{planar}.tif", tiff(3, 8, 2, rgb, order, planar), RGB)
            add(f"rgb16-{name}-{planar}.tif", tiff(3, 16, 2, rgb16, order, planar), deep_rgb)
            add(f"rgba16-{name}-{planar}.tif", tiff(4, 16, 2, rgba16, order, planar, more=[(338, "H", [2])]), deep_rgba)
        add(f"tiles-{name}.tif", tiff(3, 8, 2, rgb, order, tile=16), RGB)
        add(f"tiles16-{name}-planes.tif", tiff(3, 16, 2, rgb16, order, 2, tile=32), deep_rgb)
    premultiplied = lambda x, y: (*(round(c * rgba(x, y)[3] / 255) for c in rgb(x, y)), rgba(x, y)[3])
    add("premultiplied.tif", tiff(4, 8, 2, premultiplied, more=[(338, "H", [1])]), RGBA)
    add("not-alpha.tif", tiff(4, 8, 2, rgba, more=[(338, "H", [0])]), RGB)
    add("five-channels.tif", tiff(5, 8, 2, lambda x, y: (*rgba(x, y), 9), more=[(338, "H", [2, 0])]), RGBA)
    add("no-predictor.tif", tiff(3, 8, 2, rgb, more=[(317, "H", [2])]), RGB)  # without compression, it means nothing
    add("unsorted.tif", tiff(3, 8, 2, rgb, shuffle=True), RGB)
    add("profile.tif", tiff(3, 8, 2, rgb, more=[(34675, "B", list(PROFILES["adobe-rgb"]))]), managed(RGB.convert("RGBA"), PROFILES["adobe-rgb"]))
    add("profile16.tif", tiff(3, 16, 2, lambda x, y: tuple(257 * v for v in rgb(x, y)), more=[(34675, "B", list(PROFILES["prophoto"]))]), managed(RGB.convert("RGBA"), PROFILES["prophoto"]))


# ---- what all formats have


def orientations():
    for orientation, order in itertools.product(range(1, 9), "<>"):
        end = {"<": "little", ">": "big"}[order]
        data = exif(orientation, order)
        add(f"orientation{orientation}-{end}.jpg", encode(RGB, "JPEG", quality=95, subsampling=2, exif=b"Exif\0\0" + data), tolerance=LOSSY)
        add(f"orientation{orientation}-{end}.png", encode(RGBA, "PNG", exif=data))
        add(f"orientation{orientation}-{end}.webp", encode(RGB, "WEBP", quality=90, exif=data), tolerance=LOSSY)
        turned = RGB if orientation == 1 else ImageOps.exif_transpose(Image.open(io.BytesIO(encode(RGB, "PNG", exif=data))))
        add(f"orientation{orientation}-{end}.tif", tiff(3, 8, 2, rgb, order, more=[(274, "H", [orientation])]), turned)
    for subsampling in 0, 1:
        for orientation in 3, 6, 8:
            data = encode(RGB, "JPEG", quality=95, subsampling=subsampling, exif=b"Exif\0\0" + exif(orientation))
            add(f"orientation{orientation}-subsampling{subsampling}.jpg", data, tolerance=LOSSY)


def profiles():
    for name, data in PROFILES.items():
        add(f"icc-{name}.png", encode(GREY if name == "grey" else RGB, "PNG", icc_profile=data))
        if name != "prophoto":
            add(f"icc-{name}.jpg", encode(GREY if name == "grey" else MUTED, "JPEG", quality=95, subsampling=0, icc_profile=data), tolerance=LOSSY)
    for name in "display-p3", "adobe-rgb", "prophoto":
        data = PROFILES[name]
        add(f"icc-{name}-alpha.png", encode(RGBA, "PNG", icc_profile=data))
        add(f"icc-{name}-palette.png", encode(PALETTE, "PNG", icc_profile=data))
        add(f"icc-{name}.webp", encode(RGB, "WEBP", lossless=True, icc_profile=data))
        if name != "prophoto":
            add(f"icc-{name}-lossy.webp", encode(MUTED, "WEBP", quality=95, icc_profile=data), tolerance=LOSSY)
        add(f"icc-{name}-cmyk.jpg", encode(CMYK, "JPEG", quality=95, icc_profile=data), reference(encode(CMYK, "JPEG", quality=95)), LOSSY)
        add(f"icc-{name}-grey.png", encode(GREY, "PNG", icc_profile=data), managed(GREY.convert("RGBA"), data))


for part in pngs, jpegs, gifs, webps, bmps, tiffs, orientations, profiles:
    part()
(OUT / "table").write_text("".join(table))
