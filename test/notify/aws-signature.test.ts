import { expect, it } from 'vitest';
import { signedHeaders } from '../../src/notify/aws-signature.ts';

// The derivation of the key and the signature are those of AWS' documentation; the expected value was computed apart with OpenSSL.
it('signs as AWS documents it', () => {
  const headers = signedHeaders(
    {
      url: 'https://sns.us-east-1.amazonaws.com/',
      body: 'Action=Publish&Version=2010-03-31',
      region: 'us-east-1',
      service: 'sns',
      nowMs: Date.parse('2015-08-30T12:36:00Z'),
    },
    { accessKey: 'AKIDEXAMPLE', secretKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', sessionToken: '' },
  );
  expect(headers['x-amz-date']).toBe('20150830T123600Z');
  expect(headers['authorization']).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/sns/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=7c98174d7ad1c12c68f46113a21a266d1102bc638e3843c5a0788a81de5cbe29',
  );
});
