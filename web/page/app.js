// The page: a photo comes in, its classes are shown over it; or a camera, by live-picture.js.
//
// It owns the page's state: the model, the job that runs, and the picture that is shown. intake.js
// sends it photos, settings.js choices and library/segmenter.js results; it sends them on to the
// stage, the legend and the status line. What few visitors need is loaded when they want it: live
// pictures, other models, the studio, many photos. For scripts, <html> has data-state (loading, ready, working,
// done, live, error), data-width and data-height, and segmenterPage has the last result and the last
// live frame.

import { DEFAULT_MODEL } from "../library/preload.js";
import { decodePhoto, Segmenter, SegmenterError, shrinkPhoto } from "../library/segmenter.js";
import { readAddress } from "./address.js";
import { isPhoto, takePhotos } from "./intake.js";
import { Legend, percent } from "./legend.js";
import { Settings } from "./settings.js";
import { Stage } from "./stage.js";
import { announce, clearMessages, hideProgress, showMessage, showProgress } from "./status.js";
import { className, nameClasses, number, roughly, say, sentenceOf, switchLanguage, t } from "./texts.js";

// Larger photos exhaust the memory of phones and leave canvases blank.
const LARGEST_PHOTO = { maxPixels: 12e6, maxSide: 16384 };

const page = document.documentElement;
const address = readAddress(document.baseURI);

/** @type {Segmenter | null} */
let segmenter = null;
/** The mark that taught.js sets where the visitor taught classes. */
const TAUGHT = `segmenter-taught ${new URL(".", document.baseURI).pathname}`;
/** The model to use, as models.js says it; the library's own, if it says nothing. @type {import("./models.js").Choice} */
let chosen = {};
/** Settles when the list of models is loaded. @type {Promise<import("./models.js").Models> | null} */
let models = null;
/** Settles when the model is there; null where it must be loaded, perhaps again. @type {Promise<void> | null} */
let loading = null;
let showLoadingAgain = () => {};

/**
 * @typedef {object} Picture
 * @property {string} name
 * @property {() => string} note  says how the photo was changed, "" if it was not
 * @property {ImageBitmap} photo  at most LARGEST_PHOTO
 * @property {Blob} file          that it was decoded from
 * @property {{ width: number, height: number }} size  of the file, upright
 * @property {import("../library/segmenter.js").Segmentation} result  corrected, where the visitor did
 * @property {import("../library/segmenter.js").ClassInfo[]} classes  of the model that led to the result
 * @property {object} settings  that led to the result
 */

/**
 * @typedef {object} Job
 * @property {AbortController} controller
 * @property {number} since        when it began
 * @property {() => void} again    starts the same job with the same settings
 * @property {ImageBitmap} [photo]  once it is decoded
 * @property {Blob} [file]
 * @property {{ width: number, height: number }} [size]
 * @property {string} [name]
 * @property {() => string} note
 */

/** The picture that is shown. @type {Picture | null} */
let current = null;
/** The job that runs. @type {Job | null} */
let job = null;
let failed = false;

/** What stands in for the live picture until the visitor wants one. */
const OFF = {
  state: "off", isStarting: false, since: 0, mayBare: false,
  cancel() {}, stop() {}, refresh() {}, changeModel() {}, highlight() {}, bare() {}, toggle() {},
};
/** The live picture, or what stands in for it. @type {import("./live-picture.js").LivePicture | typeof OFF} */
let live = OFF;
/** Settles when the live picture is loaded. @type {Promise<import("./live-picture.js").LivePicture> | null} */
let livePicture = null;
/** Settles when the queue of many photos is loaded. @type {Promise<import("./queue.js").PhotoQueue> | null} */
let queue = null;
/** Settles when the studio is loaded. @type {Promise<import("./studio.js").Studio> | null} */
let studio = null;

const stage = new Stage((classId) => legend.point(classId), (bare) => live.bare(bare));
const legend = new Legend(highlight, (name) => live.toggle(name));
const settings = new Settings(address, {
  onChange: () => settingsChanged(),
  onOpacity: (share) => {
    stage.setOpacity(share);
    live.refresh();
  },
});

globalThis.segmenterPage = { result: null, live: null };
loadAhead();
takePhotos({
  onFile: (file) => (page.dataset.queue === "open" && isPhoto(file) ? withQueue((photos) => photos.take([file])) : openFile(file)),
  onPhotos: (files) => withQueue((photos) => photos.take(files)),
  onFolders: (entries) => withQueue((photos) => photos.takeEntries(entries)),
  onModel: openModel,
  onSample: openSample,
  onNothing: (sentence) => showMessage(sentence),
});
if (address.photo) openSample(address.photo);
else if (address.live) goLive("live.asking", (picture) => picture.startCamera());
// Afterwards, since a new job clears messages.
if (address.ignored.length > 0) showMessage(sentenceOnIgnored);
wireTools();

