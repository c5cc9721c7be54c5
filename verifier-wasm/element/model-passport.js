// `<model-passport>`: a passport that is checked where it stands.
//
// In scope: attributes and properties in, one check after another, events and a report out.
// Out of scope: what a report looks like (draw.js, the view) and what it says (the WebAssembly).

import { css as elementCss } from '../pkg/element.css.js';
import { css as viewCss } from '../pkg/view.css.js';
import { loadUi, pickLocale } from '../view/index.js';
import { element, plain } from '../view/text.js';
import { drawDialog, drawFailure, drawReport, drawWaiting } from './draw.js';
import { bring, failure, inlineText, loadRules, loadText, rulesOf } from './load.js';
import { sharedVerifier } from './verifier.js';

const DISPLAYS = ['badge', 'card', 'full'];
const CHECKED_AGAIN = ['src', 'trust', 'policy', 'offline'];
const DRAWN_AGAIN = ['locale', 'theme', 'display', 'verify-at'];

let sheets;
let shared;

// Where there is no document, the class can be imported and not used.
const Base = globalThis.HTMLElement ?? class {};

export class ModelPassport extends Base {
  static observedAttributes = [...CHECKED_AGAIN, ...DRAWN_AGAIN];

  /** Makes the verifier of all elements, before the first is checked; a worker when left out. */
  static createVerifier = undefined;

  #given = {};
  #artifacts = [];
  #internals = this.attachInternals?.();
  #root = this.attachShadow({ mode: 'open' });
  #report = null;
  #error = undefined;
  #state = 'empty';
  #hashing = undefined;
  #run = undefined;
  #planned = undefined;
  #drawing = 0;
  #role = undefined;
  #observer = new MutationObserver(() => this.#replaced());

