package dataset

import (
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// blank is a photo of 6×4 pixels.
func blank(t testing.TB) []byte {
	t.Helper()
	return encodeBy(t, toJPEG, image.NewGray(image.Rect(0, 0, 6, 4)))
}

// mask is a grey mask of 6×4 pixels, a digit a pixel, "x" = 255.
func mask(t testing.TB, rows ...string) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, len(rows[0]), len(rows)))
	for i, v := range strings.Join(rows, "") {
		m.Pix[i] = uint8(v - '0')
		if v == 'x' {
			m.Pix[i] = 255
		}
	}
	return encode(t, m)
}

// folder writes files to a new folder.
func folder(t testing.TB, files map[string][]byte) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		write(t, root, name, content)
	}
	return root
}

// load loads a folder and returns its masks by photo, as pictures.
func load(t testing.TB, root string, o Options) (*Set, map[string]string) {
	t.Helper()
	set, err := Load(root, o)
	if err != nil {
		t.Fatal(err)
	}
	masks := make(map[string]string)
	for _, s := range set.Samples {
		source, ids, err := s.Read(set.limit())
		if err != nil {
			t.Fatal(err)
		}
		_, width := source.Size()
		masks[s.Photo.Name] = picture(ids, width)
	}
	return set, masks
}

func parts(s *Set) string {
	var out []string
	for _, sample := range s.Samples {
		out = append(out, sample.Photo.Name+":"+sample.Part)
	}
	return strings.Join(out, " ")
}

func rows(rows ...string) string { return strings.Join(rows, "\n") }

// TestFolders: photos and masks in folders with the same stems, whatever the folders and
// the ends of the masks' names.
func TestFolders(t *testing.T) {
	one := mask(t, "011000", "011000", "000000", "00000x")
	want := rows(".11...", ".11...", "......", ".....x")
	list := []byte("background\r\ncat\r\n")
	for _, c := range []struct {
		name    string
		files   map[string][]byte
		options Options
		parts   string
	}{
		{"images, masks", map[string][]byte{"images/a.jpg": blank(t), "masks/a.png": one, "classes.txt": list}, Options{}, "a.jpg:"},
		{"images, labels", map[string][]byte{"images/a.JPG": blank(t), "labels/a.png": one, "classes.txt": list}, Options{}, "a.JPG:"},
		{"names of masks", map[string][]byte{"imgs/a.jpg": blank(t), "masks/a_mask.png": one, "labels.txt": list}, Options{}, "a.jpg:"},
		{"photo's whole name", map[string][]byte{"img/a.jpg": blank(t), "ann/a.jpg.png": one, "classes.txt": list}, Options{}, "a.jpg:"},
		{"one folder", map[string][]byte{"a.jpg": blank(t), "a_mask.png": one, "classes.txt": list}, Options{}, "a.jpg:"},
		{"named folders", map[string][]byte{"x/y/a.jpg": blank(t), "z/a.png": one, "classes.txt": list}, Options{Photos: "x/y/", Masks: "./z"}, "a.jpg:"},
		{"subfolders", map[string][]byte{"images/train/a.jpg": blank(t), "images/val/a.jpg": blank(t), "labels/train/a.png": one, "labels/val/a.png": one, "classes.txt": list}, Options{}, "train/a.jpg:train val/a.jpg:val"},
		{"parts", map[string][]byte{"train/images/a.jpg": blank(t), "train/masks/a.png": one, "valid/images/b.jpg": blank(t), "valid/masks/b.png": one, "classes.txt": list}, Options{}, "train/a.jpg:train valid/b.jpg:val"},
		{"a folder around", map[string][]byte{"x/y/images/a.jpg": blank(t), "x/y/masks/a.png": one, "x/y/classes.txt": list}, Options{}, "a.jpg:"},
		{"layout by name", map[string][]byte{"images/a.jpg": blank(t), "masks/a.png": one, "JPEGImages/b.jpg": blank(t), "SegmentationClass/b.png": one, "classes.txt": list}, Options{Layout: "folders"}, "a.jpg:"},
		{"classes by option", map[string][]byte{"images/a.jpg": blank(t), "masks/a.png": one}, Options{Classes: Named("background", "cat")}, "a.jpg:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, masks := load(t, folder(t, c.files), c.options)
			if got := parts(set); got != c.parts {
				t.Errorf("photos %s, expected %s", got, c.parts)
			}
			if !slices.Equal(set.Classes.Names, []string{"background", "cat"}) {
				t.Errorf("classes %v", set.Classes.Names)
			}
			for name, got := range masks {
				if got != want {
					t.Errorf("%s:\n%s", name, got)
				}
			}
		})
	}
}