// The model.

function modelReady() {
  loading ??= loadModel();
  return loading;
}

/** Loads the model before there is a photo. A photo or a camera that comes meanwhile reports a failure. */
function loadAhead() {
  modelReady().catch((error) => job || live.isStarting || live.state !== "off" || fail(error, loadAhead));
}

async function loadModel() {
  showState();
  try {
    if (address.model && !chosen.model) chosen = await chosenByAddress(address.model);
    segmenter = await Segmenter.create({
      ...engineOptions(),
      threads: address.threads,
      profile: Boolean(address.profile),
      onProgress: showLoading,
      onDevice: showDevice,
    });
  } catch (error) {
    loading = null;
    throw error;
  }
  await restoreTaught();
  showModel();
  models?.then((list) => list.refresh(), () => {}); // the visitor may look at it already
  hideProgress();
  if (!job) announce(() => t("ready"));
  showState();
}

/** Gives the model the classes that the visitor taught, where there are any. */
async function restoreTaught() {
  try {
    if (!localStorage.getItem(TAUGHT)) return;
    const { restore } = await import("./taught.js");
    await restore(segmenter);
  } catch {
    // They stay where they are kept.
  }
}

function showModel() {
  const { name, classes, parameters, precision } = segmenter.model;
  const facts = { name: chosen.title ?? name, count: classes.length, precision };
  say(document.getElementById("model"), () => t("model", { ...facts, parameters: roughly(parameters) }));
  nameClasses(classes.slice(0, classes.length - segmenter.taught.filter(({ off }) => !off).length)); // the visitor's own names have no translation
  settings.offer(segmenter.model);
}

/** @param {string} text  the address of a model, or its name */
async function chosenByAddress(text) {
  if (text.includes("/")) return { model: text };
  const found = await (await loadModels()).find(text);
  if (!found) showMessage(() => t("address.ignored", { parameter: `model=${text}`, expected: t("address.model") }));
  return found ?? {};
}

function loadModels() {
  models ??= part(import("./models.js")).then(({ openModels }) => openModels({
    inUse: () => segmenter && { ...chosen, info: segmenter.model },
    use: useModel,
    rename: (choice) => {
      chosen = choice;
      showModel();
    },
  })).catch((error) => {
    models = null;
    throw error;
  });
  return models;
}

function openModel(files) {
  loadModels().then((list) => list.take(files)).catch((error) => fail(error, () => openModel(files)));
}

/**
 * Goes on with another model. If that fails, the one before stays.
 *
 * @param {import("./models.js").Choice} choice
 * @param {{ signal?: AbortSignal, onProgress?: (progress: object) => void }} [options]
 */
async function useModel(choice, options) {
  const before = chosen;
  await modelReady().catch(() => {}); // a page whose model failed may work with another
  if (segmenter) {
    await segmenter.useModel(choice.model ?? DEFAULT_MODEL, { ...options, sha256: choice.sha256 });
    chosen = choice;
    await restoreTaught();
    showModel();
  } else {
    chosen = choice;
    try {
      await modelReady();
    } catch (error) {
      chosen = before;
      throw error;
    }
    failed = false;
    clearMessages();
    showState();
  }
  live.changeModel(segmenter.model);
  queue?.then((photos) => photos.changeModel(), () => {});
  settingsChanged();
}

function sentenceOnIgnored() {
  return address.ignored.map(({ parameter, expected }) => t("address.ignored", { parameter, expected: t(expected) })).join(" ");
}

function engineOptions() {
  const { model, sha256 } = chosen;
  return { model, sha256, device: address.device, arithmetic: address.arithmetic };
}

function showLoading({ stage, loaded, total }) {
  if (stage === "engine" && loaded > 0) return; // the model, which is larger, loads at the same time
  const ready = stage === "model" && total > 0 && loaded === total;
  const megabytes = (bytes) => number(bytes / 1e6, 1);
  const key = stage === "engine" ? "loading.engine" : ready ? "loading.start" : total ? "loading.model-of" : "loading.model";
  const text = () => t(key, { loaded: megabytes(loaded), total: megabytes(total) });
  const share = stage === "engine" || ready ? {} : { done: loaded, total };
  showLoadingAgain = () => showProgress(text, { ...share, ...waiting() });
  showLoadingAgain();
}

/** How to cancel what waits for the engine, if anything does. */
function waiting() {
  if (job) return cancelling(job);
  return live.isStarting ? { onCancel: cancelLive, since: live.since } : {};
}

