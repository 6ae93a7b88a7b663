// The core of the agent's behaviour in Chromium; see the suite.

import { launchChromium } from "../support/engines/chromium.mjs";
import { testEngine } from "../support/engines/suite.mjs";

testEngine(launchChromium);
