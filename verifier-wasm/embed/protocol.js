// The messages between a page and the verifier in its frame, as both sides read them. All are JSON but for files.
//
//   page → frame   verify { id, text, evidence?, policy?, trustList?, now?, files?, display?, locale?, theme? }
//                  cancel { id }
//   frame → page   ready · resize { height } · progress { id, … } · verdict { id, report } · error { id, code, message }

export const TYPE = 'model-passport/';

/** An origin as messages carry it, or nothing for what is none; `null`, which every sandbox has, is none. */
export function originOf(value) {
  try {
    const { origin, protocol } = new URL(value);
    return /^https?:$/.test(protocol) ? origin : undefined;
  } catch {
    return undefined;
  }
}
