/** Every page that is not a conversation. */

import "../components/words.js";
import { mountComponents } from "../components/mount.js";
import { rememberZone } from "../components/zone.js";

rememberZone();
mountComponents();
