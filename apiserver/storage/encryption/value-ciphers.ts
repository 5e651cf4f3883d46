/** How values are sealed, byte for byte as kube-apiserver does it, so that either reads what the other has written. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa';

/** `at`: where the value is kept. Some ciphers bind it in, so that a value cannot be moved to another key. */
export interface ValueCipher {
  seal(plain: Uint8Array, at: string): Uint8Array;
  /** throws where the value was not sealed with this key, or was changed since */
  open(sealed: Uint8Array, at: string): Uint8Array;
}

const tooShort = 'the stored data was shorter than the required size';
const [gcmNonceBytes, gcmTagBytes, cbcBlockBytes] = [12, 16, 16];
const [boxNonceBytes, boxTagBytes] = [24, 16];

/** nonce, ciphertext, tag; the key of the store is authenticated with it */
export function aesGcm(key: Uint8Array): ValueCipher {
  const algorithm = `aes-${(key.length * 8) as 128 | 192 | 256}-gcm` as const;
  return {
    seal(plain, at) {
      const nonce = randomBytes(gcmNonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce);
      cipher.setAAD(Buffer.from(at));
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed, at) {
      if (sealed.length < gcmNonceBytes) throw new Error(tooShort);
      const end = sealed.length - gcmTagBytes;
      if (end < gcmNonceBytes) throw new Error('cipher: message authentication failed');
      const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, gcmNonceBytes));
      decipher.setAAD(Buffer.from(at));
      decipher.setAuthTag(sealed.subarray(end));
      const plain = decipher.update(sealed.subarray(gcmNonceBytes, end));
      try {
        return Buffer.concat([plain, decipher.final()]);
      } catch (error) {
        throw new Error('cipher: message authentication failed', { cause: error });
      }
    },
  };
}

/** initialisation vector, ciphertext with PKCS#7 padding; not authenticated, as everywhere with this cipher */
export function aesCbc(key: Uint8Array): ValueCipher {
  const algorithm = `aes-${key.length * 8}-cbc`;
  return {
    seal(plain) {
      const vector = randomBytes(cbcBlockBytes);
      const cipher = createCipheriv(algorithm, key, vector);
      return Buffer.concat([vector, cipher.update(plain), cipher.final()]);
    },
    open(sealed) {
      if (sealed.length < cbcBlockBytes) throw new Error(tooShort);
      if (sealed.length % cbcBlockBytes !== 0) throw new Error('the stored data is not a multiple of the block size');
      const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, cbcBlockBytes));
      try {
        return Buffer.concat([decipher.update(sealed.subarray(cbcBlockBytes)), decipher.final()]);
      } catch (error) {
        throw new Error('invalid padding on input', { cause: error });
      }
    },
  };
}

/** NaCl's secretbox: nonce, tag, ciphertext */
export function secretbox(key: Uint8Array): ValueCipher {
  return {
    seal(plain) {
      const nonce = randomBytes(boxNonceBytes);
      return Buffer.concat([nonce, xsalsa20poly1305(key, nonce).encrypt(plain)]);
    },
    open(sealed) {
      if (sealed.length < boxNonceBytes + boxTagBytes) throw new Error(tooShort);
      try {
        return xsalsa20poly1305(key, sealed.subarray(0, boxNonceBytes)).decrypt(sealed.subarray(boxNonceBytes));
      } catch (error) {
        throw new Error('secretbox: the value cannot be opened with this key', { cause: error });
      }
    },
  };
}

const encryptedPrefix = Buffer.from('k8s:enc:');

/** As it is. What is encrypted is not taken for plain. */
export const identity: ValueCipher = {
  seal: (plain) => plain,
  open(sealed) {
    const begins = Buffer.from(sealed.buffer, sealed.byteOffset, Math.min(sealed.length, encryptedPrefix.length));
    if (begins.equals(encryptedPrefix)) throw new Error('identity transformer tried to read encrypted data');
    return sealed;
  },
};