func TestFoldersOfBlackAndWhiteMasks(t *testing.T) {
	root := folder(t, map[string][]byte{"images/a.jpg": blank(t), "masks/a.png": mask(t, "0xx000", "0xx000", "000000", "000000")})
	set, masks := load(t, root, Options{})
	if masks["a.jpg"] != rows(".11...", ".11...", "......", "......") || !slices.Equal(set.Classes.Names, []string{"background", "foreground"}) {
		t.Errorf("%v\n%s", set.Classes.Names, masks["a.jpg"])
	}
	set, masks = load(t, root, Options{Classes: Named("a", "b", "c")})
	if masks["a.jpg"] != rows(".xx...", ".xx...", "......", "......") {
		t.Errorf("of three classes, 255 is ignored: %v\n%s", set.Classes.Names, masks["a.jpg"])
	}
}

// TestMissing: photos without masks, and the other way round.
func TestMissing(t *testing.T) {
	one := mask(t, "000000", "000000", "000000", "000000")
	set, _ := load(t, folder(t, map[string][]byte{
		"images/a.jpg": blank(t), "images/b.jpg": blank(t), "images/Thumbs.db": nil, "images/.DS_Store": nil, "images/._a.jpg": nil,
		"masks/a.png": one, "masks/c.png": one,
	}), Options{})
	if parts(set) != "a.jpg:" || !slices.Equal(set.Unlabelled, []string{"b.jpg"}) || !slices.Equal(set.Orphans, []string{"masks/c.png"}) {
		t.Errorf("%s, unlabelled %v, orphans %v", parts(set), set.Unlabelled, set.Orphans)
	}
}

func TestVOC(t *testing.T) {
	voc := color.Palette{color.Black, color.NRGBA{128, 0, 0, 255}, color.NRGBA{0, 128, 0, 255}}
	for len(voc) < 256 {
		voc = append(voc, color.NRGBA{224, 224, 192, 255})
	}
	pal := image.NewPaletted(image.Rect(0, 0, 6, 4), voc)
	copy(pal.Pix, []uint8{0, 1, 1, 0, 2, 255})
	want := rows(".11.2x", "......", "......", "......")
	original := map[string][]byte{
		"JPEGImages/2007_000032.jpg": blank(t), "JPEGImages/2007_000033.jpg": blank(t), "JPEGImages/2008_000001.jpg": blank(t),
		"SegmentationClass/2007_000032.png": encode(t, pal), "SegmentationClass/2007_000033.png": encode(t, pal),
		"ImageSets/Segmentation/train.txt":    []byte("2007_000032\n"),
		"ImageSets/Segmentation/val.txt":      []byte("2007_000033\r\n"),
		"ImageSets/Segmentation/trainval.txt": []byte("2007_000032\n2007_000033\n"),
	}
	set, masks := load(t, folder(t, original), Options{})
	if set.Layout != "voc" || parts(set) != "2007_000032.jpg:train 2007_000033.jpg:val" || len(set.Unlabelled) > 0 {
		t.Errorf("%s: %s, %v", set.Layout, parts(set), set.Unlabelled)
	}
	if set.Classes.Len() != 21 || set.Classes.Names[20] != "tv monitor" || masks["2007_000033.jpg"] != want {
		t.Errorf("%v\n%s", set.Classes.Names, masks["2007_000033.jpg"])
	}

	// CVAT's segmentation masks: colours, in the order of labelmap.txt.
	colours := image.NewNRGBA(image.Rect(0, 0, 6, 4))
	for i := range 24 {
		colours.Set(i%6, i/6, []color.Color{color.Black, color.NRGBA{250, 50, 83, 255}, color.NRGBA{51, 221, 255, 255}}[i%3])
	}
	set, masks = load(t, folder(t, map[string][]byte{
		"JPEGImages/frame 1.png":             blank(t),
		"SegmentationClass/frame 1.png":      encode(t, colours),
		"SegmentationObject/frame 1.png":     encode(t, colours),
		"ImageSets/Segmentation/default.txt": []byte("frame 1\n"),
		"labelmap.txt":                       []byte("# label:color_rgb:parts:actions\nbackground:0,0,0::\ndog:51,221,255::\ncat:250,50,83::\n"),
	}), Options{})
	if masks["frame 1.png"] != rows(".21.21", ".21.21", ".21.21", ".21.21") || set.Classes.Names[2] != "cat" {
		t.Errorf("%v\n%s", set.Classes.Names, masks)
	}
}

