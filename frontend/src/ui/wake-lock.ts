/** Keeps the screen on while it is shown, where the browser can. Returns how to stop. */
export function keepAwake(): () => void {
  let lock: WakeLockSentinel | undefined;
  const hold = () => {
    if (document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
    navigator.wakeLock
      .request("screen")
      .then((held) => (lock = held))
      .catch(() => undefined); // low battery: the screen may go dark, the bell rings on
  };
  hold();
  document.addEventListener("visibilitychange", hold);
  return () => {
    document.removeEventListener("visibilitychange", hold);
    void lock?.release();
  };
}
