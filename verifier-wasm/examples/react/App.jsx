// React 19 sets properties of custom elements, and listens to their events by name: no wrapper is needed.

import { useState } from 'react';

import '@model-passport/verifier/element';

export function App() {
  const [text, setText] = useState();
  const [verdict, setVerdict] = useState('');
  const read = async ({ target }) => setText(await target.files[0].text());
  return (
    <>
      <input type="file" id="passport" aria-label="Passport" onChange={read} />
      {text && (
        <model-passport
          passport={text}
          policyRules={{ name: 'Ours', profile: 'passport' }}
          display="card"
          offline
          onpassport-verdict={({ detail: { report } }) => setVerdict(`${report.verdict} (${report.code})`)}
          onpassport-error={({ detail }) => setVerdict(`not checked (${detail.code})`)}
        />
      )}
      <p id="verdict" role="status">{verdict}</p>
    </>
  );
}
