// The core of the agent's behaviour in WebKit; see the suite.

import { launchWebKit } from "../support/engines/webkit.mjs";
import { testEngine } from "../support/engines/suite.mjs";

testEngine(launchWebKit);
