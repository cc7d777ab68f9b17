// English, for the studio.
//
// It owns what that says in English; texts.js is sent it when the studio is loaded.

export const texts = {
  "studio.tools": "Tools",
  "studio.close": "Done",
  "studio.edit": "Edit",
  "studio.teach": "Teach",
  "studio.views": "Inside",
  "studio.export": "Export",
};
