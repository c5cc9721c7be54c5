// The element in JSX. Only compiled; types.test.mjs does that.

import '@model-passport/verifier/element';

export function Passport({ text }: { text: string }) {
  return (
    <model-passport
      passport={text}
      display="card"
      offline
      verify-at="https://verify.example/"
      policyRules={{ profile: 'passport' }}
      onpassport-verdict={({ detail: { report } }) => console.log(report.verdict)}
    />
  );
}

// @ts-expect-error not a display
export const wrong = <model-passport display="huge" />;
