package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestTexts compares the languages with each other and the markup with the English
// texts, and checks that every key in the scripts has a text.
func TestTexts(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?lang=en")
	v.waitFor("ready")
	wrong := evaluate[[]string](v, `Promise.all(["en", "zh"].map((name) => import("./page/texts/" + name + ".js"))).then(([en, zh]) => {
		const wrong = [];
		const placeholders = (text) => (text.match(/\{\w+\}/g) ?? []).sort().join(" ");
		for (const [key, text] of Object.entries(en.texts)) {
			const other = zh.texts[key] ?? zh.texts[key.replace(/\.one$/, ".other")]; // Chinese has no plural
			if (!other) wrong.push(key + " has no Chinese text");
			else if (!key.endsWith(".one") && placeholders(other) !== placeholders(text)) wrong.push(key + ": the Chinese placeholders differ");
		}
		for (const key of Object.keys(zh.texts)) if (!(key in en.texts)) wrong.push(key + " has no English text");
		const attributes = { text: "", textTitle: "title", textLabel: "aria-label", textAlt: "alt", textContent: "content", textLang: "lang" };
		for (const [name, attribute] of Object.entries(attributes)) {
			for (const element of document.querySelectorAll("*")) {
				const key = element.dataset?.[name];
				if (key === undefined) continue;
				const markup = attribute ? element.getAttribute(attribute) : element.textContent;
				if (markup !== en.texts[key]) wrong.push("the markup says “" + markup + "” for " + key);
			}
		}
		return wrong;
	})`)
	for _, problem := range wrong {
		t.Error(problem)
	}

	var files []string
	english, err := filepath.Glob("../web/page/texts/*en.js")
	v.must(err)
	for _, path := range english {
		files = append(files, filepath.Base(path))
	}
	list, err := json.Marshal(files)
	v.must(err)
	keys := evaluate[[]string](v, fmt.Sprintf(`Promise.all(%s.map((name) => import("./page/texts/" + name)))
		.then((files) => files.flatMap(({ texts }) => Object.keys(texts)))`, list))
	used := regexp.MustCompile(`\bt\("([^"]+)"`)
	for _, pattern := range []string{"../web/library/*.js", "../web/page/*.js", "../web/page/*/*.js"} {
		scripts, err := filepath.Glob(pattern)
		v.must(err)
		for _, script := range scripts {
			source, err := os.ReadFile(script)
			v.must(err)
			for _, match := range used.FindAllSubmatch(source, -1) {
				if key := string(match[1]); !slices.Contains(keys, key) && !slices.Contains(keys, key+".other") {
					t.Errorf("%s uses the key %q, which has no text", filepath.Base(script), key)
				}
			}
		}
	}
}

// TestChineseNames expects a Chinese name for every class of the model and a Chinese
// sentence for every error code.
func TestChineseNames(t *testing.T) {
	v := newVisit(t, "/", libraryPage)
	v.open("library.html")
	known := evaluate[[]string](v, `import("./page/texts/zh.js").then(({ classes, errors }) => [...Object.keys(classes), ...Object.keys(errors)])`)
	var card struct{ Classes []struct{ Name string } }
	text, err := os.ReadFile("../model/weights/everyday.json")
	v.must(err)
	v.must(json.Unmarshal(text, &card))
	var wanted []string
	for _, class := range card.Classes {
		wanted = append(wanted, class.Name)
	}
	types, err := os.ReadFile("../web/library/segmenter.d.ts")
	v.must(err)
	for _, match := range regexp.MustCompile(`\n  \| "([a-z-]+)"`).FindAllSubmatch(types, -1) {
		wanted = append(wanted, string(match[1]))
	}
	if len(wanted) < 38+10 {
		t.Fatalf("found only %d classes and codes", len(wanted))
	}
	for _, name := range wanted {
		if !slices.Contains(known, name) {
			t.Errorf("%q has no Chinese text", name)
		}
	}
}

// latin lists the words in Latin letters that the Chinese page may show: names and
// terms.
var latin = []string{
	"Segmenter", "Transformer", "English", "Shift", "Alt", "Everyday", "int8", "MB", "PNG", "HEIC", "JPEG", "WebP", "GIF", "BMP", "AVIF", "Esc",
	"danielbuechele", "CC", "BY", "CC0", "Rachel", "Michetti", "Pikolo", "Espresso", "Bar", "Stefan", "van", "der", "Walt", "NASA", "SpaceX",
	"broken.png", "a.png", "b.jpg", "c.jpg", "d.png", // the tests' files
	"COCO", "YOLO", "LabelMe", "Pascal", "VOC", "SVG", "ZIP", "JSON", "CVAT", "Roboflow", "Label", "Studio", "FiftyOne", "Ultralytics", "pycocotools",
	"annotations.json", "labels", "data.yaml", "px",
}

// checkChinese checks all texts of the page, visible or not, for words of another
// language.
func (v *visit) checkChinese(where string) {
	v.Helper()
	texts := evaluate[[]string](v, `[document.title, document.body.innerText, ...["title", "aria-label", "alt"].flatMap((name) =>
		[...document.querySelectorAll("[" + name + "]")].map((element) => element.getAttribute(name)))]`)
	for _, word := range regexp.MustCompile(`[A-Za-z][A-Za-z0-9.]*`).FindAllString(strings.Join(texts, "\n"), -1) {
		if !slices.Contains(latin, strings.TrimSuffix(word, ".")) {
			v.Errorf("%s: the Chinese page says %q", where, word)
		}
	}
}

