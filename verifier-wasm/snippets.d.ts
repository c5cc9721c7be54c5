export interface Snippets {
  /** The verification page, told where the passport lies. */
  link: string;
  /** A picture that says "check" and never an outcome. */
  badge: string;
  markdown: string;
  html: string;
  iframe: string;
  element: string;
}

/** `page` is the folder of a verification page, `src` where the passport lies; both absolute. */
export function snippets(addresses: { page: string; src: string }): Snippets;
