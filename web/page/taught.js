// The classes that the visitor taught, kept on this device.
//
// It owns a Cache Storage with a file for each encoder, and a mark in localStorage that there is one, so
// that pages of other visitors need not look. app.js has it give a model its classes; studio/teach.js
// has it keep them.

const STORE = "segmenter-taught";

/** app.js has it too, to look for. Other sites of the same origin have theirs. */
const MARK = `segmenter-taught ${new URL(".", document.baseURI).pathname}`;

const fileOf = ({ encoder }) => new URL(`taught/${encoder}.safetensors`, document.baseURI).href;

/** Gives a model the classes that were taught for its encoder. @param {import("../library/segmenter.js").Segmenter} segmenter */
export async function restore(segmenter) {
  const kept = await caches.match(fileOf(segmenter.model), { cacheName: STORE });
  if (kept) await segmenter.importTaught(await kept.blob(), { own: true });
}

/**
 * Keeps the classes of a model.
 *
 * @param {import("../library/segmenter.js").Segmenter} segmenter
 * @returns {Promise<boolean>}  false where this browser keeps nothing
 */
export async function keep(segmenter) {
  try {
    const store = await caches.open(STORE);
    if (segmenter.taught.length > 0) {
      await store.put(fileOf(segmenter.model), new Response(segmenter.exportTaught()));
      localStorage.setItem(MARK, "1");
      navigator.storage?.persist?.().catch(() => {}); // there is no other copy
    } else {
      await store.delete(fileOf(segmenter.model));
      if ((await store.keys()).length > 0) return true;
      await caches.delete(STORE);
      localStorage.removeItem(MARK);
    }
    return true;
  } catch {
    return false;
  }
}
