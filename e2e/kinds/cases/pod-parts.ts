/** The smallest pod, and templates around it. */
export const container = { name: 'c', image: 'i:1' };
export const podSpec = { containers: [container], automountServiceAccountToken: false };
export const template = { metadata: { labels: { app: 'a' } }, spec: podSpec };
export const selector = { matchLabels: { app: 'a' } };
