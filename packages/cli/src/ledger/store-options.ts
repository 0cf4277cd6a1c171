/** Where a bucket's credentials come from: the variables that its vendor's own tools read. Pure. */
import { resolve } from 'node:path';
import { LedgerError, type StoreOptions } from '@flyball/ledger';

type Variables = Readonly<Record<string, string | undefined>>;

/** Of this place. Google's client reads GOOGLE_APPLICATION_CREDENTIALS and STORAGE_EMULATOR_HOST by itself. Throws `bad-store`. */
export function storeOptions(variables: Variables, place: string): StoreOptions {
  if (!place.startsWith('s3://')) return {};
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = variables;
  if (!accessKeyId || !secretAccessKey) throw new LedgerError('bad-store', `${place} needs an access key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_ENDPOINT_URL_S3 for a store that is not Amazon's`);
  const region = variables['AWS_REGION'] || variables['AWS_DEFAULT_REGION'];
  const endpoint = variables['AWS_ENDPOINT_URL_S3'] || variables['AWS_ENDPOINT_URL'];
  return { s3: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}), ...(region ? { region } : {}), ...(endpoint ? { endpoint } : {}) } };
}

/** What has a scheme as it is, known or not; a path from where the user stands. */
export function placeOf(given: string, directory: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : resolve(directory, given);
}
