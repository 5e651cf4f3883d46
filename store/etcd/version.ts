/** The etcd version whose API this is; clients decide by it what they may ask for. */
export const etcdVersion = '3.6.5';
/** the first version that can read the data, as etcd counts */
export const storageVersion = '3.6.0';