func TestADE20K(t *testing.T) {
	root := folder(t, map[string][]byte{
		"images/training/ADE_train_1.jpg": blank(t), "annotations/training/ADE_train_1.png": mask(t, "012300", "000000", "000000", "000000"),
		"images/validation/ADE_val_1.jpg": blank(t), "annotations/validation/ADE_val_1.png": mask(t, "111111", "222222", "333333", "000000"),
		"objectInfo150.txt": []byte("Idx\tRatio\tTrain\tVal\tStuff\tName\n1\t0.1576\t11664\t1172\t1\twall\n2\t0.1072\t6046\t612\t1\tbuilding, edifice\n3\t0.0878\t8265\t796\t1\tsky\n"),
	})
	set, masks := load(t, root, Options{})
	if set.Layout != "ade20k" || !slices.Equal(set.Classes.Names, []string{"wall", "building", "sky"}) {
		t.Errorf("%s, %v", set.Layout, set.Classes.Names)
	}
	if masks["training/ADE_train_1.jpg"] != rows("x.12xx", "xxxxxx", "xxxxxx", "xxxxxx") || masks["validation/ADE_val_1.jpg"] != rows("......", "111111", "222222", "xxxxxx") {
		t.Errorf("%v", masks)
	}
	if parts(set) != "training/ADE_train_1.jpg:train validation/ADE_val_1.jpg:val" {
		t.Error(parts(set))
	}
}

