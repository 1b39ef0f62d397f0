/** What the chart refuses, and what it says: the values on top of a file of the matrix. */

/** @typedef {{values: string, set: string, says: RegExp}} Refusal */

/** @type {Refusal[]} */
export const REFUSALS = [
  { values: 'file', set: 'replicaCount=2', says: /replicaCount is more than 1 without Redis.*set redis\.existingSecret/ },
  { values: 'file', set: 'autoscaling.enabled=true', says: /autoscaling is enabled without Redis.*set redis\.existingSecret/ },
  { values: 'redis', set: 'encryptionKeys.existingSecret=', says: /encryptionKeys\.existingSecret is not set.*generate-key/ },
  { values: 'file', set: 'encryptionKeys.existingSecret=', says: /encryptionKeys\.existingSecret is not set/ },
  { values: 'redis', set: 'settings.backstageUrl=', says: /settings\.backstageUrl is not set/ },
  { values: 'redis', set: 'clusters=null', says: /clusters is empty.*from-kubeconfig --helm/ },
  { values: 'alb', set: 'settings.trustedProxies=null', says: /ingress is enabled without settings\.trustedProxies.*\[10\.0\.0\.0\/8\]/ },
  { values: 'httproute', set: 'settings.trustedProxies=null', says: /httpRoute is enabled without settings\.trustedProxies/ },
  { values: 'alb', set: 'ingress.hosts=null', says: /ingress\.hosts is empty.*set it to Backstage's/ },
  { values: 'httproute', set: 'httpRoute.hostnames=null', says: /httpRoute\.hostnames is empty/ },
  { values: 'httproute', set: 'httpRoute.parentRefs=null', says: /httpRoute\.parentRefs is empty/ },
  { values: 'alb', set: 'networkPolicy.apiFrom=null', says: /networkPolicy\.apiFrom is empty/ },
  { values: 'alb', set: 'networkPolicy.identityProviders.cidrs=null', says: /networkPolicy\.identityProviders\.cidrs is empty/ },
  { values: 'everything', set: 'networkPolicy.kubernetesApis.cidrs=null,networkPolicy.extraEgress=null', says: /networkPolicy\.kubernetesApis\.cidrs is empty, so the API of \w+ could not be reached/ },
  { values: 'everything', set: 'networkPolicy.redis.to=null', says: /networkPolicy\.redis\.to is empty/ },
  { values: 'redis', set: 'extraEnv[0].name=TOKEN_ENCRYPTION_KEYS,extraEnv[0].value=k1:hush', says: /extraEnv has TOKEN_ENCRYPTION_KEYS in the clear/ },
  // The schema's.
  { values: 'redis', set: 'terminationGracePeriodSeconds=20', says: /terminationGracePeriodSeconds.*30/ },
  { values: 'redis', set: 'clusters.production.userTokens=write', says: /userTokens.*'off', 'read', 'full'/ },
  { values: 'redis', set: 'clusters.production.oidcIssuerUrl=null', says: /oidcIssuerUrl.*got null, want string/ },
  { values: 'redis', set: 'clusters.production.clientSecret=hush', says: /clientSecret.*got string, want object/ },
  { values: 'redis', set: 'settings.httpsProxy=http://user:password@proxy.example.com:3128', says: /httpsProxy.*does not match/ },
  { values: 'redis', set: 'settings.trustedProxies={ingress}', says: /trustedProxies.*does not match/ },
  { values: 'redis', set: 'podLabels.app\\.kubernetes\\.io/name=other', says: /app\.kubernetes\.io\/name/ },
  { values: 'file', set: 'store.accessModes={ReadWriteMany}', says: /accessModes.*'ReadWriteOnce', 'ReadWriteOncePod'/ },
];

/**
 * The places at which the schema knows every key.
 *
 * @param {any} schema
 * @returns {string[]} each as the path of a key that there is not
 */
export function unknownKeys(schema) {
  return [...below(schema, schema, ''), ...below(schema.definitions.cluster, schema, 'clusters.production.')].map((path) => `${path}notThere`);
}

/**
 * @param {any} node
 * @param {any} schema
 * @param {string} path
 * @returns {string[]}
 */
function below(node, schema, path) {
  const whole = node.$ref === undefined ? node : schema.definitions[node.$ref.split('/').at(-1)];
  const children = Object.entries(whole.properties ?? {}).flatMap(([name, child]) => below(child, schema, `${path}${name}.`));
  return whole.additionalProperties === false ? [path, ...children] : children;
}
