// The core of the agent's behaviour in Firefox; see the suite.

import { launchFirefox } from "../support/engines/firefox.mjs";
import { testEngine } from "../support/engines/suite.mjs";

testEngine(launchFirefox);
