// The files that go with the question that is being typed: those that are being read, in their order, and those that are
// ready. What is refused is told and gone, and costs nothing of the others or of the text. No page and no network here:
// `read` sends a file to be read, and `told` draws.
//
// Whoever sends while a file is being read need not wait for it: the question is held back and sent as soon as all are
// ready and nothing else arrives. It goes with what was there when it was wanted, and into that conversation, or not by
// itself: when a file is refused or taken away, others are put there, or the conversation is left, the visitor decides anew.

import { sizeOf } from "../history/usage.mjs";
import { namesOf, word } from "../history/words.mjs";
import { Refused } from "./upload.mjs";

const AT_ONCE = 2; // a browser has six connections to a host, and answers arrive on one

export class Attachments {
  #limits;
  #read;
  #told;
  #items = [];
  #number = 0;
  #wanted = false;

  /**
   * `limits` is {maxFiles, maxFileBytes}; `read(file, signal)` gives the part, or throws `Refused`; `told` is {changed(),
   * refused({sentence, hint}), free(), ready()}: to draw anew; one is refused; whether a question can be sent just now;
   * the one that was held back is to be sent.
   */
  constructor(limits, read, told) {
    this.#limits = limits;
    this.#read = read;
    this.#told = told;
  }

  /** [{id, name, kind, part}], in the order in which they were added; `part` is null while it is being read. */
  get items() {
    return this.#items.map(({ id, name, kind, part }) => ({ id, name, kind, part }));
  }

  /** The parts that are ready, in order. */
  get parts() {
    return this.#items.map(({ part }) => part).filter(Boolean);
  }

  get busy() {
    return this.#items.some(({ part }) => !part);
  }

  /** Whether a question waits for its files. */
  get waits() {
    return this.#wanted;
  }

  /** Take files in, as far as there is room, and have them read. */
  add(files) {
    const { maxFiles, maxFileBytes } = this.#limits;
    const fits = [...files].filter((file) => {
      const problem = tooLarge(file, maxFileBytes);
      if (problem) this.#refuse(problem);
      return !problem;
    });
    const room = Math.max(maxFiles - this.#items.length, 0);
    if (fits.length > room) this.#refuse(notAdded(fits.slice(room), tooMany(maxFiles)));
    for (const file of fits.slice(0, room)) {
      this.#items.push({ ...this.#named(file.name, file.type), file, part: null, reading: null, filled: false });
    }
    this.#next();
  }

  /** Put parts back that were read already. */
  restore(parts) {
    this.#put(parts, false);
  }

  /** Put an example's parts there, in the place of another example's. */
  fillIn(parts) {
    this.#items = this.#items.filter(({ filled }) => !filled);
    this.#put(parts, true);
  }

  /** Take one away. A question that waits for it is not sent by itself any more. */
  remove(id) {
    const item = this.#items.find((each) => each.id === id);
    item?.reading?.abort();
    if (item && !item.part) this.#wanted = false;
    this.#items = this.#items.filter((each) => each !== item);
    this.#next();
  }

  /** Take these away, which have been sent. */
  sent(parts) {
    this.#items = this.#items.filter(({ part }) => !part || !parts.includes(part));
    this.#told.changed();
  }

  clear() {
    for (const { reading } of this.#items) reading?.abort();
    this.#items = [];
    this.cancel();
  }

  /** The visitor wants to send: whether it can be sent now. Else why not is told, or it waits for its files. */
  want() {
    const { maxFiles } = this.#limits;
    if (this.#items.length > maxFiles) {
      this.#refuse(tooMany(maxFiles));
      return false;
    }
    this.#wanted = this.busy;
    this.#told.changed();
    return !this.busy;
  }

  /** Send what waits if nothing keeps it any more: to be called when an answer is whole. */
  look() {
    if (!this.#wanted || this.busy || !this.#told.free()) return;
    this.#wanted = false;
    this.#told.changed();
    this.#told.ready();
  }

  /** Do not send what waits. Whether anything did. */
  cancel() {
    const waited = this.#wanted;
    this.#wanted = false;
    this.#told.changed();
    return waited;
  }

  #named(name, kind) {
    return { id: ++this.#number, name: name || word("kind_file"), kind: kind ?? "" };
  }

  #put(parts, filled) {
    this.#wanted = false;
    for (const part of parts) this.#items.push({ ...this.#named(part.name, part.mime_type), part, reading: null, filled });
    this.#told.changed();
  }

  #refuse(problem) {
    this.#wanted = false;
    this.#told.refused(problem);
  }

  #next() {
    const waiting = this.#items.filter(({ part, reading }) => !part && !reading);
    const running = this.#items.filter(({ part, reading }) => !part && reading).length;
    for (const item of waiting.slice(0, Math.max(AT_ONCE - running, 0))) this.#start(item);
    this.#told.changed();
    this.look();
  }

  async #start(item) {
    item.reading = new AbortController();
    const isThere = () => this.#items.includes(item);
    try {
      const part = await this.#read(item.file, item.reading.signal);
      if (!isThere()) return;
      item.part = part;
      item.file = null;
    } catch (error) {
      if (!isThere()) return;
      this.#items = this.#items.filter((each) => each !== item);
      this.#refuse(notAdded([item], error instanceof Refused ? error : broken()));
    }
    this.#next();
  }
}

const broken = () => ({ sentence: word("upload_unreadable"), hint: word("upload_unreadable_hint") });

const tooMany = (most) => ({ sentence: word("too_many_files", { count: most }), hint: word("too_many_files_hint") });

const tooLarge = (file, most) => {
  if (file.size <= most) return null;
  const sentence = word("import_too_large", { size: sizeOf(file.size), limit: sizeOf(most) });
  return notAdded([file], { sentence, hint: word("upload_too_large_hint") });
};

/** What is told of `files`, {name} each, that were not added, and why: {sentence, hint}. */
export const notAdded = (files, { sentence, hint }) => {
  const names = namesOf(files.map(({ name }) => name));
  return { sentence: word("not_added", { names, why: sentence, count: files.length }), hint };
};
