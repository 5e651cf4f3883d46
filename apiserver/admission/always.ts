import { refusal, type AdmissionPlugin, type AdmissionRequest } from './admission.ts';

/** Kept so that old lists of plugins can be given: it does nothing. */
export const alwaysAdmit: AdmissionPlugin = { name: 'AlwaysAdmit' };

const deny = (request: AdmissionRequest): never => {
  throw refusal(request, 'admission control is denying all modifications');
};

/** For tests of clients: nothing is ever written. */
export const alwaysDeny: AdmissionPlugin = { name: 'AlwaysDeny', mutate: deny, validate: deny };
