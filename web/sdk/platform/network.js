/**
 * Calls back when a browser comes back to a network, or a page to the front: timers may have slept.
 *
 * @param {() => void} back
 * @returns {() => void} stops
 */
export function watchNetwork(back) {
  if (!globalThis.addEventListener || !globalThis.document) return () => undefined;
  const shown = () => void (document.visibilityState === "visible" && back());
  addEventListener("online", back);
  document.addEventListener("visibilitychange", shown);
  return () => {
    removeEventListener("online", back);
    document.removeEventListener("visibilitychange", shown);
  };
}
