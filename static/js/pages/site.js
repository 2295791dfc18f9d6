/** Every page that is not a conversation. */

import "../components/words.js";
import { mountComponents } from "../components/mount.js";
import { rememberZone } from "../components/zone.js";
import { tellSignedIn } from "../lib/signed-in.js";

rememberZone();
mountComponents();
tellSignedIn(() => localStorage);