/** Says that WebGPU does not compute although the visitor asked for it. */
function showDevice({ message }) {
  if (!message) return;
  const sentence = () => sentenceOf({ code: "graphics", message });
  showMessage(sentence, { action: { label: () => t("try-again"), run: retryWebGPU } });
}

async function retryWebGPU() {
  try {
    await segmenter.useDevice("webgpu");
    hideProgress();
    settingsChanged();
  } catch (error) {
    fail(error, retryWebGPU);
  }
}

// Jobs. A new one ends the one before.

function openFile(file) {
  if (file.type.startsWith("video/")) {
    goLive("live.opening", (picture) => picture.playFile(file));
    return;
  }
  work((mine) => takeFile(mine, file), () => openFile(file));
}

function openSample(url) {
  work(async (mine) => takeFile(mine, await fetchPhoto(url, mine.controller.signal)), () => openSample(url));
}

async function takeFile(mine, file) {
  const whole = await decodePhoto(file, { signal: mine.controller.signal });
  const { width, height } = whole;
  mine.photo = await shrinkPhoto(whole, LARGEST_PHOTO);
  mine.file = file;
  mine.size = { width, height };
  mine.name = file.name.replace(/\.\w+$/, "") || "photo";
  if (mine.photo !== whole) {
    const sizes = { fromWidth: width, fromHeight: height, width: mine.photo.width, height: mine.photo.height };
    mine.note = () => t("photo.shrunk", sizes);
  }
}

/** Segments the photo at work, or the one that is shown, again. A photo still to come takes the settings anyway. */
function settingsChanged() {
  live.refresh();
  const photo = job ?? current;
  if (photo?.photo) segmentAgain(photo);
}

function segmentAgain({ photo, file, size, name, note }) {
  const again = () => segmentAgain({ photo, file, size, name, note });
  work(async (mine) => Object.assign(mine, { photo, file, size, name, note }), again);
}

/**
 * Takes a photo in and segments it. If that fails, the picture before it comes back.
 *
 * @param {(mine: Job) => Promise<void>} takePhoto  sets photo, name and note of the job
 * @param {() => void} again
 */
async function work(takePhoto, again) {
  job?.controller.abort();
  live.cancel();
  const chosen = settings.save();
  const mine = {
    controller: new AbortController(),
    since: performance.now(),
    note: () => "",
    again: () => {
      settings.restore(chosen);
      again();
    },
  };
  job = mine;
  failed = false;
  clearMessages();
  showState();
  showProgress(() => t("photo.opening"), cancelling(mine));
  try {
    await takePhoto(mine);
    if (job !== mine) return;
    live.stop();
    if (mine.photo !== current?.photo) stage.showPhoto(mine.photo);
    showState();
    if (!segmenter) showLoadingAgain();
    await modelReady();
    if (job !== mine) return;
    await segment(mine);
  } catch (error) {
    if (job !== mine) return;
    giveBack();
    fail(error, mine.again);
  }
}

async function segment(mine) {
  const used = settings.save();
  showWork(mine);
  announce(() => t("segmenting.announced"));
  if (address.profile) await segmenter.times(); // forgets what ran before
  const result = await segmenter.segment(mine.photo, {
    ...settings.options,
    signal: mine.controller.signal,
    onProgress: ({ done, total }) => job === mine && showWork(mine, done, total),
  });
  if (job !== mine) return;
  if (address.profile) await profile(result);
  if (job !== mine) return;
  if (current && current.photo !== mine.photo) current.photo.close();
  const { classes } = segmenter.model;
  const { name, note, photo, file, size } = mine;
  current = { name, note, photo, file, size, result, classes, settings: used };
  job = null;
  showPicture();
}

async function profile({ timings }) {
  const { showProfile } = await part(import("./profile.js"));
  showProfile(timings, await segmenter.times());
}

function showWork(mine, done = 0, total = 0) {
  const window = Math.min(done + 1, total);
  const text = () => (total ? t("segmenting.window", { window, windows: total }) : t("segmenting"));
  const isLong = settings.options.window > 0;
  showProgress(text, { done, total, ...cancelling(mine), ...(isLong && { since: undefined }) });
}

/** For showProgress. */
function cancelling(mine) {
  return { onCancel: () => cancel(mine), since: mine.since };
}

function cancel(mine) {
  mine.controller.abort();
  giveBack();
  showMessage(() => t("cancelled"), { action: { label: () => t("again"), run: mine.again } });
}

