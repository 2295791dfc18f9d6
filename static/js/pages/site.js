/** Every page that is not a conversation. */

import "../components/words.js";
import { mountComponents } from "../components/mount.js";

mountComponents();
