// For TypeScript: what JSX may say of the element.

import type { ModelPassport, PassportEventMap } from '@model-passport/verifier/element';
import type { DetailedHTMLProps, HTMLAttributes } from 'react';

type Events = { [Name in keyof PassportEventMap as `on${Name}`]?: (event: PassportEventMap[Name]) => void };
type Properties = Partial<Omit<ModelPassport, keyof HTMLElement | 'report' | 'verify' | 'verifyFile'>>;

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'model-passport': DetailedHTMLProps<HTMLAttributes<ModelPassport>, ModelPassport> & Properties & Events & { 'verify-at'?: string };
    }
  }
}
