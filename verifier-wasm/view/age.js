// How old what is known of a recall is.
//
// In scope: the time of the status list that a check names, and how long ago that is.
// Out of scope: whether that is too old; the verifier and its policy say.

// With what the list calls the value behind it, where it has a word for it.
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)(?: \(".*"\))?$/s;
const PURPOSES = new Set(['revocation', 'suspension']);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS = [['day', DAY, 2 * DAY], ['hour', HOUR, 2 * HOUR], ['minute', MINUTE, 0]];

/**
 * By a list of what time a credential was found not to be recalled: `{ time, purpose }`. The time stands in the words of
 * the check, behind the address of the list, which the credential itself names: so no address can feign a time.
 */
export function listTime({ code, message, pointer = '' }, { credentialStatus }) {
  if (code !== 'status.ok') return undefined;
  const index = pointer.slice('/credentialStatus/'.length);
  const { statusListCredential: url, statusPurpose: purpose } = (Array.isArray(credentialStatus) ? credentialStatus[index] : credentialStatus) ?? {};
  const before = `, by the status list \`${url}\` of `;
  const at = message.indexOf(', by the status list `');
  const time = message.startsWith(before, at) ? TIME.exec(message.slice(at + before.length))?.[1] : undefined;
  return time !== undefined && PURPOSES.has(purpose) ? { time, purpose } : undefined;
}

/** How long before `now` a time was, in words; nothing where it was not before it. */
export function ageOf(ui, time, now) {
  const passed = Date.parse(now) - Date.parse(time);
  if (!(passed >= 0)) return undefined;
  const [unit, size] = UNITS.find(([, , least]) => passed >= least);
  return ui.number(Math.floor(passed / size), { style: 'unit', unit, unitDisplay: 'long' });
}
