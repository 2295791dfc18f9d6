// What is run on a page before Tab is pressed through it; see keyboard.py.
() => {
    const CONTROLS = "a[href], button, input, select, textarea, summary, [tabindex]";
    const isShown = (one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    const nameOf = (one) => {
        const named = (one.getAttribute("aria-labelledby") ?? "").split(" ");
        const words = named.map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
        const label = words.trim() || one.ariaLabel || one.labels?.[0]?.textContent;
        return (label || one.textContent || one.title || one.placeholder || one.value || "").trim();
    };
    const around = (one) => {
        const parts = [one, one.nextElementSibling];
        for (let at = one.parentElement, up = 0; at && up < 3; at = at.parentElement, up += 1) parts.push(at);
        return parts.filter(Boolean);
    };
    const ringOf = (one) => {
        const { outlineStyle, outlineWidth, outlineColor, boxShadow } = getComputedStyle(one);
        const outline = outlineStyle === "none" ? "" : `${outlineStyle} ${outlineWidth} ${outlineColor}`;
        return { ring: `${outline} ${boxShadow}`, isNone: !outline && boxShadow === "none" };
    };
    const tell = (one) => one.outerHTML.replace(/\s+/g, " ").slice(0, 100);
    const isInside = (one, { top, right, bottom, left, height }) => {
        if (left < -1 || right > innerWidth + 1) return false;
        // Of a field for long texts the browser brings the line one writes on into view.
        const isLarge = one.tagName === "TEXTAREA" || height > innerHeight;
        return isLarge ? top < innerHeight && bottom > 0 : top >= -1 && bottom <= innerHeight + 1;
    };
    const coverOf = (one, { left, top, width, height }) => {
        if (height > innerHeight || one.tagName === "TEXTAREA") return null;
        const over = document.elementFromPoint(left + width / 2, top + height / 2);
        const isOwn = !over || one.contains(over) || over.contains(one) || one.labels?.[0]?.contains(over);
        return isOwn ? null : over;
    };

    document.activeElement.blur();
    const usable = () => new Set(
        Array.from(document.querySelectorAll(CONTROLS))
            .filter((one) => !one.disabled && one.tabIndex >= 0 && !one.closest("[inert]") && isShown(one))
    );
    // What comes and goes while one walks, such as a way back to the end, is no stop to be sure of.
    const before = usable();
    const stops = new Map();
    const faults = [];
    let isOver = false;
    const look = () => {
        const one = document.activeElement;
        if (isOver || !one || one === document.body || one === document.documentElement) return;
        if (stops.has(one)) return void (isOver = true);
        stops.set(one, around(one).map((part) => [part, ringOf(part)]));
        const place = (one.closest("label") ?? one).getBoundingClientRect();
        if (!nameOf(one)) faults.push(`no name: ${tell(one)}`);
        if (!isInside(one, place)) faults.push(`out of view: ${tell(one)}`);
        const cover = coverOf(one, place);
        if (cover) faults.push(`covered: ${tell(one)} by ${tell(cover)}`);
    };
    addEventListener("keydown", look, true);

    window.isWalked = () => isOver;
    window.endOfWalk = () => {
        look();
        removeEventListener("keydown", look, true);
        document.activeElement.blur();
        for (const [one, parts] of stops) {
            const isSeen = parts.some(([part, on]) => !on.isNone && on.ring !== ringOf(part).ring);
            if (!isSeen) faults.push(`no ring: ${tell(one)}`);
        }
        const reached = new Set(Array.from(stops.keys(), (one) => (one.type === "radio" ? one.name : one)));
        for (const one of usable()) {
            if (before.has(one) && !reached.has(one.type === "radio" ? one.name : one)) faults.push(`not reached: ${tell(one)}`);
        }
        return [stops.size, faults];
    };
}
