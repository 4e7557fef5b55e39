/** Icons: lines in a square of 24, drawn here so that nothing is loaded for them. */

import { drawing } from "../core/dom.js";

const PATHS = {
  archive: "M3 5h18v4H3zM5 9v10h14V9M10 13h4",
  attach: "M20 11.5 12 19.5a5 5 0 0 1-7-7l8.5-8.5a3.4 3.4 0 0 1 4.8 4.8L10 17a1.7 1.7 0 0 1-2.4-2.4l7.4-7.4",
  back: "M15 5l-7 7 7 7",
  bell: "M6 10a6 6 0 0 1 12 0c0 6 2 7 2 7H4s2-1 2-7M10 20a2 2 0 0 0 4 0",
  block: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M6 6l12 12",
  bookmark: "M6 3h12v18l-6-5-6 5z",
  camera: "M3 7h11v10H3zM14 11l7-4v10l-7-4",
  check: "M5 12.5l4.5 4.5L19 7",
  checks: "M2 12.5l4.5 4.5L15 8M11.5 16l1 1L22 7.5",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 7v5l3.5 2",
  close: "M6 6l12 12M18 6L6 18",
  contact: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4 20c1-4 4-6 8-6s7 2 8 6",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  down: "M12 4v15M6 13l6 6 6-6",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  exit: "M14 4h5v16h-5M4 12h11M11 8l4 4-4 4",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  forward: "M14 6l6 6-6 6M20 12h-9c-4 0-7 2-7 6",
  group: "M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M2.5 20c.7-4 3-6 6.5-6s5.8 2 6.5 6M16 5.5a3.2 3.2 0 0 1 0 6.2M17.5 14.300c2.2.6 3.5 2.5 4 5.700",
  hangup: "M3 15c0-8 18-8 18 0l-1 1.500-4-1.500v-3h-8v3l-4 1.500z",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 11v5M12 8v.2",
  keyboard: "M3 6h18v12H3zM7 10h.1M11 10h.1M15 10h.1M8 14h8",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  lock: "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
  menu: "M4 7h16M4 12h16M4 17h16",
  mic: "M12 4a3 3 0 0 0-3 3v4a3 3 0 0 0 6 0V7a3 3 0 0 0-3-3M5 11a7 7 0 0 0 14 0M12 18v3",
  "mic-off": "M9 9v2a3 3 0 0 0 5 2M15 10V6a3 3 0 0 0-5.700-1M5 11a7 7 0 0 0 11.500 5M19 11v2M12 18v3M4 4l16 16",
  more: "M12 5v.1M12 12v.1M12 19v.1",
  mute: "M6 10a6 6 0 0 1 9-5M18 11c0 5 2 6 2 6H8M10 20a2 2 0 0 0 4 0M4 4l16 16",
  phone: "M5 4h4l2 5-2.5 1.5a11 11 0 0 0 5 5L15 13l5 2v4a1 1 0 0 1-1 1A15 15 0 0 1 4 5a1 1 0 0 1 1-1",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9v.1",
  pin: "M9 4h6l-1 6 3 3v2H7v-2l3-3zM12 15v6",
  place: "M12 21c-5-5.5-7-8.5-7-11.5a7 7 0 0 1 14 0c0 3-2 6-7 11.5M12 7a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5",
  plus: "M12 5v14M5 12h14",
  poll: "M5 20V10M12 20V4M19 20v-7",
  reply: "M10 6l-6 6 6 6M4 12h9c4 0 7 2 7 6",
  retry: "M19 8a8 8 0 1 0 1 6M20 4v5h-5",
  screen: "M3 5h18v11H3zM9 20h6M12 16v4",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14M16 16l5 5",
  send: "M4 12l16-8-5 17-3.5-7zM11.5 14L20 4",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 5a2 2 0 1 0 0 4 2 2 0 0 0 0-4M9 15a2 2 0 1 0 0 4 2 2 0 0 0 0-4",
  smile: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M8.5 14c1.5 3 5.5 3 7 0M9 9.5v.1M15 9.5v.1",
  thread: "M4 5h16v11H11l-4 4v-4H4zM8 9h8M8 12h5",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  warning: "M12 4L2.5 20h19zM12 10v5M12 17.5v.1",
};

/** @param {keyof typeof PATHS} name @returns {any} */
export function icon(name) {
  return drawing(PATHS[name]);
}
