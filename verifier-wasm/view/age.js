// How old what is known of a recall is.
//
// In scope: the time of the status list that a check names, and how long ago that is.
// Out of scope: whether that is too old; the verifier and its policy say.

const PURPOSES = new Set(['revocation', 'suspension']);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS = [['day', DAY, 2 * DAY], ['hour', HOUR, 2 * HOUR], ['minute', MINUTE, 0]];

/** Of what time the list is by which a credential was found not to be recalled, and from what: `{ time, purpose }`. */
export function listTime({ code, asOf, pointer = '' }, { credentialStatus }) {
  if (code !== 'status.ok' || asOf === undefined) return undefined;
  const index = pointer.slice('/credentialStatus/'.length);
  const { statusPurpose: purpose } = (Array.isArray(credentialStatus) ? credentialStatus[index] : credentialStatus) ?? {};
  return PURPOSES.has(purpose) ? { time: asOf, purpose } : undefined;
}

/** How long before `now` a time was, in words; nothing where it was not before it. */
export function ageOf(ui, time, now) {
  const passed = Date.parse(now) - Date.parse(time);
  if (!(passed >= 0)) return undefined;
  const [unit, size] = UNITS.find(([, , least]) => passed >= least);
  return ui.number(Math.floor(passed / size), { style: 'unit', unit, unitDisplay: 'long' });
}
