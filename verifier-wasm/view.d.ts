import type { Report } from './index.js';

export type Locale = 'de' | 'en' | 'es' | 'fr' | 'zh';

/** The texts, numbers and plurals of one language; made by `loadUi` and given to every part of the view. */
export interface Ui {
  readonly locale: Locale;
  /** The text of a key. */
  t(key: string, parameters?: Record<string, unknown>): string;
}

/** Whose questions come first. */
export type Role = 'clinician' | 'auditor' | 'engineer' | 'everything';

export interface ViewOptions {
  role?: Role;
  onRole?: (role: Role) => void;
  now?: Date;
}

/** The languages by their own names. */
export const LOCALES: Readonly<Record<Locale, string>>;

/** The first of the wanted languages that there is; English if there is none. */
export function pickLocale(wanted: readonly string[]): Locale;

/** `ofPage` where trust list and policy are the choice of the page and not of its reader, which the texts then say. */
export function loadUi(locale: string, options?: { ofPage?: boolean }): Promise<Ui>;

/**
 * A report as sections of a document, to be put into a page that has `@model-passport/verifier/view.css`. Strangers'
 * words come as text nodes only.
 */
export function showReport(ui: Ui, report: Report, options?: ViewOptions): HTMLElement[];

/** Two reports side by side: both verdicts first, then what differs. */
export function showComparison(ui: Ui, first: Report, second: Report): HTMLElement[];

/** A check that could not be made at all. */
export function showFailure(ui: Ui, message: string, code?: string): HTMLElement;

/** What a valid signature does not prove. */
export function showLimits(ui: Ui): HTMLElement;