func TestCityscapes(t *testing.T) {
	ids := image.NewGray(image.Rect(0, 0, 6, 4))
	copy(ids.Pix, []uint8{0, 7, 8, 33, 255, 9})
	files := map[string][]byte{
		"leftImg8bit/train/aachen/aachen_0_1_leftImg8bit.png":   blank(t),
		"gtFine/train/aachen/aachen_0_1_gtFine_labelIds.png":    encode(t, ids),
		"gtFine/train/aachen/aachen_0_1_gtFine_instanceIds.png": encode(t, ids),
		"gtFine/train/aachen/aachen_0_1_gtFine_color.png":       encode(t, ids),
		"leftImg8bit/test/berlin/berlin_0_1_leftImg8bit.png":    blank(t),
	}
	set, err := Load(folder(t, files), Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := set.Samples[0].Labels(4, 6, 19)
	if want := []uint8{Ignore, 0, 1, 18, Ignore, Ignore}; err != nil || !slices.Equal(got[:6], want) {
		t.Errorf("label ids: %v, %v; expected %v", got, err, want)
	}
	if parts(set) != "train/aachen/aachen_0_1_leftImg8bit.png:train" || set.Classes.Names[18] != "bicycle" || len(set.Unlabelled) != 1 {
		t.Errorf("%s, %v, %v", parts(set), set.Classes.Names, set.Unlabelled)
	}

	copy(ids.Pix, []uint8{0, 1, 18, 255, 0, 0})
	files["gtFine/train/aachen/aachen_0_1_gtFine_labelTrainIds.png"] = encode(t, ids)
	if set, err = Load(folder(t, files), Options{}); err != nil {
		t.Fatal(err)
	}
	got, err = set.Samples[0].Labels(4, 6, 19)
	if want := []uint8{0, 1, 18, Ignore, 0, 0}; err != nil || !slices.Equal(got[:6], want) {
		t.Errorf("train ids: %v, %v; expected %v", got, err, want)
	}
}

// coco is a file with two images, a.jpg and b.jpg, and categories with a gap, not in
// order.
func coco(annotations ...string) []byte {
	return fmt.Appendf(nil, `{"info": {}, "images": [
		{"id": 7, "file_name": "a.jpg", "height": 4, "width": 6},
		{"id": 9, "file_name": "some\\folder\\b.jpg", "height": 4.0, "width": 6}],
		"annotations": [%s],
		"categories": [{"id": 90, "name": "dog"}, {"id": 3, "name": "cat"}]}`, strings.Join(annotations, ",\n"))
}

func TestCOCO(t *testing.T) {
	const (
		catLeft    = `{"id": 1, "image_id": 7, "category_id": 3, "iscrowd": 0, "segmentation": [[1, 1, 3, 1, 3, 3, 1, 3]]}`
		twoParts   = `{"id": 2, "image_id": 7, "category_id": 90, "iscrowd": 0, "segmentation": [[0, 0, 1, 0, 1, 1, 0, 1], [4, 0, 6, 0, 6, 1, 4, 1]]}`
		flat       = `{"id": 3, "image_id": 7, "category_id": 90, "segmentation": [0, 0, 1, 0, 1, 1, 0, 1]}`
		small      = `{"id": 4, "image_id": 7, "category_id": 3, "segmentation": [[1, 1, 2, 1, 2, 2, 1, 2]]}`
		large      = `{"id": 5, "image_id": 7, "category_id": 90, "segmentation": [[0, 0, 6, 0, 6, 4, 0, 4]]}`
		runs       = `{"id": 6, "image_id": 7, "category_id": 90, "iscrowd": 0, "segmentation": {"size": [4, 6], "counts": [5, 2, 2, 2, 13]}}`
		packed     = `{"id": 7, "image_id": 7, "category_id": 90, "iscrowd": 0, "segmentation": {"size": [4, 6], "counts": "5220;"}}`
		crowd      = `{"id": 8, "image_id": 7, "category_id": 90, "iscrowd": 1, "segmentation": {"size": [4, 6], "counts": [8, 16]}}`
		boxOnly    = `{"id": 9, "image_id": 7, "category_id": 90, "segmentation": [], "bbox": [1, 1, 2, 2]}`
		nowhere    = `{"id": 10, "image_id": 7, "category_id": 90, "segmentation": null}`
		crossing   = `{"id": 11, "image_id": 7, "category_id": 3, "segmentation": [[0, 0, 6, 0, 6, 4, 0, 4, 0, 0, 2, 1, 4, 1, 4, 3, 2, 3, 2, 1]]}`
		emptyParts = `{"id": 12, "image_id": 7, "category_id": 3, "segmentation": [[], [1, 1], [1, 1, 3, 1, 3, 3, 1, 3]]}`
	)
	for _, c := range []struct {
		name, annotations string
		want              string
	}{
		{"a polygon", catLeft, rows("......", ".11...", ".11...", "......")},
		{"several parts", twoParts, rows("2...22", "......", "......", "......")},
		{"a flat polygon", flat, rows("2.....", "......", "......", "......")},
		{"small on large", small + "," + large, rows("222222", "212222", "222222", "222222")},
		{"run lengths", runs, rows("......", ".22...", ".22...", "......")},
		{"packed run lengths", packed, rows("......", ".22...", ".22...", "......")},
		{"a crowd below an object", catLeft + "," + crowd, rows("..xxxx", ".11xxx", ".11xxx", "..xxxx")},
		{"a box without an outline", boxOnly + "," + nowhere, rows("......", ".xx...", ".xx...", "......")},
		{"a hole by even and odd", crossing, rows("111111", "11..11", "11..11", "111111")},
		{"empty parts", emptyParts, rows("......", ".11...", ".11...", "......")},
		{"nothing", "", rows("......", "......", "......", "......")},
	} {
		root := folder(t, map[string][]byte{"a.jpg": blank(t), "b.jpg": blank(t), "_annotations.coco.json": coco(c.annotations)})
		set, masks := load(t, root, Options{})
		if set.Layout != "coco" || !slices.Equal(set.Classes.Names, []string{"background", "cat", "dog"}) {
			t.Errorf("%s: %s, %v", c.name, set.Layout, set.Classes.Names)
		}
		if masks["a.jpg"] != c.want {
			t.Errorf("%s:\n%s\nexpected\n%s", c.name, masks["a.jpg"], c.want)
		}
		notes := strings.Join(set.Notes, "\n")
		if strings.Contains(notes, "1 objects have a box but no outline") != (c.name == "a box without an outline") || !strings.Contains(notes, "without any object") {
			t.Errorf("%s: notes %s", c.name, notes)
		}
	}
}

// TestCOCOFolders: the folders of the original set, and a photo that is missing.
func TestCOCOFolders(t *testing.T) {
	root := folder(t, map[string][]byte{
		"annotations/instances_train2017.json": coco(`{"id": 1, "image_id": 7, "category_id": 3, "segmentation": [[1, 1, 3, 1, 3, 3, 1, 3]]}`),
		"annotations/captions_train2017.json":  []byte(`{"images": [], "annotations": [{"caption": "a cat"}]}`),
		"train2017/a.jpg":                      blank(t), "train2017/c.jpg": blank(t),
	})
	set, masks := load(t, root, Options{Classes: Named("cat", "dog")})
	if parts(set) != "train2017/a.jpg:train" || masks["train2017/a.jpg"] != rows("xxxxxx", "x..xxx", "x..xxx", "xxxxxx") {
		t.Errorf("%s\n%v", parts(set), masks)
	}
	if !slices.Equal(set.Unlabelled, []string{"train2017/c.jpg"}) || len(set.Orphans) != 1 || !strings.Contains(set.Orphans[0], "b.jpg") {
		t.Errorf("unlabelled %v, orphans %v", set.Unlabelled, set.Orphans)
	}
}

// TestCOCOTurned: a file that states the size of the stored photo means that photo.
func TestCOCOTurned(t *testing.T) {
	root := folder(t, map[string][]byte{
		"a.jpg":     withOrientation(blank(t), 6),
		"anno.json": coco(`{"id": 1, "image_id": 7, "category_id": 3, "segmentation": [[0, 0, 2, 0, 2, 1, 0, 1]]}`),
	})
	_, masks := load(t, root, Options{})
	if want := rows("...1", "...1", "....", "....", "....", "...."); masks["a.jpg"] != want {
		t.Errorf("\n%s\nexpected\n%s", masks["a.jpg"], want)
	}
}

func TestCOCORefused(t *testing.T) {
	annotation := func(segmentation string) []byte {
		return coco(`{"id": 5, "image_id": 7, "category_id": 3, "segmentation": ` + segmentation + `}`)
	}
	for _, c := range []struct {
		name, want string
		file       []byte
	}{
		{"unknown image", `annotation 5 is for the image "8"`, coco(`{"id": 5, "image_id": 8, "category_id": 3}`)},
		{"unknown category", `annotation 5 has the category "4"`, coco(`{"id": 5, "image_id": 7, "category_id": 4}`)},
		{"odd polygon", "a polygon of 3 numbers", annotation(`[[1, 2, 3]]`)},
		{"text", "expected lists of numbers", annotation(`["a"]`)},
		{"no size", `run lengths without "size"`, annotation(`{"counts": [1]}`)},
		{"negative run", "no whole numbers", annotation(`{"size": [4, 6], "counts": [-1, 25]}`)},
		{"lying size", "run lengths of a picture of 7×4 pixels: its own has 6×4", annotation(`{"size": [4, 7], "counts": [28]}`)},
		{"huge size", "run lengths of a picture of 2000000000×2000000000 pixels", annotation(`{"size": [2000000000, 2000000000], "counts": [1]}`)},
		{"too few", "annotation 5 has run lengths that cover 23 pixels: expected 6×4 = 24", annotation(`{"size": [4, 6], "counts": [20, 3]}`)},
		{"too many, packed", "run lengths that cover 40 pixels", annotation(`{"size": [4, 6], "counts": "X1"}`)},
		{"bad packing", "run lengths that are cut short", annotation(`{"size": [4, 6], "counts": "5X"}`)},
		{"far away", "a point at 1e+300, 2", annotation(`[[1e300, 2, 3, 4, 5, 6]]`)},
		{"no categories", `no "categories"`, []byte(`{"images": [], "annotations": []}`)},
		{"same category id", `have the same id, "1"`, []byte(`{"images": [], "categories": [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]}`)},
		{"same image id", `two images have the id "1"`, []byte(`{"images": [{"id": 1}, {"id": 1}], "categories": [{"id": 1, "name": "a"}]}`)},
		{"another size", "its picture has 9×9 pixels, its photo 6×4", []byte(`{"images": [{"id": 1, "file_name": "a.jpg", "height": 9, "width": 9}], "categories": [{"id": 1, "name": "a"}]}`)},
		{"a bad size", "no number of pixels", []byte(`{"images": [{"id": 1, "file_name": "a.jpg", "height": 1e30}]}`)},
		{"cut", "no valid annotations in COCO's form", []byte(`{"images": [`)},
		{"photos missing", "no photo with labels", []byte(`{"images": [{"id": 1, "file_name": "../../etc/passwd"}], "categories": [{"id": 1, "name": "a"}]}`)},
	} {
		path := folder(t, map[string][]byte{"a.jpg": blank(t), "b.jpg": blank(t), "coco.json": c.file})
		set, err := Load(path, Options{})
		if err == nil {
			_, err = set.Samples[0].Labels(4, 6, set.Classes.Len())
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v; expected %q", c.name, err, c.want)
		}
	}
}

func TestCVAT(t *testing.T) {
	file := []byte("\ufeff" + `<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><task><labels>
    <label><name>cat</name><color>#c06060</color></label>
    <label><name>dog</name></label>
  </labels></task></meta>
  <image id="0" name="shots/a.jpg" width="6" height="4">
    <box label="dog" occluded="0" xtl="3.00" ytl="1.00" xbr="5.00" ybr="3.00" z_order="1"><attribute name="age">2</attribute></box>
    <polygon label="cat" points="1.00,1.00;4.00,1.00;4.00,3.00;1.00,3.00" z_order="0"></polygon>
    <tag label="cat" source="manual"></tag>
  </image>
  <image id="1" name="b.jpg" width="6" height="4">
    <mask label="cat" rle="0, 3, 1, 2" left="1" top="1" width="3" height="2" z_order="0"></mask>
  </image>
  <image id="2" name="c.jpg" width="6" height="4">
    <ellipse label="dog" cx="3.00" cy="2.00" rx="2.00" ry="1.00" z_order="0"></ellipse>
    <box label="cat" xtl="1" ytl="0" xbr="2" ybr="3" rotation="90"></box>
  </image>
</annotations>`)
	root := folder(t, map[string][]byte{"annotations.xml": file, "images/shots/a.jpg": blank(t), "images/b.jpg": blank(t), "images/c.jpg": blank(t)})
	set, masks := load(t, root, Options{})
	if set.Layout != "cvat" || !slices.Equal(set.Classes.Names, []string{"background", "cat", "dog"}) {
		t.Errorf("%s, %v", set.Layout, set.Classes.Names)
	}
	for name, want := range map[string]string{
		"images/shots/a.jpg": rows("......", ".1122.", ".1122.", "......"),
		"images/b.jpg":       rows("......", ".111..", "..11..", "......"),
		"images/c.jpg":       rows("......", "11122.", ".2222.", "......"),
	} {
		if masks[name] != want {
			t.Errorf("%s:\n%s\nexpected\n%s", name, masks[name], want)
		}
	}
}

func TestCVATRefused(t *testing.T) {
	file := func(image string) []byte {
		return []byte(`<annotations><image id="0" name="a.jpg" width="6" height="4">` + image + `</image></annotations>`)
	}
	for _, c := range []struct {
		name, want string
		file       []byte
	}{
		{"a point", `image "a.jpg", shape 1 has a point "2"`, file(`<polygon label="a" points="1,1;2"/>`)},
		{"a number", `has xtl="x": expected a number`, file(`<box label="a" xtl="x"/>`)},
		{"not a number", "a point at NaN, 1", file(`<polygon label="a" points="NaN,1;2,2;3,3"/>`)},
		{"a line", `a shape "polyline"`, file(`<polyline label="a" points="1,1;2,2"/>`)},
		{"a run", `a run length "-1"`, file(`<mask label="a" rle="-1" left="0" top="0" width="1" height="1"/>`)},
		{"lying runs", "cover 3 pixels: expected 2×1 = 2", file(`<mask label="a" rle="1, 2" left="0" top="0" width="2" height="1"/>`)},
		{"a mask beyond the picture", "the picture has 6×4", file(`<mask label="a" rle="4" left="5" top="0" width="2" height="2"/>`)},
		{"half a pixel", "expected whole numbers", file(`<mask label="a" rle="4" left="0.5" top="0" width="2" height="2"/>`)},
		{"a video", `export it again as "CVAT for images"`, []byte(`<annotations><track id="0" label="a"></track></annotations>`)},
		{"cut", "no valid annotations of CVAT", []byte(`<annotations><image`)},
		{"a size", "its picture has 9×9 pixels", []byte(`<annotations><image name="a.jpg" width="9" height="9"><box label="a" xtl="0" ytl="0" xbr="1" ybr="1"/></image></annotations>`)},
	} {
		path := folder(t, map[string][]byte{"a.jpg": blank(t), "annotations.xml": c.file})
		set, err := Load(path, Options{})
		if err == nil {
			_, err = set.Samples[0].Labels(4, 6, set.Classes.Len())
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v; expected %q", c.name, err, c.want)
		}
	}
}

func labelMe(shapes ...string) []byte {
	return fmt.Appendf(nil, `{"version": "5.4.1", "flags": {}, "shapes": [%s], "imagePath": "..\\photos\\a.jpg", "imageData": null, "imageHeight": 4, "imageWidth": 6}`, strings.Join(shapes, ","))
}

func TestLabelMe(t *testing.T) {
	stamped := base64.StdEncoding.EncodeToString(encode(t, &image.Gray{Pix: []uint8{255, 0, 255, 255}, Stride: 2, Rect: image.Rect(0, 0, 2, 2)}))
	for _, c := range []struct {
		name, shapes, want string
	}{
		{"a polygon", `{"label": "cat", "points": [[1, 1], [3, 1], [3, 3], [1, 3]], "group_id": 1, "shape_type": "polygon"}`, rows("......", ".11...", ".11...", "......")},
		{"a rectangle, corners in any order", `{"label": "cat", "points": [[3, 3], [1, 1]], "group_id": null, "shape_type": "rectangle"}`, rows("......", ".11...", ".11...", "......")},
		{"a circle", `{"label": "cat", "points": [[3, 2], [3, 0]], "shape_type": "circle"}`, rows("..11..", ".1111.", ".1111.", "..11..")},
		{"a mask", `{"label": "cat", "points": [[1, 1], [2, 2]], "shape_type": "mask", "mask": "` + stamped + `"}`, rows("......", ".1....", ".11...", "......")},
		{"an old file", `{"label": "cat", "points": [[1, 1], [3, 1], [3, 3], [1, 3]]}`, rows("......", ".11...", ".11...", "......")},
		{"a group", `{"label": "cat", "points": [[0, 0], [1, 1]], "group_id": 2, "shape_type": "rectangle"}, {"label": "cat", "points": [[5, 3], [6, 4]], "group_id": 2, "shape_type": "rectangle"}`, rows("1.....", "......", "......", ".....1")},
		{"the last on top", `{"label": "cat", "points": [[0, 0], [6, 4]], "shape_type": "rectangle"}, {"label": "dog", "points": [[1, 1], [3, 3]], "shape_type": "rectangle"}, {"label": "__ignore__", "points": [[5, 0], [6, 4]], "shape_type": "rectangle"}`,
			rows("11111x", "12211x", "12211x", "11111x")},
	} {
		for _, files := range []map[string][]byte{
			{"a.jpg": blank(t), "a.json": labelMe(c.shapes)},
			{"photos/a.jpg": blank(t), "json/other name.json": labelMe(c.shapes)},
		} {
			_, masks := load(t, folder(t, files), Options{})
			for _, got := range masks {
				if got != c.want {
					t.Errorf("%s:\n%s\nexpected\n%s", c.name, got, c.want)
				}
			}
		}
	}
	set, _ := load(t, folder(t, map[string][]byte{
		"a.jpg": blank(t), "a.json": labelMe(`{"label": "dog", "points": [[0, 0], [1, 1]], "shape_type": "rectangle"}, {"label": "cat", "points": [[0, 0], [1, 1]], "shape_type": "rectangle"}`),
		"b.jpg": blank(t),
	}), Options{})
	if set.Layout != "labelme" || !slices.Equal(set.Classes.Names, []string{"background", "cat", "dog"}) || !slices.Equal(set.Unlabelled, []string{"b.jpg"}) {
		t.Errorf("%s, %v, %v", set.Layout, set.Classes.Names, set.Unlabelled)
	}
	set, _ = load(t, folder(t, map[string][]byte{
		"labels.txt": []byte("__ignore__\n_background_\ndog\ncat\n"), "a.jpg": blank(t), "a.json": labelMe(),
	}), Options{})
	if !slices.Equal(set.Classes.Names, []string{"_background_", "dog", "cat"}) || set.Classes.background() != 0 {
		t.Errorf("LabelMe's own list: %v", set.Classes.Names)
	}
}

func TestLabelMeRefused(t *testing.T) {
	huge := base64.StdEncoding.EncodeToString(encode(t, image.NewGray(image.Rect(0, 0, 7, 2))))
	for _, c := range []struct {
		name, shape, want string
	}{
		{"a line", `{"label": "a", "points": [[1, 1], [3, 1]], "shape_type": "line"}`, `shape 1 ("a") has a shape "line"`},
		{"a circle of three", `{"label": "a", "points": [[1, 1], [3, 1], [2, 2]], "shape_type": "circle"}`, "a circle of 3 points: expected 2"},
		{"a point of three", `{"label": "a", "points": [[1, 1, 1]], "shape_type": "polygon"}`, "a point of 3 numbers"},
		{"far away", `{"label": "a", "points": [[1e99, 1], [2, 2], [3, 4]], "shape_type": "polygon"}`, "a point at 1e+99"},
		{"a mask beyond the picture", `{"label": "a", "points": [[0, 0], [6, 1]], "shape_type": "mask", "mask": "` + huge + `"}`, "has 7×2 pixels at 0, 0: the picture has 6×4"},
		{"a mask that is none", `{"label": "a", "points": [[0, 0], [6, 1]], "shape_type": "mask", "mask": "AAAA"}`, "a mask that is not a PNG"},
		{"no list", `1`, "no valid annotations of LabelMe"},
	} {
		path := folder(t, map[string][]byte{"a.jpg": blank(t), "a.json": labelMe(c.shape)})
		set, err := Load(path, Options{})
		if err == nil {
			_, err = set.Samples[0].Labels(4, 6, set.Classes.Len())
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), filepath.Join(path, "a.json")) {
			t.Errorf("%s: %v; expected %q", c.name, err, c.want)
		}
	}
}

