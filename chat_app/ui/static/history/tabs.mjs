// What the tabs of one store tell each other, over a BroadcastChannel of the store's name: which conversation was
// written or removed, and which answers a tab is receiving at this moment. A tab that has died cannot say so, which is
// what tells an answer that is still arriving from one that was interrupted; Web Locks would do it too, but pages
// without TLS have none. Where there is no BroadcastChannel, or it is refused, the tab is alone.

const SILENCE_MS = 300;
const CHANGES = ["written", "removed"];

export class Tabs {
  /** The ids of the messages whose answers this tab is receiving. */
  arriving = new Set();
  #channel = null;
  #listeners = new Set();
  #asked = new Map();

  constructor(name) {
    try {
      this.#channel = new BroadcastChannel(name);
    } catch {
      return; // not there, or blocked together with the site's data
    }
    this.#channel.onmessage = ({ data }) => this.#hear(data ?? {});
  }

  /** Tell the other tabs of a change: {kind: "written", id, conversation, messages} or {kind: "removed", id}. */
  tell(change) {
    this.#channel?.postMessage(change);
  }

  /** Call `listener` with the changes of other tabs, until the function that is returned is called. */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether another tab says within 300 ms that it is receiving this message. */
  receives(messageId) {
    if (!this.#channel) return Promise.resolve(false);
    return new Promise((resolve) => {
      const answers = this.#asked.get(messageId) ?? new Set();
      this.#asked.set(messageId, answers.add(resolve));
      setTimeout(() => {
        answers.delete(resolve);
        if (!answers.size) this.#asked.delete(messageId);
        resolve(false);
      }, SILENCE_MS);
      this.#channel.postMessage({ kind: "asks", id: messageId });
    });
  }

  /** Hear and tell nothing more. */
  close() {
    this.#channel?.close();
    this.#channel = null;
    this.#listeners.clear();
  }

  /** Other tabs may run another version of this page: what is not understood is passed over. */
  #hear(told) {
    const { kind, id } = told;
    if (typeof id !== "string") return;
    if (kind === "asks" && this.arriving.has(id)) this.#channel?.postMessage({ kind: "receiving", id });
    if (kind === "receiving") for (const resolve of this.#asked.get(id) ?? []) resolve(true);
    if (CHANGES.includes(kind)) for (const listener of this.#listeners) queueMicrotask(() => listener(told));
  }
}