func TestChinese(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?lang=zh&profile=1&device=cpu")
	v.waitFor("ready")
	if lang := evaluate[string](v, `document.documentElement.lang`); lang != "zh-CN" {
		t.Errorf("the page's language is %q", lang)
	}
	v.checkChinese("empty")
	v.screenshots("zh-empty")
	if state := v.after(func() { v.choose(samples + "/chelsea.png") }); state != "done" {
		t.Fatalf("%s: %s", state, v.message())
	}
	v.checkChinese("done")
	v.screenshots("zh-done")
	for id, part := range map[string]string{"legend": "猫", "announcement": "完成：猫", "facts": "秒", "profile": "耗时"} {
		text := evaluate[string](v, `(({ textContent, ariaLabel }) => textContent + ariaLabel)(document.getElementById("`+id+`"))`)
		if !strings.Contains(text, part) {
			t.Errorf("#%s says %q, expected %q in it", id, text, part)
		}
	}

	broken := filepath.Join(t.TempDir(), "broken.png")
	v.must(os.WriteFile(broken, []byte("no picture"), 0o666))
	if state := v.after(func() { v.choose(broken) }); state != "error" {
		t.Errorf("after a broken photo the page is %s", state)
	}
	if message := v.message(); !strings.Contains(message, "“broken.png”不是") {
		t.Errorf("for a broken photo, the page says %q", message)
	}
	v.checkChinese("error")
	v.screenshots("zh-error")
	v.dismiss()

	evaluate[bool](v, `(document.getElementById("speed-open").click(), true)`)
	v.checkChinese("speed")
	v.screenshots("zh-speed")
}

// screenshots saves pictures of the page on a wide and a narrow screen.
func (v *visit) screenshots(name string) {
	v.Helper()
	for width, suffix := range map[int64]string{1280: "-1280", 390: "-390"} {
		v.do(chromedp.EmulateViewport(width, 900))
		v.screenshot(name + suffix)
	}
	v.do(chromedp.EmulateViewport(1280, 900))
}

// TestSwitchLanguage switches the language and back while the page shows a photo and
// a message. The page must compute nothing again, and must remember the choice.
func TestSwitchLanguage(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?lang=en&size=256&decoder=none&photo=samples/chelsea.png")
	v.waitFor("done")
	pageText := func() string { return evaluate[string](v, `document.title + document.body.innerText`) }
	switchLanguage := func() {
		v.Helper()
		evaluate[bool](v, `new Promise((resolve) => {
			const page = document.documentElement;
			const before = page.lang;
			new MutationObserver(() => setTimeout(() => resolve(true))).observe(page, { attributeFilter: ["lang"] });
			document.getElementById("language").click();
		})`)
	}
	english := pageText()
	if !strings.Contains(english, "decoder=none in the address is ignored: it must be mask or linear.") {
		t.Errorf("the page does not say that it ignores a parameter:\n%s", english)
	}
	evaluate[bool](v, `(globalThis.before = segmenterPage.result, true)`)
	switchLanguage()
	chinese := pageText()
	for _, part := range []string{"猫", "个类别", "已忽略地址中的decoder=none"} {
		if !strings.Contains(chinese, part) {
			t.Errorf("after the switch, the page lacks %q:\n%s", part, chinese)
		}
	}
	switchLanguage()
	if got := pageText(); got != english {
		t.Errorf("after switching back, the page says\n%s\nexpected\n%s", got, english)
	}
	if !evaluate[bool](v, `segmenterPage.result === globalThis.before`) {
		t.Error("the page segmented the photo again")
	}
	switchLanguage()
	v.open("?size=256")
	v.waitFor("ready")
	if got := pageText(); !strings.Contains(got, "打开照片") {
		t.Errorf("the page forgot the choice:\n%s", got)
	}
	v.open("?lang=en")
	v.waitFor("ready")
	if got := pageText(); !strings.Contains(got, "Open a photo") {
		t.Errorf("the page ignores lang=en in the address:\n%s", got)
	}
}

// TestPreferredLanguage visits with browsers that prefer known and unknown languages.
func TestPreferredLanguage(t *testing.T) {
	for preferred, want := range map[string]string{"zh-CN,zh,en": "zh-CN", "fr,zh-TW": "zh-CN", "de,en-GB,zh": "en", "fr": "en"} {
		v := newVisit(t, "/", nil)
		_, err := chromedp.Call(v.tab, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
			UserAgent: evaluate[string](v, `navigator.userAgent`), AcceptLanguage: preferred,
		})
		v.must(err)
		v.open("")
		v.waitFor("ready")
		if got := evaluate[string](v, `document.documentElement.lang`); got != want {
			t.Errorf("a browser that prefers %s gets the page in %s, expected %s", preferred, got, want)
		}
		loaded := slices.Contains(v.requests.all(), "200 GET /page/texts/zh.js")
		if loaded != (want == "zh-CN") {
			t.Errorf("%s: Chinese texts loaded: %v, expected %v", preferred, loaded, !loaded)
		}
	}
}
