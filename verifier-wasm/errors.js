/** Thrown for misuse and for a verifier that could not work. What is wrong with a passport is in its report. */
export class PassportVerifierError extends Error {
  constructor(code, message, options) {
    super(message, options);
    this.name = 'PassportVerifierError';
    this.code = code;
  }
}

export function misuse(what, message) {
  return new PassportVerifierError(`misuse.${what}`, message);
}
