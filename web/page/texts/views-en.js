// English, for looking inside.
//
// It owns what that says in English; texts.js is sent it when its tab is opened.

export const texts = {
  "views.show": "Show",
  "views.confidence": "Confidence",
  "views.entropy": "Doubt",
  "views.attention": "Attention",
  "views.similarity": "Alike places",
  "views.classes": "Classes on a map",
  "views.confidence-hint": "How sure the network is of the class that it chose: the probability of the winner.",
  "views.entropy-hint": "How much it wavers among all classes: the entropy of their probabilities.",
  "views.attention-hint": "Point at the picture: bright is what the network looks at to understand that place.",
  "views.similarity-hint": "Point at the picture: bright is what looks alike to the network, by the features of its encoder.",
  "views.classes-hint": "What the decoder looks for in this photo. Classes that it takes for alike are close to each other.",
  "views.block": "Block",
  "views.head": "Head",
  "views.mean": "Mean of all",
  "views.rollout": "All, multiplied (rollout)",
  "views.token": "From the class token",
  "views.class": "Class",
  "views.low": "low",
  "views.high": "high",
  "views.loading": "Looking…",
  "views.surface": "{view}: arrow keys move over the picture",
  "views.confidence-here": "{class}: {share} sure",
  "views.entropy-here": "{class}: {share} of the largest doubt",
  "views.attention-here": "It looks at {list}.",
  "views.similarity-here": "Alike is {list}.",
  "views.plane": "{count} classes on a map",
  "views.neighbours": "Nearest to {class}: {list}",
  "views.neighbour": "{class} ({cosine})",
};
