/** Why a certificate is not believed: a closed set, in the order in which a path is checked. */
export const CERTIFICATE_FAILURES = {
  'certificate-malformed': 'It is not an X.509 certificate with a canonical P-256 key.',
  'certificate-untrusted': 'No path of genuine signatures leads from it to a root.',
  'certificate-path-too-long': 'The path to its root is longer than allowed.',
  'certificate-not-a-ca': 'It was issued by a certificate that may not issue any.',
  'certificate-key-usage': 'A certificate on its path may not be used like this.',
  'certificate-critical-extension': 'A certificate on its path has a critical extension that is not supported.',
  'certificate-not-yet-valid': 'A certificate on its path was not valid yet.',
  'certificate-expired': 'A certificate on its path had expired.',
  'certificate-revoked': 'A certificate on its path was revoked.',
  'crl-missing': 'There is no current list of revoked certificates of an issuer on its path.',
} as const;

export type CertificateFailure = keyof typeof CERTIFICATE_FAILURES;
