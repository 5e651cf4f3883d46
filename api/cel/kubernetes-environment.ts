import { Environment } from './environment.ts';
import { authorizer } from './libraries/authorizer.ts';
import { conversions } from './libraries/conversions.ts';
import { lists } from './libraries/lists.ts';
import { namedFormats } from './libraries/named-formats.ts';
import { network } from './libraries/network.ts';
import { operators } from './libraries/operators.ts';
import { optionals } from './libraries/optionals.ts';
import { quantity } from './libraries/quantity.ts';
import { regex } from './libraries/regex.ts';
import { semver } from './libraries/semver.ts';
import { mapInserts, sets } from './libraries/sets.ts';
import { strings } from './libraries/strings.ts';
import { time } from './libraries/time.ts';
import { urls } from './libraries/urls.ts';

/** What every expression in Kubernetes may use. Variables are added where an expression stands. */
export const kubernetesEnvironment: Environment = Environment.empty.withLibraries(
  operators,
  conversions,
  time,
  strings,
  optionals,
  regex,
  lists,
  sets,
  mapInserts,
  quantity,
  urls,
  authorizer,
  network,
  namedFormats,
  semver,
);