  connectedCallback() {
    for (const name of PROPERTIES) this.#upgrade(name);
    sheets ??= [viewCss, elementCss].map((text) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(text);
      return sheet;
    });
    this.#root.adoptedStyleSheets = sheets;
    this.#observer.observe(this, { childList: true, characterData: true, subtree: true });
    this.#checkSoon();
  }

  disconnectedCallback() {
    this.#observer.disconnect();
    this.#planned = undefined;
    this.#run?.abort();
    this.#root.querySelector('dialog')?.close();
  }

  attributeChangedCallback(name, before, after) {
    if (before === after) return;
    // Files are held against the passport that they were chosen for.
    if (name === 'src') this.#artifacts = [];
    if (!this.isConnected) return;
    if (CHECKED_AGAIN.includes(name)) this.#checkSoon();
    else this.#draw();
  }

  /** What was found, or `null` while there is nothing. */
  get report() {
    return this.#report;
  }

  /** Checks now, and again what was fetched before. */
  verify() {
    this.#planned = undefined;
    return this.#check();
  }

  /** Reads files, which may be large, and checks whether they are the ones that the passport is about. */
  async verifyFile(files, { signal } = {}) {
    signal?.throwIfAborted();
    const chosen = files instanceof Blob ? [files] : [...files];
    this.#planned = undefined;
    const run = this.#begin();
    const stop = () => run.abort(signal.reason);
    signal?.addEventListener('abort', stop);
    try {
      const measured = [];
      for (const file of chosen) measured.push(await this.#measure(file, run.signal));
      this.#artifacts = measured;
    } catch (error) {
      if (signal?.aborted && this.#run === run) this.#checkSoon(); // Without the files.
      else if (!run.signal.aborted) this.#settle({ error });
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
      this.#hashing = undefined;
    }
    return this.verify();
  }

  async #measure(file, signal) {
    const path = file.webkitRelativePath?.split('/').slice(1).join('/') || file.name || 'file';
    const onProgress = ({ done, total }) => {
      this.#hashing = { path, done, total };
      this.#drawHashing();
      this.#emit('passport-progress', { phase: 'hash', path, done, total });
    };
    const artifact = { path, ...(await verifier().hashFile(file, { onProgress, signal })) };
    signal.throwIfAborted();
    return artifact;
  }

  // A property that was set before the element was defined hides its setter.
  #upgrade(name) {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    delete this[name];
    this[name] = value;
  }

  // Another passport between the tags.
  #replaced() {
    this.#artifacts = [];
    this.#checkSoon();
  }

  // Several attributes that change together are one change.
  #checkSoon() {
    if (this.#planned !== undefined) return;
    const planned = {};
    this.#planned = planned;
    // What was shown is about another input.
    this.#begin();
    queueMicrotask(() => {
      if (this.#planned !== planned) return;
      this.#planned = undefined;
      this.#check().catch(() => {}); // It is said by an event.
    });
  }

  #begin() {
    this.#run?.abort();
    this.#run = new AbortController();
    this.#report = null;
    this.#error = undefined;
    this.#enter('checking');
    return this.#run;
  }

  async #check() {
    const run = this.#begin();
    const { signal } = run;
    try {
      const text = await this.#source(signal);
      signal.throwIfAborted();
      if (text === undefined) return this.#nothing();
      this.#emit('passport-load', { text });
      const report = await this.#judge(text, signal);
      signal.throwIfAborted();
      this.#settle({ report });
      return report;
    } catch (error) {
      if (!signal.aborted && this.#state !== 'empty') this.#settle({ error });
      throw error;
    }
  }

  async #source(signal) {
    const { passport } = this.#given;
    if (passport !== undefined && passport !== null) return passport;
    const inline = await inlineText(this, signal);
    if (inline !== undefined) return inline;
    const address = this.getAttribute('src');
    return address ? loadText(address, { offline: this.offline, signal }) : undefined;
  }

  async #judge(text, signal) {
    const policy = await this.#policy(signal);
    const { evidence = {}, documentLoader: loader, now } = this.#given;
    const onProgress = (detail) => signal.aborted || this.#emit('passport-progress', detail);
    const brought = loader && !this.offline
      ? await bring(text, { verifier: verifier(), evidence, policy, loader, signal, onProgress })
      : evidence;
    onProgress({ phase: 'verify' });
    const artifacts = [...(brought.artifacts ?? []), ...this.#artifacts];
    return verifier().verify(text, { evidence: { ...brought, artifacts }, policy, now: now ?? undefined });
  }

  // Trust lists narrow each other, so those of the attribute and of the property both count.
  async #policy(signal) {
    const fetched = (name) => (this.getAttribute(name) ? loadRules(this.getAttribute(name), name, { offline: this.offline, signal }) : undefined);
    const lists = rulesOf('trust', [this.#given.trustList, await fetched('trust')]);
    const policies = rulesOf('policy', [this.#given.policyRules, await fetched('policy')]);
    signal.throwIfAborted();
    if (lists.length === 0) return policies.length === 0 ? undefined : policies;
    const [first = {}, ...others] = policies;
    return [{ ...first, trust: [...lists, ...(first.trust === undefined ? [] : rulesOf('policy', [first.trust]))] }, ...others];
  }

  // No passport is no failure to look at, but whoever waits for an answer is told.
  #nothing() {
    const error = failure('no-source', 'there is no passport to check');
    this.#enter('empty');
    this.#emitError(error);
    throw error;
  }

  #settle({ report, error }) {
    this.#report = report ?? null;
    this.#error = error;
    this.#enter(report?.verdict ?? 'failed');
    if (report) this.#emit('passport-verdict', { report });
    else if (error) this.#emitError(error);
  }

  #emitError(error) {
    this.#emit('passport-error', { error, code: error.code, message: error.message });
  }

  // For style sheets: `model-passport:state(checking)`.
  #enter(state) {
    const states = this.#internals?.states;
    try {
      states?.delete(this.#state);
      states?.add(state);
    } catch {
      // A browser with the older form of custom states.
    }
    this.#state = state;
    this.#draw();
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  async #draw() {
    const drawing = (this.#drawing += 1);
    const ui = await this.#ui();
    if (drawing !== this.#drawing) return;
    this.#internals && Object.assign(this.#internals, { role: 'group', ariaLabel: ui.t('element.label') });
    const { display } = this;
    const root = element('div', { class: 'root', part: 'root', lang: ui.locale, dir: 'ltr', 'data-theme': this.#theme() });
    root.append(...this.#body(ui, display));
    // What is announced has to be there before, so it stays.
    const status = this.#root.querySelector('.status') ?? this.#root.appendChild(element('span', { class: 'status', role: 'status', dir: 'ltr' }));
    // A dialog goes with what is drawn anew, and says so.
    this.#root.querySelector('dialog')?.close();
    this.#root.querySelector('.root')?.remove();
    this.#root.prepend(root);
    const said = { checking: 'element.checking', empty: 'element.empty', failed: 'element.failed' }[this.#state];
    status.lang = ui.locale;
    status.textContent = said ? ui.t(said) : ui.known('verdict', this.#state);
    this.#drawHashing();
  }

  #body(ui, display) {
    if (this.#report) {
      const options = { view: { role: this.#role, onRole: (role) => { this.#role = role; } }, address: this.#independentAddress() };
      const open = () => {
        const dialog = drawDialog(ui, this.#report, options);
        dialog.addEventListener('close', () => this.#emit('passport-toggle', { open: false }));
        this.#root.querySelector('.root').append(dialog);
        dialog.showModal();
        this.#emit('passport-toggle', { open: true });
      };
      return drawReport(ui, display, this.#report, { ...options, open });
    }
    if (this.#error) return drawFailure(ui, display, this.#error);
    return drawWaiting(ui, display, this.#state === 'empty' ? 'element.empty' : 'element.checking');
  }

  async #drawHashing() {
    const place = this.#root.querySelector('.plate');
    if (!this.#hashing || !place || this.#report) return;
    const { path, done, total } = this.#hashing;
    const ui = await this.#ui();
    const bar = place.querySelector('progress') ?? place.appendChild(element('progress', { part: 'progress' }));
    bar.setAttribute('aria-label', ui.t('element.hashing', { name: plain(path, 80) }));
    bar.max = total || 1;
    if (total) bar.value = done;
  }

  #ui() {
    return loadUi(pickLocale(this.#languages()), { ofPage: true });
  }

  #languages() {
    const own = this.getAttribute('locale') || this.closest('[lang]')?.lang;
    return own ? [own] : navigator.languages;
  }

  #theme() {
    const theme = this.getAttribute('theme');
    return theme === 'light' || theme === 'dark' ? theme : undefined;
  }

  // The page of the author's choice, told where the passport lies.
  #independentAddress() {
    const at = this.getAttribute('verify-at');
    const source = this.getAttribute('src');
    if (!at || !source || source.startsWith('#')) return undefined;
    try {
      const url = new URL(at, document.baseURI);
      const passport = new URL(source, document.baseURI);
      if (!/^https?:$/.test(url.protocol) || !/^https?:$/.test(passport.protocol)) return undefined;
      url.hash = `src=${encodeURIComponent(passport.href)}`;
      return url.href;
    } catch {
      return undefined;
    }
  }

  get display() {
    const display = this.getAttribute('display');
    return DISPLAYS.includes(display) ? display : 'card';
  }

  set display(value) {
    this.setAttribute('display', value);
  }

  get offline() {
    return this.hasAttribute('offline');
  }

  set offline(value) {
    this.toggleAttribute('offline', Boolean(value));
  }

  static {
    for (const name of ['src', 'trust', 'policy', 'locale', 'theme']) {
      Object.defineProperty(this.prototype, name, {
        configurable: true,
        enumerable: true,
        get() { return this.getAttribute(name) ?? ''; },
        set(value) {
          if (value === null || value === undefined) this.removeAttribute(name);
          else this.setAttribute(name, value);
        },
      });
    }
    for (const name of ['passport', 'evidence', 'trustList', 'policyRules', 'documentLoader', 'now']) {
      Object.defineProperty(this.prototype, name, {
        configurable: true,
        enumerable: true,
        get() { return this.#given[name]; },
        set(value) {
          if (Object.is(this.#given[name], value)) return;
          this.#given[name] = value ?? undefined;
          if (name === 'passport') this.#artifacts = [];
          if (this.isConnected) this.#checkSoon();
        },
      });
    }
  }
}

const PROPERTIES = ['src', 'trust', 'policy', 'locale', 'theme', 'display', 'offline',
  'passport', 'evidence', 'trustList', 'policyRules', 'documentLoader', 'now'];

function verifier() {
  shared ??= sharedVerifier(ModelPassport.createVerifier);
  return shared;
}
