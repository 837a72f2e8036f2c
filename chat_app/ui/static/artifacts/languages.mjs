// What the first line of a fenced block says: its language and the name of its file; and what a language's files are
// called. No I/O, no DOM.

const EXTENSIONS = {
  bash: "sh", c: "c", cpp: "cpp", csharp: "cs", css: "css", csv: "csv", dart: "dart", diff: "diff", dockerfile: "dockerfile", elixir: "ex",
  go: "go", haskell: "hs", html: "html", ini: "ini", java: "java", javascript: "js", json: "json", jsx: "jsx", julia: "jl",
  kotlin: "kt", latex: "tex", lua: "lua", makefile: "mk", markdown: "md", mermaid: "mmd", perl: "pl", php: "php", powershell: "ps1",
  python: "py", r: "r", ruby: "rb", rust: "rs", scala: "scala", scss: "scss", sql: "sql", svelte: "svelte", svg: "svg", swift: "swift",
  toml: "toml", tsx: "tsx", typescript: "ts", vue: "vue", xml: "xml", yaml: "yaml", zig: "zig",
};
const OTHERS = {
  htm: "html", xhtml: "html", mjs: "javascript", cjs: "javascript", node: "javascript", sh: "bash", shell: "bash", zsh: "bash", console: "bash",
  "c++": "cpp", cc: "cpp", cxx: "cpp", hpp: "cpp", h: "c", "c#": "csharp", python3: "python", golang: "go", yml: "yaml", docker: "dockerfile",
  make: "makefile", jsonc: "json", patch: "diff", text: "", txt: "", plaintext: "", plain: "",
};
const LANGUAGES = { ...Object.fromEntries(Object.entries(EXTENSIONS).map(([language, extension]) => [extension, language])), ...OTHERS };
const LABELS = {
  cpp: "C++", csharp: "C#", css: "CSS", csv: "CSV", html: "HTML", ini: "INI", javascript: "JavaScript", json: "JSON", jsx: "JSX", latex: "LaTeX",
  php: "PHP", powershell: "PowerShell", scss: "SCSS", sql: "SQL", svg: "SVG", toml: "TOML", tsx: "TSX", typescript: "TypeScript", xml: "XML", yaml: "YAML",
};
const KEYED = /\b(?:file(?:name|path)?|title|name|path)\s*[=:]\s*(?:"([^"]+)"|'([^']+)'|([^\s"'}]+))/i;
const NAME = /^[\w@.+/\\-]*\.(\w{1,10})$/;
const FILES = { dockerfile: "dockerfile", makefile: "makefile" };

/** {language, name} of an info string: `python`, `html index.html`, `js title="a.js"`, `python:src/a.py`, `app.py`. */
export const infoOf = (info) => {
  const [first = "", ...others] = info.replace(/^\{\s*\.?|\}$/g, "").split(/[\s,{]+/).filter(Boolean);
  const [, ...keyed] = KEYED.exec(info.slice(first.includes("=") ? 0 : first.length)) ?? [];
  const named = keyed.find(Boolean) ?? others.find(isName) ?? (isName(first) ? first : null);
  if (named) return { language: languageOf(named === first ? extensionOf(first) : first), name: named };
  const [, language, path] = /^([^:]+):(.+)$/.exec(first) ?? [null, first, ""];
  return { language: languageOf(language), name: isName(path) ? path : "" };
};

/** The name by which we know a language, whatever a model calls it: `py` is `python`. Unknown ones stay as they are. */
export const languageOf = (name) => {
  const known = name.toLowerCase();
  return Object.hasOwn(LANGUAGES, known) ? LANGUAGES[known] : known;
};

/** The end of a file's name; `txt` where we know none. */
export const extensionFor = (language) => (Object.hasOwn(EXTENSIONS, language) ? EXTENSIONS[language] : "txt");

/** A language's name as people write it; empty for none. */
export const labelOf = (language) => (Object.hasOwn(LABELS, language) ? LABELS[language] : language.replace(/^[a-z]/, (sign) => sign.toUpperCase()));

const extensionOf = (name) => FILES[name.toLowerCase()] ?? NAME.exec(name)?.[1] ?? "";

const isName = (word) => {
  const extension = NAME.exec(word)?.[1].toLowerCase();
  return Boolean(extension && (Object.hasOwn(LANGUAGES, extension) || Object.hasOwn(EXTENSIONS, extension) || extension === "txt"));
};