func TestLoadRefused(t *testing.T) {
	one := mask(t, "000000", "000000", "000000", "000000")
	for _, c := range []struct {
		name, want string
		files      map[string][]byte
		options    Options
	}{
		{"an empty folder", "holds no files, in no known layout: expected one of", nil, Options{}},
		{"an archive", "unpack it first", map[string][]byte{"data.zip": nil}, Options{}},
		{"photos only", "in no known layout", map[string][]byte{"a.jpg": nil}, Options{}},
		{"no such layout", `no layout "tfrecord": expected one of voc, cityscapes`, map[string][]byte{"a.jpg": nil}, Options{Layout: "tfrecord"}},
		{"a named folder", "has no somewhere/else: expected a path from there", map[string][]byte{"images/a.jpg": nil, "masks/a.png": one}, Options{Masks: "somewhere/else"}},
		{"other names", "2 photos have none, and 1 labels have no photo", map[string][]byte{"images/a.jpg": nil, "images/b.jpg": nil, "masks/c.png": nil}, Options{}},
		{"two masks", "a.jpg has two masks, masks/a.png and masks/a.tif", map[string][]byte{"images/a.jpg": nil, "masks/a.png": one, "masks/a.tif": one}, Options{}},
		{"a bad list", "classes.txt: the class \"a\" stands in the list twice", map[string][]byte{"images/a.jpg": nil, "masks/a.png": one, "classes.txt": []byte("a\na")}, Options{}},
		{"two lists", "which another list has for train", map[string][]byte{"JPEGImages/a.jpg": nil, "SegmentationClass/a.png": one,
			"ImageSets/Segmentation/train.txt": []byte("a"), "ImageSets/Segmentation/val.txt": []byte("a")}, Options{}},
		{"photos of the same name", "may be x/a.jpg or y/a.jpg", map[string][]byte{"x/a.jpg": nil, "y/a.jpg": nil, "coco.json": coco()}, Options{}},
		{"labelled twice", "has labels twice", map[string][]byte{"a.jpg": nil, "b.jpg": nil, "one.json": coco(), "two.json": coco()}, Options{}},
	} {
		set, err := Load(folder(t, c.files), c.options)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %+v, %v; expected %q", c.name, set, err, c.want)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "nowhere"), Options{}); err == nil {
		t.Error("loaded a folder that does not exist")
	}
}

// TestUnknownNames refuses or ignores labels that the class list lacks.
func TestUnknownNames(t *testing.T) {
	root := folder(t, map[string][]byte{"a.jpg": blank(t), "a.json": labelMe(`{"label": "bike", "points": [[0, 0], [1, 1]], "shape_type": "rectangle"}`)})
	list := Named("background", "cat")
	set, err := Load(root, Options{Classes: list})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := set.Samples[0].Labels(4, 6, 2); err == nil || !strings.Contains(err.Error(), `a.json has the label "bike": expected a name of the class list`) {
		t.Error(err)
	}
	_, masks := load(t, root, Options{Classes: list, IgnoreUnknown: true})
	if masks["a.jpg"] != rows("x.....", "......", "......", "......") {
		t.Errorf("\n%s", masks["a.jpg"])
	}
}
