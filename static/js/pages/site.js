/** Every page that is not a conversation. */

import "../components/words.js";
import { standAsPage } from "../components/form-answer.js";
import { mountComponents } from "../components/mount.js";
import { rememberZone } from "../components/zone.js";
import { tellSignedIn } from "../lib/signed-in.js";

standAsPage();
rememberZone();
mountComponents();
tellSignedIn(() => localStorage);