/**
 * Starts a live picture, which is loaded first.
 *
 * @param {string} key  of the text that says what the visitor waits for
 * @param {(picture: import("./live-picture.js").LivePicture) => void} start
 */
async function goLive(key, start) {
  live.cancel();
  if (live === OFF) {
    const wish = { ...OFF, isStarting: true, since: performance.now(), cancel: () => (live = OFF) };
    live = wish;
    showProgress(() => t(key), { onCancel: cancelLive, since: wish.since });
    try {
      const picture = await loadLive();
      if (live !== wish) return;
      live = picture;
    } catch (error) {
      if (live !== wish) return;
      live = OFF;
      fail(error, () => goLive(key, start));
      return;
    }
  }
  start(live);
}

function loadLive() {
  livePicture ??= newLivePicture().catch((error) => {
    livePicture = null;
    throw error;
  });
  return livePicture;
}

async function newLivePicture() {
  const { LivePicture } = await part(import("./live-picture.js"));
  return new LivePicture({ stage, legend, address }, {
    segmenter: async () => {
      await modelReady();
      return segmenter;
    },
    options: () => ({ decoder: settings.options.decoder, refine: settings.options.refine, opacity: settings.opacity }),
    onBegin: makeWay,
    onCancel: cancelLive,
    onChange: showState,
    onEnd: () => stage.clear(),
    onFail: fail,
  });
}

function loadStudio() {
  studio ??= part(import("./studio.js")).then(({ Studio }) => Studio.create({
    stage,
    legend,
    segmenter: () => segmenter,
    picture: () => current,
    correct,
    segmentAgain: () => current && segmentAgain(current),
    fail,
  })).catch((error) => {
    studio = null;
    throw error;
  });
  return studio;
}

function loadQueue() {
  queue ??= part(import("./queue.js")).then(({ openQueue }) => openQueue({
    segmenter: async () => {
      await modelReady();
      return segmenter;
    },
    options: () => settings.options,
    modelName: () => chosen.title ?? `built-in: ${segmenter.model.name}`,
    begin: () => {
      live.cancel();
      live.stop();
    },
    show: openFile,
    takeModel: openModel,
  })).catch((error) => {
    queue = null;
    throw error;
  });
  return queue;
}

/** @param {(photos: import("./queue.js").PhotoQueue) => Promise<void> | void} run */
function withQueue(run) {
  loadQueue().then(run).catch((error) => fail(error, () => withQueue(run)));
}

function cancelLive() {
  live.cancel();
  hideProgress();
}

/** Puts the picture before the job back, with the settings that made it. A live picture still runs. */
function giveBack() {
  job = null;
  if (live.state !== "off") {
    hideProgress();
    showState();
  } else if (current) {
    settings.restore(current.settings);
    stage.showPhoto(current.photo);
    showPicture();
  } else {
    hideProgress();
    stage.clear();
    showState();
  }
}

/** The live picture begins: the job and the picture go. */
function makeWay() {
  job?.controller.abort();
  job = null;
  failed = false;
  current?.photo.close();
  current = null;
  studio?.then((opened) => opened.close(), () => {});
  queue?.then((photos) => photos.makeWay(), () => {});
  stage.clear();
  legend.show([]);
  hideProgress();
  clearMessages();
}

// What is shown.

function highlight(classId) {
  stage.highlight(classId);
  live.highlight(classId);
}

function showPicture() {
  const { result, note } = current;
  hideProgress();
  showResult();
  say(document.getElementById("facts"), factsOf(result, note));
  announce(() => t("done", { classes: describe(result) }));
  page.dataset.width = result.width;
  page.dataset.height = result.height;
  showState();
  studio?.then((opened) => opened.show(), () => {});
}

function showResult() {
  const { result } = current;
  globalThis.segmenterPage.result = result;
  stage.showResult(result, () => describe(result));
  legend.show(result.classes);
  say(document.getElementById("result-title"), () => t("classes", { count: result.classes.length }));
}

/** Shows another mask of the picture. @param {Uint8Array} mask  of its size */
function correct(mask) {
  const { result, classes } = current;
  const areas = new Uint32Array(256);
  for (const id of mask) areas[id]++;
  const found = classes
    .map((info) => ({ ...info, area: areas[info.id], share: areas[info.id] / mask.length }))
    .filter(({ area }) => area > 0)
    .sort((a, b) => b.area - a.area);
  current.result = { ...result, mask, classes: found };
  showResult();
}

function describe({ classes }) {
  return classes.slice(0, 3).map(({ name, share }) => `${className(name)} ${percent(share)}`).join(t("comma"));
}

