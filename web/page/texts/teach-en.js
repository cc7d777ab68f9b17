// English, for teaching classes.
//
// It owns what that says in English; texts.js is sent it when its tab is opened.

export const texts = {
  "teach.hint": "Name a thing and draw a few strokes on it. Its class is found here, in other photos and live. Nothing leaves this device.",
  "teach.name": "Name",
  "teach.colour": "Colour of the class",
  "teach.unnamed": "Thing {number}",
  "teach.kind": "What strokes show",
  "teach.yes": "This is it",
  "teach.no": "This is not",
  "teach.brush": "Stroke",
  "teach.undo": "Undo stroke",
  "teach.new": "New class",
  "teach.learning": "Learning…",
  "teach.found": "{name}: {share} of this photo. More strokes, here or on other photos, make it better.",
  "teach.off": "{name} is switched off.",
  "teach.not-kept": "This browser keeps nothing: save the classes as a file before you leave.",
  "teach.list": "Classes that you taught",
  "teach.strokes.one": "{count} stroke",
  "teach.strokes.other": "{count} strokes",
  "teach.shown": "Show {name}",
  "teach.on": "Teach on",
  "teach.on-of": "Teach {name} on",
  "teach.remove": "Remove {name}",
  "teach.save": "Save file",
  "teach.open": "Open file",
  "teach.surface": "Picture to draw strokes on: arrow keys move the brush, hold Space to draw",
};
