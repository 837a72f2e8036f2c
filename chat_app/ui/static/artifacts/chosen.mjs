// Which version the panel shows. It goes along with the newest one of the answer that arrives, unless the visitor has
// picked another since that answer began. A version is named by its key, so that it is still the one that was picked when
// it becomes a version of another artifact as it grows. No DOM.

export class Chosen {
  #key = null;
  #during = null; // the answer that was arriving when it was picked
  #arriving = null;
  #artifacts = [];

  /** What there is now. `arriving` is the id of the answer that arrives, or null. */
  update(artifacts, arriving) {
    this.#artifacts = artifacts;
    this.#arriving = arriving;
    if (arriving === null || arriving === this.#during) return;
    const newest = newestOf(versionsOf(artifacts).filter(({ version }) => version.answer === arriving));
    if (newest) this.#key = newest.version.key;
  }

  pick(key) {
    this.#key = key;
    this.#during = this.#arriving;
  }

  /** {artifact, version, at}: the one that was picked, else the newest; null when there is none. */
  get found() {
    const all = versionsOf(this.#artifacts);
    return all.find(({ version }) => version.key === this.#key) ?? newestOf(all);
  }
}

const versionsOf = (artifacts) => artifacts.flatMap((artifact) => artifact.versions.map((version, at) => ({ artifact, version, at })));

// Artifacts are in the order of their first versions; the newest version may be of any.
const newestOf = (all) => all.reduce((newest, each) => (newest && newest.version.order > each.version.order ? newest : each), null);