/** The facts, in the language of the moment, on the device that made the result. */
function factsOf({ network: { width, height, windows }, timings }, note) {
  const { device, threads } = segmenter;
  return () => note() + t("facts", {
    width,
    height,
    windows: windows > 1 ? t("facts.windows", { count: windows }) : "",
    seconds: number(timings.total / 1000, timings.total < 9950 ? 2 : 0),
    where: device === "webgpu" ? t("facts.graphics") : t("threads", { count: threads }),
  });
}

function showState() {
  const isLive = live.state !== "off";
  const hasPicture = Boolean(current || job?.photo || isLive);
  const idle = isLive ? "live" : current ? "done" : "ready";
  page.dataset.state = failed ? "error" : !segmenter ? "loading" : job ? "working" : idle;
  page.dataset.live = live.state;
  page.toggleAttribute("data-photo", hasPicture);
  document.getElementById("panel").hidden = !hasPicture;
  for (const id of ["save-overlay", "save-mask", "studio-open"]) document.getElementById(id).disabled = !current;
  document.getElementById("compare").disabled = !current && !live.mayBare;
}

/** Reports an error, and offers to try again where that may help. */
function fail(error, again) {
  failed = true;
  hideProgress();
  showState();
  const areHidden = error.reason === "hidden-pixels";
  const mayHelp = error.mayHelp ?? (areHidden || !["no-image", "bad-photo", "too-large", "unsupported"].includes(error.code));
  const isOurs = error instanceof SegmenterError;
  if (!isOurs) console.error(error);
  const sentence = () => (isOurs ? sentenceOf(error) : t("error.unknown", { message: error.message }));
  showMessage(sentence, {
    kind: "error",
    ...(mayHelp && { action: { label: () => t("retry"), run: () => {
      if (areHidden) askForPixels();
      recover(again);
    } } }),
    onDismiss: () => recover(() => {}),
  });
}

/** Reads a canvas, upon which Firefox asks the visitor whether this page may. */
function askForPixels() {
  document.createElement("canvas").getContext("2d").getImageData(0, 0, 1, 1);
}

function recover(then) {
  failed = false;
  showState();
  then();
}

// Tools.

function wireTools() {
  const compare = document.getElementById("compare");
  const hold = (event) => {
    if (event.type === "keydown" && event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    stage.bare(true);
  };
  const release = () => stage.bare(false);
  for (const type of ["pointerdown", "keydown"]) compare.addEventListener(type, hold);
  for (const type of ["pointerup", "pointerleave", "pointercancel", "keyup", "blur"]) {
    compare.addEventListener(type, release);
  }

  wireLive("[data-camera]", (picture) => picture.startCamera());
  if (navigator.mediaDevices?.getDisplayMedia) wireLive("[data-screen]", (picture) => picture.startScreen());

  onClick("save-overlay", async () => (await part(import("./save.js"))).savePicture(current, settings.opacity));
  onClick("save-mask", async () => (await part(import("./save.js"))).saveMask(current));
  onClick("studio-open", async () => (await loadStudio()).open());
  onClick("language", switchLanguage);
  onClick("queue-open", async () => (await loadQueue()).open());
  onClick("models-open", async () => (await loadModels()).open());

  const speed = document.getElementById("speed");
  onClick("speed-open", async () => speed.showModal());
  onClick("speed-close", async () => speed.close());
  onClick("speed-run", async () => (await part(import("./speed.js"))).measureOrStop(engineOptions()));
}

function onClick(id, run) {
  const attempt = () => run().catch((error) => fail(error, attempt));
  document.getElementById(id).addEventListener("click", attempt);
}

function wireLive(selector, start) {
  for (const button of document.querySelectorAll(selector)) {
    button.hidden = false;
    button.addEventListener("click", () => goLive("live.asking", start));
    // Before the click, since browsers forget soon that the visitor asked for the screen.
    for (const type of ["pointerover", "focus"]) button.addEventListener(type, () => loadLive().catch(() => {}), { once: true });
  }
}

/** A part of the page that is loaded when it is needed. @template T @param {Promise<T>} module @returns {Promise<T>} */
function part(module) {
  return module.catch((cause) => {
    throw networkError("part.unreachable", {}, cause);
  });
}

async function fetchPhoto(url, signal) {
  const response = await fetch(url, { signal }).catch((cause) => {
    throw networkError("photo.unreachable", {}, cause);
  });
  if (!response.ok) throw networkError("photo.refused", { url, status: response.status });
  const name = new URL(url, document.baseURI).pathname.split("/").at(-1);
  return new File([await response.blob()], name);
}

/** An error with a text of the page. */
function networkError(key, values, cause) {
  return Object.assign(new SegmenterError("network", t(key, values), { cause, values }), { key });
}
